package threading

import (
	"sort"
	"time"

	"tidepost/scheduler"
)

// horizon is how far ahead a calendar looks; beyond it a clock asks again.
const horizon = 400 * 24 * time.Hour

// away reports whether leave takes the owner's next working time at or after t. It
// begins with the last closing before the leave and ends with the first opening
// after it.
func away(s *scheduler.Schedule, t time.Time) bool {
	plain, ok := s.OpeningWithoutLeave(t)
	if !ok {
		return false
	}
	next, ok := s.NextOpening(t)
	return !ok || next.After(plain)
}

// opening is the next one, or the horizon.
func opening(s *scheduler.Schedule, t time.Time) time.Time {
	if at, ok := s.NextOpening(t); ok {
		return at
	}
	return t.Add(horizon)
}

// closing is the end of the stretch of working time that t is in or before, or a
// day after its beginning if it is longer, or the horizon if there is none.
func closing(s *scheduler.Schedule, t time.Time) time.Time {
	begin, ok := s.NextOpening(t)
	if !ok {
		return t.Add(horizon)
	}
	const day = 24 * 60 * 60
	n := sort.Search(day, func(i int) bool { // the first second that does not follow at once
		want := time.Duration(i+1) * time.Second
		at, ok := s.Due(begin, want)
		return !ok || !at.Equal(begin.Add(want))
	})
	return begin.Add(time.Duration(n) * time.Second)
}

// worked is the working time in [from, to): the longest sum that is reached by then.
func worked(s *scheduler.Schedule, from, to time.Time) time.Duration {
	n := sort.Search(int(to.Sub(from)/time.Second), func(i int) bool {
		at, ok := s.Due(from, time.Duration(i+1)*time.Second)
		return !ok || at.After(to)
	})
	return time.Duration(max(n, 0)) * time.Second
}
