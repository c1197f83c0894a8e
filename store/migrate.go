package store

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// errNewer is wrapped when the database was written by a newer Tidepost.
var errNewer = fmt.Errorf("the database is newer than this program")

// A migration brings the schema one version up, and back. Down is "" for the first.
type migration struct {
	name     string
	up, down string
}

// knownMigrations reads migrations/NNNN_name.sql and its NNNN_name.down.sql, in order.
// Version n is what the first n migrations make. A migration may only add columns at
// the end of a table: Salvage reads older rows as the beginning of newer ones.
func knownMigrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	var out []migration
	for _, name := range names {
		if strings.HasSuffix(name, ".down.sql") {
			continue
		}
		up, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", name, err)
		}
		m := migration{name: name, up: string(up)}
		if len(out) > 0 {
			down, err := fs.ReadFile(files, strings.TrimSuffix(name, ".sql")+".down.sql")
			if err != nil {
				return nil, fmt.Errorf("read the way back of %s: %w", name, err)
			}
			m.down = string(down)
		}
		out = append(out, m)
	}
	return out, nil
}

// migrate brings the database to the newest version.
func migrate(db *sql.DB) error {
	known, err := knownMigrations(migrations)
	if err != nil {
		return err
	}
	_, err = migrateTo(db, known, len(known))
	return err
}

// migrateTo applies what leads from PRAGMA user_version to a version, all in one
// transaction, and returns where it began.
func migrateTo(db *sql.DB, known []migration, to int) (from int, err error) {
	tx, err := db.BeginTx(context.Background(), nil) // _txlock=immediate
	if err != nil {
		return 0, fmt.Errorf("begin migration: %w", err)
	}
	defer tx.Rollback()
	if err := tx.QueryRow(`PRAGMA user_version`).Scan(&from); err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	if from > len(known) {
		return from, fmt.Errorf("%w: schema %d, known %d", errNewer, from, len(known))
	}
	for at := from; at != to; {
		var text, name string
		if at < to {
			name, text = known[at].name, known[at].up
			at++
		} else {
			name, text = known[at-1].name+" (back)", known[at-1].down
			at--
		}
		if _, err := tx.Exec(text); err != nil {
			return from, fmt.Errorf("apply %s: %w", name, err)
		}
		if _, err := tx.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, at)); err != nil {
			return from, fmt.Errorf("apply %s: %w", name, err)
		}
	}
	return from, tx.Commit()
}

// errOneStep is returned for a way back that is too far.
var errOneStep = fmt.Errorf("only one step back is possible, for the release before this one")

// MigrateTo brings the closed database in dir to a schema version: up to the newest
// one this program knows, or one step back from it, so that the release before can
// open it. Nobody else may have the database open. It returns the version it had.
func MigrateTo(dir string, to int) (from int, err error) {
	known, err := knownMigrations(migrations)
	if err != nil {
		return 0, err
	}
	return migrateDir(dir, known, to)
}

func migrateDir(dir string, known []migration, to int) (from int, err error) {
	if to > len(known) {
		return 0, fmt.Errorf("schema %d is not known; the newest is %d", to, len(known))
	}
	if to < 1 || to < len(known)-1 {
		return 0, fmt.Errorf("schema %d: %w", to, errOneStep)
	}
	path := filepath.Join(dir, File)
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("change schema: %w", err)
	}
	w, err := sql.Open("sqlite3", dsn(path, append([]string{"_locking_mode=EXCLUSIVE"}, writeOptions...)))
	if err != nil {
		return 0, fmt.Errorf("change schema: %w", err)
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	w.SetMaxOpenConns(1)
	if err := unpackFile(w); err != nil { // The release before knows no express mail.
		return 0, fmt.Errorf("change schema of %s: %w", path, mapError(err))
	}
	if from, err = migrateTo(w, known, to); err != nil {
		return from, fmt.Errorf("change schema of %s: %w", path, mapError(err))
	}
	return from, verify(w)
}

// NewestSchema is the version this program works with.
func NewestSchema() (int, error) {
	known, err := knownMigrations(migrations)
	return len(known), err
}

// checkedTables are those the queue and the ledger live in.
func checkedTables() []string {
	return []string{"submission", "recipient", "delivery", "event", "express", "landed"}
}

// quickCheck looks for damage before anything is served from the file: the whole
// structure of the tables the queue and the ledger live in.
func quickCheck(ctx context.Context, db *sql.DB) error {
	for _, table := range checkedTables() {
		var verdict string
		if err := db.QueryRowContext(ctx, `PRAGMA quick_check(`+table+`)`).Scan(&verdict); err != nil {
			return fmt.Errorf("check %s: %w", table, err)
		}
		if verdict != "ok" {
			return fmt.Errorf("%w: table %s: %s", ErrDamaged, table, verdict)
		}
	}
	return nil
}

// SchemaVersion returns how many migrations the database has seen.
func (db *DB) SchemaVersion(ctx context.Context) (int, error) {
	var version int
	if err := db.read.QueryRowContext(ctx, `PRAGMA user_version`).Scan(&version); err != nil {
		return 0, fmt.Errorf("read schema version: %w", mapError(err))
	}
	return version, nil
}

// Schema returns today's schema as SQL text, tables and indexes in the order of
// their names.
func (db *DB) Schema(ctx context.Context) (string, error) {
	rows, err := db.read.QueryContext(ctx, `SELECT sql FROM sqlite_schema
		WHERE sql IS NOT NULL AND name NOT LIKE 'fts_%' AND name NOT LIKE 'sqlite_%' OR name IN ('fts_term', 'fts_decision')
		ORDER BY tbl_name, type DESC, name`)
	if err != nil {
		return "", fmt.Errorf("read schema: %w", err)
	}
	defer rows.Close()
	var b strings.Builder
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return "", fmt.Errorf("read schema: %w", err)
		}
		b.WriteString(text + ";\n\n")
	}
	return b.String(), rows.Err()
}

// FileSchema returns the schema version of the database in dir without opening it for
// anything else: also of one that is newer than this program.
func FileSchema(dir string) (version int, err error) {
	path := filepath.Join(dir, File)
	if _, err := os.Stat(path); err != nil {
		return 0, fmt.Errorf("read schema version: %w", err)
	}
	r := openReading(path)
	defer func() { err = errors.Join(err, r.Close()) }()
	if err := r.QueryRow(`PRAGMA user_version`).Scan(&version); err != nil {
		return 0, fmt.Errorf("read schema version of %s: %w", path, mapError(err))
	}
	return version, nil
}
