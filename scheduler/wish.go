package scheduler

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
)

// A wish is what the words of a send time say, before they are counted from a
// mail. Each part may be said once.
type wish struct {
	elapsed    time.Duration // hours and minutes
	days       int           // "in 3 days"
	today      bool
	tomorrow   bool
	nextWeek   bool
	hasWeekday bool
	weekday    time.Weekday
	year       int // 0: not said
	month      time.Month
	day        int
	hasTime    bool
	hour       int
	minute     int
	second     int // never said, but kept by "in 3 days"
}

// maxWish is the longest text that is looked at.
const maxWish = 64

var (
	errNotUnderstood = errors.New("not understood")
	errTwice         = errors.New("says two things")
)

// readWish reads the grammar that ParseWhen documents.
func readWish(text string) (wish, error) {
	if len(text) > maxWish {
		return wish{}, errNotUnderstood
	}
	words, err := splitWish(text)
	if err != nil {
		return wish{}, err
	}
	r := wishReader{words: words}
	r.accept("send")
	for len(r.words) > 0 {
		if err := r.item(); err != nil {
			return wish{}, err
		}
	}
	return r.out, r.out.check()
}

// check refuses parts that do not go together, and an empty wish.
func (w wish) check() error {
	days := 0
	for _, said := range []bool{w.elapsed > 0, w.days > 0, w.today, w.tomorrow, w.nextWeek, w.month != 0} {
		if said {
			days++
		}
	}
	alone := w.elapsed > 0 || w.days > 0 || w.today || w.tomorrow
	switch {
	case days > 1, w.hasWeekday && alone, w.hasTime && w.elapsed > 0:
		return errTwice
	case w.nextWeek && w.hasWeekday && w.weekday == time.Sunday:
		return errors.New("not everybody's week ends on the same day: give the date")
	case days == 0 && !w.hasWeekday && !w.hasTime:
		return errNotUnderstood
	}
	return nil
}

// splitWish cuts a text into lower-case words, numbers, and the signs : and -.
// A hyphen beside a letter only separates (fri-9am).
func splitWish(text string) ([]string, error) {
	runes := []rune(strings.ToLower(text))
	var out []string
	for i := 0; i < len(runes); {
		switch c := runes[i]; {
		case isDigit(c) || isLower(c):
			same := isDigit
			if isLower(c) {
				same = isLower
			}
			j := i
			for j < len(runes) && same(runes[j]) {
				j++
			}
			out = append(out, string(runes[i:j]))
			i = j
		case c == ':':
			out = append(out, ":")
			i++
		case c == '-':
			if i == 0 || i == len(runes)-1 {
				return nil, errNotUnderstood
			}
			if isDigit(runes[i-1]) && isDigit(runes[i+1]) {
				out = append(out, "-")
			} else if !isLower(runes[i-1]) && !isLower(runes[i+1]) {
				return nil, errNotUnderstood
			}
			i++
		case c == ',' || c == '_' || unicode.IsSpace(c):
			if j := len(out) - 1; j >= 0 && (out[j] == ":" || out[j] == "-") {
				return nil, errNotUnderstood
			}
			// "1 2h" is not 12h: the space keeps two numbers two words.
			i++
		default:
			return nil, errNotUnderstood
		}
	}
	return out, nil
}

func isDigit(c rune) bool { return c >= '0' && c <= '9' }
func isLower(c rune) bool { return c >= 'a' && c <= 'z' }

// A wishReader takes words from the front and fills out.
type wishReader struct {
	words []string
	out   wish
}

// peek returns the i-th word ahead, or "".
func (r *wishReader) peek(i int) string {
	if i < len(r.words) {
		return r.words[i]
	}
	return ""
}

func (r *wishReader) accept(word string) bool {
	if r.peek(0) != word {
		return false
	}
	r.words = r.words[1:]
	return true
}

