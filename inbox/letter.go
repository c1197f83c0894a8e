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
	m, err := b.compose(tx, to, letter, now)
	if err != nil {
		return store.Entry{}, "", err
	}
	e, err := b.putMessage(tx, to, kind, m, 0, now)
	return e, m.MID, err
}

// PutRaw files a message that was composed elsewhere, such as a delivery report
// (RFC 3464): head with the blank line, and body, CRLF line ends.
func (b *Inbox) PutRaw(tx *store.Tx, to *people.Person, kind store.Kind, head, body []byte, now time.Time) (store.Entry, error) {
	m, err := b.storeOwn(tx, head, body, now)
	if err != nil {
		return store.Entry{}, err
	}
	return b.putMessage(tx, to, kind, m, 0, now)
}

// PutSeen is Put for a letter that stands in a folder to be looked at and announces
// nothing: the timetable in Scheduled.
func (b *Inbox) PutSeen(tx *store.Tx, to *people.Person, kind store.Kind, letter mail.Letter, now time.Time) (store.Entry, string, error) {
	m, err := b.compose(tx, to, letter, now)
	if err != nil {
		return store.Entry{}, "", err
	}
	e, err := b.putMessage(tx, to, kind, m, store.Seen, now)
	return e, m.MID, err
}

func (b *Inbox) putMessage(tx *store.Tx, to *people.Person, kind store.Kind, m store.Message, flags store.Flags, now time.Time) (store.Entry, error) {
	e := store.Entry{MessageID: m.ID, InternalDate: now, Flags: flags}
	if err := b.add(tx, to.ID, kind, &e); err != nil {
		return e, fmt.Errorf("put letter into %s of person %d: %w", kind, to.ID, err)
	}
	ev := store.Event{At: now, Kind: EventNote, PersonID: to.ID, MessageID: m.ID, Detail: map[string]any{"mid": m.MID, "folder": kind}}
	return e, tx.AddEvent(ev)
}

// compose stores a letter as a message.
func (b *Inbox) compose(tx *store.Tx, to *people.Person, letter mail.Letter, now time.Time) (store.Message, error) {
	if letter.MessageID == "" {
		mid, err := mail.NewMessageID(b.o.Rand, b.o.Domain)
		if err != nil {
			return store.Message{}, fmt.Errorf("compose letter: %w", err)
		}
		letter.MessageID = mid
	}
	if letter.Date.IsZero() {
		letter.Date = now.In(to.Zone())
	}
	head, body, err := mail.Compose(letter, b.o.Rand)
	if err != nil {
		return store.Message{}, fmt.Errorf("compose letter: %w", err)
	}
	return b.storeOwn(tx, head, body, now)
}

func (b *Inbox) storeOwn(tx *store.Tx, head, body []byte, now time.Time) (store.Message, error) {
	staged := store.StageBytes(bytes.Clone(head), body)
	id, err := tx.AddBody(staged, now)
	if err != nil {
		return store.Message{}, err
	}
	facts := mail.FactsOf(mail.ParseHeader(head), staged.Content, mail.Address{})
	m := store.Message{Origin: store.OriginComposed, BodyID: id, Head: staged.Head, Size: staged.Size(), MID: facts.MessageID, Created: now}
	if m.ThreadID, err = PlaceThread(tx, facts, now); err != nil {
		return m, err
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
