package story

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidepost/scheduler"
)

// A moment is a point in time as a story says it: what is missing is taken from now
// and from the one it is about.
type moment struct {
	said     string
	after    time.Duration // "+ 3h": from now on
	relative bool
	weekday  time.Weekday
	hasDay   bool
	nextWeek bool // "next Tue": not today
	days     int  // today 0, tomorrow 1
	hasDays  bool
	date     scheduler.Date
	hasDate  bool
	hasYear  bool
	minute   int // of the day
	hasClock bool
	about    bool
	place    *time.Location // nil: as the statement says
	person   string         // whose zone it is, instead of place
}

var (
	isClock    = regexp.MustCompile(`^(\d{1,2}):(\d{2})(am|pm)?$`)
	isHour     = regexp.MustCompile(`^(\d{1,2})(am|pm)$`)
	isDate     = regexp.MustCompile(`^(\d{4})-(\d{2})-(\d{2})$`)
	isNumber   = regexp.MustCompile(`^(\d{1,2})(?:st|nd|rd|th)?$`)
	isYear     = regexp.MustCompile(`^(20\d{2})$`)
	isDuration = regexp.MustCompile(`^(\d+(?:\.\d+)?) ?(seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|w)(?:[ ,:]+|$)`)
)

// about is how far off "about 09:00" may be.
const aboutTime = 5 * time.Minute

// duration reads "3h", "1h 30m", "20 minutes", "2 days" (24 hours each) at the
// beginning of s.
func duration(s string) (d time.Duration, rest string, ok bool) {
	for {
		m := isDuration.FindStringSubmatch(s)
		if m == nil {
			return d, s, ok
		}
		n, err := strconv.ParseFloat(m[1], 64)
		if err != nil || n > 1e6 {
			return 0, s, false
		}
		unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 168 * time.Hour}[m[2][0]]
		d, ok = d+time.Duration(n*float64(unit)), true
		s = strings.TrimPrefix(strings.TrimSpace(s[len(m[0]):]), "and ")
	}
}

// readMoment reads a moment at the beginning of s. Nobody called like a place is meant:
// names of people win.
func (c *cast) readMoment(s string) (m moment, rest string, err error) {
	begin := s
	if r, ok := strings.CutPrefix(s, "+"); ok {
		d, r, ok := duration(strings.TrimSpace(r))
		if !ok {
			return m, s, fmt.Errorf("%q is not a duration such as + 3h, + 20 minutes or + 2 days", shorten(s))
		}
		m.relative, m.after, m.said = true, d, strings.TrimSpace(begin[:len(begin)-len(r)])
		return m, lead(r), nil
	}
	found := false
	for s != "" {
		word, after, _ := strings.Cut(s, " ")
		n, ok := m.word(word, after)
		if !ok {
			break
		}
		w := strings.ToLower(word)
		found = found || w != "at" && w != "on" && w != "about" && w != "around"
		s = skipWords(s, n)
	}
	if !found {
		return m, begin, fmt.Errorf("%q is not a time such as Tue 09:00, 2026-03-02 09:00, tomorrow 9am or + 3h", shorten(begin))
	}
	if s, err = c.readPlace(&m, s); err != nil {
		return m, begin, err
	}
	m.said = strings.Trim(begin[:len(begin)-len(s)], " ,")
	return m, lead(s), nil
}

// lead drops what may stand between a time and what happens then.
func lead(s string) string { return strings.TrimLeft(s, " ,:;") }

func skipWords(s string, n int) string {
	for range n {
		_, s, _ = strings.Cut(s, " ")
	}
	return s
}

