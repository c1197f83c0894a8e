package inbox

import (
	"context"
	"errors"
	"fmt"

	"tidepost/store"
)

// rebuildBatch is how many messages one look brings.
const rebuildBatch = 100

// Rebuild computes derived data that is missing, or of an older version, for mail
// that stands in a mailbox, and returns for how many. progress is told after each
// batch; it may be nil.
func (b *Inbox) Rebuild(ctx context.Context, progress func(done int)) (int, error) {
	return b.rebuildAbove(ctx, 0, progress)
}

// rebuildNew is Rebuild for what came since it was called last: the entries of a large
// queue are not looked through at each wake-up.
func (b *Inbox) rebuildNew(ctx context.Context) error {
	var newest int64
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		newest, err = tx.NewestEntry()
		return err
	})
	if err != nil {
		return fmt.Errorf("look for mail to rebuild: %w", err)
	}
	if _, err := b.rebuildAbove(ctx, b.looked, nil); err != nil {
		return err
	}
	b.looked = newest
	return nil
}

// rebuildAbove is Rebuild for entries above an id.
func (b *Inbox) rebuildAbove(ctx context.Context, entry int64, progress func(done int)) (int, error) {
	done := 0
	for {
		var ids []int64
		err := b.db.View(ctx, func(tx *store.Tx) (err error) {
			ids, err = tx.StaleDerived(entry, rebuildBatch)
			return err
		})
		if err != nil {
			return done, fmt.Errorf("look for mail to rebuild: %w", err)
		}
		for _, id := range ids {
			if err := b.rebuildOne(ctx, id); err != nil {
				return done, fmt.Errorf("rebuild message %d: %w", id, err)
			}
			done++
		}
		if len(ids) == 0 {
			return done, nil
		}
		if progress != nil {
			progress(done)
		}
	}
}

func (b *Inbox) rebuildOne(ctx context.Context, id int64) error {
	m, content, err := b.read(ctx, id)
	if err != nil && !errors.Is(err, store.ErrDamaged) { // A damaged body is shown as opaque text.
		return err
	}
	d := b.Derive(m, content)
	return b.db.Update(ctx, func(tx *store.Tx) error { return tx.PutDerived(d) })
}
