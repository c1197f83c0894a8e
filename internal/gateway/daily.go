package gateway

import (
	"context"
	"time"
)

// checkEvery is how often the database is looked through while it is in use.
const checkEvery = 24 * time.Hour

// checkDaily looks for damage once a day. The database reports what it finds itself,
// and the gateway stops: damaged mail is never served as good.
func (g *Gateway) checkDaily(ctx context.Context) error {
	tick := time.NewTicker(checkEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := g.db.CheckQuick(ctx); err != nil && ctx.Err() == nil {
			g.alarm("the database is damaged: restore a backup or run tidepost salvage", err.Error())
		}
	}
}
