package store

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
)

// OpenReader opens the database in dir for reading alone, whoever else has it open: it
// neither migrates nor looks for damage, and so is there at once whatever the database
// holds. Only express mail is unpacked first, if that can be done. Update returns
// ErrClosed. It refuses another schema than this program's.
func OpenReader(dir string) (*DB, error) {
	if err := refuseNetworkFS(dir); err != nil {
		return nil, err
	}
	newest, err := NewestSchema()
	if err != nil {
		return nil, err
	}
	version, err := FileSchema(dir)
	if err != nil {
		return nil, err
	}
	if version != newest {
		return nil, fmt.Errorf("the database has schema %d, this program works with %d: %w", version, newest, ErrOtherSchema)
	}
	path := filepath.Join(dir, File)
	if err := unpackFor(path); err != nil && !errors.Is(err, ErrBusy) && !errors.Is(err, ErrFailed) && !errors.Is(err, ErrFull) {
		return nil, err // Else what can be read is better than nothing.
	}
	r := openReading(path)
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	db := &DB{path: path, read: r, write: openReading(path), // which is never connected
		failed: make(chan struct{}), stop: make(chan struct{}), done: make(chan struct{})}
	db.stopOnce.Do(func() { close(db.stop) })
	close(db.done) // There is no writer.
	return db, nil
}

// unpackFor unpacks the express mail of a file, if there is any.
func unpackFor(path string) (err error) {
	r := openReading(path)
	var some bool
	err = r.QueryRow(`SELECT EXISTS (SELECT 1 FROM express)`).Scan(&some)
	if err = errors.Join(err, r.Close()); err != nil || !some {
		return mapError(err)
	}
	w, err := sql.Open("sqlite3", dsn(path, writeOptions))
	if err != nil {
		return fmt.Errorf("unpack express mail: %w", err)
	}
	w.SetMaxOpenConns(1)
	if err := errors.Join(unpackFile(w), w.Close()); err != nil {
		return fmt.Errorf("unpack express mail: %w", mapError(err))
	}
	return nil
}
