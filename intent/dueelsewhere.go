package intent

import (
	"slices"
	"sort"
	"strings"
)

// inherit gives asks without a deadline the one that the mail states for them
// elsewhere: in the next ask of the same breath, in the line above a list, in a
// sentence that says by when all is wanted, in the subject.
func (r *reader) inherit(asks []Ask) []Ask {
	var wishes []wish
	if slices.ContainsFunc(asks, func(a Ask) bool { return a.Due == nil && !a.InSubject }) {
		wishes = r.wishes(asks)
	}
	for i := range asks {
		a := &asks[i]
		if a.Due != nil || a.InSubject {
			continue
		}
		head := headOf(asks, i)
		switch {
		case head != nil:
			a.Due = head.Due
		case i > 0 && asks[i-1].Due != nil && r.followsOn(&asks[i-1], a):
			a.Due = asks[i-1].Due
		case i+1 < len(asks) && asks[i+1].Due != nil && r.sameBreath(a, &asks[i+1]):
			a.Due = asks[i+1].Due
		default:
			a.Due = r.wishFor(asks, i, wishes)
		}
	}
	r.fromEvents(asks)
	r.fromSubject(asks)
	return asks
}

// maxList is how far below an ask of all, in octets, the asks of single people are
// taken for parts of it.
const maxList = 800

// headOf finds the ask of all with a deadline that ask i is a part of: "By
// Tuesday, all: … Dan – … Luis – …".
func headOf(asks []Ask, i int) *Ask {
	if n := len(asks[i].Owners); n == 0 || n > 2 {
		return nil
	}
	for k := i - 1; k >= 0 && asks[i].Start-asks[k].End < maxList; k-- {
		if asks[k].All {
			if asks[k].Due == nil {
				return nil
			}
			return &asks[k]
		}
		if len(asks[k].Owners) == 0 || asks[k].Due != nil && (k == 0 || asks[k-1].Due == nil || asks[k].Due.Span != asks[k-1].Due.Span) {
			return nil
		}
	}
	return nil
}

// followsOn reports whether an ask goes on with the one before it, so that its
// deadline holds for both.
func (r *reader) followsOn(before, a *Ask) bool {
	low := strings.ToLower(a.Text)
	for _, same := range [...]string{"same deadline", "same time", "same date", "same day", "by then", "bis dahin", "d'ici là", "para entonces", "até lá", "tegen dan"} {
		if strings.Contains(low, same) {
			return true
		}
	}
	gap := a.Start - before.End
	if gap < 0 || gap > 400 {
		return false
	}
	// Can we talk this week? Find a slot.
	return before.Kind == AskAttend && gap < 60 && !strings.Contains(r.text[before.End:a.Start], "\n\n") &&
		(strings.Contains(low, "slot") || strings.Contains(low, "pick a time") || strings.Contains(low, "invite") || strings.Contains(low, "book"))
}

// sameBreath reports whether the next ask only presses for the answer to this
// one: "Is that fine? Please tell me by Friday."
func (r *reader) sameBreath(a, next *Ask) bool {
	if next.Start-a.End > 250 || a.Someone != next.Someone && !a.Someone {
		return false
	}
	if len(next.Owners) > 0 && len(a.Owners) > 0 && next.Owners[0] != a.Owners[0] {
		return false
	}
	if len(next.Text) >= 90 {
		return false
	}
	return pressWords.in(next.Text) || r.onlyWhen(next)
}

// onlyWhen reports whether an ask says little more than by when: "By Friday,
// please.", "We need it by Friday."
func (r *reader) onlyWhen(a *Ask) bool {
	rest := len(strings.Fields(a.Text)) - len(strings.Fields(a.Due.Text))
	return rest <= 2 || rest <= 5 && pronouns.in(a.Text)
}

// pronouns stand for what was asked before.
var pronouns = wordList(wordSet("it them this that both all those these everything es das sie alles beides le la les ça cela tout lo los las todo isso tudo het dit dat alles"))

// A wordList is looked for in a text by whole words.
type wordList map[string]bool

func (l wordList) in(text string) bool {
	for _, t := range tokenize(text) {
		if l[t.low] {
			return true
		}
	}
	return false
}

// pressWords press for an answer.
var pressWords = wordList(wordSet("retour remarques commentaires avis rückmeldung comentarios comentários reactie comments remarks feedback thoughts input know tell answer answers reply respond confirm shout object bescheid antwort antworte sagen sag réponse répondre répondez dites dis respuesta respondas responda dime resposta responda diz diga weten antwoord laat"))

// A wish is a sentence that asks for nothing by itself, but says by when.
type wish struct {
	sentence int
	start    int // in octets
	due      Due
	all      bool // for everything above
	ahead    bool // for what follows: the head of a list, "Deadline is Friday."
}

