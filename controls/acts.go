package controls

import "tidepost/store"

// movePlain takes an entry from one ordinary mailbox to another: flags and date stay
// (RFC 6851 §3.3).
func movePlain(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	out, err := copyPlain(tx, t, e)
	if err != nil {
		return nil, err
	}
	return out, tx.RemoveEntry(e, store.GoneMoved, t.hand.Now)
}

// copyPlain files the same message a second time.
func copyPlain(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	out := store.Entry{
		MailboxID: t.to.ID, MessageID: e.MessageID, InternalDate: e.InternalDate,
		Flags: e.Flags, Keywords: e.Keywords, SubmissionID: e.SubmissionID,
	}
	if err := tx.AddEntry(&out); err != nil {
		return nil, err
	}
	return &out, nil
}

// takeOut: out of Scheduled or Before sending to Drafts or Trash cancels what has not left; to any
// other folder files a copy there, and the mail goes on waiting.
func takeOut(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	if isAdvice(t.from.Kind, e) {
		return movePlain(tx, t, e)
	}
	out, err := t.hand.Queue.MoveOut(tx, t.hand.Person, e, t.to, t.hand.Now)
	return &out, err
}

// copyOut: COPY alone files a copy and changes nothing; the queue remembers it, and
// EXPUNGE then means what MOVE would have meant.
func copyOut(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	if isAdvice(t.from.Kind, e) {
		return copyPlain(tx, t, e)
	}
	out, err := t.hand.Queue.CopyOut(tx, t.hand.Person, e, t.to, t.hand.Now)
	return &out, err
}

// enter: into Scheduled restores what was taken back or sends a draft at its time,
// into the folders below it at theirs.
func enter(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	return t.hand.Queue.MoveIn(tx, t.hand.Person, e, t.content, t.to.Kind, t.hand.Now)
}

// deliverNow: out of Next delivery is delivered at once.
func deliverNow(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	out, err := t.hand.Inbox.DeliverNow(tx, t.hand.Person.ID, e, t.to, t.hand.Now)
	return &out, err
}

// remind: into a folder of Remind me comes back on top, unread, then.
func remind(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	out, err := t.hand.Inbox.Remind(tx, t.hand.Person, e, t.to.Kind, t.hand.Now)
	return &out, err
}

// wantSender: out of Notifications to INBOX means that its sender always goes there.
func wantSender(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	if err := t.hand.Inbox.MovedFromNotifications(tx, t.hand.Person, e, t.hand.Now); err != nil {
		return nil, err
	}
	return movePlain(tx, t, e)
}

// copyWanted: COPY from Notifications to INBOX; EXPUNGE makes it a move.
func copyWanted(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	t.remember = true
	return copyPlain(tx, t, e)
}

// fileNotUrgent: urgent mail into Not urgent says to its author alone, once a month, that
// it was not.
func fileNotUrgent(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	if err := t.hand.Inbox.FiledNotUrgent(tx, t.hand.Person, e.MessageID, t.hand.Now); err != nil {
		return nil, err
	}
	return movePlain(tx, t, e)
}

// copyNotUrgent: filing a copy says the same.
func copyNotUrgent(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	if err := t.hand.Inbox.FiledNotUrgent(tx, t.hand.Person, e.MessageID, t.hand.Now); err != nil {
		return nil, err
	}
	return copyPlain(tx, t, e)
}
