package scheduler

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"
)

// horizon is how far ahead a search without a cap looks: 400 days of 24 hours.
const horizon = 400 * daySeconds

// A Schedule is a compiled Calendar: zone data loaded, lists sorted. It never
// changes and is safe for concurrent use; compile anew when the calendar or the
// zone data does.
type Schedule struct {
	zone        *time.Location
	week        [7][]span
	focus       [7][]span
	office      [7][]span
	holidays    map[int64][]span // no spans: a day off
	lastSpecial int64            // last holiday with hours
	dateLeave   []bounds         // dates by number, both included, joined
	timeLeave   []bounds         // instants, half-open, joined
	tides       []int64          // seconds after midnight, ascending
	stops       []stop           // rule 9.2, by begin, then end
	neverOpen   bool             // no weekly hours at all
	focused     bool             // has focus blocks
}

// bounds are two dates or two instants.
type bounds struct{ from, to int64 }

// Compile validates c, loads its zone and prepares it for questions.
func Compile(c Calendar) (*Schedule, error) {
	if err := c.validateRules(); err != nil {
		return nil, err
	}
	zone, err := c.Location()
	if err != nil {
		return nil, fmt.Errorf("zone: %w", err)
	}
	s := &Schedule{
		zone:        zone,
		holidays:    make(map[int64][]span, len(c.Holidays)),
		lastSpecial: math.MinInt64,
		neverOpen:   c.Hours.IsZero(),
		focused:     !c.Focus.IsZero(),
	}
	for day := range s.week {
		s.week[day] = spansOf(c.Hours[day])
		s.focus[day] = spansOf(c.Focus[day])
		s.office[day] = spansOf(c.OfficeHours[day])
	}
	for _, h := range c.Holidays {
		n := h.Date.number()
		s.holidays[n] = spansOf(h.Hours)
		if len(h.Hours) > 0 {
			s.lastSpecial = max(s.lastSpecial, n)
		}
	}
	for _, t := range c.Tides {
		s.tides = append(s.tides, int64(t)*60)
	}
	slices.Sort(s.tides)
	s.tides = slices.Compact(s.tides)
	s.compileLeave(c.Leave)
	return s, nil
}

func (s *Schedule) compileLeave(list []Leave) {
	for _, l := range list {
		if l.First.IsZero() {
			s.timeLeave = append(s.timeLeave, bounds{seconds(l.From), seconds(l.To)})
		} else {
			s.dateLeave = append(s.dateLeave, bounds{l.First.number(), l.Last.number()})
		}
	}
	s.timeLeave = joined(s.timeLeave, 0)
	s.dateLeave = joined(s.dateLeave, 1) // 5 to 6 and 7 to 8 June are 5 to 8 June.
	s.stops = s.stopsOf(list)
}

// joined sorts the list and unites what overlaps, touches, or leaves a hole of
// less than touch.
func joined(list []bounds, touch int64) []bounds {
	slices.SortFunc(list, func(a, b bounds) int { return cmp.Compare(a.from, b.from) })
	var out []bounds
	for _, b := range list {
		if n := len(out); n > 0 && b.from <= out[n-1].to+touch {
			out[n-1].to = max(out[n-1].to, b.to)
		} else {
			out = append(out, b)
		}
	}
	return out
}

// firstEndingAfter returns the index of the first of joined bounds with to > x.
func firstEndingAfter(list []bounds, x int64) int {
	i, _ := slices.BinarySearchFunc(list, x, func(b bounds, x int64) int {
		if b.to > x {
			return 1
		}
		return -1
	})
	return i
}

// Zone returns the time zone.
func (s *Schedule) Zone() *time.Location { return s.zone }

// HasTides reports whether tides are configured.
func (s *Schedule) HasTides() bool { return len(s.tides) > 0 }

// HasHours reports whether some weekday has working hours.
func (s *Schedule) HasHours() bool { return !s.neverOpen }

// Working reports whether t is a working instant (rule 2.4).
func (s *Schedule) Working(t time.Time) bool {
	r := s.reader()
	return r.working(seconds(t), everything)
}

// InFocus reports whether t lies in a focus block (rule 2.6).
func (s *Schedule) InFocus(t time.Time) bool {
	r := s.reader()
	_, in := r.focusEnd(seconds(t), seconds(t))
	return in
}

// Deliverable reports whether t is working time and not focus time (rule 2.7).
func (s *Schedule) Deliverable(t time.Time) bool { return s.Working(t) && !s.InFocus(t) }

// Off reports whether t is off time: leave or a day off, and not worked (rule 2.9).
func (s *Schedule) Off(t time.Time) bool {
	r := s.reader()
	return r.off(seconds(t))
}

// NextOpening returns the earliest working instant at or after t (rule 2.8), in
// UTC. ok is false if there is none within 400 days.
func (s *Schedule) NextOpening(t time.Time) (at time.Time, ok bool) {
	return s.opening(t, everything)
}

// OpeningWithoutLeave is NextOpening reckoned as if nobody took leave: it tells
// mail that waits for an evening from mail that waits for a return.
func (s *Schedule) OpeningWithoutLeave(t time.Time) (at time.Time, ok bool) {
	return s.opening(t, holidaysOnly)
}

