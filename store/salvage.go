package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// EventSalvaged is the line of the ledger that Salvage writes for what it had to
// decide: the ledger is proved from there on.
const EventSalvaged = "salvaged"

// A Loss is something that a damaged database held and the new one does not. First
// and Last are the lowest and highest id; Last is 0 if nobody knows where it ends.
type Loss struct {
	What      string `json:"what"` // message, recipient, entry, ...
	First     int64  `json:"first,omitempty"`
	Last      int64  `json:"last,omitempty"`
	MessageID string `json:"message_id,omitempty"` // without <>
	Detail    string `json:"detail"`
}

// A SalvageReport says what came back and what did not.
type SalvageReport struct {
	Pages         int64            `json:"pages"`
	Unreadable    int64            `json:"unreadable_pages"` // that something pointed to
	WALFrames     int              `json:"wal_frames"`
	SchemaDamaged bool             `json:"schema_damaged"`
	Rows          map[string]int64 `json:"rows"` // by table
	Messages      int64            `json:"messages"`
	Lost          []Loss           `json:"lost"`
	// Repaired is what was put right without loss: numbers, folders, references.
	Repaired []string `json:"repaired"`
}

func (r *SalvageReport) lose(l Loss) { r.Lost = append(r.Lost, l) }

func (r *SalvageReport) repaired(format string, args ...any) {
	r.Repaired = append(r.Repaired, fmt.Sprintf(format, args...))
}

// SalvageOptions steer Salvage.
type SalvageOptions struct {
	// NewUIDs gives every mailbox a new UIDVALIDITY: for files that may be older than
	// what clients have seen (a lost WAL, a copy).
	NewUIDs bool
	// Pieces is a directory, made if needed, for what is left of damaged messages.
	Pieces   string
	Progress func(done, total int)
	Now      time.Time
}

// Salvage copies everything readable of the database file from into the new database
// file to. from is only read, without SQLite: page by page, the WAL beside it included.
// The new file appears under its name when it is whole, sound and synced. A wrong
// octet inside a readable page can be noticed in bodies only: they have a checksum.
func Salvage(ctx context.Context, from, to string, o SalvageOptions) (rep *SalvageReport, err error) {
	if _, err := os.Lstat(to); err == nil {
		return nil, fmt.Errorf("salvage to %s: %w", to, os.ErrExist)
	}
	p, err := openPager(from)
	if err != nil {
		return nil, fmt.Errorf("salvage: %w", err)
	}
	defer p.close()
	part := to + ".part"
	if err := os.Remove(part); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("salvage: %w", err)
	}
	if err := touch(part); err != nil {
		return nil, fmt.Errorf("salvage: %w", err)
	}
	defer func() {
		if err != nil {
			os.Remove(part)
		}
	}()
	rep, err = salvageInto(ctx, p, part, o)
	if err == nil {
		err = publish(part, to)
	}
	if err != nil {
		return nil, fmt.Errorf("salvage %s: %w", from, err)
	}
	return rep, nil
}

// publish gives a synced file its name for good.
func publish(part, to string) error {
	if err := syncFile(part); err != nil {
		return err
	}
	if err := os.Rename(part, to); err != nil {
		return err
	}
	return syncFile(filepath.Dir(to))
}

// salvageOptions of the connection that writes the new file: nobody else sees it
// until it is synced, and rows come before what they refer to.
var salvageOptions = []string{
	"_journal_mode=MEMORY", "_synchronous=OFF", "_foreign_keys=off", "_cache_size=-65536",
	"_stmt_cache_size=256", "_txlock=immediate", "_locking_mode=EXCLUSIVE",
}

// salvageInto fills the new database and closes it.
func salvageInto(ctx context.Context, p *pager, part string, o SalvageOptions) (rep *SalvageReport, err error) {
	w, err := sql.Open("sqlite3", dsn(part, salvageOptions))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	w.SetMaxOpenConns(1)
	if err := migrate(w); err != nil {
		return nil, mapError(err)
	}
	c, err := w.Conn(ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	v := &salvager{ctx: ctx, conn: c, tx: &Tx{q: c, ctx: ctx}, o: o,
		rep: &SalvageReport{Pages: int64(p.pages), WALFrames: len(p.frames), Rows: map[string]int64{}, Lost: []Loss{}, Repaired: []string{}}}
	if err := v.open(p); err != nil {
		return nil, err
	}
	for _, stage := range []func() error{v.copyAll, v.gaps, v.repair, v.finish} {
		if err := stage(); err != nil {
			return nil, err
		}
	}
	return v.rep, nil
}

// A salvager writes the new database.
type salvager struct {
	ctx  context.Context //nolint:containedctx // lives as long as one Salvage call
	conn *sql.Conn
	tx   *Tx
	o    SalvageOptions
	rep  *SalvageReport
	src  *source

	inserts map[insertKey]*sql.Stmt
	writing bool // a transaction is open
	pending int  // octets in it
	strays  map[strayKey]struct{}
	stray   bool // the rows come from pages that no tree reaches
}

// An insertKey names a prepared INSERT.
type insertKey struct {
	table   string
	columns int
}

// A strayKey is a row that came from a page no tree reaches.
type strayKey struct {
	table string
	rowid int64
}

// open learns what is known of the source.
func (v *salvager) open(p *pager) error {
	if known, err := v.tx.version(); err != nil {
		return err
	} else if p.version > known {
		return fmt.Errorf("%w: schema %d, known %d", errNewer, p.version, known)
	}
	cat, err := knownCatalog(v.ctx, v.conn)
	if err != nil {
		return err
	}
	done := 0
	v.src = &source{ctx: v.ctx, pager: p, cat: cat, used: make([]bool, int(p.pages)+1), report: v.rep,
		step: func() {
			if done++; v.o.Progress != nil && done%64 == 0 {
				v.o.Progress(min(done, int(p.pages)), int(p.pages))
			}
		}}
	p.free(func(page uint32) { v.src.used[page] = true })
	return v.src.roots()
}

// version returns PRAGMA user_version.
func (tx *Tx) version() (version int, err error) {
	err = tx.row([]any{&version}, `PRAGMA user_version`)
	return version, err
}
