package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/store"
)

// backupCmd copies the database.
type backupCmd struct {
	To    string        `arg:"" help:"File to write, which must not exist; with --every the directory of the copies."`
	Every time.Duration `placeholder:"1h" help:"Go on: a copy at each multiple of this, named by its time in UTC."`
	Keep  int           `default:"24" help:"With --every: how many copies to keep (${default})."`
}

// Run implements the command.
func (c *backupCmd) Run(a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	from := filepath.Join(cfg.Server.Data, store.File)
	if c.Every != 0 {
		return c.rotate(ctx, a, from)
	}
	size, err := c.copy(ctx, a, from, c.To)
	if err != nil {
		return err
	}
	return a.show(map[string]any{"backup": c.To, "size": size, "verified": true}, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s: %s, whole and verified.\n", c.To, config.FormatSize(size))
		fmt.Fprintf(w, "To restore: stop the server, put the file in place of %s (no -wal or -shm beside it), start.\n", from)
	})
}

// copy makes one copy and returns its size.
func (c *backupCmd) copy(ctx context.Context, a *app, from, to string) (int64, error) {
	step, end := a.progress("backup")
	err := store.Backup(ctx, from, to, step)
	end()
	if err != nil {
		return 0, err
	}
	info, err := os.Stat(to)
	if err != nil {
		return 0, fmt.Errorf("backup: %w", err)
	}
	now := time.Now()
	note := gateway.Backup{At: now, File: to, Size: info.Size(), Every: c.Every, Keep: c.Keep}
	if abs, err := filepath.Abs(to); err == nil {
		note.File = abs
	}
	if c.Every == 0 {
		note.Keep = 0
	}
	if err := errors.Join(gateway.NoteBackup(filepath.Dir(from), now), gateway.NoteCopy(filepath.Dir(from), note)); err != nil {
		fmt.Fprintln(a.err, "tidepost:", err) // The copy is good; the server will miss it.
	}
	return info.Size(), nil
}

// minEvery keeps the disk from doing nothing else.
const minEvery = time.Second

// rotate copies at once and then at each multiple of the interval, until it is told
// to stop. A copy that fails is reported, the next is tried, and no older one is
// removed for it.
func (c *backupCmd) rotate(ctx context.Context, a *app, from string) error {
	if c.Every < minEvery || c.Keep < 1 {
		return fmt.Errorf("backup: --every must be at least %s and --keep at least 1", minEvery)
	}
	if err := os.MkdirAll(c.To, 0o700); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for {
		if err := c.turn(ctx, a, from); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			fmt.Fprintln(a.err, "tidepost:", err)
		}
		now := time.Now()
		timer := time.NewTimer(now.Truncate(c.Every).Add(c.Every).Sub(now))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case <-timer.C:
		}
	}
}

// copyName is the name of a copy: sorted by name is sorted by time.
const copyName = "tidepost-20060102T150405Z.db"

// turn makes one copy and then removes what is too old.
func (c *backupCmd) turn(ctx context.Context, a *app, from string) error {
	to := filepath.Join(c.To, time.Now().UTC().Format(copyName))
	size, err := c.copy(ctx, a, from, to)
	if errors.Is(err, os.ErrExist) {
		return nil // Started twice in a second: it is there.
	}
	if err != nil {
		return err
	}
	removed, err := prune(c.To, c.Keep)
	for _, name := range removed {
		if abs, aerr := filepath.Abs(filepath.Join(c.To, name)); aerr == nil {
			err = errors.Join(err, gateway.NoteCopy(filepath.Dir(from), gateway.Backup{At: time.Now(), File: abs, Gone: true}))
		}
	}
	if err != nil {
		return err
	}
	return a.show(map[string]any{"backup": to, "size": size, "verified": true, "removed": removed}, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s: %s, whole and verified.\n", to, config.FormatSize(size))
	})
}

// prune removes all but the newest copies; other files in the directory stay.
func prune(dir string, keep int) (removed []string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("backup: %w", err)
	}
	var copies []string
	for _, e := range entries {
		if _, err := time.Parse(copyName, e.Name()); err == nil && e.Type().IsRegular() {
			copies = append(copies, e.Name())
		}
	}
	slices.SortFunc(copies, strings.Compare)
	for _, name := range copies[:max(0, len(copies)-keep)] {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			return removed, fmt.Errorf("backup: %w", err)
		}
		removed = append(removed, name)
	}
	return removed, nil
}

// interruptible is the context of long work: ^C ends it, and it tidies up.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
