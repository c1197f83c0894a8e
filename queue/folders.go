package queue

import (
	"errors"
	"sync"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// A copyLog remembers for a while which waiting mail was copied out of Scheduled, so
// that COPY, \Deleted and EXPUNGE mean what MOVE means (PRODUCT, folders). A restart
// forgets it; EXPUNGE then cancels, which can be undone.
type copyLog struct {
	mu sync.Mutex
	at map[int64]copied // by submission
}

type copied struct {
	when time.Time
	kind store.Kind
}

const (
	copyTime  = 10 * time.Minute
	maxCopies = 10000
)

func (c *copyLog) put(sub int64, kind store.Kind, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.at) >= maxCopies {
		clear(c.at)
	}
	c.at[sub] = copied{now, kind}
}

// take returns where the submission was copied to lately.
func (c *copyLog) take(sub int64, now time.Time) (store.Kind, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x, ok := c.at[sub]
	delete(c.at, sub)
	return x.kind, ok && now.Sub(x.when) <= copyTime
}

func cancels(kind store.Kind) bool { return kind == store.KindDrafts || kind == store.KindTrash }

// MoveOut moves an entry out of Scheduled. To Drafts or Trash it cancels what has not
// left, and the entry becomes a draft there; to any other folder a copy is filed,
// and the waiting mail returns to Scheduled under a new UID. It returns the entry in
// target. ErrLeft, *ErrCannot.
func (q *Queue) MoveOut(tx *store.Tx, p *people.Person, e store.Entry, target store.Mailbox, now time.Time) (store.Entry, error) {
	s, ok, err := q.waiting(tx, p, e)
	if err != nil {
		return store.Entry{}, q.lost(p, s, err, now)
	}
	if !ok {
		return store.Entry{}, &ErrCannot{"the timetable is written by Tidepost and stays in Scheduled"}
	}
	if cancels(target.Kind) {
		return q.cancelInto(tx, p, s, e, &target, now)
	}
	out, err := q.fileCopy(tx, s, e, target, now)
	if err != nil {
		return out, err
	}
	return out, q.comeBack(tx, s, e, now)
}

// CopyOut copies an entry out of Scheduled; the mail goes on waiting. It returns the
// entry in target.
func (q *Queue) CopyOut(tx *store.Tx, p *people.Person, e store.Entry, target store.Mailbox, now time.Time) (store.Entry, error) {
	s, ok, err := q.waiting(tx, p, e)
	if err != nil {
		return store.Entry{}, q.lost(p, s, err, now)
	}
	if !ok {
		return q.fileCopy(tx, s, e, target, now)
	}
	out, err := q.fileCopy(tx, s, e, target, now)
	if err != nil {
		return out, err
	}
	tx.AfterCommit(func() { q.copies.put(s.ID, target.Kind, now) })
	return out, tx.AddEvent(store.Event{At: now, Kind: evCopied, SubmissionID: s.ID, PersonID: p.ID, Detail: detail{"to": target.Kind}})
}

// CancelEntry is EXPUNGE of an entry in Scheduled: it cancels what has not left, and
// the draft lies in Trash, unless the entry was just copied to Drafts or Trash. If it
// was just copied elsewhere the two commands were a move, and the mail goes on
// waiting. ErrLeft.
func (q *Queue) CancelEntry(tx *store.Tx, p *people.Person, e store.Entry, now time.Time) error {
	s, ok, err := q.waiting(tx, p, e)
	if err != nil {
		return q.lost(p, s, err, now)
	}
	if !ok { // The timetable: it comes back as long as something waits.
		q.touchTimetable(tx, p.ID, now)
		if err := tx.SetMeta(tableKey(p.ID), ""); err != nil {
			return err
		}
		return tx.RemoveEntry(e, store.GoneExpunged, now)
	}
	kind, moved := q.copies.take(s.ID, now)
	switch {
	case moved && !cancels(kind):
		return q.comeBack(tx, s, e, now)
	case moved:
		_, err = q.cancelInto(tx, p, s, e, nil, now)
	default:
		trash, terr := tx.MailboxByKind(p.ID, store.KindTrash)
		if terr != nil {
			return terr
		}
		_, err = q.cancelInto(tx, p, s, e, &trash, now)
	}
	return err
}

// cancelInto takes back and confirms it in one line.
func (q *Queue) cancelInto(tx *store.Tx, p *people.Person, s store.Submission, e store.Entry, target *store.Mailbox, now time.Time) (store.Entry, error) {
	out, cancelled, left, err := q.takeBack(tx, p, s, e, target, now)
	if err != nil {
		return out, err
	}
	return out, q.tellCancelled(tx, p, s, cancelled, left, now)
}

