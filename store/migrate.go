package store

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io/fs"
	"strings"
)

//go:embed migrations/*.sql
var migrations embed.FS

// ErrNewer is wrapped when the database was written by a newer Tidepost.
var errNewer = fmt.Errorf("the database is newer than this program")

// migrate applies the migrations that PRAGMA user_version has not seen, all in one
// transaction.
func migrate(db *sql.DB) error {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return fmt.Errorf("list migrations: %w", err)
	}
	ctx := context.Background()
	tx, err := db.BeginTx(ctx, nil) // _txlock=immediate
	if err != nil {
		return fmt.Errorf("begin migration: %w", err)
	}
	defer tx.Rollback()
	var version int
	if err := tx.QueryRow(`PRAGMA user_version`).Scan(&version); err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	if version > len(names) {
		return fmt.Errorf("%w: schema %d, known %d", errNewer, version, len(names))
	}
	for i, name := range names[version:] {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		if _, err := tx.Exec(string(text)); err != nil {
			return fmt.Errorf("apply %s: %w", name, err)
		}
		if _, err := tx.Exec(fmt.Sprintf(`PRAGMA user_version = %d`, version+i+1)); err != nil {
			return fmt.Errorf("apply %s: %w", name, err)
		}
	}
	return tx.Commit()
}

// quickCheck looks for damage before anything is served from the file: the whole
// structure of the tables the queue and the ledger live in.
func quickCheck(db *sql.DB) error {
	for _, table := range []string{"submission", "recipient", "delivery", "event"} {
		var verdict string
		if err := db.QueryRow(`PRAGMA quick_check(` + table + `)`).Scan(&verdict); err != nil {
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
		WHERE sql IS NOT NULL AND name NOT LIKE 'fts_%' AND name NOT LIKE 'sqlite_%' OR name = 'fts_term'
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
