package store

import (
	"fmt"
	"path/filepath"
)

// OpenReader opens the database in dir for reading alone, whoever else has it open: it
// neither migrates nor looks for damage, and so is there at once whatever the database
// holds. Update returns ErrClosed. It refuses another schema than this program's.
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
	r := openReading(path)
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	db := &DB{path: path, read: r, write: openReading(path), // which is never connected
		failed: make(chan struct{}), stop: make(chan struct{}), done: make(chan struct{})}
	db.stopOnce.Do(func() { close(db.stop) })
	close(db.done) // There is no writer.
	return db, nil
}
