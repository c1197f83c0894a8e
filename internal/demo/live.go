package demo

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/people"
)

// live runs the demo for somebody with a mail client until ctx ends: settings first,
// then what happens, in words.
func live(ctx context.Context, w *world, show *screen) error {
	showSettings(show, w, time.Now())
	j := newJournal(w, show)
	o := newCorrespondent(w, show)
	w.outside.onArrival(func(m outgoing) {
		show.event(time.Now(), "%s", j.outside(m))
		o.take(m)
	})
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return j.run(ctx) })
	group.Go(func() error { return o.run(ctx) })
	group.Go(func() error { return w.moveTides(ctx) })
	err := group.Wait()
	show.heading("Stopped.")
	return err
}

// moveTides keeps a delivery in every minute ahead of whoever is awake.
func (w *world) moveTides(ctx context.Context) error {
	ahead := map[string]string{}
	for {
		now := time.Now()
		for _, p := range []struct {
			who  *resident
			open time.Time
		}{{&w.ana, w.opening.Add(-shift)}, {&w.mei, w.opening}} {
			t := tides(now, nextOpening(now, p.open), p.who.zone)
			if ahead[p.who.address] == t {
				continue
			}
			if err := w.set(ctx, p.who, map[people.Field]string{people.FieldTides: t}, now); err != nil && ctx.Err() == nil {
				return err
			}
			ahead[p.who.address] = t
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tideStep):
		}
	}
}
