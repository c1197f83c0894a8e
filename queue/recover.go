package queue

import (
	"context"
	"fmt"
	"sync"
	"time"

	"tidepost/store"
)

// recoverBatch is how many interrupted recipients one transaction takes up.
const recoverBatch = 200

// begin takes up what a process before this one left: recipients that were being
// sent go back into the queue. Whether the other server has them nobody knows, so
// the ledger says possible-duplicate. It happens once, before the first release.
func (q *Queue) begin(ctx context.Context, now time.Time) error {
	q.beginMu.Lock()
	defer q.beginMu.Unlock()
	if q.begun {
		return nil
	}
	for {
		n := 0
		err := q.db.Update(ctx, func(tx *store.Tx) error {
			list, err := tx.InterruptedRecipients(recoverBatch)
			if err != nil {
				return err
			}
			n = len(list)
			for _, r := range list {
				if err := q.takeUp(tx, r, now); err != nil {
					return err
				}
			}
			return q.remember(tx)
		})
		if err != nil {
			return fmt.Errorf("recover: %w", err)
		}
		if n < recoverBatch {
			q.begun = true
			return nil
		}
	}
}

func (q *Queue) takeUp(tx *store.Tx, r store.Recipient, now time.Time) error {
	r.State, r.Due, r.Claimed = store.Deferred, now, time.Time{}
	ev := store.Event{At: now, Kind: evPossible, SubmissionID: r.SubmissionID, RecipientID: r.ID, Detail: detail{"attempt": r.Attempts, "after": "restart"}}
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	return tx.MoveRecipient(r, store.Sending, store.Event{At: now, Kind: evDeferred, Detail: detail{"attempt": r.Attempts, "after": "restart"}})
}

// A pause is when releases wait because the wall clock was set forward.
type pause struct {
	mu    sync.Mutex
	until time.Time
}

// pauseLook is how soon a pause is looked at again.
const pauseLook = time.Minute

// look asks the clock guard, and reports whether releases must wait.
func (q *Queue) look(now time.Time) bool {
	if q.o.Clock == nil {
		return false
	}
	stepped, paused := q.o.Clock.Look(now)
	if stepped > 0 {
		q.alarm("clock", fmt.Sprintf("the clock was set forward by %s; releases wait 10 minutes", stepped.Round(time.Second)))
	}
	q.pause.mu.Lock()
	defer q.pause.mu.Unlock()
	q.pause.until = time.Time{}
	if paused {
		q.pause.until = now.Add(pauseLook)
	} else {
		q.allClear("clock")
	}
	return paused
}

func (q *Queue) pausedUntil() time.Time {
	q.pause.mu.Lock()
	defer q.pause.mu.Unlock()
	return q.pause.until
}
