package threading

import (
	"slices"
	"time"

	"tidepost/scheduler"
)

// Step returns the clock after an event, and the line of the ledger. ok is false if
// there is none to write: the event means nothing now, or only moved Wake. An event
// that comes before the last one counts as coming with it.
func (c Clock) Step(e Event) (next Clock, line Line, ok bool) {
	e.At = later(e.At.Truncate(time.Second), c.Since) // The calendar knows whole seconds.
	to := after(c.State, e.Kind)
	if to == nil {
		return c, Line{}, false
	}
	next = c
	switch e.Kind {
	case OnDelivery:
		next.Started = e.At
	case OnPromise:
		if next, ok = c.promise(e); !ok {
			return c, Line{}, false
		}
	case OnHandover, OnReopening, OnRestore:
		if next, ok = c.renew(e); !ok {
			return c, Line{}, false
		}
	}
	if len(to) == 1 {
		next.State, next.Due, next.Wake = to[0], time.Time{}, time.Time{}
		return next.record(c, e)
	}
	next.run(&e, c.State, to)
	return next.record(c, e)
}

// run brings state, due time and wake-up of a started clock up to date. A calendar
// that was changed without a word may show in OnTime.
func (c *Clock) run(e *Event, from State, to []State) {
	t := c.reckon(e.Schedule)
	changed := !t.due.Equal(c.Due)
	c.Due = t.due
	c.State, c.Wake = c.at(e.At, t, e.Schedule)
	known := slices.Contains(to, c.State)
	switch {
	case e.Kind == OnTime && (changed || !known && c.State != from):
		e.Kind = OnCalendar
	case e.Kind != OnTime && !known:
		c.State, c.Wake = to[0], e.At.Add(time.Second) // One step at a time.
	}
}

// record makes the line of the ledger, if there is anything to say.
func (c Clock) record(old Clock, e Event) (Clock, Line, bool) {
	quiet := e.Kind == OnCalendar || e.Kind == OnTime
	if quiet && c.State == old.State && c.Due.Equal(old.Due) {
		return c, Line{}, false
	}
	c.Since = e.At
	line := Line{At: e.At, From: old.State, To: c.State, Reason: reasonOf(e, c.State), Owner: c.Owner, Due: c.Due}
	if !c.State.Open() {
		line.Due = old.Due
	}
	if c.State == Answered && old.State.Started() {
		t := old.reckon(e.Schedule)
		line.Late = old.State == Overdue || t.ok && e.At.After(t.overdue)
	}
	return c, line, true
}

// promise takes what the owner said. A promise before the tide shows that the mail
// was seen.
func (c Clock) promise(e Event) (Clock, bool) {
	e.Promise.Made = e.At
	if c.Started.IsZero() {
		c.Started = e.At
	}
	if !counts(e.Schedule, c.Started, e.Promise) {
		return c, false
	}
	c.Promises = append(slices.Clip(c.Promises), e.Promise)
	if n := len(c.Promises); n > maxPromises {
		c.Promises = slices.Clone(c.Promises[n-maxPromises:])
	}
	return c, true
}

// maxPromises bounds what is remembered of somebody who promises every day. The
// last one counts.
const maxPromises = 20

// renew makes the clock wait for a mail again.
func (c Clock) renew(e Event) (Clock, bool) {
	switch {
	case e.Kind == OnRestore && !c.Started.IsZero():
		return c, false // It had arrived: nothing was held back.
	case e.Kind == OnReopening && c.Stated.over(e.At):
		c.Stated = Wanted{}
	case e.Kind == OnHandover:
		c.Owner = e.Owner
	}
	c.Started, c.Promises = time.Time{}, nil
	return c, true
}

// at says in which state a started clock is, and when to look again.
func (c Clock) at(now time.Time, t times, s *scheduler.Schedule) (State, time.Time) {
	wake := closing(s, now)
	switch {
	case t.ok && !now.Before(t.overdue):
		return Overdue, time.Time{}
	case away(s, now):
		return Paused, opening(s, now)
	case t.ok && !now.Before(t.risk):
		return AtRisk, earlier(wake, t.overdue)
	case t.ok:
		wake = earlier(wake, t.risk)
	}
	if t.promised {
		return Promised, wake
	}
	return Running, wake
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// reasonOf names the reason of an event that led to a state.
func reasonOf(e Event, to State) ClockReason {
	switch e.Kind {
	case OnTime:
		switch to {
		case AtRisk:
			return BecauseAtRisk
		case Overdue:
			return BecauseOverdue
		case Paused:
			return BecauseAway
		}
		return BecauseBack
	case OnAnswer:
		switch e.By {
		case TheCover:
			return BecauseCovered
		case Another:
			return BecauseSettled
		}
		return BecauseAnswered
	}
	return map[EventKind]ClockReason{
		OnDelivery: BecauseDelivered, OnPromise: BecausePromised, OnWithdrawal: BecauseWithdrawn,
		OnFailure: BecauseUndelivered, OnWaiver: BecauseWaived, OnReopening: BecauseReopened,
		OnRestore: BecauseRestored, OnHandover: BecauseHandedOver, OnCalendar: BecauseCalendar,
	}[e.Kind]
}
