package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// backupFile says when the last whole copy of the database was made. Copies are made by
// a process of their own, anywhere: the server learns of them here.
const backupFile = "last-backup"

// NoteBackup remembers in the data directory that a whole copy was made at now.
func NoteBackup(dir string, now time.Time) error {
	name := filepath.Join(dir, backupFile)
	if err := os.WriteFile(name+".new", []byte(now.UTC().Format(time.RFC3339)+"\n"), 0o600); err != nil {
		return fmt.Errorf("note the backup: %w", err)
	}
	if err := os.Rename(name+".new", name); err != nil {
		return fmt.Errorf("note the backup: %w", err)
	}
	return nil
}

// LastBackup is when the last whole copy was made; ok is false if there never was one.
func LastBackup(dir string) (at time.Time, ok bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, backupFile))
	if errors.Is(err, fs.ErrNotExist) {
		return at, false, nil
	}
	if err == nil {
		at, err = time.Parse(time.RFC3339, strings.TrimSpace(string(text)))
	}
	if err != nil {
		return at, false, fmt.Errorf("read when the last backup was: %w", err)
	}
	return at, true, nil
}

// backupStale says since when there should have been another copy; 0: all is well, or
// nobody wants to know.
func (g *Gateway) backupStale(now time.Time) (overdue time.Duration, known bool) {
	within := g.cfg.Store.BackupWithin
	at, ok, err := LastBackup(g.cfg.Server.Data)
	if within <= 0 || !ok || err != nil {
		return 0, false
	}
	return since(at.Add(within), now), true
}