// item reads one part with the small word before it.
func (r *wishReader) item() error {
	switch {
	case r.accept("in"):
		return r.span(true)
	case r.accept("at"):
		return r.need(r.clock())
	case r.accept("on"):
		return r.need(r.dayName())
	}
	for _, part := range []func() (bool, error){r.dayName, r.clock} {
		if ok, err := part(); ok || err != nil {
			return err
		}
	}
	return r.span(false)
}

func (r *wishReader) need(ok bool, err error) error {
	if err == nil && !ok {
		err = errNotUnderstood
	}
	return err
}

// dayName reads today, tomorrow, next week, a weekday or a date.
func (r *wishReader) dayName() (ok bool, err error) {
	word := r.peek(0)
	switch {
	case word == "today":
		return r.flag(&r.out.today, 1)
	case word == "tomorrow":
		return r.flag(&r.out.tomorrow, 1)
	case word == "nextweek":
		return r.flag(&r.out.nextWeek, 1)
	case word == "next" && r.peek(1) == "week":
		return r.flag(&r.out.nextWeek, 2)
	}
	if day, found := weekdayNames[word]; found {
		r.out.weekday = day
		return r.flag(&r.out.hasWeekday, 1)
	}
	return r.date()
}

// flag notes something that may be said once, in n words.
func (r *wishReader) flag(said *bool, n int) (bool, error) {
	if *said {
		return false, errTwice
	}
	*said = true
	r.words = r.words[n:]
	return true, nil
}

// date reads 2026-12-24, 24 Dec, 24th Dec 2026 or Dec 24.
func (r *wishReader) date() (ok bool, err error) {
	var year, day int
	var month time.Month
	n := 0
	switch first, second := r.peek(0), r.peek(1); {
	case len(first) == 4 && second == "-":
		if r.peek(3) != "-" || len(r.peek(2)) > 2 || len(r.peek(4)) > 2 {
			return false, errNotUnderstood
		}
		year, month, day, n = number(first), time.Month(number(r.peek(2))), number(r.peek(4)), 5
		if year < 1 || month < 1 || day < 1 {
			return false, errNotUnderstood
		}
	case monthNames[first] != 0:
		month, day, n = monthNames[first], number(second), 2
		n += r.ordinal(2)
	default:
		after := 1 + r.ordinal(1)
		if month = monthNames[r.peek(after)]; month == 0 || number(first) < 0 {
			return false, nil
		}
		day, n = number(first), after+1
	}
	if day < 1 || day > 31 || month > 12 {
		return false, errors.New("there is no such date")
	}
	if r.out.month != 0 {
		return false, errTwice
	}
	r.words = r.words[n:]
	r.out.year, r.out.month, r.out.day = year, month, day
	if year == 0 {
		r.year()
	}
	return true, nil
}

// year reads a year after a date. There 2026 is the year, not 20:26; who means
// 2030 as a time is told that the year is too far ahead.
func (r *wishReader) year() {
	y := r.peek(0)
	if len(y) == 4 && strings.HasPrefix(y, "20") {
		r.out.year = number(y)
		r.words = r.words[1:]
	}
}

// ordinal returns 1 if the i-th word is the end of 1st, 2nd, 3rd or 4th.
func (r *wishReader) ordinal(i int) int {
	switch r.peek(i) {
	case "st", "nd", "rd", "th":
		return 1
	}
	return 0
}

