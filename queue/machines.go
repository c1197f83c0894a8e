package queue

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/store"
)

// What reaches Tidepost's own address and was not written by a person there and then
// changes nothing and is not answered, so that nothing goes in a circle (RFC 3834 §2).

// byMachine reports whether a mail to Tidepost was sent by a machine, in bulk, by way of a
// list, or answers a letter by itself.
func (in *intake) byMachine() bool {
	f := in.facts
	if f.IsAuto || f.IsBounce || f.IsList || f.IsBulk || f.AutoSubmitted != "" && f.AutoSubmitted != "no" {
		return true
	}
	if mail.ParseHeader(in.head).Has(digest.LoopField) {
		return true // A letter of ours that came back.
	}
	return answersItself.MatchString(f.Subject) || len(parents(f)) > 0 && tellsOfAbsence.MatchString(f.Subject)
}

var (
	// answersItself begins the subjects of machines that answer, in the languages of common clients.
	answersItself = regexp.MustCompile(`(?i)^\s*(?:auto|auto[- ]?(?:reply|response|answer)|automati(?:c|sche|que|ca)[- ](?:reply|response|answer|antwort)|automatische antwort|réponse automatique|respuesta automática|risposta automatica|automatisch antwoord|automatiskt svar)\s*:`)
	// tellsOfAbsence begins theirs, and may begin that of a person who writes of their own absence.
	tellsOfAbsence = regexp.MustCompile(`(?i)^\s*(?:\[?(?:out of (?:the )?office|ooo|vacation|holiday|away|abwesenheit|absence|abwesend)(?:[- ](?:auto[- ]?)?(?:reply|response|message|notice|notification))?\]?|abwesenheitsnotiz|abwesenheitsnachricht)\s*(?:[:\]]|re:|aw:)`)
)

// A machine without any mark is known by its saying the same again and again.
// A person may say "undo" or "why" many times, and something we do not understand a few.
const (
	circleTimes = 4
	circleKnown = 20 // of words that are understood
	circleTime  = time.Hour
)

// inCircle reports whether a mail answers a letter that answered the same words before,
// several times within an hour.
func (q *Queue) inCircle(tx *store.Tx, in *intake, a *ask) (bool, error) {
	if !a.known || a.note.Kind != noteAnswer && a.note.Kind != noteCommand {
		return false, nil
	}
	words := heardWords(in)
	times := 0
	for _, kind := range []string{noteAnswer, noteCommand} {
		list, err := tx.NotesSince(in.author.ID, kind, in.now.Add(-circleTime))
		if err != nil {
			return false, fmt.Errorf("answers to %s: %w", in.author.Address, err)
		}
		for _, n := range list {
			var d answerDetail
			if json.Unmarshal(n.Detail, &d) == nil && d.Words == words {
				times++
			}
		}
	}
	if a.heard != nil && len(a.heard.reading.Commands) > 0 {
		return times >= circleKnown, nil
	}
	return times >= circleTimes, nil
}

// answerDetail is what every answer remembers: the words that it answered.
type answerDetail struct {
	Words string `json:"words,omitempty"`
}

// heardWords tells the same words again, without keeping them.
func heardWords(in *intake) string {
	sum := sha256.Sum256([]byte(strings.Join(strings.Fields(strings.ToLower(in.words())), " ")))
	return hex.EncodeToString(sum[:8])
}
