// Package controls is what moving a message between folders means: which folder to
// which folder does what (table.go), whoever moves it, a mail client connected to
// Tidepost (imapd) or one connected to the provider that a person has (mirror).
//
// A Transfer is one MOVE or COPY of any number of messages. Every act runs in the
// caller's transaction, with a compare-and-set on what waits, so of a move that meets
// a release exactly one wins.
//
// Errors that a person must hear are *Refusal and, from the packages below,
// *queue.ErrCannot, queue.ErrLeft and inbox.ErrGone.
//
// It is not responsible for what waits and why (queue, inbox), nor for how a move
// comes in and how its outcome is told.
package controls

import (
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// A Refusal says in plain words why a message cannot go there. Nothing has changed.
type Refusal struct{ Reason string }

// Error implements error.
func (r *Refusal) Error() string { return r.Reason }

// A Hand is what a person moves mail with.
type Hand struct {
	Queue  *queue.Queue
	Inbox  *inbox.Inbox
	Person *people.Person
	Now    time.Time
}

// A Transfer is one MOVE or COPY between two folders of a person.
type Transfer struct {
	hand Hand
	from store.Mailbox
	to   store.Mailbox
	act  act

	content  *mail.Content // of the message at hand
	remember bool          // see Copy
}

// Between begins a transfer from one folder to another.
func (h Hand) Between(from, to store.Mailbox) *Transfer {
	return &Transfer{hand: h, from: from, to: to, act: actOf(from.Kind, to.Kind)}
}

// Reads reports whether Move and Copy want the content of the message: text and
// structure are judged inside the transaction, and read before it.
func (t *Transfer) Reads() bool { return t.act.scan }

// Vanishes reports whether COPY takes the source away, as MOVE does.
func (t *Transfer) Vanishes() bool { return t.act.vanishes }

// Move moves e from the one folder to the other, whatever that means there. It returns
// the entry in the target, or where the message went instead, nil if there is none.
// content is wanted only if Reads.
func (t *Transfer) Move(tx *store.Tx, e store.Entry, content *mail.Content) (*store.Entry, error) {
	if err := t.allowed(e); err != nil {
		return nil, err
	}
	t.content = content
	return t.act.move(tx, t, e)
}

// Copy is Move for COPY. With remember, an EXPUNGE of e that follows is to be told that e
// was copied: together they are a move.
func (t *Transfer) Copy(tx *store.Tx, e store.Entry, content *mail.Content) (out *store.Entry, remember bool, err error) {
	if err := t.allowed(e); err != nil {
		return nil, false, err
	}
	t.content, t.remember = content, false
	out, err = t.act.copy(tx, t, e)
	return out, t.remember, err
}

// allowed says in plain words why an entry cannot go where it is wanted.
func (t *Transfer) allowed(e store.Entry) error {
	if t.act.refusal != "" {
		return &Refusal{t.act.refusal}
	}
	if isTimetable(t.from.Kind, e) {
		return &Refusal{"The timetable stays in Scheduled; deleted, it comes back"}
	}
	if isAdvice(t.from.Kind, e) && IsOutgoing(t.to.Kind) {
		return &Refusal{"That is the advice; move the draft beside it"}
	}
	return nil
}

// isTimetable: the letter on top of Scheduled is the one entry there that waits for
// nothing.
func isTimetable(k store.Kind, e store.Entry) bool {
	return k == store.KindScheduled && e.SubmissionID == 0
}

// isAdvice: what lies in Before sending beside a draft. It is an ordinary letter.
func isAdvice(k store.Kind, e store.Entry) bool { return k == store.KindBefore && e.SubmissionID == 0 }

// AppendRefusal says which folders take no APPEND, nil if this one does.
func AppendRefusal(k store.Kind) error {
	switch {
	case k == store.KindNextDelivery:
		return &Refusal{"Next delivery is filled by Tidepost"}
	case k == store.KindBefore:
		return &Refusal{"Before sending is filled by Tidepost"}
	case k == store.KindDecisions:
		return &Refusal{"Decisions is filled by Tidepost; put a mail here that you have sent"}
	case IsAsked(k):
		return &Refusal{"Tidepost fills this folder, with mail that asks something"}
	case IsReminder(k):
		return &Refusal{"Only mail that is in another folder can be a reminder; move it here"}
	}
	return nil
}

// Append is APPEND to a folder for which IsOutgoing is true: what was there lately waits
// again, a draft is sent. staged is taken over when the error is nil. It returns the
// entry that waits, nil if none does.
func (h Hand) Append(tx *store.Tx, staged *store.Staged, flags store.Flags, kind store.Kind) (*store.Entry, error) {
	return h.Queue.AppendIn(tx, h.Person, staged, flags, kind, h.Now)
}

// Missing decides about an entry that somebody names and that is gone: one that left
// because it was sent is worth saying (queue.ErrLeft), and its author is told; any other
// is passed over, as a UID that names nothing is (RFC 9051 §6.4.8).
func (h Hand) Missing(tx *store.Tx, box store.Mailbox, uid uint32) error {
	if !WaitsIn(box.Kind) {
		return nil
	}
	return h.Queue.TooLate(tx, h.Person, box, uid, h.Now)
}

// Expunge removes an entry that is flagged \Deleted: alone it means what deleting means
// in that folder, behind a COPY that was to be remembered it completes a move.
func (h Hand) Expunge(tx *store.Tx, box store.Mailbox, e store.Entry, copied bool) error {
	switch {
	case IsOutgoing(box.Kind) || box.Kind == store.KindBefore && e.SubmissionID != 0: // The timetable, too: it comes back.
		return h.Queue.CancelEntry(tx, h.Person, e, h.Now)
	case box.Kind == store.KindNextDelivery && e.DeliveryID != 0:
		_, err := h.Inbox.Withdraw(tx, h.Person.ID, e, h.Now)
		return err
	case box.Kind == store.KindNeedsReply:
		return h.closeAsked(tx, box, e)
	case box.Kind == store.KindWaitingFor && copied: // Behind a COPY elsewhere than to Trash.
		return h.showAgain(tx, e)
	case box.Kind == store.KindWaitingFor:
		return h.closeAsked(tx, box, e)
	case copied:
		if err := h.Inbox.MovedFromNotifications(tx, h.Person, e, h.Now); err != nil {
			return err
		}
	}
	return tx.RemoveEntry(e, store.GoneExpunged, h.Now)
}

// Flagged follows a change of flags: on waiting mail \Deleted freezes the release until
// EXPUNGE or until it is taken away.
func (h Hand) Flagged(tx *store.Tx, box store.Mailbox, e store.Entry, was store.Flags) error {
	if !WaitsIn(box.Kind) || e.SubmissionID == 0 || (e.Flags^was)&store.Deleted == 0 {
		return nil
	}
	return h.Queue.SetFrozen(tx, h.Person, e, e.Flags&store.Deleted != 0, h.Now)
}

// FlagsRefusal refuses \Deleted in Decisions: EXPUNGE would find it.
func FlagsRefusal(k store.Kind, flags store.Flags) error {
	if k == store.KindDecisions && flags&store.Deleted != 0 {
		return errDecided()
	}
	return nil
}
