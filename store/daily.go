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
