package queue

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/store"
)

// holdMany puts n mails of Ana's to somebody elsewhere and m of Tom's to Mei on hold.
func holdMany(w *world, n, m int) {
	w.t.Helper()
	now := monday(9, 0)
	put := func(i int, from string) {
		author, to := w.ana, "joe@else.example"
		if from == "tom" {
			author, to = w.tom, "mei@team.example"
		}
		text := letter(author, fmt.Sprintf("%s%d@team.example", from, i), fmt.Sprintf("Mail %d", i), now, "text")
		env := envelope(author, to)
		env.HoldUntil = now.Add(time.Duration(60+i) * time.Minute)
		if _, err := w.q.Submit(context.Background(), Submission{Author: author, Envelope: env, Staged: w.stage(text, now), Now: now}); err != nil {
			w.t.Fatal(err)
		}
	}
	for i := range n {
		put(i, "ana")
	}
	for i := range m {
		put(i, "tom")
	}
}

// counts returns how many recipients stand in each state.
func (w *world) counts() map[store.State]int64 {
	w.t.Helper()
	var out map[store.State]int64
	w.view(func(tx *store.Tx) (err error) {
		out, err = tx.CountRecipients()
		return err
	})
	return out
}

// proved fails the test unless the ledger proves itself.
func (w *world) proved() {
	w.t.Helper()
	rep, err := w.db.CheckLedger(context.Background())
	if err != nil || len(rep.Findings) > 0 {
		w.t.Errorf("ledger: %+v, %v", rep.Findings, err)
	}
}

func TestReleaseNowByConditions(t *testing.T) {
	w := newWorld(t)
	holdMany(w, 6, 4)
	ctx, now := context.Background(), monday(9, 30)
	for _, c := range []struct {
		name    string
		o       Order
		release int64 // recipients that are due now, in all, after it
		want    Outcome
	}{
		{"dry", Order{DryRun: true}, 0, Outcome{Mails: 10}},
		{"before", Order{Selected: store.Selection{Before: monday(10, 2)}}, 4, Outcome{Mails: 4, Recipients: 4}},
		{"author and to nobody", Order{Selected: store.Selection{Author: 1, To: "mei@team.example"}}, 4, Outcome{}},
		{"to a domain", Order{Selected: store.Selection{To: "@else.example"}}, 8, Outcome{Mails: 6, Recipients: 6}},
		{"named", Order{Submissions: []int64{9, 10}}, 10, Outcome{Mails: 2, Recipients: 2, IDs: []int64{9, 10}, To: []string{"mei@team.example", "mei@team.example"}}},
	} {
		c.o.Now, c.o.By = now, "root"
		got, err := w.q.ReleaseNow(ctx, c.o)
		if diff := cmp.Diff(c.want, got); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", c.name, err, diff)
		}
		var due []store.Recipient
		w.view(func(tx *store.Tx) (err error) {
			due, err = tx.DueRecipients(now, 100)
			return err
		})
		if int64(len(due)) != c.release {
			t.Errorf("%s: %d are due, want %d", c.name, len(due), c.release)
		}
	}
	if _, err := w.q.ReleaseNow(ctx, Order{Submissions: []int64{99}, Now: now}); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("what does not exist: %v", err)
	}
	w.proved()
}

// More mail than one transaction takes leaves in the order it was accepted, the queue
// wakes itself, and timetables are out of date once, not once a mail.
func TestReleaseNowInBatches(t *testing.T) {
	woken := 0
	w := newWorld(t, func(o *Options) { o.Wake = func() { woken++ } })
	const n = releaseBatch + 3
	holdMany(w, n, 0)
	w.q.tables.take()
	ctx, now := context.Background(), monday(9, 30)
	if due, ok, err := w.q.NextDue(ctx); err != nil || ok && !due.IsZero() && !due.After(now) {
		t.Fatalf("due before: %v %v %v", due, ok, err)
	}
	woken = 0
	var steps []int
	out, err := w.q.ReleaseNow(ctx, Order{By: "root", Now: now, Progress: func(done, total int) {
		steps = append(steps, done)
		if total != n {
			t.Errorf("total %d", total)
		}
	}})
	if err != nil || out.Mails != n || out.Recipients != n {
		t.Fatalf("%+v, %v", out, err)
	}
	if diff := cmp.Diff([]int{releaseBatch, n}, steps); diff != "" || woken != 2 {
		t.Errorf("woken %d times, steps %s", woken, diff)
	}
	if got := w.q.tables.take(); len(got) != 1 || got[0] != w.ana.ID {
		t.Errorf("timetables of %v are out of date", got)
	}
	if due, ok, err := w.q.NextDue(ctx); err != nil || !ok || due.After(now) {
		t.Errorf("next due %v %v %v", due, ok, err)
	}
	w.proved()
}

