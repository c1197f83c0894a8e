package badinput

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
)

// A timeRow is a scenario about time, and what is said to be right.
type timeRow struct {
	ctx  context.Context //nolint:containedctx // of the row
	dir  string
	text string // the scenario
	want string // the codes, joined
}

// A timeRule plays the scenarios that its pattern finds.
type timeRule struct {
	pattern *regexp.Regexp
	play    func(t timeRow, m []string) error
}

// The words that scenarios are written in, tried in this order.
func timeRules() []timeRule {
	const zone = `([A-Z][A-Za-z_]+/[A-Za-z_/+-]+[0-9]*|UTC)`
	rule := func(pattern string, play func(timeRow, []string) error) timeRule {
		return timeRule{regexp.MustCompile(`(?i)` + pattern), play}
	}
	return []timeRule{
		{regexp.MustCompile(`^` + zone + `,? .*?([0-9]{2}:[0-9]{2}).*?(?:day )?([0-9]{4}-[0-9]{2}-[0-9]{2})`), func(t timeRow, m []string) error { return t.wall(m[1], m[3], m[2]) }},
		{regexp.MustCompile(`^` + zone + `,? .*?([0-9]{4}-[0-9]{2}-[0-9]{2})[ T]([0-9]{2}:[0-9]{2})`), func(t timeRow, m []string) error { return t.wall(m[1], m[2], m[3]) }},
		rule(`(?:release|hold ?until|due)\b[^0-9]*([0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+ ?(?:Z|[+-][0-9:]+)?)?)`, timeRow.instant),
		rule(`(?:hold ?for)\b[^0-9-]*(-?[0-9]+)`, timeRow.holdFor),
		rule(`clock\b.*?\b(?:(back)|(forward|ahead))`, timeRow.clock),
		rule(`([0-9]+) (?:messages|mails|letters) (?:are )?due`, timeRow.herd),
		rule(`(suspend|sleep|resum)[a-z]*\D*([0-9]+) ?([a-z]+)`, timeRow.suspend),
		rule(`\(?(`+zone+`) to (`+zone+`)\)?`, timeRow.renamed),
		rule(`offsets? ([+-][0-9:]+) and ([+-][0-9:]+)`, timeRow.offsets),
		rule(`(?:sla|answer|working)\D*([0-9]+) working hours?`, timeRow.workingHours),
		rule(`(?:drops?|changes?|abolish|new) .*(?:dst|rule|offset|zone|tzdata)`, timeRow.ruleChange),
		rule(`never|no (?:opening|hours|working)|no open|(?:holidays?|leave|focus) .*(?:each|every|all|forever|always)`, timeRow.neverOpen),
		rule(`(?:zone|tz|timezone)s?\b(.*)`, timeRow.zones),
	}
}

// schedule plays a row about time, in this process, on a clock that is set.
func (k *Catalogue) schedule(ctx context.Context, c *Case, res Result) Result {
	s, ok := c.step(scenario)
	if !ok {
		res.Misses = []string{"a row about time without a scenario"}
		return res
	}
	dir, err := os.MkdirTemp(k.dir, "time")
	if err != nil {
		res.Misses = []string{err.Error()}
		return res
	}
	defer os.RemoveAll(dir)
	t := timeRow{ctx: ctx, dir: dir, text: s.text, want: strings.Join(c.Codes, "; ")}
	for _, r := range timeRules() {
		if m := r.pattern.FindStringSubmatch(s.text); m != nil {
			if err := r.play(t, m); err != nil {
				res.Misses = []string{err.Error()}
			}
			for _, inv := range c.Invariants {
				if inv != "never_early" && inv != "exactly_once" { // Both are looked at in every one.
					res.Unchecked = append(res.Unchecked, inv)
				}
			}
			return res
		}
	}
	res.Misses = []string{"not understood: " + s.text}
	return res
}

// sim opens a simulation in a directory of its own.
func (t timeRow) sim(boss map[people.Field]string, now time.Time) (*sim, error) {
	dir, err := os.MkdirTemp(t.dir, "data")
	if err != nil {
		return nil, err
	}
	return newSim(t.ctx, dir, boss, now)
}

