package queue

import (
	"errors"
	"fmt"

	"tidepost/mail"
	"tidepost/store"
)

const (
	// blockedName is the local part of the address that has a late answer told to all.
	blockedName = "blocked"
	// wordState asks how a conversation stands.
	wordState = "state"

	noteState = "state"
)

// isBlocked reports whether a is blocked@ our domain: what is sent there, too, stands in
// the first digest of everybody's day as soon as an answer to it is late.
func (q *Queue) isBlocked(a mail.Address) bool {
	_, _, person := q.people.ByAddress(a) // Somebody may be called so.
	base, _ := a.Tag()
	return !person && q.isOwn(mail.Address{Local: ownName, Domain: a.Domain}) && base.Key() == mail.Address{Local: blockedName, Domain: a.Domain}.Key()
}

// markBlocked marks a conversation whose mail went to blocked@.
func markBlocked(tx *store.Tx, thread int64) error {
	t, err := tx.Thread(thread)
	if err != nil || t.Blocked {
		return err
	}
	t.Blocked = true
	return tx.UpdateThread(t)
}

// actOnThread does what a mail says of the conversation that it answers: a word to
// Tidepost, or anything to blocked@ alone. done is false if it says nothing of that.
func (q *Queue) actOnThread(tx *store.Tx, in *intake, a *ask) (done bool, err error) {
	alone := in.blocked && len(in.env.Recipients) == 0
	if a.word != wordState && !alone {
		return false, nil
	}
	thread, err := threadOf(tx, in.facts)
	if err != nil {
		return true, err
	}
	on := false
	if thread != 0 {
		if on, err = tx.OnThread(in.author.ID, thread); err != nil {
			return true, err
		}
	}
	if !on { // Who is not in it learns nothing of it, not even that it is there.
		return true, q.tellSaid(tx, in, fmt.Sprintf("Reply to a mail of the conversation that you mean, to %s@%s, with the one word *state*; or to %s@%s to have it stand in everybody's digest while an answer is late.",
			ownName, q.o.mainDomain(), blockedName, q.o.mainDomain()))
	}
	if alone {
		if err := markBlocked(tx, thread); err != nil {
			return true, err
		}
		return true, q.tellSaid(tx, in, "As long as an answer in this conversation is late, it stands in the first digest of everybody's day.")
	}
	if q.o.State == nil {
		return false, nil
	}
	l, err := q.o.State(tx, thread, in.author, in.now)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	return true, q.note(tx, in.author, noteState, 0, l, nil, in.now)
}
