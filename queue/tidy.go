package queue

import (
	"context"
	"io"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// sweepBatch bounds what one transaction of the tidying removes.
const sweepBatch = 200

// tidy removes what nobody needs any more: messages without a reference, UIDs that
// went more than 30 days ago; it looks what became of advice. It does so at once, and
// then every ten minutes.
func (q *Queue) tidy(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		now := time.Now().UTC().Round(0)
		if err := q.Sweep(ctx, now); err != nil && ctx.Err() == nil {
			q.o.Log.Error("sweep", "err", err)
		}
		if err := q.Follow(ctx, now); err != nil && ctx.Err() == nil {
			q.o.Log.Error("follow advice", "err", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// Sweep removes what nobody needs any more as of now, in small transactions.
func (q *Queue) Sweep(ctx context.Context, now time.Time) error {
	for more := true; more && ctx.Err() == nil; {
		err := q.db.Update(ctx, func(tx *store.Tx) error {
			n, err := tx.Sweep(now, sweepBatch)
			if err != nil {
				return err
			}
			uids, err := tx.ForgetUIDs(now.Add(-keepLate), sweepBatch)
			more = n == sweepBatch || uids == sweepBatch
			return err
		})
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// forget has the octets of a flight looked at once they may have settled: what an
// entry, a delivery or an open recipient needs stays.
func (q *Queue) forget(tx *store.Tx, f *flight, now time.Time) error {
	return tx.Orphans(f.sub.MessageID, f.rendition.ID, now.Add(keepSettled))
}

// random is o.Rand, one reader at a time.
func (q *Queue) random() io.Reader { return lockedReader{q} }

type lockedReader struct{ q *Queue }

// Read implements io.Reader.
func (l lockedReader) Read(p []byte) (int, error) {
	l.q.randMu.Lock()
	defer l.q.randMu.Unlock()
	return io.ReadFull(l.q.o.Rand, p)
}

func envelopeOf(head []byte) *mail.ImapEnvelope { return mail.ParseHeader(head).Envelope() }
