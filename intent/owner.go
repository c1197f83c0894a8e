package intent

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
		if before && i-1 <= p.marks[0].end || after || i > 0 && r.toks[i-1].is("from", "von", "de") && r.hasWordIn(p.from, p.to, "need", "want", "expect", "require", "missing", "brauche", "besoin", "necesito", "preciso") {
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
		if t.in(inEverybody) && i < p.marks[0].end+3 {
			all = true
		}
	}
	if p.marks[0].question && !someone && r.toks[p.from].is("who", "who's") {
		someone = !r.toks[min(p.from+1, p.to-1)].is("is", "wants", "fancies", "likes") && r.toks[p.from].low != "who's"
	}
	return all && !someone, someone
}
