package people

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	ical "github.com/arran4/golang-ical"

	"tidepost/scheduler"
)

// repeated returns the dates on which an event begins: DTSTART, its yearly
// repetitions up to the horizon, and its RDATEs, less its EXDATEs.
func (r *icsReader) repeated(e *ical.VEvent, first scheduler.Date) ([]scheduler.Date, error) {
	if e.GetProperty(ical.ComponentPropertyRecurrenceId) != nil {
		return nil, errors.New("RECURRENCE-ID is not understood: export the calendar with single days")
	}
	if e.GetProperty(ical.ComponentPropertyExrule) != nil {
		return nil, errors.New("EXRULE is not understood: export the calendar with single days")
	}
	dates := []scheduler.Date{first}
	rules := e.GetProperties(ical.ComponentPropertyRrule)
	if len(rules) > 1 {
		return nil, errors.New("has more than one RRULE")
	}
	if len(rules) == 1 {
		y, err := parseYearly(rules[0].Value, first)
		if err != nil {
			return nil, err
		}
		dates = y.dates(first, r.from, r.until)
	}
	added, err := icsDates(e.GetProperties(ical.ComponentPropertyRdate))
	if err != nil {
		return nil, fmt.Errorf("RDATE: %w", err)
	}
	excepted, err := icsDates(e.GetProperties(ical.ComponentPropertyExdate))
	if err != nil {
		return nil, fmt.Errorf("EXDATE: %w", err)
	}
	seen := make(map[scheduler.Date]bool, len(excepted))
	for _, d := range excepted {
		seen[d] = true
	}
	var out []scheduler.Date
	for _, d := range append(dates, added...) {
		if !seen[d] {
			seen[d] = true
			out = append(out, d)
		}
	}
	return out, nil
}

func icsDates(props []*ical.IANAProperty) ([]scheduler.Date, error) {
	var out []scheduler.Date
	for _, p := range props {
		for value := range strings.SplitSeq(p.Value, ",") {
			d, ok := icsDate(value)
			if !ok {
				return nil, fmt.Errorf("%.20q is not a date", value)
			}
			if out = append(out, d); len(out) > maxOccurrences {
				return nil, fmt.Errorf("more than %d dates", maxOccurrences)
			}
		}
	}
	return out, nil
}

// yearly is an RRULE that repeats a date every few years.
type yearly struct {
	interval int
	count    int            // 0: no limit
	until    scheduler.Date // zero: no limit
}

// parseYearly reads FREQ=YEARLY with INTERVAL, COUNT and UNTIL, and with BYMONTH
// and BYMONTHDAY as far as they repeat the date of DTSTART (RFC 5545 §3.3.10).
// Everything else, such as "the fourth Thursday of November", is refused by name.
func parseYearly(rule string, first scheduler.Date) (yearly, error) {
	y := yearly{interval: 1}
	isYearly := false
	for part := range strings.SplitSeq(strings.Trim(rule, ";"), ";") {
		key, value, _ := strings.Cut(part, "=")
		n, err := strconv.Atoi(value)
		positive := err == nil && n > 0
		switch {
		case key == "FREQ" && value == "YEARLY":
			isYearly = true
		case key == "INTERVAL" && positive && n <= 1000:
			y.interval = n
		case key == "COUNT" && positive:
			y.count = n
		case key == "UNTIL" && len(value) >= 8:
			d, ok := icsDate(value[:8])
			if !ok {
				return yearly{}, refused(part)
			}
			y.until = d
		case key == "BYMONTH" && positive && n == int(first.Month), key == "BYMONTHDAY" && positive && n == first.Day, key == "WKST":
		default:
			return yearly{}, refused(part)
		}
	}
	if !isYearly {
		return yearly{}, refused(rule)
	}
	return y, nil
}

func refused(part string) error {
	return fmt.Errorf("RRULE %.60q is not understood, only the same date every year is: export the calendar with single days", part)
}

// dates expands the rule from the date from on, less the longest event, up to the
// date until, not included. A 29 February that does not exist is left out and not
// counted (RFC 5545 §3.3.10). The years before are counted, not expanded: a file
// may hold thousands of events of the year 1.
func (y yearly) dates(first, from, until scheduler.Date) []scheduler.Date {
	var out []scheduler.Date
	counted := 0
	earliest := from.AddDays(-maxOccurrences).Year
	for year := first.Year; year <= until.Year && (y.count == 0 || counted < y.count); year += y.interval {
		leapDay := first.Month == time.February && first.Day == 29
		if leapDay && (year%4 != 0 || year%100 == 0 && year%400 != 0) {
			continue
		}
		counted++
		if year < earliest {
			continue
		}
		d := scheduler.Date{Year: year, Month: first.Month, Day: first.Day}
		if !d.Before(until) || !y.until.IsZero() && y.until.Before(d) {
			break
		}
		out = append(out, d)
	}
	return out
}
