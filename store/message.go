package store

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidepost/mail"
)

// An Origin says how a message came to be.
type Origin string

// The origins there are.
const (
	OriginSubmitted Origin = "submitted" // by a login, over SMTP or from a folder
	OriginReceived  Origin = "received"  // over SMTP or LMTP from elsewhere
	OriginAppended  Origin = "appended"  // IMAP APPEND
	OriginComposed  Origin = "composed"  // Tidepost's own letters
	OriginRendition Origin = "rendition" // another's body with the head of a release
)

// A Message is a head and, by id, a body. Both never change.
type Message struct {
	ID       int64
	Origin   Origin
	SourceID int64 // of a rendition
	BodyID   int64
	Head     []byte
	Size     int64  // octets of head and body
	MID      string // Message-ID without <>, may be ""
	ThreadID int64
	Created  time.Time
}

// InsertMessage adds m and sets m.ID.
func (tx *Tx) InsertMessage(m *Message) error {
	id, err := tx.insert(`INSERT INTO message (origin, source_id, body_id, head, size, mid, thread_id, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		string(m.Origin), nullID(m.SourceID), m.BodyID, m.Head, m.Size, m.MID, nullID(m.ThreadID), stamp(m.Created))
	if err != nil {
		return fmt.Errorf("insert message %s: %w", m.MID, err)
	}
	m.ID = id
	return nil
}

const messageColumns = `id, origin, source_id, body_id, head, size, mid, thread_id, created`

func scanMessage(m *Message) []any {
	return []any{&m.ID, (*string)(&m.Origin), (*nullID)(&m.SourceID), &m.BodyID, &m.Head, &m.Size, &m.MID,
		(*nullID)(&m.ThreadID), (*stamp)(&m.Created)}
}

// Message returns one message. ErrNotFound.
func (tx *Tx) Message(id int64) (Message, error) {
	var m Message
	err := tx.row(scanMessage(&m), `SELECT `+messageColumns+` FROM message WHERE id = ?`, id)
	if err != nil {
		return m, fmt.Errorf("message %d: %w", id, err)
	}
	return m, nil
}

// MessagesByMID returns the messages with a Message-ID, oldest first.
func (tx *Tx) MessagesByMID(mid string) ([]Message, error) {
	if mid == "" {
		return nil, nil
	}
	return all(tx, scanMessage, `SELECT `+messageColumns+` FROM message WHERE mid = ? AND mid <> '' ORDER BY id`, mid)
}

// Stripped reports whether the text of a message is not kept any more.
func (m Message) Stripped() bool { return m.BodyID == emptyBody || len(m.Head) == 0 }

// RefillMessage gives a stripped message its head and a body again.
func (tx *Tx) RefillMessage(m Message) error {
	_, err := tx.exec(`UPDATE message SET body_id = ?, head = ?, size = ? WHERE id = ?`, m.BodyID, m.Head, m.Size, m.ID)
	if err != nil {
		return fmt.Errorf("refill message %d: %w", m.ID, err)
	}
	return nil
}

// BodySum returns the SHA-256 of a message's body.
func (tx *Tx) BodySum(m Message) ([]byte, error) {
	var sum []byte
	err := tx.row([]any{&sum}, `SELECT sha256 FROM body WHERE id = ?`, m.BodyID)
	return sum, err
}

// DerivedVersion is raised when the code that computes derived data changes: rows of
// an older version are computed again.
const DerivedVersion = 1

// A Derived is what was computed from head and body once, for all readers.
type Derived struct {
	MessageID int64
	Envelope  *mail.ImapEnvelope
	Root      *mail.Part
	Preview   string
	NewWords  string
}

// An EncodedDerived is a Derived as it is stored, so that the one writer need not encode.
type EncodedDerived struct{ envelope, structure, preview, newWords string }

// Encode makes d ready to be stored, for whatever message.
func (d Derived) Encode() (e EncodedDerived, err error) {
	env, err := json.Marshal(d.Envelope)
	if err != nil {
		return e, fmt.Errorf("encode envelope: %w", err)
	}
	root, err := json.Marshal(d.Root)
	if err != nil {
		return e, fmt.Errorf("encode structure: %w", err)
	}
	return EncodedDerived{string(env), string(root), d.Preview, d.NewWords}, nil
}

// PutDerived stores derived data, replacing an older version.
func (tx *Tx) PutDerived(d Derived) error {
	e, err := d.Encode()
	if err != nil {
		return fmt.Errorf("derived data of %d: %w", d.MessageID, err)
	}
	return tx.PutEncoded(d.MessageID, e)
}

// PutEncoded is PutDerived for what was encoded before.
func (tx *Tx) PutEncoded(message int64, e EncodedDerived) error {
	_, err := tx.exec(`INSERT INTO derived (message_id, version, envelope, structure, preview, new_words)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6)
		ON CONFLICT (message_id) DO UPDATE SET version = ?2, envelope = ?3, structure = ?4, preview = ?5, new_words = ?6`,
		message, DerivedVersion, e.envelope, e.structure, e.preview, e.newWords)
	if err != nil {
		return fmt.Errorf("derived data of %d: %w", message, err)
	}
	return nil
}

// CopyDerived gives a message the derived data of another one that shares its body and
// all that is derived from its head. Without any there is nothing to copy.
func (tx *Tx) CopyDerived(from, to int64) error {
	_, err := tx.exec(`INSERT INTO derived (message_id, version, envelope, structure, preview, new_words)
		SELECT ?2, version, envelope, structure, preview, new_words FROM derived WHERE message_id = ?1`, from, to)
	if err != nil {
		return fmt.Errorf("derived data of %d: %w", to, err)
	}
	return nil
}

// Derived returns the derived data of a message. ErrNotFound: it was never computed,
// or by an older version.
func (tx *Tx) Derived(message int64) (Derived, error) {
	d := Derived{MessageID: message}
	var env, root string
	err := tx.row([]any{&env, &root, &d.Preview, &d.NewWords},
		`SELECT envelope, structure, preview, new_words FROM derived WHERE message_id = ? AND version = ?`,
		message, DerivedVersion)
	if err == nil {
		err = json.Unmarshal([]byte(env), &d.Envelope)
	}
	if err == nil {
		err = json.Unmarshal([]byte(root), &d.Root)
	}
	if err != nil {
		return d, fmt.Errorf("derived data of %d: %w", message, err)
	}
	return d, nil
}

// StaleDerived returns messages that stand in a mailbox, with an entry above after, and
// have no derived data of this version, at most limit, in the order of their entries. It
// returns the last of these entries, behind which to look on.
func (tx *Tx) StaleDerived(after int64, limit int) (ids []int64, last int64, err error) {
	type row struct{ entry, message int64 }
	rows, err := all(tx, func(r *row) []any { return []any{&r.entry, &r.message} },
		`SELECT e.id, e.message_id FROM entry e LEFT JOIN derived d ON d.message_id = e.message_id
		 WHERE e.id > ? AND (d.version IS NULL OR d.version <> ?) ORDER BY e.id LIMIT ?`, after, DerivedVersion, limit)
	for _, r := range rows {
		last = r.entry
		if !slices.Contains(ids, r.message) {
			ids = append(ids, r.message)
		}
	}
	return ids, last, err
}

// NewestEntry returns the highest id of an entry, 0 if there is none.
func (tx *Tx) NewestEntry() (id int64, err error) {
	err = tx.row([]any{&id}, `SELECT coalesce(max(id), 0) FROM entry`)
	return id, err
}

// CountDerived returns how many messages have derived data of any version.
func (tx *Tx) CountDerived() (int, error) {
	var n int
	err := tx.row([]any{&n}, `SELECT count(*) FROM derived`)
	return n, err
}

// ExpireDerived makes the derived data of at most limit messages with an id above
// after count as missing, and takes them out of the full-text index. It returns the
// last id, 0 when there are no more.
func (tx *Tx) ExpireDerived(after int64, limit int) (last int64, err error) {
	ids, err := all(tx, func(id *int64) []any { return []any{id} },
		`SELECT message_id FROM derived WHERE message_id > ? ORDER BY message_id LIMIT ?`, after, limit)
	if err != nil || len(ids) == 0 {
		return 0, err
	}
	for _, id := range ids {
		if _, err := tx.exec(`DELETE FROM fts WHERE rowid = ?`, id); err != nil {
			return 0, fmt.Errorf("expire derived data of %d: %w", id, err)
		}
		if _, err := tx.exec(`UPDATE derived SET version = 0, indexed = 0 WHERE message_id = ?`, id); err != nil {
			return 0, fmt.Errorf("expire derived data of %d: %w", id, err)
		}
	}
	return ids[len(ids)-1], nil
}

// Orphans is Orphan for two messages.
func (tx *Tx) Orphans(one, other int64, after time.Time) error {
	_, err := tx.exec(`INSERT INTO orphan (message_id, after) VALUES (?1, ?3), (?2, ?3)
		ON CONFLICT (message_id) DO UPDATE SET after = max(after, excluded.after)`, one, other, stamp(after))
	return err
}

// Orphan notes that a message may have lost its last reference: it is looked at by
// Sweep after the given time.
func (tx *Tx) Orphan(message int64, after time.Time) error {
	_, err := tx.exec(`INSERT INTO orphan (message_id, after) VALUES (?1, ?2)
		ON CONFLICT (message_id) DO UPDATE SET after = max(after, excluded.after)`, message, stamp(after))
	return err
}
