package inbox

import (
	"slices"
	"time"

	"tidepost/clocks"
	"tidepost/decisions"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A reply from elsewhere as package decisions wants to know it; asks is what was read of
// it for the clocks.
func decided(asks *clocks.Mail, f mail.Facts, thread int64) decisions.Mail {
	return decisions.Mail{Thread: thread, Facts: f, Words: asks.Words, Findings: asks.Findings}
}

// objects reports whether mail from elsewhere objects to what silence would decide. What
// nobody trusts is not heard: then asks is nil.
func (b *Inbox) objects(tx *store.Tx, asks *clocks.Mail, f mail.Facts, thread int64) (bool, error) {
	if b.o.Decisions == nil || asks == nil {
		return false, nil
	}
	return b.o.Decisions.Objection(tx, decided(asks, f, thread))
}

// hearObjection tells of mail from elsewhere whoever keeps decisions.
func (b *Inbox) hearObjection(tx *store.Tx, asks *clocks.Mail, f mail.Facts, thread int64, now time.Time) error {
	if b.o.Decisions == nil || asks == nil {
		return nil
	}
	return b.o.Decisions.Accepted(tx, decided(asks, f, thread), now)
}

// tellDecisions adds to a digest what was decided since the last one that was read, and
// the one question whether a sentence of its reader is a decision. That alone is worth no
// digest.
func (b *Inbox) tellDecisions(tx *store.Tx, r run, c *digest.Content) error {
	if b.o.Decisions == nil {
		return nil
	}
	if err := b.o.Decisions.Catch(tx, r.person.ID, r.now); err != nil {
		return err
	}
	fresh, err := b.o.Decisions.Fresh(tx, r.person.ID, c.Since)
	if err != nil {
		return err
	}
	asked, err := b.stillAsked(tx, c.Decisions)
	if err != nil {
		return err
	}
	c.Decisions = nil
	for _, e := range fresh {
		c.Decisions = append(c.Decisions, decisionLine(e))
	}
	if c.Empty() {
		return nil
	}
	if len(asked) == 0 {
		q, ok, err := b.o.Decisions.Ask(tx, r.person.ID)
		if err != nil {
			return err
		}
		if ok {
			asked = []digest.DecisionLine{{Decision: q.ID, What: digest.DecisionToConfirm, Text: q.Sentence, At: r.now, MID: q.MID}}
		}
	}
	c.Decisions = append(c.Decisions, asked...)
	return nil
}

// stillAsked are the questions of an unread digest that nobody has answered meanwhile.
func (b *Inbox) stillAsked(tx *store.Tx, lines []digest.DecisionLine) (out []digest.DecisionLine, err error) {
	for _, d := range lines {
		if d.What != digest.DecisionToConfirm {
			continue
		}
		asking, err := b.o.Decisions.Asking(tx, d.Decision)
		if err != nil {
			return nil, err
		}
		if asking {
			out = append(out, d)
		}
	}
	return out, nil
}

// silenceDecided reports whether silence has decided something that a person was asked
// about, or proposed: that is told with the next tide.
func (b *Inbox) silenceDecided(tx *store.Tx, p *people.Person, since time.Time) (bool, error) {
	if b.o.Decisions == nil {
		return false, nil
	}
	fresh, err := b.o.Decisions.Fresh(tx, p.ID, since)
	return slices.ContainsFunc(fresh, func(e decisions.Entry) bool { return e.Made == string(store.MadeBySilence) && !e.Withdrawn }), err
}

// decisionLine is how a digest tells of a decision.
func decisionLine(e decisions.Entry) digest.DecisionLine {
	d := digest.DecisionLine{Decision: e.ID, Label: e.Name(), What: digest.DecisionMade, Text: e.Sentence, Who: e.People, At: e.Filed, MID: e.MID}
	switch {
	case e.Withdrawn:
		d.What, d.At = digest.DecisionWithdrawn, e.Settled
	case e.Made == string(store.MadeBySilence):
		d.What = digest.DecisionSilent
		d.Away = e.Away
	}
	d.Replaces = decisions.List(e.Supersedes)
	return d
}
