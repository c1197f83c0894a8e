package digest

import (
	"strconv"
	"strings"
	"time"
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

// moment is a point in time with its day, "Tue 24 Nov 09:00".
func moment(t time.Time, zone *time.Location) string { return t.In(zone).Format("Mon 2 Jan 15:04") }