var wantedClock = regexp.MustCompile(`(?:([0-9]{4}-[0-9]{2}-[0-9]{2})[ T])?([0-9]{2}:[0-9]{2})(?::[0-9]{2})? ?([+-][0-9]{2}(?::?[0-9]{2})?)?`)

// expected reads the first clock time of what is wanted, as it reads in the zone, on day
// unless it names another.
func (t timeRow) expected(day string) (string, error) {
	m := wantedClock.FindStringSubmatch(t.want)
	if m == nil {
		return "", fmt.Errorf("no clock time in %q", t.want)
	}
	if m[1] != "" {
		day = m[1]
	}
	return strings.TrimSpace(day + " " + m[2] + " " + m[3]), nil
}

// shows reports whether at reads like want ("2006-01-02 15:04 +11") in its zone.
func shows(at time.Time, want string) bool {
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04 -07", "2006-01-02 15:04 -0700", "2006-01-02 15:04 -07:00"} {
		if at.Format(layout) == want {
			return true
		}
	}
	return false
}

// wall is a wall time in a zone where the clocks do something: boss's day begins at it,
// and alice asks for it.
func (t timeRow) wall(name, day, clock string) error {
	zone, err := scheduler.LoadZone(name)
	if err != nil {
		return err
	}
	want, err := t.expected(day)
	if err != nil {
		return err
	}
	from, err := time.ParseInLocation("2006-01-02 15:04", day+" "+clock, time.UTC)
	if err != nil {
		return err
	}
	until := from.Add(time.Hour)
	if until.Day() != from.Day() {
		until = until.Truncate(24 * time.Hour).Add(-time.Minute)
	}
	hours := fmt.Sprintf("daily %s-%s", from.Format("15:04"), until.Format("15:04"))
	// When the day before is over: that day is sure to exist.
	before := time.Date(from.Year(), from.Month(), from.Day()-1, from.Hour(), from.Minute()+70, 0, 0, zone)
	s, err := t.sim(map[people.Field]string{people.FieldZone: name, people.FieldHours: hours}, before)
	if err != nil {
		return err
	}
	defer s.db.Close()
	if err := s.submit(time.Time{}, before); err != nil {
		return err
	}
	due, ok, err := s.due()
	if err != nil || !ok {
		return fmt.Errorf("nothing waits: %w", err)
	}
	if !shows(due.In(zone), want) {
		return fmt.Errorf("it leaves at %s, not at %s", due.In(zone).Format("2006-01-02 15:04:05 -07:00"), want)
	}
	wall, err := scheduler.ParseWall(from.Format("2006-01-02T15:04:05"))
	if err != nil {
		return err
	}
	if at := wall.Instant(zone).At.In(zone); !strings.Contains(t.want, "window") && !shows(at, want) {
		return fmt.Errorf("asked for explicitly it would be %s, not %s", at.Format("2006-01-02 15:04:05 -07:00"), want)
	}
	return s.watch(1, before, due)
}

// instant is an explicit release.
func (t timeRow) instant(m []string) error {
	var at time.Time
	var err error
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err = time.Parse(layout, strings.TrimSpace(m[1])); err == nil {
			break
		}
	}
	refused := strings.Contains(t.want, "refuse") || strings.Contains(t.want, "reject")
	if err != nil {
		if refused {
			return nil // There is no such time.
		}
		return err
	}
	now := at.Add(-time.Hour)
	if refused {
		now = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	}
	s, err := t.sim(map[people.Field]string{people.FieldZone: "UTC", people.FieldHours: "daily 00:00-24:00"}, now)
	if err != nil {
		return err
	}
	defer s.db.Close()
	err = s.submit(at, now)
	var reply *mail.Reply
	switch {
	case refused && errors.As(err, &reply):
		return nil
	case refused:
		due, _, _ := s.due()
		return fmt.Errorf("it was taken (%v), to leave at %s", err, due)
	case err != nil:
		return err
	}
	if due, _, _ := s.due(); !due.Equal(at) {
		return fmt.Errorf("it leaves at %s, not at %s", due, at)
	}
	return s.watch(1, now, at)
}

