package scheduler

import "time"

// Tide returns when a mail that is there at now is delivered to this person with
// a tide (rule 5); without tides it is Release without grace.
func (s *Schedule) Tide(now time.Time, maxHold time.Duration) Moment {
	r := s.reader()
	return r.tide(seconds(now), wait(maxHold)).moment()
}

// Arrival returns when mail that is ready at now appears for this person: it is
// released first and then waits for a tide, if there are any (rule 11).
func (s *Schedule) Arrival(now time.Time, grace, maxHold time.Duration) Moment {
	r := s.reader()
	return r.arrival(seconds(now), wait(grace), wait(maxHold)).moment()
}

func (r *reader) arrival(now, grace, hold int64) answer {
	released := r.release(now, grace, hold)
	if len(r.s.tides) == 0 {
		return released
	}
	out := r.tide(released.at, hold)
	if released.capped {
		out.capped, out.reason = true, ReasonCap
	}
	return out
}

func (r *reader) tide(now, hold int64) answer {
	if len(r.s.tides) == 0 {
		return r.release(now, 0, hold)
	}
	limit := now + hold
	from := now
	// A tide of the past may have been moved to now or later by the focus block
	// that now lies in or ends (rule 5.5).
	if begin, ok := r.focusBegin(now); ok {
		from = begin
	}
	for day := r.clock.date(from) - 1; day <= r.clock.date(limit)+1; day++ {
		for _, of := range r.s.tides {
			t0 := r.clock.instant(day*daySeconds + of)
			if t0 < from {
				continue
			}
			if t0 > limit {
				return r.capped(limit)
			}
			// t1 never falls as t0 rises, so the first that remains is the answer.
			if a, ok := r.tideAt(t0, day, now, limit); ok {
				return a
			}
		}
	}
	return r.capped(limit)
}

// tideAt returns the answer that the tide t0 of a date gives, if it gives one.
func (r *reader) tideAt(t0, day, now, limit int64) (answer, bool) {
	t1, reason := t0, ReasonTide
	if end, in := r.focusEnd(t0, limit); in {
		t1, reason = end, ReasonMovedTide
	}
	switch {
	case t1 < now:
		return answer{}, false
	case t1 > limit:
		return r.capped(limit), true // As would be every later tide.
	case !r.workingDay(day) && !r.working(t0, everything):
		return answer{}, false // Rule 5.2.
	case r.off(t0) || r.off(t1):
		return answer{}, false // Rule 5.4.
	}
	return answer{t1, false, reason}, true
}
