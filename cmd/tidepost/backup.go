package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"tidepost/config"
	"tidepost/store"
)

// backupCmd copies the database.
type backupCmd struct {
	To string `arg:"" help:"File to write; it must not exist."`
}

// Run implements the command.
func (c *backupCmd) Run(a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	step, end := a.progress("backup")
	err = store.Backup(ctx, filepath.Join(cfg.Server.Data, store.File), c.To, step)
	end()
	if err != nil {
		return err
	}
	info, err := os.Stat(c.To)
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return a.show(map[string]any{"backup": c.To, "size": info.Size(), "verified": true}, func(w io.Writer) {
		fmt.Fprintf(w, "Wrote %s: %s, whole and verified.\n", c.To, config.FormatSize(info.Size()))
		fmt.Fprintf(w, "To restore: stop the server, put the file in place of %s (no -wal or -shm beside it), start.\n",
			filepath.Join(cfg.Server.Data, store.File))
	})
}

// interruptible is the context of long work: ^C ends it, and it tidies up.
func interruptible() (context.Context, context.CancelFunc) {
	return signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
}