// holdFor is an explicit wait in seconds.
func (t timeRow) holdFor(m []string) error {
	n, err := strconv.ParseInt(m[1], 10, 64)
	refused := strings.Contains(t.want, "refuse") || strings.Contains(t.want, "reject")
	if err != nil || n < 0 || n > int64(400*24*time.Hour/time.Second) {
		if refused {
			return nil // The parser of parameters refuses it; rows at the door show that.
		}
		return fmt.Errorf("HOLDFOR %s is out of range", m[1])
	}
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	return timeRow{ctx: t.ctx, dir: t.dir, want: t.want}.instant([]string{"", now.Add(time.Duration(n) * time.Second).Format(time.RFC3339)})
}

func span(number, name string) (time.Duration, error) {
	n, err := strconv.Atoi(number)
	if err != nil {
		return 0, err
	}
	switch {
	case strings.HasPrefix(name, "d"):
		return time.Duration(n) * 24 * time.Hour, nil
	case strings.HasPrefix(name, "h"):
		return time.Duration(n) * time.Hour, nil
	case strings.HasPrefix(name, "m"):
		return time.Duration(n) * time.Minute, nil
	case strings.HasPrefix(name, "s"):
		return time.Duration(n) * time.Second, nil
	case strings.HasPrefix(name, "y"):
		return time.Duration(n) * 365 * 24 * time.Hour, nil
	}
	return 0, fmt.Errorf("%q is no unit of time", name)
}

// morning is when boss opens in the scenarios that do not say, and night long before.
var (
	morning = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	night   = time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC)
)

func (t timeRow) office(now time.Time) (*sim, error) {
	return t.sim(map[people.Field]string{people.FieldZone: "UTC", people.FieldHours: "daily 09:00-17:00"}, now)
}

// letters is how many messages a scenario speaks of; a hundred show what a thousand do.
func (t timeRow) letters() int {
	m := regexp.MustCompile(`([0-9]+) (?:messages|mails|letters)`).FindStringSubmatch(t.text)
	if m == nil {
		return 1
	}
	n, _ := strconv.Atoi(m[1])
	return max(1, min(n, 100))
}

var howFar = regexp.MustCompile(`([0-9]+) ?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|y|years?)\b`)

// clock is a wall clock that is set while messages wait; and if the row says so, set
// back when they have left.
func (t timeRow) clock(m []string) error {
	far := howFar.FindStringSubmatch(strings.ToLower(t.text))
	if far == nil {
		return errors.New("how far the clock is set is not understood: " + t.text)
	}
	d, err := span(far[1], far[2])
	if err != nil {
		return err
	}
	s, err := t.office(night)
	if err != nil {
		return err
	}
	defer s.db.Close()
	n := t.letters()
	for range n {
		if err := s.submit(time.Time{}, night); err != nil {
			return err
		}
	}
	if err := s.run(night.Add(time.Second), time.Second); err != nil {
		return err
	}
	if m[1] != "" {
		return t.backward(s, n, d)
	}
	if err := t.forward(s, n, d); err != nil {
		return err
	}
	if !strings.Contains(strings.ToLower(t.text), "back") {
		return nil
	}
	return s.still(n, night, morning.Add(-time.Hour), morning, morning.Add(48*time.Hour))
}

// still lets the loop look at instants, none of which may bring anything more.
func (s *sim) still(n int, instants ...time.Time) error {
	for _, at := range instants {
		if err := s.run(at, time.Second); err != nil {
			return err
		}
		if got, err := s.arrived(); err != nil || got != n {
			return fmt.Errorf("at %s %d have arrived, not %d: %w", at.Format(time.RFC3339), got, n, err)
		}
	}
	return nil
}

// perSecond is what must leave at least: 50,000 in 15 minutes.
const perSecond = 50_000 / 900

