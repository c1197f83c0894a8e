package inbox_test

import (
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/people"
	"tidepost/store"
)

// Whatever happens and whenever Tidepost runs: a digest comes in its reader's hours, tells
// nothing of a day off, and nothing twice once it was read.
func TestDigestsKeepTheHours(t *testing.T) {
	total, runs := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if runs++; runs > 30 && !rt.Failed() {
			return // Each makes a database; this many are enough.
		}
		h := newAskingHouse(t, nil)
		folk := []*people.Person{h.ana, h.tom, h.mei}
		now := monday
		for range rapid.IntRange(3, 10).Draw(rt, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(1, 20*60).Draw(rt, "minutes")) * time.Minute)
			who := rapid.SampledFrom(folk).Draw(rt, "who")
			other := rapid.SampledFrom(folk).Draw(rt, "other")
			switch rapid.IntRange(0, 4).Draw(rt, "what") {
			case 0, 1:
				if who.ID != other.ID {
					h.write(who, other, "Workshop", rapid.SampledFrom([]string{budget, room, "Greetings."}).Draw(rt, "words"), now)
				}
			case 2:
				h.update(func(tx *store.Tx) error {
					list, err := clocks.OnMe(tx, who.ID)
					if err != nil || len(list) == 0 {
						return err
					}
					return h.keeper.Waive(tx, who, list[0].Ask.ID, now)
				})
			case 3:
				h.read(who)
			}
			if rapid.Bool().Draw(rt, "runs") { // Else it is down, or slow.
				h.pass(now)
			}
		}
		for _, p := range folk {
			total += h.checkDigests(p)
		}
	})
	if total == 0 {
		t.Error("no digest at all")
	}
}

// checkDigests looks at all digests of a person and returns how many there are.
func (h *askingHouse) checkDigests(p *people.Person) (n int) {
	h.t.Helper()
	h.view(func(tx *store.Tx) error {
		for _, e := range h.entries(p, store.KindDigests) {
			m, err := tx.Message(e.MessageID)
			if err != nil {
				return err
			}
			d, err := tx.Digest(m.MID)
			if err != nil {
				return err
			}
			var c digest.Content
			if err := json.Unmarshal(d.Content, &c); err != nil {
				return err
			}
			n++
			if !p.Schedule(d.Created).Working(d.Created) {
				h.t.Errorf("digest of %s at %v", p.FirstName(), d.Created.In(p.Zone()))
			}
			for _, l := range c.Mine {
				if !l.At.After(c.Since) && l.What != digest.OutcomeOverdue {
					h.t.Errorf("digest of %s at %v tells again: %+v", p.FirstName(), d.Created, l)
				}
			}
		}
		return nil
	})
	return n
}
