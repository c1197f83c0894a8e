package clocks

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// maxList bounds the asks of a list.
const maxList = 1000

// OnMe returns what a person has to answer and has got, the most pressing first: by due
// time, what has none last. What a role was asked and nobody has taken is everybody's there.
func OnMe(tx *store.Tx, person int64) ([]Item, error) {
	list, err := itemsOf(tx.OpenAsksOfOwner(person, maxList))
	if err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(i Item) bool { return i.Ask.ShownID == 0 })
	ofRoles, err := itemsOf(tx.RoleAsksOn(person, maxList))
	if len(ofRoles) > 0 {
		list = append(list, ofRoles...)
		slices.SortStableFunc(list, pressing)
	}
	return list, err
}

// Mine returns what a person has asked and waits for, in the same order; what has no
// owner, and so no clock, too.
func Mine(tx *store.Tx, person int64) ([]Item, error) {
	return itemsOf(tx.OpenAsksOfAsker(person, maxList))
}

// OfThread returns all asks of a thread in the order in which they were made.
func OfThread(tx *store.Tx, thread int64) ([]Item, error) {
	return itemsOf(tx.AsksOfThread(thread, false, maxList))
}

// A Change is what became of an ask.
type Change struct {
	Item

	// What the ledger says happened last (Item.Reason), and when. An ask without clock
	// that is closed has no reason: somebody answered, or it was withdrawn.
	At time.Time

	// Handed says that somebody else has to answer since then, who has got it by now.
	Handed bool

	// Of an answer that is known: its Message-ID, who wrote it, and when it reaches the
	// asker; zero if it has.
	AnswerMID string
	AnswerBy  string // name or address
	Reaches   time.Time
}

// handedSince reports whether an ask was handed over after an instant.
func handedSince(tx *store.Tx, i Item, since time.Time) (bool, error) {
	list, err := tx.EventsOfAsk(i.Ask.ID)
	return slices.ContainsFunc(list, func(e store.Event) bool {
		return e.Kind == EventClock+string(threading.BecauseHandedOver) && !e.At.Before(since)
	}), err
}

// Since returns what became of a person's own asks since an instant, in that order: the
// last state of each. New asks are no change.
func (k *Keeper) Since(tx *store.Tx, asker *people.Person, since, now time.Time) ([]Change, error) {
	list, err := itemsOf(tx.AsksChangedSince(asker.ID, since, maxList))
	if err != nil {
		return nil, err
	}
	var out []Change
	for _, i := range list {
		if i.Reason == "" && i.Ask.Open {
			continue
		}
		c := Change{Item: i, At: i.Ask.Changed}
		if i.Reason == threading.BecauseDelivered {
			if c.Handed, err = handedSince(tx, i, since); err != nil {
				return nil, err
			}
		}
		if i.Ask.AnswerID != 0 {
			if err := k.answerOf(tx, asker, &c, now); err != nil {
				return nil, err
			}
		}
		out = append(out, c)
	}
	return out, nil
}

// answerOf fills in what is known of an answer.
func (k *Keeper) answerOf(tx *store.Tx, asker *people.Person, c *Change, now time.Time) error {
	m, err := tx.Message(c.Ask.AnswerID)
	if err != nil {
		return err
	}
	a, err := tx.AnswerTo(m.ID, asker.ID)
	if errors.Is(err, store.ErrNotFound) {
		c.AnswerMID = m.MID
		return nil
	}
	if err != nil {
		return fmt.Errorf("answer to ask %d: %w", c.Ask.ID, err)
	}
	c.AnswerMID = a.MID
	if p := k.person(a.AuthorID); p != nil {
		c.AnswerBy = p.Name
	}
	switch {
	case !a.Waits.IsZero():
		c.Reaches = a.Waits
	case !a.Held.IsZero():
		c.Reaches = k.o.Appears(asker, later(a.Held, now))
	}
	return nil
}

// A Covered is an ask of somebody whose cover the viewer is. Without MayRead the viewer
// sees asker and due time only: Text and Said are empty.
type Covered struct {
	Item
	MayRead bool
}

// Covering returns what others should have answered while they are on leave, or late,
// and whose cover p is: the most pressing first. Private asks name no cover.
func (k *Keeper) Covering(tx *store.Tx, p *people.Person, now time.Time) ([]Covered, error) {
	var out []Covered
	for _, owner := range k.dir.All() {
		if c := k.coverOf(owner); c == nil || c.ID != p.ID {
			continue
		}
		list, err := OnMe(tx, owner.ID)
		if err != nil {
			return nil, err
		}
		gone := away(owner.Schedule(now), now)
		for _, i := range list {
			if i.Ask.Private || i.Ask.OwnerID != owner.ID || !gone && i.Clock.State != threading.Overdue {
				continue
			}
			c := Covered{Item: i}
			if c.MayRead, err = tx.GotMessage(p.ID, i.Ask.MID); err != nil {
				return nil, err
			}
			if !c.MayRead {
				c.Ask.Text, c.Ask.Said = "", ""
			}
			out = append(out, c)
		}
	}
	slices.SortStableFunc(out, func(a, b Covered) int { return pressing(a.Item, b.Item) })
	return out, nil
}

// pressing orders by due time, what has none last.
func pressing(a, b Item) int {
	switch {
	case a.Clock.Due.Equal(b.Clock.Due):
		return 0
	case a.Clock.Due.IsZero():
		return 1
	case b.Clock.Due.IsZero():
		return -1
	}
	return a.Clock.Due.Compare(b.Clock.Due)
}

// Cover is who may answer an ask for its owner now; nil if nobody does, or the ask is
// private.
func (k *Keeper) Cover(i Item, now time.Time) *people.Person {
	owner := k.person(i.Ask.OwnerID)
	if owner == nil || i.Ask.Private || i.Clock.State != threading.Overdue && !away(owner.Schedule(now), now) {
		return nil
	}
	return k.coverOf(owner)
}
