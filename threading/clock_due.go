package threading

import (
	"slices"
	"time"

	"tidepost/scheduler"
)

// firstHour is how much working time an owner has in any case.
const firstHour = time.Hour

// catchUp is what an owner has after a leave in which an answer was wanted; it is
// half a working day, as in the calendar rules.
const catchUp = 4 * time.Hour

// times are the instants that matter to a started clock.
type times struct {
	due      time.Time // as shown
	overdue  time.Time // due, but not before the first working hour is over
	risk     time.Time // when three quarters of the working time until then are over
	promised bool      // due is what the owner said
	ok       bool      // false: nothing is overdue within 400 days
}

// reckon computes the times from what was said and from the owner's calendar.
func (c Clock) reckon(s *scheduler.Schedule) times {
	var t times
	if s == nil {
		return t
	}
	from := c.Started
	for _, p := range slices.Backward(c.Promises) {
		if counts(s, c.Started, p) {
			t.promised, from = true, later(from, p.Made)
			break
		}
	}
	if !t.promised && !c.Stated.IsZero() {
		t.due, t.ok = statedDue(s, c.Stated)
	} else {
		t.due, t.ok = s.ReplyDue(c.Started, c.Target, c.Promises)
	}
	hour, ok := s.Due(c.Started, firstHour)
	if t.ok = t.ok && ok; !t.ok {
		return t
	}
	t.overdue = later(t.due, hour)
	t.risk = t.overdue
	if risk, ok := s.Due(from, worked(s, from, t.overdue)*3/4); ok {
		t.risk = earlier(risk, t.overdue)
	}
	return t
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// counts reports whether a promise is in force by itself: with a target that is
// never reached, only a promise gives a due time (data/calendar rule 9.1).
func counts(s *scheduler.Schedule, start time.Time, p scheduler.Promise) bool {
	_, ok := s.ReplyDue(start, never, []scheduler.Promise{p})
	return ok
}

// never is a target beyond the horizon of 400 days.
var never = scheduler.Target{Working: 500 * 24 * time.Hour}

// statedDue is when an answer that is wanted at a certain time is due: a promise for
// that time would be kept by then (rule 9.4). One that is wanted during a leave is
// due when what piled up meanwhile is answered.
func statedDue(s *scheduler.Schedule, w Wanted) (time.Time, bool) {
	at, made := w.Time, w.Time.Add(-time.Second)
	if !w.Date.IsZero() {
		at = time.Date(w.Date.Year, w.Date.Month, w.Date.Day, 0, 0, 0, 0, s.Zone())
		made = at.Add(-48 * time.Hour)
	}
	due, ok := s.ReplyDue(made, never, []scheduler.Promise{{Made: made, Date: w.Date, Time: w.Time}})
	if kept := due.Equal(at) || scheduler.DateOf(due.In(s.Zone())) == w.Date; ok && !kept && away(s, at) {
		return s.Due(due, catchUp)
	}
	return due, ok
}
