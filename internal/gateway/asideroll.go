package gateway

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"

	"tidepost/people"
)

// rollEvery is how often a server that stands aside looks whether the roll is another one.
const rollEvery = 5 * time.Second

// A rollMark tells one roll from the next: each is a file of its own that takes the place
// of the one before.
type rollMark struct {
	inode   uint64
	size    int64
	changed time.Time
}

// markOf returns the mark of the file of a roll.
func markOf(path string) (rollMark, error) {
	info, err := os.Stat(path)
	if err != nil {
		return rollMark{}, err
	}
	m := rollMark{size: info.Size(), changed: info.ModTime()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		m.inode = st.Ino
	}
	return m, nil
}

// readRoll takes over who is in the roll. On an error whoever could log in still can.
func (a *Aside) readRoll(ctx context.Context, now time.Time) (written time.Time, count int, err error) {
	a.rollMu.Lock()
	defer a.rollMu.Unlock()
	path := RollFile(a.cfg)
	mark, err := markOf(path) // Before it is read: one that comes meanwhile is read next.
	if err != nil {
		return written, 0, err
	}
	if written, count, err = people.ReadRoll(ctx, path, a.db, now); err != nil {
		return written, 0, err
	}
	if err = a.dir.Reload(ctx); err == nil {
		a.seen = mark
	}
	return written, count, err
}

// another reports whether there is a roll that was not read yet. One that is missing is
// none: whoever takes it away has not taken away everybody's password.
func (a *Aside) another() (bool, error) {
	mark, err := markOf(RollFile(a.cfg))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	a.rollMu.Lock()
	defer a.rollMu.Unlock()
	return mark != a.seen, err
}

// follow reads each new roll until ctx ends: a new password, somebody new, an account that
// was frozen. What cannot be read is told once and tried again.
func (a *Aside) follow(ctx context.Context) {
	tick := time.NewTicker(rollEvery)
	defer tick.Stop()
	var told string
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			fresh, err := a.another()
			if fresh && err == nil {
				err = a.reread(ctx, now)
			}
			switch {
			case err == nil:
				told = ""
			case ctx.Err() == nil && err.Error() != told:
				told = err.Error()
				a.log.Error("read the roll; whoever could log in still can", "err", err)
			}
		}
	}
}

// reread is readRoll with a line in the log.
func (a *Aside) reread(ctx context.Context, now time.Time) error {
	written, count, err := a.readRoll(ctx, now)
	if err == nil {
		a.log.Info("read the roll again", "people", count, "roll_written", written)
	}
	return err
}

// Reload reads certificate and roll again. What was in use stays in use if the new cannot
// be read.
func (a *Aside) Reload(ctx context.Context) error {
	notifyReloading()
	defer notify("READY=1")
	var err error
	if a.reloadTLS != nil {
		err = a.reloadTLS()
	}
	return errors.Join(err, a.reread(ctx, time.Now()))
}
