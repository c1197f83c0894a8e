package scheduler

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// A Target is how long an answer may take: Days working days if Days > 0, else
// Working of working time.
type Target struct {
	Working time.Duration
	Days    int
}

// MarshalJSON writes {"minutes": m} or {"days": n}.
func (t Target) MarshalJSON() ([]byte, error) {
	if t.Days > 0 {
		return json.Marshal(map[string]int{"days": t.Days})
	}
	return json.Marshal(map[string]int64{"minutes": int64(t.Working / time.Minute)})
}

// maxTarget keeps sums of minutes far from overflow; what is due later than the
// horizon has no due time anyway.
const maxTarget = 1_000_000

// UnmarshalJSON reads {"minutes": m} or {"days": n}, 0 to 1000000.
func (t *Target) UnmarshalJSON(data []byte) error {
	var form struct{ minutes, days *int64 }
	err := readObject(data, []field{
		{"minutes", func(raw []byte) error { return json.Unmarshal(raw, &form.minutes) }},
		{"days", func(raw []byte) error { return json.Unmarshal(raw, &form.days) }},
	})
	if err != nil {
		return err
	}
	switch {
	case (form.minutes == nil) == (form.days == nil):
		return errors.New("want either minutes or days")
	case form.days != nil && (*form.days < 0 || *form.days > maxTarget):
		return errors.New("days: want 0 to 1000000")
	case form.minutes != nil && (*form.minutes < 0 || *form.minutes > maxTarget):
		return errors.New("minutes: want 0 to 1000000")
	case form.days != nil:
		*t = Target{Days: int(*form.days)}
	default:
		*t = Target{Working: time.Duration(*form.minutes) * time.Minute}
	}
	return nil
}

// A Promise is what the answerer said at Made: an answer on Date, or by Time if
// Date is zero (rule 9.4).
type Promise struct {
	Made time.Time
	Date Date
	Time time.Time
}

// ReplyDue returns when an answer is due whose clock starts at start (rule 9).
// Promises are in the order made. ok is false if there is no due time within the
// horizon of 400 days.
func (s *Schedule) ReplyDue(start time.Time, target Target, promises []Promise) (at time.Time, ok bool) {
	r := s.reader()
	return optional(r.replyDue(seconds(start), target, promises))
}

// Via is the way on which mail reaches its reader, and a clock its start.
type Via string

// The ways of rule 10.
const (
	ViaRelease Via = "release"
	ViaTide    Via = "tide"
	ViaArrival Via = "arrival"
)

// A ReplyClock is a started clock: when the mail reaches the answerer and when
// the answer is due.
type ReplyClock struct {
	Start Moment
	Due   time.Time
	OK    bool // false: no due time
}

// ClockDue starts the clock of a mail sent at sent when it reaches the
// answerer's window (rule 10). grace is not used for ViaTide.
func (s *Schedule) ClockDue(sent time.Time, via Via, target Target, promises []Promise, grace, maxHold time.Duration) ReplyClock {
	var c ReplyClock
	switch via {
	case ViaTide:
		c.Start = s.Tide(sent, maxHold)
	case ViaArrival:
		c.Start = s.Arrival(sent, grace, maxHold)
	default:
		c.Start = s.Release(sent, grace, maxHold)
	}
	c.Due, c.OK = s.ReplyDue(c.Start.At, target, promises)
	return c
}

func (r *reader) replyDue(start int64, target Target, promises []Promise) (int64, bool) {
	for _, p := range slices.Backward(promises) {
		if at, ok := r.promised(p, start); ok {
			return at, true
		}
	}
	need := max(int64(target.Working/time.Second), 0)
	base, ok := int64(0), false
	if target.Days > 0 {
		base, ok = r.dueDays(start, target.Days)
	} else {
		base, ok = r.due(start, need)
	}
	if !ok {
		return 0, false
	}
	pushed := func(stopped int64) (int64, bool) {
		switch {
		case target.Days <= 0:
			return r.due(start, need+stopped)
		case stopped == 0:
			return base, true
		}
		return r.due(base, stopped)
	}
	return r.afterStops(start, base, pushed)
}

// afterStops goes through the leave that stops the clock (rule 9.3).
func (r *reader) afterStops(start, base int64, pushed func(stopped int64) (int64, bool)) (int64, bool) {
	due, stopped, covered := base, int64(0), int64(minInstant)
	for _, s := range r.s.stops {
		if s.begin >= due {
			break
		}
		if s.end <= start {
			continue
		}
		if !s.ok {
			return 0, false
		}
		// By begin, so that only what lies beyond the last stop is new.
		if begin := max(s.begin, covered); begin < s.caught {
			stopped += r.worked(begin, s.caught)
			covered = s.caught
		}
		var ok bool
		if due, ok = pushed(stopped); !ok {
			return 0, false
		}
	}
	return due, true
}

