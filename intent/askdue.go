package intent

import (
	"strings"

	"tidepost/mail"
)

// askDue finds the deadline of an ask in its own words.
func (r *reader) askDue(a *Ask, p part) {
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
	return next.Kind == AskAnswer && len(next.Text) < 90 && (strings.Contains(low, "know") || strings.Contains(low, "tell") || strings.Contains(low, "answer") || strings.Contains(low, "reply") || strings.Contains(low, "bescheid") || strings.Contains(low, "réponse") || strings.Contains(low, "respuesta") || strings.Contains(low, "resposta") || strings.Contains(low, "weten"))
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
