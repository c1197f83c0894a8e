package scheduler

import (
	"fmt"
	"time"
)

const daySeconds = 24 * 60 * 60

// A Date is a day of the civil calendar without zone, years 1 to 9999.
// The zero Date is no date.
type Date struct {
	Year  int
	Month time.Month
	Day   int
}

// DateOf returns the date that the clock of t's own location shows.
func DateOf(t time.Time) Date {
	y, m, d := t.Date()
	return Date{y, m, d}
}

// ParseDate reads YYYY-MM-DD.
func ParseDate(text string) (Date, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil || t.Year() < 1 {
		return Date{}, fmt.Errorf("%q is not a date (want YYYY-MM-DD)", text)
	}
	return DateOf(t), nil
}

// String gives YYYY-MM-DD.
func (d Date) String() string { return fmt.Sprintf("%04d-%02d-%02d", d.Year, d.Month, d.Day) }

// IsZero reports whether d is no date.
func (d Date) IsZero() bool { return d == Date{} }

// Weekday returns the day of the week.
func (d Date) Weekday() time.Weekday { return weekdayOf(d.number()) }

// AddDays returns the date n days later.
func (d Date) AddDays(n int) Date { return dateOfNumber(d.number() + int64(n)) }

// Before reports whether d lies before e.
func (d Date) Before(e Date) bool { return d.number() < e.number() }

// MarshalText gives YYYY-MM-DD.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads YYYY-MM-DD.
func (d *Date) UnmarshalText(text []byte) (err error) {
	*d, err = ParseDate(string(text))
	return err
}

// valid reports whether the fields name a day that exists.
func (d Date) valid() bool {
	return d.Year >= 1 && d.Year <= 9999 && dateOfNumber(d.number()) == d
}

// number counts days from 1970-01-01: the form in which dates are reckoned with.
func (d Date) number() int64 {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC).Unix() / daySeconds
}

func dateOfNumber(n int64) Date { return DateOf(time.Unix(n*daySeconds, 0).UTC()) }

// weekdayOf uses that day 0, 1970-01-01, was a Thursday.
func weekdayOf(n int64) time.Weekday { return time.Weekday(((n+4)%7 + 7) % 7) }

// A Clock is a local time of day in minutes after midnight, 0 (00:00) to 1440
// (24:00, only as the end of an interval).
type Clock int

const endOfDay Clock = 24 * 60

// ParseClock reads HH:MM, 00:00 to 24:00.
func ParseClock(text string) (Clock, error) {
	if len(text) == 5 && text[2] == ':' {
		h, okH := twoDigits(text[:2])
		m, okM := twoDigits(text[3:])
		if c := Clock(h*60 + m); okH && okM && m < 60 && c <= endOfDay {
			return c, nil
		}
	}
	return 0, fmt.Errorf("%q is not a time of day (want HH:MM)", text)
}

func twoDigits(s string) (n int, ok bool) {
	if s[0] < '0' || s[0] > '9' || s[1] < '0' || s[1] > '9' {
		return 0, false
	}
	return int(s[0]-'0')*10 + int(s[1]-'0'), true
}

// String gives HH:MM.
func (c Clock) String() string { return fmt.Sprintf("%02d:%02d", int(c)/60, int(c)%60) }

// MarshalText gives HH:MM.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// UnmarshalText reads HH:MM.
func (c *Clock) UnmarshalText(text []byte) (err error) {
	*c, err = ParseClock(string(text))
	return err
}
