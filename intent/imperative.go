package intent

// imperatives finds English clauses that begin with a verb.
func (r *reader) imperatives(s sentence) []askMark {
	var out []askMark
	if r.in.Reply && r.toks[s.from].is("yes", "ok", "okay") {
		return nil // the answer to who asked: "Yes, sign it."
	}
	for i := s.from; i < s.to; i++ {
		verb := r.toks[i].word.verb
		if verb == verbNone || r.toks[i].is("have", "do", "be") {
			continue
		}
		start, named := r.clauseOpening(i, s)
		if !start || r.vetoed(hit{from: i, to: i + 1}) || !r.isImperative(i, s, verb, named) {
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
	for i := s.from + 1; i+1 < s.to; i++ { // "I need Tom to sign it"
		if r.toks[i+1].is("to") && r.toks[i-1].is("need", "want", "ask") {
			if o, _ := r.nameAt(i); len(o) > 0 {
				return []askMark{{at: i - 1, end: i + 2}}
			}
		}
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
	if last := &r.toks[s.to-1]; last.mark('"') || last.low == "\u201d" {
		return true // somebody else's
	}
	words := 0
	for i := s.from; i < s.to; i++ {
		if r.toks[i].kind != kindMark {
			words++
		}
	}
	return words <= 1 || r.lang == English && words <= 2 && !r.toks[s.from].is("ok", "okay", "any", "thoughts", "objections", "agreed", "deal", "which", "who", "when", "sounds", "works")
}
