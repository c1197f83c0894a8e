package intent

import "slices"

// What a sentence does beside asking is told by its form: who is its subject, in
// which tense it speaks, whether a time is in it, where in the mail it stands. A
// small trained model weighs the form, the cues and the small words. It is trained
// by intent/train on labelled mails and on the sentences of testdata.

// A saying is one of the heads of that model.
type saying int

const (
	sayDecision saying = iota
	sayPromise
	sayHarsh // these three of a mail as a whole
	saySensitive
	saySocial
	sayings
)

// SayingSpace is the number of features of each head.
const SayingSpace = 1 << sayingBits

const sayingBits = 15

// A Said is a sentence with what the model sees of it: indexes below SayingSpace,
// and what the rules find: 0 nothing, 1 a sign, 2 a decision or a promise.
type Said struct {
	Text     string
	Features []uint32
	Ruled    [2]int // decision, promise
}

// Sayings returns the sentences of a mail that may decide or promise. The trainer
// uses it.
func Sayings(in Input) []Said {
	r, f := prepare(in)
	if r.lang == Unknown {
		return nil
	}
	r.readTone(&f)
	r.found = r.asks()
	var out []Said
	for n, s := range r.sents {
		if !s.question {
			out = append(out, Said{r.fold(r.spanOf(s.from, s.to)), r.sayingFeatures(n, nil), [2]int{r.ruledDecision(s), r.ruledPromise(s)}})
		}
	}
	return out
}

// The kinds of word a clause may begin with, and other marks of form. Their values
// are hashed.
const (
	formSubject = iota + 1
	formVerb
	formTime
	formPlace
	formMail
	formCue
	formAct
	formWord
	formPair
	formStart
	formBoth
	formEnd
)

// A sayingSet collects hashed features.
type sayingSet []uint32

func (f *sayingSet) add(kind int, v uint32) {
	h := mix(uint32(kind)*0x9e3779b9, v)
	*f = append(*f, (h^h>>15)*0x2c1b3c6d>>(32-sayingBits))
}

// sayingFeatures adds what is seen of a sentence to seen, hashed.
func (r *reader) sayingFeatures(n int, seen []uint32) []uint32 {
	s := r.sents[n]
	out := sayingSet(slices.Grow(seen, 4*(s.to-s.from)+40))
	from := r.opening(s)
	subject := r.subjectClass(from, s)
	verb := r.verbForm(from, s)
	when := r.timeForm(from, s)
	out.add(formSubject, subject)
	out.add(formVerb, verb)
	out.add(formTime, when)
	out.add(formBoth, mix(subject, verb))
	out.add(formBoth, mix(mix(subject, verb), when+77))
	out.add(formBoth, mix(verb+99, when))
	out.add(formPlace, uint32(min((s.to-from)/5, 5)))
	out.add(formPlace, 16+r.placeOf(n))
	for _, m := range r.mailForm() {
		out.add(formMail, m)
		out.add(formBoth, mix(mix(m+555, subject), verb))
	}
	var acts uint64
	for _, h := range r.hitsIn(s.from, s.to) {
		if h.act >= actPromise && h.act <= actObject || h.act == actSettle || h.act == actCommit {
			out.add(formCue, cues()[h.cue].hash)
		}
		acts |= 1 << h.act
	}
	for a := range uint32(64) {
		if acts&(1<<a) != 0 {
			out.add(formAct, a)
		}
	}
	r.wordsSaid(from, s, &out)
	return out
}

// wordsSaid adds the words of a sentence, their pairs, how it starts, and the ends of
// longer words, which tell the tense of some languages.
func (r *reader) wordsSaid(from int, s sentence, out *sayingSet) {
	prev := uint32(7)
	for i := from; i < s.to; i++ {
		t := &r.toks[i]
		h := tokenHash(t)
		switch {
		case r.isName(i):
			h = 0x5eed
		case len(t.word.time) > 0:
			h = 0x7153
		}
		out.add(formWord, h)
		out.add(formPair, mix(prev, h))
		if t.kind == kindWord && t.word.langs == 0 && len(t.low) > 5 {
			out.add(formEnd, textHash(t.low[len(t.low)-3:]))
		}
		if i-from < 3 {
			out.add(formStart, mix(uint32(i-from), h))
		}
		prev = h
	}
}

