package inbox

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidepost/store"
)

// openAllBatch bounds one transaction of OpenAll, so that mail goes in and out meanwhile.
const openAllBatch = 200

// OpenAll publishes everything that waits for a tide, of everybody, at now and without
// digests: for a team that goes back to a plain server. It returns how many messages
// appeared. What was taken out meanwhile is left; broken off, what was done stands. Trouble
// with one message is not another's. progress may be nil.
func (b *Inbox) OpenAll(ctx context.Context, now time.Time, progress func(done, total int)) (done int, err error) {
	var who []int64
	total := 0
	err = b.db.View(ctx, func(tx *store.Tx) (err error) {
		if who, err = tx.PersonsWaiting(); err != nil {
			return err
		}
		total, err = tx.CountWaiting(0)
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("open all tides: %w", err)
	}
	var errs []error
	for _, id := range who {
		n, err := b.openAllOf(ctx, id, now, func(n int) {
			if progress != nil {
				progress(done+n, total)
			}
		})
		done += n
		if errs = append(errs, err); ctx.Err() != nil {
			break
		}
	}
	return done, errors.Join(errs...)
}

// openAllOf publishes what waits for one person.
func (b *Inbox) openAllOf(ctx context.Context, person int64, now time.Time, step func(n int)) (done int, err error) {
	for {
		var batch []store.Delivery
		err := b.db.View(ctx, func(tx *store.Tx) (err error) {
			batch, err = tx.WaitingDeliveries(person, time.Time{}, openAllBatch)
			return err
		})
		if err != nil || len(batch) == 0 {
			return done, err
		}
		err = b.db.Update(ctx, func(tx *store.Tx) error { return b.publishAll(tx, batch, now) })
		if err != nil {
			n, err := b.openAllSingly(ctx, batch, now)
			return done + n, err
		}
		done += len(batch)
		step(done)
	}
}

func (b *Inbox) openAllSingly(ctx context.Context, batch []store.Delivery, now time.Time) (done int, err error) {
	var errs []error
	for i := range batch {
		err := b.db.Update(ctx, func(tx *store.Tx) error { return b.publishAll(tx, batch[i:i+1], now) })
		if err == nil {
			done++
		}
		errs = append(errs, err)
	}
	return done, errors.Join(errs...)
}

func (b *Inbox) publishAll(tx *store.Tx, batch []store.Delivery, now time.Time) error {
	return caught(func() error {
		for _, d := range batch {
			box, err := tx.MailboxByKind(d.PersonID, d.Target)
			if err != nil {
				return err
			}
			if _, err := b.publish(tx, d, box, false, now.Truncate(time.Second), now); err != nil && !errors.Is(err, store.ErrConflict) {
				return fmt.Errorf("delivery %d: %w", d.ID, err)
			}
		}
		return nil
	})
}
