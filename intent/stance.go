package intent

import (
	"slices"
	"strings"
)

// signs collects the words of an act as a stance.
func (r *reader) signs(a act, yes, no string) Stance {
	st := Stance{Value: no}
	for _, h := range r.hits {
		if h.act == a && len(st.Because) < maxReasons {
			if st.Value != yes {
				st.Value, st.Text = yes, r.textOf(h)
			}
			st.Because = append(st.Because, r.because(h))
		}
	}
	return st
}

const maxReasons = 5 // words quoted for a stance

// tone weighs the words that hurt: one that always does, or several that do
// together, or shouting. Thanks and excuses take some of the weight away.
func (r *reader) tone() Stance {
	if r.in.Bulk || r.in.Automatic {
		return Stance{Value: TonePlain}
	}
	points, hard, sharp, end := 0, 0, 0, -1
	var why []string
	for _, h := range r.hits {
		switch h.act {
		case actHarsh:
			if h.from < end || r.ofAuthor(h) || r.spoken(h) {
				continue
			}
			hard++
			points += 3
			end = h.to
		case actSharp:
			if h.from < end {
				continue
			}
			sharp++
			points++
			end = h.to
		case actPeace:
			if h.from >= end {
				points -= 2
			}
			continue
		default:
			continue
		}
		if len(why) < maxReasons {
			why = append(why, r.because(h))
		}
	}
	shouts, marks := r.shouting()
	if hard > 0 && (r.addressed() || len(r.toks) < shortMail) {
		points++
	}
	points += r.exclaimed()
	if len(shouts) >= 2 && (hard+sharp > 0 || marks > 0 || len(shouts) >= 6 && len(r.toks) < 120) {
		points += min(len(shouts), 4)
		why = append(why, shouts[0])
	}
	points += min(marks, 2)
	if hard == 0 && len(shouts) < 2 {
		points -= 3
	}
	points -= len(r.toks) / 250 // a long mail has room for many words
	if points >= 4 {
		return Stance{Value: ToneHarsh, Because: why, Text: r.sentenceWith(why)}
	}
	return Stance{Value: TonePlain}
}

// shortMail is the number of tokens below which one hard word sets the tone.
const shortMail = 45

// exclaimed counts words that stand alone and shout: "ELEVEN."
func (r *reader) exclaimed() int {
	n := 0
	for _, s := range r.sents {
		if s.to-s.from == 2 && r.toks[s.from].caps && len(r.toks[s.from].low) >= 4 && r.toks[s.to-1].kind == kindMark && r.toks[s.from].breaks == 0 {
			n += 2
		}
	}
	return min(n, 4)
}

// spoken reports whether a hit stands in quotation marks: somebody else said it.
func (r *reader) spoken(h hit) bool {
	open := false
	for k := max(0, h.from-12); k < h.from; k++ {
		if r.toks[k].kind == kindMark && (r.toks[k].mark('"') || r.toks[k].low == "\u201c" || r.toks[k].low == "\u201d" || r.toks[k].low == "\u201e") {
			open = !open
		}
	}
	return open && h.to < len(r.toks) && h.to-h.from < 3
}

// ofAuthor reports whether a single hard word is about its author: "I was an idiot".
func (r *reader) ofAuthor(h hit) bool {
	reach := 2
	if h.to-h.from == 1 {
		reach = 4
	}
	for k := max(0, h.from-reach); k < h.from; k++ {
		if r.toks[k].is("i", "i'm", "my", "myself", "me", "ich", "mein", "je", "mon", "yo", "mi", "eu", "meu", "ik", "mijn", "mir") {
			return true
		}
	}
	return false
}

// addressed reports whether a mail speaks of its readers or their work.
func (r *reader) addressed() bool {
	for i := range r.toks {
		if r.toks[i].is("you", "your", "you're", "you've", "yours", "du", "dein", "deine", "ihr", "ihre", "ihnen", "euch", "tu", "vous", "votre", "vos", "ustedes", "usted", "su", "tu", "vocês", "você", "jullie", "je", "jouw", "u", "uw", "so") {
			return true
		}
	}
	return false
}

