package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tidepost/internal/gateway"
	"tidepost/store"
)

// rebuildCmd computes again what can be computed.
type rebuildCmd struct {
	Missing bool `help:"Only derived data that is missing or was made by an older version; leaves threads alone."`
}

// rebuildBatch is how many messages are without derived data at a time while a server
// runs beside.
const rebuildBatch = 100

// Run implements the command.
func (c *rebuildCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		ctx, stop := interruptible()
		defer stop()
		computed, indexed, err := c.rebuild(ctx, a, d)
		moved := 0
		if err == nil && ctx.Err() == nil && !c.Missing {
			moved, err = d.Inbox.Rethread(ctx)
			err = errors.Join(err, d.DB.Update(ctx, (*store.Tx).RebuildDecisionIndex))
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		if err := tell(gateway.Kick(ctx, d.Config.Server.Data)); err != nil {
			return err
		}
		return a.show(map[string]int{"computed": computed, "indexed": indexed, "threads_changed": moved}, func(w io.Writer) {
			fmt.Fprintf(w, "Computed the derived data of %d messages, put %d into the full-text index.\n", computed, indexed)
			if moved > 0 {
				fmt.Fprintf(w, "The threads are computed anew: %d Message-IDs have another place.\n", moved)
			}
		})
	})
}

// rebuild goes through the mail in batches: each is made to count as missing and then
// computed and indexed like new mail. Interrupted, the rest is as it was.
func (c *rebuildCmd) rebuild(ctx context.Context, a *app, d *gateway.Desk) (computed, indexed int, err error) {
	step, end := a.progress("rebuild")
	defer end()
	total := 0
	if err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
		total, err = tx.CountDerived()
		return err
	}); err != nil {
		return 0, 0, err
	}
	for last := int64(0); ctx.Err() == nil; {
		if !c.Missing {
			err = d.DB.Update(ctx, func(tx *store.Tx) (err error) {
				last, err = tx.ExpireDerived(last, rebuildBatch)
				return err
			})
		}
		if err != nil {
			return computed, indexed, err
		}
		n, err := d.Inbox.Rebuild(ctx, nil)
		computed += n
		if err != nil {
			return computed, indexed, err
		}
		n, err = indexAll(ctx, d)
		indexed += n
		if err != nil || last == 0 {
			return computed, indexed, err
		}
		step(min(computed, total), total)
	}
	return computed, indexed, nil
}

func indexAll(ctx context.Context, d *gateway.Desk) (indexed int, err error) {
	for {
		n, err := d.Inbox.Index(ctx)
		indexed += n
		if err != nil || n == 0 {
			return indexed, err
		}
	}
}
