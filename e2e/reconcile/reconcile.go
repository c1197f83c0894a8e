// Package reconcile compares what three parties wrote down about the same mail: the
// generator that sent it, the server under test, and the next server that took it. It
// is the judge of every run in which the server under test is killed, so it shares no
// code with that server.
//
// Invariants it proves, or refutes:
//   - what was acknowledged is known to the server: one row a recipient, one copy a
//     local reader, none that nobody sent;
//   - what the server calls delivered, the next server has said 250 to, and what the
//     next server has said 250 to the server does not call anything else in the end;
//   - repeats stay within what the kills allow, under the same Message-ID;
//   - every body is the one that was sent;
//   - nothing leaves or is filed before it may.
package reconcile

import (
	"fmt"
	"slices"
	"time"
)

// A Sent is one message of the generator.
type Sent struct {
	ID    string // Message-ID without <>
	Hash  string // of the body, hex
	To    []Goal
	At    time.Time // written down before the first octet was sent
	Acked time.Time // written down after the 250; zero: none came

	// A held message may be taken back by its author while it waits.
	Recalled time.Time // written down before that was asked for; zero: it was not
	Returned time.Time // written down after the OK; zero: none came
}

// A Goal is one recipient of a message and what has to become of it.
type Goal struct {
	Address   string
	Way       Way
	NotBefore time.Time // not to leave, or to be filed, earlier
}

// A Way is how a recipient is reached.
type Way string

// The ways.
const (
	Outside Way = "outside" // submitted, leaves through the next server
	Here    Way = "here"    // submitted, filed for a local reader
	Held    Way = "held"    // submitted, waits beyond the end of the run
	Inbound Way = "inbound" // came from another server, filed for a local reader
)

// A Row is what the server knows of one recipient of a submission.
type Row struct {
	ID    string
	To    string
	State string
}

// A Copy is one copy that a local reader has, waiting or published.
type Copy struct {
	ID    string
	To    string
	Hash  string
	Filed time.Time
}

// A Handover is one message whose end mark the next server has seen.
type Handover struct {
	ID   string
	To   []string
	Hash string
	Seen time.Time
	Code int // of the reply that was written; 0: none
}

// Facts are everything that was written down in a run.
type Facts struct {
	Sent      []Sent
	Rows      []Row
	Copies    []Copy
	Handovers []Handover

	Settled bool // the run has ended and everything that can leave should have left
	Kills   int  // how often the server was killed: the bound of repeats of one message
	Workers int  // attempts it makes at the same time: times Kills the bound of all repeats
}

// A Finding is one thing that is wrong.
type Finding struct {
	Rule Rule
	ID   string
	To   string
	What string
}

// A Rule names what was broken.
type Rule string

// The rules.
const (
	Lost     Rule = "lost"     // acknowledged and gone
	Doubled  Rule = "doubled"  // more often than allowed
	Unknown  Rule = "unknown"  // nobody sent it, or not to there
	Changed  Rule = "changed"  // another body
	Early    Rule = "early"    // before it may
	Mistaken Rule = "mistaken" // the server and the next server disagree
	Stuck    Rule = "stuck"    // should have left by now
)

// String gives one line.
func (f Finding) String() string {
	return fmt.Sprintf("%s: <%s> to %s: %s", f.Rule, f.ID, f.To, f.What)
}

// key is one message on its way to one recipient.
type key struct{ id, to string }

// A book is the facts, sorted by what they are about.
type book struct {
	Facts
	goals     map[key]Goal
	sent      map[string]Sent
	rows      map[key][]Row
	copies    map[key][]Copy
	handovers map[key][]Handover
	found     []Finding
}

// Check returns everything that is wrong, in a stable order.
func Check(f Facts) []Finding {
	b := &book{
		Facts: f, goals: map[key]Goal{}, sent: map[string]Sent{}, rows: map[key][]Row{},
		copies: map[key][]Copy{}, handovers: map[key][]Handover{},
	}
	b.sort()
	for _, s := range f.Sent {
		for _, g := range s.To {
			k := key{s.ID, g.Address}
			b.checkKnown(k, s, g)
			b.checkBodies(k, s, g)
			b.checkWay(k, s, g)
		}
	}
	b.checkStrangers()
	b.checkRepeats()
	return b.found
}

func (b *book) sort() {
	for _, s := range b.Sent {
		if _, ok := b.sent[s.ID]; ok {
			b.find(Doubled, key{s.ID, ""}, "the generator used an id twice")
		}
		b.sent[s.ID] = s
		for _, g := range s.To {
			b.goals[key{s.ID, g.Address}] = g
		}
	}
	for _, r := range b.Rows {
		b.rows[key{r.ID, r.To}] = append(b.rows[key{r.ID, r.To}], r)
	}
	for _, c := range b.Copies {
		b.copies[key{c.ID, c.To}] = append(b.copies[key{c.ID, c.To}], c)
	}
	for _, h := range b.Handovers {
		for _, to := range h.To {
			b.handovers[key{h.ID, to}] = append(b.handovers[key{h.ID, to}], h)
		}
	}
}