// shouting finds words in capitals that are no abbreviations, and marks in a
// row ("??", "!!").
func (r *reader) shouting() (words []string, marks int) {
	for i := range r.toks {
		t := &r.toks[i]
		switch {
		case t.kind == kindMark && (t.low == "?" || t.low == "!") && i > 0 && r.toks[i-1].low == t.low && !t.space && t.low == "?":
			marks++
		case t.caps && (t.word.langs != 0 || t.word.verb != verbNone || shoutWords[t.low] || len(t.low) >= 5 && shoutBeside(r.toks, i)):
			words = append(words, r.text[t.start:t.end])
		}
	}
	return words, marks
}

// shoutBeside reports whether a word in capitals stands beside another.
func shoutBeside(toks []token, i int) bool {
	return i > 0 && toks[i-1].caps || i+1 < len(toks) && toks[i+1].caps
}

var shoutWords = wordSet("again never always now stop anything nothing everything nobody everybody three four five days times hours fix dead late wrong please why what seriously ever enough immediately customer customers none zero nine still every single")

// attachment compares what the words say with what the mail carries.
func (r *reader) attachment() Stance {
	for _, h := range r.hits {
		if h.act != actAttached || r.attachedElsewhere(h) {
			continue
		}
		if r.in.Attached {
			return Stance{Value: AttachmentPresent, Because: []string{r.because(h)}, Text: r.textOf(h)}
		}
		return Stance{Value: AttachmentMissing, Because: []string{r.because(h)}, Text: r.textOf(h)}
	}
	return Stance{Value: AttachmentNone}
}

// attachedElsewhere reports whether "attached" is not about a file of this mail: one
// that another sent, that shall be sent, or that hangs on something else.
func (r *reader) attachedElsewhere(h hit) bool {
	for k := h.to - 1; k >= max(0, h.from-8); k-- {
		t := &r.toks[k]
		if t.kind == kindMark && !t.mark('(') && !t.mark('-') || k < h.from && t.breaks > 1 {
			break
		}
		if k >= h.from-5 && t.is(notAttached...) || k >= h.from-2 && t.is(othersAttach...) {
			return true
		}
		if k < h.from && t.is("send", "resend", "forward", "share", "expecting", "missing") && !(k > 0 && r.toks[k-1].is("i", "we", "i'll", "we'll", "to")) && !r.toks[h.to-1].is("attached", "enclosed") {
			return true
		}
	}
	for k := h.to; k < min(len(r.toks), h.to+5); k++ {
		t := &r.toks[k]
		if t.kind == kindMark && !t.mark('-') {
			break
		}
		if k == h.to && t.is("to", "an", "au", "à") && r.toks[h.to-1].is("attached", "enclosed") && !(k+1 < len(r.toks) && r.toks[k+1].is("this")) {
			return true
		}
		if t.is("yesterday", "earlier", "previously", "gestern", "hier", "ayer", "ontem", "gisteren", "missing", "fehlt", "manque", "falta", "ontbreekt", "empty", "leer", "corrupt", "open", "opens", "ticket", "jira", "wiki", "blank") || t.is("you", "sie") && k+1 < len(r.toks) && r.toks[k+1].is("sent", "mentioned", "forgot", "attached") {
			return true
		}
	}
	return r.toks[h.from].is("joint") && h.to == h.from+1
}

// notAttached are words before "attached" that deny it or give it to another.
var notAttached = fields("not without previously emotionally strings was were had forgot forget if never kein keine keinen ohne nicht pas sans sin sem niet geen zonder no can't cannot couldn't vergessen oublié olvidé esqueci vergeten")

// othersAttach are words right before it that give it to another.
var othersAttach = fields("you your you've he she they someone nobody his her their he's she's hattest ihr euer eure dein deine deinem ihrem ihre du votre ton vos tes vous tu su seu teu je jouw jullie uw stay be get")

