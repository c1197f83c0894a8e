package store

import (
	"context"
	"database/sql"
	"fmt"
)

// A Tx is a transaction: of Update (read and write) or View (read only, a snapshot).
type Tx struct {
	q       querier
	ctx     context.Context //nolint:containedctx // lives exactly as long as the transaction
	touched map[int64]struct{}
	after   []func()
}

type querier interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// View runs fn on a snapshot of the database. Writes in fn fail. fn must not write
// to the network while it runs: an open snapshot pins the WAL.
func (db *DB) View(ctx context.Context, fn func(tx *Tx) error) error {
	t, err := db.read.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin read: %w", mapError(err))
	}
	defer t.Rollback()
	return fn(&Tx{q: t, ctx: ctx})
}

// AfterCommit has f run once the transaction is on the disk, before Update returns.
// f must be short and must not call Update.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// touch marks a mailbox as changed.
func (tx *Tx) touch(mailbox int64) {
	if tx.touched == nil {
		tx.touched = map[int64]struct{}{}
	}
	tx.touched[mailbox] = struct{}{}
}

// exec runs a statement and returns how many rows it changed.
func (tx *Tx) exec(query string, args ...any) (int64, error) {
	res, err := tx.q.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, mapError(err)
	}
	n, err := res.RowsAffected()
	return n, mapError(err)
}

// insert runs an INSERT and returns the new row's id.
func (tx *Tx) insert(query string, args ...any) (int64, error) {
	res, err := tx.q.ExecContext(tx.ctx, query, args...)
	if err != nil {
		return 0, mapError(err)
	}
	id, err := res.LastInsertId()
	return id, mapError(err)
}

// row reads one row; ErrNotFound if there is none.
func (tx *Tx) row(dest []any, query string, args ...any) error {
	return mapError(tx.q.QueryRowContext(tx.ctx, query, args...).Scan(dest...))
}

// all reads every row through scan.
func all[T any](tx *Tx, scan func(*T) []any, query string, args ...any) ([]T, error) {
	rows, err := tx.q.QueryContext(tx.ctx, query, args...)
	if err != nil {
		return nil, mapError(err)
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		var v T
		if err := rows.Scan(scan(&v)...); err != nil {
			return nil, mapError(err)
		}
		out = append(out, v)
	}
	return out, mapError(rows.Err())
}
