package intent

import (
	"strings"

	"tidepost/mail"
)

// The kinds of ask.
const (
	AskAnswer = "answer"
	AskDo     = "do"
	AskDecide = "decide"
	AskReview = "review"
	AskAttend = "attend"
)

// An Ask is a place where the author wants something of a recipient.
type Ask struct {
	Statement
	Kind    string
	Owners  []Owner // empty if All or Someone
	All     bool    // everybody in To
	Someone bool    // nobody in particular
	Due     *Due    // nil without one
	Score   float64 // of the trained model, 0…1; 1 where it was not asked
}

// An askMark is a sign of an ask within a sentence.
type askMark struct {
	at, end  int
	question bool // the question mark alone
	item     bool // "Claire: figures by Friday"
}

// A part is a stretch of a sentence that asks one thing.
type part struct {
	from, to int
	marks    []askMark
}

// asks finds all asks of the text, or else of the subject.
func (r *reader) asks() []Ask {
	if r.in.Bulk || r.in.Automatic {
		return nil
	}
	var out []Ask
	greeted := r.greeting()
	var last []Owner // whom the paragraph speaks to
	weigh := r.count(actWeigh) > 0
	for n, s := range r.sents {
		if !s.after {
			last = nil
		}
		for _, p := range r.parts(s, weigh) {
			a := r.ask(p, s)
			if r.presses(a, out) {
				continue
			}
			named := r.owner(&a, p, last, greeted)
			if len(named) > 0 {
				last = named
			}
			r.askDue(&a, p, n)
			out = append(out, a)
		}
	}
	out = r.inherit(out)
	if len(out) == 0 {
		out = r.subjectAsk()
	}
	return out
}

// presses reports whether an ask is only the tail of the one before it: "Is that
// fine? Please tell me by Thursday." A deadline in it is found by inherit.
func (r *reader) presses(a Ask, before []Ask) bool {
	if len(before) == 0 || a.Kind != AskAnswer {
		return false
	}
	p := &before[len(before)-1]
	if a.Start-p.End > 2 || p.End == 0 || r.text[p.End-1] != '?' || len(strings.Fields(a.Text)) > 5 {
		return false
	}
	return true
}

// count counts the hits of an act in the whole text.
func (r *reader) count(a act) int {
	n := 0
	for _, h := range r.hits {
		if h.act == a {
			n++
		}
	}
	return n
}

// parts splits a sentence into what it asks: none, one, or several.
func (r *reader) parts(s sentence, weigh bool) []part {
	marks := r.askMarks(s, weigh)
	if len(marks) == 0 {
		return nil
	}
	var out []part
	cur := part{from: s.from}
	for _, m := range marks {
		if k := r.splitBefore(m.at, cur, s); k > 0 {
			cur.to = k
			out = append(out, cur)
			cur = part{from: k}
		}
		cur.marks = append(cur.marks, m)
	}
	cur.to = s.to
	return append(out, cur)
}

// splitBefore finds where a second ask begins within a sentence: at "and Tom
// can you", ", Ana please". 0 if the mark goes on with the first.
func (r *reader) splitBefore(at int, cur part, s sentence) int {
	if len(cur.marks) == 0 {
		return 0
	}
	for k := at; k > cur.marks[len(cur.marks)-1].at && k >= at-5; k-- {
		if named, _ := r.nameAt(k); len(named) == 0 && !r.toks[k].mark('@') {
			continue
		}
		for k > cur.from && (r.toks[k-1].mark('@') || r.toks[k-1].is("and", "und", "et", "y", "e", "en")) {
			k--
		}
		if k > cur.marks[len(cur.marks)-1].at+1 {
			return k
		}
	}
	return 0
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
			if h.act == actAskStart && !r.startsClause(h.from, s) || h.act == actAskIfQ && !s.question || r.vetoed(h, hits) {
				continue
			}
			if h.act == actAskIfQ && (r.harsh || weigh || rhetoric) {
				continue
			}
			marks = append(marks, askMark{at: h.from, end: h.to, question: h.act == actAskIfQ})
		}
	}
	if !s.option && r.mask&1 != 0 && (r.lang == English || len(marks) == 0) {
		marks = append(marks, r.imperatives(s, hits)...)
	}
	if len(marks) == 0 && r.lang == English {
		marks = r.trailingPlease(s, hits)
	}
	if len(marks) == 0 {
		marks = r.bareMarks(s, hits, rhetoric || weigh || r.harsh)
	}
	if len(marks) == 0 {
		marks = r.modelMark(s, hits, weigh || rhetoric)
	}
	if rhetoric && !r.directive(marks) {
		return nil
	}
	return sortMarks(marks)
}