// medium tells whether the mail should rather be said in person.
func (r *reader) medium(f Findings) Stance {
	if r.in.Bulk || r.in.Automatic || r.in.Invite {
		return Stance{Value: MediumAsync}
	}
	switch {
	case r.count(actEmergency) >= 3 && (r.in.Important || r.count(actUrgent) > 0 || len(f.Asks) > 1):
		return r.signs(actEmergency, MediumEmergency, MediumAsync)
	case r.count(actComplex) >= 3:
		return r.signs(actComplex, MediumComplex, MediumAsync)
	case r.mood(saySensitive) >= sayingLimits[saySensitive][r.ruledSensitive(f)]:
		return r.ofPerson(f)
	case r.mood(saySocial) >= sayingLimits[saySocial][r.ruledSocial()]:
		return r.signs(actBonding, MediumBonding, MediumBonding)
	}
	return Stance{Value: MediumAsync}
}

// What the signs of a medium must come to.
const (
	sensitiveEnough = 3.5
	socialEnough    = 3.0
)

// distinct counts the words at which cues of an act begin, each once.
func (r *reader) distinct(a act) (n int) {
	end := -1
	var seen [24]uint32
	for _, h := range r.hits {
		if h.act != a || h.from < end || r.spoken(h) {
			continue
		}
		end = h.to
		if n == len(seen) {
			return n
		}
		if key := tokenHash(&r.toks[h.from]); !slices.Contains(seen[:n], key) {
			seen[n] = key
			n++
		}
	}
	end = -1
	for _, h := range r.titleHits { // what the subject says counts as well
		if key := tokenHash(&r.title[h.from]); h.act == a && h.from >= end && n < len(seen) && !slices.Contains(seen[:n], key) {
			seen[n] = key
			n++
			end = h.to
		}
	}
	return n
}

// sensitivity weighs what a mail says of a person's work, conduct, feelings, health
// or job. A mail to one colleague counts for more, one that is long or full of
// business for less.
func (r *reader) sensitivity(f Findings) float64 {
	grave, touchy := r.distinct(actGrave), r.distinct(actSensitive)
	points := 3*float64(grave) + float64(touchy)
	if r.namedSubject() {
		points += 2
	}
	if f.Tone.Value == ToneHarsh && r.inside() && r.personal() {
		points++
	}
	if points == 0 {
		return 0
	}
	if len(r.in.To) == 1 && !isRole(r.in.To[0]) && len(r.in.Cc) == 0 {
		points++
	}
	if r.addressed() || r.speaksOf() {
		points += 0.5
	}
	return points - min(float64(r.distinct(actWork))/3, 2) - float64(len(r.toks))/150
}

// sociable weighs what a mail says of food, play and being together.
func (r *reader) sociable() float64 {
	points := 2 * float64(r.distinct(actBonding))
	if points == 0 {
		return 0
	}
	return points - float64(r.distinct(actWork)) - float64(len(r.toks))/50
}

// namedSubject reports whether the subject is a first name, and not that of a
// reader: the mail is about somebody.
func (r *reader) namedSubject() bool {
	w := strings.Fields(r.in.Subject)
	if len(w) != 1 || r.in.Reply || len(w[0]) > 12 || w[0] == strings.ToLower(w[0]) || w[0] == strings.ToUpper(w[0]) {
		return false
	}
	for i := range r.toks {
		if t := &r.toks[i]; t.upper && t.low == strings.ToLower(w[0]) && i+1 < len(r.toks) && (r.toks[i+1].is("is", "has", "was", "shouts", "needs", "wants", "told", "said", "came", "and", "who", "does", "did") || r.toks[i+1].mark('\'')) {
			return true
		}
		if t := &r.toks[i]; t.upper && strings.HasPrefix(t.low, strings.ToLower(w[0])+"'") {
			return true
		}
	}
	return false
}

// speaksOf reports whether a mail speaks of somebody: he, she.
func (r *reader) speaksOf() bool {
	for i := range r.toks {
		if r.toks[i].is("he", "she", "him", "her", "his", "he's", "she's") {
			return true
		}
	}
	return false
}

