package badinput

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
)

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
	// Longer than any change of the clocks, which else may leave nothing of it.
	until := from.Add(3 * time.Hour)
	if until.Day() != from.Day() {
		until = until.Truncate(24 * time.Hour).Add(-time.Minute)
	}
	hours := fmt.Sprintf("daily %s-%s", from.Format("15:04"), until.Format("15:04"))
	// When the day before is over: that day is sure to exist.
	before := time.Date(from.Year(), from.Month(), from.Day()-1, from.Hour(), from.Minute()+190, 0, 0, zone)
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

// wants reports whether what is said to be right has one of the words.
func (t timeRow) wants(words ...string) bool {
	return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(strings.ToLower(t.want), w) })
}

// refused reports whether a refusal is right.
func (t timeRow) refused() bool { return t.wants("refus", "reject", "501", "550", "not taken") }

// instant is an explicit release.
func (t timeRow) instant(m []string) error {
	var at time.Time
	var err error
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05Z07:00", "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05", "2006-01-02"} {
		if at, err = time.Parse(layout, strings.TrimSpace(m[1])); err == nil {
			break
		}
	}
	refused := t.refused()
	if err != nil {
		if refused || strings.HasSuffix(strings.TrimSpace(m[1]), ":60Z") && t.wants("next second", "at once") {
			return nil // There is no such time.
		}
		return err
	}
	now := at.Add(-time.Hour)
	if past := at.Before(night.AddDate(-5, 0, 0)); refused || past {
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
	case err == nil && at.Before(now) && t.wants("at once", "now", "immediately", "send", "sent"):
		return s.watch(1, now.Add(-time.Second), now)
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
	refused := t.refused()
	if err != nil || n < 0 || n > int64(400*24*time.Hour/time.Second) {
		if refused {
			return nil // The parser of parameters refuses it; rows at the door show that.
		}
		return fmt.Errorf("HOLDFOR %s is out of range", m[1])
	}
	now := time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)
	return timeRow{ctx: t.ctx, dir: t.dir, want: t.want}.instant([]string{"", now.Add(time.Duration(n) * time.Second).Format(time.RFC3339)})
}