func (s *Schedule) opening(t time.Time, p plan) (time.Time, bool) {
	r := s.reader()
	from := seconds(t)
	seg, ok := r.next(from, from+horizon, p)
	if !ok {
		return time.Time{}, false
	}
	return instantOf(seg.begin), true
}

// WorkingDay reports whether working time belongs to the date (rule 2.5).
func (s *Schedule) WorkingDay(d Date) bool {
	r := s.reader()
	return r.workingDay(d.number())
}

// A plan says what is left out of the weekly hours.
type plan int

const (
	hoursAlone   plan = iota // rule 3.2
	holidaysOnly             // rule 9.2: as if nobody took leave
	everything               // rule 2.4
)

// hoursOf returns the spans of a date (rules 2.2 and 2.3).
func (s *Schedule) hoursOf(day int64, p plan) []span {
	if p == hoursAlone {
		return s.week[weekdayOf(day)]
	}
	if p == everything && s.onDateLeave(day) {
		return nil
	}
	if list, ok := s.holidays[day]; ok {
		return list
	}
	return s.week[weekdayOf(day)]
}

func (s *Schedule) onDateLeave(day int64) bool {
	i := firstEndingAfter(s.dateLeave, day-1)
	return i < len(s.dateLeave) && s.dateLeave[i].from <= day
}

func (s *Schedule) inTimeLeave(u int64) bool {
	i := firstEndingAfter(s.timeLeave, u)
	return i < len(s.timeLeave) && s.timeLeave[i].from <= u
}

// pastAll reports whether no date from day on can have hours.
func (s *Schedule) pastAll(day int64, p plan) bool {
	return s.neverOpen && (p == hoursAlone || day > s.lastSpecial)
}

// A reader answers one question about a schedule.
type reader struct {
	s     *Schedule
	clock localClock
}

func (s *Schedule) reader() reader { return reader{s, newLocalClock(s.zone)} }

// A segment is a stretch of working time [begin, end) that belongs to a date.
type segment struct{ begin, end, day int64 }

// eachOn yields the working time of the dates first to last, in order, nothing
// twice, until yield returns false. An instant in intervals of two dates belongs
// to the earlier one (rule 2.5).
func (r *reader) eachOn(first, last int64, p plan, yield func(segment) bool) {
	taken := int64(math.MinInt64) // Everything before is counted already.
	// An interval is at most a day long: only one date before can reach in.
	for day := first - 1; day <= last && !r.s.pastAll(day, p); day++ {
		for _, sp := range r.s.hoursOf(day, p) {
			begin := max(r.clock.instant(day*daySeconds+sp.from), taken)
			end := r.clock.instant(day*daySeconds + sp.to)
			if end <= begin {
				continue
			}
			taken = end
			if day < first {
				continue
			}
			if !r.s.lessLeave(segment{begin, end, day}, p, yield) {
				return
			}
		}
	}
}

// lessLeave yields what leave by instants leaves of a segment.
func (s *Schedule) lessLeave(seg segment, p plan, yield func(segment) bool) bool {
	if p == everything {
		for i := firstEndingAfter(s.timeLeave, seg.begin); i < len(s.timeLeave); i++ {
			l := s.timeLeave[i]
			if l.from >= seg.end {
				break
			}
			if l.from > seg.begin && !yield(segment{seg.begin, l.from, seg.day}) {
				return false
			}
			if seg.begin = l.to; seg.begin >= seg.end {
				return true
			}
		}
	}
	return yield(seg)
}

// eachFrom yields the working time at or after from, the first segment cut at
// from, as long as segments begin at until or before.
func (r *reader) eachFrom(from, until int64, p plan, yield func(segment) bool) {
	r.eachOn(r.clock.date(from)-1, r.clock.date(until)+1, p, func(seg segment) bool {
		if seg.end <= from {
			return true
		}
		if seg.begin > until {
			return false
		}
		seg.begin = max(seg.begin, from)
		return yield(seg)
	})
}

// next returns the first segment at or after from that begins at until or before.
func (r *reader) next(from, until int64, p plan) (found segment, ok bool) {
	r.eachFrom(from, until, p, func(seg segment) bool {
		found, ok = seg, true
		return false
	})
	return found, ok
}

func (r *reader) working(u int64, p plan) bool {
	_, ok := r.next(u, u, p)
	return ok
}

func (r *reader) workingDay(day int64) (ok bool) {
	r.eachOn(day, day, everything, func(segment) bool {
		ok = true
		return false
	})
	return ok
}

// worked returns the seconds of working time in [from, to).
func (r *reader) worked(from, to int64) (sum int64) {
	r.eachFrom(from, to, everything, func(seg segment) bool {
		sum += max(min(seg.end, to)-seg.begin, 0)
		return true
	})
	return sum
}

func (r *reader) off(u int64) bool {
	if r.working(u, everything) {
		return false
	}
	day := r.clock.date(u)
	return r.s.inTimeLeave(u) || r.s.dayOff(day) || r.s.onDateLeave(day)
}

// dayOff reports whether the date is a holiday without hours.
func (s *Schedule) dayOff(day int64) bool {
	list, ok := s.holidays[day]
	return ok && len(list) == 0
}
