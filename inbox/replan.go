package inbox

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// Replan computes anew when what waits for a person appears: their calendar, their
// tides, their switch or the zone data changed. Somebody who is on leave now gets it
// in While away, somebody who is back in INBOX.
func (b *Inbox) Replan(ctx context.Context, person int64, now time.Time) error {
	p, ok := b.dir.ByID(person)
	if !ok {
		return nil
	}
	err := b.db.Update(ctx, func(tx *store.Tx) error {
		list, err := tx.WaitingDeliveries(person, time.Time{}, maxReplan)
		if err != nil {
			return err
		}
		for _, d := range list {
			if err := b.replanOne(tx, p, d, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("replan deliveries of person %d: %w", person, err)
	}
	b.expect(now) // The next tide may be a sooner one.
	return nil
}

// maxReplan bounds one transaction. What is beyond keeps its tide.
const maxReplan = 5000

func (b *Inbox) replanOne(tx *store.Tx, p *people.Person, d store.Delivery, now time.Time) error {
	if !d.Due.After(now) {
		return nil // Its tide is opening.
	}
	s := p.Schedule(now)
	pl, target := planOf(d), d.Target
	opening, away := absence(s, now)
	switch {
	case away:
		pl.Wait, target = waitAway, store.KindAway
	case pl.Wait == waitAway:
		pl.Wait, target = waitTide, store.KindInbox
	}
	due := dueOf(pl.Wait, s, now, b.o.MaxHold)
	if !away && target == store.KindInbox && pl.Wait == waitTide {
		if opening, away = awayBefore(s, now, due); away {
			pl.Wait, target = waitAway, store.KindAway
		}
	}
	if away {
		due = opening
	}
	if b.batchMode(p) != people.On {
		due, target = now, store.KindInbox
	}
	if due.Equal(d.Due) && target == d.Target {
		return nil
	}
	return b.reschedule(tx, d, pl, due, target, "replanned", now)
}

// ReplanAll replans for everybody for whom something waits: at start, because zone
// data, configuration or people may have changed while nothing ran.
func (b *Inbox) ReplanAll(ctx context.Context, now time.Time) error {
	var ids []int64
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		ids, err = tx.PersonsWaiting()
		return err
	})
	errs := []error{err}
	for _, id := range ids {
		errs = append(errs, b.Replan(ctx, id, now))
	}
	return errors.Join(errs...)
}

// A plan is what a waiting delivery waits for, as stored.
type plan struct {
	Wait   wait      `json:"wait,omitempty"`
	Missed time.Time `json:"missed,omitzero"` // the tide it should have come with
	Quiet  bool      `json:"quiet,omitempty"` // another one of its role is on duty: it comes read
}

func planJSON(p plan) json.RawMessage {
	raw, _ := json.Marshal(p) // Two plain fields cannot fail.
	return raw
}

func planOf(d store.Delivery) plan {
	var p plan
	if json.Unmarshal(d.Plan, &p) != nil || p.Wait == waitNot {
		p.Wait = waitTide
	}
	return p
}
