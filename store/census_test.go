package store

import (
	"testing"
	"time"
)

func TestCensus(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	submit(t, db, p.ID, "later@x", t0.Add(2*time.Hour))
	submit(t, db, p.ID, "soon@x", t0.Add(time.Hour))
	_, r := submit(t, db, p.ID, "gone@x", t0.Add(time.Hour))
	r.State, r.Due, r.Settled = Cancelled, time.Time{}, t0
	must(t, db, func(tx *Tx) error { return tx.MoveRecipient(r, Held, Event{At: t0, Kind: "cancelled"}) })
	s, r := submit(t, db, p.ID, "way@x", t0)
	r.State, r.Due, r.Claimed, r.Released, r.RenditionID = Sending, time.Time{}, t0, t0, s.MessageID
	must(t, db, func(tx *Tx) error { return tx.MoveRecipient(r, Held, Event{At: t0, Kind: "attempt"}) })
	must(t, db, func(tx *Tx) error {
		c := Coaching{PersonID: p.ID, Mode: "advise", State: "open", Draft: []byte{1}, Created: t0}
		if err := tx.InsertCoaching(&c, []Advice{{Policy: "context", Reason: "vague", Created: t0}, {Policy: "cta", Reason: "who", Created: t0}}); err != nil {
			return err
		}
		return tx.SettleCoaching(c.ID, "overridden", "false-alarm", t0)
	})
	must(t, db, func(tx *Tx) error {
		c, err := tx.Census()
		if err != nil {
			return err
		}
		if got, want := c.Recipients[Held], (Group{Count: 2, Oldest: t0, Due: t0.Add(time.Hour)}); got != want {
			t.Errorf("held %+v, want %+v", got, want)
		}
		if got := c.Recipients[Sending]; got.Count != 1 || !got.Due.IsZero() {
			t.Errorf("sending %+v", got)
		}
		if got := c.Recipients[Deferred]; got != (Group{}) {
			t.Errorf("deferred %+v", got)
		}
		if c.Deliveries != (Group{}) {
			t.Errorf("deliveries %+v", c.Deliveries)
		}
		if got := c.Advice["cta"]; got != (Verdicts{Given: 1, FalseAlarms: 1}) {
			t.Errorf("advice %+v", got)
		}
		return nil
	})
}
