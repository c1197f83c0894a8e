package answers

import (
	"strings"
	"unicode"

	"tidepost/intent"
	"tidepost/mail"
)

// meaning says what the words under a number do.
func (p *parser) meaning(text string, it Item) (Answer, Why) {
	text, all := trimAll(text)
	if strings.TrimSpace(text) == "" {
		return Answer{}, WhyEmpty
	}
	if a, why, ok := p.handOver(text); ok || why != "" {
		return a, why
	}
	text = strings.TrimLeft(text[arrowAt(text):], " ")
	if p.nameAlone(text) {
		return Answer{}, WhyName
	}
	clause, rest := cutClause(text)
	if p.refusal(clause) {
		if a, _, ok := p.handOver(rest); ok {
			return a, ""
		}
		return Answer{Kind: NotMine, Text: rest}, ""
	}
	if p.waiver(text) {
		return Answer{Kind: Waive}, ""
	}
	if due, ok := p.promise(text, it); ok {
		return Answer{Kind: Promise, Text: text, Due: due, All: all}, ""
	}
	return Answer{Kind: Reply, Text: text, All: all}, ""
}

// trimAll cuts off the words that send an answer to everybody.
func trimAll(text string) (rest string, all bool) {
	low := strings.ToLower(text[:min(len(text), 16)])
	for _, mark := range []string{"(all)", "[all]", "@all", "(to all)", "(reply all)", "reply all:", "to all:", "(an alle)", "an alle:", "(à tous)", "(a todos)"} {
		if strings.HasPrefix(low, mark) {
			return strings.TrimLeft(text[len(mark):], " :,"), true
		}
	}
	return text, false
}

// cutClause cuts a text behind its first clause.
func cutClause(text string) (clause, rest string) {
	i := strings.IndexAny(text, ",;.:!(\n–—")
	if k := strings.Index(text, " - "); k >= 0 && (i < 0 || k < i) {
		i = k
	}
	if i < 0 {
		return text, ""
	}
	return strings.TrimSpace(text[:i]), strings.TrimSpace(strings.TrimLeft(text[i:], " ,;.:!–—-\n"))
}

// fold makes a phrase comparable: lower case, straight apostrophes, no marks around.
func fold(s string) string {
	s = strings.ToLower(strings.ReplaceAll(s, "’", "'"))
	return strings.Join(strings.Fields(strings.Trim(s, " .!,;:*_()\n\t-–")), " ")
}

var (
	refusals = phrases(`not mine|not me|not for me|this is not mine|this isn't mine|that's not mine|that is not mine|not my question|not my area|not my job|not my topic|wrong person|i'm the wrong person
i am the wrong person|i'm not the right person|i am not the right person|you have the wrong person|isn't mine|it's not mine|not my department|not mine to answer|not mine to decide
is not mine|not my call|not my decision
nicht meins|nicht meine|nicht für mich|nicht ich|das ist nicht meins|falsche person|ich bin die falsche person|ich bin der falsche|ich bin die falsche|nicht mein thema|nicht mein bereich|nicht zuständig
bin nicht zuständig|ich bin nicht zuständig|dafür bin ich nicht zuständig
pas à moi|pas pour moi|ce n'est pas pour moi|ce n'est pas à moi|mauvaise personne|pas moi|pas de mon ressort|ce n'est pas de mon ressort
no es mío|no es mía|no es para mí|no me corresponde|no soy yo|no soy la persona|persona equivocada|no me toca
não é meu|não é minha|não é para mim|não é comigo|pessoa errada|não sou eu
niet van mij|niet voor mij|niet aan mij|verkeerde persoon|ik ben de verkeerde|niet mijn vraag|niet mijn taak`)
	waivers = phrases(`no answer needed|no reply needed|no answer necessary|no reply necessary|no response needed|no need to answer|no need to reply|needs no answer|needs no reply|nothing to answer|nothing to do
no action needed|no action required|no answer required|no reply required|ignore|ignore it|ignore this|skip|skip it|skip this|dismiss|close|close it|close this|drop it|please ignore|can be closed
keine antwort nötig|keine antwort erforderlich|keine antwort notwendig|braucht keine antwort|ignorieren|ignorier|überspringen|nichts zu tun|kann weg
pas de réponse nécessaire|aucune réponse nécessaire|pas besoin de répondre|pas besoin de réponse|ignorer|à ignorer|rien à faire
no hace falta respuesta|no hace falta responder|no necesita respuesta|no requiere respuesta|ignorar|ignóralo|nada que hacer
não precisa de resposta|não precisa responder|não é preciso responder|nada a fazer
geen antwoord nodig|hoeft geen antwoord|negeren|overslaan|niets te doen`)
	willDo = phrases(`will do|will do it|will do this|will do so|i will|i'll do it|i will do it|i'll do that|on it|i'm on it|working on it|am on it|soon|later|will do soon|will do later|asap|as soon as possible
when i can|mache ich|mach ich|wird gemacht|kümmere mich|ich kümmere mich|ich kümmere mich darum|bin dran|ich bin dran|bald|später
je m'en occupe|je le fais|je vais le faire|bientôt|plus tard|lo haré|lo hago|me encargo|yo me encargo|pronto|más tarde|vou fazer|eu faço|farei|trato disso|em breve|mais tarde
doe ik|ik doe het|zal ik doen|ik ga het doen|komt goed|ga ik doen|binnenkort`)
)

