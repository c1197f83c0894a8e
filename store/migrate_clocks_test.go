package store

import (
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
)

// The way back from the clocks leaves no folder that nobody fills any more.
func TestTheWayBackFromTheClocks(t *testing.T) {
	dir, _ := populated(t)
	db, err := sql.Open("sqlite3", dsn(filepath.Join(dir, File), writeOptions))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	known, err := knownMigrations(migrations)
	if err != nil {
		t.Fatal(err)
	}
	at := 0
	for n, m := range known {
		if strings.Contains(m.name, "clocks") {
			at = n
		}
	}
	if _, err := migrateTo(db, known, at); err != nil {
		t.Fatal(err)
	}
	var folders, entries, events int
	err = db.QueryRow(`SELECT (SELECT count(*) FROM mailbox WHERE name IN ('Needs reply', 'Waiting for others')),
		(SELECT count(*) FROM entry WHERE mailbox_id NOT IN (SELECT id FROM mailbox)), (SELECT count(*) FROM event)`).Scan(&folders, &entries, &events)
	if err != nil || folders != 0 || entries != 0 || events == 0 {
		t.Errorf("%d folders, %d entries without folder, %d lines of the ledger, %v; want none, none, some", folders, entries, events, err)
	}
	if _, err := migrateTo(db, known, len(known)); err != nil {
		t.Fatal(err)
	}
}