// opening skips what stands before the first clause: bullets, names that are
// spoken to, "yes," and "so".
func (r *reader) opening(s sentence) int {
	i := s.from
	for i < s.to && (r.toks[i].kind == kindMark || r.toks[i].kind == kindNumber && isBullet(r.toks, i)) {
		i++
	}
	for k := i; k+1 < s.to && k < i+3; k++ {
		if r.toks[k+1].mark(',') && (r.isName(k) || r.toks[k].is("yes", "ok", "okay", "sure", "right", "fine", "no", "thanks", "so", "well", "ja", "oui", "sí", "sim", "and", "danke", "merci", "gracias", "good", "great")) && k+2 < s.to {
			return k + 2
		}
	}
	if i+1 < s.to && r.toks[i].is("so", "and", "but", "then", "also", "und", "et", "y", "e", "en") {
		return i + 1
	}
	return i
}

// A formMark tells what a word does in a clause.
type formMark uint32

const (
	formWeWords formMark = 1 << iota
	formIWords
	formYouWords
	formTheyWords
	formItWords
	formTheWords
	formDoneWords
	formConjWords
	formModalWords
	formWillWords
	formWontWords
	formBeWords
	formPastWords
	formHaveWords
	formNotWords
	formFromWords
	formSettleSubject
)

// formWords are the words of each mark, in all languages.
var formWords = map[formMark]string{
	formWeWords:       "we we'll we're we've wir nous on nosotros nós wij",
	formIWords:        "i i'll i'm i've i'd ich je j'ai yo eu ik",
	formYouWords:      "you you'll you're you've your sie du ihr vous tu usted ustedes você vocês je jij jullie u",
	formTheyWords:     "he she they he's she's they're they'll he'll she'll er sie il elle ils ellos ellas él ella eles elas ele ela hij zij ze who somebody someone nobody everybody everyone",
	formItWords:       "it it's it'll this that that's there there's here es das dies ce c'est cela ça esto eso isto isso het dit dat",
	formTheWords:      "the our a an my all every each any no only both these those der die das unser unsere alle jeder ein eine kein keine le la les notre un une toute tous el los las nuestro nuestra un una todos o os as nosso nossa um uma de het ons onze een geen",
	formDoneWords:     "approved agreed decided confirmed granted accepted settled cancelled canceled postponed declined rejected genehmigt einverstanden beschlossen freigegeben accordé validé décidé aprobado acordado decidido aprovado decidido acordado akkoord goedgekeurd besloten done deal",
	formConjWords:     "if when unless until before after because although while wenn falls bis bevor weil si quand avant parce cuando antes porque se quando als tot omdat as",
	formModalWords:    "would could should might may can must would'd could've should've würde könnte sollte müsste kann muss darf devrait pourrait peut doit podría debería puede debe poderia deveria pode deve zou kan moet mag cannot can't couldn't wouldn't shouldn't needs need",
	formWillWords:     "will shall i'll we'll you'll it'll he'll she'll they'll werde werden wird vais allons zal zullen voy vamos vou gaan ga",
	formWontWords:     "won't shan't",
	formBeWords:       "is are am be been i'm we're it's that's he's she's they're you're ist sind bin est sont suis es son soy está é são está is zijn ben wird wurden wordt worden",
	formPastWords:     "was were had did didn't wasn't weren't hadn't war waren hatte hatten wurde était étaient avait fue fueron había foi foram tinha werd werden hadden yesterday ago last gestern hier ayer ontem gisteren",
	formHaveWords:     "have has i've we've you've haben habe hat avons ai a hemos he ha temos tenho hebben heb heeft",
	formNotWords:      "not never no don't doesn't won't isn't aren't can't cannot nicht kein keine nie ne pas no nunca não niet geen",
	formFromWords:     "from starting effective beginning as ab from ab dès desde partir vanaf until by till bis jusqu hasta até tot bis",
	formSettleSubject: "decision decisions decided final approved freeze rule rules policy policies scope go plan outcome result entscheidung beschluss décision decisión decisão besluit new change changes terms freeze moved postponed cancelled until from",
}

