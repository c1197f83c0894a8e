package controls

import (
	"errors"
	"slices"

	"tidepost/store"
)

// closeAsked takes an entry out of Needs reply or Waiting for others for good: its reader
// says that no answer is needed, or its author withdraws the question.
func (h Hand) closeAsked(tx *store.Tx, box store.Mailbox, e store.Entry) error {
	end := h.Queue.Clocks().WaiveShown
	if box.Kind == store.KindWaitingFor {
		end = h.Queue.Clocks().WithdrawShown
	}
	if err := end(tx, h.Person, e.MessageID, h.Now); err != nil {
		return err
	}
	if _, err := tx.EntryByUID(box.ID, e.UID); err != nil { // It has gone with the last question.
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	}
	return tx.RemoveEntry(e, store.GoneMoved, h.Now)
}

// copyOnce files the message that an entry of those folders shows, unless it lies there
// already: it is the one that INBOX or another folder shows. What only those folders mean
// stays behind.
func copyOnce(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	there, err := tx.EntriesOfMessage(e.MessageID)
	if err != nil {
		return nil, err
	}
	for _, out := range there {
		if out.MailboxID == t.to.ID {
			return &out, nil
		}
	}
	out := store.Entry{MailboxID: t.to.ID, MessageID: e.MessageID, InternalDate: e.InternalDate,
		Flags:    e.Flags &^ (store.Flagged | store.Deleted),
		Keywords: slices.DeleteFunc(slices.Clone(e.Keywords), func(w string) bool { return w == "$Overdue" })}
	return &out, tx.AddEntry(&out)
}

// waive: out of Needs reply, to wherever, means that no answer is needed.
func waive(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	out, err := copyOnce(tx, t, e)
	if err != nil {
		return nil, err
	}
	return out, t.hand.closeAsked(tx, t.from, e)
}

// withdraw: out of Waiting for others to Trash takes the question back.
func withdraw(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	return waive(tx, t, e)
}

// goOnWaiting: out of Waiting for others to any other folder files a copy there; the
// question is open, and shows under a new UID.
func goOnWaiting(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	out, err := copyOnce(tx, t, e)
	if err != nil {
		return nil, err
	}
	return out, t.hand.showAgain(tx, e)
}

// copyAsked: COPY from Waiting for others; EXPUNGE makes it a move.
func copyAsked(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	t.remember = true
	return copyOnce(tx, t, e)
}

// showAgain gives an entry that somebody took away a new UID.
func (h Hand) showAgain(tx *store.Tx, e store.Entry) error {
	if err := tx.RemoveEntry(e, store.GoneMoved, h.Now); err != nil {
		return err
	}
	back := e
	back.ID, back.Flags = 0, e.Flags&^store.Deleted
	return tx.AddEntry(&back)
}
