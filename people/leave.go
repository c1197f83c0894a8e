package people

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/scheduler"
)

// items splits what people write as a list: by white space, commas or semicolons.
func items(s string) ([]string, error) {
	if len(s) > maxHuman {
		return nil, errors.New("too long")
	}
	return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;", r) }), nil
}

// ParseLeave reads one absence: "2026-12-24..2027-01-02", both dates included;
// "2026-12-24"; or two instants with a zone offset, the second one outside of it:
// "2026-12-24T12:00:00Z..2026-12-24T18:00:00Z".
func ParseLeave(s string) (scheduler.Leave, error) {
	from, to, isRange := strings.Cut(s, "..")
	if !isRange {
		to = from
	}
	if strings.ContainsRune(s, 'T') {
		begin, errBegin := time.Parse(time.RFC3339, from)
		end, errEnd := time.Parse(time.RFC3339, to)
		if errBegin != nil || errEnd != nil || !end.After(begin) || begin.Year() < 1 || end.Year() > 9999 {
			return scheduler.Leave{}, fmt.Errorf("%q is not leave: write two instants in order, as in 2026-12-24T12:00:00Z..2026-12-24T18:00:00Z", s)
		}
		return scheduler.Leave{From: begin.UTC().Truncate(time.Second), To: end.UTC().Truncate(time.Second)}, nil
	}
	first, errFirst := scheduler.ParseDate(from)
	last, errLast := scheduler.ParseDate(to)
	if errFirst != nil || errLast != nil || last.Before(first) {
		return scheduler.Leave{}, fmt.Errorf("%q is not leave: write dates, as in 2026-12-24..2027-01-02", s)
	}
	return scheduler.Leave{First: first, Last: last}, nil
}

// FormatLeave is the inverse of ParseLeave.
func FormatLeave(l scheduler.Leave) string {
	switch {
	case l.First.IsZero():
		return l.From.UTC().Format(time.RFC3339) + ".." + l.To.UTC().Format(time.RFC3339)
	case l.First == l.Last:
		return l.First.String()
	}
	return l.First.String() + ".." + l.Last.String()
}

// ParseHoliday reads one date that is unlike its weekday: "2026-12-24" is a day off,
// "2026-12-24=09:00-12:00" has those hours, several joined by "+".
func ParseHoliday(s string) (scheduler.Holiday, error) {
	day, hours, special := strings.Cut(s, "=")
	date, err := scheduler.ParseDate(day)
	if err != nil {
		return scheduler.Holiday{}, fmt.Errorf("%q is not a holiday: write a country code (gb, de-by), a date (2026-12-24) or a date with hours (2026-12-24=09:00-12:00)", s)
	}
	h := scheduler.Holiday{Date: date}
	if special {
		if h.Hours, err = parseIntervals(strings.Split(hours, "+")); err != nil {
			return scheduler.Holiday{}, fmt.Errorf("%s: %w", day, err)
		}
	}
	return h, nil
}

// FormatHoliday is the inverse of ParseHoliday.
func FormatHoliday(h scheduler.Holiday) string {
	if len(h.Hours) == 0 {
		return h.Date.String()
	}
	return h.Date.String() + "=" + formatIntervals(h.Hours, "+")
}

// ParseTides reads "9 13:00 16", "opening 13:00", "default" or "none".
func ParseTides(s string) ([]string, error) {
	words, err := items(strings.ToLower(s))
	if err != nil {
		return nil, fmt.Errorf("tides: %w", err)
	}
	if len(words) == 0 || slices.Equal(words, []string{"none"}) {
		return nil, nil
	}
	if slices.Equal(words, []string{tideDefault}) {
		return words, nil
	}
	var out []string
	for _, w := range words {
		if w != tideOpening {
			c, err := parseClock(w)
			if err != nil || c == 24*60 {
				return nil, fmt.Errorf("%q is not a delivery time: write times of day (09:00), \"opening\", or \"default\" or \"none\" alone", w)
			}
			w = c.String()
		}
		if !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	return out, nil
}

// FormatTides is the inverse of ParseTides.
func FormatTides(tides []string) string {
	if len(tides) == 0 {
		return "none"
	}
	return strings.Join(tides, " ")
}
