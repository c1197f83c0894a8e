package people

import (
	"fmt"
	"strings"
	"time"

	"tidepost/scheduler"
)

// City is the name by which people know a zone: "Sydney" for Australia/Sydney,
// "Buenos Aires" for America/Argentina/Buenos_Aires. Etc zones have their sign the
// wrong way round for a reader: Etc/GMT+3 is "UTC-3".
func City(zone string) string {
	zone, _, _ = strings.Cut(zone, ";") // Of a clock with stays: where it is at home.
	name := zone[strings.LastIndexByte(zone, '/')+1:]
	if rest, ok := strings.CutPrefix(zone, "Etc/GMT"); ok {
		switch {
		case strings.HasPrefix(rest, "+"):
			return "UTC-" + rest[1:]
		case strings.HasPrefix(rest, "-"):
			return "UTC+" + rest[1:]
		}
		return "UTC"
	}
	return strings.ReplaceAll(name, "_", " ")
}

// CityAt is City of the place where the clock of zone is at t, which may be that of a
// stay.
func CityAt(zone *time.Location, t time.Time) string { return City(scheduler.ZoneNameAt(zone, t)) }

// Moment is how t reads on a clock of zone, told at now: "Tue 09:00" within the six
// days to come, "Tue 24 Nov 09:00" beyond and for what has passed before today,
// with the year if that is another one. An hour that the clock shows twice has its
// offset beside it.
func Moment(t time.Time, zone *time.Location, now time.Time) string {
	local, here := t.In(zone), now.In(zone)
	layout := "Mon 15:04"
	today := scheduler.DateOf(here)
	day := scheduler.DateOf(local)
	switch {
	case local.Year() != here.Year() && !(today.Before(day) && day.Before(today.AddDays(7))):
		layout = "Mon 2 Jan 2006 15:04"
	case day.Before(today) || !day.Before(today.AddDays(7)):
		layout = "Mon 2 Jan 15:04"
	}
	s := local.Format(layout)
	if shownTwice(local) {
		s += " (UTC" + local.Format("-07:00") + ")"
	}
	return s
}

// shownTwice reports whether the clock shows the same date and time of day at
// another instant too, within three hours.
func shownTwice(t time.Time) bool {
	const layout = "2006-01-02 15:04:05"
	for _, step := range []time.Duration{-3 * time.Hour, 3 * time.Hour} {
		_, here := t.Zone()
		_, there := t.Add(step).Zone()
		other := t.Add(time.Duration(here-there) * time.Second)
		if here != there && other.Format(layout) == t.Format(layout) && !other.Equal(t) {
			return true
		}
	}
	return false
}

// Both is how t reads to two people, the first of whom it is about: "Tue 09:00
// Sydney (Mon 22:00 London)". If their clocks show the same, it is told once and
// without a city: "Tue 09:00".
func Both(t time.Time, zone, other *time.Location, now time.Time) string {
	first, second := Moment(t, zone, now), Moment(t, other, now)
	_, a := t.In(zone).Zone()
	_, b := t.In(other).Zone()
	if a == b {
		return first
	}
	return fmt.Sprintf("%s %s (%s %s)", first, CityAt(zone, t), second, CityAt(other, t))
}

// Day is how the date of t reads in zone, with the day spelled out: "Tue 24 Nov",
// and the year if it is not that of now.
func Day(t time.Time, zone *time.Location, now time.Time) string {
	local := t.In(zone)
	if local.Year() != now.In(zone).Year() {
		return local.Format("Mon 2 Jan 2006")
	}
	return local.Format("Mon 2 Jan")
}

// Span is a length of time in words, of two units at most: "3 days 4 hours",
// "20 minutes", "less than a minute". It is rounded down.
func Span(d time.Duration) string {
	if d < time.Minute {
		return "less than a minute"
	}
	var words []string
	for _, u := range []struct {
		worth time.Duration
		name  string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		n := d / u.worth
		d -= n * u.worth
		switch {
		case n == 0 && len(words) > 0:
			return words[0]
		case n == 1:
			words = append(words, "1 "+u.name)
		case n > 1:
			words = append(words, fmt.Sprintf("%d %ss", n, u.name))
		}
		if len(words) == 2 {
			break
		}
	}
	return strings.Join(words, " ")
}
