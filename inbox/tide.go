package inbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

const (
	// maxBatch bounds one transaction; more of a tide follows in the next.
	maxBatch = 1000
	// postponeMax is how long a tide waits for mail of its minute that our own queue
	// has not released yet; postponeStep is how often it looks.
	postponeMax  = 3 * time.Minute
	postponeStep = 5 * time.Second
	// lateAfter is when a tide counts as missed: an outage, not a slow minute.
	lateAfter = 5 * time.Minute
)

// minuteEnd is the last instant of the minute of t: a tide takes along what is
// planned for its minute.
func minuteEnd(t time.Time) time.Time {
	return t.Truncate(time.Minute).Add(time.Minute - time.Millisecond)
}

// postpone reports whether the tide of a person still waits for our own queue.
func (b *Inbox) postpone(ctx context.Context, person int64, now time.Time) (bool, error) {
	b.mu.Lock()
	since, ok := b.postponed[person]
	b.mu.Unlock()
	if !ok || now.Sub(since) > 2*postponeMax { // Not of this tide.
		since = now
	}
	var more bool
	if now.Sub(since) < postponeMax {
		err := b.db.View(ctx, func(tx *store.Tx) (err error) {
			more, err = tx.HeldFor(person, minuteEnd(since))
			return err
		})
		if err != nil {
			return false, fmt.Errorf("tide of person %d: %w", person, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if more {
		b.postponed[person] = since
	} else {
		delete(b.postponed, person)
	}
	return more, nil
}

// A run is one opening of one person's tide.
type run struct {
	person *people.Person
	at     time.Time // what the clock said when it should open
	missed time.Time // the first tide that an outage swallowed; zero: none
	now    time.Time
	quiet  bool // only the digest and questions to the person arrive unread
	first  bool // its digest is the first of the day
}

// tide publishes what is due for p, in the order in which it came, and puts the
// digest on top.
func (b *Inbox) tide(tx *store.Tx, p *people.Person, now time.Time) error {
	batch, err := tx.WaitingDeliveries(p.ID, minuteEnd(now), maxBatch)
	if err != nil {
		return err
	}
	batch, missed, err := b.afterOutage(tx, p, batch, now)
	if err != nil || len(batch) == 0 {
		return err
	}
	style := p.Profile.Style
	if style == people.StyleTeam {
		style = b.o.Style
	}
	r := run{person: p, at: tideTime(batch, missed, now), missed: missed, now: now, quiet: style == people.StyleQuiet}
	boxes := map[store.Kind]store.Mailbox{}
	var came []store.Delivery
	for _, d := range batch {
		box, ok := boxes[d.Target]
		if !ok {
			if box, err = tx.MailboxByKind(p.ID, d.Target); err != nil {
				return err
			}
		}
		quiet := r.quiet
		if quiet {
			asks, err := asksOf(tx, d)
			if err != nil {
				return err
			}
			quiet = !asks
		}
		taken, err := elsewhereTaken(tx, d)
		if err != nil {
			return err
		}
		quiet = quiet || taken || planOf(d).Quiet
		e, err := b.publish(tx, d, box, quiet, r.at, now)
		if err != nil {
			return err
		}
		if box.Visible = true; d.Target == store.KindInbox {
			d.MessageID = e.MessageID
			came = append(came, d)
		}
		boxes[d.Target] = box
	}
	return b.onTop(tx, r, came)
}

// tideTime is what the clock said when this tide should open: the first due time, or
// now if it comes late.
func tideTime(batch []store.Delivery, missed, now time.Time) time.Time {
	if !missed.IsZero() {
		return now.Truncate(time.Second)
	}
	first := batch[0].Due
	for _, d := range batch {
		if d.Due.Before(first) {
			first = d.Due
		}
	}
	return first
}

// afterOutage looks at what should have come while Tidepost was not running. In the
// person's hours it comes now; else it waits for what comes next, so that nobody is
// woken at 03:00 by the mail of the day before. missed is the first tide that was
// missed by what comes now.
func (b *Inbox) afterOutage(tx *store.Tx, p *people.Person, batch []store.Delivery, now time.Time) (open []store.Delivery, missed time.Time, err error) {
	s := p.Schedule(now)
	for _, d := range batch {
		pl := planOf(d)
		if pl.Wait != waitAway && now.Sub(d.Due) > lateAfter {
			if pl.Missed.IsZero() {
				pl.Missed = d.Due
			}
			due, target := dueOf(pl.Wait, s, now, b.o.MaxHold), d.Target
			if opening, away := absence(s, now); away { // Leave has begun meanwhile.
				pl.Wait, due, target = waitAway, opening, store.KindAway
			}
			if !s.Deliverable(now) && (due.After(now) || target != d.Target) {
				if err := b.reschedule(tx, d, pl, due, target, "missed", now); err != nil {
					return nil, missed, err
				}
				continue
			}
		}
		if !pl.Missed.IsZero() && (missed.IsZero() || pl.Missed.Before(missed)) {
			missed = pl.Missed
		}
		open = append(open, d)
	}
	if !missed.IsZero() {
		b.o.Log.Warn("tide late", "person", p.ID, "missed", missed, "now", now)
	}
	return open, missed, nil
}

// reschedule gives a waiting delivery another due time or target.
func (b *Inbox) reschedule(tx *store.Tx, d store.Delivery, pl plan, due time.Time, target store.Kind, why string, now time.Time) error {
	ev := store.Event{At: now, Kind: EventRescheduled, MessageID: d.MessageID,
		Detail: map[string]any{"from": d.Due, "to": due, "target": target, "why": why}}
	d.Due, d.Target, d.Plan = due, target, planJSON(pl)
	if err := tx.MoveDelivery(d, store.Waiting, ev); err != nil {
		return err
	}
	tx.AfterCommit(func() { b.expect(due) })
	return nil
}

// openPlain delivers what is due without digest, each message in a transaction of its
// own: one that cannot be published must not keep the others.
func (b *Inbox) openPlain(ctx context.Context, person int64, now time.Time) error {
	var due []store.Delivery
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.WaitingDeliveries(person, minuteEnd(now), maxBatch)
		return err
	})
	errs := []error{err}
	for _, d := range due {
		errs = append(errs, b.db.Update(ctx, func(tx *store.Tx) error {
			box, err := tx.MailboxByKind(person, d.Target)
			if err != nil {
				return err
			}
			_, err = b.publish(tx, d, box, false, d.Due, now)
			return err
		}))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("tide of person %d: %w", person, err)
	}
	return nil
}

// stamp stores the message as it appears: the waiting one with one more Received
// field, whose time is that of the tide.
func (b *Inbox) stamp(tx *store.Tx, d store.Delivery, tide time.Time) (store.Message, error) {
	m, err := tx.Message(d.MessageID)
	if err != nil {
		return m, err
	}
	zone := time.UTC
	if p, ok := b.dir.ByID(d.PersonID); ok {
		zone = p.Zone()
	}
	field := mail.Trace{By: b.o.Hostname, Via: "tide", ID: fmt.Sprintf("d%d", d.ID), Time: tide.In(zone)}.Field()
	r := store.Message{
		Origin: store.OriginRendition, SourceID: m.ID, BodyID: m.BodyID, Head: mail.Prepend(bytes.Clone(m.Head), field),
		Size: m.Size + int64(len(field)), MID: m.MID, ThreadID: m.ThreadID, Created: tide,
	}
	if err := tx.InsertMessage(&r); err != nil {
		return r, err
	}
	// Nothing that is derived shows a Received field. What is missing is computed
	// behind (rebuild.go).
	return r, tx.CopyDerived(m.ID, r.ID)
}
