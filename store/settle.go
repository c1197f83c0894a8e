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
	var events []driver.Value
	for _, j := range batch {
		if j.settle == nil {
			continue
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		for i := range j.settle.Recipients {
			r, e := &j.settle.Recipients[i], &j.settle.Delivered[i]
			moved := false
			err := f.b.exec(`UPDATE recipient SET state = 'delivered', due = NULL, claimed = NULL, settled = ?, reply = ?, remote = ?
				WHERE id = ? AND state = 'sending' RETURNING id`, func(driver.Value) { moved = true },
				stampValue(r.Settled), r.Reply, r.Remote, r.ID)
			if err != nil {
				return fmt.Errorf("settle recipient %d: %w", r.ID, err)
			}
			if moved {
				events = append(events, eventRow(e, r.SubmissionID, r.ID, 0, Delivered)...)
			}
		}
		err := f.b.exec(`INSERT INTO orphan (message_id, after) VALUES (?1, ?3), (?2, ?3)
			ON CONFLICT (message_id) DO UPDATE SET after = max(after, excluded.after)`, nil,
			j.settle.Submitted, j.settle.Rendition, stampValue(j.settle.After))
		if err != nil {
			return fmt.Errorf("settle: %w", err)
		}
	}
	if err := f.b.insert(insertEvents, eventFields, events); err != nil {
		return fmt.Errorf("settle: %w", err)
	}
	return nil
}
