package intent

import "strings"

// imperatives finds English clauses that begin with a verb.
func (r *reader) imperatives(s sentence) []askMark {
	var out []askMark
	if r.in.Reply && r.toks[s.from].is("yes", "ok", "okay") {
		return nil // the answer to who asked: "Yes, sign it."
	}
	for i := s.from; i < s.to; i++ {
		if r.toks[i].word.verb == verbNone || i > s.from && !r.mayOpen(&r.toks[i-1]) {
			continue
		}
		start, named := r.clauseOpening(i, s)
		if !start || r.vetoed(hit{from: i, to: i + 1}) || !r.isImperative(i, s, named) {
			continue
		}
		out = append(out, askMark{at: i, end: min(i+2, s.to)})
		i += 3
	}
	return out
}

// mayOpen reports whether a clause may begin behind a token. It keeps most words
// from being looked at more closely.
func (r *reader) mayOpen(b *token) bool {
	return b.kind != kindWord || b.word.flags&(flagJoin|flagOpener) != 0 || b.upper || r.people.seen&(1<<(b.hash&63)) != 0
}

// clauseOpening reports whether token i opens a clause, perhaps behind a name.
func (r *reader) clauseOpening(i int, s sentence) (start, named bool) {
	k := i
	for k > s.from && r.toks[k-1].word.flags&flagOpener != 0 {
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

// isImperative tells an imperative from a noun ("Call with Tom"), from a report
// ("read. 23 whats") and from a courtesy ("hope you are well").
func (r *reader) isImperative(i int, s sentence, named bool) bool {
	t := &r.toks[i]
	if s.question && !named {
		return false
	}
	if i+1 >= s.to || r.toks[i+1].kind == kindMark && !r.toks[i+1].mark('@') && !r.toks[i+1].mark('"') && !(r.toks[i+1].mark('-') && !r.toks[i+1].space) {
		return r.loneVerb(i, s, named)
	}
	n := &r.toks[i+1]
	if n.mark('-') && !n.space && i+3 < s.to { // double-check, reply-all
		if !t.is("double", "reply", "re", "cross", "co", "spot", "counter", "pre", "follow", "de") {
			return false
		}
		i += 2
		n = &r.toks[i+1]
		return n.word.flags&(flagDeterminer|flagParticle) != 0 || r.objectAt(i+1, s) || n.word.flags&flagFinite == 0 && n.kind == kindWord
	}
	if n.word.flags&flagFinite != 0 || n.is("of", "you", "me") && t.is("see", "hope", "believe", "trust", "excuse", "miss", "love", "wish") {
		return false
	}
	if neverImperative[t.low] {
		return r.rareImperative(i, s, named)
	}
	if r.toldPast(i, s) {
		return false
	}
	if named {
		return true
	}
	if adviceVerbs[t.low] && !r.pressing(i, s) {
		return false
	}
	if r.underLabel(i, s) || r.quoted(i, s) {
		return false
	}
	object := r.objectAt(i+1, s)
	if t.word.verb == verbClear {
		if t.is("go") && n.is("ahead") && !(i+2 < s.to && r.toks[i+2].is("and")) {
			return false
		}
		return object || n.word.flags&flagParticle != 0 || !n.is("of", "from", "in", "and", "or") && !n.word.timeStarts() || n.is("and") && i+2 < s.to && r.toks[i+2].word.verb != verbNone
	}
	switch {
	case n.word.flags&flagDeterminer != 0 || n.kind == kindLink || n.mark('@') || n.is("if", "whether", "what", "how", "why", "when", "who", "everyone", "everybody", "someone", "somebody", "anyone", "back", "only", "not"):
		return !n.is("this", "that", "it", "these") || !(i+2 < s.to && r.toks[i+2].word.flags&flagFinite != 0)
	case nounVerbPairs[t.low+" "+n.low]:
		return !r.hasFinite(i+2, s.to)
	case object:
		return !r.hasFinite(i+1, s.to)
	}
	return !r.hasFinite(i+1, s.to) && (s.asked || r.strongDue(s) != nil || r.hasYour(i+1, s)) && !r.hasSubject(i+1, s.to)
}

// adviceVerbs begin advice and permission more often than asks: "use the old one
// till then", "try it", "take what you like".
var adviceVerbs = wordSet("use try go talk enjoy ignore skip blame watch sleep walk forget pick save start stop rest relax spare run eat drink visit wear treat sit stand play")

// pressing reports whether the sentence of advice is an ask after all: it has a
// deadline, a condition before it or an answer that is wanted.
func (r *reader) pressing(i int, s sentence) bool {
	n := &r.toks[i+1]
	switch {
	case s.asked || r.strongDue(s) != nil || r.toks[i].is("stop", "run", "start", "visit") && r.objectAt(i+1, s) && !r.in.Reply:
		return true
	case n.is("ahead", "through", "back", "over", "get", "see", "ask") || r.toks[i].is("try", "go") && n.is("to", "again"):
		return true
	case r.toks[i].is("talk") && n.is("to", "with") && !r.hasWordIn(i, s.to, "me", "us"), r.toks[i].is("use", "pick") && s.from == i && r.hasWordIn(i, s.to, "instead", "only", "from", "for", "when", "whenever", "if", "one") && !r.hasWordIn(i, s.to, "till", "until", "your"):
		return true
	}
	return r.hasWordIn(i+1, s.to, "tell", "let", "report", "confirm", "reply", "know") || i > s.from && r.toks[s.from].is("if", "when", "once", "before", "after")
}

// loneVerb reads a verb without an object: "Reply!", "Approve."
func (r *reader) loneVerb(i int, s sentence, named bool) bool {
	t := &r.toks[i]
	if named {
		return true
	}
	if neverImperative[t.low] || t.word.verb == verbNoun || r.in.Reply {
		return false
	}
	return i+1 < s.to && r.toks[i+1].mark('!') || s.from == i && s.to-i <= 3
}

// objectAt reports whether the object of a verb begins with token i.
func (r *reader) objectAt(i int, s sentence) bool {
	n := &r.toks[i]
	if n.word.flags&flagDeterminer != 0 || n.kind == kindLink || n.mark('@') || n.mark('"') {
		return true
	}
	if n.kind == kindNumber {
		return r.toks[i-1].word.verb == verbClear
	}
	named, _ := r.nameAt(i)
	if v := &r.toks[i-1]; v.word.verb == verbNoun && !v.is("call", "contact", "check", "meet", "copy", "cc", "help", "ring", "mail", "email", "ping", "phone", "visit", "cover", "support", "brief", "book", "invoice", "credit", "answer", "update", "review", "order") {
		named = nil
		if n.upper {
			return false
		}
	}
	return len(named) > 0 || n.is("one", "two", "three", "four", "five", "another", "more", "both", "everything", "anything", "everyone", "someone", "half", "twenty", "ten", "yourself") || n.upper && !n.caps && i > s.from && n.word.langs == 0 && n.word.verb == verbNone && (!r.toks[i-1].upper || i-1 == s.from && r.sentenceLike(i, s))
}

// sentenceLike reports whether what begins with a capital is a sentence, not a
// title: it has small words.
func (r *reader) sentenceLike(i int, s sentence) bool {
	for k := i; k < s.to; k++ {
		if t := &r.toks[k]; !t.upper && t.word.langs&1 != 0 {
			return true
		}
	}
	return false
}

// labels stand before a colon and a thing that is proposed or told, not asked for.
var labels = wordSet("proposal suggestion idea option plan fix workaround changes done next steps cause agenda summary status result lesson solution subject topic topics title background context reason error log command output example quote note step resolution root tip alternative risk mitigation changelog today yesterday tomorrow")

// underLabel reports whether token i stands behind a label and a colon.
func (r *reader) underLabel(i int, s sentence) bool {
	for k := s.from + 1; k < i && k < s.from+3; k++ {
		if r.toks[k].mark(':') {
			return labels[r.toks[k-1].low]
		}
	}
	return false
}

// quoted reports whether token i stands inside of quotation marks that its
// sentence opens.
func (r *reader) quoted(i int, s sentence) bool {
	open := false
	for k := s.from; k < i; k++ {
		switch t := &r.toks[k]; {
		case t.mark('"'):
			open = !open
		case t.low == "\u201c" || t.low == "\u201e" || t.low == "\u00ab":
			open = true
		case t.low == "\u201d" || t.low == "\u00bb":
			open = false
		}
	}
	return open
}

// rareImperative reads the few imperatives of verbs that mostly are none: "look
// at the log", "be there by nine", "have Tom sign it", "do not ship it before".
func (r *reader) rareImperative(i int, s sentence, named bool) bool {
	t, n := &r.toks[i], &r.toks[i+1]
	next := &noToken
	if i+2 < s.to {
		next = &r.toks[i+2]
	}
	switch t.low {
	case "look":
		return n.is("at", "into", "through", "for", "up", "after", "over")
	case "be":
		return n.is("at", "there", "on", "ready", "here", "in", "back", "prepared", "specific", "quick", "brief", "careful", "nice", "available", "honest", "the")
	case "have":
		if object, _ := r.nameAt(i + 1); len(object) > 0 || n.upper && next.word.verb != verbNone || n.is("him", "her", "them", "someone", "somebody", "your", "it", "everyone") {
			return true
		}
		return n.is("a", "another") && r.hasWordIn(i+2, min(i+5, s.to), "look", "word", "chat", "go", "read", "think")
	case "do":
		if n.is("not") && next.word.verb != verbNone {
			return r.hasWordIn(i+2, s.to, "until", "before", "unless", "till", "without")
		}
		return n.is("the", "this", "that", "let", "tell", "send", "your") && !r.hasFinite(i+1, min(i+4, s.to))
	case "let":
		return n.is("me", "us") && next.is("have", "know", "see", "hear") && i+3 < s.to && r.toks[i+3].kind != kindMark ||
			!n.is("me", "us", "him", "her", "them", "alone", "go", "it", "this") && n.kind == kindWord && r.hasWordIn(i+2, min(i+5, s.to), "know", "have", "see", "do")
	case "stay":
		return n.is("on", "away", "out", "off", "until")
	case "expect", "want", "receive", "hope", "guess", "wish", "love", "believe", "miss", "thank", "wonder", "regret":
		return false
	}
	return named && !n.is("you", "free")
}

// toldPast reports whether a verb whose past has the same form tells what was:
// "Put it on the wiki yesterday".
func (r *reader) toldPast(i int, s sentence) bool {
	return r.toks[i].is("put", "set", "cut", "read", "split", "hit", "shut", "let", "come", "run", "become") && r.hasWordIn(i+1, s.to, "yesterday", "already", "ago", "last", "and", "earlier", "again") &&
		(r.toks[i+1].is("and") || !r.hasWordIn(i+1, s.to, "and", "again"))
}

func (r *reader) hasWordIn(from, to int, words ...string) bool {
	for i := from; i < to; i++ {
		if r.toks[i].is(words...) {
			return true
		}
	}
	return false
}

// hasFinite reports whether a finite verb follows before the clause ends.
func (r *reader) hasFinite(from, to int) bool {
	for i := from; i < to; i++ {
		t := &r.toks[i]
		if t.kind == kindMark && !t.mark('-') && !t.mark('\'') && !t.mark('(') && !t.mark(')') || t.in(inEnds) {
			return false
		}
		if t.word.flags&flagFinite != 0 {
			return true
		}
	}
	return false
}

func (r *reader) hasYour(from int, s sentence) bool {
	return r.hasWordIn(from, s.to, "your", "yourself", "me", "us")
}

// nounVerbPairs are verbs with a preposition that no noun has.
var nounVerbPairs = pairSet("check with in back out|look at into for through up|call back in for me us|get back in on out to started rid going ready hold|come to by over in with prepared and see back up|think about of over it|help yourself with out|change to back|follow up the|drop by in off me us|meet at me us|stay on in|listen to|close out up down|click on|turn on off up down to|log in on out off|chase up|sit with down|stand by|step in|act on as|back up|brief on|clear out up|comment on directly in|deal with|delegate to|drop by|end with|face up|feed back|focus on|guess what|hand in over out|head to over|jot down|jump in on|light up|line up|log in on off|mark as up|object to by|offer to|pass on it to|pause until|pick up out|plan for on in|point to out at|point out|post on to in|press on|print out|pull in up down out|rate on|rest up|ring back|search for|set up|shut down|skip to|slow down|speed up|spend on|spot check|squeeze in|start with by from on at|state your in|step by back in|switch to on off over|sync with up|team up|touch up|track down|trade in|trim down|walk through|weigh in|work on with from|write up|zip up|reserve a|settle on|switch off|wait for until till|report to back any by|vote for on|answer by with|act now|act quickly|rsvp by to|dial in|chat with|plug in|ship to|state whether|copy in me|block out off|free up|do it so|release it|hold on off back it until|show up me us|show them|see to that|support them|present your|cover for|charge to it|issue a|welcome them|consider it|note down|propose a|place it|order from|book in|register at with for by on")

func pairSet(text string) map[string]bool {
	out := make(map[string]bool, strings.Count(text, " ")) // About as many.
	for _, row := range strings.Split(text, "|") {
		words := fields(row)
		for _, w := range words[1:] {
			out[words[0]+" "+w] = true
		}
	}
	return out
}

// timeStarts reports whether a word is one of time.
func (w *wordInfo) timeStarts() bool { return w.classes&dayClasses != 0 }

// strongDue is the first deadline of a sentence that is said with a word that
// limits, nil without one. It is read only.
func (r *reader) strongDue(s sentence) *deadline {
	dues := r.deadlines(s.from, s.to)
	for i := range dues {
		if dues[i].strong {
			return &dues[i]
		}
	}
	return nil
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
	for i := s.from + 1; i+1 < s.to; i++ { // "I need Tom to sign it"
		if r.toks[i+1].is("to") && r.toks[i-1].is("need", "want", "ask") {
			if o, _ := r.nameAt(i); len(o) > 0 {
				return []askMark{{at: i - 1, end: i + 2}}
			}
		}
	}
	if r.lang == English {
		if at, end := r.nounRequest(s); end > 0 {
			return []askMark{{at: at, end: end, item: true}}
		}
	}
	if r.toks[s.from].is("reminder") && len(r.deadlines(s.from, s.to)) > 0 {
		return []askMark{{at: s.from, end: s.from + 1, item: true}}
	}
	if r.harsh {
		for i := s.from; i+2 < s.to; i++ { // "You will pay it back."
			if r.toks[i].is("you") && r.toks[i+1].is("will") && r.toks[i+2].word.verb != verbNone {
				return []askMark{{at: i, end: i + 3}}
			}
		}
	}
	first := s.from
	for first < s.to && r.toks[first].kind == kindMark && !r.toks[first].mark('@') {
		first++
	}
	if o, next := r.vocative(first, s.to); len(o) > 0 && next > first && (r.toks[next-1].mark(':') || r.toks[next-1].mark(',') || r.toks[next-1].mark('-') || r.toks[next-1].low == "\u2013" || r.toks[next-1].low == "\u2014") && !r.hasSubject(next, s.to) {
		if due := r.strongDue(s); due != nil {
			return []askMark{{at: next, end: due.to, item: true}}
		}
	}
	if r.lang == English {
		if at := r.hasToBe(s); at > 0 {
			if due := r.strongDue(s); due != nil {
				return []askMark{{at: at, end: due.to, item: true}}
			}
		}
	}
	if !r.harsh && (!s.item || s.option) || s.isHeading(r) {
		return nil
	}
	if limits := r.limitsIn(s.from, min(s.from+10, s.to)); len(limits) == 0 || r.hasSubject(s.from, int(limits[0])) {
		return nil
	}
	due := r.strongDue(s)
	if due != nil && due.from > s.from && due.from-s.from <= 9 && !r.hasSubject(s.from, due.from) && due.OK {
		return []askMark{{at: s.from, end: due.to, item: true}}
	}
	return nil
}

// hasToBe finds where a sentence says that something must happen: "every item needs
// a date", "the slides should reach me". 0 if it does not.
func (r *reader) hasToBe(s sentence) int {
	for i := s.from + 1; i+1 < s.to; i++ {
		t := &r.toks[i]
		if t.word.flags&flagMust == 0 || r.toks[i-1].is("i", "we", "not", "don't", "no", "he", "she", "they", "it", "this", "that") {
			continue
		}
		n := &r.toks[i+1]
		if t.is("needs", "need", "must") || t.is("have") && r.toks[i-1].is("you") && n.is("to") || n.is("be", "reach", "arrive", "go", "leave", "come") || n.is("to") && i+2 < s.to && r.toks[i+2].is("be", "reach", "arrive", "go", "leave", "come") {
			return i
		}
	}
	return 0
}

// nounRequest finds an ask without a verb: "Comments to Ana by Friday", "Request:
// one page a project", "Mei: the slides, Tom: the chairs".
func (r *reader) nounRequest(s sentence) (at, end int) {
	first := s.from
	for first < s.to && (r.toks[first].kind == kindMark || r.toks[first].is("and", "also", "please", "so", "then", "all", "your", "any", "final", "last")) {
		first++
	}
	if first+1 >= s.to {
		return 0, 0
	}
	for k := first + 1; k < s.to-1 && k < first+5; k++ {
		if r.toks[k].mark(':') && r.hasAskLabel(first, k) && r.toks[k+1].kind != kindMark {
			return first, k
		}
	}
	if r.hasFinite(first, s.to) || r.hasSubject(first, s.to) {
		return 0, 0
	}
	if r.toks[first].in(inRouted) {
		for k := first + 1; k+1 < s.to && k < first+8; k++ {
			if n := &r.toks[k+1]; r.toks[k].is("to", "with", "via") && (n.is("me", "us", "him", "her") || n.kind == kindLink || n.mark('@') || n.upper && !n.caps) {
				return first, k + 2
			}
		}
		if d := r.strongDue(s); d != nil && d.OK {
			return first, d.to
		}
	}
	if o, next := r.vocative(first, s.to); len(o) > 0 && next < s.to && r.toks[next-1].mark(':') && r.toks[next].is("the", "a", "an", "your", "one", "two", "please") && r.namedLines() > 1 {
		return next, next + 1
	}
	return 0, 0
}

// routed are things that are sent to somebody.
var routed = wordSet("feedback comments comment questions answers replies ideas suggestions nominations slides input edits corrections votes responses objections orders bids forms receipts expenses timesheets reports names photos figures numbers changes drafts invoices applications registrations requests topics proposals estimates quotes wishes bookings")

var askLabels = wordSet("request requests ask asks todo to-do homework needed required wanted favour favor action actions")

func (r *reader) hasAskLabel(from, to int) bool {
	for k := from; k < to; k++ {
		if askLabels[r.toks[k].low] || r.toks[k].is("do") && k > from && r.toks[k-1].is("to") {
			return !r.hasWordIn(from, to, "no", "not", "feature", "pull", "merge", "taken", "done")
		}
	}
	return false
}

// namedLines counts the lines that begin with a reader's name and a colon.
func (r *reader) namedLines() int {
	n := 0
	for _, s := range r.sents {
		first := s.from
		for first < s.to && r.toks[first].kind == kindMark {
			first++
		}
		if first+1 < s.to && r.toks[first+1].mark(':') {
			if o, _ := r.nameAt(first); len(o) > 0 {
				n++
			}
		}
	}
	return n
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

func (r *reader) hasSubject(from, to int) bool {
	for i := from; i < to; i++ {
		if t := &r.toks[i]; t.word.flags&flagClause != 0 {
			return true
		}
		if r.toks[i].mark(',') && i > from+2 {
			return false
		}
	}
	return false
}

// titled reports whether a question is a list of topics: "Agenda: prices, staff?"
func (r *reader) titled(s sentence) bool {
	return s.from+1 < s.to && r.toks[s.from+1].mark(':') && r.toks[s.from].is("agenda", "topics", "topic", "subject", "title", "re", "tagesordnung", "themen", "ordre", "agenda", "onderwerp")
}

// idleQuestion reports whether a question is a greeting, a title or an aside.
func (r *reader) idleQuestion(s sentence) bool {
	if last := &r.toks[s.to-1]; last.mark('"') || last.low == "\u201d" {
		return true // somebody else's
	}
	words := 0
	for i := s.from; i < s.to; i++ {
		if r.toks[i].kind != kindMark {
			words++
		}
	}
	return words <= 1 || r.titled(s) || r.lang == English && words <= 2 && !r.toks[s.from].is("ok", "okay", "any", "thoughts", "objections", "agreed", "deal", "which", "who", "when", "sounds", "works")
}
