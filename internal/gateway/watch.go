package gateway

import (
	"context"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"
)

// notify tells systemd about a change of state, if it listens (sd_notify(3)).
func notify(state string) {
	// Without a NOTIFY_SOCKET nothing is sent; an error helps nobody.
	_, _ = daemon.SdNotify(false, state)
}

// notifyReloading says that a reload has begun, with the clock Type=notify-reload
// asks for.
func notifyReloading() {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) == nil {
		notify(fmt.Sprintf("%s\nMONOTONIC_USEC=%d", daemon.SdNotifyReloading, ts.Nano()/1000))
	}
}

// A watcher looks once a minute at what changes outside of the database: people
// edited by another process, certificate files.
type watcher struct{ g *Gateway }

// NextDue implements scheduler.Source: the loop comes by once a minute anyway.
func (w watcher) NextDue(context.Context) (time.Time, bool, error) { return time.Time{}, false, nil }

// RunDue implements scheduler.Source.
func (w watcher) RunDue(ctx context.Context, now time.Time) error {
	notify("WATCHDOG=1")
	if err := w.g.dir.MaybeReload(ctx, now); err != nil {
		w.g.log.Warn("reload people", "err", err)
	}
	return nil
}

// alarm is told about trouble that needs a human.
func (g *Gateway) alarm(what, detail string) {
	g.log.Error("alarm", "what", what, "detail", detail)
}

// A room knows whether the disk has room left for more mail. What already waits may
// use the reserve.
type room struct {
	dir     string
	reserve int64

	mu      sync.Mutex
	checked time.Time
	ok      bool
}

// enough looks at most once a second.
func (r *room) enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.checked) > time.Second {
		var st syscall.Statfs_t
		err := syscall.Statfs(r.dir, &st)
		// If the file system does not say, the database will.
		r.ok = err != nil || int64(st.Bavail)*int64(st.Bsize) > r.reserve
		r.checked = now
	}
	return r.ok
}

// Hangup returns the signal that asks for a reload.
func Hangup() os.Signal { return syscall.SIGHUP }
