package clocks

import (
	"slices"

	"tidepost/store"
	"tidepost/threading"
)

// The keywords that say, on a mail that asks something, how that stands: in every folder
// of everybody who has the mail, so that any client can show and search it.
const (
	keywordOpen    = "$Open"    // something in it is not answered
	keywordSettled = "$Settled" // nothing is open any more
)

// mark puts the keywords of the asks of a mail on its entries.
func mark(tx *store.Tx, mid string) error {
	asks, err := itemsOf(tx.AsksByMID(mid))
	if err != nil || len(asks) == 0 {
		return err
	}
	words := standing(asks)
	entries, err := tx.EntriesOfMID(mid)
	if err != nil {
		return err
	}
	for _, e := range entries {
		now := append(slices.DeleteFunc(slices.Clone(e.Keywords), func(w string) bool {
			return w == keywordOpen || w == keywordOverdue || w == keywordSettled
		}), words...)
		slices.Sort(now)
		if slices.Equal(now, e.Keywords) {
			continue
		}
		if err := tx.SetFlags(&e, e.Flags, now); err != nil {
			return err
		}
	}
	return nil
}

// standing is how the asks of one mail stand. An ask that was put a second time counts
// as it stands now.
func standing(asks []Item) []string {
	open, overdue := false, false
	for _, i := range asks {
		open = open || i.Ask.Open
		overdue = overdue || i.Ask.Open && i.Clock.State == threading.Overdue
	}
	switch {
	case overdue:
		return []string{keywordOpen, keywordOverdue}
	case open:
		return []string{keywordOpen}
	}
	return []string{keywordSettled}
}

// markMessage is mark for a message that has just appeared somewhere.
func markMessage(tx *store.Tx, message int64) error {
	mid, err := tx.MIDOf(message)
	if err != nil {
		return err
	}
	return mark(tx, mid)
}
