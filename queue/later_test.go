package queue

import (
	"context"
	"testing"

	"tidepost/store"
)

// What was put off for the next round is written also when the queue stops first.
func TestNotesOutliveAStop(t *testing.T) {
	w := newWorld(t)
	w.q.afterwards(func(tx *store.Tx) error { return tx.SetMeta("told", "yes") })
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := w.q.Run(ctx); err != nil {
		t.Fatal(err)
	}
	w.view(func(tx *store.Tx) error {
		if told, err := tx.Meta("told"); err != nil || told != "yes" {
			t.Errorf("told = %q, %v", told, err)
		}
		return nil
	})
}
