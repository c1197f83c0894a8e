package store

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestThreads(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error {
		th := Thread{Subject: "budget", Created: t0, Updated: t0}
		if err := tx.InsertThread(&th); err != nil {
			return err
		}
		if err := tx.PutRef(Ref{MID: "m@x", Thread: th.ID}); err != nil {
			return err
		}
		if id, err := tx.ThreadOf("m@x"); err != nil || id != th.ID {
			t.Errorf("ThreadOf = %d, %v", id, err)
		}
		if id, err := tx.ThreadOf("n@x"); err != nil || id != 0 {
			t.Errorf("ThreadOf an unknown one = %d, %v", id, err)
		}
		th.Urgent, th.Updated = true, t0.Add(time.Hour)
		if err := tx.UpdateThread(th); err != nil {
			return err
		}
		got, err := tx.Thread(th.ID)
		if diff := cmp.Diff(th, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if list, err := tx.MessagesOfThread(th.ID, 9); err != nil || len(list) != 0 {
			t.Errorf("MessagesOfThread = %v, %v", list, err)
		}
		_, err = tx.Thread(99)
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("Thread = %v", err)
		}
		return nil
	})
}

// What is remembered of ids is told again, and PutRef keeps what it is not told.
func TestRefs(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error {
		var threads [2]Thread
		for i := range threads {
			threads[i] = Thread{Subject: "budget", Created: t0, Updated: t0}
			if err := tx.InsertThread(&threads[i]); err != nil {
				return err
			}
		}
		a, b := threads[0].ID, threads[1].ID
		told := &Told{Subject: "budget", Written: t0, From: []string{"ana@x"}, To: []string{"me \"i\"@x", "tom@x"}, Bare: true}
		refs := []Ref{
			{MID: "a@x", Rank: 9, Thread: a, Origin: a, Here: true, Told: told},
			{MID: "b@x", Parent: "a@x", Rank: 2, Thread: a, Origin: a},
		}
		for _, r := range refs {
			if err := tx.PutRef(r); err != nil {
				return err
			}
		}
		got, err := tx.Refs([]string{"b@x", "a@x", "never@x"})
		want := []Ref{refs[0], refs[1]}
		want[0].Told = nil
		if diff := cmp.Diff(want, got, cmpopts.SortSlices(func(a, b Ref) bool { return a.MID < b.MID })); err != nil || diff != "" {
			t.Error(err, diff)
		}
		if got, err = tx.RefsBelow([]string{"a@x"}, 5); err != nil || len(got) != 1 || got[0].MID != "b@x" {
			t.Errorf("RefsBelow = %+v, %v", got, err)
		}
		if err := tx.PutRef(Ref{MID: "a@x", Parent: "z@x", Rank: 9, Thread: b, Here: true}); err != nil {
			return err
		}
		got, err = tx.Refs([]string{"a@x"})
		if err != nil || len(got) != 1 || got[0].Thread != b || got[0].Origin != a || got[0].Parent != "z@x" {
			t.Errorf("moved: %+v, %v", got, err)
		}
		got, err = tx.RefsAlike("budget", t0, t0, 5)
		if diff := cmp.Diff([]Ref{{MID: "a@x", Told: told}}, got, cmpopts.IgnoreUnexported(Told{})); err != nil || diff != "" {
			t.Error(err, diff)
		}
		got, err = tx.RefsAlike("budget", t0.Add(time.Second), t0.Add(time.Hour), 5)
		if err != nil || len(got) != 0 {
			t.Errorf("too early: %+v, %v", got, err)
		}
		return nil
	})
}

