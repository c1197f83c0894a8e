package intent

// An askMark is a sign of an ask within a sentence.
type askMark struct {
	at, end  int
	question bool // the question mark alone
	item     bool // "Claire: figures by Friday"
}

// askMarks finds the signs of asks in a sentence.
func (r *reader) askMarks(s sentence, weigh bool) []askMark {
	var marks []askMark
	hits := r.hitsIn(s.from, s.to)
	rhetoric := false
	for _, h := range hits {
		switch h.act {
		case actRhetoric:
			rhetoric = rhetoric || s.question
		case actAsk, actAskStart, actAskIfQ:
			if h.act == actAskStart && !r.opensClause(h.from, s) || h.act == actAskIfQ && !s.question || r.vetoed(h) || r.quoted(h.from, s) {
				continue
			}
			if r.refusing(h, s) || r.choosing(h, s) || r.genericYou(h, s) || r.harsh && r.toks[h.from].is("wonder", "wondering") || h.act == actAskIfQ && (r.harsh || weigh || rhetoric) {
				continue
			}
			marks = append(marks, askMark{at: h.from, end: h.to, question: h.act == actAskIfQ})
		}
	}
	if !s.option && r.mask&1 != 0 && (r.lang == English || len(marks) == 0) {
		marks = append(marks, r.imperatives(s)...)
	}
	if len(marks) > 0 && r.offers(s) {
		return nil
	}
	if len(marks) == 0 {
		marks = r.bareMarks(s, hits, rhetoric || weigh || r.harsh)
	}
	if rhetoric && !r.directive(marks) {
		return nil
	}
	return sortMarks(marks)
}

// ruleMarks finds the signs of asks in a sentence that stands by itself.
func (r *reader) ruleMarks(s sentence) []askMark { return r.askMarks(s, false) }

// Below these scores the trained model takes back what the rules found, a plain
// question sooner kept than a statement. It finds nothing that they do not find,
// so it is asked of little.
const (
	modelDenies         = 0.16
	modelDeniesQuestion = 0.08
)

// weighed lets the trained model have a say about the signs in sentence n.
func (r *reader) weighed(s sentence, n int, marks []askMark) (out []askMark, score float64) {
	if len(marks) == 0 || r.in.RulesOnly || trained[HeadAsk].weights == nil {
		return marks, 1
	}
	r.asking = r.features(r.sents[n:n+1], marks, r.asking[:0])
	r.mailFeatures(&r.asking, s, n)
	limit := modelDenies
	if s.question {
		limit = modelDeniesQuestion
	}
	if score = trained[HeadAsk].evenScore(r.asking); score < limit {
		return nil, score
	}
	return marks, score
}

// genericYou reports whether a "you need to" tells no reader to do something:
// "if you need to cancel", "everything you need to know".
func (r *reader) genericYou(h hit, s sentence) bool {
	if !r.toks[h.from].is("you", "you'll") || h.from+1 >= s.to || !r.toks[h.from+1].is("need", "needs", "must", "should", "have", "will", "need", "all", "also", "still", "really", "now", "both", "probably", "ought", "gotta") {
		return false
	}
	if h.from == s.from || r.opensClause(h.from, s) && r.toks[s.from].word.flags&flagIf == 0 {
		return false
	}
	b := &r.toks[h.from-1]
	return !(b.kind == kindMark && !b.mark('\'') || b.is("think", "believe", "so", "then", "guess", "suggest", "now", "also", "means", "and", "but", "because", "therefore", "feel", "say", "case", "reminder"))
}

// opensClause is startsClause behind small adverbs: "then just tell me".
func (r *reader) opensClause(i int, s sentence) bool {
	start, _ := r.clauseOpening(i, s)
	return start && !r.quoted(i, s)
}

// offers reports whether a sentence only offers to answer or to help: "if you
// have questions, call me".
func (r *reader) offers(s sentence) bool {
	condition, trouble := false, false
	for i := s.from; i < s.to; i++ {
		switch t := &r.toks[i]; {
		case t.in(inOfferConditions):
			condition = true
		case condition && t.in(inOfferTroubles):
			trouble = true
		case condition && t.in(inOfferWants) && r.hasWordIn(max(s.from, i-3), min(i+4, s.to), "anything", "something", "more", "else", "further", "etwas", "mehr", "quoi", "plus", "algo", "más", "mais", "iets", "meer", "hand", "sonst"):
			trouble = true
		}
	}
	return trouble && r.strongDue(s) == nil
}

