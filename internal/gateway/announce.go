package gateway

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"tidepost/config"
	"tidepost/people"
	"tidepost/store"
)

// Announce has whoever lets people in hear that they have changed in db: the running
// server, or, if none runs, the roll of one that stands aside.
func Announce(ctx context.Context, cfg *config.Config, db *store.DB, now time.Time) error {
	return announce(ctx, cfg, people.NewDirectory(db, cfg.Server.Domains), now)
}

func announce(ctx context.Context, cfg *config.Config, dir *people.Directory, now time.Time) error {
	var bad *people.ProfileError
	if err := dir.Reload(ctx); err != nil && !errors.As(err, &bad) {
		return err
	}
	err := Reload(ctx, cfg.Server.Data)
	if !errors.Is(err, ErrNotRunning) {
		return err
	}
	return rewriteRoll(cfg, dir, now)
}

// rewriteRoll writes the roll anew, if it is ours to write: who stands aside must not let
// in somebody who was frozen, and must let in who has a new password. It belongs to whom
// the one before belongs to, or the folder.
func rewriteRoll(cfg *config.Config, dir *people.Directory, now time.Time) error {
	path := RollFile(cfg)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		info, err = os.Stat(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("write roll: %w", err)
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case ok && int(st.Uid) == os.Geteuid():
		return dir.WriteRoll(path, now)
	case ok && os.Geteuid() == 0:
		// The server's user must be able to read it. In between it cannot, and goes on
		// with the one before.
		return errors.Join(dir.WriteRoll(path, now), os.Chown(path, int(st.Uid), int(st.Gid)))
	}
	return nil // The server's own user writes it when it starts.
}