// herd are many messages due at one instant; as many here as show the rate.
func (t timeRow) herd(m []string) error {
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return err
	}
	n = min(n, 1000)
	s, err := t.office(night)
	if err != nil {
		return err
	}
	defer s.db.Close()
	for range n {
		if err := s.submit(time.Time{}, night); err != nil {
			return err
		}
	}
	if err := s.run(morning.Add(-time.Second), morning.Sub(night)); err != nil {
		return err
	}
	if got, err := s.arrived(); err != nil || got != 0 {
		return fmt.Errorf("%d have arrived early: %w", got, err)
	}
	began := time.Now()
	if err := s.run(morning, time.Second); err != nil {
		return err
	}
	if rate := float64(n) / time.Since(began).Seconds(); rate < perSecond {
		return fmt.Errorf("%.0f a second leave, not %d", rate, perSecond)
	}
	return s.still(n, morning.Add(time.Second), morning.Add(time.Hour))
}

// backward sets the clock back twice: while all wait, and behind their release.
func (t timeRow) backward(s *sim, n int, d time.Duration) error {
	if err := s.watch(n, night.Add(-d), morning); err != nil {
		return err
	}
	return s.still(n, morning.Add(-d), morning.Add(-time.Second), morning, morning.Add(time.Hour))
}

// forward sets the clock past the release: what would leave waits ten minutes, and
// then leaves once. A step below five minutes is as if time had passed.
func (t timeRow) forward(s *sim, n int, d time.Duration) error {
	last := night.Add(time.Second)
	if target := morning.Add(time.Minute); last.Add(d).Before(target) {
		at := target.Add(-d)
		if err := s.run(at, at.Sub(last)); err != nil {
			return err
		}
		last = at
	}
	now := last.Add(d)
	for i, passed := range []time.Duration{0, 9 * time.Minute, time.Minute + time.Second} {
		now = now.Add(passed)
		if i == 2 && (now.Hour() < 9 || now.Hour() >= 17) {
			// Behind the pause nobody is there: it is for the next morning.
			next := time.Date(now.Year(), now.Month(), now.Day()+1, 9, 0, 0, 0, time.UTC)
			passed, now = passed+next.Sub(now), next
		}
		want := n
		if i < 2 && d > 5*time.Minute {
			want = 0
		}
		if err := s.run(now, passed); err != nil {
			return err
		}
		if got, err := s.arrived(); err != nil || got != want {
			return fmt.Errorf("at %s, behind the step, %d have arrived, not %d: %w", now.Format(time.RFC3339), got, want, err)
		}
	}
	if d > 5*time.Minute && !strings.Contains(s.log.String(), "alarm") {
		return errors.New("nobody was told of the step")
	}
	return s.still(n, now.Add(time.Minute), now.Add(time.Hour))
}

// suspend is a machine that slept: true time, so mail goes on.
func (t timeRow) suspend(m []string) error {
	d, err := span(m[2], strings.ToLower(m[3]))
	if err != nil {
		return err
	}
	s, err := t.office(night)
	if err != nil {
		return err
	}
	defer s.db.Close()
	n := t.letters()
	for range n {
		if err := s.submit(time.Time{}, night); err != nil {
			return err
		}
	}
	if err := s.run(night, 0); err != nil {
		return err
	}
	awake := night.Add(d)
	if err := s.run(awake, d); err != nil {
		return err
	}
	got, err := s.arrived()
	if err != nil {
		return err
	}
	open := awake.Hour() >= 9 && awake.Hour() < 17
	if awake.Before(morning) && got != 0 {
		return fmt.Errorf("%d arrived early", got)
	}
	if open && !awake.Before(morning) && got != n {
		return fmt.Errorf("after waking %d have arrived, not %d", got, n)
	}
	next := morning
	for next.Before(awake) {
		next = next.Add(24 * time.Hour)
	}
	for _, at := range []time.Time{next, next.Add(time.Hour)} {
		if err := s.run(at, at.Sub(awake)); err != nil {
			return err
		}
		awake = at
	}
	if got, err = s.arrived(); err != nil || got != n {
		return fmt.Errorf("in the end %d have arrived, not %d: %w", got, n, err)
	}
	return nil
}

