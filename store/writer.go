package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"github.com/mattn/go-sqlite3"
)

// maxBatch bounds how many closures share one COMMIT: more would let the first
// wait for the last.
const maxBatch = 128

// A job is one caller's closure on its way through the writer, or express or held mail.
type job struct {
	ctx     context.Context
	fn      func(*Tx) error
	launch  *Express    // instead of fn: to be launched, or
	landing *Landing    // what came of it
	hold    *Holding    // instead of both: to be held
	settle  *Settlement // or settled
	leave   *Leave      // or to leave
	tx      *Tx
	err     error
	done    chan error
}

// Update runs fn in a transaction and returns nil only after COMMIT has reached the
// disk. An error of fn undoes what fn did and nothing else, and is returned as it
// is. ctx only drops a closure that has not started yet: a write in progress is
// never cancelled. fn must not keep tx, and must not touch the network.
func (db *DB) Update(ctx context.Context, fn func(tx *Tx) error) error {
	return db.await(&job{ctx: ctx, fn: fn, done: make(chan error, 1)})
}

// await hands a job to the writer and waits for its answer.
func (db *DB) await(j *job) error {
	select {
	case <-db.stop:
		return ErrClosed
	case <-j.ctx.Done():
		return j.ctx.Err()
	case db.jobs <- j:
	}
	select {
	case err := <-j.done:
		return err
	case <-db.done: // The writer ended; it may have answered just before.
		select {
		case err := <-j.done:
			return err
		default:
			return ErrClosed
		}
	}
}

// A writer is the state of the writer goroutine, the only user of conn.
type writer struct {
	db     *DB
	conn   *sql.Conn
	flight flights
}

// run is the writer goroutine. What landed is unpacked when there is a moment.
func (db *DB) run(w *writer) {
	defer close(db.done)
	defer w.conn.Close()
	defer w.flight.close()
	batch := make([]*job, 0, maxBatch)
	idle := time.NewTimer(unpackAfter)
	idle.Stop()
	defer idle.Stop()
	for armed := false; ; {
		batch = batch[:0]
		select {
		case j := <-db.jobs:
			batch = append(batch, j)
			// Who is about to hand a job in does so first: they share a COMMIT then.
			runtime.Gosched()
		case <-idle.C:
			armed = false
			w.flight.due = true
		case <-db.stop:
			w.drain()
			return
		}
		w.commit(db.gather(batch))
		if !armed && w.flight.waiting() {
			idle.Reset(unpackAfter)
			armed = true
		}
	}
}

// drain commits what callers had queued when Close was called, and unpacks: a database
// that was closed holds nothing but ordinary rows.
func (w *writer) drain() {
	for batch := w.db.gather(nil); len(batch) > 0; batch = w.db.gather(nil) {
		w.commit(batch)
	}
	end := &job{ctx: context.Background(), fn: func(*Tx) error { return nil }, done: make(chan error, 1)}
	if len(w.flight.up) > 0 {
		w.commit([]*job{end})
	}
}

// gather takes what is waiting, without waiting itself: while one batch syncs, the
// next one collects, so that load makes its own batches and a lone caller pays for
// nobody.
func (db *DB) gather(batch []*job) []*job {
	for len(batch) < maxBatch {
		select {
		case j := <-db.jobs:
			batch = append(batch, j)
			// Who is about to hand a job in does so first: they share a COMMIT then.
			runtime.Gosched()
		default:
			return batch
		}
	}
	return batch
}

// commit runs a batch as one transaction and answers every caller. If the
// transaction is lost half-way, those that were innocent are tried one by one.
func (w *writer) commit(batch []*job) {
	again := w.try(batch)
	for _, j := range again {
		if left := w.try([]*job{j}); len(left) > 0 {
			j.done <- j.err
		}
	}
}

// try runs the batch. It returns the jobs that were not answered because the whole
// transaction was lost; their err says why.
func (w *writer) try(batch []*job) []*job {
	if err := w.db.failure(); err != nil {
		answer(batch, err)
		return nil
	}
	ctx := context.Background()
	if _, err := w.conn.ExecContext(ctx, `BEGIN IMMEDIATE`); err != nil {
		answer(batch, w.db.note(fmt.Errorf("begin: %w", mapError(err))))
		return nil
	}
	if err := w.before(batch); err != nil {
		return w.lose(batch, err)
	}
	for i, j := range batch {
		if j.fn == nil {
			continue
		}
		if j.err = j.ctx.Err(); j.err != nil {
			continue
		}
		j.err = w.one(j)
		if lost(w.conn) {
			w.flight.forget()
			return w.db.abandon(batch, i)
		}
	}
	if err := w.behind(batch); err != nil {
		return w.lose(batch, err)
	}
	if _, err := w.conn.ExecContext(ctx, `COMMIT`); err != nil {
		return w.lose(batch, fmt.Errorf("commit: %w", mapError(err)))
	}
	w.flight.keep()
	w.db.settle(batch)
	return nil
}

