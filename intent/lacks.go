package intent

import "strings"

// lacks tells what a reader of the mail would have to ask back.
func (r *reader) lacks(f *Findings) {
	g := r.gist()
	f.Chat = r.statementAt(actChat, g)
	f.Pointer = r.statementAt(actPointer, g)
	f.Blocker = r.statementAt(actProblem, g)
	f.Plan = r.statementAt(actProposal, g)
	f.Dispute = r.statementAt(actDispute, g)
	if st, act := r.vague(g, f); act == actNeed || act == actBare {
		f.Hollow = st
	} else {
		f.Vague = st
	}
	f.Helpless = r.helpless(g, f)
	f.Nobody = r.nobody(g, f)
	f.Context, f.Proposal, f.CTA = r.contextOf(f), r.proposalOf(f), r.callToAction(f)
}

// wants reports whether the mail wants anything of its readers.
func (r *reader) wants(g gist, f *Findings) bool {
	if len(f.Asks) > 0 {
		return true
	}
	for _, h := range r.hits {
		if (h.act == actNeed || h.act == actBare || h.act == actChat) && h.from >= g.from && h.from < g.to {
			return true
		}
	}
	return false
}

// vague returns the sentence that asks for something without saying of what.
func (r *reader) vague(g gist, f *Findings) (*Statement, act) {
	if !r.human() || g.words == 0 || f.Medium.Value != MediumAsync || r.in.Forward && r.concreteSubject() > 0 || !r.wants(g, f) {
		return nil, 0
	}
	points := 0.0
	var best *hit
	weight := 0.0
	end := -1
	for i := range r.hits {
		h := &r.hits[i]
		if h.from < g.from || h.from >= g.to || h.from < end {
			continue
		}
		w := vagueWeight[h.act]
		if w == 0 || h.act == actVague && r.saidOf(h.to) {
			continue
		}
		points += w
		end = h.to
		if best == nil || w > weight {
			best, weight = h, w
		}
	}
	if best == nil {
		return nil, 0
	}
	points -= 1.5*float64(g.concrete) + 0.5*float64(g.content) + max(0, float64(g.words-20)/8)
	if points < vagueEnough {
		return nil, 0
	}
	return r.statementOf(*best), best.act
}

// saidOf reports whether words behind a thing say which one: "the list of suppliers".
func (r *reader) saidOf(i int) bool {
	if i+1 >= len(r.toks) || !r.toks[i].is("of", "von", "des", "der", "de", "van") || r.lang == English && !r.toks[i].is("of") {
		return false
	}
	for i++; i < len(r.toks) && r.toks[i].is("the", "a", "an", "our", "your", "all", "my"); i++ {
	}
	return i < len(r.toks) && r.toks[i].kind == kindWord && len(r.toks[i].low) > 3 && !r.toks[i].is("this", "that", "them", "these", "those", "things", "stuff", "yesterday", "course", "last")
}

// vagueWeight is how much a sign speaks for a mail that does not say what it is
// about.
var vagueWeight = map[act]float64{actPointer: 3, actBare: 2, actVague: 2, actChat: 2, actNeed: 1}

const vagueEnough = -0.6

// longNobody is the number of words from which a mail says enough for its readers to
// settle among them who answers.
const longNobody = 90

// few people settle a favour with a due time among them.
const few = 3

// nobody returns the sentence that wants something of somebody, where several
// people are written to and none is named.
func (r *reader) nobody(g gist, f *Findings) *Statement {
	if !r.human() || g.crowd < 2 && !(g.group && r.inside()) || g.words > longNobody {
		return nil
	}
	for _, a := range f.Asks {
		if len(a.Owners) > 0 && !a.All || a.Due != nil && g.crowd > 0 && g.crowd <= few {
			return nil
		}
	}
	if st := r.statementAt(actSomebody, g); st != nil && !r.otherSide(st.Span) {
		return st
	}
	if g.crowd > few && len(f.Asks) == 0 && len(f.Decisions) == 0 && g.words <= shortNeed {
		return r.bareNeed(g)
	}
	return nil
}

// shortNeed is the number of words up to which a need put to many is all that a mail
// says.
const shortNeed = 40

// bareNeed returns the sentence that says what needs doing, or what "we need".
func (r *reader) bareNeed(g gist) *Statement {
	for _, h := range r.hits {
		if h.act == actNeed && h.from >= g.from && h.from < g.to && (r.toks[h.from].is("needs", "need") && (h.from == 0 || !r.toks[h.from-1].is("i", "you", "we", "may", "might", "would", "will", "to", "which", "that")) || r.toks[h.to-1].is("need") && g.words <= shortNeed/2) {
			return r.statementOf(h)
		}
	}
	return nil
}

// inside reports whether the author is of the house of the first reader: who writes
// to the role address of another house leaves it to them who answers.
func (r *reader) inside() bool {
	return len(r.in.To) > 0 && strings.EqualFold(r.in.From.Address.Domain, r.in.To[0].Address.Domain)
}

// otherSide reports whether the somebody of a sentence is one of another house, who
// is not among the readers: "somebody on your side".
func (r *reader) otherSide(s Span) bool {
	low := strings.ToLower(r.text[s.Start:s.End])
	for _, w := range []string{"on your side", "on your end", "at your end", "from your side", "in your team", "at your company", "from your team", "bei ihnen", "chez vous"} {
		if strings.Contains(low, w) {
			return true
		}
	}
	return false
}

// human reports whether a person wrote the mail to people.
func (r *reader) human() bool { return !r.in.Bulk && !r.in.Automatic && !r.in.Invite }

// contextOf tells whether readers can tell what the mail is about.
func (r *reader) contextOf(f *Findings) Stance {
	switch {
	case !r.human():
		return Stance{Value: "na"}
	case f.Vague != nil:
		return Stance{Value: "no", Because: []string{f.Vague.Because}, Text: f.Vague.Text}
	case f.Hollow != nil:
		return Stance{Value: "no", Because: []string{f.Hollow.Because}, Text: f.Hollow.Text}
	}
	return Stance{Value: "yes"}
}

// proposalOf tells whether a mail that puts a problem says what should be done.
func (r *reader) proposalOf(f *Findings) Stance {
	switch {
	case !r.human():
		return Stance{Value: "na"}
	case f.Plan != nil:
		return Stance{Value: "yes", Because: []string{f.Plan.Because}, Text: f.Plan.Text}
	case f.Blocker != nil && len(f.Asks) > 0 || f.Vague != nil || f.Hollow != nil || f.Helpless != nil:
		return Stance{Value: "no"}
	}
	return Stance{Value: "na"}
}

// callToAction tells whether who, what and by when are clear.
func (r *reader) callToAction(f *Findings) Stance {
	if !r.human() || len(f.Asks) == 0 && f.Vague == nil && f.Hollow == nil && f.Nobody == nil {
		return Stance{Value: "na"}
	}
	if len(f.Asks) == 0 {
		return Stance{Value: "none"}
	}
	for _, a := range f.Asks {
		if a.Due != nil && a.Due.OK && !a.Someone {
			return Stance{Value: "full", Because: []string{a.Due.Text}, Text: a.Text}
		}
	}
	return Stance{Value: "part", Text: f.Asks[0].Text}
}

// helpless returns the sentence that puts a problem and leaves it to the readers what
// becomes of it.
func (r *reader) helpless(g gist, f *Findings) *Statement {
	if !r.human() || f.Plan != nil || f.Blocker == nil || g.words > longNobody || f.Medium.Value != MediumAsync {
		return nil
	}
	return r.statementAt(actHelpless, g)
}