func (p *parser) refusal(s string) bool { return refusals[fold(s)] }
func (p *parser) waiver(s string) bool  { return waivers[trimPlease(fold(s))] }

// The words before the name of who is to answer. Those of asking say so by themselves,
// also with a name nobody has; the others only before the name of a colleague.
var (
	handPrefixes = strings.Split(`please ask|ask|forward to|forward it to|forward this to|please forward to|fwd to|pass to|pass on to|pass it to|pass it on to|pass this to|pass this on to|hand over to|hand to|hand it to|hand it over to|hand this to|delegate to|delegate it to|delegate this to|assign to|assign it to|give to|give it to|give this to|over to|please hand to|please pass to|please pass on to|weiterleiten an|weiter an|bitte an|bitte weiter an|geht an|frag bitte|bitte frag|frag|fragt|transférer à|transmettre à|demande à|demandez à|voir avec|pregunta a|preguntar a|pregúntale a|pásalo a|pasar a|pergunta a|pergunta ao|pergunta à|passa para|passar para|encaminhar para|vraag|vraag het|vraag het aan|doorsturen naar|door naar`, "|")
	weakPrefixes = strings.Split(`is for|this is for|that's for|that is for|it's for|one for|for|to|goes to|is with|ist für|das ist für|ist was für|für|an|pour|c'est pour|à|es para|para|a|é para|is voor|dit is voor|voor|aan|naar|bitte|please`, "|")
	handTurns    = strings.Split(`please|pls|can you|could you|will you|would you|over to you|your turn|yours|bitte|kannst du|könntest du|peux-tu|pouvez-vous|puedes|podrías|podes|pode|kun je|kan jij`, "|")
	handSuffixes = strings.Split(`please|pls|plz|bitte|por favor|svp|s'il te plaît|s'il vous plaît|stp|alsjeblieft|aub|should answer|should answer this|should answer that|can answer|can answer this|can answer that|will answer|will answer this|should take this|should take it|can take this|can take it|takes this|takes it|to answer|has to answer|übernimmt|übernimmt das|soll antworten|kann antworten|soll das beantworten|bitte übernehmen|doit répondre|peut répondre|s'en occupe|puede responder|debe responder|se encarga|pode responder|trata disso|kan antwoorden|moet antwoorden|pakt dit op`, "|")
)

// arrowAt is the size of the arrow that s begins with, 0 for none.
func arrowAt(s string) int {
	for _, a := range []string{"-->", "==>", "->", "=>", ">>", "→", "⇒", "➔", "➜", "➡️", "➡", "⟶", ">"} {
		if strings.HasPrefix(s, a) {
			return len(a)
		}
	}
	return 0
}

