package doctor

import (
	"context"
	"errors"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// clockSlack is by how much the ledger may be ahead of the clock: another machine's
// rounding, a slow transaction.
const clockSlack = 2 * time.Second

// clock compares the wall clock with the last line of the ledger, and asks the kernel
// whether anybody keeps it right.
func (v *visit) clock(ctx context.Context) {
	const check = "clock"
	now := v.Now()
	if v.desk != nil {
		var last store.Event
		err := v.desk.DB.View(ctx, func(tx *store.Tx) (err error) {
			last, err = tx.NewestEvent()
			return err
		})
		switch {
		case errors.Is(err, store.ErrNotFound): // Nothing has happened yet.
		case err != nil:
			v.fail(check, "", "%v", err)
			return
		case last.At.After(now.Add(clockSlack)):
			v.fail(check, "Set the clock right; releases and tides go by it.", "%s is %s before the last line of the ledger",
				now.UTC().Format(time.RFC3339), people.Span(last.At.Sub(now)))
			return
		}
	}
	switch synced, known := kernelSynced(); {
	case !known:
		v.ok(check, "%s; whether NTP keeps it cannot be read here", now.UTC().Format(time.RFC3339))
	case !synced:
		v.warn(check, "Run chrony or systemd-timesyncd.", "%s, but no NTP keeps it right", now.UTC().Format(time.RFC3339))
	default:
		v.ok(check, "%s, kept by NTP", now.UTC().Format(time.RFC3339))
	}
}

// zones names the zone data in use.
func (v *visit) zones() {
	const check = "zone data"
	version, source := scheduler.ZoneDataVersion()
	running := ""
	if v.status != nil && v.status.Zones != version+" ("+source+")" {
		running = "; the server uses " + v.status.Zones
	}
	switch {
	case source == "embedded":
		v.warn(check, "Install the package tzdata: governments change their clocks at short notice.", "the copy inside this program (%s) is in use%s", version, running)
	case version == "":
		v.warn(check, "", "from %s, which does not say its version%s", source, running)
	case running != "":
		v.warn(check, "Restart the server.", "%s from %s%s", version, source, running)
	default:
		v.ok(check, "%s from %s", version, source)
	}
}