// renamed are two names of one zone: what waits under the old one leaves at the same
// instant once the person has the new one.
func (t timeRow) renamed(m []string) error {
	s, err := t.sim(map[people.Field]string{people.FieldZone: m[1], people.FieldHours: "daily 09:00-17:00"}, night)
	if err != nil {
		return fmt.Errorf("the old name: %w", err)
	}
	defer s.db.Close()
	if err := s.submit(time.Time{}, night); err != nil {
		return err
	}
	old, _, err := s.due()
	if err != nil {
		return err
	}
	fresh, err := t.move(s, m[3], night)
	if err != nil {
		return fmt.Errorf("the new name: %w", err)
	}
	if !fresh.Equal(old) {
		return fmt.Errorf("it leaves at %s under the old name, at %s under the new", old, fresh)
	}
	return s.watch(1, night, fresh)
}

// move gives boss another zone, and returns when mail leaves then.
func (t timeRow) move(s *sim, zone string, now time.Time) (due time.Time, err error) {
	if _, err := s.edit.Set(t.ctx, "boss@"+domain, people.Request{Fields: map[people.Field]string{people.FieldZone: zone}}, now); err != nil {
		return due, err
	}
	if err := s.dir.Reload(t.ctx); err != nil {
		return due, err
	}
	if err := s.q.Replan(t.ctx, nil, now); err != nil {
		return due, err
	}
	due, ok, err := s.due()
	if err == nil && !ok {
		err = errors.New("nothing waits")
	}
	return due, err
}

// ruleChange cannot change the zone data under a running program; a zone with other
// rules is the same to everything above it: only wall times may be kept.
func (t timeRow) ruleChange([]string) error {
	summer := time.Date(2026, 6, 15, 20, 0, 0, 0, time.UTC)
	s, err := t.sim(map[people.Field]string{people.FieldZone: "Europe/London", people.FieldHours: "daily 09:00-17:00"}, summer)
	if err != nil {
		return err
	}
	defer s.db.Close()
	n := t.letters()
	for range n {
		if err := s.submit(time.Time{}, summer); err != nil {
			return err
		}
	}
	due, _, err := s.due()
	if want := time.Date(2026, 6, 16, 8, 0, 0, 0, time.UTC); err != nil || !due.Equal(want) {
		return fmt.Errorf("it leaves at %s, not at %s: %w", due, want, err)
	}
	fresh, err := t.move(s, "Atlantic/Reykjavik", summer)
	if err != nil {
		return err
	}
	if !fresh.Equal(due.Add(time.Hour)) {
		return fmt.Errorf("with the other rules it leaves at %s, not an hour after %s", fresh, due)
	}
	return s.watch(n, summer, fresh)
}