// wishes finds the sentences that give deadlines to asks elsewhere.
func (r *reader) wishes(asks []Ask) []wish {
	var out []wish
	n := 0
	for k, s := range r.sents {
		start, end := r.toks[s.from].span().Start, r.toks[s.to-1].span().End
		for n < len(asks) && (asks[n].InSubject || asks[n].End <= start) {
			n++
		}
		head := r.toks[s.to-1].mark(':')
		asked := n < len(asks) && asks[n].Start < end && !head
		if w, ok := r.wishIn(s); ok && len(out) < maxWishes && (!asked || w.all && s.to-s.from < 16) {
			w.sentence, w.start, w.ahead = k, start, w.ahead || head
			out = append(out, w)
		}
	}
	return out
}

const maxWishes = 32 // looked at for each ask

// wishIn reads one sentence.
func (r *reader) wishIn(s sentence) (wish, bool) {
	if s.to-s.from > 30 || s.question {
		return wish{}, false
	}
	dues := r.deadlines(s.from, s.to)
	var best *deadline
	for i := range dues {
		if d := &dues[i]; d.OK || d.strong {
			if best == nil || d.OK && !best.OK || d.strong && !best.strong && d.OK == best.OK {
				best = d
			}
		}
	}
	if best == nil {
		return wish{}, false
	}
	w := wish{due: best.Due}
	wanted, told := false, false
	for i := s.from; i < s.to; i++ {
		t := &r.toks[i]
		if i >= best.from && i < best.to && !t.is("deadline", "due", "latest") {
			continue
		}
		w.all = w.all || t.in(inAll)
		w.ahead = w.ahead || t.in(inAhead)
		wanted = wanted || t.in(inWant)
		told = told || t.in(inTell)
		wanted = wanted || (t.is("has", "have") && i+1 < s.to && r.toks[i+1].is("to") || t.is("must"))
	}
	rest := s.to - s.from - (best.to - best.from)
	brief := rest <= 4 && best.OK || rest <= 2
	if told && !wanted && !w.ahead {
		return w, false
	}
	return w, wanted && (best.strong || rest <= 6) || w.ahead && best.strong || brief && (best.from <= s.from+3 || w.all) || w.all && best.strong
}

// allWords stand for everything that was asked.
var allWords = wordSet("all both everything each lot alles beide beides alle tout toutes tous deux todo todos todas ambos ambas tudo allemaal beiden allebei these those")

// wantWords say that something is wanted of the reader.
var wantWords = wordSet("know tell answer answers reply hear need needs needed deadline latest ideally possible required response back want wants required expected helpful great fine ok okay enough suffices perfect ideal works please pls thanks " +
	"bescheid antwort brauche brauchen benötigen idealerweise rückmeldung réponse besoin idéalement retour respuesta necesito necesitamos idealmente resposta preciso precisamos antwoord weten nodig liefst")

// tellWords say that the sentence tells of somebody's own doings.
var tellWords = wordSet("i'll we'll he'll she'll they'll will was were is are am i'm we're went came sent shipped met had been arrives leaves starts begins opens happens takes ich wir bin sind wird ist war je nous suis est vou estou está es fue é foi ik wij ben is was")

// wishFor finds the deadline of ask i among the wishes.
func (r *reader) wishFor(asks []Ask, i int, wishes []wish) *Due {
	a := &asks[i]
	for _, w := range wishes {
		if w.start < a.End-1 || !r.reaches(asks, i, w) {
			continue
		}
		due := w.due
		return &due
	}
	for k := len(wishes) - 1; k >= 0; k-- {
		if w := wishes[k]; w.ahead && w.start < a.Start && r.leadsTo(a, w) {
			due := w.due
			return &due
		}
	}
	return nil
}

// reaches reports whether a wish behind ask i speaks of it: at once, over further
// asks of the same paragraph or list, or from anywhere if it is for all.
func (r *reader) reaches(asks []Ask, i int, w wish) bool {
	between := r.text[asks[i].End:max(asks[i].End, w.start)]
	if len(between) > maxReach {
		return false
	}
	for k := i + 1; k < len(asks) && asks[k].Start < w.start; k++ {
		if asks[k].Due != nil && !w.all {
			return false
		}
	}
	switch {
	case w.all:
		return true
	case len(asks) == 1:
		return len(between) < 600
	}
	return len(between) < 300 && !strings.Contains(strings.TrimSpace(between), "\n\n") && (len(w.due.Text) > 0) && !r.paragraphEnds(asks[i].End, w)
}

// maxReach is how far above a wish, in octets, asks are that it may speak of.
const maxReach = 2000

