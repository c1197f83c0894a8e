package badinput

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
)

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

// window is a day of work that begins and ends at odd times, over midnight too: what
// comes outside waits for its next beginning.
func (t timeRow) window(m []string) error {
	zone := "Europe/London"
	if z := regexp.MustCompile(`[A-Z][a-z]+/[A-Z][A-Za-z_]+`).FindString(t.text); z != "" {
		zone = z
	}
	loc, err := scheduler.LoadZone(zone)
	if err != nil {
		return err
	}
	from, err := time.Parse("15:04", m[1])
	if err != nil {
		return err
	}
	until, err := time.Parse("15:04", m[2])
	if err != nil {
		return err
	}
	if !until.After(from) {
		until = until.Add(24 * time.Hour)
	}
	// In the middle of the time off behind a day of work.
	off := 24*time.Hour - until.Sub(from)
	now := time.Date(2026, 11, 23, from.Hour(), from.Minute(), 0, 0, loc).Add(until.Sub(from) + off/2)
	open := time.Date(2026, 11, 24, from.Hour(), from.Minute(), 0, 0, loc)
	s, err := t.sim(map[people.Field]string{people.FieldZone: zone, people.FieldHours: "daily " + m[1] + "-" + m[2]}, now)
	if err != nil {
		return err
	}
	defer s.db.Close()
	if err := s.submit(time.Time{}, now); err != nil {
		return err
	}
	if off == 0 {
		return s.watch(1, now, now)
	}
	return s.watch(1, now, open)
}
