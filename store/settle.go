package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"time"
)

// A Settlement says that recipients who were being sent have their mail, and that
// nobody need be told.
type Settlement struct {
	Recipients []Recipient // as they become: State is Delivered
	Delivered  []Event     // the line of each
	Submitted  int64       // the message as submitted, and
	Rendition  int64       // as it left: both may have lost their last reference, and
	After      time.Time   // are looked at then
}

// Settle writes a settlement: all that come together with few statements of many rows.
// A recipient who is not being sent any more is left alone. Once it returns nil, the
// rest is on the disk.
func (db *DB) Settle(ctx context.Context, s *Settlement) error {
	for i := range s.Delivered {
		if _, err := recordOf(&s.Delivered[i]); err != nil {
			return fmt.Errorf("settle: %w", err)
		}
	}
	return db.await(&job{ctx: ctx, settle: s, done: make(chan error, 1)})
}

// settle writes the settlements of a batch.
func (f *flights) settle(batch []*job) error {
	var moves, orphans []driver.Value
	for _, j := range batch {
		if j.settle == nil {
			continue
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		for i := range j.settle.Recipients {
			r := &j.settle.Recipients[i]
			moves = append(moves, r.ID, stampValue(r.Settled), r.Reply, r.Remote)
		}
		after := stampValue(j.settle.After)
		orphans = append(orphans, j.settle.Submitted, after, j.settle.Rendition, after)
	}
	if len(moves) == 0 {
		return nil
	}
	moved := map[int64]bool{}
	err := f.b.values(`UPDATE recipient SET state = 'delivered', due = NULL, claimed = NULL, settled = v.column2, reply = v.column3,
		remote = v.column4 FROM (`, `) AS v WHERE recipient.id = v.column1 AND state = 'sending' RETURNING recipient.id`, 4, moves,
		func(row []driver.Value) { moved[number(row[0])] = true })
	if err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if err := f.b.orphans(orphans); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	if err := f.b.insert(insertEvents, eventFields, deliveredEvents(batch, moved)); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}

// deliveredEvents are the lines of those who were moved, each once.
func deliveredEvents(batch []*job, moved map[int64]bool) (events []driver.Value) {
	for _, j := range batch {
		if j.settle == nil || j.err != nil {
			continue
		}
		for i := range j.settle.Recipients {
			r := &j.settle.Recipients[i]
			if moved[r.ID] {
				moved[r.ID] = false
				events = append(events, eventRow(&j.settle.Delivered[i], r.SubmissionID, r.ID, 0, Delivered)...)
			}
		}
	}
	return events
}