// word takes the first word (or the first words, n) of a time.
func (m *moment) word(word, after string) (n int, ok bool) {
	w := strings.ToLower(strings.TrimRight(word, ",:"))
	next, _, _ := strings.Cut(after, " ")
	next = strings.ToLower(strings.TrimRight(next, ",:"))
	switch w {
	case "at", "on":
		return 1, next != ""
	case "next":
		_, ok := weekday(next)
		m.nextWeek = ok
		return 1, ok
	case "about", "around":
		m.about = true
		return 1, true
	case "today", "tomorrow":
		m.hasDays, m.days = true, map[string]int{"today": 0, "tomorrow": 1}[w]
		return 1, true
	case "noon", "midday":
		return 1, m.clock(12, 0, "")
	case "midnight":
		return 1, m.clock(0, 0, "")
	}
	if d, ok := weekday(w); ok && !m.hasDay {
		m.weekday, m.hasDay = d, true
		return 1, true
	}
	if x := isClock.FindStringSubmatch(w); x != nil {
		return 1, m.clock(atoi(x[1]), atoi(x[2]), x[3])
	}
	if x := isHour.FindStringSubmatch(w); x != nil {
		return 1, m.clock(atoi(x[1]), 0, x[2])
	}
	if x := isDate.FindStringSubmatch(w); x != nil {
		m.date, m.hasDate, m.hasYear = scheduler.Date{Year: atoi(x[1]), Month: time.Month(atoi(x[2])), Day: atoi(x[3])}, true, true
		return 1, true
	}
	if isYear.MatchString(w) && m.hasDate && !m.hasYear {
		m.date.Year, m.hasYear = atoi(w), true
		return 1, true
	}
	return m.dayAndMonth(w, next)
}

// dayAndMonth takes "2 Mar" or "Mar 2".
func (m *moment) dayAndMonth(a, b string) (n int, ok bool) {
	if _, isMonth := month(a); isMonth {
		a, b = b, a
	}
	mon, okMonth := month(b)
	day := isNumber.FindStringSubmatch(a)
	if !okMonth || day == nil || m.hasDate {
		return 0, false
	}
	m.date, m.hasDate = scheduler.Date{Month: mon, Day: atoi(day[1])}, true
	return 2, true
}

func (m *moment) clock(h, min int, half string) bool {
	if half != "" {
		if h < 1 || h > 12 {
			return false
		}
		h = h%12 + map[string]int{"am": 0, "pm": 12}[half]
	}
	if h > 23 || min > 59 || m.hasClock {
		return false
	}
	m.minute, m.hasClock = h*60+min, true
	return true
}

// readPlace takes "Berlin", "in Berlin", "(Europe/Berlin)", "Mei's time", "Mei's clock".
func (c *cast) readPlace(m *moment, s string) (rest string, err error) {
	in := false
	r := s
	if x, ok := strings.CutPrefix(r, "in "); ok {
		r, in = x, true
	}
	if x, ok := strings.CutPrefix(r, "("); ok {
		inside, after, ok := strings.Cut(x, ")")
		if !ok {
			return s, fmt.Errorf("%q lacks its )", shorten(s))
		}
		if z, ok := zoneNamed(inside); ok {
			m.place = z
			return strings.TrimSpace(after), nil
		}
		if _, ok := c.people[strings.ToLower(inside)]; ok {
			m.person = strings.ToLower(inside)
			return strings.TrimSpace(after), nil
		}
		return s, fmt.Errorf("%q is neither a zone nor somebody in this story", inside)
	}
	words := strings.SplitN(r, " ", 3)
	first := strings.TrimRight(words[0], ",:")
	if owner, ok := strings.CutSuffix(first, "'s"); ok && len(words) > 1 {
		w := strings.TrimRight(words[1], ",:")
		if w == "time" || w == "clock" || w == "zone" {
			m.person = strings.ToLower(owner)
			return skipWords(r, 2), nil
		}
	}
	if _, isPerson := c.who(first); isPerson {
		if !in && len(words) > 1 {
			return s, nil // "at 09:00 Mei sends …"
		}
		m.person = strings.ToLower(first)
		return skipWords(r, 1), nil
	}
	if len(words) > 1 {
		if z, ok := zoneNamed(first + "_" + strings.TrimRight(words[1], ",:")); ok && !strings.Contains(first, "/") {
			m.place = z
			return skipWords(r, 2), nil
		}
	}
	if z, ok := zoneNamed(first); ok && first != "" && (in || first[0] >= 'A' && first[0] <= 'Z') {
		m.place = z
		return skipWords(r, 1), nil
	}
	if in {
		return s, fmt.Errorf("%q is neither a zone nor somebody in this story", words[0])
	}
	return s, nil
}

