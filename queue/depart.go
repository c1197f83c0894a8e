package queue

import (
	"context"
	"slices"
	"time"

	"tidepost/store"
)

// Mail to elsewhere that leaves the hold, or is tried again, and of which nobody need be
// told anything, is claimed past the ordinary transaction, together with all other such
// mail of the moment (store.Leave). Whatever is not plain goes the ordinary way by
// releaseAll, which is always right.

// mayDepart reports whether releasing a flight writes nothing but the claim of its
// recipients, its head, and that it has gone from its folder.
func (q *Queue) mayDepart(f *flight, now time.Time) bool {
	if f.answered || len(f.parents) > 0 || q.isFrozen(f.sub.AuthorID) || f.fresh && (f.sub.FileSent || f.letter.Coached) {
		return false
	}
	state := f.leaving[0].r.State
	return !slices.ContainsFunc(f.leaving, func(l *leaving) bool {
		waits := l.r.State == store.Held && (f.sub.InReplyTo != "" || f.sub.Frozen || q.late(f.sub, l, now))
		return l.here || l.pulled || l.r.State != state || waits || l.r.Due.After(now)
	})
}

// depart claims what is plain of a prepared batch and hands it to the workers. It returns
// the rest. What somebody has moved or taken back meanwhile stays; what is still due goes
// the ordinary way.
func (q *Queue) depart(ctx context.Context, batch []*flight, now time.Time) (rest []*flight, err error) {
	var plain []*flight
	l := &store.Leave{At: now, Keep: keepCancelled, Pending: keywordPending, Submitted: keywordSubmitted, Next: q.next.set}
	for _, f := range batch {
		if !q.mayDepart(f, now) {
			rest = append(rest, f)
			continue
		}
		plain = append(plain, f)
		l.Departures = append(l.Departures, departure(f, now))
	}
	if len(plain) == 0 {
		return batch, nil
	}
	if err := q.db.Leave(ctx, l); err != nil {
		if fatal(err) {
			return nil, err
		}
		q.o.Log.Error("claim together", "flights", len(plain), "err", err)
		return batch, nil
	}
	var left []*flight
	for i, f := range plain {
		if d := l.Departures[i]; d.Left {
			f.claim(d, now)
			left = append(left, f)
			if f.fresh && f.sub.AuthorID != 0 {
				q.tables.touch(f.sub.AuthorID)
			}
		}
	}
	q.dispatch(left)
	q.tellDecisions(ctx, left, now)
	return rest, nil
}

// tellDecisions says what has left to whoever keeps decisions. That it fails loses nothing:
// the next look comes by itself.
func (q *Queue) tellDecisions(ctx context.Context, left []*flight, now time.Time) {
	if !q.o.Decisions.Waits() {
		return
	}
	err := q.db.Update(ctx, func(tx *store.Tx) error {
		for _, f := range left {
			if err := q.o.Decisions.Left(tx, f.sub.ID, now); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		q.o.Log.Warn("look at decisions", "err", err)
	}
}

// departure is a flight as the store claims it.
func departure(f *flight, now time.Time) *store.Departure {
	d := &store.Departure{Submission: f.sub.ID, Message: f.sub.MessageID, Author: f.sub.AuthorID, MID: f.sub.MID,
		Rendition: f.rendition, Fresh: f.fresh}
	for _, l := range f.leaving {
		tried := *l
		tried.r.Attempts++
		d.Recipients = append(d.Recipients, l.r)
		d.Attempts = append(d.Attempts, store.Event{At: now, Kind: evAttempt, Detail: tried.detail()})
	}
	return d
}

// claim makes a flight what it is once its departure is on the disk.
func (f *flight) claim(d *store.Departure, now time.Time) {
	f.rendition.ID, f.claimed = d.Rendition.ID, nil
	for _, l := range f.leaving {
		r := l.r
		r.State, r.Due, r.Claimed, r.RenditionID = store.Sending, time.Time{}, now, d.Rendition.ID
		if r.Released.IsZero() {
			r.Released = now
		}
		r.Attempts++
		f.claimed = append(f.claimed, r)
	}
}
