package store

import (
	"database/sql"
	"errors"
	"fmt"

	"github.com/mattn/go-sqlite3"
)

// What a caller can tell apart. All but ErrNotFound, ErrExists and ErrConflict are
// trouble of the machine: a peer is told 451 or 452, never a permanent error.
var (
	// ErrNotFound: no such row.
	ErrNotFound = errors.New("not found")
	// ErrExists: a name or an address is taken.
	ErrExists = errors.New("exists already")
	// ErrConflict: somebody else was faster, the state is another.
	ErrConflict = errors.New("changed meanwhile")
	// ErrFull: the disk is full.
	ErrFull = errors.New("disk full")
	// ErrBusy: another process held the database for more than five seconds.
	ErrBusy = errors.New("database busy")
	// ErrFailed: a write or a sync failed; the database takes no more writes.
	ErrFailed = errors.New("database failed")
	// ErrDamaged: the file is not a sound database.
	ErrDamaged = errors.New("database damaged")
	// ErrOtherSchema: the database waits for a migration, or for a newer program.
	ErrOtherSchema = errors.New("run the server, or tidepost schema --to")
	// ErrClosed: Close was called.
	ErrClosed = errors.New("database closed")
)

// mapError gives the errors of SQLite the names above; the cause stays wrapped.
func mapError(err error) error {
	if err == nil {
		return nil
	}
	if errors.Is(err, sql.ErrNoRows) {
		return ErrNotFound
	}
	var se sqlite3.Error
	if !errors.As(err, &se) {
		return err
	}
	switch se.Code {
	case sqlite3.ErrFull:
		return fmt.Errorf("%w: %w", ErrFull, err)
	case sqlite3.ErrBusy, sqlite3.ErrLocked:
		return fmt.Errorf("%w: %w", ErrBusy, err)
	case sqlite3.ErrIoErr, sqlite3.ErrReadonly, sqlite3.ErrCantOpen:
		return fmt.Errorf("%w: %w", ErrFailed, err)
	case sqlite3.ErrCorrupt, sqlite3.ErrNotADB:
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	case sqlite3.ErrConstraint:
		if se.ExtendedCode == sqlite3.ErrConstraintUnique || se.ExtendedCode == sqlite3.ErrConstraintPrimaryKey {
			return fmt.Errorf("%w: %w", ErrExists, err)
		}
	}
	return err
}
