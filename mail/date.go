package mail

import (
	"strconv"
	"strings"
	"time"
)

// ParseDate reads a date as RFC 5322 §3.3 and §4.3 write it, also without a
// zone (then UTC) or with one of the obsolete ones, as asctime does, and as
// ISO 8601. ok is false if it makes no sense.
func ParseDate(value string) (t time.Time, ok bool) {
	if len(value) > 256 {
		value = value[:256]
	}
	value = stripComments(value)
	if t, ok := parseISO(strings.TrimSpace(value)); ok {
		return t, true
	}
	var d dateParts
	words := strings.FieldsFunc(value, func(r rune) bool { return r == ' ' || r == '\t' || r == ',' || r == '\u00a0' })
	for _, w := range splitDashed(words) {
		if !d.take(w) {
			return time.Time{}, false
		}
	}
	return d.time()
}

// parseISO reads what programs write that know no RFC 5322.
func parseISO(s string) (time.Time, bool) {
	if len(s) < len("2006-") || s[4] != '-' {
		return time.Time{}, false // As most: an error of time.Parse costs more than this look.
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02T15:04:05-0700"} {
		if t, err := time.Parse(layout, s); err == nil && t.Year() >= 1900 {
			return t, true
		}
	}
	return time.Time{}, false
}

// splitDashed splits 12-Jan-2030 into three words.
func splitDashed(words []string) []string {
	var out []string
	for _, w := range words {
		if p := strings.Split(w, "-"); len(p) == 3 && monthOf(p[1]) != 0 {
			out = append(out, p...)
			continue
		}
		out = append(out, w)
	}
	return out
}

// dateParts collects the words of a date in whatever order they stand.
type dateParts struct {
	day, year      int
	month          time.Month
	hour, min, sec int
	haveTime       bool
	haveYear       bool
	zone           int // seconds east
	haveZone       bool
}

// take reads one word. It is false if the word makes the date senseless.
func (d *dateParts) take(w string) bool {
	switch {
	case strings.Contains(w, ":") && !d.haveTime:
		return d.takeTime(w)
	case w[0] == '+' || w[0] == '-':
		return d.takeOffset(w)
	case w[0] >= '0' && w[0] <= '9':
		return d.takeNumber(w)
	}
	if m := monthOf(w); m != 0 && d.month == 0 {
		d.month = m
		return true
	}
	d.takeZoneName(w)
	return true
}

func (d *dateParts) takeTime(w string) bool {
	// 10:11:12+0200 and 10:11:12Z without the space.
	if i := strings.IndexAny(w, "+-Zz"); i > 0 {
		if w[i] == '+' || w[i] == '-' {
			if !d.takeOffset(w[i:]) {
				return false
			}
		}
		w = w[:i]
	}
	var n [3]int
	parts := strings.Split(w, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return false
	}
	for i, p := range parts {
		if i == 2 {
			p, _, _ = strings.Cut(p, ".") // fractions
		}
		v, err := strconv.Atoi(p)
		if err != nil || v < 0 {
			return false
		}
		n[i] = v
	}
	if n[0] > 23 || n[1] > 59 || n[2] > 60 {
		return false
	}
	d.hour, d.min, d.sec, d.haveTime = n[0], n[1], min(n[2], 59), true
	return true
}

// takeOffset reads ±hhmm. Out of range is senseless: RFC 5322 §3.3 wants the
// instant expressible.
func (d *dateParts) takeOffset(w string) bool {
	if d.haveZone {
		return true
	}
	digits := strings.ReplaceAll(w[1:], ":", "")
	if len(digits) <= 2 {
		digits += "00"
	}
	n, err := strconv.Atoi(digits)
	if err != nil || len(digits) > 4 || n/100 > 23 || n%100 > 59 {
		return false
	}
	d.zone, d.haveZone = (n/100*60+n%100)*60, true
	if w[0] == '-' {
		d.zone = -d.zone
	}
	return true
}

func (d *dateParts) takeNumber(w string) bool {
	n, err := strconv.Atoi(strings.TrimRight(w, "."))
	if err != nil || len(w) > 5 {
		return d.month != 0 && d.haveYear // a stray word behind a whole date
	}
	switch {
	case d.day == 0 && n >= 1 && n <= 31 && len(w) <= 3:
		d.day = n
	case d.haveYear:
		return true
	case len(w) >= 4:
		d.year, d.haveYear = n, true
	case len(w) == 3: // RFC 5322 §4.3: add 1900
		d.year, d.haveYear = n+1900, true
	case n < 50:
		d.year, d.haveYear = n+2000, true
	default:
		d.year, d.haveYear = n+1900, true
	}
	return true
}

// takeZoneName reads the obsolete zones (RFC 5322 §4.3). Unknown words and the
// military letters count as UTC.
func (d *dateParts) takeZoneName(w string) {
	if d.haveZone {
		return
	}
	switch strings.ToUpper(w) {
	case "UT", "GMT", "UTC", "Z":
		d.haveZone = true
	case "EDT":
		d.zone, d.haveZone = -4*3600, true
	case "EST", "CDT":
		d.zone, d.haveZone = -5*3600, true
	case "CST", "MDT":
		d.zone, d.haveZone = -6*3600, true
	case "MST", "PDT":
		d.zone, d.haveZone = -7*3600, true
	case "PST":
		d.zone, d.haveZone = -8*3600, true
	case "CET":
		d.zone, d.haveZone = 3600, true
	case "CEST":
		d.zone, d.haveZone = 2*3600, true
	}
}

func (d *dateParts) time() (time.Time, bool) {
	if d.day == 0 || d.month == 0 || !d.haveYear || d.year < 1900 || d.year > 9999 {
		return time.Time{}, false
	}
	loc := time.UTC
	if d.zone != 0 {
		loc = time.FixedZone("", d.zone)
	}
	t := time.Date(d.year, d.month, d.day, d.hour, d.min, d.sec, 0, loc)
	if t.Day() != d.day {
		return time.Time{}, false // 31 February
	}
	return t, true
}

func monthOf(w string) time.Month {
	if len(w) < 3 {
		return 0
	}
	i := strings.Index("janfebmaraprmayjunjulaugsepoctnovdec", strings.ToLower(w[:3]))
	if i < 0 || i%3 != 0 {
		return 0
	}
	return time.Month(i/3 + 1)
}

// stripComments removes (nested) comments; an unclosed one runs to the end.
func stripComments(s string) string {
	if strings.IndexByte(s, '(') < 0 {
		return s
	}
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && depth > 0:
			i++
		case s[i] == '(':
			depth++
		case s[i] == ')' && depth > 0:
			depth--
			b.WriteByte(' ')
		case depth == 0:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// FormatDate writes t in its zone as RFC 5322 §3.3 wants.
func FormatDate(t time.Time) string { return t.Format("Mon, 2 Jan 2006 15:04:05 -0700") }
