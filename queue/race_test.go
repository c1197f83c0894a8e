package queue

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

var long = flag.Bool("long", false, "run as many rounds as the promises name")

// TestMoveAgainstRelease lets a move and a release of the same mail run at once, many
// times: exactly one wins, and the loser is told.
func TestMoveAgainstRelease(t *testing.T) {
	rounds := 500
	switch {
	case *long:
		rounds = 10000
	case raceEnabled:
		rounds = 100
	}
	w := newWorld(t)
	now := monday(10, 0)
	drafts := w.box(w.ana, store.KindDrafts)
	moved, released := 0, 0
	for i := range rounds {
		at := now.Add(time.Duration(i) * time.Minute)
		mid := fmt.Sprintf("r%d@team.example", i)
		id := w.submit(at, w.ana, letter(w.ana, mid, "x", at, "t", "To: ana@team.example"), "ana@team.example")
		var e store.Entry
		w.view(func(tx *store.Tx) error {
			list, err := tx.EntriesOfSubmission(id)
			e = list[0]
			return err
		})
		at = at.Add(30 * time.Second)
		var moveErr, runErr error
		var both sync.WaitGroup
		both.Go(func() {
			moveErr = w.db.Update(context.Background(), func(tx *store.Tx) error {
				_, err := w.q.MoveOut(tx, w.ana, e, drafts, at)
				return err
			})
		})
		both.Go(func() { runErr = w.q.RunDue(context.Background(), at) })
		both.Wait()
		if runErr != nil {
			t.Fatal(runErr)
		}
		switch state := w.states(id); {
		case moveErr == nil && state == "cancelled":
			moved++
		case errors.Is(moveErr, ErrLeft) && state == "delivered":
			released++
		default:
			t.Fatalf("round %d: move says %v, recipient is %s", i, moveErr, state)
		}
	}
	t.Logf("%d moved, %d released", moved, released)
	if got := len(w.entries(w.ana, store.KindDrafts)); got != moved {
		t.Errorf("%d drafts after %d moves", got, moved)
	}
}

// TestRunServesHoldsAndRetries runs the real loops in virtual time.
func TestRunServesHoldsAndRetries(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		kick := make(chan struct{}, 1)
		w.q.o.Wake = func() {
			select {
			case kick <- struct{}{}:
			default:
			}
		}
		w.out.answer = func(_ mail.Address, n int) Result {
			if n == 1 {
				return replied(421, "Not now")
			}
			return taken()
		}
		ctx, stop := context.WithCancel(t.Context())
		var loops sync.WaitGroup
		loops.Go(func() {
			if err := w.q.Run(ctx); err != nil {
				t.Errorf("Run: %v", err)
			}
		})
		loops.Go(func() { runLoop(ctx, w.q, kick) })
		now := time.Now().UTC() // Saturday 1 January 2000.
		held := w.submit(now, w.ana, letter(w.ana, "s1@team.example", "Held", now, "t", "To: mei@team.example"), "mei@team.example")
		out := w.submit(now, w.ana, letter(w.ana, "s2@team.example", "Out", now, "t", "To: joe@else.example"), "joe@else.example")
		time.Sleep(10 * time.Second)
		synctest.Wait()
		w.wantStates(out, "held Sat 00:00:20")
		time.Sleep(11 * time.Second)
		synctest.Wait()
		w.wantStates(out, "deferred Sat 00:02:20")
		time.Sleep(3 * time.Minute)
		synctest.Wait()
		w.wantStates(out, "delivered")
		if s := w.subjects(w.ana, store.KindScheduled); s == "Held" {
			t.Error("there is no timetable")
		}
		opening := time.Date(2000, 1, 2, 22, 0, 0, 0, time.UTC)
		time.Sleep(time.Until(opening) - time.Second)
		synctest.Wait()
		w.wantStates(held, "held Sun 22:00:00")
		time.Sleep(time.Second + time.Millisecond)
		synctest.Wait()
		w.wantStates(held, "delivered")
		stop()
		loops.Wait()
		w.db.Close()
	})
}
