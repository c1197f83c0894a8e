package gateway

import (
	"context"
	"time"
)

// checkEvery is how often the database is looked through while it is in use.
const checkEvery = 24 * time.Hour

// checkDaily looks for damage once a day, and at the start if the database is so large
// that opening it did not wait for the end of that. The database reports what it finds
// itself, and the gateway stops: damaged mail is never served as good.
func (g *Gateway) checkDaily(ctx context.Context) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	if !g.db.Checked() {
		g.log.Info("the database is large: the look for damage goes on while it is served")
		g.checkNow(ctx)
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		g.checkNow(ctx)
	}
}

func (g *Gateway) checkNow(ctx context.Context) {
	if err := g.db.CheckQuick(ctx); err != nil && ctx.Err() == nil {
		g.alarm("database", "it is damaged, restore a backup or run tidepost salvage: "+err.Error())
	}
}
