package clocks

import (
	"errors"
	"slices"
	"time"

	"tidepost/store"
	"tidepost/threading"
)

// keywordOverdue marks what is overdue, in both folders.
const keywordOverdue = "$Overdue"

// A place is a folder of a person with a message in it.
type place struct {
	person  int64
	kind    store.Kind
	message int64
}

// places are where an ask may show.
func (i Item) places() []place {
	var out []place
	if i.Ask.OwnerID != 0 && i.Ask.ShownID != 0 {
		out = append(out, place{i.Ask.OwnerID, store.KindNeedsReply, i.Ask.ShownID})
	}
	if i.Ask.AskerID != 0 {
		out = append(out, place{i.Ask.AskerID, store.KindWaitingFor, i.Ask.MessageID})
	}
	return out
}

// show puts the folders right in which an ask shows, or showed before.
func (k *Keeper) show(tx *store.Tx, i *Item, before Item, now time.Time) error {
	all := i.places()
	ofRole, err := rolePlaces(tx, i)
	if err != nil {
		return err
	}
	for _, p := range append(before.places(), ofRole...) {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	for _, p := range all {
		if err := k.put(tx, p, now); err != nil {
			return err
		}
	}
	return mark(tx, i.Ask.MID)
}

// put makes a folder show a message exactly if there is something open in it, and
// changes no more than that takes.
func (k *Keeper) put(tx *store.Tx, p place, now time.Time) error {
	asks, err := asksAt(tx, p)
	if err != nil {
		return err
	}
	e, shown, err := entryAt(tx, p)
	if err != nil {
		return err
	}
	if len(asks) == 0 {
		if !shown {
			return nil
		}
		return tx.RemoveEntry(e, store.GoneReplaced, now)
	}
	flags, words := look(p.kind, asks)
	if shown {
		flags |= e.Flags &^ store.Flagged
		words = append(words, slices.DeleteFunc(slices.Clone(e.Keywords), func(w string) bool { return w == keywordOverdue })...)
		slices.Sort(words)
		return tx.SetFlags(&e, flags, words)
	}
	box, err := tx.EnsureMailbox(p.person, p.kind, now)
	if err != nil {
		return err
	}
	e = store.Entry{MailboxID: box.ID, MessageID: p.message, InternalDate: now, Flags: flags, Keywords: words}
	return tx.AddEntry(&e)
}

// asksAt are the open asks that a message in a folder shows.
func asksAt(tx *store.Tx, p place) ([]Item, error) {
	if p.kind == store.KindNeedsReply {
		own, err := itemsOf(tx.ShownAsks(p.person, p.message))
		if err != nil {
			return nil, err
		}
		ofRole, err := itemsOf(tx.RoleAsksShown(p.person, p.message))
		return append(own, ofRole...), err
	}
	list, err := itemsOf(tx.AsksOfMessage(p.message))
	return slices.DeleteFunc(list, func(i Item) bool { return !i.Ask.Open || i.Ask.AskerID != p.person }), err
}

// entryAt is the entry of a message in a folder.
func entryAt(tx *store.Tx, p place) (store.Entry, bool, error) {
	box, err := tx.MailboxByKind(p.person, p.kind)
	if errors.Is(err, store.ErrNotFound) { // Somebody older than the folder.
		return store.Entry{}, false, nil
	}
	if err != nil {
		return store.Entry{}, false, err
	}
	list, err := tx.EntriesOfMessage(p.message)
	if err != nil {
		return store.Entry{}, false, err
	}
	for _, e := range list {
		if e.MailboxID == box.ID {
			return e, true, nil
		}
	}
	return store.Entry{}, false, nil
}

// look says how the entry of some open asks looks: read, because it is unread in INBOX
// already; flagged for its owner from the day on which the first is due; overdue.
func look(kind store.Kind, asks []Item) (store.Flags, []string) {
	flags, words := store.Seen, []string(nil)
	for _, i := range asks {
		if kind == store.KindNeedsReply && !i.Clock.Due.IsZero() && i.turn.IsZero() {
			flags |= store.Flagged
		}
		if i.Clock.State == threading.Overdue {
			words = []string{keywordOverdue}
		}
	}
	return flags, words
}
