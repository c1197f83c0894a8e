package people

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/scheduler"
)

// maxHuman bounds what a person may write as hours, leave and the like.
const maxHuman = 64 << 10

// dayNames are the weekdays as people write them, by time.Weekday.
func dayNames() [7]string { return [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"} }

// ParseHours reads the hours of a week as people write them: groups of days and
// intervals, separated by semicolons.
//
//	mon-fri 09:00-12:30 13:30-17:00; sat 10-12
//	daily 22:00-06:00
//	mon,wed,fri 9-17
//	none
//
// An interval that ends earlier than it starts passes midnight and belongs to the
// day on which it starts. A day may stand in one group only.
func ParseHours(s string) (scheduler.Week, error) {
	var week scheduler.Week
	if len(s) > maxHuman {
		return week, errors.New("hours: too long")
	}
	s = strings.ToLower(strings.TrimSpace(s))
	if s == "" || s == "none" {
		return week, nil
	}
	var seen [7]bool
	for group := range strings.SplitSeq(s, ";") {
		words := strings.Fields(strings.ReplaceAll(group, "–", "-"))
		if len(words) == 0 {
			continue
		}
		days, err := parseDays(words[0])
		if err != nil {
			return scheduler.Week{}, err
		}
		intervals, err := parseIntervals(words[1:])
		if err != nil {
			return scheduler.Week{}, err
		}
		for _, d := range days {
			if seen[d] {
				return scheduler.Week{}, fmt.Errorf("%s stands twice", dayNames()[d])
			}
			seen[d] = true
			week[d] = slices.Clone(intervals)
		}
	}
	return week, nil
}

// parseDays reads "mon", "mon-fri", "fri-mon", "mon,wed" or "daily".
func parseDays(s string) ([]time.Weekday, error) {
	if s == "daily" {
		return []time.Weekday{0, 1, 2, 3, 4, 5, 6}, nil
	}
	var out []time.Weekday
	for part := range strings.SplitSeq(s, ",") {
		from, to, isRange := strings.Cut(part, "-")
		first, err := parseDay(from)
		if err != nil {
			return nil, err
		}
		last := first
		if isRange {
			if last, err = parseDay(to); err != nil {
				return nil, err
			}
		}
		for d := first; ; d = (d + 1) % 7 {
			if slices.Contains(out, d) {
				return nil, fmt.Errorf("%s stands twice", dayNames()[d])
			}
			out = append(out, d)
			if d == last {
				break
			}
		}
	}
	return out, nil
}

// parseDay reads a weekday: its first three letters, or its whole name.
func parseDay(s string) (time.Weekday, error) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if s == dayNames()[d] || s == strings.ToLower(d.String()) {
			return d, nil
		}
	}
	return 0, fmt.Errorf("%q is not a weekday: write mon, mon-fri, mon,wed or daily, then the hours, as in \"mon-fri 09:00-17:00\"", s)
}

func parseIntervals(words []string) ([]scheduler.Interval, error) {
	if len(words) == 1 && (words[0] == "none" || words[0] == "off") {
		return nil, nil
	}
	if len(words) == 0 {
		return nil, errors.New("hours are missing after the days: write them as in \"mon-fri 09:00-17:00\"")
	}
	var out []scheduler.Interval
	for _, w := range words {
		iv, err := parseInterval(w)
		if err != nil {
			return nil, err
		}
		out = append(out, iv)
	}
	return out, nil
}

// parseInterval reads "09:00-17:00", "9-17" or "9:30-17".
func parseInterval(s string) (scheduler.Interval, error) {
	from, to, ok := strings.Cut(s, "-")
	if !ok {
		return scheduler.Interval{}, fmt.Errorf("%q is not from-to, as in \"09:00-17:00\"", s)
	}
	start, err := parseClock(from)
	if err != nil {
		return scheduler.Interval{}, err
	}
	end, err := parseClock(to)
	if err != nil {
		return scheduler.Interval{}, err
	}
	return scheduler.ParseInterval(start.String() + "-" + end.String())
}

// parseClock reads "9", "09:00" or "9:30", and 24:00.
func parseClock(s string) (scheduler.Clock, error) {
	hours, minutes, colon := strings.Cut(s, ":")
	if !colon {
		minutes = "00"
	}
	h, errH := strconv.ParseUint(hours, 10, 8)
	m, errM := strconv.ParseUint(minutes, 10, 8)
	c := h*60 + m
	if errH != nil || errM != nil || len(hours) > 2 || len(minutes) != 2 || m > 59 || c > 24*60 {
		return 0, fmt.Errorf("%q is not a time of day, as in \"09:00\" or \"9\"", s)
	}
	return scheduler.Clock(c), nil
}

// FormatHours is the inverse of ParseHours: consecutive days with the same hours
// are joined. A week without hours is "none".
func FormatHours(week scheduler.Week) string {
	var groups []string
	for i := 0; i < 7; {
		day := weekOrder(i)
		j := i + 1
		for j < 7 && slices.Equal(week[weekOrder(j)], week[day]) {
			j++
		}
		if len(week[day]) > 0 {
			days := dayNames()[day]
			if last := weekOrder(j - 1); last != day {
				days += "-" + dayNames()[last]
			}
			groups = append(groups, days+" "+formatIntervals(week[day], " "))
		}
		i = j
	}
	if len(groups) == 0 {
		return "none"
	}
	return strings.Join(groups, "; ")
}

// weekOrder is Monday for 0 to Sunday for 6.
func weekOrder(i int) time.Weekday { return time.Weekday((i + 1) % 7) }

func formatIntervals(list []scheduler.Interval, sep string) string {
	words := make([]string, len(list))
	for i, iv := range list {
		words[i] = iv.String()
	}
	return strings.Join(words, sep)
}
