package store

import (
	"context"
	"database/sql"
	"fmt"
	"os"

	"github.com/mattn/go-sqlite3"
)

// backupPages is how many pages one step copies: about 4 MB, so that readers and the
// writer get their turn.
const backupPages = 1024

// Backup copies the database to a new file while it is in use. progress, if not nil,
// is told pages done and in all. The file appears under its name only when it is
// whole and synced.
func Backup(ctx context.Context, from, to string, progress func(done, total int)) (err error) {
	if _, err := os.Stat(to); err == nil {
		return fmt.Errorf("backup to %s: %w", to, os.ErrExist)
	}
	part := to + ".part"
	if err := os.Remove(part); err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("backup: %w", err)
	}
	if err := touch(part); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(part)
		}
	}()
	src := openReading(from)
	defer src.Close()
	dst, err := sql.Open("sqlite3", dsn(part, []string{"_synchronous=FULL"}))
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	defer dst.Close()
	if err := copyPages(ctx, src, dst, progress); err != nil {
		return fmt.Errorf("backup to %s: %w", to, mapError(err))
	}
	if err := verify(dst); err != nil {
		return fmt.Errorf("backup to %s: %w", to, err)
	}
	if err := dst.Close(); err != nil {
		return fmt.Errorf("backup to %s: %w", to, mapError(err))
	}
	if err := publish(part, to); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	return nil
}

// copyPages runs SQLite's online backup between two connections.
func copyPages(ctx context.Context, src, dst *sql.DB, progress func(done, total int)) error {
	sc, err := src.Conn(ctx)
	if err != nil {
		return err
	}
	defer sc.Close()
	dc, err := dst.Conn(ctx)
	if err != nil {
		return err
	}
	defer dc.Close()
	return dc.Raw(func(d any) error {
		return sc.Raw(func(s any) error {
			b, err := d.(*sqlite3.SQLiteConn).Backup("main", s.(*sqlite3.SQLiteConn), "main")
			if err != nil {
				return err
			}
			for done := false; !done && err == nil; {
				if err = ctx.Err(); err != nil {
					break
				}
				done, err = b.Step(backupPages)
				if progress != nil {
					progress(b.PageCount()-b.Remaining(), b.PageCount())
				}
			}
			if ferr := b.Finish(); err == nil {
				err = ferr
			}
			return err
		})
	})
}

// verify looks whether a whole database is sound.
func verify(db *sql.DB) error {
	var verdict string
	if err := db.QueryRow(`PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return mapError(err)
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	return nil
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