// addForms marks the words of formWords.
func addForms(lexicon map[string]wordInfo) {
	for mark, words := range formWords {
		for _, w := range fields(words) {
			info := lexicon[w]
			info.forms |= mark
			lexicon[w] = info
		}
	}
}

var fromWords = wordSet(formWords[formFromWords])

// subjectClass tells who a clause is about, by its first words.
func (r *reader) subjectClass(i int, s sentence) uint32 {
	if i >= s.to {
		return 0
	}
	t := &r.toks[i]
	switch {
	case t.word.forms&formWeWords != 0:
		return 1
	case t.word.forms&formIWords != 0:
		return 2
	case t.word.forms&formYouWords != 0:
		return 3
	case t.word.forms&formTheyWords != 0:
		return 4
	case t.word.forms&formItWords != 0:
		return 5
	case t.word.forms&formConjWords != 0:
		return 6
	case t.word.forms&formFromWords != 0:
		return 7
	case t.word.forms&formDoneWords != 0:
		return 8
	case t.word.forms&formWillWords != 0, t.word.forms&formWontWords != 0:
		return 9
	case t.word.forms&formTheWords != 0:
		return 10
	case r.isName(i):
		return 11
	case t.kind == kindNumber, len(t.word.time) > 0, t.word.timeStarts():
		return 12
	case t.word.verb != verbNone:
		return 13
	case t.word.forms&formNotWords != 0:
		return 14
	case t.word.langs != 0:
		return 15
	}
	return 16
}

// verbForm tells the tense and mood of a clause by the first words that show it.
func (r *reader) verbForm(i int, s sentence) uint32 {
	form := uint32(0)
	for k := i; k < s.to && k < i+14; k++ {
		low, forms := r.toks[k].low, r.toks[k].word.forms
		next, after := "", formMark(0)
		if k+1 < s.to {
			next, after = r.toks[k+1].low, r.toks[k+1].word.forms
		}
		switch {
		case forms&formWontWords != 0, forms&formWillWords != 0 && after&formNotWords != 0:
			form = 1
		case forms&formWillWords != 0:
			form = 2
			if k+1 < s.to && r.toks[k+1].is("be", "have", "keep", "see", "need") {
				form = 3
			}
		case forms&formModalWords != 0:
			form = 4
		case forms&formPastWords != 0:
			form = 5
		case forms&formBeWords != 0 && hasSuffix(next, "ing"):
			form = 6
			if next == "going" {
				form = 7
			}
		case forms&formBeWords != 0 && (hasSuffix(next, "ed") || hasSuffix(next, "en")):
			form = 8
		case forms&formBeWords != 0:
			form = 9
		case forms&formHaveWords != 0 && (hasSuffix(next, "ed") || hasSuffix(next, "en")):
			form = 10
		case hasSuffix(low, "ed") && k > i:
			form = 11
		case r.toks[k].word.verb != verbNone && k == i:
			form = 12
		case r.toks[k].word.verb != verbNone && k == i+1:
			form = 13
		case hasSuffix(low, "s") && k > i && k+1 < s.to && after&formTheWords != 0:
			form = 14
		default:
			continue
		}
		break
	}
	if form != 0 {
		for k := i; k < s.to; k++ {
			if r.toks[k].word.forms&formNotWords != 0 {
				return form + 32
			}
		}
	}
	return form
}

