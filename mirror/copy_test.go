package mirror_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/store"
)

// duplicate copies the data directory as an operator with a shell does.
func (w *world) duplicate() *world {
	w.t.Helper()
	twin := &world{t: w.t, dir: w.t.TempDir(), host: w.host, ana: w.ana}
	w.must(filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(w.dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(twin.dir, rel), 0o700)
		}
		if !d.Type().IsRegular() {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(twin.dir, rel), text, 0o600)
	}))
	return twin
}

// held counts what waits to leave and was never tried.
func (w *world) held() (n int) {
	w.t.Helper()
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	w.must(db.View(context.Background(), func(tx *store.Tx) error {
		c, err := tx.Census()
		n = c.Recipients[store.Held].Count
		return err
	}))
	w.must(db.Close())
	return n
}

func troubles(w *world) string {
	var out []string
	for _, t := range w.g.Mailboxes().Troubles() {
		out = append(out, t.What)
	}
	return strings.Join(out, "; ")
}

// Two run on copies of one database: the one that was there first goes on, the other stands
// back and says so; when the first is gone for good, the second takes over.
func TestOneOfTwoCopiesStandsBack(t *testing.T) {
	play(t, func(w *world) {
		w.sends("ana", "bob@customer.example", "[send 10:05] Budget", "Here is the budget.")
		w.stop()
		twin := w.duplicate()
		w.start()
		w.arrives("INBOX", "Before")
		w.wait(time.Minute)
		w.want("Tidepost/Next delivery", "Before")

		twin.start()
		defer twin.stop()
		w.arrives("INBOX", "Both")
		w.wait(3 * time.Minute)
		w.want("Tidepost/Next delivery", "Before", "Both")
		w.want("INBOX")
		if got := troubles(w); got != "" {
			t.Errorf("the first complains: %s", got)
		}
		if got := troubles(twin); !strings.Contains(got, "another Tidepost tends it") {
			t.Errorf("the second says %q", got)
		}
		w.wait(5 * time.Minute)
		if one, two := w.held(), twin.held(); one != 0 || two != 1 {
			t.Errorf("of one mail that is due %d wait at the first, and %d at the second, who must leave it", one, two)
		}
		if n := len(w.host.Folder("Tidepost/About")); n != 1 {
			t.Errorf("%d letters in About", n)
		}
		twin.stop() // And starts again: it has not forgotten that it stands back.
		twin.start()
		w.wait(time.Minute)
		if n := twin.held(); n != 1 {
			t.Errorf("the second sent what is due as it started again: %d wait", n)
		}
		w.stop() // And starts again at once: it is the same.
		w.start()
		w.arrives("INBOX", "Again")
		w.wait(20 * time.Second)
		w.want("Tidepost/Next delivery", "Before", "Both", "Again")
		w.wait(20 * time.Minute)
		if got := troubles(w); got != "" {
			t.Errorf("the first complains: %s", got)
		}

		w.stop()
		w.wait(20 * time.Minute)
		if got := troubles(twin); got != "" {
			t.Errorf("the second, alone, says %q", got)
		}
		w.arrives("INBOX", "Alone")
		w.wait(time.Minute)
		if !w.has("Tidepost/Next delivery", "Alone") {
			t.Errorf("Next delivery: %q", w.subjects("Tidepost/Next delivery"))
		}
	})
}

// Both start at once, and neither knows who ran before: one of them tends.
func TestTwoCopiesThatStartTogether(t *testing.T) {
	play(t, func(w *world) {
		w.stop()
		one, two := w.duplicate(), w.duplicate()
		one.start()
		defer one.stop()
		two.start()
		defer two.stop()
		w.wait(5 * time.Minute)
		w.arrives("INBOX", "Figures")
		w.wait(time.Minute)
		w.want("Tidepost/Next delivery", "Figures")
		if a, b := troubles(one), troubles(two); (a == "") == (b == "") {
			t.Errorf("one says %q, the other %q", a, b)
		}
	})
}
