package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tidepost/scheduler"
	"tidepost/store"
)

// keyPlanned holds with which zone data and settings waiting mail was planned last.
const keyPlanned = "planned_with"

// planAnew computes all waiting times again if zone data or settings are not those
// they were computed with: they may have changed while nothing ran. What cannot be
// planned keeps its time.
func (g *Gateway) planAnew(ctx context.Context) error {
	mark, err := g.planMark()
	if err != nil {
		return err
	}
	var last string
	err = g.db.View(ctx, func(tx *store.Tx) (err error) {
		last, err = tx.Meta(keyPlanned)
		return err
	})
	if ctx.Err() != nil {
		return nil // Stopped; the next start looks again.
	}
	if err != nil || last == mark {
		return err
	}
	now := time.Now()
	if err := errors.Join(g.queue.Replan(ctx, nil, now), g.inbox.ReplanAll(ctx, now), g.clocks.Recalculate(ctx, 0, now)); err != nil {
		if ctx.Err() == nil {
			g.log.Error("plan waiting mail anew", "err", err)
		}
		return nil // The next start tries again.
	}
	g.log.Info("planned waiting mail anew", "because", "zone data or settings changed")
	// Not ctx: what was done is noted also by a server that is stopping.
	return g.db.Update(context.WithoutCancel(ctx), func(tx *store.Tx) error { return tx.SetMeta(keyPlanned, mark) })
}

// planMark names everything outside of the database that release and delivery times
// depend on.
func (g *Gateway) planMark() (string, error) {
	version, source := scheduler.ZoneDataVersion()
	settings, err := json.Marshal([]any{g.cfg.Hold, g.cfg.Batch})
	if err != nil {
		return "", fmt.Errorf("note settings: %w", err)
	}
	return version + " " + source + " " + string(settings), nil
}