// paragraphEnds reports whether a blank line lies between an ask and a wish that
// is not the next sentence.
func (r *reader) paragraphEnds(end int, w wish) bool {
	s := r.sents[w.sentence]
	return !s.after && w.sentence > 0 && r.toks[r.sents[w.sentence-1].to-1].span().End > end+1
}

// leadsTo reports whether a wish before an ask is for it: the head of its list, or
// a deadline in the sentence before.
func (r *reader) leadsTo(a *Ask, w wish) bool {
	s := r.sents[w.sentence]
	between := strings.TrimSpace(r.text[r.toks[s.to-1].span().End:max(r.toks[s.to-1].span().End, a.Start)])
	if r.toks[s.to-1].mark(':') {
		return len(between) < 1500 && strings.Count(between, "\n\n") <= 12
	}
	return len(between) < 120
}

// fromEvents gives asks that are due before an event, or before what was said
// last, the time that the mail names for it elsewhere: "Please read it before the
// call. The call is on Thursday at 10:00."
func (r *reader) fromEvents(asks []Ask) {
	for i := range asks[:min(len(asks), maxEventAsks)] {
		a := &asks[i]
		if a.InSubject || a.Due != nil && a.Due.OK {
			continue
		}
		from, to := r.tokensOf(a.Span)
		for k := from; k < to; k++ {
			event, before, ok := r.beforeThat(k, to)
			if !ok {
				continue
			}
			if due, ok := r.timeOf(event, a, before); ok {
				a.Due = &due
			}
			break
		}
	}
}

// tokensOf finds the tokens of a span.
func (r *reader) tokensOf(s Span) (from, to int) {
	from = sort.Search(len(r.toks), func(i int) bool { return r.toks[i].span().Start >= s.Start })
	to = sort.Search(len(r.toks), func(i int) bool { return r.toks[i].span().Start >= s.End })
	return from, to
}

// beforeThat reads "beforehand", "by then" and "before the call" at token k. event
// is empty for what was said last.
func (r *reader) beforeThat(k, to int) (event string, before, ok bool) {
	if r.toks[k].is("beforehand", "vorab", "vorher", "auparavant", "antecipadamente", "vooraf") {
		return "", true, true
	}
	word, next := r.dueWordAt(k, to)
	switch {
	case word == dueBy && next < to && r.toks[next].is("then", "dahin", "là", "entonces", "lá", "dan"):
		return "", false, true
	case word != dueBefore:
		return "", false, false
	case next < to && r.toks[next].is("then", "that"):
		return "", true, true
	}
	for n := next; n < to && n < next+4; n++ {
		if r.toks[n].in(inEvents) {
			return r.toks[n].low, true, true
		}
	}
	return "", false, false
}

// Times of events are looked for within these bounds.
const (
	maxEventAsks     = 16
	maxEventDistance = 8 // sentences away from the ask
)

// timeOf finds the time of the event of that name in a sentence other than the
// ask's: the nearest before it, else the next behind it. Without a name it is the
// last time named before.
func (r *reader) timeOf(event string, a *Ask, before bool) (Due, bool) {
	at := sort.Search(len(r.sents), func(i int) bool { return r.toks[r.sents[i].to-1].span().End > a.Start })
	for n := range maxEventDistance {
		for _, k := range [...]int{at - 1 - n, at + 1 + n} {
			if k < 0 || k >= len(r.sents) || event == "" && k > at {
				continue
			}
			if t, ok := r.eventTime(r.sents[k], event); ok {
				d := deadline{t: t, before: before}
				d.Span, d.Text = t.Span, r.text[t.Start:t.End]
				d.At, d.OK = r.dueInstant(d)
				return d.Due, d.OK
			}
		}
	}
	return Due{}, false
}

// eventTime returns the time of a sentence that speaks of the event.
func (r *reader) eventTime(s sentence, event string) (Time, bool) {
	named := event == ""
	for i := s.from; i < s.to && !named; i++ {
		named = r.toks[i].low == event
	}
	if !named {
		return Time{}, false
	}
	for _, d := range r.deadlines(s.from, s.to) {
		if t := d.t; t.last > 0 && t.Grain <= GrainDay && t.At.After(r.ref) && !t.expr.shift {
			return t, true
		}
	}
	return Time{}, false
}

// fromSubject takes the deadline of the subject for a mail that states no other.
func (r *reader) fromSubject(asks []Ask) {
	if len(asks) == 0 || r.in.Reply || r.in.Invite || r.in.Subject == "" {
		return
	}
	for _, a := range asks {
		if a.Due != nil {
			return
		}
	}
	sub := newReader(r.in.Subject, r.ref, r.lang)
	for _, s := range sub.sents {
		for _, d := range sub.deadlines(s.from, s.to) {
			if !d.strong || !d.OK {
				continue
			}
			for i := range asks {
				due := d.Due
				asks[i].Due = &due
			}
			return
		}
	}
}