// ruleMarks counts the signs of the rules alone.
func (r *reader) ruleMarks(s sentence) []askMark {
	quiet := *r
	quiet.in.RulesOnly = true
	return quiet.askMarks(s, false)
}

// modelSays is the score from which the model alone makes an ask.
const modelSays = 0.88

// modelMark asks the trained model about a sentence in which the rules found
// nothing. It is trusted with plain English sentences only.
func (r *reader) modelMark(s sentence, hits []hit, quiet bool) []askMark {
	if r.in.RulesOnly || r.lang != English || quiet || s.to-s.from < 4 || s.option || r.anyNoAsk(hits) {
		return nil
	}
	if requestModel.score(r.features([]sentence{s})) < modelSays {
		return nil
	}
	return []askMark{{at: s.from, end: min(s.from+4, s.to), question: s.question}}
}

// trailingPlease finds a please that ends a clause: "two chairs by noon, please".
func (r *reader) trailingPlease(s sentence, hits []hit) []askMark {
	for i := s.from + 1; i < s.to; i++ {
		if r.toks[i].is("please", "pls", "plz") && (i+1 == s.to || r.toks[i+1].kind == kindMark) && !r.anyNoAsk(hits) && !r.toks[s.from].is("no", "nothing") && !r.hasWordBefore(i, s, "no", "not", "don't", "never") {
			return []askMark{{at: max(s.from, i-3), end: i + 1}}
		}
	}
	return nil
}

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
func (r *reader) vetoed(h hit, hits []hit) bool {
	for _, n := range hits {
		if n.act == actNoAsk && n.from <= h.from+1 && n.to > h.from && n.from >= h.from-6 {
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
	return b.word.flags&flagJoin != 0 && (r.startsClause(i-1, s) || r.toks[s.from].word.verb != verbNone)
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
	if r.toks[first].word.flags&flagIf != 0 {
		return true
	}
	if named, _ := r.nameAt(first); len(named) > 0 {
		return true
	}
	return i-1-first <= 4
}

// imperatives finds English clauses that begin with a verb.
func (r *reader) imperatives(s sentence, hits []hit) []askMark {
	var out []askMark
	for i := s.from; i < s.to; i++ {
		verb := r.toks[i].word.verb
		if verb == verbNone || r.toks[i].is("have", "do", "be") {
			continue
		}
		start, named := r.clauseOpening(i, s)
		if !start || r.vetoed(hit{from: i, to: i + 1}, hits) || !r.isImperative(i, s, verb, named) {
			continue
		}
		out = append(out, askMark{at: i, end: min(i+2, s.to)})
		i += 3
	}
	return out
}

// clauseOpening reports whether token i opens a clause, perhaps behind a name.
func (r *reader) clauseOpening(i int, s sentence) (start, named bool) {
	k := i
	for k > s.from && (r.toks[k-1].is("then", "also", "just", "now", "so", "simply", "first", "next", "both") || r.toks[k-1].mark(':')) {
		k--
	}
	if k > s.from {
		from := max(s.from, k-6)
		for f := from; f < k; f++ {
			if f == s.from || r.startsClause(f, s) {
				if o, next := r.vocative(f, s.to); len(o) > 0 && next == k {
					return true, true
				}
			}
		}
	}
	return r.startsClause(k, s), false
}

// isImperative tells an imperative from a noun and from a bare report ("read. 23
// whats").
func (r *reader) isImperative(i int, s sentence, verb verbKind, named bool) bool {
	t := &r.toks[i]
	if i+1 >= s.to {
		return named
	}
	n := &r.toks[i+1]
	if s.question && !named {
		return false
	}
	object := n.word.flags&flagDeterminer != 0 || n.is("by", "back", "up", "out", "down", "with", "if", "whether", "what", "how", "why", "when", "for", "to", "on", "off", "both", "somebody", "someone", "everything") ||
		n.kind == kindNumber || n.kind == kindLink || n.mark('@')
	if named0, _ := r.nameAt(i + 1); len(named0) > 0 || n.upper && t.is("ask", "check", "tell", "call", "remind", "inform") {
		object = true
	}
	if named {
		return !n.is("is", "was", "are", "of", "will", "has")
	}
	if t.is("use", "test", "draft", "order", "document", "measure", "return", "cover", "review", "schedule", "answer", "form", "report", "set", "split", "release", "print", "register") && !object {
		return false
	}
	me := n.is("me", "us")
	switch {
	case verb == verbStrong:
		if n.kind == kindMark {
			return n.mark('!') || s.from == i && s.to-i <= 3 && !r.in.Reply
		}
		return object || !n.is("of", "is", "was", "are", "will", "has", "from", "in", "and") && !n.word.timeStarts() || n.is("him", "her")
	case me:
		return !t.is("let", "believe", "excuse", "trust", "tell")
	}
	if r.harsh && s.from == i && object {
		return true
	}
	if r.inIf(i, s) || s.item && object {
		return object
	}
	if t.is("fix", "check", "get", "call", "ring", "find", "make", "take", "hold", "put", "talk", "look", "read", "keep", "bring", "ask", "change", "turn", "stop", "follow", "arrange", "ensure", "click", "use", "work", "run") && object && len(r.strongDues(s)) > 0 {
		return true
	}
	return t.is("fix", "find", "call", "get", "ensure", "arrange", "check", "ask", "drop", "give", "bring", "put", "keep", "make") && object && !r.in.Reply && !s.option && !n.is("out", "on")
}

// timeStarts reports whether a word is one of time.
func (w wordInfo) timeStarts() bool {
	for _, t := range w.time {
		if t.class == tWeekday || t.class == tMonth || t.class == tRelDay {
			return true
		}
	}
	return false
}

// inIf reports whether a comma before token i ends an if-clause.
func (r *reader) inIf(i int, s sentence) bool {
	return r.toks[s.from].is("if", "when", "once", "whenever", "unless") && i > s.from && (r.toks[i-1].mark(',') || r.toks[i-1].word.flags&flagJoin != 0)
}

func (r *reader) strongDues(s sentence) []deadline {
	var out []deadline
	for _, d := range r.deadlines(s.from, s.to) {
		if d.strong {
			out = append(out, d)
		}
	}
	return out
}

// bareMarks finds what asks without a verb of asking: a question, "Claire:
// figures by Friday", "every open item needs a date by Tuesday".
func (r *reader) bareMarks(s sentence, hits []hit, noQuestion bool) []askMark {
	if s.question {
		if noQuestion || r.idleQuestion(s) || r.anyNoAsk(hits) {
			return nil
		}
		return []askMark{{at: s.from, end: s.to, question: true}}
	}
	if r.anyNoAsk(hits) {
		return nil
	}
	dues := r.strongDues(s)
	if len(dues) == 0 {
		return nil
	}
	d := dues[0]
	first := s.from
	for first < s.to && r.toks[first].kind == kindMark && !r.toks[first].mark('@') {
		first++
	}
	if o, next := r.vocative(first, s.to); len(o) > 0 && next > first && (r.toks[next-1].mark(':') || r.toks[next-1].mark(',') || r.toks[next-1].mark('-') || r.toks[next-1].low == "\u2013" || r.toks[next-1].low == "\u2014") && !r.hasSubject(next, s.to) {
		return []askMark{{at: next, end: d.to, item: true}}
	}
	if r.lang == English {
		for i := s.from; i < s.to; i++ {
			if r.toks[i].is("needs", "need", "must") && i > s.from && !r.toks[i-1].is("i", "we", "not", "don't", "no") {
				return []askMark{{at: i, end: d.to, item: true}}
			}
		}
	}
	if (r.harsh || s.item && !s.option) && d.from > s.from && d.from-s.from <= 9 && !r.hasSubject(s.from, d.from) && d.OK && !s.isHeading(r) {
		return []askMark{{at: s.from, end: d.to, item: true}}
	}
	return nil
}

// isHeading reports whether a line is a title or a date in a list of dates.
func (s sentence) isHeading(r *reader) bool {
	return s.item && s.to-s.from < 3 || r.toks[s.to-1].mark(':')
}

func (r *reader) anyNoAsk(hits []hit) bool {
	for _, h := range hits {
		if h.act == actNoAsk {
			return true
		}
	}
	return false
}

// finiteWords give a clause a subject or a finite verb: it is no bare demand.
var finiteWords = wordSet("i we he she they it you is are was were will would can could has have had does did do be been am i'm we're it's that's he's she's they're i'll we'll won't isn't aren't goes went came comes gets got says said needs wants starts ends runs moved moves leaves left ich wir er sie es ist sind war wird werden hat haben kann können muss müssen soll sollen je nous il elle est sont sera ai avons ont peut peuvent doit doivent ya yo él ella es son está están será ha han puede pueden hay eu ele ela é são foi será tem têm pode podem ik wij we hij zij het is zijn was wordt heeft hebben kan kunnen moet moeten closed done fixed finished sent shipped released due happens happened expected back out opens closes expires available")

func (r *reader) hasSubject(from, to int) bool {
	for i := from; i < to; i++ {
		if t := &r.toks[i]; t.kind == kindWord && finiteWords[t.low] {
			return true
		}
		if r.toks[i].mark(',') && i > from+2 {
			return false
		}
	}
	return false
}

// idleQuestion reports whether a question is a greeting, a title or an aside.
func (r *reader) idleQuestion(s sentence) bool {
	words := 0
	for i := s.from; i < s.to; i++ {
		if r.toks[i].kind != kindMark {
			words++
		}
		if r.toks[i].mark('"') || r.toks[i].low == "\u201c" {
			return words <= 3
		}
	}
	return words <= 1 || r.lang == English && words <= 2 && !r.toks[s.from].is("ok", "okay", "any", "thoughts", "objections", "agreed", "deal", "which", "who", "when", "sounds", "works")
}

// ask builds the ask of a part of a sentence.
func (r *reader) ask(p part, s sentence) Ask {
	from, to := p.from, p.to
	if from > p.marks[0].at {
		from = p.marks[0].at
	}
	for from < to-1 && (r.toks[from].kind == kindMark && !r.toks[from].mark('@') || isBullet(r.toks, from) && r.toks[from].kind == kindNumber) {
		from++
	}
	a := Ask{Score: 1}
	a.Span = r.spanOf(from, to)
	a.Text = r.fold(a.Span)
	m := p.marks[0]
	a.Because = r.fold(r.spanOf(m.at, max(m.at+1, min(m.end, p.to))))
	if m.question && m.end == s.to {
		a.Because = "?"
	}
	a.Kind = r.askKind(p, s)
	return a
}

// askWords tell what kind of doing is asked for, the first that is found.
var askWords = []struct {
	kind  string
	words map[string]bool
}{
	{AskDecide, wordSet("approve approval decide decision choose pick sign agree ok okay fine yes vote entscheiden entscheidung freigabe freigeben ordnung einverstanden décider décision valider accord approuver decidir decisión aprobar aprobación decisão aprovar beslissen goedkeuren akkoord acceptable")},
	{AskReview, wordSet("review check look read comment comments feedback thoughts compare proofread verify validate test prüfen prüf prüfe schau anschauen feedback relire vérifier regarder revisar comprobar mirar rever verificar nakijken bekijken controleren opinion input")},
	{AskAttend, wordSet("attend join meet come call ring talk chat meeting free available around in drinks lunch dinner coffee sein kommen treffen anrufen telefonieren venir réunion appeler appelez disponible réunir venir llamar llámame reunirnos reunión vir ligar reunião komen bellen afspreken speak slot phone minute")},
	{AskAnswer, wordSet("tell know answer reply respond confirm say advise explain clarify inform why what when where who which how whether bescheid sagen antworten bestätigen antwort wann wer was dire dites répondre confirmer savoir quand quoi decir dime responder confirmar saber dizer diz responder confirmar saber weten antwoorden bevestigen laten news update")},
}

func (r *reader) askKind(p part, s sentence) string {
	best, place := "", p.to
	for _, k := range askWords {
		for i := p.marks[0].at; i < p.to; i++ {
			if k.words[r.toks[i].low] && (i < place-2 || best == "") {
				best, place = k.kind, i
				break
			}
		}
	}
	if best != "" && place-p.marks[0].at < 8 {
		return best
	}
	if s.question && p.marks[0].question {
		return AskAnswer
	}
	return AskDo
}

// owner settles whom an ask is put to, and returns the names it was put to.
func (r *reader) owner(a *Ask, p part, last, greeted []Owner) []Owner {
	named := r.spokenTo(p)
	to := r.in.To
	sole := len(to) == 1 && !isRole(to[0])
	all, someone := r.addressing(p)
	switch {
	case len(named) > 0:
		a.Owners = named
	case sole:
		a.Owners = []Owner{{to[0].Name, to[0].Address}}
	case someone:
		a.Someone = true
	case all || len(to) == 0:
		a.All = true
	case len(last) > 0:
		a.Owners = last
		return last
	case len(greeted) > 0 && len(greeted) < len(to):
		a.Owners = greeted
	case len(to) == 1:
		a.Owners, a.All = []Owner{{to[0].Name, to[0].Address}}, true
	default:
		a.All = true
	}
	return named
}

// spokenTo reads the names a part of a sentence is put to.
func (r *reader) spokenTo(p part) []Owner {
	limit := min(p.marks[0].at+2, p.to)
	for i := p.from; i < limit; i++ {
		if i > p.from && !r.opensName(i, p.from) {
			continue
		}
		if o, next := r.vocative(i, p.to); len(o) > 0 && next > i {
			return o
		}
	}
	for i := p.from; i+1 < p.to; i++ { // … @Mei …, or at the end: "can you check, Mei?"
		if r.toks[i].mark('@') || r.toks[i].mark(',') {
			if o, ok := r.nameAt(i + 1); ok && (r.toks[i].mark('@') || i+2 >= p.to || r.toks[i+2].kind == kindMark) {
				return o
			}
		}
	}
	return r.nameAsSubject(p)
}

// opensName reports whether a name at token i may be spoken to.
func (r *reader) opensName(i, from int) bool {
	b := &r.toks[i-1]
	return b.kind == kindMark && !b.mark('"') && !b.mark('\'') || b.word.flags&flagJoin != 0 || b.is("hi", "hey", "hello", "dear", "please", "thanks", "kindly", "bitte", "can", "could", "would", "will", "ask", "asks") || r.toks[i].mark('@')
}

// nameAsSubject reads "Can Mei check", "I need Tom to", "Mei needs to".
func (r *reader) nameAsSubject(p part) []Owner {
	for i := p.from; i < p.to; i++ {
		o, ok := r.nameAt(i)
		if !ok {
			continue
		}
		before := i > 0 && r.toks[i-1].is("can", "could", "would", "will", "need", "like", "want", "ask", "should", "kann", "könnte")
		after := i+2 < p.to && r.toks[i+1].is("to", "needs", "must", "should", "please") && (r.toks[i+1].low != "to" || before)
		if before && i-1 <= p.marks[0].end || after {
			return o
		}
	}
	return nil
}

// addressing reads words that put an ask to all or to somebody.
func (r *reader) addressing(p part) (all, someone bool) {
	for _, h := range r.hitsIn(p.from, p.to) {
		if h.act == actSomeone && (h.from <= p.marks[0].end+2 || p.marks[0].question) {
			someone = true
		}
	}
	for i := p.from; i < p.to; i++ {
		t := &r.toks[i]
		if t.is("both", "all", "everyone", "everybody", "each", "y'all", "alle", "beide", "jeder", "tous", "toutes", "deux", "todos", "todas", "ambos", "allemaal", "allebei", "iedereen") && i < p.marks[0].end+3 {
			all = true
		}
	}
	if p.marks[0].question && !someone && r.toks[p.from].is("who", "who's") {
		someone = !r.toks[min(p.from+1, p.to-1)].is("is", "wants", "fancies", "likes") && r.toks[p.from].low != "who's"
	}
	return all && !someone, someone
}

// askDue finds the deadline of an ask in its own words.
func (r *reader) askDue(a *Ask, p part, n int) {
	dues := r.deadlines(p.from, p.to)
	var best *deadline
	for i := range dues {
		d := &dues[i]
		if !d.strong && !r.bareDueFits(d, a, p) {
			continue
		}
		if best == nil || d.strong && !best.strong || d.OK && !best.OK && d.strong == best.strong {
			best = d
		}
	}
	if best != nil {
		due := best.Due
		a.Due = &due
	}
	_ = n
}

// bareDueFits reports whether a time without a word that limits is when the ask
// is due.
func (r *reader) bareDueFits(d *deadline, a *Ask, p part) bool {
	e := &d.t.expr
	if d.t.last == 0 {
		return false
	}
	if d.from < p.marks[0].at && p.marks[0].at-d.from > 6 {
		return false
	}
	if e.hasClock && (e.hasDay || e.weekday > 0) && d.from > p.marks[0].at && !(p.marks[0].question && a.Kind == AskAnswer) {
		return true
	}
	if a.Kind == AskAttend {
		return d.t.Grain <= GrainWeek || e.shift
	}
	if p.marks[0].question && !(a.Kind == AskDo) {
		return false
	}
	if d.from > 0 && !e.weekend && r.toks[d.from-1].is("the", "a", "of", "for", "about", "your", "my", "our") {
		return false
	}
	if next := d.to; next < p.to && (eventWords[r.toks[next].low] || r.toks[next].is("is", "was", "will", "we", "i", "they", "are", "were")) {
		return strings.HasSuffix(r.toks[d.to-1].low, "'s")
	}
	if p.marks[0].at > d.from && d.from == p.from {
		return true
	}
	return d.to > p.marks[0].at
}

// inherit gives asks the deadline that the mail states for them elsewhere.
func (r *reader) inherit(asks []Ask) []Ask {
	for i := range asks {
		a := &asks[i]
		if a.Due != nil || a.InSubject {
			continue
		}
		if i > 0 && asks[i-1].Due != nil && (containsFold(a.Text, "same deadline") || containsFold(a.Text, "same time") || r.asksOfList(asks, i)) {
			a.Due = asks[i-1].Due
			continue
		}
		if i+1 < len(asks) && asks[i+1].Due != nil && r.sameBreath(a, &asks[i+1]) {
			a.Due = asks[i+1].Due
			continue
		}
		a.Due = r.dueNearby(a)
	}
	return asks
}

func containsFold(s, sub string) bool { return strings.Contains(strings.ToLower(s), sub) }

// asksOfList reports whether ask i is one of a list below an ask with a due time.
func (r *reader) asksOfList(asks []Ask, i int) bool {
	between := r.text[asks[i-1].End:asks[i].Start]
	return len(asks[i].Owners) > 0 && len(asks[i].Owners) < 3 && asks[i].Owners[0].Address == (mail.Address{}) && len(between) < 400
}

// sameBreath reports whether the next ask only presses for the answer to this
// one: "Is that fine? Please tell me by Friday."
func (r *reader) sameBreath(a, next *Ask) bool {
	if next.Start-a.End > 250 || a.Someone != next.Someone {
		return false
	}
	low := strings.ToLower(next.Text)
	if len(next.Owners) > 0 && len(a.Owners) > 0 && next.Owners[0] != a.Owners[0] {
		return false
	}
	return (next.Kind == AskAnswer || next.Kind == AskAttend && false) && len(next.Text) < 90 && (strings.Contains(low, "know") || strings.Contains(low, "tell") || strings.Contains(low, "answer") || strings.Contains(low, "reply") || strings.Contains(low, "bescheid") || strings.Contains(low, "réponse") || strings.Contains(low, "respuesta") || strings.Contains(low, "resposta") || strings.Contains(low, "weten"))
}

// dueNearby takes the deadline of a sentence close by that tells by when an
// answer, or everything, is wanted.
func (r *reader) dueNearby(a *Ask) *Due {
	for n, s := range r.sents {
		start := r.toks[s.from].Start
		if start < a.End-1 || start-a.End > 160 {
			continue
		}
		if n > 0 && !s.after && start-a.End > 4 {
			break
		}
		wanted := false
		for i := s.from; i < s.to; i++ {
			wanted = wanted || r.toks[i].is("know", "tell", "answer", "reply", "hear", "all", "everything", "need", "deadline", "bescheid", "antwort", "réponse", "respuesta", "resposta", "antwoord", "weten", "latest", "ideally", "possible", "idealerweise", "idéalement")
		}
		brief := s.to-s.from <= 7
		if !wanted {
			continue
		}
		for _, d := range r.deadlines(s.from, s.to) {
			if (d.strong || brief) && d.OK {
				due := d.Due
				return &due
			}
		}
	}
	return nil
}

// subjectAsk reads an ask that stands in the subject alone.
func (r *reader) subjectAsk() []Ask {
	if r.in.Reply || r.in.Subject == "" || r.in.Invite {
		return nil
	}
	sub := newReader(r.in.Subject, r.ref, r.lang)
	sub.in, sub.people = r.in, r.people
	sub.hits = findCues(sub.toks, sub.mask)
	for n, s := range sub.sents {
		var marks []askMark
		for _, h := range sub.hitsIn(s.from, s.to) {
			if h.act == actAsk && !sub.vetoed(h, sub.hitsIn(s.from, s.to)) {
				marks = append(marks, askMark{at: h.from, end: h.to})
			}
		}
		if len(marks) == 0 {
			continue
		}
		p := part{from: s.from, to: s.to, marks: sortMarks(marks)}
		a := sub.ask(p, s)
		a.InSubject = true
		sub.owner(&a, p, nil, r.greeting())
		sub.askDue(&a, p, n)
		return []Ask{a}
	}
	return nil
}
