// Package store keeps everything in one SQLite database: people, messages, the
// queue, mailboxes, the ledger. Every SQL statement of Tidepost is here.
//
// Invariants:
//   - What Update returned nil for is on the disk: WAL with synchronous=FULL.
//   - One goroutine writes. It joins the closures of all callers into one
//     transaction, each in a SAVEPOINT of its own, and answers after COMMIT. Mail
//     comes in rows of its own form there (express.go, hold.go).
//   - A transaction of Update finds all mail in the ordinary tables; a View may be a
//     moment behind with express mail (Unpack).
//   - A failed sync is final: the database takes no more writes and says so on
//     Failed; nothing retries a sync and believes it.
//   - Changed mailboxes are announced (Subscribe) after COMMIT, never before.
//   - SQL reads no clock and no caller's context; times are arguments.
//   - No transaction is open while a peer is written to: bodies are read chunk by
//     chunk, each in a transaction of its own.
//
// It is not responsible for what a state means: it keeps states valid (CHECK) and
// transitions single (compare-and-set); the owners decide them.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "github.com/mattn/go-sqlite3" // The driver "sqlite3".
)

// File is the name of the database inside the data directory.
const File = "tidepost.db"

// readers is the size of the read pool: reads run on cgo threads, more than the
// cores only fight each other.
const readers = 4

// writerPragmas are settings of the writer that have no option in the name.
//
//   - What a SAVEPOINT would bring back is kept in memory: SQLite otherwise writes
//     every page that a closure touches into a temporary file first.
//   - The WAL may grow to 16 MiB before it is written into the database, so that a page
//     that changes with every mail is written once for some hundreds of them.
const writerPragmas = `PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 4000;
	PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON`

// A DB is an open database. It is safe for concurrent use.
type DB struct {
	path   string
	write  *sql.DB // one connection, owned by the writer goroutine
	read   *sql.DB
	jobs   chan *job
	rooms  sync.Pool // of *workroom
	hub    hub
	failed chan struct{} // closed when a sync failed

	checked bool // by Open, as a whole

	stop     chan struct{} // closed by Close
	stopOnce sync.Once
	done     chan struct{} // closed when the writer has ended

	mu  sync.Mutex
	err error // why failed was closed
}

// Open opens the database in dir, creates or migrates it and starts the writer. It
// refuses a database that is newer than the program, or damaged (ErrDamaged).
// Several processes may have it open; each gets its turn to write.
func Open(dir string) (*DB, error) {
	if err := refuseNetworkFS(dir); err != nil {
		return nil, err
	}
	keepMemory()
	path := filepath.Join(dir, File)
	if err := touch(path); err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	w, err := sql.Open("sqlite3", dsn(path, writeOptions))
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	w.SetMaxOpenConns(1)
	whole, err := prepare(w, startCheck)
	if err != nil {
		w.Close()
		return nil, fmt.Errorf("open database %s: %w", path, mapError(err))
	}
	if err := syncDir(dir); err != nil {
		w.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	r := openReading(path)
	r.SetMaxOpenConns(readers)
	r.SetMaxIdleConns(readers)
	db := &DB{
		checked: whole,
		path:    path, write: w, read: r,
		jobs:   make(chan *job, maxBatch),
		failed: make(chan struct{}),
		stop:   make(chan struct{}),
		done:   make(chan struct{}),
	}
	conn, err := w.Conn(context.Background())
	if err == nil {
		_, err = conn.ExecContext(context.Background(), writerPragmas)
	}
	if err != nil {
		w.Close()
		r.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	go db.run(&writer{db: db, conn: conn})
	if err := db.Unpack(context.Background()); err != nil {
		db.Close()
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	return db, nil
}

// touch makes the file with mode 0600: SQLite would follow the umask.
func touch(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// syncDir puts the names of database and WAL on the disk: both exist since prepare.
// SQLite does so, too, at the first commit, but takes no notice if it fails.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("sync directory: %w", err)
	}
	return nil
}

// startCheck is how long Open looks for damage. A million mails take longer, and must
// not wait for it after a crash: who serves then goes on with CheckQuick.
const startCheck = 4 * time.Second

// prepare brings the schema up to date and looks whether the file is sound; whole is
// false if there was not the time to look at all of it.
func prepare(w *sql.DB, patience time.Duration) (whole bool, err error) {
	if err := migrate(w); err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	err = quickCheck(ctx, w)
	if ctx.Err() != nil && !errors.Is(err, ErrDamaged) {
		return false, nil
	}
	return err == nil, err
}

// Checked reports whether Open had the time to look at the tables of queue and ledger
// as a whole. If not, CheckQuick shall.
func (db *DB) Checked() bool { return db.checked }

// RemoveStaged removes the bodies that were still arriving when a process died. Only
// the process that serves may call it, before it takes mail: what looks left over to
// anybody else may be arriving right now.
func (db *DB) RemoveStaged(ctx context.Context) error {
	return db.Update(ctx, func(tx *Tx) error {
		_, err := tx.exec(`DELETE FROM chunk WHERE id >> 16 IN (SELECT id FROM body WHERE state = 'staged')`)
		if err == nil {
			_, err = tx.exec(`DELETE FROM body WHERE state = 'staged'`)
		}
		if err != nil {
			return fmt.Errorf("remove staged bodies: %w", err)
		}
		return nil
	})
}

// writeOptions are those of the one writer connection.
var writeOptions = []string{
	"_journal_mode=WAL",
	"_synchronous=FULL", // NORMAL loses acknowledged commits at a power cut.
	"_busy_timeout=5000",
	"_foreign_keys=on",
	"_txlock=immediate", // A read that turns into a write fails at once otherwise.
	"_cache_size=-24576",
	"_stmt_cache_size=256",
	"_secure_delete=FAST",
}

// readOptions are those of the read pool.
var readOptions = []string{
	"mode=ro",
	"_query_only=1",
	"_busy_timeout=5000",
	"_cache_size=-4096",
	"_stmt_cache_size=128",
	"_txlock=deferred",
}

func dsn(path string, options []string) string {
	s := "file:" + (&url.URL{Path: path}).EscapedPath() + "?"
	for i, o := range options {
		if i > 0 {
			s += "&"
		}
		s += o
	}
	return s
}

// Path returns the file of the database.
func (db *DB) Path() string { return db.path }

// Failed is closed when a write to the disk failed for good. The program must
// stop then: what the file holds can be known only by opening it again.
func (db *DB) Failed() <-chan struct{} { return db.failed }

// Close lets queued closures end, checkpoints the WAL and closes all connections.
func (db *DB) Close() error {
	db.stopOnce.Do(func() { close(db.stop) })
	<-db.done
	return errors.Join(db.read.Close(), db.write.Close())
}