// handOver reads words that say who is to answer. ok is false if they do not.
func (p *parser) handOver(text string) (Answer, Why, bool) {
	text = strings.TrimSpace(text)
	if size := arrowAt(text); size > 0 {
		name, note := cutName(strings.TrimLeft(text[size:], " "))
		if name == "" {
			return Answer{}, WhyEmpty, false
		}
		if p.whole(name) {
			return Answer{}, "", false // "1 => yes"
		}
		if short := trimPlease(fold(name)); short != fold(name) {
			name = tail(name, short)
		}
		return Answer{Kind: HandOver, To: name, Text: note}, "", true
	}
	if len(text) > 1 && text[0] == '@' {
		name, note, _ := strings.Cut(text[1:], " ")
		if name = strings.TrimRight(name, ",:;.!"); p.isName(name) {
			return Answer{Kind: HandOver, To: name, Text: strings.TrimSpace(note)}, "", true
		}
	}
	name, note := cutName(text)
	low := fold(name)
	for _, pre := range handPrefixes {
		if rest, ok := strings.CutPrefix(low, pre+" "); ok && (p.isName(trimPlease(rest)) || capitalName(name, rest) && note == "") {
			return Answer{Kind: HandOver, To: tail(name, trimPlease(rest)), Text: note}, "", true
		}
	}
	for _, pre := range weakPrefixes {
		if rest, ok := strings.CutPrefix(low, pre+" "); ok && p.isName(trimPlease(rest)) {
			return Answer{Kind: HandOver, To: tail(name, trimPlease(rest)), Text: note}, "", true
		}
	}
	if p.isName(name) && note != "" {
		for _, turn := range handTurns {
			if strings.HasPrefix(fold(note), turn) {
				return Answer{Kind: HandOver, To: name, Text: note}, "", true // "Tom, please answer this"
			}
		}
	}
	for _, suf := range handSuffixes {
		if rest, ok := strings.CutSuffix(low, " "+suf); ok && p.isName(strings.TrimRight(rest, ",")) {
			return Answer{Kind: HandOver, To: tail(name, strings.TrimRight(rest, ",")), Text: note}, "", true
		}
	}
	return Answer{}, "", false
}

// cutName cuts a text behind the name it begins with, or that it is.
func cutName(text string) (name, note string) {
	first, below, _ := strings.Cut(text, "\n")
	i := strings.IndexAny(first, ",;:!(–—")
	if k := strings.Index(first, " - "); k >= 0 && (i < 0 || k < i) {
		i = k
	}
	if k := strings.Index(first, ". "); k >= 0 && (i < 0 || k < i) {
		i = k
	}
	if i >= 0 {
		below = strings.TrimSpace(strings.TrimLeft(first[i:], " ,;:!–—-.") + "\n" + below) // "(" stays
		first = first[:i]
		if w := fold(below); w == "please" || w == "bitte" || w == "thanks" {
			first, below = first+" "+below, ""
		}
	}
	return strings.TrimRight(strings.TrimSpace(first), ".! "), strings.TrimSpace(below)
}

func trimPlease(s string) string {
	for _, w := range []string{" please", " bitte", " pls", " por favor", " svp", " thanks", " danke"} {
		s = strings.TrimSuffix(s, w)
	}
	return s
}

// tail is the end of name that reads as folded.
func tail(name, folded string) string {
	name = strings.TrimSpace(name)
	if i := strings.LastIndex(strings.ToLower(name), folded); i >= 0 && i+len(folded) <= len(name) {
		return name[i : i+len(folded)]
	}
	return folded
}

// isName reports whether s is nothing but the name of a colleague, or an address.
func (p *parser) isName(s string) bool {
	w := words(s)
	if strings.Count(s, "@") == 1 && !strings.ContainsAny(s, " \t") && len(w) > 1 {
		return true
	}
	if len(w) == 0 || len(w) > 4 {
		return false
	}
	for _, x := range w {
		if !p.names[x] {
			return false
		}
	}
	return true
}

// capitalName reports whether the end of name that folds to rest is one or two words
// with a capital.
func capitalName(name, rest string) bool {
	fields := strings.Fields(tail(name, rest))
	if len(fields) == 0 || len(fields) > 2 {
		return false
	}
	for _, f := range fields {
		r := []rune(f)
		if !unicode.IsUpper(r[0]) || len(r) > 1 && unicode.IsUpper(r[1]) {
			return false
		}
	}
	return true
}

// nameAlone reports whether a text is a name and no more.
func (p *parser) nameAlone(text string) bool {
	if strings.Contains(text, "\n") || strings.Contains(text, "?") {
		return false
	}
	if p.isName(strings.Trim(text, " .!")) {
		return true
	}
	names := 0
	for _, w := range words(text) {
		switch {
		case p.names[w]:
			names++
		case !nameWords[w]:
			return false
		}
	}
	return names > 0
}

// nameWords may stand between names that are no answer and no order: "Tom or Anna please".
var nameWords = set(`or and please oder und bitte ou et y o e of en maybe perhaps vielleicht`)

