package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/json"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// emptyBody is the id of the body of messages whose text nobody needs any more, but
// perhaps their head.
const emptyBody = 0

// emptySum is the SHA-256 of nothing.
const emptySum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// putEmptyBody makes the empty body.
const putEmptyBody = `INSERT OR IGNORE INTO body (id, size, sha256, state, created)
	VALUES (0, 0, x'` + emptySum + `', 'whole', '1970-01-01T00:00:00.000Z')`

// An unpacking writes the rows of express mail into the ordinary tables and removes its
// own. Mail that has landed becomes what a settled and swept mail is, but for its head:
// a later answer may ask who wrote it. Mail that is on its way becomes what it would
// be, had it been claimed by an ordinary release.
type unpacking struct {
	b    *bulk
	last map[string]int64 // highest id given, of some tables

	ids, threads, refs, bodies, messages, submissions, recipients, events, orphans []driver.Value
	chunks                                                                         []chunkOf
}

// A chunkOf is the text of a mail that is on its way.
type chunkOf struct {
	body int64
	data []byte
}

// unpack writes and removes a list of express mail, in the running transaction.
func (b *bulk) unpack(list []*Express) error {
	if len(list) == 0 {
		return nil
	}
	u := &unpacking{b: b, last: map[string]int64{}}
	for _, table := range []string{"body", "message", "recipient", "thread"} {
		err := b.exec(`SELECT seq FROM sqlite_sequence WHERE name = ?`, func(v driver.Value) { u.last[table], _ = v.(int64) }, table)
		if err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	for _, x := range list {
		u.add(x)
	}
	if len(u.orphans) > 0 {
		if err := b.exec(putEmptyBody, nil); err != nil {
			return fmt.Errorf("unpack: %w", err)
		}
	}
	if err := u.write(); err != nil {
		return fmt.Errorf("unpack: %w", err)
	}
	return nil
}

func (u *unpacking) next(table string) int64 {
	u.last[table]++
	return u.last[table]
}

// add collects the rows of one mail.
func (u *unpacking) add(x *Express) {
	s, at := &x.Submission, stampValue(x.Submission.Accepted)
	u.ids = append(u.ids, s.ID)
	thread := u.next("thread")
	u.threads = append(u.threads, thread, x.Thread, at, at)
	u.refs = append(u.refs, x.Ref.first(s.MID, thread)...)

	message := u.next("message")
	body, size := int64(emptyBody), int64(len(x.Head))
	if x.landing == nil {
		body = u.next("body")
		size += int64(len(x.Body))
		u.bodies = append(u.bodies, body, int64(len(x.Body)), x.Sum[:], "whole", at)
		u.chunks = append(u.chunks, chunkOf{body, x.Body})
	} else {
		u.orphans = append(u.orphans, message, stampValue(x.landing.At.Add(x.Keep)))
	}
	u.message(message, nil, OriginSubmitted, body, x.Head, size, s.MID, thread, at)
	rendition := message
	if x.landing == nil {
		rendition = u.next("message")
		u.message(rendition, message, OriginRendition, body, x.Rendition, int64(len(x.Rendition)+len(x.Body)), s.MID, thread, at)
	}
	u.submissions = append(u.submissions, s.ID, message, idValue(s.AuthorID), s.ReversePath, s.EnvID, s.Ret, boolValue(s.UTF8), s.MID,
		s.InReplyTo, s.Digest, s.Subject, jsonText(s.Plan), at)
	u.event(&x.Accepted, s.ID, 0, message, "")
	for i := range x.Recipients {
		u.recipient(x, i, rendition)
	}
}

func (u *unpacking) message(id int64, source driver.Value, origin Origin, body int64, head []byte, size int64, mid string, thread int64, at driver.Value) {
	u.messages = append(u.messages, id, string(origin), source, body, notNil(head), size, mid, thread, at)
}

// recipient collects the row and the lines of one recipient.
func (u *unpacking) recipient(x *Express, i int, rendition int64) {
	r, l := &x.Recipients[i], x.landing
	id := u.next("recipient")
	u.event(&x.Attempts[i], x.Submission.ID, id, rendition, Sending)
	state, claimed, settled, fate := Sending, stampValue(r.Claimed), driver.Value(nil), Fate{}
	if l != nil {
		state, claimed, settled, fate = Delivered, nil, stampValue(l.At), l.Fates[i]
		u.event(&Event{At: l.At, Kind: l.Kind, Detail: fate.Detail}, x.Submission.ID, id, 0, Delivered)
	}
	u.recipients = append(u.recipients, id, x.Submission.ID, r.Address, r.Notify, r.ORcpt, string(state), jsonText(r.Plan), rendition,
		int64(r.Attempts), stampValue(r.Released), claimed, settled, fate.Reply, fate.Remote)
}

// event collects a line of the ledger, whose detail is JSON already.
func (u *unpacking) event(e *Event, submission, recipient, message int64, state State) {
	u.events = append(u.events, eventRow(e, submission, recipient, message, state)...)
}

// insertEvents writes lines of the ledger, each an eventRow of eventFields values.
const (
	insertEvents = `INSERT INTO event (at, kind, submission_id, recipient_id, message_id, person_id, state, detail)`
	eventFields  = 8
)

func eventRow(e *Event, submission, recipient, message int64, state State) []driver.Value {
	detail, _ := e.Detail.(json.RawMessage)
	return []driver.Value{stampValue(e.At), e.Kind, submission, idValue(recipient), idValue(message), idValue(e.PersonID),
		string(state), jsonText(detail)}
}

// write puts the rows down, what is referred to first.
func (u *unpacking) write() error {
	for _, t := range []struct {
		text    string
		columns int
		values  []driver.Value
	}{
		{`INSERT INTO thread (id, subject, created, updated)`, 4, u.threads},
		{`INSERT OR IGNORE ` + insertFirst, firstFields, u.refs},
		{`INSERT INTO body (id, size, sha256, state, created)`, 5, u.bodies},
		{`INSERT INTO message (id, origin, source_id, body_id, head, size, mid, thread_id, created)`, 9, u.messages},
		{`INSERT INTO submission (id, message_id, author_id, reverse_path, env_id, ret, utf8, mid, in_reply_to, digest, subject, plan, accepted)`,
			13, u.submissions},
		{`INSERT INTO recipient (id, submission_id, address, notify, orcpt, state, plan, rendition_id, attempts, released, claimed, settled,
			reply, remote)`, 14, u.recipients},
		{insertEvents, eventFields, u.events},
		{`INSERT INTO orphan (message_id, after)`, 2, u.orphans},
	} {
		if err := u.b.insert(t.text, t.columns, t.values); err != nil {
			return err
		}
	}
	for _, c := range u.chunks {
		for seq, data := int64(0), c.data; len(data) > 0; seq++ {
			n := min(len(data), chunkSize)
			if err := u.b.exec(`INSERT INTO chunk (id, data) VALUES (?, ?)`, nil, c.body<<16|seq, data[:n]); err != nil {
				return err
			}
			data = data[n:]
		}
	}
	if err := u.b.where(`DELETE FROM express WHERE id IN (*)`, u.ids, nil); err != nil {
		return err
	}
	return u.b.where(`DELETE FROM landed WHERE id IN (*)`, u.ids, nil)
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

// unpackFile unpacks the express mail of a database that nobody else has open, of any
// schema.
func unpackFile(db *sql.DB) error {
	ctx := context.Background()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	var known bool
	if err := conn.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'express')`).Scan(&known); err != nil || !known {
		return err
	}
	return conn.Raw(func(c any) error {
		f := flights{b: newBulk(c.(*sqlite3.SQLiteConn))}
		defer f.close()
		if err := f.b.exec(`BEGIN IMMEDIATE`, nil); err != nil {
			return err
		}
		if err := f.look(); err != nil {
			f.b.exec(`ROLLBACK`, nil)
			return err
		}
		return f.b.exec(`COMMIT`, nil)
	})
}
