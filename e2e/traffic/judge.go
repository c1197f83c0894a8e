package traffic

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	_ "github.com/mattn/go-sqlite3" // the judge reads the database by itself

	"tidepost/e2e/reconcile"
)

// Journal reads what was written down of the mail so far.
func (x *Traffic) Journal() []reconcile.Sent {
	var sent []reconcile.Sent
	x.read(x.o.Journal, func(r io.Reader) (err error) { sent, err = reconcile.ReadJournal(r); return err })
	return withoutPower(sent, x.Dark)
}

func (x *Traffic) read(path string, into func(io.Reader) error) {
	file, err := os.Open(path)
	if err != nil {
		x.tb.Fatal(err)
	}
	defer file.Close()
	if err := into(bufio.NewReader(file)); err != nil {
		x.tb.Fatal(fmt.Errorf("%s: %w", path, err))
	}
}

// Facts reads what everybody wrote down.
func (x *Traffic) Facts() reconcile.Facts {
	f := reconcile.Facts{Sent: x.Journal()}
	x.read(x.o.Upstream, func(r io.Reader) (err error) { f.Handovers, err = reconcile.ReadHandovers(r); return err })
	if x.Alien {
		f.Handovers = slices.DeleteFunc(f.Handovers, func(h reconcile.Handover) bool { return !strings.HasSuffix(h.ID, "@load.example") })
	}
	db, err := sql.Open("sqlite3", "file:"+x.o.Database+"?mode=ro&_busy_timeout=10000")
	if err != nil {
		x.tb.Fatal(err)
	}
	defer db.Close()
	f.Rows, err = Rows(db, func(scan func(...any) error) (r reconcile.Row, err error) {
		return r, scan(&r.ID, &r.To, &r.State)
	}, `SELECT s.mid, r.address, r.state FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE s.author_id IS NOT NULL AND s.mid LIKE '%@load.example'`)
	if err != nil {
		x.tb.Fatal(err)
	}
	f.Copies, err = Rows(db, func(scan func(...any) error) (c reconcile.Copy, err error) {
		var at string
		if err := scan(&c.ID, &c.To, &c.Hash, &at); err != nil {
			return c, err
		}
		c.Filed, err = time.Parse(time.RFC3339Nano, at)
		return c, err
	}, `SELECT m.mid, p.address, lower(hex(b.sha256)), d.arrived FROM delivery d JOIN message m ON m.id = d.message_id
		JOIN body b ON b.id = m.body_id JOIN person p ON p.id = d.person_id WHERE m.mid LIKE '%@load.example'`)
	if err != nil {
		x.tb.Fatal(err)
	}
	return f
}

// withoutPower takes back what was acknowledged while the disk had no power: a machine
// says nothing then. Shutting a file system down is not one instant, as a power cut is:
// until the call is over, and for the syncs that were under way even behind it, ext4 and
// XFS let a sync succeed whose octets never reach the disk. (A program that does nothing
// but append and sync saw that in one cut of five; of what was synced before the call,
// nothing was ever missing.)
func withoutPower(sent []reconcile.Sent, dark []Span) []reconcile.Sent {
	for i, s := range sent {
		for _, d := range dark {
			if s.Acked.After(d.From) && s.Acked.Before(d.To) {
				sent[i].Acked = time.Time{}
			}
			if s.Returned.After(d.From) && s.Returned.Before(d.To) {
				sent[i].Returned = time.Time{}
			}
		}
	}
	return sent
}

// Rows reads a whole answer of a database.
func Rows[V any](db *sql.DB, one func(scan func(...any) error) (V, error), query string) ([]V, error) {
	found, err := db.QueryContext(context.Background(), query)
	if err != nil {
		return nil, err
	}
	defer found.Close()
	var out []V
	for found.Next() {
		v, err := one(found.Scan)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, found.Err()
}

// manyFindings is how many are told: the first ones tell.
const manyFindings = 20

// Judge compares everything and tells what is wrong. The server must not be running, or
// must have settled. Of kills as many mails may be repeated as the server has workers.
func (x *Traffic) Judge(settled bool, kills int) reconcile.Facts {
	x.tb.Helper()
	f := x.Facts()
	f.Settled, f.Kills, f.Workers = settled, kills, Workers
	found := reconcile.Check(f)
	for i, wrong := range found {
		if i == manyFindings {
			x.tb.Errorf("… and %d more", len(found)-i)
			break
		}
		x.tb.Error(wrong)
	}
	return f
}

// Repeats counts per message how often it was taken more than once.
func Repeats(f reconcile.Facts) int {
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