func hasSuffix(s, suffix string) bool {
	return len(s) > len(suffix)+1 && s[len(s)-len(suffix):] == suffix
}

// timeForm tells whether a time stands in a sentence, and how it is led in.
func (r *reader) timeForm(i int, s sentence) uint32 {
	for k := i; k < s.to; k++ {
		t := &r.toks[k]
		if len(t.word.time) == 0 || t.word.langs != 0 {
			continue
		}
		if k == i {
			return 1
		}
		b := &r.toks[k-1]
		switch {
		case b.is("by", "before", "until", "till", "bis", "d'ici", "avant", "antes", "até", "para", "voor", "uiterlijk"):
			return 2
		case b.is("from", "starting", "ab", "desde", "vanaf", "since", "seit", "depuis", "of", "partir"):
			return 3
		case b.is("last", "past", "letzten", "dernier", "pasado", "passado", "vorige"):
			return 4
		case t.is("yesterday", "ago", "gestern", "hier", "ayer", "ontem", "gisteren"):
			return 4
		case t.is("tomorrow", "today", "tonight", "morgen", "heute", "demain", "mañana", "hoy", "amanhã", "hoje", "vandaag"):
			return 5
		}
		return 6
	}
	return 0
}

// placeOf tells where a sentence stands: first, last, in a list below a line that
// leads in, behind a question.
func (r *reader) placeOf(n int) uint32 {
	s := r.sents[n]
	place := uint32(0)
	if s.item {
		place = 1
		for k := n - 1; k >= 0 && k > n-12; k-- {
			if p := r.sents[k]; r.toks[p.to-1].mark(':') {
				place = 2
				break
			} else if !p.item {
				break
			}
		}
	}
	if n > 0 && r.toks[r.sents[n-1].to-1].mark(':') {
		place = 3
	}
	if n <= 2 {
		place += 4
	}
	return place
}

// mailForm tells what kind of mail a sentence stands in.
func (r *reader) mailForm() []uint32 {
	out := r.forms[:0]
	if r.in.Reply {
		out = append(out, 1)
	} else {
		out = append(out, 2)
	}
	out = append(out, 8+uint32(min(len(r.toks)/40, 6)))
	for i := range r.title {
		if r.title[i].word.forms&formSettleSubject != 0 && !r.in.Reply {
			out = append(out, 3)
			break
		}
	}
	if len(r.in.To) > 1 || len(r.in.To) == 1 && isRole(r.in.To[0]) {
		out = append(out, 4)
	}
	out = append(out, 24+uint32(min(len(r.found), 2)))
	r.forms = out
	return out
}

// ruledDecision tells what the rules find of a decision: 0 nothing, 1 a sign, 2 one.
func (r *reader) ruledDecision(s sentence) int {
	if _, ok := r.decisionAt(s); ok {
		return 2
	}
	return r.sign(s, actSettle, actNoDecision)
}

// ruledPromise is the same of a promise.
func (r *reader) ruledPromise(s sentence) int {
	if _, _, ok := r.promiseAt(s); ok {
		return 2
	}
	return r.sign(s, actCommit, actNoPromise)
}

func (r *reader) sign(s sentence, yes, no act) int {
	found := 0
	for _, h := range r.hitsIn(s.from, s.to) {
		switch h.act {
		case no:
			return 0
		case yes:
			found = 1
		}
	}
	return found
}

// says is the score of a sentence in one head.
func (r *reader) says(n int, head saying) float64 {
	if r.said == nil {
		r.said = make([][sayPromise + 1]float64, len(r.sents))
		for i := range r.said {
			r.said[i][0] = -1
		}
	}
	if c := &r.said[n]; c[0] < 0 {
		r.seen = r.sayingFeatures(n, r.seen[:0])
		for h := range c {
			c[h] = sayingModels[h].score(r.seen)
		}
	}
	return r.said[n][head]
}
