package store

import (
	"context"
	"fmt"
)

// CheckQuick looks through the tables of queue and ledger for damage, while the
// database is in use. Damage is final: Failed is closed, nothing more is taken.
func (db *DB) CheckQuick(ctx context.Context) error {
	for _, table := range checkedTables() {
		var verdict string
		err := db.read.QueryRowContext(ctx, `PRAGMA quick_check(`+table+`)`).Scan(&verdict)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			return db.note(fmt.Errorf("check %s: %w", table, mapError(err)))
		}
		if verdict != "ok" {
			return db.note(fmt.Errorf("%w: table %s: %s", ErrDamaged, table, verdict))
		}
	}
	return nil
}

// CheckWhole looks at every page of the database and that every reference has what it
// refers to, while the database is in use: minutes for gigabytes. It reports damage and
// changes nothing.
func (db *DB) CheckWhole(ctx context.Context) error {
	var verdict string
	if err := db.read.QueryRowContext(ctx, `PRAGMA integrity_check(1)`).Scan(&verdict); err != nil {
		return fmt.Errorf("check database: %w", mapError(err))
	}
	if verdict != "ok" {
		return fmt.Errorf("%w: %s", ErrDamaged, verdict)
	}
	rows, err := db.read.QueryContext(ctx, `PRAGMA foreign_key_check`)
	if err != nil {
		return fmt.Errorf("check references: %w", mapError(err))
	}
	defer rows.Close()
	if rows.Next() {
		var table, parent string
		var row, key *int64
		if err := rows.Scan(&table, &row, &parent, &key); err != nil {
			return fmt.Errorf("check references: %w", err)
		}
		return fmt.Errorf("%w: a row of %s refers to a row of %s that is not there", ErrDamaged, table, parent)
	}
	return mapError(rows.Err())
}
