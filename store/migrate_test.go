package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// later is today's schema and two versions that only these tests know.
func later(t *testing.T) []migration {
	t.Helper()
	files := fstest.MapFS{
		"migrations/9001_nick.sql":      {Data: []byte(`ALTER TABLE person ADD COLUMN nick TEXT NOT NULL DEFAULT '';`)},
		"migrations/9001_nick.down.sql": {Data: []byte(`ALTER TABLE person DROP COLUMN nick;`)},
		"migrations/9002_pet.sql":       {Data: []byte(`CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT; INSERT INTO pet (name) VALUES ('Rex');`)},
		"migrations/9002_pet.down.sql":  {Data: []byte(`DROP TABLE pet;`)},
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		text, err := migrations.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: text}
	}
	known, err := knownMigrations(files)
	if err != nil {
		t.Fatal(err)
	}
	return known
}

func person(tx *Tx, id int64) (Person, error) {
	people, err := tx.People()
	for _, p := range people {
		if p.ID == id {
			return p, nil
		}
	}
	return Person{}, errors.Join(err, ErrNotFound)
}

func TestSchemaUpAndOneStepBack(t *testing.T) {
	dir, known := t.TempDir(), later(t)
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	p := ana(t, db)
	before, err := db.Schema(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := migrateDir(dir, known, len(known)); !errors.Is(err, ErrBusy) {
		t.Errorf("the schema of an open database was changed: %v", err)
	}
	db.Close()
	now := len(known) - 2
	if from, err := migrateDir(dir, known, len(known)); err != nil || from != now {
		t.Fatalf("up from %d: %v", from, err)
	}
	if _, err := Open(dir); !errors.Is(err, errNewer) {
		t.Errorf("Open of the newer schema = %v, want errNewer", err)
	}
	if _, err := migrateDir(dir, known, now); !errors.Is(err, errOneStep) {
		t.Errorf("two steps back = %v, want errOneStep", err)
	}
	if from, err := migrateDir(dir, known, now+1); err != nil || from != now+2 {
		t.Errorf("one step back from %d: %v", from, err)
	}
	if from, err := migrateDir(dir, known[:now+1], now); err != nil || from != now+1 {
		t.Errorf("one more step, by the release before, from %d: %v", from, err)
	}
	if db, err = Open(dir); err != nil {
		t.Fatalf("the release before cannot open what was brought back: %v", err)
	}
	defer db.Close()
	after, err := db.Schema(context.Background())
	if diff := cmp.Diff(before, after); err != nil || diff != "" {
		t.Errorf("the way back leads elsewhere: %v %s", err, diff)
	}
	must(t, db, func(tx *Tx) error {
		got, err := person(tx, p.ID)
		if diff := cmp.Diff(p, got); diff != "" {
			t.Error(diff)
		}
		return err
	})
}

func TestAFailedMigrationChangesNothing(t *testing.T) {
	dir, known := t.TempDir(), later(t)
	db, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	db.Close()
	known[len(known)-1].up = `CREATE TABLE half (a INTEGER) STRICT; CREATE TABLE person (a INTEGER) STRICT;`
	if _, err := migrateDir(dir, known, len(known)); err == nil {
		t.Fatal("a broken migration succeeded")
	}
	if db, err = Open(dir); err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if v, err := db.SchemaVersion(context.Background()); err != nil || v != len(known)-2 {
		t.Errorf("version %d, %v", v, err)
	}
	if s, _ := db.Schema(context.Background()); strings.Contains(s, "half") || strings.Contains(s, "nick") {
		t.Error("a part of a failed migration stayed")
	}
}

func TestMigrationsNeedAWayBack(t *testing.T) {
	_, err := knownMigrations(fstest.MapFS{"migrations/1.sql": {}, "migrations/2.sql": {}})
	if err == nil {
		t.Error("a migration without a way back was accepted")
	}
	newest, err := NewestSchema()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := MigrateTo(t.TempDir(), newest); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a database was made: %v", err)
	}
	if _, err := MigrateTo(t.TempDir(), 1000); err == nil {
		t.Error("an unknown version was accepted")
	}
}

// testdata/schema1.db was written by the first release: every later one reads it.
func TestFirstReleaseIsReadForever(t *testing.T) {
	octets, err := os.ReadFile("testdata/schema1.db")
	if err != nil {
		t.Fatal(err)
	}
	for name, bring := range map[string]func(dir string) error{
		"by Open": func(string) error { return nil },
		"by later releases": func(dir string) error {
			known := later(t)
			_, err := migrateDir(dir, known, len(known))
			if err != nil {
				return err
			}
			raw, err := sql.Open("sqlite3", filepath.Join(dir, File))
			if err != nil {
				return err
			}
			var nick string
			if err := errors.Join(raw.QueryRow(`SELECT nick FROM person`).Scan(&nick), raw.Close()); err != nil {
				return err
			}
			if _, err := migrateDir(dir, known, len(known)-1); err != nil {
				return err
			}
			_, err = migrateDir(dir, known[:len(known)-1], len(known)-2)
			return err
		},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, File), octets, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := bring(dir); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		db, err := Open(dir)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		err = db.View(context.Background(), func(tx *Tx) error {
			p, err := person(tx, 1)
			if err != nil || p.Address != "ana@team.example" {
				t.Errorf("%s: person %+v, %v", name, p, err)
			}
			w, err := tx.Waiting(1, 10)
			if err != nil || len(w) != 1 || w[0].MID != "first@x" {
				t.Errorf("%s: waiting %+v, %v", name, w, err)
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if rep, err := db.CheckLedger(context.Background()); err != nil || len(rep.Findings) > 0 {
			t.Errorf("%s: ledger %+v, %v", name, rep, err)
		}
		db.Close()
	}
}

// TestMigrationsAreNumbered: the number in a migration's name is the version it makes, so
// that two of one number, or a gap, are seen before they are shipped.
func TestMigrationsAreNumbered(t *testing.T) {
	known, err := knownMigrations(migrations)
	if err != nil {
		t.Fatal(err)
	}
	for i, m := range known {
		if want := fmt.Sprintf("migrations/%04d_", i+1); !strings.HasPrefix(m.name, want) {
			t.Errorf("%s makes version %d", m.name, i+1)
		}
	}
}
