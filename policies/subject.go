package policies

import (
	"strings"
	"time"
)

// The reasons of the subject policy.
const (
	ReasonNoSubject    Reason = "no-subject"
	ReasonVagueSubject Reason = "vague-subject"
)

// subject finds subjects by which nobody will find the mail again. A reply or a
// forwarded mail has the subject of another.
func subject(in Input, _ time.Time) []Finding {
	if in.Facts.IsReply || in.Facts.IsForward {
		return nil
	}
	text := strings.TrimSpace(in.Facts.Subject)
	f := Finding{Action: Advise, Recipient: Everybody, Text: text, Missing: []string{MissingTopic}}
	if text == "" {
		f.Reason = ReasonNoSubject
		return []Finding{f}
	}
	for _, w := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" \t.,:;!?-–—…'\"()[]", r) }) {
		if !hollowSubject[w] {
			return nil
		}
	}
	f.Reason = ReasonVagueSubject
	return []Finding{f}
}

// hollowSubject are the words that leave a subject empty.
var hollowSubject = hollowWords(`a an the my your our of for and to me you is it this that one some from on in
hi hello hey question questions q quick small short urgent asap important info information update updates news help fyi thing things stuff topic issue problem
project meeting call chat talk today tomorrow yesterday monday tuesday wednesday thursday friday request please need needed something various misc follow up followup
re fw fwd aw wg hallo frage fragen kurze dringend wichtig thema sache problem projekt termin hilfe bitte infos neuigkeiten
bonjour salut petite question urgent sujet projet réunion aide
hola duda pregunta urgente tema proyecto reunión ayuda consulta
olá dúvida pergunta assunto projeto reunião ajuda
vraag vraagje dringend onderwerp hulp overleg`)

func hollowWords(s string) map[string]bool {
	out := make(map[string]bool)
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}
