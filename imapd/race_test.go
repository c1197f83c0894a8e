package imapd

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"tidepost/store"
)

// TestMoveMeetsRelease lets a move out of Scheduled race with the release of the same
// mail. One wins: the mail is cancelled and lies in Drafts, or it has left and the
// mover is told. Never both, never neither.
func TestMoveMeetsRelease(t *testing.T) {
	rounds := 400
	if testing.Short() {
		rounds = 50
	}
	w := newWorld(t)
	c := w.client()
	outcomes := map[string]int{}
	for i := range rounds {
		subject := fmt.Sprintf("Race %d", i)
		if err := w.submit("carol@elsewhere.test", subject); err != nil {
			t.Fatal(err)
		}
		entry, sub := w.waitingEntry(t)
		c.ok("SELECT Scheduled")
		var release sync.WaitGroup
		release.Go(func() {
			// Its undo time is over.
			if err := w.queue.RunDue(context.Background(), time.Now().Add(time.Minute)); err != nil {
				t.Error(err)
			}
		})
		_, status := c.do(fmt.Sprintf("UID MOVE %d Drafts", entry.UID))
		release.Wait()
		state := w.recipientState(t, sub)
		switch {
		case strings.HasPrefix(status, "OK") && state == store.Cancelled && w.inDrafts(t, sub):
			outcomes["moved"]++
		case strings.HasPrefix(status, "NO [INUSE]") && state != store.Held && state != store.Cancelled && !w.inDrafts(t, sub):
			outcomes["left"]++
		default:
			t.Fatalf("round %d: %s, recipient %s, in Drafts %v", i, status, state, w.inDrafts(t, sub))
		}
	}
	t.Logf("outcomes: %v", outcomes)
}

// waitingEntry returns the newest entry of Scheduled that waits.
func (w *world) waitingEntry(t *testing.T) (store.Entry, int64) {
	t.Helper()
	var e store.Entry
	w.view(func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(w.alice.ID, store.KindScheduled)
		if err != nil {
			return err
		}
		all, err := tx.Entries(box.ID)
		if err != nil {
			return err
		}
		for _, x := range all {
			if x.SubmissionID != 0 {
				e = x
			}
		}
		if e.ID == 0 {
			return errors.New("nothing waits")
		}
		return nil
	})
	return e, e.SubmissionID
}

func (w *world) recipientState(t *testing.T, sub int64) store.State {
	t.Helper()
	var out store.State
	w.view(func(tx *store.Tx) error {
		list, err := tx.Recipients(sub)
		if err == nil {
			out = list[0].State
		}
		return err
	})
	return out
}

func (w *world) inDrafts(t *testing.T, sub int64) bool {
	t.Helper()
	found := false
	w.view(func(tx *store.Tx) error {
		drafts, err := tx.MailboxByKind(w.alice.ID, store.KindDrafts)
		if err != nil {
			return err
		}
		entries, err := tx.EntriesOfSubmission(sub)
		for _, e := range entries {
			found = found || e.MailboxID == drafts.ID
		}
		return err
	})
	return found
}

// TestLargeMailbox: what a client asks of ten thousand messages when it opens a
// mailbox comes from the view, at once.
func TestLargeMailbox(t *testing.T) {
	const n = 10_000
	w := newWorld(t)
	first := w.deliver("INBOX", plain(1))[0]
	box := w.box("INBOX")
	w.update(func(tx *store.Tx) error { return addCopies(tx, box, first, n-1) })
	c := w.client()
	c.ok("SELECT INBOX")
	best := time.Hour
	for range 10 {
		begin := time.Now()
		lines := c.ok("FETCH 1:* (UID FLAGS)")
		best = min(best, time.Since(begin))
		if len(lines) != n || lines[n-1] != fmt.Sprintf("* %d FETCH (UID %d FLAGS ())", n, n) {
			t.Fatalf("got %d lines, the last %q", len(lines), lines[len(lines)-1])
		}
	}
	t.Logf("FETCH 1:%d (UID FLAGS): %v", n, best)
	if limit := 50 * time.Millisecond; best > limit && !raceEnabled {
		t.Errorf("took %v, want less than %v", best, limit)
	}
	c.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
	if lines := c.ok("EXPUNGE"); len(lines) != n || lines[0] != fmt.Sprintf("* %d EXPUNGE", n) {
		t.Errorf("EXPUNGE: got %d lines", len(lines))
	}
}