// takeBack cancels, takes the entry out of Scheduled and files the draft in target
// (nil: it is there already). ErrLeft.
func (q *Queue) takeBack(tx *store.Tx, p *people.Person, s store.Submission, e store.Entry, target *store.Mailbox, now time.Time) (out store.Entry, cancelled, left []store.Recipient, err error) {
	if cancelled, left, err = q.Cancel(tx, p, s.ID, now); err != nil {
		return out, nil, nil, err
	}
	if len(cancelled) == 0 {
		return out, nil, nil, q.lost(p, s, ErrLeft, now)
	}
	if err := tx.RemoveEntry(e, store.GoneCancelled, now); err != nil {
		return out, nil, nil, err
	}
	if err := q.withdrawDraft(tx, p, s, now); err != nil {
		return out, nil, nil, err
	}
	if err := tx.Orphan(s.MessageID, now.Add(keepCancelled)); err != nil {
		return out, nil, nil, err
	}
	if _, err := q.unsend(tx, s, now); err != nil {
		return out, nil, nil, err
	}
	if target != nil {
		out, err = q.fileCopy(tx, s, e, *target, now)
	}
	return out, cancelled, left, err
}

// fileCopy files what an entry of Scheduled shows in another folder. In Drafts and
// Trash it is a draft again, with a Bcc field for the recipients that no field
// names: the envelope would be lost otherwise.
func (q *Queue) fileCopy(tx *store.Tx, s store.Submission, e store.Entry, target store.Mailbox, now time.Time) (store.Entry, error) {
	out := store.Entry{MailboxID: target.ID, MessageID: e.MessageID, SubmissionID: s.ID, InternalDate: e.InternalDate,
		Flags: e.Flags &^ store.Deleted, Keywords: without(e.Keywords, keywordPending)}
	if cancels(target.Kind) && s.ID != 0 {
		out.Flags |= store.Draft | store.Seen
		m, err := q.draft(tx, s, now)
		if err != nil {
			return out, err
		}
		out.MessageID = m.ID
	}
	return out, tx.AddEntry(&out)
}

// draft returns the message as its author may edit it.
func (q *Queue) draft(tx *store.Tx, s store.Submission, now time.Time) (store.Message, error) {
	m, err := tx.Message(s.MessageID)
	if err != nil {
		return m, err
	}
	rcpts, err := tx.Recipients(s.ID)
	if err != nil {
		return m, err
	}
	head := q.withBcc(m.Head, rcpts)
	if len(head) == len(m.Head) {
		return m, nil
	}
	draft := store.Message{Origin: store.OriginRendition, SourceID: m.ID, BodyID: m.BodyID, Head: head,
		Size: m.Size + int64(len(head)-len(m.Head)), MID: m.MID, ThreadID: m.ThreadID, Created: now}
	if err := tx.InsertMessage(&draft); err != nil {
		return m, err
	}
	d, err := tx.Derived(m.ID)
	if errors.Is(err, store.ErrNotFound) {
		return draft, nil // Of an older version: it is computed again behind.
	}
	if err != nil {
		return draft, err
	}
	d.MessageID, d.Envelope = draft.ID, envelopeOf(head)
	return draft, tx.PutDerived(d)
}

// comeBack gives a waiting mail a new UID in its folder: its old one was moved away.
func (q *Queue) comeBack(tx *store.Tx, s store.Submission, e store.Entry, now time.Time) error {
	if err := tx.RemoveEntry(e, store.GoneMoved, now); err != nil {
		return err
	}
	if s.Frozen {
		s.Frozen = false
		if err := tx.UpdateSubmission(s); err != nil {
			return err
		}
		tx.AfterCommit(q.Kick)
	}
	coached, err := q.coached(tx, s)
	if err == nil {
		_, err = q.addWaiting(tx, s, coached, now)
	}
	return err
}

// TooLate is called for a UID that has gone from Scheduled. If it left by release
// within 30 days the author is told, once, and the error is ErrLeft; else nil.
func (q *Queue) TooLate(tx *store.Tx, p *people.Person, box store.Mailbox, uid uint32, now time.Time) error {
	x, err := tx.ExpungedUID(box.ID, uid)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	if box.Kind != store.KindScheduled && box.Kind != store.KindBefore || box.PersonID != p.ID || x.Reason != store.GoneReleased || now.Sub(x.At) > keepLate {
		return nil
	}
	s, err := tx.Submission(x.SubmissionID)
	if err != nil {
		return err
	}
	return q.lost(p, s, ErrLeft, now)
}

// lost passes an error of a move on. If the mail has left its author is told, in a
// transaction of its own: the one of the move is rolled back.
func (q *Queue) lost(p *people.Person, s store.Submission, err error, now time.Time) error {
	if !errors.Is(err, ErrLeft) && !errors.Is(err, store.ErrConflict) {
		return err
	}
	q.afterwards(func(tx *store.Tx) error {
		key := "late_told." + queueID(s.ID)
		if told, err := tx.Meta(key); err != nil || told != "" {
			return err
		}
		if err := tx.SetMeta(key, now.UTC().Format(time.RFC3339)); err != nil {
			return err
		}
		rcpts, err := tx.Recipients(s.ID)
		if err != nil {
			return err
		}
		var left []store.Recipient
		for _, r := range rcpts {
			if !r.Released.IsZero() {
				left = append(left, r)
			}
		}
		if len(left) == 0 {
			return nil
		}
		return q.tellTooLate(tx, p, s, left, now)
	})
	return ErrLeft
}

func without(words []string, word string) []string {
	var out []string
	for _, w := range words {
		if w != word {
			out = append(out, w)
		}
	}
	return out
}
