package scheduler

import (
	"math"
	"slices"
	"time"
)

// An oracle answers the questions of RULES.md by looking at every step of a
// window of time, in the words of the rules and with nothing of the package but
// its types. It is slow and knows only calendars whose times are multiples of
// step.
type oracle struct {
	c        Calendar
	zone     *time.Location
	begin    int64           // instant of step 0
	local    []int64         // local seconds at each step
	shown    map[int64]int64 // local seconds → first instant
	owner    []int64         // date that a working step belongs to, or none
	present  []bool          // working, reckoned without leave
	plain    []bool          // working by hours alone
	inFocus  []bool
	leaveDay map[int64]bool
	exceeded bool // an answer lay outside the window
	takes    []taken
}

const (
	step = 5 * 60
	none = math.MinInt64
)

func newOracle(c Calendar, zone *time.Location, begin time.Time, days int) *oracle {
	o := &oracle{c: c, zone: zone, begin: begin.Unix(), shown: map[int64]int64{}, leaveDay: map[int64]bool{}}
	n := days * 86400 / step
	for i := range n {
		u := o.begin + int64(i)*step
		_, off := time.Unix(u, 0).In(zone).Zone()
		l := u + int64(off)
		o.local = append(o.local, l)
		if _, ok := o.shown[l]; !ok {
			o.shown[l] = u
		}
	}
	o.owner, o.present = make([]int64, n), make([]bool, n)
	o.plain, o.inFocus = make([]bool, n), make([]bool, n)
	for i := range o.owner {
		o.owner[i] = none
	}
	for _, l := range c.Leave {
		if !l.First.IsZero() {
			for d := l.First; !l.Last.Before(d); d = d.AddDays(1) {
				o.leaveDay[d.number()] = true
			}
		}
	}
	for d := o.local[0]/86400 - 3; d <= o.local[n-1]/86400+3; d++ {
		o.paintDate(d)
	}
	for i := range o.owner {
		if o.inTimeLeave(o.at(i)) {
			o.owner[i] = none
		}
	}
	return o
}

func (o *oracle) paintDate(d int64) {
	week := o.c.Hours[dateOfNumber(d).Weekday()]
	hours := week
	for _, h := range o.c.Holidays {
		if h.Date.number() == d {
			hours = h.Hours
		}
	}
	paint := func(list []Interval, mark func(i int)) {
		for _, iv := range list {
			from, to := d*86400+int64(iv.Start)*60, d*86400+int64(iv.End)*60
			if to < from {
				to += 86400
			}
			b, e := max(o.instant(from), o.begin), o.instant(to)
			for i := o.index(b); i < len(o.local) && o.at(i) < e; i++ {
				mark(i)
			}
		}
	}
	paint(week, func(i int) { o.plain[i] = true })
	paint(hours, func(i int) { o.present[i] = true })
	if !o.leaveDay[d] {
		paint(hours, func(i int) {
			if o.owner[i] == none {
				o.owner[i] = d
			}
		})
	}
	paint(o.c.Focus[dateOfNumber(d).Weekday()], func(i int) { o.inFocus[i] = true })
}

func (o *oracle) at(i int) int64    { return o.begin + int64(i)*step }
func (o *oracle) index(u int64) int { return int((u - o.begin) / step) }
func (o *oracle) inside(u int64) bool {
	return u >= o.begin && o.index(u) < len(o.local)
}

// instant is rule 1.3.
func (o *oracle) instant(local int64) int64 {
	if u, ok := o.shown[local]; ok {
		return u
	}
	if local < o.local[0] {
		return o.begin // Before the window: cut at its begin.
	}
	for i, l := range o.local {
		if l > local {
			return o.at(i)
		}
	}
	return math.MaxInt64
}

func (o *oracle) inTimeLeave(u int64) bool {
	return slices.ContainsFunc(o.c.Leave, func(l Leave) bool {
		return l.First.IsZero() && l.From.Unix() <= u && u < l.To.Unix()
	})
}

func (o *oracle) working(u int64) bool {
	if !o.inside(u) {
		o.exceeded = true
		return false
	}
	return o.owner[o.index(u)] != none
}

func (o *oracle) focus(u int64) bool {
	if !o.inside(u) {
		o.exceeded = true
		return false
	}
	return o.inFocus[o.index(u)]
}

func (o *oracle) off(u int64) bool {
	if o.working(u) {
		return false
	}
	l, _ := o.localAt(u)
	day := (l - mod(l, 86400)) / 86400
	holiday := slices.ContainsFunc(o.c.Holidays, func(h Holiday) bool {
		return h.Date.number() == day && len(h.Hours) == 0
	})
	return o.inTimeLeave(u) || holiday || o.leaveDay[day]
}

func (o *oracle) localAt(u int64) (int64, bool) {
	if !o.inside(u) {
		o.exceeded = true
		return 0, false
	}
	return o.local[o.index(u)], true
}

// first returns the earliest step from u on that has the quality.
func (o *oracle) first(u int64, quality func(i int) bool) (int64, bool) {
	for i := o.index(u); i < len(o.local); i++ {
		if quality(i) {
			return o.at(i), true
		}
	}
	o.exceeded = true
	return 0, false
}

func (o *oracle) capped(limit int64) answer {
	at, ok := o.first(limit, func(i int) bool { return o.plain[i] })
	if !ok || at > limit+14*86400 {
		return answer{at: limit, capped: true}
	}
	return answer{at: at, capped: true}
}

func (o *oracle) release(now, grace, hold int64) answer {
	r, ok := o.first(now, func(i int) bool { return o.owner[i] != none && !o.inFocus[i] })
	if ok && !o.working(now) && !o.focus(now) && r <= now+grace {
		return answer{at: now}
	}
	if ok && r <= now+hold {
		return answer{at: r}
	}
	return o.capped(now + hold)
}

