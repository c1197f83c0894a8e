package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// inBatch runs the closures as one batch of the writer: the first holds it up until
// all others are queued.
func inBatch(t *testing.T, db *DB, fns ...func(*Tx) error) []error {
	t.Helper()
	gate, entered := make(chan struct{}), make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		db.Update(context.Background(), func(*Tx) error {
			close(entered)
			<-gate
			return nil
		})
	})
	<-entered
	jobs := make([]*job, len(fns))
	for i, fn := range fns {
		jobs[i] = &job{ctx: context.Background(), fn: fn, done: make(chan error, 1)}
		db.jobs <- jobs[i]
	}
	close(gate)
	errs := make([]error, len(fns))
	for i, j := range jobs {
		errs[i] = <-j.done
	}
	wg.Wait()
	return errs
}

func set(key string) func(*Tx) error {
	return func(tx *Tx) error { return tx.SetMeta(key, "1") }
}

func metas(t *testing.T, db *DB, keys string) {
	t.Helper()
	err := db.View(context.Background(), func(tx *Tx) error {
		got := ""
		for _, k := range []string{"a", "b", "c", "d"} {
			if v, err := tx.Meta(k); err != nil {
				return err
			} else if v != "" {
				got += k
			}
		}
		if got != keys {
			t.Errorf("written: %q, want %q", got, keys)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOneErrorInABatchUndoesOnlyItsOwn(t *testing.T) {
	db := open(t)
	boom := errors.New("boom")
	errs := inBatch(t, db, set("a"), func(tx *Tx) error {
		if err := tx.SetMeta("b", "1"); err != nil {
			return err
		}
		return boom
	}, set("c"))
	if errs[0] != nil || !errors.Is(errs[1], boom) || errs[2] != nil {
		t.Errorf("errors = %v", errs)
	}
	metas(t, db, "ac")
}

func TestAPanicInABatchUndoesOnlyItsOwn(t *testing.T) {
	db := open(t)
	errs := inBatch(t, db, set("a"), func(tx *Tx) error {
		if err := tx.SetMeta("b", "1"); err != nil {
			return err
		}
		panic("bug")
	}, set("c"))
	if errs[0] != nil || errs[1] == nil || !strings.Contains(errs[1].Error(), "bug") || errs[2] != nil {
		t.Errorf("errors = %v", errs)
	}
	metas(t, db, "ac")
}

func TestACancelledCallerIsDroppedBeforeItStarts(t *testing.T) {
	db := open(t)
	ctx, cancel := context.WithCancel(context.Background())
	j := &job{ctx: ctx, fn: set("b"), done: make(chan error, 1)}
	errs := inBatch(t, db, func(tx *Tx) error {
		db.jobs <- j
		cancel()
		return tx.SetMeta("a", "1")
	}, set("c"))
	if err := <-j.done; !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled caller: %v", err)
	}
	if errs[0] != nil || errs[1] != nil {
		t.Errorf("others: %v", errs)
	}
	metas(t, db, "ac")
	if err := db.Update(ctx, set("d")); !errors.Is(err, context.Canceled) {
		t.Errorf("a context that had ended: %v", err)
	}
	metas(t, db, "ac")
}

// The whole transaction is lost in the middle of a batch: the innocent are tried
// again, nothing is half done.
func TestALostTransactionHurtsOnlyTheGuilty(t *testing.T) {
	db := open(t)
	errs := inBatch(t, db, set("a"), func(tx *Tx) error {
		if err := tx.SetMeta("b", "1"); err != nil {
			return err
		}
		_, err := tx.exec(`ROLLBACK`) // As SQLite does by itself on a full disk.
		return err
	}, set("c"))
	if errs[0] != nil || errs[1] == nil || errs[2] != nil {
		t.Errorf("errors = %v", errs)
	}
	metas(t, db, "ac")
}

func TestAFullDiskIsTemporary(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error {
		var pages int
		if err := tx.row([]any{&pages}, `PRAGMA page_count`); err != nil {
			return err
		}
		return tx.row([]any{&pages}, fmt.Sprintf(`PRAGMA max_page_count = %d`, pages+8))
	})
	big := func(tx *Tx) error { return tx.SetMeta("b", strings.Repeat("x", 1<<20)) }
	errs := inBatch(t, db, set("a"), big, set("c"))
	if errs[0] != nil || !errors.Is(errs[1], ErrFull) || errs[2] != nil {
		t.Errorf("errors = %v", errs)
	}
	metas(t, db, "ac")
	must(t, db, func(tx *Tx) error {
		var n int
		return tx.row([]any{&n}, `PRAGMA max_page_count = 1000000`)
	})
	if err := db.Update(context.Background(), big); err != nil {
		t.Errorf("with room again: %v", err)
	}
	select {
	case <-db.Failed():
		t.Error("a full disk was taken for a failed one")
	default:
	}
}

func TestAfterCommitRunsOnlyIfCommitted(t *testing.T) {
	db := open(t)
	var ran []string
	note := func(s string) func(*Tx) error {
		return func(tx *Tx) error {
			tx.AfterCommit(func() { ran = append(ran, s) })
			if s == "b" {
				return errors.New("no")
			}
			return nil
		}
	}
	inBatch(t, db, note("a"), note("b"), note("c"))
	if strings.Join(ran, "") != "ac" {
		t.Errorf("after commit: %v", ran)
	}
}

func TestAKeptTxIsDead(t *testing.T) {
	db := open(t)
	var kept *Tx
	must(t, db, func(tx *Tx) error { kept = tx; return nil })
	defer func() {
		if recover() == nil {
			t.Error("a transaction could be used after its end")
		}
	}()
	kept.SetMeta("a", "1")
}

func TestAFailureIsFinal(t *testing.T) {
	db := open(t)
	err := db.Update(context.Background(), func(*Tx) error { return fmt.Errorf("%w: disk", ErrFailed) })
	if !errors.Is(err, ErrFailed) {
		t.Fatal(err)
	}
	<-db.Failed()
	if err := db.Update(context.Background(), set("a")); !errors.Is(err, ErrFailed) {
		t.Errorf("after a failure: %v", err)
	}
	metas(t, db, "")
}

func TestCloseAnswersEverybody(t *testing.T) {
	db := open(t)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() {
			for {
				if err := db.Update(context.Background(), set("a")); err != nil {
					if !errors.Is(err, ErrClosed) {
						t.Error(err)
					}
					return
				}
			}
		})
	}
	db.Close()
	wg.Wait()
	if err := db.Update(context.Background(), set("b")); !errors.Is(err, ErrClosed) {
		t.Errorf("after Close: %v", err)
	}
}