// What moves takes its messages and deliveries along; a thread that was merged away
// lives again when something comes back.
func TestShifts(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	deliver(t, db, p, "n@x", t0.Add(time.Hour))
	must(t, db, func(tx *Tx) error {
		list, err := tx.MessagesByMID("n@x")
		if err != nil || len(list) != 1 {
			t.Fatalf("%d messages, %v", len(list), err)
		}
		var ids [3]int64
		for i := range ids {
			th := Thread{Subject: "s", Created: t0, Updated: t0, Urgent: i == 0}
			if err := tx.InsertThread(&th); err != nil {
				return err
			}
			ids[i] = th.ID
		}
		where := func(want int64) {
			t.Helper()
			var message, delivery int64
			err := tx.row([]any{&message, &delivery}, `SELECT m.thread_id, d.thread_id FROM delivery d JOIN message m ON m.id = d.message_id`)
			if ref, _ := tx.ThreadOf("n@x"); err != nil || message != want || delivery != want || ref != want {
				t.Errorf("message in %d, delivery in %d, id in %d, want %d, %v", message, delivery, ref, want, err)
			}
		}
		if err := tx.PutRef(Ref{MID: "n@x", Thread: ids[0], Here: true}); err != nil {
			return err
		}
		for _, q := range []string{`UPDATE message SET thread_id = ?1`, `UPDATE delivery SET thread_id = ?1`} {
			if _, err := tx.exec(q, ids[0]); err != nil {
				return err
			}
		}
		if err := tx.ShiftThread(ids[0], ids[1]); err != nil {
			return err
		}
		where(ids[1])
		if err := tx.ShiftThread(ids[1], ids[2]); err != nil {
			return err
		}
		where(ids[2])
		for i, want := range []int64{ids[2], ids[2], ids[2]} {
			if got, err := tx.ResolveThread(ids[i]); err != nil || got != want {
				t.Errorf("thread %d resolves to %d, %v", ids[i], got, err)
			}
		}
		if th, err := tx.Thread(ids[2]); err != nil || !th.Urgent {
			t.Errorf("urgency got lost: %+v, %v", th, err)
		}
		refs, err := tx.Refs([]string{"n@x"})
		if err != nil || refs[0].Origin != ids[0] {
			t.Errorf("it came from %d, %v", refs[0].Origin, err)
		}
		if err := tx.ShiftRefs([]string{"n@x"}, ids[0]); err != nil {
			return err
		}
		where(ids[0])
		if got, err := tx.ResolveThread(ids[0]); err != nil || got != ids[0] {
			t.Errorf("the thread that lives again resolves to %d, %v", got, err)
		}
		_, err = tx.ResolveThread(99)
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("an unknown thread: %v", err)
		}
		return nil
	})
}

// Mail that later answers may belong to is not written past ordinary transactions.
func TestExpressLeavesBareAnswersToOthers(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	must(t, db, func(tx *Tx) error {
		th := Thread{Subject: "offer", Created: t0, Updated: t0}
		if err := tx.InsertThread(&th); err != nil {
			return err
		}
		return tx.PutRef(Ref{MID: "bare@x", Thread: th.ID, Here: true, Told: &Told{Subject: "offer", Written: t0, From: []string{"joe@x"}, Bare: true}})
	})
	for _, c := range []struct {
		subject string
		written time.Time
		known   bool
	}{
		{"offer", t0.Add(-time.Hour), true},
		{"offer", t0, true},
		{"offer", t0.Add(time.Second), false},
		{"other", t0.Add(-time.Hour), false},
	} {
		x := parcel(p.ID, c.subject+c.written.Format("150405")+"@x.example", "text")
		x.Ref.Told = &Told{Subject: c.subject, Written: c.written, From: []string{"ana@x"}, To: []string{"joe@x"}}
		err := db.Launch(context.Background(), x)
		if c.known != errors.Is(err, ErrKnown) || !c.known && err != nil {
			t.Errorf("%s at %v: %v", c.subject, c.written, err)
		}
	}
	db = reopened(t, filepath.Dir(db.Path())) // It is another process that unpacks.
	must(t, db, func(tx *Tx) error {
		list, err := tx.RefsAlike("other", t0.Add(-2*time.Hour), t0, 5)
		if err != nil || len(list) != 1 || list[0].Told.To[0] != "joe@x" || !list[0].Told.Written.Equal(t0.Add(-time.Hour)) {
			t.Errorf("what was told of express mail: %+v, %v", list, err)
		}
		return nil
	})
}