func (o *oracle) workingDay(day int64) bool { return slices.Contains(o.owner, day) }

func (o *oracle) tide(now, hold int64) answer {
	if len(o.c.Tides) == 0 {
		return o.release(now, 0, hold)
	}
	best, found := int64(0), false
	for day := o.local[0]/86400 + 1; day < o.local[len(o.local)-1]/86400; day++ {
		for _, tide := range o.c.Tides {
			t0 := o.instant(day*86400 + int64(tide)*60)
			if !o.inside(t0) || !o.workingDay(day) && !o.working(t0) {
				continue
			}
			t1 := t0
			for o.inside(t1) && o.focus(t1) {
				t1 += step
			}
			if !o.inside(t1) || t1 < now || o.off(t0) || o.off(t1) {
				continue
			}
			if !found || t1 < best {
				best, found = t1, true
			}
		}
	}
	if found && best <= now+hold {
		return answer{at: best}
	}
	return o.capped(now + hold)
}

func (o *oracle) arrival(now, grace, hold int64) answer {
	r := o.release(now, grace, hold)
	if len(o.c.Tides) == 0 {
		return r
	}
	a := o.tide(r.at, hold)
	a.capped = a.capped || r.capped
	return a
}

func (o *oracle) due(start, need int64) (int64, bool) {
	s, ok := o.first(start, func(i int) bool { return o.owner[i] != none })
	if !ok {
		return 0, false
	}
	for u := s; o.inside(u); u += step {
		if need == 0 {
			return u, true
		}
		if o.working(u) {
			need -= step
		}
	}
	o.exceeded = true
	return 0, false
}

func (o *oracle) dueDays(start int64, n int) (int64, bool) {
	s, ok := o.first(start, func(i int) bool { return o.owner[i] != none })
	if !ok || n == 0 {
		return s, ok
	}
	d0 := o.owner[o.index(s)]
	local, _ := o.localAt(s)
	k := (local-mod(local, 86400))/86400 - d0
	days := slices.Clone(o.owner)
	slices.Sort(days)
	days = slices.Compact(days)
	days = slices.DeleteFunc(days, func(d int64) bool { return d == none || d <= d0 })
	if len(days) <= n {
		o.exceeded = true
		return 0, false
	}
	dn := days[n-1]
	t := o.instant((dn+k)*86400 + mod(local, 86400))
	last := int64(0)
	for i, owner := range o.owner {
		if owner == dn {
			if o.at(i) >= t {
				return o.at(i), true
			}
			last = o.at(i) + step
		}
	}
	return last, true
}

// taken is the span of the working time that a leave entry takes away.
type taken struct {
	begin, end int64
	ok         bool
}

func (o *oracle) takenBy(l Leave) (begin, end int64, ok bool) {
	alone := o.c
	alone.Leave = []Leave{l}
	with := newOracle(alone, o.zone, time.Unix(o.begin, 0), len(o.local)*step/86400)
	for i := range o.present {
		if o.present[i] && with.owner[i] == none {
			if !ok {
				begin, ok = o.at(i), true
			}
			end = o.at(i) + step
		}
	}
	return begin, end, ok
}

func (o *oracle) replyDue(start int64, target Target, promises []Promise) (int64, bool) {
	answer, inForce := int64(0), false
	for _, p := range promises {
		if at, ok := o.promised(p); ok && at > p.Made.Unix() && at > start {
			answer, inForce = at, true
		}
	}
	if inForce {
		return answer, true
	}
	need := int64(target.Working / time.Second)
	base, ok := o.due(start, need)
	if target.Days > 0 {
		base, ok = o.dueDays(start, target.Days)
	}
	if !ok {
		return 0, false
	}
	stops := o.stops(start)
	due := base
	stopped := make([]bool, len(o.owner))
	for _, s := range stops {
		if s.begin >= due {
			continue
		}
		for u := s.begin; u < s.caught; u += step {
			stopped[o.index(u)] = true
		}
		sum := int64(0)
		for i := range stopped {
			if stopped[i] && o.owner[i] != none {
				sum += step
			}
		}
		switch {
		case target.Days <= 0:
			due, ok = o.due(start, need+sum)
		case sum == 0:
			due, ok = base, true
		default:
			due, ok = o.due(base, sum)
		}
		if !ok {
			return 0, false
		}
	}
	return due, true
}

func (o *oracle) stops(start int64) []stop {
	if o.takes == nil {
		for _, l := range o.c.Leave {
			begin, end, ok := o.takenBy(l)
			o.takes = append(o.takes, taken{begin, end, ok})
		}
	}
	var out []stop
	for _, l := range o.takes {
		if !l.ok || l.end <= start {
			continue
		}
		caught, ok := o.due(l.end, 240*60)
		if !ok {
			continue // exceeded is set.
		}
		out = append(out, stop{l.begin, l.end, caught, true})
	}
	slices.SortStableFunc(out, func(a, b stop) int {
		if a.begin != b.begin {
			return int(a.begin - b.begin)
		}
		return int(a.end - b.end)
	})
	return out
}

func (o *oracle) promised(p Promise) (int64, bool) {
	if p.Date.IsZero() {
		u := p.Time.Unix()
		if o.working(u) || o.working(u-step) {
			return u, true
		}
		return o.first(u, func(i int) bool { return o.owner[i] != none })
	}
	day := p.Date.number()
	if o.workingDay(day) {
		end := int64(0)
		for i, owner := range o.owner {
			if owner == day {
				end = o.at(i) + step
			}
		}
		return end, true
	}
	return o.first(o.begin, func(i int) bool { return o.owner[i] != none && o.owner[i] > day })
}
