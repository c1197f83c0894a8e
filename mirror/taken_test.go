package mirror_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"tidepost/store"
)

// The script filed it into Next delivery while Tidepost was down, and Ana took it out
// before Tidepost ever saw it there: it is hers, and is not taken away again.
func TestUnknownMailTakenOutByHandStays(t *testing.T) {
	play(t, func(w *world) {
		w.arrives("Tidepost/Next delivery", "Known")
		w.wait(time.Minute)
		w.stop()
		w.gateOpened()
		w.arrives("Tidepost/Next delivery", "Filed")
		w.arrives("Tidepost/Next delivery", "Waits")
		w.must(w.host.Move("Tidepost/Next delivery", "Filed", "INBOX"))
		w.start()
		w.wait(time.Minute)
		w.want("INBOX", "Filed")
		w.want("Tidepost/Next delivery", "Known", "Waits")
		w.wait(5 * time.Minute)
		w.arrives("INBOX", "Afterwards")
		w.wait(time.Minute)
		w.want("INBOX", "Filed")
		w.want("Tidepost/Next delivery", "Known", "Waits", "Afterwards")
	})
}

// A tide writes what colleagues sent and the digest into Next delivery and moves all of it
// to INBOX: nobody took anything out, and what comes to INBOX just then is new mail.
func TestATideIsNotTakenForMailTakenOutByHand(t *testing.T) {
	play(t, func(w *world) {
		w.stop()
		w.gateOpened()
		w.start()
		w.arrives("Tidepost/Next delivery", "Filed")
		w.sends("mei", "ana@team.example", "Budget", "Here is the budget.")
		w.until(13, 0)
		w.wait(10 * time.Second)
		if got := w.subjects("INBOX"); len(got) != 3 {
			t.Fatalf("INBOX: %q, want two mails and the digest", got)
		}
		w.arrives("INBOX", "Afterwards")
		w.wait(time.Minute)
		w.want("Tidepost/Next delivery", "Afterwards")
	})
}

// gateOpened has the script filed new mail for an hour. The gateway must not run.
func (w *world) gateOpened() {
	w.t.Helper()
	db, err := store.Open(filepath.Join(w.dir, "data"))
	w.must(err)
	w.must(db.Update(context.Background(), func(tx *store.Tx) error {
		return tx.SetMeta(fmt.Sprintf("mirror.gate.%d", w.ana), time.Now().Add(-time.Hour).Format(time.RFC3339))
	}))
	w.must(db.Close())
}