var (
	offerConditions = wordSet("if should whenever case with any for wenn falls sollten sollte solltest bei si pour toute sí cualquier se qualquer caso als mocht indien bij when")
	offerTroubles   = wordSet("questions question queries query doubts doubt concerns concern assistance help problems trouble clarification stuck unsubscribe unsubscribing removed receiving longer fragen frage rückfragen rückfrage unklarheiten hilfe aide doute dudas duda ayuda pregunta preguntas dúvida dúvidas questões ajuda vragen hulp vraag")
	offerWants      = wordSet("need require want wish brauchen brauchst braucht benötigen besoin souhaitez necesitas necesita necesitan precisar precisares precisarem nodig")
)

// refusing reports whether a please at the end asks to leave something be: "no
// calls before nine, please".
func (r *reader) refusing(h hit, s sentence) bool {
	return h.to == h.from+1 && r.toks[h.from].is("please", "pls", "plz") && (h.to >= s.to || r.toks[h.to].kind == kindMark) && r.hasWordBefore(h.from, s, "no", "not", "don't", "never", "nothing")
}

// choosing reports whether a please at the end of a reply only names what its author
// chooses of what was offered: "April, please", "the second one please".
func (r *reader) choosing(h hit, s sentence) bool {
	if !r.in.Reply || h.to != h.from+1 || !r.toks[h.from].is("please", "pls", "plz", "bitte", "graag") || h.from == s.from {
		return false
	}
	for i := h.to; i < s.to; i++ {
		if r.toks[i].kind != kindMark {
			return false
		}
	}
	for i := s.from; i < h.from; i++ {
		if t := &r.toks[i]; t.kind != kindMark && t.kind != kindNumber && !choices[t.low] {
			return false
		}
	}
	return true
}

// choices are words by which something offered is named.
var choices = wordSet("the a at in on of option number no nr version variant one ones first second third fourth last latter former both either neither all none this that b c d e " +
	"am pm o'clock noon midday morning afternoon evening today tomorrow next week weekend month year early late mid end " +
	"monday tuesday wednesday thursday friday saturday sunday mon tue wed thu fri sat sun january february march april may june july august september october november december " +
	"jan feb mar apr jun jul aug sep sept oct nov dec spring summer autumn winter blue red green white black yellow small large big left right yes")

func (r *reader) hasWordBefore(i int, s sentence, words ...string) bool {
	for k := s.from; k < i; k++ {
		if r.toks[k].is(words...) {
			return true
		}
	}
	return false
}

// directive reports whether one of the marks is more than a question.
func (r *reader) directive(marks []askMark) bool {
	for _, m := range marks {
		if !m.question && !r.toks[m.at].is("do", "are", "is", "would", "can", "could") {
			return true
		}
	}
	return false
}

func sortMarks(marks []askMark) []askMark {
	for i := 1; i < len(marks); i++ {
		for k := i; k > 0 && marks[k].at < marks[k-1].at; k-- {
			marks[k], marks[k-1] = marks[k-1], marks[k]
		}
	}
	return marks
}

// vetoed reports whether a sign of no ask covers a sign of one.
func (r *reader) vetoed(h hit) bool {
	for _, n := range r.hitsIn(h.from-6, h.from+2) {
		if n.act == actNoAsk && n.to > h.from {
			return true
		}
	}
	return false
}

// startsClause reports whether a clause begins with token i: after a mark, a
// joining word, a name that is spoken to, or the main clause after an "if".
func (r *reader) startsClause(i int, s sentence) bool {
	if i == s.from {
		return true
	}
	b := &r.toks[i-1]
	if b.kind == kindMark {
		switch b.low {
		case ",":
			return r.commaStarts(i, s)
		case "\"", "'", "/", "@", "`", "\u201c", "&", "$", "#", "%", "+", "_", "=":
			return false
		}
		return b.low != "-" || b.space
	}
	if b.kind == kindNumber {
		return false
	}
	return b.word.flags&flagJoin != 0 && (r.startsClause(i-1, s) || r.toks[s.from].word.verb != verbNone || r.toks[s.from].is("please", "pls", "kindly"))
}

// commaStarts reports whether a comma before token i may begin a main clause:
// behind a name, an if-clause, a short opening.
func (r *reader) commaStarts(i int, s sentence) bool {
	first := s.from
	for first < i && (r.toks[first].kind == kindMark || r.toks[first].word.flags&flagJoin != 0) {
		first++
	}
	if first >= i-1 {
		return true
	}
	if t := &r.toks[first]; t.word.flags&flagIf != 0 {
		return i-first <= 10 || t.is("if", "when", "once", "unless", "before", "after", "should", "wenn", "falls", "sobald", "si", "cuando", "se", "quando", "als", "zodra", "caso")
	}
	if named, _ := r.nameAt(first); len(named) > 0 {
		return true
	}
	return i-1-first <= 4
}
