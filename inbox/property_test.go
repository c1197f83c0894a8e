package inbox_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/store"
)

// Whatever arrives, and whenever the timer loop happens to run, every message stands
// once in exactly one folder: in Next delivery until the minute of its tide, then in
// its target.
func TestNothingIsLostDoubledOrEarly(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		h := newHouse(t, nil)
		defer h.db.Close()
		if rapid.Bool().Draw(rt, "leave") {
			h.leave(h.ana, "2026-11-25..2026-11-27")
		}
		now := at("11-20", "00:00")
		sent, dragged := map[string]store.Delivery{}, map[int64]bool{}
		for i := range rapid.IntRange(1, 14).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 600).Draw(rt, "minutes")) * time.Minute)
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0, 1:
				s := fmt.Sprintf("S%d", i)
				sent[s] = h.deliver(h.tom, h.ana, h.text("tom@team.example", s), now, nil)
			case 2:
				s := fmt.Sprintf("S%d", i)
				h.mustReceive("ana@team.example", h.text("henrik@customer.test", s), now)
				sent[s] = delivered(h, h.ana)
			case 3:
				h.runDue(now)
			case 4:
				h.dragOne(now, dragged)
			}
			h.checkAll(rt, sent, dragged)
		}
		h.runDue(now)
		for range 60 { // Until everything has come, as the timer loop would.
			due, ok := h.due()
			if !ok {
				break
			}
			if due.After(now) {
				now = due
			}
			h.runDue(now)
		}
		h.checkAll(rt, sent, dragged)
		for s, d := range sent {
			if d = h.delivery(d.ID); d.State == store.Waiting {
				rt.Errorf("%s still waits for %v at %v", s, d.Due, now)
			}
		}
	})
}

func (h *house) delivery(id int64) store.Delivery {
	h.t.Helper()
	var d store.Delivery
	h.view(func(tx *store.Tx) (err error) {
		d, err = tx.Delivery(id)
		return err
	})
	return d
}

// dragOne drags the oldest waiting message to INBOX.
func (h *house) dragOne(now time.Time, dragged map[int64]bool) {
	list := h.entries(h.ana, store.KindNextDelivery)
	if len(list) == 0 {
		return
	}
	dragged[list[0].DeliveryID] = true
	target := h.mailbox(h.ana, store.KindInbox)
	h.update(func(tx *store.Tx) error {
		_, err := h.box.DeliverNow(tx, h.ana.ID, list[0], target, now)
		return err
	})
}

func (h *house) checkAll(rt *rapid.T, sent map[string]store.Delivery, dragged map[int64]bool) {
	places := map[string][]store.Kind{}
	for _, kind := range []store.Kind{store.KindInbox, store.KindNextDelivery, store.KindAway} {
		for _, e := range h.entries(h.ana, kind) {
			head, _ := h.message(e.MessageID)
			s := mail.ParseHeader([]byte(head)).Text("Subject")
			if _, ok := sent[s]; ok {
				places[s] = append(places[s], kind)
			}
		}
	}
	for s, first := range sent {
		d := h.delivery(first.ID)
		want := []store.Kind{d.Target}
		if d.State == store.Waiting {
			want = []store.Kind{store.KindNextDelivery}
		}
		if !slices.Equal(places[s], want) {
			rt.Fatalf("%s (%s) is in %v, want %v", s, d.State, places[s], want)
		}
		if d.State == store.Published && !dragged[d.ID] && d.Published.Before(first.Due.Truncate(time.Minute)) {
			rt.Fatalf("%s was due %v and came %v", s, first.Due, d.Published)
		}
	}
}

// A tide and a drag meet: one of them has the message, nobody has it twice.
func TestATideMeetsADrag(t *testing.T) {
	h := newHouse(t, nil)
	noon := at("11-23", "13:00")
	for i := range 20 {
		h.deliver(h.tom, h.ana, h.text("tom@team.example", fmt.Sprintf("S%d", i)), monday, nil)
	}
	list := h.entries(h.ana, store.KindNextDelivery)
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	archive := h.mailbox(h.ana, store.KindArchive)
	done := make(chan error)
	go func() { done <- h.box.RunDue(context.Background(), noon) }()
	won := 0
	for _, e := range list {
		err := h.db.Update(context.Background(), func(tx *store.Tx) error {
			_, err := h.box.DeliverNow(tx, h.ana.ID, e, archive, noon)
			return err
		})
		if err == nil {
			won++
		} else if !errors.Is(err, inbox.ErrGone) {
			t.Fatal(err)
		}
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	moved, came := len(h.entries(h.ana, store.KindArchive)), len(h.entries(h.ana, store.KindInbox))
	if digests := len(h.entries(h.ana, store.KindDigests)); moved != won || moved+came-digests != 20 {
		t.Errorf("%d moved (%d won), %d came with %d digests; want 20 in all", moved, won, came, digests)
	}
	if left := len(h.entries(h.ana, store.KindNextDelivery)); left != 0 {
		t.Errorf("%d left in Next delivery", left)
	}
}
