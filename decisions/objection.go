package decisions

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// A reply to a proposal that silence decides is consent or an objection. Who only says
// yes consents; everything else counts as an objection, because a decision that somebody
// did not want is worse than one that is made a day later.

// consentWords are what a yes is made of, in the six languages. A reply of nothing else
// consents.
var consentWords = wordSet(`
	yes yep yeah y ok okay k sure fine good great perfect agreed agree approve approved support supported ack acked lgtm +1 1 nice excellent cool super works
	sounds looks go ahead it's its that's thats this that is it all the with by for me us to i i'm im we are am am on board in favour favor happy absolutely definitely
	thanks thank you thx ty cheers love like let's lets do so from my our side no objection objections concerns concern problem problems worries here none either and
	very much completely fully totally well both proposal plan idea makes sense done deal hi hello hey dear all everyone team best regards kind br
	ja jawohl gut gerne gern einverstanden passt klar danke dank vielen schön stimme zu dafür keine kein einwände einwand bedenken von mir uns aus für mich ich bin wir sind das ist
	genehmigt freigegeben super prima perfekt grüße viele liebe lg vg mfg hallo moin
	oui d'accord daccord d accord parfait merci pour moi c'est cest bon bien validé approuvé pas d'objection dobjection aucune objection ça va nickel bonjour cordialement
	sí si vale bien perfecto de acuerdo conforme gracias muchas por mí mi sin objeción objeciones aprobado adelante hola saludos claro
	sim certo ótimo perfeito concordo acordo obrigado obrigada por mim sem objeções objeção aprovado avancem olá combinado muito
	goed prima akkoord eens mee bedankt dank je wel geen bezwaar bezwaren wat mij betreft voor is het ermee hoi groet groeten top helemaal
	👍 ✅ 🎉 🙂 😀 😊 ❤️ 💯 👌 🚀`)

// consentCore are those of them without which nothing is agreed to.
var consentCore = wordSet(`
	yes yep yeah ok okay sure fine good great perfect agreed agree approve approved support supported ack acked lgtm +1 works ahead favour favor board happy objection objections
	concerns love thanks thank thx excellent deal absolutely definitely sense cool nice super
	ja jawohl gut gern gerne einverstanden passt danke zu dafür einwände einwand bedenken genehmigt freigegeben prima perfekt
	oui d'accord daccord accord parfait merci bon bien validé approuvé d'objection dobjection
	sí vale perfecto acuerdo conforme gracias objeción objeciones aprobado adelante
	sim certo ótimo perfeito concordo acordo obrigado obrigada objeções objeção aprovado combinado
	goed akkoord eens bedankt bezwaar bezwaren top
	👍 ✅ 🎉 👌 💯`)

// refusal is said by some of the same words: "no", "not ok", "not happy".
var refusal = regexp.MustCompile(`(?i)\b(?:not|don't|dont|cannot|can't|never|nicht|nie|pas d'accord|pas bon|no (?:estoy|vale|way|thanks)|não|niet|disagree|object(?:ing)?\b|veto|against|dagegen|contre|contra|tegen)\b|` +
	`^\W*(?:no|nein|non|não|nee|-1|👎)\W*(?:$|[,.!])`)

// noObjection is refusal of an objection: consent.
var noObjection = regexp.MustCompile(`(?i)\b(?:(?:i |we )?(?:do not|don't|dont|won't|will not) (?:object|have any (?:objections?|concerns?|problems?))|(?:have )?no objections?(?: (?:from|on) \w+ (?:side|part|end))?|` +
	`nothing against (?:it|that|this)|(?:ich habe )?nichts dagegen|habe keine einwände|je n'ai pas d'objections?|rien contre|nada en contra|nada contra|niets op tegen)\b`)

// Objects reports whether a reply to a proposal objects to it, and by which words. In
// doubt it does: "" then says so. words are the new words of the reply, names those of
// the people it is between.
func Objects(words string, names ...string) (objects bool, because string) {
	neutral := wordSet(strings.ToLower(strings.Join(names, " ")))
	if utf8.RuneCountInString(words) > maxSentence {
		return true, "" // Nobody says yes at that length.
	}
	text := strings.ToLower(fold(words))
	text = strings.ReplaceAll(text, "’", "'")
	text = noObjection.ReplaceAllString(text, " agreed ")
	if m := refusal.FindString(text); m != "" {
		return true, strings.TrimSpace(m)
	}
	if strings.Contains(text, "?") {
		return true, "?"
	}
	core := false
	for _, w := range tokens(text) {
		if !consentWords[w] && !neutral[w] {
			return true, ""
		}
		core = core || consentCore[w]
	}
	return !core, ""
}

// withdraws are the first words of a reply in which a proposer takes the proposal back.
var withdraws = regexp.MustCompile(`(?i)^\W*(?:(?:hi|hello|hallo|dear)[^\n,]{0,30},\s*)?(?:i (?:hereby )?(?:withdraw|take (?:this|it|that) back|retract)|withdrawn|never ?mind|forget (?:it|this|that|about)|scrap (?:this|that)|please ignore|` +
	`ich ziehe|zurückgezogen|vergesst|je retire|oubliez|retiro|olvidad|retirado|retiro a|esqueçam|ik trek|ingetrokken|vergeet)`)

// Withdraws reports whether the proposer takes the proposal back.
func Withdraws(words string) bool { return withdraws.MatchString(fold(words)) }

// tokens are the words of a text without marks around them.
func tokens(text string) []string {
	var out []string
	for _, w := range strings.Fields(text) {
		w = strings.Trim(w, ".,!;:()[]\"'“”„«»-–—…*_~")
		if w != "" && utf8.ValidString(w) {
			out = append(out, w)
		}
	}
	return out
}

func wordSet(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range strings.Fields(s) {
		out[w] = true
	}
	return out
}
