package queue

import (
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"tidepost/coach"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// Advice before sending, in the order a draft meets it:
//
//	readForCoach  what the policies of the coach need to know (coachread.go)
//	consider      what they found: said, counted only, or known already; everything is
//	              worded here, outside of the write transaction
//	refuseDraft   mode stop: 550, nothing is accepted; the same draft again passes
//	replaceDraft  an edited mail takes the place of the draft it was (coachedit.go)
//	tellCoached   the draft lies in Before sending, the advice beside it and in INBOX
//	settleDraft   how it ended, and whether the advice was right (coachsettle.go)
//
// A draft that waits for its author is held mail like any other: its recipients have
// a due time, and no restart changes that. Whatever goes wrong in the coach, the mail
// leaves.

// A handback is what the coach says of one message.
type handback struct {
	mode     store.CoachMode
	key      []byte             // of recipients and new words
	shown    []policies.Finding // to be said; none: the mail passes
	counted  []policies.Finding // of policies in dry run: for the ledger only
	silent   []string           // policies that fall silent for the author with this mail
	passed   *store.Coaching    // the same draft, refused before: now it passes
	replaces int64              // submission whose place this mail takes, 0
	verdict  store.Verdict      // on the advice that passed or replaces is about
	letter   mail.Letter
}

// advises reports whether the mail waits in Before sending with advice beside it.
func (b *handback) advises() bool {
	return b != nil && len(b.shown) > 0 && b.mode == store.CoachAdvise
}

// stops reports whether the mail is refused.
func (b *handback) stops() bool { return b != nil && len(b.shown) > 0 && b.mode == store.CoachStop }

// mute takes the advice back: its author has ordered a time since.
func (b *handback) mute() {
	if b != nil {
		b.shown, b.counted, b.silent = nil, nil, nil
	}
}

// consider decides what becomes of the findings of the coach. Trouble in here costs
// the advice, not the mail.
func (q *Queue) consider(in *intake, input policies.Input, view func(func(*store.Tx) error) error) (err error) {
	if input.Read == nil || in.failed {
		return nil
	}
	defer func() {
		if p := recover(); p != nil {
			q.o.Log.Error("coach", "mid", in.facts.MessageID, "panic", p, "stack", string(debug.Stack()))
			in.back, err = nil, nil
		}
	}()
	b := &handback{mode: q.coachMode(in), key: coach.Key(in.readersKeys(), in.words())}
	for _, f := range in.found {
		switch {
		case f.Action != policies.Advise:
		case f.DryRun:
			b.counted = append(b.counted, f)
		default:
			b.shown = append(b.shown, f)
		}
	}
	if b.mode != store.CoachLearn || len(b.shown) > 0 {
		if err := view(func(tx *store.Tx) error { return q.knownOf(tx, in, b) }); err != nil {
			return err
		}
	}
	b.shown = coach.Shown(b.shown)
	if len(b.shown) == 0 && len(b.counted) == 0 && len(b.silent) == 0 && b.passed == nil && b.replaces == 0 {
		return nil
	}
	in.back = b
	if len(b.shown) == 0 || b.mode == store.CoachStop {
		return nil
	}
	if b.mode == store.CoachAdvise {
		q.giveTime(in)
	}
	return view(func(tx *store.Tx) error { return q.wordAdvice(tx, in, input.Read()) })
}

// coachMode is how this mail would be handed back: refused only if its author chose
// that, and never when somebody elsewhere would have to wait for it; for learning only
// if it leaves at once, to people elsewhere.
func (q *Queue) coachMode(in *intake) store.CoachMode {
	switch {
	case !in.toTeam() && !q.waits(in):
		return store.CoachLearn
	case in.author.Profile.CoachMode == people.Stop && !in.handed && !in.folder && !in.control && !slices.Contains(in.readers, nil):
		return store.CoachStop
	}
	return store.CoachAdvise
}

// waits reports whether anything but the undo time keeps any recipient.
func (q *Queue) waits(in *intake) bool {
	for i, p := range in.plans {
		if q.moment(p, in.party(i), in.now).At.After(in.now.Add(q.o.Undo)) {
			return true
		}
	}
	return false
}

// readersKeys names the recipients for comparison: the same for every address of a
// person.
func (in *intake) readersKeys() []string {
	out := make([]string, len(in.env.Recipients))
	for i, r := range in.env.Recipients {
		out[i] = r.Address.Key()
		if p := in.readers[i]; p != nil {
			out[i] = fmt.Sprint("person ", p.ID)
		}
	}
	return out
}

// giveTime has colleagues who would get the draft at once get it after the delay. Who
// waits anyway waits no longer, and nobody elsewhere waits.
func (q *Queue) giveTime(in *intake) {
	until := in.now.Add(q.o.CoachDelay)
	for i := range in.plans {
		p := &in.plans[i]
		explicit := p.Rule == RuleTime || p.Rule == RuleInstant || p.Rule == RuleOpening || p.Rule == RuleFailed
		if in.readers[i] == nil || explicit {
			continue
		}
		if m := q.moment(*p, in.party(i), in.now); !m.At.After(in.now.Add(q.o.Undo)) {
			p.Coach = until
		}
	}
}

// wordAdvice writes the letter.
func (q *Queue) wordAdvice(tx *store.Tx, in *intake, read intent.Findings) error {
	b := in.back
	subject := in.facts.Subject
	if _, rest, ok := mail.SubjectTag(subject); ok && policies.Tag(in.found) != "" {
		subject = rest // The tag is cut off before it leaves.
	}
	a := coach.Advice{Subject: subject, Findings: b.shown, Read: read, Rates: map[string]coach.Rate{}}
	for _, p := range coach.Policies(b.shown) {
		judged, wrong, err := tx.Judged(p, coach.RateWindow)
		if err != nil {
			return err
		}
		a.Rates[p] = coach.Rate{Judged: judged, FalseAlarms: wrong}
	}
	for i := range in.env.Recipients {
		a.To = append(a.To, in.nameOf(i))
	}
	a.Moment = func(t time.Time, i int) string {
		zone := in.zone()
		if i >= 0 && i < len(in.readers) && in.readers[i] != nil {
			return people.Both(t, in.readers[i].Schedule(in.now).Zone(), zone, in.now)
		}
		return people.Moment(t, zone, in.now)
	}
	if b.mode == store.CoachAdvise {
		a.Leaves, a.Left = q.leavesWhen(in)
	} else {
		a.Left = a.To
	}
	b.letter = q.plain(in.author, a.Title(), a.Text(), in.facts.MessageID)
	// The author's program answers nobody, and nobody hears if this cannot be filed.
	b.letter.Extra = append(b.letter.Extra, mail.Extra{Name: "Return-Path", Value: "<>", Raw: true})
	return nil
}

// nameOf is how recipient i is called.
func (in *intake) nameOf(i int) string {
	if p := in.readers[i]; p != nil {
		return p.FirstName()
	}
	return in.env.Recipients[i].Address.String()
}

// leavesWhen says when the draft leaves by itself, those who get it at one time
// together, and whom it reaches at once.
func (q *Queue) leavesWhen(in *intake) (out []coach.Leaving, left []string) {
	at := map[time.Time]int{}
	for i, p := range in.plans {
		due := later(q.moment(p, in.party(i), in.now).At, in.now)
		if in.readers[i] == nil && !due.After(in.now.Add(q.o.Undo)) {
			left = append(left, in.nameOf(i))
			continue
		}
		n, ok := at[due]
		if !ok {
			n = len(out)
			at[due] = n
			out = append(out, coach.Leaving{When: q.leaveTime(in, i, due)})
		}
		out[n].To = append(out[n].To, in.nameOf(i))
	}
	return out, left
}

// leaveTime is the time of leaving on the author's clock; the reader's stands beside
// it unless it is a matter of minutes.
func (q *Queue) leaveTime(in *intake, i int, due time.Time) string {
	zone := in.zone()
	if due.Sub(in.now) <= q.o.CoachDelay && due.In(zone).Format(time.DateOnly) == in.now.In(zone).Format(time.DateOnly) {
		return due.In(zone).Format("15:04")
	}
	if p := in.readers[i]; p != nil {
		return people.Both(due, p.Schedule(in.now).Zone(), zone, in.now)
	}
	return people.Moment(due, zone, in.now)
}

// quietPolicies remembers which policies went to dry run by themselves: every mail
// asks.
type quietPolicies struct {
	mu    sync.Mutex
	known bool
	list  []string
}

func (c *quietPolicies) get() ([]string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.list, c.known
}

func (c *quietPolicies) set(list []store.QuietPolicy) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.list = true, nil
	for _, p := range list {
		c.list = append(c.list, p.Policy)
	}
	return c.list
}

func (c *quietPolicies) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = false
}