func atoi(s string) int { n, _ := strconv.Atoi(s); return n }

func weekday(s string) (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		name := strings.ToLower(d.String())
		if s == name || s == name[:3] || s == "tues" && d == time.Tuesday || s == "thurs" && d == time.Thursday {
			return d, true
		}
	}
	return 0, false
}

func month(s string) (time.Month, bool) {
	for m := time.January; m <= time.December; m++ {
		name := strings.ToLower(m.String())
		if s == name || s == name[:3] {
			return m, true
		}
	}
	return 0, false
}

func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}

// next is the first such moment that is not before now, on the clocks of zone.
func (m moment) next(now time.Time, zone *time.Location) (time.Time, error) {
	if m.relative {
		return now.Add(m.after), nil
	}
	if !m.hasClock {
		return now, fmt.Errorf("%q lacks a time of day", m.said)
	}
	day := scheduler.DateOf(now.In(zone))
	switch {
	case m.hasDate && m.hasYear:
		day = m.date
	case m.hasDate:
		y := day.Year
		if day = m.date; true {
			day.Year = y
		}
		if m.at(day, zone).Before(now) {
			day.Year++
		}
	case m.hasDays:
		day = day.AddDays(m.days)
	case m.hasDay:
		if day.Weekday() == m.weekday && m.nextWeek {
			day = day.AddDays(1)
		}
		for day.Weekday() != m.weekday {
			day = day.AddDays(1)
		}
	}
	if m.hasDay && m.hasDate && day.Weekday() != m.weekday {
		return now, fmt.Errorf("%q: %s is a %s", m.said, day, day.Weekday())
	}
	at := m.at(day, zone)
	if at.Before(now) {
		return now, fmt.Errorf("%q has passed: it is %s (for a later day write its date, tomorrow, or next %s)", m.said, show(now, zone), day.Weekday())
	}
	return at, nil
}

func (m moment) at(day scheduler.Date, zone *time.Location) time.Time {
	return scheduler.Wall{Date: day, Hour: m.minute / 60, Minute: m.minute % 60}.Instant(zone).At
}

// is reports whether t is what m says, to the minute. A weekday means one within a week
// of now.
func (m moment) is(t, now time.Time, zone *time.Location) bool {
	span := time.Duration(0)
	if m.about {
		span = aboutTime
	}
	for d := -span; d <= span; d += time.Minute {
		if m.reads(t.Add(d), now, zone) {
			return true
		}
	}
	return false
}

func (m moment) reads(t, now time.Time, zone *time.Location) bool {
	w, today := t.In(zone), scheduler.DateOf(now.In(zone))
	day := scheduler.DateOf(w)
	if m.hasClock && w.Hour()*60+w.Minute() != m.minute {
		return false
	}
	if m.hasDay && w.Weekday() != m.weekday {
		return false
	}
	if m.hasDate && (day.Month != m.date.Month || day.Day != m.date.Day || m.hasYear && day.Year != m.date.Year) {
		return false
	}
	if m.hasDays && day != today.AddDays(m.days) {
		return false
	}
	if !m.hasDate && !m.hasDays {
		limit := 7 * 24 * time.Hour
		if !m.hasDay {
			limit = 24 * time.Hour
		}
		return t.Sub(now).Abs() <= limit
	}
	return true
}

// show is how an instant reads on the clocks of zone.
func show(t time.Time, zone *time.Location) string {
	if t.IsZero() {
		return "never"
	}
	return t.In(zone).Format("Mon 2006-01-02 15:04:05 ") + zone.String()
}
