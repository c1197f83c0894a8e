package scheduler

import "time"

// A Period is a span of instants [Start, End) in UTC.
type Period struct{ Start, End time.Time }

// OfficeHours returns the office hours of the weekday of d, by their start. They
// are for show only: a holiday or leave does not remove them.
func (s *Schedule) OfficeHours(d Date) []Period {
	r := s.reader()
	var out []Period
	day := d.number()
	for _, sp := range s.office[d.Weekday()] {
		begin := r.clock.instant(day*daySeconds + sp.from)
		if end := r.clock.instant(day*daySeconds + sp.to); begin < end {
			out = append(out, Period{instantOf(begin), instantOf(end)})
		}
	}
	return out
}

// WorkingTime returns the working time that belongs to d, less holidays and
// leave (rule 2.5), with what touches joined.
func (s *Schedule) WorkingTime(d Date) []Period {
	r := s.reader()
	var out []Period
	day := d.number()
	r.eachOn(day, day, everything, func(seg segment) bool {
		p := Period{instantOf(seg.begin), instantOf(seg.end)}
		if n := len(out); n > 0 && out[n-1].End.Equal(p.Start) {
			out[n-1].End = p.End
		} else {
			out = append(out, p)
		}
		return true
	})
	return out
}

// A ZoneChange is a change of the offset of a zone.
type ZoneChange struct {
	At            time.Time // UTC
	Before, After time.Duration
}

// Forward returns by how much the clocks go forward, or back if it is negative.
func (c ZoneChange) Forward() time.Duration { return c.After - c.Before }

// NextChange returns the first change of the clocks after now and at most days
// (of 24 hours) later.
func (s *Schedule) NextChange(now time.Time, days int) (change ZoneChange, ok bool) {
	clock := newLocalClock(s.zone)
	u := seconds(now)
	limit := u + int64(min(max(days, 0), maxSpan/daySeconds))*daySeconds
	before := clock.offsetAt(u)
	for clock.end <= limit {
		at := clock.end
		after := clock.offsetAt(at)
		if ZoneNameAt(s.zone, instantOf(at-1)) != ZoneNameAt(s.zone, instantOf(at)) {
			before = after // The person travels; no clock changes.
			continue
		}
		if after != before {
			return ZoneChange{instantOf(at), time.Duration(before) * time.Second, time.Duration(after) * time.Second}, true
		}
	}
	return ZoneChange{}, false
}
