package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// The restore drill: copies are made while mail is accepted, and each of them opens
// as a whole database with everything acknowledged before it began.
func TestRestoreDrill(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	ctx, stop := context.WithCancel(context.Background())
	var load sync.WaitGroup
	var acked atomic.Int64
	load.Go(func() {
		for i := 0; ctx.Err() == nil; i++ {
			submit(t, db, p.ID, fmt.Sprintf("m%d@x", i), t0.Add(time.Hour))
			acked.Add(1)
		}
	})
	defer load.Wait()
	defer stop()
	for range 5 {
		before := acked.Load()
		dir := t.TempDir()
		if err := Backup(context.Background(), db.Path(), filepath.Join(dir, File), nil); err != nil {
			t.Fatal(err)
		}
		restored, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		rep, err := restored.CheckLedger(context.Background())
		if err != nil || len(rep.Findings) > 0 || rep.Now[Held] < before {
			t.Errorf("restored: %+v, %v; %d were acknowledged before", rep, err, before)
		}
		// It takes mail again.
		submit(t, restored, p.ID, "after@x", t0.Add(time.Hour))
		if err := restored.Close(); err != nil {
			t.Error(err)
		}
	}
	if acked.Load() == 0 {
		t.Error("there was no load")
	}
}

// A damaged page that appears while the database is open ends it.
func TestDamageIsFoundWhileOpen(t *testing.T) {
	dir, _ := populated(t)
	file := filepath.Join(dir, File)
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.CheckQuick(context.Background()); err != nil {
		t.Fatalf("a sound database: %v", err)
	}
	db.read.SetMaxIdleConns(0) // Nothing in a cache.
	var bad uint32
	for _, pages := range touches(t, file)["event"] {
		bad = max(bad, pages[0])
	}
	f, err := os.OpenFile(file, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteAt(make([]byte, defaultPage), int64(bad-1)*defaultPage); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := db.CheckQuick(context.Background()); !errors.Is(err, ErrDamaged) {
		t.Errorf("check of a damaged database = %v", err)
	}
	select {
	case <-db.Failed():
	default:
		t.Error("the database goes on")
	}
}

// Opening does not wait for the end of the look for damage: what is left of it is done
// while the database is in use.
func TestLookForDamageHasAnEnd(t *testing.T) {
	db := open(t)
	if !db.Checked() {
		t.Error("a small database was not looked at as a whole")
	}
	w, err := sql.Open("sqlite3", dsn(db.Path(), writeOptions))
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if whole, err := prepare(w, 0); whole || err != nil {
		t.Errorf("without time to look: whole %v, %v", whole, err)
	}
	if whole, err := prepare(w, time.Minute); !whole || err != nil {
		t.Errorf("with time: whole %v, %v", whole, err)
	}
}

// The whole check sees what the quick one does not look at: pages of any table, and
// references to nothing.
func TestCheckWhole(t *testing.T) {
	db := open(t)
	crowd(t, db)
	if err := db.CheckWhole(t.Context()); err != nil {
		t.Fatalf("a sound database: %v", err)
	}
	raw, err := sql.Open("sqlite3", dsn(db.Path(), []string{"_foreign_keys=off", "_busy_timeout=5000"}))
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	if _, err := raw.Exec(`DELETE FROM thread_ref; DELETE FROM body`); err != nil {
		t.Fatal(err)
	}
	if err := db.CheckWhole(t.Context()); !errors.Is(err, ErrDamaged) {
		t.Errorf("messages without bodies: %v", err)
	}
	if err := db.CheckQuick(t.Context()); err != nil {
		t.Errorf("the quick check: %v", err)
	}
}