// offsets are zones at the ends of the world.
func (t timeRow) offsets(m []string) error {
	for _, off := range m[1:3] {
		h, err := strconv.Atoi(strings.SplitN(off, ":", 2)[0])
		if err != nil {
			return err
		}
		name := fmt.Sprintf("Etc/GMT%+d", -h)
		if h == 14 {
			name = "Pacific/Kiritimati"
		}
		zone, err := scheduler.LoadZone(name)
		if err != nil {
			return err
		}
		now := time.Date(2026, 11, 23, 20, 0, 0, 0, zone)
		s, err := t.sim(map[people.Field]string{people.FieldZone: name, people.FieldHours: "daily 09:00-17:00"}, now)
		if err != nil {
			return err
		}
		err = func() error {
			defer s.db.Close()
			if err := s.submit(time.Time{}, now); err != nil {
				return err
			}
			return s.watch(1, now, time.Date(2026, 11, 24, 9, 0, 0, 0, zone))
		}()
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// workingHours counts working time across a change of the clocks and a holiday second
// by second, and compares it with the due time.
func (t timeRow) workingHours(m []string) error {
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return err
	}
	want := time.Duration(n) * time.Hour
	sunday, err := scheduler.ParseInterval("00:00-06:00")
	if err != nil {
		return err
	}
	monday, err := scheduler.ParseInterval("09:00-17:00")
	if err != nil {
		return err
	}
	holiday, err := people.ParseHoliday("2026-03-30")
	if err != nil {
		return err
	}
	var week scheduler.Week
	for d := range week {
		week[d] = []scheduler.Interval{sunday, monday} // Every day, so that any change of the clocks is inside.
	}
	s, err := scheduler.Compile(scheduler.Calendar{Zone: "Europe/London", Hours: week, Holidays: []scheduler.Holiday{holiday}})
	if err != nil {
		return err
	}
	for _, start := range []time.Time{
		time.Date(2026, 3, 28, 16, 59, 59, 0, time.UTC), time.Date(2026, 3, 29, 0, 30, 0, 0, time.UTC),
		time.Date(2026, 3, 29, 15, 0, 1, 0, time.UTC), time.Date(2026, 10, 24, 22, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 0, 30, 0, 0, time.UTC),
	} {
		due, ok := s.Due(start, want)
		if !ok {
			return fmt.Errorf("from %s: no due time", start)
		}
		var worked time.Duration
		for x := start; x.Before(due); x = x.Add(time.Second) {
			if s.Working(x) {
				worked += time.Second
			}
		}
		if worked != want {
			return fmt.Errorf("from %s to %s are %s of working time, not %s", start, due, worked, want)
		}
	}
	return nil
}

// neverOpen is a person without a working instant: the search ends, the mail leaves
// with the cap.
func (t timeRow) neverOpen([]string) error {
	for _, boss := range []map[people.Field]string{
		{people.FieldZone: "UTC", people.FieldHours: "daily 09:00-17:00", people.FieldLeave: "2026-11-23..2028-12-31"},
		{people.FieldZone: "UTC", people.FieldHours: "daily 09:00-17:00", people.FieldHolidays: daysOff(400)},
		{people.FieldZone: "UTC", people.FieldHours: "daily 09:00-17:00", people.FieldFocus: "daily 00:00-24:00"},
	} {
		began := time.Now()
		s, err := t.sim(boss, night)
		if err != nil {
			return err
		}
		err = func() error {
			defer s.db.Close()
			if err := s.submit(time.Time{}, night); err != nil {
				return err
			}
			if n, err := s.arrived(); err != nil || n == 1 {
				return err // It is not held for somebody who never opens.
			}
			due, ok, err := s.due()
			if err != nil || !ok || due.Sub(night) > 400*24*time.Hour {
				return fmt.Errorf("it waits until %s (%v): %w", due, ok, err)
			}
			return s.watch(1, night, due)
		}()
		if err != nil {
			return err
		}
		if took := time.Since(began); took > 5*time.Second {
			return fmt.Errorf("it took %s", took)
		}
	}
	return nil
}

// daysOff are so many days from tonight on, as people write them.
func daysOff(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = night.AddDate(0, 0, i).Format("2006-01-02")
	}
	return strings.Join(list, " ")
}

var quoted = regexp.MustCompile(`['"‘“]([^'"’”]*)['"’”]`)

// zones are names that must not be taken for one.
func (t timeRow) zones(m []string) error {
	var names []string
	for _, q := range quoted.FindAllStringSubmatch(m[1], -1) {
		names = append(names, q[1])
	}
	if len(names) == 0 {
		for w := range strings.FieldsFuncSeq(m[1], func(r rune) bool { return strings.ContainsRune(" ,;:()", r) }) {
			if w != "and" && w != "or" && w != "name" && w != "names" && w != "the" {
				names = append(names, w)
			}
		}
	}
	if strings.Contains(m[1], "empty") {
		names = append(names, "")
	}
	refused := regexp.MustCompile(`(?i)refus|reject|error|invalid|never`).MatchString(t.want)
	for _, name := range names {
		_, err := scheduler.LoadZone(name)
		if refused && err == nil {
			return fmt.Errorf("zone %q was taken", name)
		}
		if !refused && err != nil {
			return fmt.Errorf("zone %q: %w", name, err)
		}
	}
	if len(names) == 0 {
		return errors.New("not understood: " + t.text)
	}
	return nil
}
