package gateway

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// backupFile says when the last whole copy of the database was made. Copies are made by
// a process of their own, anywhere: the server learns of them here.
const backupFile = "last-backup"

// manifestFile lists every copy that was ever made, a JSON object a line: who asks what
// still holds somebody's mail finds out here.
const manifestFile = "backups.jsonl"

// A Backup is one copy of the database, as the manifest has it.
type Backup struct {
	At    time.Time     `json:"at"`
	File  string        `json:"file"`
	Size  int64         `json:"size,omitempty"`
	Every time.Duration `json:"every,omitempty"` // of a rotation: how often
	Keep  int           `json:"keep,omitempty"`  // and how many stay
	Gone  bool          `json:"gone,omitempty"`  // the rotation has removed it
}

// Until is when a rotation that goes on removes the copy; zero: nobody does.
func (b Backup) Until() time.Time {
	if b.Every <= 0 || b.Keep < 1 {
		return time.Time{}
	}
	return b.At.Add(time.Duration(b.Keep) * b.Every)
}

// NoteCopy adds a copy, or that one is gone, to the manifest.
func NoteCopy(dir string, b Backup) error {
	b.At = b.At.UTC()
	if err := appendLine(filepath.Join(dir, manifestFile), b); err != nil {
		return fmt.Errorf("note the backup: %w", err)
	}
	return nil
}

// Backups returns the copies of the manifest that are not known to be gone, the oldest
// first.
func Backups(dir string) ([]Backup, error) {
	lines, err := readLines[Backup](filepath.Join(dir, manifestFile))
	if err != nil {
		return nil, fmt.Errorf("read the list of backups: %w", err)
	}
	var out []Backup
	for _, b := range lines {
		out = slices.DeleteFunc(out, func(o Backup) bool { return o.File == b.File })
		if !b.Gone {
			out = append(out, b)
		}
	}
	return out, nil
}

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
