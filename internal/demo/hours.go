package demo

import (
	"fmt"
	"strings"
	"time"
)

const (
	// shift is how long each of the two works: together they cover the day.
	shift = 12 * time.Hour
	// tideWindow is how many tides ahead a person has, one a minute: a calendar holds
	// 96 at most. They are moved along every tideStep.
	tideWindow = 30
	tideStep   = 10 * time.Minute
)

// shifts returns when the one who is awake now opened, and when the other will: half
// a shift before and behind the hour of now.
func shifts(now time.Time) (awake, asleep time.Time) {
	middle := now.UTC().Truncate(time.Hour)
	return middle.Add(-shift / 2), middle.Add(shift / 2)
}

// hours are twelve working hours a day from the clock time of open in zone, as people
// write them. Offsets of whole hours keep two shifts apart in all zones of the demo.
func hours(open time.Time, zone *time.Location) string {
	from := open.In(zone)
	to := time.Date(2000, 1, 1, from.Hour(), from.Minute(), 0, 0, time.UTC).Add(shift)
	return fmt.Sprintf("daily %s-%s", from.Format(clock), to.Format(clock))
}

// tides are the coming deliveries of a person, one a minute, from now or from the
// opening if that is later.
func tides(now, opening time.Time, zone *time.Location) string {
	first := now
	if opening.After(now) {
		first = opening
	}
	first = first.Truncate(time.Minute)
	words := make([]string, tideWindow)
	for i := range words {
		words[i] = first.Add(time.Duration(i) * time.Minute).In(zone).Format(clock)
	}
	return strings.Join(words, " ")
}

const clock = "15:04"

// nextOpening returns now while somebody works who opens daily at the time of open,
// else when that is next.
func nextOpening(now, open time.Time) time.Time {
	const day = 24 * time.Hour
	since := now.Sub(open) % day
	if since < 0 {
		since += day
	}
	if since < shift {
		return now
	}
	return now.Add(day - since)
}