func TestReleaseNowLeavesFrozenMailAlone(t *testing.T) {
	w := newWorld(t)
	holdMany(w, 3, 0)
	ctx, now := context.Background(), monday(9, 30)
	w.update(func(tx *store.Tx) error {
		s, err := tx.Submission(2)
		if err != nil {
			return err
		}
		s.Frozen = true
		return tx.UpdateSubmission(s)
	})
	out, err := w.q.ReleaseNow(ctx, Order{By: "root", Now: now})
	if diff := cmp.Diff(Outcome{Mails: 2, Recipients: 2, Frozen: 1}, out); diff != "" || err != nil {
		t.Error(err, diff)
	}
	if _, err := w.q.ReleaseNow(ctx, Order{Submissions: []int64{2}, Now: now}); err == nil || !strings.Contains(err.Error(), "marked as deleted") {
		t.Errorf("released although frozen: %v", err)
	}
	// A cancel is what its author wants anyway.
	out, err = w.q.CancelFor(ctx, Order{Submissions: []int64{2}, By: "root", Now: now})
	if err != nil || out.Mails != 1 {
		t.Errorf("cancel: %+v, %v", out, err)
	}
	w.proved()
}

// Whoever had many mails taken back reads one letter that says how many, and finds all
// of them in Trash.
func TestCancelForManyTellsOnce(t *testing.T) {
	w := newWorld(t)
	const n = cancelBatch + 20
	holdMany(w, n, 2)
	before := map[int64]int{w.ana.ID: len(w.entries(w.ana, store.KindInbox)), w.tom.ID: len(w.entries(w.tom, store.KindInbox))}
	out, err := w.q.CancelFor(context.Background(), Order{By: "root", Now: monday(9, 30)})
	if diff := cmp.Diff(Outcome{Mails: n + 2, Recipients: n + 2}, out); diff != "" || err != nil {
		t.Fatal(err, diff)
	}
	if c := w.counts(); c[store.Cancelled] != n+2 || c[store.Held] != 0 {
		t.Errorf("states %v", c)
	}
	for p, want := range map[int64]int{w.ana.ID: n, w.tom.ID: 2} {
		person, _ := w.people.ByID(p)
		inbox, trash, waits := w.entries(person, store.KindInbox), w.entries(person, store.KindTrash), w.entries(person, store.KindScheduled)
		if len(inbox) != before[p]+1 || len(trash) != want || len(waits) != 0 {
			t.Fatalf("%s: %d letters, %d in Trash, %d in Scheduled", person.Name, len(inbox)-before[p], len(trash), len(waits))
		}
		var subject, text string
		w.view(func(tx *store.Tx) error {
			m, err := tx.Message(inbox[len(inbox)-1].MessageID)
			if err != nil {
				return err
			}
			subject = string(m.Head)
			d, err := tx.Derived(m.ID)
			text = d.NewWords
			return err
		})
		if !strings.Contains(subject, fmt.Sprintf("Taken back: %d waiting mails", want)) || !strings.Contains(text, "Mail 0, to") {
			t.Errorf("%s reads %s\n%s", person.Name, subject, text)
		}
		if more := fmt.Sprintf("and %d more", n-maxTold); strings.Contains(text, more) != (want == n) {
			t.Errorf("%s: %s", person.Name, text)
		}
	}
	w.proved()
}
