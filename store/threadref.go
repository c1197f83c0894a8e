package store

import (
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"time"
)

// A Ref is what is remembered of a Message-ID that was seen or named
// (threading.Node).
type Ref struct {
	MID    string
	Parent string // "" for none
	Rank   int
	Thread int64
	Origin int64 // the thread it was in first
	Here   bool  // a message with that id is here; false: it was only named
	Told   *Told // nil: its subject joins nothing, or is known already
}

// A Told is what is remembered of a message that an answer without references may
// belong to.
type Told struct {
	Subject string    // base subject, RFC 5256 §2.1
	Written time.Time // cut to the millisecond
	From    []string  // addresses, lower-case
	To      []string
	Bare    bool // it is such an answer itself

	encoded string // people, once it was asked for
}

// people is how a Told stands in its column.
type toldPeople struct {
	From []string `json:"from"`
	To   []string `json:"to"`
}

func (t *Told) people() string {
	if t.encoded == "" {
		b := quotedList(append(make([]byte, 0, 128), `{"from":`...), t.From)
		t.encoded = string(append(quotedList(append(b, `,"to":`...), t.To), '}'))
	}
	return t.encoded
}

// quotedList appends a list of strings as JSON.
func quotedList(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = quoted(b, s)
	}
	return append(b, ']')
}

// values are subject, written, people and bare.
func (t *Told) values() [4]driver.Value {
	if t == nil {
		return [4]driver.Value{nil, nil, nil, int64(0)}
	}
	return [4]driver.Value{t.Subject, stampValue(t.Written), t.people(), boolValue(t.Bare)}
}

const refColumns = `mid, coalesce(parent, ''), rank, thread_id, coalesce(origin_id, thread_id), here`

func scanRef(r *Ref) []any {
	return []any{&r.MID, &r.Parent, &r.Rank, &r.Thread, &r.Origin, &r.Here}
}

// listOf is a list as json_each reads it.
func listOf(ids []string) string {
	return string(quotedList(nil, ids))
}

// Refs returns what is remembered of Message-IDs, without Told; those never heard of
// are left out.
func (tx *Tx) Refs(mids []string) ([]Ref, error) {
	list, err := all(tx, scanRef, `SELECT `+refColumns+` FROM thread_ref WHERE mid IN (SELECT value FROM json_each(?))`, listOf(mids))
	if err != nil {
		return nil, fmt.Errorf("look for message ids: %w", err)
	}
	return list, nil
}

// RefsBelow returns those whose parent is one of mids, at most limit, without Told.
func (tx *Tx) RefsBelow(mids []string, limit int) ([]Ref, error) {
	list, err := all(tx, scanRef, `SELECT `+refColumns+` FROM thread_ref WHERE parent IN (SELECT value FROM json_each(?)) LIMIT ?`,
		listOf(mids), limit)
	if err != nil {
		return nil, fmt.Errorf("look for answers: %w", err)
	}
	return list, nil
}

// RefsAlike returns the messages with a base subject that were written from an instant
// to another: MID and Told of the newest, the newest first, at most limit.
func (tx *Tx) RefsAlike(subject string, from, to time.Time, limit int) ([]Ref, error) {
	rows, err := tx.q.QueryContext(tx.ctx, `SELECT mid, written, people, bare FROM thread_ref
		WHERE subject = ? AND written BETWEEN ? AND ? ORDER BY written DESC LIMIT ?`, subject, stamp(from), stamp(to), limit)
	if err != nil {
		return nil, fmt.Errorf("look for a subject: %w", mapError(err))
	}
	defer rows.Close()
	var out []Ref
	for rows.Next() {
		r := Ref{Told: &Told{Subject: subject}}
		var raw []byte
		if err := rows.Scan(&r.MID, (*stamp)(&r.Told.Written), &raw, &r.Told.Bare); err != nil {
			return nil, fmt.Errorf("look for a subject: %w", mapError(err))
		}
		var p toldPeople
		if err := json.Unmarshal(raw, &p); err != nil {
			return nil, fmt.Errorf("people of %s: %w", r.MID, err)
		}
		r.Told.From, r.Told.To = p.From, p.To
		out = append(out, r)
	}
	return out, mapError(rows.Err())
}

// PutRef remembers what is known of a Message-ID, in place of what was known before.
// The thread that it was in first stays what it was; so does what was Told, if r does
// not tell anew.
func (tx *Tx) PutRef(r Ref) error {
	told := r.Told.values()
	_, err := tx.exec(`INSERT INTO thread_ref (mid, thread_id, parent, rank, origin_id, here, subject, written, people, bare)
		VALUES (?1, ?2, nullif(?3, ''), ?4, nullif(nullif(?5, 0), ?2), ?6, ?7, ?8, ?9, ?10)
		ON CONFLICT (mid) DO UPDATE SET origin_id = nullif(coalesce(origin_id, thread_id), excluded.thread_id), thread_id = excluded.thread_id,
			parent = excluded.parent, rank = excluded.rank, here = excluded.here,
			subject = coalesce(excluded.subject, subject), written = coalesce(excluded.written, written),
			people = coalesce(excluded.people, people), bare = max(excluded.bare, bare)`,
		r.MID, r.Thread, r.Parent, r.Rank, r.Origin, r.Here, told[0], told[1], told[2], told[3])
	if err != nil {
		return fmt.Errorf("remember %s: %w", r.MID, err)
	}
	return nil
}
