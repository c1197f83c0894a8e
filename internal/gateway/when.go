package gateway

import (
	"fmt"
	"slices"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// An Estimate is when mail would reach one recipient, and why. Times are UTC.
type Estimate struct {
	Address mail.Address
	Reader  *people.Person // nil: not of the team
	Leaves  time.Time
	Hold    string // why it leaves then, to stand after "because"; "" nothing holds it
	Arrives time.Time
	Tide    string // why it appears then; "" it appears at once
	Gap     bool   // the time asked for is skipped by the clocks
	Overlap bool   // it comes twice: the first was taken
	Via     string // the group or role that brings it, "" if none does
}

// When says when mail of author to an address would leave and appear, if it were sent
// at a moment with a tag: "now", "urgent", an explicit time such as "Fri 9am", or none.
// Nothing is sent. It knows the hold, tides, leave and switches; not what only the
// message itself can tell (pass list, threads). store.ErrNotFound: nobody of the team
// has that address.
func (d *Desk) When(author *people.Person, to mail.Address, tag string, at time.Time) (Estimate, error) {
	e := Estimate{Address: to}
	if p, _, ok := d.People.ByAddress(to); ok {
		e.Reader = p
	} else if d.People.IsLocalDomain(to.Domain) {
		return e, fmt.Errorf("person %s: %w", to, store.ErrNotFound)
	}
	hold, undo := d.Config.Hold, at.Add(d.Config.Hold.Undo)
	switch {
	case tag == "urgent":
		e.Leaves, e.Hold, undo = at, "", at
	case tag == "now":
		e.Leaves = at
	case tag != "":
		if err := e.explicit(author, tag, at); err != nil {
			return e, err
		}
	case e.Reader != nil && e.Reader.ID == author.ID:
		e.Leaves = at
	case e.Reader != nil:
		e.Leaves, e.Hold = d.Queue.When(author, e.Reader, at)
	case slices.Contains(hold.OutsideDomains, to.Domain):
		m := author.Schedule(at).Release(at, hold.Grace, hold.Cap)
		e.Leaves, e.Hold = m.At, m.Reason.String()
	default:
		e.Leaves = at
	}
	if e.Leaves.Before(undo) {
		e.Leaves, e.Hold = undo, "it can be taken back until then"
	}
	if e.Leaves.Equal(at) {
		e.Hold = ""
	}
	e.Leaves, e.Arrives = e.Leaves.UTC(), e.Leaves.UTC()
	if e.Reader != nil && tag != "urgent" {
		d.arrival(&e)
	}
	return e, nil
}

// explicit takes the time that the tag names, on the author's clock.
func (e *Estimate) explicit(author *people.Person, tag string, at time.Time) error {
	var hours *scheduler.Schedule
	if e.Reader != nil {
		hours = e.Reader.Schedule(at)
	}
	w, err := scheduler.ParseWhen(tag, at, author.Zone(), hours)
	if err != nil {
		return err
	}
	e.Leaves, e.Hold, e.Gap, e.Overlap = w.At, "its author asked for that time", w.Gap, w.Overlap
	return nil
}

// arrival adds the wait for a tide: what the last line of the inbox's list does with
// mail of a colleague.
func (d *Desk) arrival(e *Estimate) {
	if _, back := d.People.RolledBack(); back || e.Reader.Profile.Batch.Or(people.Switch(d.Config.Batch.Mode)) != people.On {
		return
	}
	if _, paused := d.People.Paused(e.Reader, e.Leaves); paused {
		return
	}
	s := e.Reader.Schedule(e.Leaves)
	if !s.HasTides() {
		return
	}
	m := s.Tide(e.Leaves, d.Config.Hold.Cap)
	if m.At.After(e.Leaves) {
		e.Arrives, e.Tide = m.At, m.Reason.String()
	}
}
