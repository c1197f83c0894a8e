package store

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// coached stores a draft that was handed back.
func coached(t *testing.T, db *DB, c Coaching, policies ...string) Coaching {
	t.Helper()
	var said []Advice
	for _, p := range policies {
		said = append(said, Advice{Policy: p, Reason: p + "-missing"})
	}
	must(t, db, func(tx *Tx) error { return tx.InsertCoaching(&c, said) })
	return c
}

func TestACoachingIsSettledOnce(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	s, _ := submit(t, db, p.ID, "m@x", t0.Add(time.Hour))
	c := coached(t, db, Coaching{PersonID: p.ID, SubmissionID: s.ID, Mode: CoachAdvise, State: CoachOpen, Draft: []byte("d"), Note: "n@x", Created: t0}, "cta", "attachment")
	must(t, db, func(tx *Tx) error {
		for name, look := range map[string]func() (Coaching, error){
			"of the submission": func() (Coaching, error) { return tx.CoachingOf(s.ID) },
			"of the draft":      func() (Coaching, error) { return tx.CoachedDraft(p.ID, []byte("d")) },
		} {
			got, err := look()
			if diff := cmp.Diff(c, got); err != nil || diff != "" {
				t.Errorf("%s: %v %s", name, err, diff)
			}
		}
		_, err := tx.CoachedDraft(p.ID+1, []byte("d"))
		if !errors.Is(err, ErrNotFound) {
			t.Errorf("somebody else's draft: %v", err)
		}
		return tx.SettleCoaching(c.ID, CoachRanOut, VerdictUnread, t0.Add(time.Minute))
	})
	err := db.Update(context.Background(), func(tx *Tx) error {
		return tx.SettleCoaching(c.ID, CoachWithdrawn, VerdictHeeded, t0)
	})
	if !errors.Is(err, ErrConflict) {
		t.Errorf("settled twice: %v", err)
	}
	must(t, db, func(tx *Tx) error {
		open, err := tx.OpenCoachings(p.ID, 5)
		if err != nil || len(open) != 0 {
			t.Errorf("open: %v, %v", open, err)
		}
		if err := tx.FollowCoaching(c.ID, true); err != nil {
			return err
		}
		said, err := tx.Advices(c.ID)
		for _, a := range said {
			if a.Verdict != VerdictAskedBack {
				t.Errorf("advice of %s: %q", a.Policy, a.Verdict)
			}
		}
		left, err2 := tx.UnfollowedCoachings(t0, 0, 5)
		if len(left) != 0 || len(said) != 2 {
			t.Errorf("unfollowed: %v, said: %v", left, said)
		}
		return errors.Join(err, err2)
	})
}

func TestOnlyJudgedAdviceCountsAndWakingBeginsAnew(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	at := t0
	for _, v := range []Verdict{VerdictFalseAlarm, VerdictHeeded, VerdictUnread, VerdictNone, VerdictAskedBack, VerdictFalseAlarm} {
		at = at.Add(time.Minute)
		c := coached(t, db, Coaching{PersonID: p.ID, Mode: CoachStop, State: CoachOpen, Draft: []byte(at.String()), Created: at}, "cta")
		must(t, db, func(tx *Tx) error { return tx.SettleCoaching(c.ID, CoachOverridden, v, at) })
	}
	must(t, db, func(tx *Tx) error {
		for _, c := range []struct{ limit, judged, wrong int }{{50, 4, 2}, {3, 3, 1}, {1, 1, 1}} {
			judged, wrong, err := tx.Judged("cta", c.limit)
			if err != nil || judged != c.judged || wrong != c.wrong {
				t.Errorf("of the last %d: %d, %d, %v; want %d, %d", c.limit, judged, wrong, err, c.judged, c.wrong)
			}
		}
		for since, want := range map[time.Duration]int{0: 3, 90 * time.Second: 2, 5 * time.Minute: 1, time.Hour: 0} {
			if n, err := tx.Unheeded(p.ID, "cta", t0.Add(since)); err != nil || n != want {
				t.Errorf("unheeded after %s: %d, %v; want %d", since, n, err, want)
			}
		}
		for i, want := range []bool{true, false} {
			if is, err := tx.QuietPolicy("cta", at); err != nil || is != want {
				t.Errorf("quiet, time %d: %v, %v", i, is, err)
			}
		}
		if list, err := tx.QuietPolicies(); err != nil || len(list) != 1 || list[0].Policy != "cta" || !list[0].Since.Equal(at) {
			t.Errorf("quiet ones: %v, %v", list, err)
		}
		for i, want := range []bool{true, false} {
			if is, err := tx.WakePolicy("cta", at.Add(time.Second)); err != nil || is != want {
				t.Errorf("wake, time %d: %v, %v", i, is, err)
			}
		}
		judged, _, err := tx.Judged("cta", 50)
		if judged != 0 {
			t.Errorf("%d count from before", judged)
		}
		return err
	})
}

func TestFirstEventSince(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error {
		if id, err := tx.FirstEventSince(t0); err != nil || id != 0 {
			t.Errorf("an empty ledger: %d, %v", id, err)
		}
		for i := range 37 {
			if err := tx.AddEvent(Event{At: t0.Add(time.Duration(i) * time.Minute), Kind: "x"}); err != nil {
				return err
			}
		}
		for i := range 37 {
			for _, early := range []time.Duration{0, time.Second} {
				if id, err := tx.FirstEventSince(t0.Add(time.Duration(i)*time.Minute - early)); err != nil || id != int64(i+1) {
					t.Errorf("minute %d: %d, %v", i, id, err)
				}
			}
		}
		if id, err := tx.FirstEventSince(t0.Add(37 * time.Minute)); err != nil || id != 0 {
			t.Errorf("behind the last: %d, %v", id, err)
		}
		return nil
	})
}

func TestAFolderOfThePersonsBecomesOurs(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	must(t, db, func(tx *Tx) error {
		box, err := tx.MailboxByKind(p.ID, KindBefore)
		if err != nil {
			return err
		}
		// As it was before there was such a folder.
		if err := tx.DeleteMailbox(box.ID, t0); err != nil {
			return err
		}
		own := Mailbox{PersonID: p.ID, Name: box.Name, Kind: KindUser, Visible: true, Created: t0}
		if err := tx.CreateMailbox(&own); err != nil {
			return err
		}
		got, err := tx.EnsureMailbox(p.ID, KindBefore, t0)
		if got.ID != own.ID || got.UIDValidity != own.UIDValidity {
			t.Errorf("got %+v, want the person's own %+v", got, own)
		}
		return err
	})
}