// clock reads 9am, 9:15pm, 14:30, 1430 or noon.
func (r *wishReader) clock() (ok bool, err error) {
	hour, minute, n := 0, 0, 0
	switch first := r.peek(0); {
	case first == "noon":
		hour, n = 12, 1
	case number(first) < 0:
		return false, nil
	case r.peek(1) == ":":
		if len(first) > 2 || len(r.peek(2)) != 2 || number(r.peek(2)) < 0 {
			return false, errNotUnderstood
		}
		hour, minute, n = number(first), number(r.peek(2)), 3
	case len(first) == 4 && r.peek(1) != "am" && r.peek(1) != "pm" && timeUnits[r.peek(1)] == 0:
		hour, minute, n = number(first[:2]), number(first[2:]), 1
	case len(first) <= 2 && (r.peek(1) == "am" || r.peek(1) == "pm"):
		hour, n = number(first), 1
	default:
		return false, nil
	}
	if half := r.peek(n); half == "am" || half == "pm" {
		if r.peek(0) == "noon" || len(r.peek(0)) == 4 || hour < 1 || hour > 12 {
			return false, errNotUnderstood
		}
		hour %= 12
		if half == "pm" {
			hour += 12
		}
		n++
	}
	if hour > 23 || minute > 59 {
		return false, errors.New("there is no such time of day")
	}
	r.out.hour, r.out.minute = hour, minute
	return r.flag(&r.out.hasTime, n)
}

// span reads 2h, 45 min, 1h30m, 3 days. After "in" the last unit of 1h30 may be
// missing; without it that is a time of day to some and a span to others.
func (r *wishReader) span(afterIn bool) error {
	n, unit := number(r.peek(0)), timeUnits[r.peek(1)]
	if n < 1 || len(r.peek(0)) > 4 || unit == 0 {
		return errNotUnderstood
	}
	if r.out.elapsed > 0 || r.out.days > 0 {
		return errTwice
	}
	r.words = r.words[2:]
	if unit >= 24*time.Hour {
		r.out.days = n * int(unit/(24*time.Hour))
		return nil
	}
	r.out.elapsed = time.Duration(n) * unit
	if unit != time.Hour {
		return nil
	}
	minutes := number(r.peek(0))
	switch {
	case minutes < 0 || len(r.peek(0)) > 2:
		return nil
	case timeUnits[r.peek(1)] == time.Minute:
		r.words = r.words[2:]
	case afterIn && r.peek(1) == "":
		r.words = r.words[1:]
	default:
		return errNotUnderstood
	}
	if minutes > 59 {
		return fmt.Errorf("%d minutes are no part of an hour", minutes)
	}
	r.out.elapsed += time.Duration(minutes) * time.Minute
	return nil
}

// number returns the value of up to four digits, or -1.
func number(word string) int {
	if word == "" || len(word) > 4 {
		return -1
	}
	n := 0
	for _, c := range word {
		if !isDigit(c) {
			return -1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

var weekdayNames = map[string]time.Weekday{
	"mon": time.Monday, "monday": time.Monday,
	"tue": time.Tuesday, "tues": time.Tuesday, "tuesday": time.Tuesday,
	"wed": time.Wednesday, "wednesday": time.Wednesday,
	"thu": time.Thursday, "thur": time.Thursday, "thurs": time.Thursday, "thursday": time.Thursday,
	"fri": time.Friday, "friday": time.Friday,
	"sat": time.Saturday, "saturday": time.Saturday,
	"sun": time.Sunday, "sunday": time.Sunday,
}

var monthNames = map[string]time.Month{
	"jan": 1, "january": 1, "feb": 2, "february": 2, "mar": 3, "march": 3,
	"apr": 4, "april": 4, "may": 5, "jun": 6, "june": 6, "jul": 7, "july": 7,
	"aug": 8, "august": 8, "sep": 9, "sept": 9, "september": 9,
	"oct": 10, "october": 10, "nov": 11, "november": 11, "dec": 12, "december": 12,
}

var timeUnits = map[string]time.Duration{
	"m": time.Minute, "min": time.Minute, "mins": time.Minute, "minute": time.Minute, "minutes": time.Minute,
	"h": time.Hour, "hr": time.Hour, "hrs": time.Hour, "hour": time.Hour, "hours": time.Hour,
	"d": 24 * time.Hour, "day": 24 * time.Hour, "days": 24 * time.Hour,
	"w": 7 * 24 * time.Hour, "week": 7 * 24 * time.Hour, "weeks": 7 * 24 * time.Hour,
}
