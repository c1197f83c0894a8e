package inbox

import (
	"errors"
	"fmt"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// ErrGone means that a waiting message is not there any more: its tide opened first.
var ErrGone = errors.New("the delivery has opened already")

// waiting returns the delivery that an entry of Next delivery stands for.
func waiting(tx *store.Tx, e store.Entry) (store.Delivery, error) {
	d, err := tx.Delivery(e.DeliveryID)
	if errors.Is(err, store.ErrNotFound) || err == nil && d.State != store.Waiting {
		return d, ErrGone
	}
	return d, err
}

// DeliverNow publishes a message that its reader drags out of Next delivery into
// target, and returns the new entry: unread, because nobody has been told of it.
// Dragging it into Trash withdraws it. ErrGone: the tide was faster.
func (b *Inbox) DeliverNow(tx *store.Tx, person int64, e store.Entry, target store.Mailbox, now time.Time) (store.Entry, error) {
	d, err := waiting(tx, e)
	if err == nil && d.PersonID != person {
		err = ErrGone
	}
	if err != nil {
		return store.Entry{}, err
	}
	if target.Kind == store.KindTrash {
		return b.withdraw(tx, d, e, target, now)
	}
	out, err := b.publish(tx, d, target, false, now.Truncate(time.Second), now)
	if errors.Is(err, store.ErrConflict) {
		err = ErrGone
	}
	return out, err
}

// Withdraw takes a waiting message that its reader deleted (EXPUNGE in Next delivery)
// out of the tide. It goes to Trash, unlike other expunged mail: it has not been
// delivered yet, and a client that empties a folder must not swallow it.
func (b *Inbox) Withdraw(tx *store.Tx, person int64, e store.Entry, now time.Time) (store.Entry, error) {
	d, err := waiting(tx, e)
	if err == nil && d.PersonID != person {
		err = ErrGone
	}
	if err != nil {
		return store.Entry{}, err
	}
	trash, err := tx.MailboxByKind(person, store.KindTrash)
	if err != nil {
		return store.Entry{}, err
	}
	return b.withdraw(tx, d, e, trash, now)
}

func (b *Inbox) withdraw(tx *store.Tx, d store.Delivery, e store.Entry, trash store.Mailbox, now time.Time) (store.Entry, error) {
	d.State, d.Due, d.Target = store.Withdrawn, time.Time{}, store.KindTrash
	err := tx.MoveDelivery(d, store.Waiting, store.Event{At: now, Kind: EventWithdrawn, MessageID: d.MessageID})
	if errors.Is(err, store.ErrConflict) {
		err = ErrGone
	}
	if err != nil {
		return store.Entry{}, err
	}
	if err := tx.RemoveEntry(e, store.GoneMoved, now); err != nil {
		return store.Entry{}, err
	}
	out := store.Entry{MailboxID: trash.ID, MessageID: d.MessageID, InternalDate: e.InternalDate, Flags: e.Flags &^ store.Deleted, Keywords: e.Keywords}
	if err := tx.AddEntry(&out); err != nil {
		return out, err
	}
	return out, b.o.Clocks.Delivered(tx, d, now) // Its reader has seen it, and deleting closes no question.
}

// MovedFromNotifications remembers that the sender of a message which its reader
// moved from Notifications to INBOX always goes there; the next digest confirms it.
func (b *Inbox) MovedFromNotifications(tx *store.Tx, p *people.Person, e store.Entry, now time.Time) error {
	m, err := tx.Message(e.MessageID)
	if err != nil {
		return err
	}
	from := mail.ParseHeader(m.Head).Addresses("From")
	if len(from) != 1 || from[0].Address.Domain == "" {
		return nil // Nobody to remember.
	}
	sender := from[0].Address.Key()
	isNew, err := tx.SetSenderRule(p.ID, sender, store.SenderInbox, now)
	if err != nil || !isNew {
		return err
	}
	ev := store.Event{At: now, Kind: EventSender, PersonID: p.ID, MessageID: m.ID, Detail: map[string]any{"sender": sender}}
	if err := tx.AddEvent(ev); err != nil {
		return fmt.Errorf("remember sender %s: %w", sender, err)
	}
	return nil
}
