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
	done := 0
	for entry := int64(0); ; {
		n, last, err := b.rebuildAbove(ctx, entry)
		if err != nil || n == 0 {
			return done, err
		}
		done, entry = done+n, last
		if progress != nil {
			progress(done)
		}
	}
}

// rebuildNew does a batch of Rebuild for what came since it was called last, and returns
// how many messages that were: the entries of a large queue are not looked through at
// each wake-up.
func (b *Inbox) rebuildNew(ctx context.Context) (int, error) {
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		b.newest, err = tx.NewestEntry()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("look for mail to rebuild: %w", err)
	}
	newest := b.newest
	n, last, err := b.rebuildAbove(ctx, b.looked)
	switch {
	case err != nil:
		return 0, err
	case n > 0:
		b.looked = last
	default:
		b.looked = max(b.looked, newest)
	}
	return n, nil
}

// rebuildAbove does a batch for entries above an id. It returns how many messages that
// were, and behind which entry to go on.
func (b *Inbox) rebuildAbove(ctx context.Context, entry int64) (n int, last int64, err error) {
	var ids []int64
	err = b.db.View(ctx, func(tx *store.Tx) (err error) {
		ids, last, err = tx.StaleDerived(entry, rebuildBatch)
		return err
	})
	if err != nil {
		return 0, 0, fmt.Errorf("look for mail to rebuild: %w", err)
	}
	if len(ids) == 0 {
		return 0, entry, nil
	}
	return len(ids), last, b.rebuild(ctx, ids)
}

// rebuild computes the derived data of some messages and stores it in one transaction.
func (b *Inbox) rebuild(ctx context.Context, ids []int64) error {
	found := make(map[int64]store.EncodedDerived, len(ids))
	for _, id := range ids {
		m, content, err := b.read(ctx, id)
		if errors.Is(err, store.ErrNotFound) {
			continue // It has gone.
		}
		if err == nil || errors.Is(err, store.ErrDamaged) { // A damaged body is shown as opaque text.
			found[id], err = b.Derive(m, content).Encode()
		}
		if err != nil {
			return fmt.Errorf("rebuild message %d: %w", id, err)
		}
	}
	return b.db.Update(ctx, func(tx *store.Tx) error {
		for id, d := range found {
			if err := tx.PutEncoded(id, d); err != nil {
				return err
			}
		}
		return nil
	})
}