// lose takes the transaction back. Every job of a batch that was alone, or whose disk
// has failed, has its answer then.
func (w *writer) lose(batch []*job, err error) []*job {
	w.conn.ExecContext(context.Background(), `ROLLBACK`)
	w.flight.forget()
	err = w.db.note(err)
	for _, j := range batch {
		j.err = err
	}
	if errors.Is(err, ErrFailed) || errors.Is(err, ErrDamaged) || len(batch) == 1 {
		answer(batch, err)
		return nil
	}
	return batch
}

// before writes what has come of express mail, and unpacks: ordinary closures find
// everything in the ordinary tables. What is launched gets its id behind them.
func (w *writer) before(batch []*job) error {
	ordinary := slices.ContainsFunc(batch, func(j *job) bool { return j.fn != nil })
	return w.raw(func() error {
		err := w.flight.look()
		if err == nil {
			err = w.flight.land(batch)
		}
		if err == nil {
			err = w.flight.unpack(ordinary)
		}
		return err
	})
}

// behind writes the mail and the settlements of a batch that come without a closure.
func (w *writer) behind(batch []*job) error {
	return w.raw(func() error {
		err := w.flight.settle(batch)
		if err == nil {
			err = w.flight.depart(batch)
		}
		if err == nil {
			err = w.flight.hold(batch)
		}
		if err == nil {
			err = w.flight.launch(batch)
		}
		if err == nil {
			err = w.flight.lookNext(batch)
		}
		return err
	})
}

// raw runs fn while nobody uses the connection by way of database/sql.
func (w *writer) raw(fn func() error) error {
	return w.conn.Raw(func(c any) error {
		if w.flight.b == nil {
			w.flight.b = newBulk(c.(*sqlite3.SQLiteConn))
		}
		return fn()
	})
}

// one runs a closure inside its savepoint.
func (w *writer) one(j *job) error {
	ctx, conn, db := context.Background(), w.conn, w.db
	if _, err := conn.ExecContext(ctx, `SAVEPOINT closure`); err != nil {
		return fmt.Errorf("savepoint: %w", mapError(err))
	}
	j.tx = &Tx{q: conn, ctx: ctx}
	err := guarded(j.fn, j.tx)
	j.tx.q = nil // A kept Tx panics instead of writing into another's transaction.
	if lost(conn) {
		return db.note(mapError(err))
	}
	if err != nil {
		conn.ExecContext(ctx, `ROLLBACK TO closure`)
	}
	if _, rerr := conn.ExecContext(ctx, `RELEASE closure`); rerr != nil && err == nil {
		err = fmt.Errorf("release savepoint: %w", mapError(rerr))
	}
	return db.note(err)
}

// guarded turns a panic of the closure into its error: one caller's bug must not
// end the writer of all.
func guarded(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in transaction: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(tx)
}

// lost reports whether SQLite has rolled the transaction back by itself (a full
// disk, an I/O error, no memory): SAVEPOINT would then silently begin a new one.
func lost(conn *sql.Conn) bool {
	auto := true
	err := conn.Raw(func(c any) error {
		auto = c.(*sqlite3.SQLiteConn).AutoCommit()
		return nil
	})
	return err != nil || auto
}

// abandon answers the closure that lost the transaction and hands back the others.
func (db *DB) abandon(batch []*job, guilty int) []*job {
	g := batch[guilty]
	if g.err == nil {
		g.err = errors.New("transaction lost")
	}
	g.done <- g.err
	var again []*job
	for i, j := range batch {
		if i != guilty {
			j.err = g.err
			again = append(again, j)
		}
	}
	return again
}

// settle runs what the jobs left for after COMMIT, announces the mailboxes they changed,
// then answers. Closures come first, as they did in the transaction: who looked at the
// table before others wrote must not have the last word.
func (db *DB) settle(batch []*job) {
	for _, closures := range []bool{true, false} {
		for _, j := range batch {
			if (j.fn != nil) == closures {
				db.finish(j)
			}
		}
	}
}

func (db *DB) finish(j *job) {
	if j.err == nil && j.tx != nil {
		db.hub.announce(j.tx.touched)
		for _, f := range j.tx.after {
			f()
		}
	}
	j.done <- j.err
}

func answer(batch []*job, err error) {
	for _, j := range batch {
		j.done <- err
	}
}

// note remembers a failure of the disk for good.
func (db *DB) note(err error) error {
	if errors.Is(err, ErrFailed) || errors.Is(err, ErrDamaged) {
		db.mu.Lock()
		defer db.mu.Unlock()
		if db.err == nil {
			db.err = err
			close(db.failed)
		}
	}
	return err
}

// failure returns why the database takes no more writes.
func (db *DB) failure() error {
	db.mu.Lock()
	defer db.mu.Unlock()
	if db.err != nil && !errors.Is(db.err, ErrFailed) {
		return fmt.Errorf("%w: %w", ErrFailed, db.err)
	}
	return db.err
}
