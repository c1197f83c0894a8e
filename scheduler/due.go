package scheduler

import "time"

// Due returns when a sum of working time has passed since start (rule 7). Focus
// blocks count, leave and holidays do not. ok is false if that is later than 400
// days after start.
func (s *Schedule) Due(start time.Time, working time.Duration) (at time.Time, ok bool) {
	r := s.reader()
	return optional(r.due(seconds(start), max(int64(working/time.Second), 0)))
}

// DueDays returns the same time of day n working days after start, moved into
// the working time of that date (rule 8). ok is false if that is later than 400
// days after start.
func (s *Schedule) DueDays(start time.Time, n int) (at time.Time, ok bool) {
	r := s.reader()
	return optional(r.dueDays(seconds(start), n))
}

func optional(at int64, ok bool) (time.Time, bool) {
	if !ok {
		return time.Time{}, false
	}
	return instantOf(at), true
}

func (r *reader) due(start, need int64) (at int64, ok bool) {
	r.eachFrom(start, start+horizon, everything, func(seg segment) bool {
		if seg.end-seg.begin >= need {
			at, ok = seg.begin+need, true
			return false
		}
		need -= seg.end - seg.begin
		return true
	})
	return at, ok && at <= start+horizon
}

func (r *reader) dueDays(start int64, n int) (at int64, ok bool) {
	limit := start + horizon
	s, ok := r.next(start, limit, everything)
	if !ok {
		return 0, false
	}
	if n <= 0 {
		return s.begin, true
	}
	local := r.clock.local(s.begin)
	carried := local - s.day*daySeconds // time of day, plus a day per date after D0
	at, ok = r.onNthDay(s.day, n, carried, r.clock.date(limit)+1)
	return at, ok && at <= limit
}

// onNthDay answers rule 8.3 and 8.4: the time of day carried, in seconds from
// midnight of the date, on the n-th working day after the date first.
func (r *reader) onNthDay(first int64, n int, carried, last int64) (at int64, ok bool) {
	count, current := 0, first
	var t, end int64
	r.eachOn(first+1, last, everything, func(seg segment) bool {
		if seg.day != current {
			if count == n {
				return false // The date had no working time at or after t.
			}
			current = seg.day
			if count++; count == n {
				t = r.clock.instant(seg.day*daySeconds + carried)
			}
		}
		if count < n {
			return true
		}
		if seg.end > t {
			at, ok = max(seg.begin, t), true
			return false
		}
		end = seg.end
		return true
	})
	if !ok && count == n {
		return end, true
	}
	return at, ok
}
