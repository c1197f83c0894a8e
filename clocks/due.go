package clocks

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidepost/store"
	"tidepost/threading"
)

const (
	// maxBunch bounds one transaction, maxSteps the steps of a clock in it, maxBunches
	// one RunDue: what is beyond is still due.
	maxBunch   = 200
	maxSteps   = 5
	maxBunches = 20
)

// NextDue says when time changes a clock next, from memory. It implements
// scheduler.Source.
func (k *Keeper) NextDue(context.Context) (due time.Time, ok bool, err error) {
	if k == nil {
		return time.Time{}, false, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.due, !k.idle, nil
}

// lower lowers the next due time.
func (k *Keeper) lower(at time.Time) {
	k.mu.Lock()
	k.told++
	sooner := k.idle || at.Before(k.due)
	if sooner {
		k.due, k.idle = at, false
	}
	k.mu.Unlock()
	if sooner {
		k.o.Wake()
	}
}

// Kick is called when another process has changed the database: what is due next is
// looked up again.
func (k *Keeper) Kick() {
	if k != nil {
		k.lower(time.Time{})
	}
}

// RunDue takes the clocks on whose time has come, and flags what is due on the day that
// has begun for its owner. The trouble of one ask is not another's. It implements
// scheduler.Source.
func (k *Keeper) RunDue(ctx context.Context, now time.Time) error {
	if k == nil {
		return nil
	}
	now = now.UTC()
	if due, ok, err := k.NextDue(ctx); err != nil || !ok || due.After(now) {
		return err
	}
	for range maxBunches {
		var due []int64
		err := k.db.View(ctx, func(tx *store.Tx) (err error) {
			due, err = tx.DueClocks(now, maxBunch)
			return err
		})
		if err != nil {
			return fmt.Errorf("look for clocks: %w", err)
		}
		if err := k.bunch(ctx, due, func(tx *store.Tx, ask int64) error { return k.pass(tx, ask, now) }); err != nil {
			return err
		}
		if len(due) < maxBunch {
			break
		}
	}
	return k.lookAhead(ctx)
}

// bunch does something to asks in one transaction; if that fails, in one for each.
func (k *Keeper) bunch(ctx context.Context, asks []int64, do func(*store.Tx, int64) error) error {
	if len(asks) == 0 {
		return nil
	}
	err := k.db.Update(ctx, func(tx *store.Tx) error {
		for _, id := range asks {
			if err := do(tx, id); err != nil {
				return fmt.Errorf("ask %d: %w", id, err)
			}
		}
		return nil
	})
	if err == nil || ctx.Err() != nil || errors.Is(err, store.ErrFailed) || errors.Is(err, store.ErrClosed) || len(asks) == 1 {
		return err
	}
	k.o.Log.Error("clocks together", "asks", len(asks), "err", err)
	var errs []error
	for _, id := range asks {
		errs = append(errs, k.db.Update(ctx, func(tx *store.Tx) error { return do(tx, id) }))
	}
	return errors.Join(errs...)
}

// pass is time that passes for one ask.
func (k *Keeper) pass(tx *store.Tx, ask int64, now time.Time) error {
	i, err := item(tx, ask)
	if err != nil {
		return err
	}
	for range maxSteps {
		if i.Clock.Wake.IsZero() || i.Clock.Wake.After(now) {
			break
		}
		if _, err := k.step(tx, &i, threading.Event{Kind: threading.OnTime, At: now}, nil, nil); err != nil {
			return err
		}
	}
	if i.turn.IsZero() || i.turn.After(now) {
		return nil
	}
	before := i
	i.turn = k.turnOf(&i, now)
	return k.write(tx, &i, before, now)
}

// lookAhead remembers when there is work again.
func (k *Keeper) lookAhead(ctx context.Context) error {
	k.mu.Lock()
	told := k.told
	k.mu.Unlock()
	var due time.Time
	var ok bool
	err := k.db.View(ctx, func(tx *store.Tx) (err error) {
		due, ok, err = tx.NextClock()
		return err
	})
	if err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.due, k.idle = due, !ok; k.told != told {
		k.due, k.idle = time.Time{}, false // Something came meanwhile: look again.
	}
	return nil
}

// Recalculate brings the clocks up to date that go by the calendar of a person: hours,
// zone, holidays or leave changed. 0: all of them, because the zone data did.
func (k *Keeper) Recalculate(ctx context.Context, person int64, now time.Time) error {
	if k == nil {
		return nil
	}
	now = now.UTC()
	for after := int64(0); ; {
		var list []store.ClockedAsk
		err := k.db.View(ctx, func(tx *store.Tx) (err error) {
			list, err = tx.OpenAsks(after, maxBunch)
			return err
		})
		if err != nil {
			return fmt.Errorf("clocks of person %d: %w", person, err)
		}
		var ids []int64
		for _, a := range list {
			after = a.ID
			byOwner := a.OwnerID == person || a.OwnerID == 0 && a.AskerID == person || a.OwnerID == 0 && k.mayAnswer(a.Ask, k.person(person))
			if a.Clock.State != "" && (person == 0 || byOwner) {
				ids = append(ids, a.ID)
			}
		}
		if err := k.bunch(ctx, ids, func(tx *store.Tx, ask int64) error { return k.recalculate(tx, ask, now) }); err != nil {
			return fmt.Errorf("clocks of person %d: %w", person, err)
		}
		if len(list) < maxBunch {
			return nil
		}
	}
}

func (k *Keeper) recalculate(tx *store.Tx, ask int64, now time.Time) error {
	i, err := item(tx, ask)
	if err != nil {
		return err
	}
	done, err := k.step(tx, &i, threading.Event{Kind: threading.OnCalendar, At: now}, nil, nil)
	if err != nil || done {
		return err
	}
	before := i
	if i.turn = k.turnOf(&i, now); i.turn.Equal(before.turn) {
		return nil
	}
	return k.write(tx, &i, before, now) // Another zone: the day begins at another instant.
}