func (b *book) find(r Rule, k key, format string, args ...any) {
	b.found = append(b.found, Finding{Rule: r, ID: k.id, To: k.to, What: fmt.Sprintf(format, args...)})
}

// checkKnown: acknowledged mail has one row or one copy; mail whose 250 got lost has
// one or none.
func (b *book) checkKnown(k key, s Sent, g Goal) {
	n, what := len(b.rows[k]), "rows"
	if g.Way == Inbound {
		n, what = len(b.copies[k]), "copies"
	}
	switch {
	case n == 0 && !s.Acked.IsZero():
		b.find(Lost, k, "acknowledged at %s, and the server knows nothing of it", s.Acked.Format(time.TimeOnly))
	case n > 1:
		b.find(Doubled, k, "the server has %d %s", n, what)
	}
}

// checkBodies: whatever was handed over or filed is what was sent, and not too early.
func (b *book) checkBodies(k key, s Sent, g Goal) {
	look := func(where, hash string, at time.Time) {
		if hash != s.Hash {
			b.find(Changed, k, "the body %s is another one", where)
		}
		if at.Before(g.NotBefore) {
			b.find(Early, k, "%s at %s, not allowed before %s", where, at.Format(time.RFC3339Nano), g.NotBefore.Format(time.RFC3339Nano))
		}
	}
	for _, h := range b.handovers[k] {
		look("handed over", h.Hash, h.Seen)
	}
	for _, c := range b.copies[k] {
		look("filed", c.Hash, c.Filed)
	}
}

// checkWay: what became of it fits what the server says of it.
func (b *book) checkWay(k key, s Sent, g Goal) {
	rows := b.rows[k]
	if g.Way == Inbound || len(rows) != 1 {
		return // checkKnown has spoken
	}
	state := rows[0].State
	if !slices.Contains([]string{"held", "sending", "deferred", "delivered", "bounced", "cancelled", "expired"}, state) {
		b.find(Mistaken, k, "%q is no state", state)
	}
	switch g.Way {
	case Outside:
		b.checkOutside(k, state)
	case Here:
		b.checkCopies(k, state)
		if b.Settled && state != "delivered" {
			b.find(Stuck, k, "is %s", state)
		}
	case Held:
		b.checkCopies(k, state)
		b.checkHeld(k, s, state)
	}
}

// checkHeld: it waits still, unless its author took it back; and then it does not.
func (b *book) checkHeld(k key, s Sent, state string) {
	switch {
	case state == "cancelled" && s.Recalled.IsZero():
		b.find(Lost, k, "is cancelled, which nobody asked for")
	case state == "held" && !s.Returned.IsZero():
		b.find(Mistaken, k, "is held, although its author was told at %s that it is not", s.Returned.Format(time.TimeOnly))
	case state != "held" && state != "cancelled":
		b.find(Early, k, "is %s, should still be held", state)
	}
}

func (b *book) checkOutside(k key, state string) {
	taken := slices.ContainsFunc(b.handovers[k], func(h Handover) bool { return h.Code/100 == 2 })
	switch {
	case state == "delivered" && !taken:
		b.find(Mistaken, k, "is delivered, but the next server has not taken it")
	case b.Settled && taken && state != "delivered":
		b.find(Mistaken, k, "is %s, but the next server has taken it", state)
	case b.Settled && state != "delivered":
		b.find(Stuck, k, "is %s", state)
	}
}

// checkCopies: a delivered recipient has one copy, another none.
func (b *book) checkCopies(k key, state string) {
	n := len(b.copies[k])
	switch {
	case state == "delivered" && n == 0:
		b.find(Lost, k, "is delivered, but its reader has no copy")
	case n > 1:
		b.find(Doubled, k, "its reader has %d copies", n)
	case state != "delivered" && n > 0:
		b.find(Mistaken, k, "is %s, but its reader has a copy", state)
	}
}

// checkStrangers: nothing exists that nobody sent.
func (b *book) checkStrangers() {
	stranger := func(k key, where string) {
		if _, ok := b.goals[k]; !ok {
			b.find(Unknown, k, "%s, but nobody sent it there", where)
		}
	}
	for _, r := range b.Rows {
		stranger(key{r.ID, r.To}, "the server has a row")
	}
	for _, c := range b.Copies {
		stranger(key{c.ID, c.To}, "a reader has a copy")
	}
	for _, h := range b.Handovers {
		for _, to := range h.To {
			stranger(key{h.ID, to}, "the next server was given it")
		}
	}
}

// checkRepeats: one kill can make each attempt that was running happen once more.
func (b *book) checkRepeats() {
	all := 0
	for _, s := range b.Sent {
		for _, g := range s.To {
			k := key{s.ID, g.Address}
			taken := 0
			for _, h := range b.handovers[k] {
				if h.Code/100 == 2 {
					taken++
				}
			}
			if taken > 1 {
				all += taken - 1
			}
			if taken > 1+b.Kills {
				b.find(Doubled, k, "taken %d times in %d kills", taken, b.Kills)
			}
		}
	}
	if bound := b.Kills * b.Workers; all > bound {
		b.find(Doubled, key{"", ""}, "%d repeats in all, %d kills and %d workers allow %d", all, b.Kills, b.Workers, bound)
	}
}
