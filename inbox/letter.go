package inbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// Letters writes Tidepost's letters for this installation.
func (b *Inbox) Letters() digest.Writer { return b.letters }

// Put files a letter of Tidepost's own in a system folder of to, unread and at once,
// and returns its entry and Message-ID. A letter without Message-ID or Date gets
// them. Letters to people never travel: they come from here, so no filter, no
// vacation responder and no other server sees them.
func (b *Inbox) Put(tx *store.Tx, to *people.Person, kind store.Kind, letter mail.Letter, now time.Time) (store.Entry, string, error) {
	head, body, err := b.compose(to, letter, now)
	if err != nil {
		return store.Entry{}, "", err
	}
	return b.putMail(tx, to, kind, head, body, now)
}

// PutRaw files a message that was composed elsewhere, such as a delivery report
// (RFC 3464): head with the blank line, and body, CRLF line ends.
func (b *Inbox) PutRaw(tx *store.Tx, to *people.Person, kind store.Kind, head, body []byte, now time.Time) (store.Entry, error) {
	e, _, err := b.putMail(tx, to, kind, head, body, now)
	return e, err
}

func (b *Inbox) putMail(tx *store.Tx, to *people.Person, kind store.Kind, head, body []byte, now time.Time) (store.Entry, string, error) {
	m, err := b.storeOwn(tx, head, body, true, now)
	if err != nil {
		return store.Entry{}, "", err
	}
	e := store.Entry{MessageID: m.ID, InternalDate: now}
	if err := b.add(tx, to.ID, kind, &e); err != nil {
		return e, "", fmt.Errorf("put letter into %s of person %d: %w", kind, to.ID, err)
	}
	ev := store.Event{At: now, Kind: EventNote, PersonID: to.ID, MessageID: m.ID, Detail: map[string]any{"mid": m.MID, "folder": kind}}
	return e, m.MID, tx.AddEvent(ev)
}

// PutSeen is Put for a letter that stands in a folder to be looked at and announces
// nothing: the timetable in Scheduled. It is no event and begins no conversation.
func (b *Inbox) PutSeen(tx *store.Tx, to *people.Person, kind store.Kind, letter mail.Letter, now time.Time) (store.Entry, string, error) {
	m, err := b.storeLetter(tx, to, letter, now)
	if err != nil {
		return store.Entry{}, "", err
	}
	e := store.Entry{MessageID: m.ID, InternalDate: now, Flags: store.Seen}
	if err := b.add(tx, to.ID, kind, &e); err != nil {
		return e, "", fmt.Errorf("put letter into %s of person %d: %w", kind, to.ID, err)
	}
	return e, m.MID, nil
}

// storeLetter stores a letter that belongs to no conversation.
func (b *Inbox) storeLetter(tx *store.Tx, to *people.Person, letter mail.Letter, now time.Time) (store.Message, error) {
	head, body, err := b.compose(to, letter, now)
	if err != nil {
		return store.Message{}, err
	}
	return b.storeOwn(tx, head, body, false, now)
}

// compose writes a letter, with a Message-ID and a Date if it has none.
func (b *Inbox) compose(to *people.Person, letter mail.Letter, now time.Time) (head, body []byte, err error) {
	if letter.MessageID == "" {
		if letter.MessageID, err = mail.NewMessageID(b.o.Rand, b.o.Domain); err != nil {
			return nil, nil, fmt.Errorf("compose letter: %w", err)
		}
	}
	if letter.Date.IsZero() {
		letter.Date = now.In(to.Zone())
	}
	if head, body, err = mail.Compose(letter, b.o.Rand); err != nil {
		return nil, nil, fmt.Errorf("compose letter: %w", err)
	}
	return head, body, nil
}

func (b *Inbox) storeOwn(tx *store.Tx, head, body []byte, threaded bool, now time.Time) (store.Message, error) {
	staged := store.StageBytes(bytes.Clone(head), body)
	id, err := tx.AddBody(staged, now)
	if err != nil {
		return store.Message{}, err
	}
	facts := mail.FactsOf(mail.ParseHeader(head), staged.Content, mail.Address{})
	m := store.Message{Origin: store.OriginComposed, BodyID: id, Head: staged.Head, Size: staged.Size(), MID: facts.MessageID, Created: now}
	if threaded {
		if m.ThreadID, err = PlaceThread(tx, Threaded(facts, now), now); err != nil {
			return m, err
		}
	}
	if err := tx.InsertMessage(&m); err != nil {
		return m, err
	}
	return m, b.derive(tx, m, staged.Content)
}

// remember stores that a letter may be looked up by its Message-ID or its kind.
func remember(tx *store.Tx, mid string, person int64, kind string, detail any, now time.Time) error {
	raw, err := json.Marshal(detail)
	if err != nil {
		return fmt.Errorf("remember letter: %w", err)
	}
	return tx.AddNote(store.Note{MID: mid, PersonID: person, Kind: kind, Detail: raw, Created: now})
}

// PutAtWork is Put into INBOX for a letter that must not come outside its reader's
// hours: then it waits in Next delivery until they begin.
func (b *Inbox) PutAtWork(tx *store.Tx, to *people.Person, letter mail.Letter, now time.Time) (mid string, err error) {
	s := to.Schedule(now)
	opening, ok := s.NextOpening(now)
	if !ok || !s.HasHours() || s.Deliverable(now) {
		_, mid, err = b.Put(tx, to, store.KindInbox, letter, now)
		return mid, err
	}
	m, err := b.storeLetter(tx, to, letter, now)
	if err != nil {
		return "", err
	}
	d := store.Delivery{PersonID: to.ID, MessageID: m.ID, Target: store.KindInbox, Reason: string(ReasonLetter), State: store.Waiting,
		Due: opening, Plan: planJSON(plan{Wait: waitOpening}), Arrived: now}
	if err := tx.InsertDelivery(&d, store.Event{At: now, Kind: EventNote, MessageID: m.ID, Detail: map[string]any{"mid": m.MID, "due": opening}}); err != nil {
		return "", err
	}
	if err := b.file(tx, d, store.KindNextDelivery, store.Seen, now); err != nil {
		return "", err
	}
	tx.AfterCommit(func() { b.expect(opening) })
	return m.MID, nil
}
