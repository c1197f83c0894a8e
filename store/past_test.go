package store

import (
	"testing"
	"time"
)

func TestPastIsCountedOnceForSixtyDays(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error {
		for _, x := range []struct {
			mid  string
			at   time.Time
			want bool
		}{
			{"a@x", t0, true}, {"a@x", t0.Add(time.Hour), false}, {"b@x", t0, true}, {"", t0, true}, {"", t0, true},
			{"a@x", t0.Add(59 * 24 * time.Hour), false}, {"a@x", t0.Add(61 * 24 * time.Hour), true},
		} {
			if got, err := tx.CountPast(x.mid, "Mail", x.at); err != nil || got != x.want {
				t.Errorf("%q at %s: %t, %v", x.mid, x.at, got, err)
			}
		}
		list, err := tx.PassagesSince(t0)
		if len(list) != 1 || list[0].N != 5 {
			t.Errorf("counted %v", list)
		}
		var kept int
		if err := tx.row([]any{&kept}, `SELECT count(*) FROM past`); err != nil || kept != 1 {
			t.Errorf("%d are kept, %v", kept, err)
		}
		return err
	})
}

// What is remembered of Sent keeps when it was seen first, and goes with the account.
func TestNotedSent(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	must(t, db, func(tx *Tx) error {
		for _, s := range []SentMail{{"a@x", 7, 1, t0}, {"b@x", 7, 2, t0.Add(time.Minute)}, {"a@x", 8, 5, t0.Add(time.Hour)}} {
			if err := tx.NoteSent(p.ID, s); err != nil {
				return err
			}
		}
		got, err := tx.NotedSent(p.ID)
		if err != nil || len(got) != 2 || got[0] != (SentMail{"a@x", 8, 5, t0}) || got[1].MID != "b@x" {
			t.Errorf("noted %v, %v", got, err)
		}
		if err := tx.ForgetSent(p.ID, "a@x"); err != nil {
			return err
		}
		if got, err = tx.NotedSent(p.ID); len(got) != 1 {
			t.Errorf("noted %v, %v", got, err)
		}
		if err := tx.DropMirror(p.ID); err != nil {
			return err
		}
		if got, err = tx.NotedSent(p.ID); len(got) != 0 {
			t.Errorf("noted %v, %v", got, err)
		}
		return err
	})
}
