package scheduler

import "time"

// A Moment is an answer: an instant and why it is that one.
type Moment struct {
	At     time.Time // UTC, whole seconds
	Capped bool      // the longest hold ended before the rule's own instant (rule 3)
	Reason Reason
}

// A Reason says why an instant is what it is. Its value is stored and logged,
// String is for people.
type Reason string

// The reasons of Release, Tide and Arrival. Those of a wait name what stood in the way at
// the time of asking.
const (
	ReasonInHours       Reason = "in-hours"
	ReasonGrace         Reason = "grace"
	ReasonBeforeOpening Reason = "before-opening"
	ReasonBreak         Reason = "break"
	ReasonAfterHours    Reason = "after-hours"
	ReasonNoHours       Reason = "no-hours"
	ReasonHoliday       Reason = "holiday"
	ReasonLeave         Reason = "leave"
	ReasonFocus         Reason = "focus"
	ReasonTide          Reason = "tide"
	ReasonMovedTide     Reason = "moved-tide"
	ReasonCap           Reason = "cap"
)

// String gives the reason in words, to stand after "because".
func (r Reason) String() string {
	switch r {
	case ReasonInHours:
		return "it is working time"
	case ReasonGrace:
		return "working time is about to begin"
	case ReasonBeforeOpening:
		return "the working day has not begun"
	case ReasonBreak:
		return "it is a break"
	case ReasonAfterHours:
		return "the working day is over"
	case ReasonNoHours:
		return "it is not a working day"
	case ReasonHoliday:
		return "it is a holiday"
	case ReasonLeave:
		return "the reader is on leave"
	case ReasonFocus:
		return "the reader is in focus time"
	case ReasonTide:
		return "mail arrives with the tide"
	case ReasonMovedTide:
		return "the tide waits for the end of focus time"
	case ReasonCap:
		return "mail is not held any longer"
	}
	return string(r)
}

// answer is a Moment while it is reckoned with.
type answer struct {
	at     int64
	capped bool
	reason Reason
}

func (a answer) moment() Moment { return Moment{instantOf(a.at), a.capped, a.reason} }

// Release returns when a mail that is ready at now leaves for this person
// (rule 4). If working time begins at most grace after now it leaves at once;
// it is held at most maxHold, and then until the next weekly hours.
func (s *Schedule) Release(now time.Time, grace, maxHold time.Duration) Moment {
	r := s.reader()
	return r.release(seconds(now), wait(grace), wait(maxHold)).moment()
}

func (r *reader) release(now, grace, hold int64) answer {
	limit := now + hold
	at, ok := r.deliverable(now, max(limit, now+grace))
	if ok && at == now {
		return answer{now, false, ReasonInHours}
	}
	why := r.why(now)
	// Rule 4.2: grace comes before the cap, and never ends a focus block early.
	if ok && at <= now+grace && !r.working(now, everything) {
		if _, in := r.focusEnd(now, now); !in {
			return answer{now, false, ReasonGrace}
		}
	}
	if ok && at <= limit {
		return answer{at, false, why}
	}
	return r.capped(limit)
}

// capSearch is how long after the cap the weekly hours are sought (rule 3.2).
const capSearch = 14 * daySeconds

// capped is the answer of rule 3.2.
func (r *reader) capped(limit int64) answer {
	if seg, ok := r.next(limit, limit+capSearch, hoursAlone); ok {
		return answer{seg.begin, true, ReasonCap}
	}
	return answer{limit, true, ReasonCap}
}

// why names what keeps now from being deliverable.
func (r *reader) why(now int64) Reason {
	if r.working(now, everything) {
		return ReasonFocus
	}
	if r.s.inTimeLeave(now) || r.working(now, holidaysOnly) {
		return ReasonLeave
	}
	day := r.clock.date(now)
	switch {
	case r.s.onDateLeave(day):
		return ReasonLeave
	case r.s.dayOff(day):
		return ReasonHoliday
	}
	before, after := false, false
	r.eachOn(day, day, everything, func(seg segment) bool {
		before = before || seg.begin <= now
		after = after || seg.begin > now
		return true
	})
	switch {
	case before && after:
		return ReasonBreak
	case before:
		return ReasonAfterHours
	case after:
		return ReasonBeforeOpening
	}
	return ReasonNoHours
}
