package clocks

import (
	"time"

	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// Late returns the open asks whose clock is at risk or overdue, in threads that a person
// is on or of which mail went to blocked@: the earliest due first.
func Late(tx *store.Tx, person int64) ([]Item, error) { return itemsOf(tx.LateAsks(person, maxList)) }

// Overdue returns what is overdue in the whole team, the earliest due first.
func Overdue(tx *store.Tx) ([]Item, error) { return itemsOf(tx.OverdueAsks(maxList)) }

// OnMeSince returns what was asked of a person and of which something has become since
// an instant, in that order.
func OnMeSince(tx *store.Tx, owner int64, since time.Time) ([]Item, error) {
	return itemsOf(tx.OwnerAsksChangedSince(owner, since, maxList))
}

// OpenOn returns everything open that was asked of a person, also what has not reached
// them.
func OpenOn(tx *store.Tx, owner int64) ([]Item, error) {
	return itemsOf(tx.OpenAsksOfOwner(owner, maxList))
}

// EventPassed is the line of the ledger when an ask gets another asker.
const EventPassed = "ask-passed"

// Pass gives an ask another asker, who now waits for the answer and sees the question in
// Waiting for others. What the new asker has to answer is withdrawn: nobody asks
// oneself. ErrNotOpen.
func (k *Keeper) Pass(tx *store.Tx, ask int64, to *people.Person, now time.Time) error {
	if k == nil {
		return nil
	}
	now = now.UTC()
	i, err := item(tx, ask)
	if err != nil {
		return err
	}
	if !i.Ask.Open {
		return ErrNotOpen
	}
	if i.Ask.OwnerID == to.ID {
		_, err := k.step(tx, &i, threading.Event{Kind: threading.OnWithdrawal, At: now}, nil, nil)
		return err
	}
	before := i
	if err := tx.PassAsk(ask, to.ID, to.Address.Key(), to.Name, now); err != nil {
		return err
	}
	if i, err = item(tx, ask); err != nil {
		return err
	}
	ev := store.Event{At: now, Kind: EventPassed, MessageID: i.Ask.MessageID, PersonID: to.ID, AskID: ask,
		Detail: map[string]string{"from": before.Ask.Asker, "to": i.Ask.Asker}}
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	return k.show(tx, &i, before, now)
}