// ofPerson is the stance of a sensitive mail.
func (r *reader) ofPerson(f Findings) Stance {
	st := r.signs(actGrave, MediumSensitive, MediumAsync)
	touchy := r.signs(actSensitive, MediumSensitive, MediumAsync)
	st.Because = append(st.Because, touchy.Because...)
	if st.Text == "" {
		st.Text = touchy.Text
	}
	if len(st.Because) == 0 {
		st.Because, st.Text = f.Tone.Because, f.Tone.Text
	}
	st.Value = MediumSensitive
	return st
}

// personal reports whether a harsh mail is about its one reader.
func (r *reader) personal() bool {
	if len(r.in.To) != 1 || isRole(r.in.To[0]) {
		return false
	}
	you := 0
	for i := range r.toks {
		if r.toks[i].is("you", "your", "you're", "you've", "du", "dein", "sie", "ihr", "tu", "vous", "votre") {
			you++
		}
	}
	return you >= 3
}

func (r *reader) urgent() Stance {
	st := r.signs(actUrgent, "yes", "no")
	low := strings.ToLower(r.in.Subject)
	if r.in.Important || strings.Contains(low, "urgent") || strings.Contains(low, "dringend") || strings.Contains(low, "final notice") {
		st.Value = "yes"
		st.Because = append(st.Because, "marked")
	}
	return st
}

// mechanicalKind is the kind that headers tell.
func (r *reader) mechanicalKind() string {
	switch {
	case r.in.Invite:
		return KindInvite
	case r.in.Bulk:
		return KindBulk
	case r.in.Automatic:
		return KindAutomatic
	}
	return KindInform
}

// kind tells what the mail mainly is.
func (r *reader) kind(f Findings) string {
	if k := r.mechanicalKind(); k != KindInform {
		return k
	}
	short := len(r.toks) < 30
	switch {
	case f.Medium.Value == MediumBonding:
		return KindSocial
	case len(f.Asks) > 0:
		return KindAsk
	case short && !r.harsh && r.thanks():
		return KindAck
	case len(f.Decisions) > 0:
		return KindDecision
	case r.in.Reply:
		return KindReply
	case r.statusLines() >= 2:
		return KindStatus
	}
	return KindInform
}

func (r *reader) thanks() bool {
	for i := range r.toks {
		if r.toks[i].is("thanks", "thank", "thx", "ty", "danke", "merci", "gracias", "obrigado", "obrigada", "bedankt", "perfect", "great", "ok", "okay", "cool", "super", "parfait", "perfecto", "heroic", "welcome", "pleasure", "congratulations", "lovely") {
			return true
		}
	}
	return false
}

// statusLines counts the items of lists.
func (r *reader) statusLines() int {
	n := 0
	for _, s := range r.sents {
		if s.item {
			n++
		}
	}
	return n
}

// sentenceWith is the sentence that holds the first of some words.
func (r *reader) sentenceWith(words []string) string {
	if len(words) == 0 {
		return ""
	}
	for _, s := range r.sents {
		if text := r.fold(r.spanOf(s.from, s.to)); strings.Contains(text, words[0]) {
			return text
		}
	}
	return ""
}

// link compares what the words say of links with the links they hold. Where there is
// HTML, a link may hide behind any word.
func (r *reader) link() Stance {
	for _, h := range r.hits {
		if h.act != actLinked {
			continue
		}
		for i := range r.toks {
			if r.toks[i].kind == kindLink {
				return Stance{Value: AttachmentPresent, Because: []string{r.because(h)}, Text: r.textOf(h)}
			}
		}
		if r.in.Linked || r.in.Reply || r.in.Forward {
			return Stance{Value: AttachmentPresent, Because: []string{r.because(h)}, Text: r.textOf(h)}
		}
		return Stance{Value: AttachmentMissing, Because: []string{r.because(h)}, Text: r.textOf(h)}
	}
	return Stance{Value: AttachmentNone}
}