// promised returns the target of a promise, unless the promise is to be ignored.
func (r *reader) promised(p Promise, start int64) (at int64, ok bool) {
	made := seconds(p.Made)
	limit := made + horizon
	if p.Date.IsZero() {
		at, ok = r.promisedTime(seconds(p.Time), limit)
	} else {
		at, ok = r.promisedDate(p.Date.number(), limit)
	}
	return at, ok && at > made && at > start && at <= limit
}

func (r *reader) promisedTime(p, limit int64) (at int64, ok bool) {
	if p > limit {
		return 0, false
	}
	day := r.clock.date(p)
	// Two dates before: the one between may have been skipped (Apia).
	r.eachOn(day-2, day+1, everything, func(seg segment) bool {
		ok = seg.begin <= p && p <= seg.end
		return !ok
	})
	if ok {
		return p, true
	}
	seg, ok := r.next(p, limit, everything)
	return seg.begin, ok
}

func (r *reader) promisedDate(day, limit int64) (at int64, ok bool) {
	r.eachOn(day, r.clock.date(limit)+1, everything, func(seg segment) bool {
		switch {
		case seg.day == day:
			at, ok = seg.end, true // The last one of the date stands.
			return true
		case !ok:
			at, ok = seg.begin, true
		}
		return false
	})
	return at, ok
}

// A stop is what a leave entry does to the clocks of answers (rule 9.2).
type stop struct {
	begin, end int64 // of the working time that it takes away
	caught     int64 // end of the catch-up
	ok         bool  // the catch-up ends within the horizon
}

// catchUp is half a working day: what piles up during leave is answered in it.
const catchUp = 4 * 60 * 60

// stopsOf reckons the stops of the leave entries. s has all leave already.
func (s *Schedule) stopsOf(list []Leave) []stop {
	r := s.reader()
	var out []stop
	for _, l := range list {
		begin, end, ok := r.takenBy(l)
		if !ok {
			continue // Takes no working time away: no effect.
		}
		st := stop{begin: begin, end: end}
		st.caught, st.ok = r.due(end, catchUp)
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b stop) int {
		return cmp.Or(cmp.Compare(a.begin, b.begin), cmp.Compare(a.end, b.end))
	})
	return out
}

// takenBy returns the first instant and the end of the working time, reckoned
// without any leave, that l takes away.
func (r *reader) takenBy(l Leave) (begin, end int64, ok bool) {
	if l.First.IsZero() {
		from, to := seconds(l.From), seconds(l.To)
		first, found := r.next(from, to, holidaysOnly)
		if !found || first.begin >= to {
			return 0, 0, false
		}
		r.backward(r.clock.date(from)-1, r.clock.date(to)+1, func(seg segment) bool {
			end = min(seg.end, to)
			return seg.begin >= to
		})
		return first.begin, end, true
	}
	first, last := l.First.number(), l.Last.number()
	r.eachOn(first, last, holidaysOnly, func(seg segment) bool {
		begin, ok = seg.begin, true
		return false
	})
	if !ok {
		return 0, 0, false
	}
	r.backward(first, last, func(seg segment) bool {
		end = seg.end
		return false
	})
	end = r.lessNextDay(last+1, end)
	return begin, end, begin < end
}

// backward yields the working time without leave of the dates first to last,
// the last segment first, in windows of a month: leave may last for years.
func (r *reader) backward(first, last int64, yield func(segment) bool) {
	if r.s.neverOpen {
		last = min(last, r.s.lastSpecial)
	}
	for ; last >= first; last -= 30 {
		var window []segment
		r.eachOn(max(first, last-29), last, holidaysOnly, func(seg segment) bool {
			window = append(window, seg)
			return true
		})
		for _, seg := range slices.Backward(window) {
			if !yield(seg) {
				return
			}
		}
	}
}

// lessNextDay draws end back over the working time that the date after the leave
// has of its own: it is worked, whoever else had it too.
func (r *reader) lessNextDay(day, end int64) int64 {
	for _, sp := range slices.Backward(r.s.hoursOf(day, holidaysOnly)) {
		b := r.clock.instant(day*daySeconds + sp.from)
		if e := r.clock.instant(day*daySeconds + sp.to); b < end && end <= e {
			end = b
		}
	}
	return end
}
