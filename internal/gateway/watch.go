package gateway

import (
	"context"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// notifyTime bounds one notification: the timer loop sends some, and a manager that
// has stopped reading must not stop mail.
const notifyTime = 100 * time.Millisecond

// notify tells systemd about a change of state, if it listens (sd_notify(3)). What
// goes wrong is not reported: nobody could do anything about it.
func notify(state string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	conn, err := net.Dial("unixgram", path)
	if err != nil {
		return
	}
	defer conn.Close()
	if conn.SetWriteDeadline(time.Now().Add(notifyTime)) == nil {
		_, _ = conn.Write([]byte(state))
	}
}

// notifyReloading says that a reload has begun, with the clock Type=notify-reload
// asks for.
func notifyReloading() {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts) == nil {
		notify(fmt.Sprintf("RELOADING=1\nMONOTONIC_USEC=%d", ts.Nano()/1000))
	}
}

// A watcher looks once a minute at what changes outside of the database: people
// edited by another process, certificate files.
type watcher struct {
	g    *Gateway
	roll int64     // version of the people in the roll, plus one
	told time.Time // the last sign of life
}

// watchdogStep is how often systemd gets a sign of life at most.
const watchdogStep = 10 * time.Second

// NextDue implements scheduler.Source: the loop comes by once a minute anyway.
func (w *watcher) NextDue(context.Context) (time.Time, bool, error) { return time.Time{}, false, nil }

// RunDue implements scheduler.Source.
func (w *watcher) RunDue(ctx context.Context, now time.Time) error {
	if d := now.Sub(w.told); d >= watchdogStep || d < 0 {
		w.told = now
		notify("WATCHDOG=1")
	}
	if err := w.g.dir.MaybeReload(ctx, now); err != nil {
		w.g.log.Warn("reload people", "err", err)
	}
	if v := w.g.dir.Version() + 1; v != w.roll {
		if err := w.g.dir.WriteRoll(RollFile(w.g.cfg), now); err != nil {
			w.g.log.Warn("people could not log in if Tidepost had to stand aside", "err", err)
			return nil
		}
		w.roll = v
	}
	return nil
}

// alarm is told about trouble that needs a human.
func (g *Gateway) alarm(what, detail string) {
	g.log.Error("alarm", "what", what, "detail", detail)
	g.alarms.raise(what, detail)
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

// roomLook is how long an answer of the file system is believed: mail comes fast.
const roomLook = 100 * time.Millisecond

// enough looks at most every roomLook.
func (r *room) enough() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := time.Now(); now.Sub(r.checked) > roomLook {
		var st syscall.Statfs_t
		err := syscall.Statfs(r.dir, &st)
		// If the file system does not say, the database will.
		r.ok = err != nil || int64(st.Bavail)*int64(st.Bsize) > r.reserve
		r.checked = now
	}
	return r.ok
}

// free returns the free octets; ok is false if the file system does not say.
func (r *room) free() (octets int64, ok bool) {
	var st syscall.Statfs_t
	err := syscall.Statfs(r.dir, &st)
	return int64(st.Bavail) * int64(st.Bsize), err == nil
}

// Hangup returns the signal that asks for a reload.
func Hangup() os.Signal { return syscall.SIGHUP }