// promise reports whether a text says that something will be done and by when, and
// nothing else.
func (p *parser) promise(text string, it Item) (due intent.Due, ok bool) {
	if len(text) > maxPromise {
		return due, false
	}
	if all := wordSet(text); !all["will"] && !all["should"] && !all["wird"] {
		for w := range all {
			if pastWords[w] {
				return due, false
			}
		}
	}
	f := p.findings(text)
	if len(f.Promises) > 0 && p.nothingElse(text, f) {
		for _, pr := range f.Promises {
			if pr.Due != nil {
				return *pr.Due, true
			}
		}
		if d, ok := p.deadline(text); ok {
			return d, true
		}
		return due, willDo[fold(text)]
	}
	if willDo[fold(text)] {
		return due, true
	}
	w := words(text)
	if len(w) == 0 || len(w) > maxTimeWords {
		return due, false
	}
	if promiseStarts[w[0]] || startsWillDo(text) {
		return p.deadline(text)
	}
	if it.Kind != intent.AskDo && it.Kind != intent.AskReview {
		return due, false
	}
	bare := strings.Fields(text)
	for len(bare) > 1 && comings[fold(bare[0])] {
		bare = bare[1:]
	}
	for _, by := range []string{"", "by "} {
		if d, ok := p.deadline(by + strings.Join(bare, " ")); ok && p.onlyTime(text, d) {
			return d, true
		}
	}
	return due, false
}

// onlyTime reports whether a text holds no more than a time and words of promising.
func (p *parser) onlyTime(text string, d intent.Due) bool {
	timed := wordSet(d.Text)
	for _, w := range words(text) {
		if !timed[w] && !fillers[w] && !comings[w] {
			return false
		}
	}
	return true
}

// comings say that something will come.
var comings = set(`be done ready finished with should it'll wird comes coming come kommt komme folgt follows arrives hopefully latest probably schicke mache arrive viene llega vem chega komt volgt vers towards`)

// The bounds of a promise.
const (
	maxPromise   = 400
	maxTimeWords = 9 // of a text that is a time and no more
)

// pastWords tell that something has happened: nobody promises that.
var pastWords = set(`ago yesterday done already finished gestern erledigt gemacht schon bereits hier déjà fait ayer hecho ya ontem feito já gisteren gedaan al`)

// promiseStarts begin a text that names a time and no more.
var promiseStarts = set(`by until till before hasta bis vor spätestens d'ici avant antes para até tegen voor uiterlijk within latest`)

func startsWillDo(text string) bool {
	low := fold(text)
	for phrase := range willDo {
		if strings.HasPrefix(low, phrase+" ") || strings.HasPrefix(low, phrase+", ") {
			return true
		}
	}
	return false
}

// findings reads a text as the answer to a mail.
func (p *parser) findings(text string) intent.Findings {
	return intent.Read(intent.Input{Text: text, Subject: "Re:", Date: p.in.Date, Zone: p.in.Zone, Reply: true,
		From: mail.Mailbox{Name: p.in.Author}})
}

// deadline reads a time as one by which something is done. Which language it is in the
// few words do not tell.
func (p *parser) deadline(text string) (intent.Due, bool) {
	ref := p.in.Date
	if p.in.Zone != nil {
		ref = ref.In(p.in.Zone)
	}
	for _, lang := range []intent.Language{intent.English, intent.German, intent.French, intent.Spanish, intent.Portuguese, intent.Dutch} {
		for _, d := range intent.Deadlines(text, ref, lang) {
			if d.OK && d.At.After(ref) {
				return d, true
			}
		}
	}
	return intent.Due{}, false
}

// fillers may stand beside a promise that is the whole answer.
var fillers = set(`yes yep yeah ok okay sure thanks thank you will do it this that i'll i will get have send the and sorry please on you'll your ja klar gerne danke mache ich das oui d'accord merci je sí vale claro gracias
lo sim ok ik ja prima then hi at of course certainly by`)

// nothingElse reports whether a text holds nothing beside its promises.
func (p *parser) nothingElse(text string, f intent.Findings) bool {
	if len(f.Asks) > 0 {
		return false
	}
	left := []byte(text)
	for _, pr := range f.Promises {
		for i := max(pr.Start, 0); i < min(pr.End, len(left)); i++ {
			left[i] = ' '
		}
	}
	for _, w := range words(string(left)) {
		if !fillers[w] {
			return false
		}
	}
	return true
}
