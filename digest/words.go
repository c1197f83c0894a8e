package digest

import (
	"strconv"
	"strings"
	"time"

	"tidepost/scheduler"
)

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return strconv.Itoa(n) + " " + many
}

func commas(list []string) string { return strings.Join(list, ", ") }

// clock is when something came, on the clock of the reader of a letter written at
// now: the day is left out if it is today, the year if it is this one.
func clock(t time.Time, zone *time.Location, now time.Time) string {
	local, today := t.In(zone), now.In(zone)
	switch {
	case local.Year() != today.Year():
		return local.Format("2 Jan 2006 15:04")
	case local.YearDay() != today.YearDay():
		return local.Format("Mon 2 Jan 15:04")
	}
	return local.Format("15:04")
}

// longMoment is a point in time with everything spelled out, so that it means the
// same when it is read a day later: "Tuesday 24 November, 09:00". An hour that the
// clock shows twice has its offset beside it.
func longMoment(t time.Time, zone *time.Location, now time.Time) string {
	local := t.In(zone)
	s := longDay(t, zone, now) + local.Format(", 15:04")
	for _, step := range []time.Duration{-time.Hour, time.Hour} {
		if other := local.Add(step); other.Format("2 15:04") == local.Format("2 15:04") {
			s += local.Format(" (UTC-07:00)")
		}
	}
	return s
}

// longDay is a date with its day, and its year if that is not the one of now.
func longDay(t time.Time, zone *time.Location, now time.Time) string {
	local := t.In(zone)
	if local.Year() != now.In(zone).Year() {
		return local.Format("Monday 2 January 2006")
	}
	return local.Format("Monday 2 January")
}

func longDate(d scheduler.Date) string {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Format("Monday 2 January")
}
