package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestSettleIsAnOrdinarySettlement: it leaves the rows that a closure would, and does not
// touch who is not being sent any more.
func TestSettleIsAnOrdinarySettlement(t *testing.T) {
	db := open(t)
	p := ana(t, db)
	now := t0.Add(time.Minute)
	sending := func(mid string) (Submission, Recipient) {
		s, r := submit(t, db, p.ID, mid, t0)
		r.State, r.Due, r.Claimed, r.Released, r.RenditionID, r.Attempts = Sending, time.Time{}, t0, t0, s.MessageID, 1
		must(t, db, func(tx *Tx) error {
			return tx.MoveRecipient(r, Held, Event{At: t0, Kind: "attempt", MessageID: s.MessageID})
		})
		return s, r
	}
	delivered := func(r Recipient) (Recipient, Event) {
		r.State, r.Claimed, r.Settled, r.Reply, r.Remote = Delivered, time.Time{}, now, "250 2.0.0 taken", "mx.else.example"
		return r, Event{At: now, Kind: "delivered", Detail: json.RawMessage(`{"attempt":1}`)}
	}
	s1, r1 := sending("one@x.example")
	s2, r2 := sending("two@x.example")
	must(t, db, func(tx *Tx) error {
		r, e := delivered(r1)
		if err := tx.MoveRecipient(r, Sending, e); err != nil {
			return err
		}
		return tx.Orphans(s1.MessageID, s1.MessageID, now.Add(time.Hour))
	})
	r, e := delivered(r2)
	settlement := &Settlement{Recipients: []Recipient{r}, Delivered: []Event{e}, Submitted: s2.MessageID, Rendition: s2.MessageID, After: now.Add(time.Hour)}
	for range 2 { // The second one finds nobody.
		if err := db.Settle(context.Background(), settlement); err != nil {
			t.Fatal(err)
		}
	}
	err := db.View(context.Background(), func(tx *Tx) error {
		look := func(s Submission) string {
			rcpts, err := tx.Recipients(s.ID)
			if err != nil {
				t.Fatal(err)
			}
			events, err := tx.EventsOfSubmission(s.ID)
			if err != nil {
				t.Fatal(err)
			}
			rcpts[0].ID, rcpts[0].SubmissionID, rcpts[0].RenditionID = 0, 0, 0
			text := fmt.Sprintf("%+v", rcpts)
			for _, e := range events {
				raw, _ := e.Detail.(*json.RawMessage)
				text += fmt.Sprint("\n", e.At, e.Kind, e.State, e.MessageID == s.MessageID, e.RecipientID != 0, string(*raw))
			}
			return text
		}
		one, two := look(s1), look(s2)
		if one != two || !strings.Contains(two, "delivered") {
			t.Errorf("by closure\n%s\ntogether\n%s", one, two)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	orphans := dump(t, db.Path(), "orphan")
	if len(orphans) != 2 {
		t.Errorf("orphans: %v", orphans)
	}
	if rep, err := db.CheckLedger(context.Background()); err != nil || len(rep.Findings) > 0 {
		t.Errorf("%+v, %v", rep, err)
	}
}
