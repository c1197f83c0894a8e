package badinput

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidepost/people"
)

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

// setTo finds the day that a wrong clock shows.
var setTo = regexp.MustCompile(`(?i)\b(?:at|to|from|in)(?: the year)? (1[0-9]{3}(?:-[0-9]{2}-[0-9]{2})?|2[0-9]{3}-[0-9]{2}-[0-9]{2}|20[3-9][0-9]|2[1-9][0-9]{2})\b`)

var howFar = regexp.MustCompile(`([0-9]+) ?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|y|years?)\b`)

// clock is a wall clock that is set while messages wait; and if the row says so, set
// back when they have left.
func (t timeRow) clock(m []string) error {
	if m := setTo.FindStringSubmatch(t.text); m != nil {
		return t.setTo(m[1])
	}
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

// setTo is a clock that shows a day of another time, for an hour, and then the true one.
func (t timeRow) setTo(day string) error {
	wrong, err := time.Parse("2006-01-02", (day + "-01-01")[:10])
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
	want := 0
	if err := s.run(wrong, time.Second); err != nil {
		return err
	}
	if err := s.run(wrong.Add(time.Hour), time.Hour); err != nil {
		return err
	}
	if wrong.After(morning) { // A step ahead: they leave when the pause is over, and never again.
		if err := s.run(wrong.Add(10*time.Hour), 9*time.Hour); err != nil {
			return err
		}
		want = n
	}
	if got, err := s.arrived(); err != nil || got != want {
		return fmt.Errorf("by the wrong clock %d have arrived, not %d: %w", got, want, err)
	}
	right := morning.Add(time.Hour)
	if err := s.run(right, time.Second); err != nil {
		return err
	}
	if err := s.run(right.Add(11*time.Minute), 11*time.Minute); err != nil {
		return err
	}
	return s.still(n, right.Add(12*time.Minute), right.Add(time.Hour))
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
