package queue

import (
	"bytes"
	"context"
	"io"
	"time"

	"tidepost/store"
)

// Mail that nothing holds, to elsewhere, leaves in the very transaction that accepts
// it: one sync instead of two, and its octets are still in memory. Whatever is not
// plain goes the ordinary way by RunDue, which is always right.

// overtakeTime is how long mail that is due may be overtaken by mail just accepted.
const overtakeTime = 2 * time.Second

// workerPatience is how long a session waits for a worker. Who sends faster than mail
// can leave is slowed down a little, and much is saved: the ordinary way costs twice
// as much.
const workerPatience = 100 * time.Millisecond

// mayLeave reports whether the mail can leave as it is accepted, and keeps a worker
// for it then: who gets true calls giveBack afterwards. An answer may have to wait
// for the mail it answers, a signature takes too long for the one writer, and mail
// that has waited for a worker is not overtaken for long.
func (q *Queue) mayLeave(in *intake) bool {
	_, beyond, known := q.next.get()
	return known && (beyond.IsZero() || in.now.Sub(beyond) < overtakeTime) &&
		in.atOnce() && !in.failed && !in.toTeam() && !in.control && !in.folder &&
		in.staged.InMemory() && len(parents(in.facts)) == 0 && !q.signs(in.facts) &&
		q.pausedUntil().IsZero() && q.pool.reserve(workerPatience)
}

// giveBack ends what mayLeave kept: by now the worker has the mail, or there is none.
func (q *Queue) giveBack() {
	q.pool.release()
	q.freed()
}

// leave stores the recipients as claimed for an attempt, with the due time and reason
// that each of them has, and makes the flight for it.
func (q *Queue) leave(tx *store.Tx, in *intake, msg store.Message, sub store.Submission, rcpts []store.Recipient, why []detail) error {
	f := &flight{sub: sub, source: msg, fresh: true, zone: in.zone(), letter: decodeLetter(sub.Plan),
		facts: in.facts, content: in.content, body: in.staged.Body()}
	for i, r := range rcpts {
		f.leaving = append(f.leaving, &leaving{r: r, plan: in.plans[i], who: in.party(i)})
	}
	head := q.render(f, in.now)
	f.eight = hasEightBit(f.body) || hasEightBit(head)
	f.rendition = rendition(f, head, int64(len(f.body)), in.now)
	if err := q.putRendition(tx, f, in.now); err != nil {
		return err
	}
	for i := range rcpts {
		r := &rcpts[i]
		r.State, r.Due, r.RenditionID = store.Sending, time.Time{}, f.rendition.ID
		r.Released, r.Claimed, r.Attempts = in.now, in.now, 1
		why[i]["attempt"] = r.Attempts
		if err := tx.InsertRecipient(r, store.Event{At: in.now, Kind: evAttempt, MessageID: f.rendition.ID, Detail: why[i]}); err != nil {
			return err
		}
	}
	f.claimed = rcpts
	in.flight = f
	return nil
}

// rendition is the message with the head of a release, not stored yet.
func rendition(f *flight, head []byte, body int64, now time.Time) store.Message {
	return store.Message{Origin: store.OriginRendition, SourceID: f.source.ID, BodyID: f.source.BodyID, Head: head,
		Size: int64(len(head)) + body, MID: f.sub.MID, ThreadID: f.source.ThreadID, Created: now}
}

// open gives the octets of what a flight takes along, head first: from memory, if it
// left as it was accepted.
func (q *Queue) open(ctx context.Context, f *flight) io.ReadCloser {
	head := bytes.NewReader(f.rendition.Head)
	if f.body != nil {
		return io.NopCloser(io.MultiReader(head, bytes.NewReader(f.body)))
	}
	body := q.db.OpenBody(ctx, f.rendition)
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(head, body), body}
}
