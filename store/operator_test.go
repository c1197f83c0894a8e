package store

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestNewestEventOfEmptyLedger(t *testing.T) {
	db := open(t)
	must(t, db, func(tx *Tx) error {
		if _, err := tx.NewestEvent(); !errors.Is(err, ErrNotFound) {
			t.Errorf("empty ledger: %v", err)
		}
		for i := range 3 {
			if err := tx.AddEvent(Event{At: t0.Add(time.Duration(i) * time.Minute), Kind: "note"}); err != nil {
				return err
			}
		}
		e, err := tx.NewestEvent()
		if err != nil || !e.At.Equal(t0.Add(2*time.Minute)) {
			t.Errorf("newest event %v at %v", err, e.At)
		}
		return nil
	})
}

func TestSchemaVersion(t *testing.T) {
	if v, err := open(t).SchemaVersion(context.Background()); err != nil || v < 1 {
		t.Errorf("schema version %d, %v", v, err)
	}
}

func TestSubmissionLists(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	m := letter(t, db, "a@team.example", "text\r\n")
	var waiting, gone Submission
	must(t, db, func(tx *Tx) error {
		for _, s := range []*Submission{&waiting, &gone} {
			*s = Submission{MessageID: m.ID, AuthorID: p.ID, MID: m.MID, Digest: []byte{1}, Accepted: t0}
			if err := tx.InsertSubmission(s); err != nil {
				return err
			}
		}
		r := Recipient{SubmissionID: waiting.ID, Address: "x@out.example", State: Held, Due: t0.Add(time.Hour)}
		if err := tx.InsertRecipient(&r, Event{At: t0, Kind: "held"}); err != nil {
			return err
		}
		r = Recipient{SubmissionID: gone.ID, Address: "x@out.example", State: Bounced, Settled: t0}
		return tx.InsertRecipient(&r, Event{At: t0, Kind: "bounced"})
	})
	err := db.View(context.Background(), func(tx *Tx) error {
		open, err := tx.Unsettled(p.ID, 10)
		if err != nil || len(open) != 1 || open[0].ID != waiting.ID {
			t.Errorf("unsettled: %v, %v", open, err)
		}
		all, err := tx.SubmissionsBelow(0, 0, 10)
		if err != nil || len(all) != 2 || all[0] != gone.ID {
			t.Errorf("newest: %v, %v", all, err)
		}
		if none, err := tx.SubmissionsBelow(p.ID+1, 0, 10); err != nil || len(none) != 0 {
			t.Errorf("of somebody else: %v, %v", none, err)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestExpireDerived(t *testing.T) {
	db := open(t)
	m := letter(t, db, "a@team.example", "text\r\n")
	must(t, db, func(tx *Tx) error {
		if err := tx.PutDerived(Derived{MessageID: m.ID, Preview: "text"}); err != nil {
			return err
		}
		return tx.Index(IndexText{MessageID: m.ID, Subject: "a", Body: "text"})
	})
	must(t, db, func(tx *Tx) error {
		if n, err := tx.CountDerived(); err != nil || n != 1 {
			t.Errorf("count %d, %v", n, err)
		}
		last, err := tx.ExpireDerived(0, 10)
		if err != nil || last != m.ID {
			t.Errorf("expire: last %d, %v", last, err)
		}
		if last, err := tx.ExpireDerived(last, 10); err != nil || last != 0 {
			t.Errorf("expire more: last %d, %v", last, err)
		}
		if _, err := tx.Derived(m.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("derived data is still there: %v", err)
		}
		// In the index again: the old row must be gone, or it would be a constraint error.
		if err := tx.PutDerived(Derived{MessageID: m.ID, Preview: "text"}); err != nil {
			return err
		}
		return tx.Index(IndexText{MessageID: m.ID, Subject: "a", Body: "text"})
	})
}
