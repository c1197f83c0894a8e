package store

import (
	"context"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Held mail that needs nothing but its own rows is written past closures: all of it
// that comes together with some ten statements of many rows, instead of some twenty for
// each. The rows are those that an ordinary transaction would write.

// A Holding is mail for Hold: its recipients wait, and it shows in a mailbox.
type Holding struct {
	Submission Submission // ID and MessageID are given by Hold
	Thread     string     // topic of the thread that it begins
	Ref        Ref        // Rank and Told; the rest follows
	Head       []byte     // as submitted
	Body       []byte
	Sum        [sha256.Size]byte // of Body
	Entry      Entry             // MailboxID, Flags, Keywords; the rest is given by Hold
	Recipients []Recipient       // State is Held; IDs are given by Hold
	Accepted   Event             // the line of the submission
	Held       []Event           // the line of each recipient
	After      func()            // once it is on the disk, before Hold returns; as Tx.AfterCommit
}

// Hold accepts a mail that waits: once it returns nil, h is on the disk with its ids.
// ErrKnown: its Message-ID was seen before, it may be what later answers without
// references belong to, or the mailbox is not the author's any more; what that means is
// decided in an ordinary transaction.
func (db *DB) Hold(ctx context.Context, h *Holding) error {
	for i := range h.Held {
		if _, err := recordOf(&h.Held[i]); err != nil {
			return fmt.Errorf("hold: %w", err)
		}
	}
	if _, err := recordOf(&h.Accepted); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	return db.await(&job{ctx: ctx, hold: h, done: make(chan error, 1)})
}

// hold writes the held mail of a batch.
func (f *flights) hold(batch []*job) error {
	var jobs []*job
	for _, j := range batch {
		if j.hold == nil {
			continue
		}
		if j.err = j.ctx.Err(); j.err == nil {
			jobs = append(jobs, j)
		}
	}
	jobs, err := f.unknown(jobs)
	if err != nil || len(jobs) == 0 {
		return err
	}
	w := &holdings{b: f.b, last: map[string]int64{}}
	if err := w.begin(jobs); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	if err := f.ask(); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	for _, j := range jobs {
		if j.err != nil {
			continue
		}
		f.asked++
		j.hold.Submission.ID = f.asked
		w.add(j.hold)
		j.tx = &Tx{touched: map[int64]struct{}{j.hold.Entry.MailboxID: {}}}
		if j.hold.After != nil {
			j.tx.after = []func(){j.hold.After}
		}
	}
	if err := w.write(); err != nil {
		return fmt.Errorf("hold: %w", err)
	}
	return nil
}

// unknown leaves those whose Message-ID was never seen and that nobody has answered,
// and of two that have the same the first. The others get ErrKnown.
func (f *flights) unknown(jobs []*job) ([]*job, error) {
	var mids, subjects []driver.Value
	for _, j := range jobs {
		mids, subjects = append(mids, j.mid()), j.hold.Ref.Told.subject(subjects)
	}
	known := map[string]bool{}
	err := f.b.where(knownMIDs, mids, func(v driver.Value) { known[text(v)] = true })
	if err != nil {
		return nil, fmt.Errorf("look for message ids: %w", err)
	}
	bare, err := f.b.bareAnswers(subjects)
	if err != nil {
		return nil, err
	}
	var out []*job
	for _, j := range jobs {
		if _, up := f.mids[j.mid()]; up || known[j.mid()] || bare.may(j.hold.Ref.Told) {
			j.err = ErrKnown
			continue
		}
		known[j.mid()] = true
		out = append(out, j)
	}
	return out, nil
}

// mid is the Message-ID of held mail.
func (j *job) mid() string { return j.hold.Submission.MID }

// holdings collects the rows of held mail.
type holdings struct {
	b     *bulk
	last  map[string]int64 // highest id given, of some tables
	boxes map[int64]*numbers

	threads, refs, bodies, chunks, messages, submissions, recipients, events, entries []driver.Value
}

// numbers are the last UID and modseq given in a mailbox.
type numbers struct{ uid, modseq int64 }

// begin looks up the ids to go on from, and numbers the entries of each mailbox.
func (w *holdings) begin(jobs []*job) error {
	for _, table := range []string{"body", "message", "recipient", "thread"} {
		err := w.b.exec(`SELECT seq FROM sqlite_sequence WHERE name = ?`, func(v driver.Value) { w.last[table], _ = v.(int64) }, table)
		if err != nil {
			return err
		}
	}
	w.boxes = map[int64]*numbers{}
	of := map[int64][]*job{}
	for _, j := range jobs {
		of[j.hold.Entry.MailboxID] = append(of[j.hold.Entry.MailboxID], j)
	}
	for box, list := range of {
		n := int64(len(list))
		err := w.b.exec(`UPDATE mailbox SET modseq = modseq + ?1, uidnext = uidnext + ?1 WHERE id = ?2 AND person_id = ?3
			RETURNING uidnext || ' ' || modseq`, func(v driver.Value) {
			uid, modseq, _ := strings.Cut(text(v), " ")
			next, _ := strconv.ParseInt(uid, 10, 64)
			high, _ := strconv.ParseInt(modseq, 10, 64)
			w.boxes[box] = &numbers{next - 1 - n, high - n}
		}, n, box, list[0].hold.Submission.AuthorID)
		if err != nil {
			return fmt.Errorf("number entries: %w", err)
		}
		at := w.boxes[box]
		for _, j := range list {
			if at == nil || j.hold.Submission.AuthorID != list[0].hold.Submission.AuthorID {
				j.err = ErrKnown
			}
		}
		if at != nil && at.uid+n > maxUID {
			return ErrNoUID
		}
	}
	return nil
}

func (w *holdings) next(table string) int64 {
	w.last[table]++
	return w.last[table]
}

// add collects the rows of one mail and gives it its ids.
func (w *holdings) add(h *Holding) {
	s := &h.Submission
	at := stampValue(s.Accepted)
	thread, body, message := w.next("thread"), w.next("body"), w.next("message")
	s.MessageID = message
	w.threads = append(w.threads, thread, h.Thread, at, at)
	w.refs = append(w.refs, h.Ref.first(s.MID, thread)...)
	w.bodies = append(w.bodies, body, int64(len(h.Body)), h.Sum[:], "whole", at)
	for seq, data := int64(0), h.Body; len(data) > 0; seq++ {
		n := min(len(data), chunkSize)
		w.chunks = append(w.chunks, body<<16|seq, data[:n])
		data = data[n:]
	}
	w.messages = append(w.messages, message, string(OriginSubmitted), body, notNil(h.Head), int64(len(h.Head)+len(h.Body)), s.MID, thread, at)
	w.submissions = append(w.submissions, s.ID, message, idValue(s.AuthorID), s.ReversePath, s.EnvID, s.Ret, boolValue(s.UTF8), s.MID,
		s.InReplyTo, s.Digest, s.Subject, jsonText(s.Plan), at)
	w.event(&h.Accepted, s.ID, 0, message, "")
	for i := range h.Recipients {
		r := &h.Recipients[i]
		r.ID, r.SubmissionID = w.next("recipient"), s.ID
		w.recipients = append(w.recipients, r.ID, s.ID, r.Address, idValue(r.PersonID), r.Notify, r.ORcpt, string(Held), stampValue(r.Due), jsonText(r.Plan))
		w.event(&h.Held[i], s.ID, r.ID, 0, Held)
	}
	box := w.boxes[h.Entry.MailboxID]
	box.uid, box.modseq = box.uid+1, box.modseq+1
	h.Entry.UID, h.Entry.ModSeq, h.Entry.MessageID, h.Entry.SubmissionID = uint32(box.uid), uint64(box.modseq), message, s.ID //nolint:gosec // begin bounds them
	w.entries = append(w.entries, h.Entry.MailboxID, box.uid, message, box.modseq, at, int64(h.Entry.Flags), strings.Join(h.Entry.Keywords, " "), s.ID)
}

// event collects a line of the ledger, whose detail is JSON already.
func (w *holdings) event(e *Event, submission, recipient, message int64, state State) {
	detail, _ := e.Detail.(json.RawMessage)
	w.events = append(w.events, stampValue(e.At), e.Kind, submission, idValue(recipient), idValue(message), idValue(e.PersonID),
		string(state), jsonText(detail))
}

// write puts the rows down, what is referred to first.
func (w *holdings) write() error {
	for _, t := range []struct {
		text    string
		columns int
		values  []driver.Value
	}{
		{`INSERT INTO thread (id, subject, created, updated)`, 4, w.threads},
		{`INSERT ` + insertFirst, firstFields, w.refs},
		{`INSERT INTO body (id, size, sha256, state, created)`, 5, w.bodies},
		{`INSERT INTO message (id, origin, body_id, head, size, mid, thread_id, created)`, 8, w.messages},
		{`INSERT INTO submission (id, message_id, author_id, reverse_path, env_id, ret, utf8, mid, in_reply_to, digest, subject, plan, accepted)`,
			13, w.submissions},
		{`INSERT INTO recipient (id, submission_id, address, person_id, notify, orcpt, state, due, plan)`, 9, w.recipients},
		{`INSERT INTO event (at, kind, submission_id, recipient_id, message_id, person_id, state, detail)`, 8, w.events},
		{`INSERT INTO entry (mailbox_id, uid, message_id, modseq, internaldate, flags, keywords, submission_id)`, 8, w.entries},
	} {
		if err := w.b.insert(t.text, t.columns, t.values); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(w.chunks, 2) { // One by one: they may be large.
		if err := w.b.exec(`INSERT INTO chunk (id, data) VALUES (?, ?)`, nil, chunk...); err != nil {
			return err
		}
	}
	return nil
}
