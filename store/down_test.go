package store

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every step has a way back, also of a database with mail in it, and leads to the same
// schema again.
func TestEveryStepBack(t *testing.T) {
	dir := t.TempDir()
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	crowd(t, db)
	want, err := db.Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	known, err := knownMigrations(migrations)
	if err != nil {
		t.Fatal(err)
	}
	for n := len(known); n > 1; n-- {
		if _, err := migrateDir(dir, known[:n], n-1); err != nil {
			t.Fatalf("back from %s: %v", known[n-1].name, err)
		}
	}
	if db, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	got, err := db.Schema(context.Background())
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v %s", err, diff)
	}
	if err := db.CheckWhole(t.Context()); err != nil {
		t.Error(err)
	}
}
