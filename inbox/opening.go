package inbox

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// An opening is the next tide of a person, with or without mail.
type opening struct {
	person *people.Person // another calendar is another Person
	at     time.Time
	none   bool // there is no tide until at: look again
}

// farOpening is how far ahead the next tide is looked for.
const farOpening = 10 * 24 * time.Hour

// nextOpening is the first tide of p from an instant on; ok is false for those who have
// none.
func (b *Inbox) nextOpening(p *people.Person, from time.Time) (o opening, ok bool) {
	s := p.Schedule(from)
	if !s.HasTides() || b.batchMode(p) != people.On {
		return o, false
	}
	m := s.Tide(from, farOpening)
	return opening{person: p, at: m.At, none: m.Capped}, true
}

// expectOpenings brings the memory of everybody's next tide up to date and returns the
// earliest. A tide that has come and was not looked at yet stays.
func (b *Inbox) expectOpenings(now time.Time) (next time.Time, ok bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh := make(map[int64]opening, len(b.openings))
	for _, p := range b.dir.All() {
		o, known := b.openings[p.ID]
		if !known || o.person != p && o.at.After(now) {
			o, known = b.nextOpening(p, now)
		}
		if !known {
			continue
		}
		fresh[p.ID] = o
		if !ok || o.at.Before(next) {
			next, ok = o.at, true
		}
	}
	b.openings = fresh
	return next, ok
}

// openEmpty looks at the tides that have come of people for whom no mail waited, and
// puts a digest there if there is something else to tell. opened had mail, delayed
// still wait for theirs.
func (b *Inbox) openEmpty(ctx context.Context, now time.Time, opened, delayed []int64) error {
	var errs []error
	for _, o := range b.openingsAt(now) {
		id := o.person.ID
		if slices.Contains(delayed, id) {
			continue
		}
		p, known := b.dir.ByID(id)
		if known {
			o.person = p // Of today.
		}
		if known && !o.none && !slices.Contains(opened, id) {
			wait, err := b.tellAlone(ctx, o, now)
			errs = append(errs, err)
			if wait {
				continue
			}
		}
		b.mu.Lock()
		if next, ok := b.nextOpening(o.person, now.Add(time.Second)); ok {
			b.openings[id] = next
		} else {
			delete(b.openings, id) // expectOpenings leaves out who has left.
		}
		b.mu.Unlock()
	}
	return errors.Join(errs...)
}

func (b *Inbox) openingsAt(now time.Time) []opening {
	b.mu.Lock()
	defer b.mu.Unlock()
	var out []opening
	for _, o := range b.openings {
		if !o.at.After(now) {
			out = append(out, o)
		}
	}
	slices.SortFunc(out, func(x, y opening) int { return int(x.person.ID - y.person.ID) })
	return out
}

// tellAlone files a digest at a tide without mail if something deserves it; wait is
// true if mail is on its way and may still come with this tide. What an outage has
// swallowed is told at once in the person's hours, else at the next tide.
func (b *Inbox) tellAlone(ctx context.Context, o opening, now time.Time) (wait bool, err error) {
	r := run{person: o.person, at: o.at, now: now}
	if now.Sub(o.at) > lateAfter {
		if !o.person.Schedule(now).Deliverable(now) {
			return false, nil
		}
		r.at, r.missed = now.Truncate(time.Second), o.at
	}
	due := false
	err = b.db.View(ctx, func(tx *store.Tx) error {
		return caught(func() (err error) {
			due, err = b.stirsNow(tx, r)
			return err
		})
	})
	if err != nil || !due {
		return false, wrapTide(o.person, err)
	}
	if wait, err = b.postpone(ctx, o.person.ID, now); wait || err != nil {
		return wait, err
	}
	return false, wrapTide(o.person, b.db.Update(ctx, func(tx *store.Tx) error {
		return caught(func() error { return b.onTop(tx, r, nil) })
	}))
}

// caught makes a panic an error. What is told with a tide comes from many hands and
// foreign texts; none of it may keep mail back, or stop the timer.
func caught(do func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do()
}

func wrapTide(p *people.Person, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("tide of person %d without mail: %w", p.ID, err)
}
