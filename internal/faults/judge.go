package faults

import (
	"bufio"
	"database/sql"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"tidepost/e2e/reconcile"
)

// workers is how many attempts the server makes at the same time: [relay] connections
// of a site, each with its own mail.
const workers = 20

// facts reads what everybody wrote down.
func (l *load) facts() reconcile.Facts {
	var f reconcile.Facts
	read := func(path string, into func(io.Reader) error) {
		file, err := os.Open(path)
		if err != nil {
			l.Fatal(err)
		}
		defer file.Close()
		if err := into(bufio.NewReader(file)); err != nil {
			l.Fatalf("%s: %v", path, err)
		}
	}
	read(l.path, func(r io.Reader) (err error) { f.Sent, err = reconcile.ReadJournal(r); return err })
	f.Sent = withoutPower(f.Sent, l.dark)
	read(l.upstream, func(r io.Reader) (err error) { f.Handovers, err = reconcile.ReadHandovers(r); return err })
	if l.alien {
		f.Handovers = slices.DeleteFunc(f.Handovers, func(h reconcile.Handover) bool { return !strings.HasSuffix(h.ID, "@load.example") })
	}
	db := l.open("ro")
	defer db.Close()
	f.Rows = rows(l.T, db, func(scan func(...any) error) (r reconcile.Row, err error) {
		return r, scan(&r.ID, &r.To, &r.State)
	}, `SELECT s.mid, r.address, r.state FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE s.author_id IS NOT NULL AND s.mid LIKE '%@load.example'`)
	f.Copies = rows(l.T, db, func(scan func(...any) error) (c reconcile.Copy, err error) {
		var at string
		if err := scan(&c.ID, &c.To, &c.Hash, &at); err != nil {
			return c, err
		}
		c.Filed, err = time.Parse(time.RFC3339Nano, at)
		return c, err
	}, `SELECT m.mid, p.address, lower(hex(b.sha256)), d.arrived FROM delivery d JOIN message m ON m.id = d.message_id
		JOIN body b ON b.id = m.body_id JOIN person p ON p.id = d.person_id WHERE m.mid LIKE '%@load.example'`)
	return f
}

// withoutPower takes back what was acknowledged while the disk had no power: a machine
// says nothing then. Shutting a file system down is not one instant, as a power cut is:
// until the call is over, and for the syncs that were under way even behind it, ext4 and
// XFS let a sync succeed whose octets never reach the disk. (A program that does nothing
// but append and sync saw that in one cut of five; of what was synced before the call,
// nothing was ever missing.)
func withoutPower(sent []reconcile.Sent, dark []span) []reconcile.Sent {
	for i, s := range sent {
		for _, d := range dark {
			if s.Acked.After(d.from) && s.Acked.Before(d.to) {
				sent[i].Acked = time.Time{}
			}
			if s.Returned.After(d.from) && s.Returned.Before(d.to) {
				sent[i].Returned = time.Time{}
			}
		}
	}
	return sent
}

// rows reads a whole answer of the database.
func rows[V any](t *T, db *sql.DB, one func(scan func(...any) error) (V, error), query string) []V {
	found, err := db.Query(query)
	if err != nil {
		t.Fatal(err)
	}
	defer found.Close()
	var out []V
	for found.Next() {
		v, err := one(found.Scan)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	if err := found.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// judge compares everything and notes what is wrong.
func (l *load) judge(settled bool, kills int) reconcile.Facts {
	f := l.facts()
	f.Settled, f.Kills, f.Workers = settled, kills, workers
	for _, x := range reconcile.Check(f) {
		l.Error(x)
	}
	return f
}

// waiting counts what may leave and has not.
func (s *site) waiting() int {
	return s.count(`SELECT count(*) FROM recipient WHERE state IN ('held', 'sending', 'deferred') AND address <> ?`, mei)
}

// settle waits until everything that may leave has left.
func (l *load) settle(within time.Duration) {
	l.until(within, func() error {
		if n := l.waiting(); n > 0 {
			return fmt.Errorf("%d recipients have not left", n)
		}
		return nil
	})
}

// verdict stops the server and reconciles everything, once all is over.
func (l *load) verdict(kills int) reconcile.Facts {
	l.settle(2 * time.Minute)
	l.stop()
	l.sound()
	return l.judge(true, kills)
}

// repeats counts per message how often it was taken more than once.
func repeats(f reconcile.Facts) int {
	seen, n := map[string]int{}, 0
	for _, h := range f.Handovers {
		for _, to := range h.To {
			if k := h.ID + " " + to; h.Code == 250 {
				if seen[k]++; seen[k] > 1 {
					n++
				}
			}
		}
	}
	return n
}