func TestManyWritersLoseNothing(t *testing.T) {
	db := open(t)
	const workers, each = 16, 40
	var wg sync.WaitGroup
	for w := range workers {
		wg.Go(func() {
			for i := range each {
				err := db.Update(context.Background(), func(tx *Tx) error {
					return tx.AddEvent(Event{At: t0, Kind: fmt.Sprintf("w%d.%d", w, i)})
				})
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, db, "event"); n != workers*each {
		t.Errorf("%d events, want %d", n, workers*each)
	}
}

func TestTheLedgerIsNeverRewritten(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error { return tx.AddEvent(Event{At: t0, Kind: "x"}) })
	err := db.Update(context.Background(), func(tx *Tx) error {
		_, err := tx.exec(`UPDATE event SET kind = 'y'`)
		return err
	})
	if err == nil || !strings.Contains(err.Error(), "event_is_final") {
		t.Errorf("rewriting the ledger: %v", err)
	}
}

func TestDamageIsFoundAtStart(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2000 {
		_ = i
		must(t, db, func(tx *Tx) error {
			for range 20 {
				if err := tx.AddEvent(Event{At: t0, Kind: strings.Repeat("k", 100)}); err != nil {
					return err
				}
			}
			return nil
		})
		if i == 100 {
			break
		}
	}
	db.Close()
	path := filepath.Join(dir, File)
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := len(data) - 4096*20; i < len(data)-4096; i++ {
		data[i] = 0xAA
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open of a damaged file = %v, want ErrDamaged", err)
	}
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); !errors.Is(err, ErrDamaged) {
		t.Errorf("Open of something else = %v, want ErrDamaged", err)
	}
	if _, err := Open(filepath.Join(dir, "missing")); err == nil {
		t.Error("Open without a folder succeeded")
	}
}
