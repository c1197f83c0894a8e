package commands

import (
	"errors"
	"fmt"
	"time"

	"tidepost/scheduler"
)

// What is wrong with a date comes back as it stands here.
var (
	errEnd      = errors.New("it does not say until when")
	errWhich    = errors.New("that can be two days; write the date")
	errInverted = errors.New("the last day lies before the first one")
)

var months = map[string]time.Month{
	"jan": 1, "january": 1, "januar": 1, "jänner": 1, "feb": 2, "february": 2, "februar": 2, "mar": 3, "march": 3, "märz": 3, "maerz": 3, "mär": 3,
	"apr": 4, "april": 4, "may": 5, "mai": 5, "jun": 6, "june": 6, "juni": 6, "jul": 7, "july": 7, "juli": 7, "aug": 8, "august": 8,
	"sep": 9, "sept": 9, "september": 9, "oct": 10, "october": 10, "okt": 10, "oktober": 10, "nov": 11, "november": 11,
	"dec": 12, "december": 12, "dez": 12, "dezember": 12,
}

var weekdays = map[string]time.Weekday{
	"sun": 0, "sunday": 0, "sonntag": 0, "mon": 1, "monday": 1, "montag": 1, "tue": 2, "tues": 2, "tuesday": 2, "dienstag": 2,
	"wed": 3, "weds": 3, "wednesday": 3, "mittwoch": 3, "thu": 4, "thur": 4, "thurs": 4, "thursday": 4, "donnerstag": 4,
	"fri": 5, "friday": 5, "freitag": 5, "sat": 6, "saturday": 6, "samstag": 6,
}

var smallNumbers = map[string]int{"a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
	"ten": 10, "eleven": 11, "twelve": 12, "ein": 1, "eine": 1, "einen": 1, "zwei": 2, "drei": 3, "vier": 4}

// A day is a date as somebody wrote it, whole or in part.
type day struct {
	year    int // 0: not said
	month   time.Month
	d       int // alone: of a month that is said elsewhere
	weekday int // 1…7, 0 none
	date    scheduler.Date
	slashed bool // month and d may be the other way round
	flipped bool // 4/13: the month came first
	this    bool // "this Friday"
	next    bool // "next Friday"
}

func (r *reader) today() scheduler.Date { return scheduler.DateOf(r.in.Now) }

// day reads one date.
func (r *reader) day() (day, bool) {
	start := r.pos
	r.word("on", "the", "am", "dem", "den")
	r.word("the")
	if d, ok := r.dayBare(); ok {
		return d, true
	}
	r.pos = start
	return day{}, false
}

func (r *reader) dayBare() (day, bool) {
	t := r.peek(0)
	switch {
	case r.word("today", "heute"):
		return day{date: r.today()}, true
	case r.word("tomorrow", "tomorow", "tommorow", "tommorrow", "tmrw", "morgen"):
		return day{date: r.today().AddDays(1)}, true
	case r.phrase("day after tomorrow"), r.word("übermorgen"):
		return day{date: r.today().AddDays(2)}, true
	case r.phrase("end of", "the end of", "ende"):
		return r.endOf()
	case t.num >= 0:
		return r.numberedDay()
	}
	if m, ok := months[t.low]; ok {
		return r.monthFirst(m)
	}
	return r.weekdayFirst()
}

// endOf reads "end of August", "end of the month", "end of next week".
func (r *reader) endOf() (day, bool) {
	today := r.today()
	month := func(year int, m time.Month) (day, bool) { // Day 0 of the next month.
		return day{date: scheduler.DateOf(time.Date(year, m+1, 0, 12, 0, 0, 0, time.UTC))}, true
	}
	switch {
	case r.phrase("the month", "this month", "month", "des monats"):
		return month(today.Year, today.Month)
	case r.phrase("next month"):
		return month(today.Year, today.Month+1)
	case r.phrase("the year", "this year", "des jahres"):
		return month(today.Year, time.December)
	case r.phrase("the week", "this week", "der woche"):
		return day{date: sundayOf(today)}, true
	case r.phrase("next week", "nächster woche"):
		return day{date: sundayOf(today).AddDays(7)}, true
	}
	m, ok := months[r.peek(0).low]
	if !ok {
		return day{}, false
	}
	r.pos++
	year := today.Year
	if m < today.Month {
		year++
	}
	if y := r.peek(0); y.num >= 2000 && y.num < 2200 {
		r.pos++
		year = y.num
	}
	return month(year, m)
}

func sundayOf(d scheduler.Date) scheduler.Date {
	for d.Weekday() != time.Sunday {
		d = d.AddDays(1)
	}
	return d
}

// weekdayFirst reads "Fri", "this Friday", "next Friday", "Mon 3 Aug", "Mon, 3 August".
func (r *reader) weekdayFirst() (day, bool) {
	start := r.pos
	out := day{}
	out.this = r.word("this", "coming", "diesen")
	if !out.this {
		out.next = r.word("next", "nächsten")
	}
	w, ok := weekdays[r.peek(0).low]
	if !ok {
		r.pos = start
		return day{}, false
	}
	r.pos++
	out.weekday = int(w)
	if w == 0 {
		out.weekday = 7
	}
	if out.next || out.this && r.peek(0).low != "(" {
		return out, true
	}
	at := r.pos
	r.word(".")
	r.word(",")
	bracket := r.word("(")
	r.word("the", "den", "der")
	if _, month := months[r.peek(0).low]; month || r.peek(0).num >= 0 {
		if d, ok := r.dayBare(); ok && (d.month != 0 || !d.date.IsZero()) && (!bracket || r.word(")")) {
			d.weekday = out.weekday
			return d, true
		}
	}
	r.pos = at
	return out, true
}

// monthFirst reads "Aug 3", "August 3rd, 2026".
func (r *reader) monthFirst(m time.Month) (day, bool) {
	start := r.pos
	r.pos++
	r.word(".")
	r.word("the")
	n := r.peek(0).num
	if n < 1 || n > 31 {
		r.pos = start
		return day{}, false
	}
	r.pos++
	r.ordinal()
	out := day{month: m, d: n}
	at := r.pos
	r.word(",")
	if y := r.peek(0); y.num >= 2000 && y.num < 2200 {
		r.pos++
		out.year = y.num
	} else {
		r.pos = at
	}
	return out, true
}

// ordinal takes what may follow the number of a day.
func (r *reader) ordinal() {
	if t := r.peek(0); t.glue && (t.low == "st" || t.low == "nd" || t.low == "rd" || t.low == "th" || t.low == ".") {
		r.pos++
	}
}

// numberedDay reads what begins with a number: "2026-08-03", "3.8.", "3.8.2026", "3/8",
// "3 Aug", "3rd of August 2026", and "3" alone.
func (r *reader) numberedDay() (day, bool) {
	n := r.peek(0).num
	sep := func(i int, mark string) bool {
		return r.peek(i).low == mark && r.peek(i).glue && r.peek(i+1).num >= 0 && r.peek(i+1).glue
	}
	switch {
	case n >= 2000 && n < 2200 && (sep(1, "-") && sep(3, "-") || sep(1, "/") && sep(3, "/") || sep(1, ".") && sep(3, ".")):
		out := day{year: n, month: time.Month(r.peek(2).num), d: r.peek(4).num}
		r.pos += 5
		return out, true
	case n > 31 || n < 1:
		return day{}, false
	case sep(1, "/"):
		out := day{month: time.Month(r.peek(2).num), d: n, slashed: true}
		r.pos += 3
		if sep(0, "/") {
			out.year = century(r.peek(1).num)
			r.pos += 2
		}
		if out.month > 12 {
			out.month, out.d, out.slashed, out.flipped = time.Month(n), int(out.month), false, true
		} else if n > 12 {
			out.slashed = false
		}
		return out, true
	case sep(1, ".") && r.peek(2).num <= 12:
		out := day{month: time.Month(r.peek(2).num), d: n}
		r.pos += 3
		if sep(0, ".") {
			out.year = century(r.peek(1).num)
			r.pos += 2
		} else if r.peek(0).low == "." && r.peek(0).glue {
			r.pos++
		}
		return out, true
	}
	r.pos++
	r.ordinal()
	at := r.pos
	r.word("of")
	m, ok := months[r.peek(0).low]
	if !ok {
		r.pos = at
		return day{d: n}, true
	}
	r.pos++
	if t := r.peek(0); t.low == "." && t.glue {
		r.pos++
	}
	out := day{month: m, d: n}
	at = r.pos
	r.word(",")
	if y := r.peek(0); y.num >= 2000 && y.num < 2200 {
		r.pos++
		out.year = y.num
	} else {
		r.pos = at
	}
	return out, true
}

func century(y int) int {
	if y < 100 {
		return 2000 + y
	}
	return y
}

// farAhead is how many days ahead a date without a year may be: what has just passed is
// not meant for a year later.
const farAhead = 330

// longestSpan bounds an absence whose dates name no year.
const longestSpan = 200

// resolve turns what was written into a date: the first one from floor on. back is how
// many days before floor it may lie.
func (r *reader) resolve(d day, floor scheduler.Date, back int) (scheduler.Date, error) {
	today := r.today()
	switch {
	case !d.date.IsZero():
		return d.date, nil
	case d.month == 0 && d.weekday != 0:
		return r.resolveWeekday(d, floor)
	case d.slashed && int(d.month) != d.d:
		return scheduler.Date{}, fmt.Errorf("%d/%d can be %d %s or %d %s", d.d, int(d.month), d.d, d.month, int(d.month), time.Month(d.d))
	case d.month == 0:
		return scheduler.Date{}, fmt.Errorf("it does not say of which month the %d is", d.d)
	}
	if d.year != 0 {
		out := scheduler.Date{Year: d.year, Month: d.month, Day: d.d}
		return out, r.checkDate(out, d)
	}
	for year := floor.Year - 1; year <= floor.Year+1; year++ {
		out := scheduler.Date{Year: year, Month: d.month, Day: d.d}
		if out.Before(floor.AddDays(-back)) {
			continue
		}
		if err := r.checkDate(out, d); err != nil {
			return out, err
		}
		if today.AddDays(farAhead).Before(out) {
			return out, fmt.Errorf("%d %s has passed; write the year if you mean %d", d.d, d.month, out.Year)
		}
		return out, nil
	}
	return scheduler.Date{}, errWhich
}

// checkDate refuses dates that do not exist, and weekdays that are not theirs.
func (r *reader) checkDate(out scheduler.Date, d day) error {
	if parsed, err := scheduler.ParseDate(out.String()); err != nil || parsed != out {
		return fmt.Errorf("there is no %d %s %d", d.d, d.month, out.Year)
	}
	if d.weekday != 0 && int(out.Weekday()) != d.weekday%7 {
		return fmt.Errorf("%d %s %d is a %s", out.Day, out.Month, out.Year, out.Weekday())
	}
	return nil
}

func (r *reader) resolveWeekday(d day, floor scheduler.Date) (scheduler.Date, error) {
	today := r.today()
	out := floor
	for int(out.Weekday()) != d.weekday%7 {
		out = out.AddDays(1)
	}
	switch {
	case floor == today && out == today && d.next:
		return today.AddDays(7), nil
	case floor == today && out == today && !d.this:
		return out, fmt.Errorf("today is %s: write today or the date", out.Weekday())
	case d.next:
		return out, errWhich
	}
	return out, nil
}

// span reads days: one, from one to another, until one, for some weeks. found is false
// if no such thing stands here. needEnd says that one day alone is no span.
func (r *reader) span(needEnd bool) (first, last scheduler.Date, found bool, err error) {
	start := r.pos
	today := r.today()
	if r.phrase("next week", "nächste woche", "all next week", "the whole next week", "the whole of next week", "all of next week") {
		monday := today.AddDays(1)
		for monday.Weekday() != time.Monday {
			monday = monday.AddDays(1)
		}
		return monday, monday.AddDays(6), true, nil
	}
	if r.phrase("this week", "the rest of the week", "the rest of this week", "for the rest of the week", "for the rest of this week", "diese woche", "all week") {
		sunday := today
		for sunday.Weekday() != time.Sunday {
			sunday = sunday.AddDays(1)
		}
		return today, sunday, true, nil
	}
	if n, ok := r.length(); ok {
		first := today
		if r.word("from", "starting", "beginning", "ab") {
			r.word("on", "from")
			d, ok := r.day()
			if !ok {
				r.pos = start
				return first, first, false, nil
			}
			if first, err = r.resolve(d, today, 0); err != nil {
				return first, first, true, err
			}
			err = r.notPast(first)
		}
		return first, first.AddDays(n - 1), true, err
	}
	if r.until() {
		r.word("and")
		r.word("including")
		d, ok := r.day()
		if !ok {
			r.pos = start
			return today, today, false, nil
		}
		r.inclusive()
		last, err := r.resolve(d, today, 0)
		if err == nil {
			err = r.notPast(last)
		}
		return today, last, true, err
	}
	return r.spanFrom(needEnd)
}

// until takes the words that stand before the end of a span.
func (r *reader) until() bool {
	return r.phrase("up to") || r.word("until", "till", "til", "untill", "unitl", "untl", "utnil", "bis", "through", "thru")
}

func (r *reader) inclusive() {
	if r.phrase("( inclusive )", "( included )", "( incl . )", "( incl )", ", inclusive", ", included") || r.word("inclusive", "included", "inklusive", "einschließlich") {
		return
	}
}

// length reads "for two weeks", "for the next 3 days", "a week": days.
func (r *reader) length() (int, bool) {
	start := r.pos
	if !r.word("for", "für") {
		return 0, false
	}
	r.word("the")
	r.word("next", "coming")
	r.word("nächsten")
	n := r.peek(0).num
	if n < 0 {
		n = smallNumbers[r.peek(0).low]
	}
	if n > 0 {
		r.pos++
	} else {
		n = 1
		if r.pos == start+1 { // "for week"
			r.pos = start
			return 0, false
		}
	}
	switch {
	case n > 400:
	case r.word("day", "days", "tag", "tage"):
		return n, true
	case r.word("week", "weeks", "woche", "wochen"):
		return 7 * n, true
	}
	r.pos = start
	return 0, false
}

// spanFrom reads "from 3 to 14 Aug", "Aug 3-14", "3 Aug", "between 3 Aug and 14 Aug",
// "Thu and Fri", "from Monday for a week".
func (r *reader) spanFrom(needEnd bool) (first, last scheduler.Date, found bool, err error) {
	start, today := r.pos, r.today()
	between := r.word("between")
	from := !between && r.word("from", "starting", "beginning", "since", "vom", "von", "ab", "as")
	if from {
		r.word("from", "of", "on")
	}
	a, ok := r.day()
	if !ok {
		r.pos = start
		return today, today, false, nil
	}
	at := r.pos
	var b day
	ok = false
	adjacent := false
	r.word(",")
	switch {
	case between:
		ok = r.word("and")
	case r.until(), r.word("to", "-"):
		ok = true
		r.word("and")
		r.word("including")
	case r.peek(0).low == "." && r.peek(1).low == ".":
		r.pos += 2
		r.skip(".")
		ok = true
	case !from && r.word("and", "und", "&", "+"):
		ok, adjacent = true, true
	}
	if ok {
		b, ok = r.day()
	}
	if !ok {
		r.pos = at
		return r.oneDay(a, from || between, needEnd)
	}
	r.inclusive()
	if first, last, found, err := r.weekOf(a, b); found {
		return first, last, true, err
	}
	a, b = shareMonth(a, b)
	if a.slashed != b.slashed && a.month != 0 && b.month != 0 { // The other tells which way round they are.
		a, b = sameWay(a, b)
	}
	// What began lately may be said too.
	if first, err = r.resolve(a, today, 60); err != nil && a.weekday == 0 {
		return first, first, true, err
	}
	if err != nil { // "Mon-Fri" on a Monday is from today on.
		if first, err = r.resolve(day{weekday: a.weekday, this: true, next: a.next}, today, 0); err != nil {
			return first, first, true, err
		}
	}
	if last, err = r.resolve(b, first, 0); err != nil {
		if b.month != 0 && b.year == 0 && (scheduler.Date{Year: first.Year, Month: b.month, Day: b.d}).Before(first) {
			err = errInverted
		}
		return first, last, true, err
	}
	switch {
	case last.Before(first), b.month != 0 && b.year == 0 && first.AddDays(longestSpan).Before(last):
		return first, last, true, errInverted
	case adjacent && last != first.AddDays(1):
		r.pos = start
		return first, last, false, nil
	}
	return first, last, true, r.notPast(last)
}

// weekOf reads the week that stands behind weekdays: "Monday to Wednesday next week".
func (r *reader) weekOf(a, b day) (first, last scheduler.Date, found bool, err error) {
	plain := func(d day) bool { return d.weekday != 0 && d.month == 0 && d.date.IsZero() && !d.next && !d.this }
	if !plain(a) || !plain(b) {
		return first, last, false, nil
	}
	today := r.today()
	sunday := sundayOf(today)
	floor := today
	switch {
	case r.phrase("next week", "of next week", "nächste woche", "nächster woche"):
		floor = sunday.AddDays(1)
		sunday = sunday.AddDays(7)
	case r.phrase("this week", "of this week", "diese woche", "dieser woche"):
	default:
		return first, last, false, nil
	}
	on := func(d day, from scheduler.Date) scheduler.Date {
		for int(from.Weekday()) != d.weekday%7 {
			from = from.AddDays(1)
		}
		return from
	}
	first = on(a, floor)
	last = on(b, first)
	if sunday.Before(last) {
		err = errWhich // It has passed, or runs over the end of that week.
	}
	return first, last, true, err
}

// oneDay is a span that names one day: that one, or all from then on, which needs an end.
func (r *reader) oneDay(a day, open, needEnd bool) (first, last scheduler.Date, found bool, err error) {
	if a.month == 0 && a.weekday == 0 && a.date.IsZero() && !open {
		return first, last, true, fmt.Errorf("it does not say of which month the %d is", a.d)
	}
	if first, last, found, err := r.weekOf(a, a); found {
		if err == nil && (open || needEnd) {
			err = errEnd
		}
		return first, last, true, err
	}
	if first, err = r.resolve(a, r.today(), 0); err != nil {
		return first, first, true, err
	}
	if err := r.notPast(first); err != nil {
		return first, first, true, err
	}
	if n, ok := r.length(); ok {
		return first, first.AddDays(n - 1), true, nil
	}
	if open || needEnd {
		return first, first, true, errEnd
	}
	return first, first, true, nil
}

func (r *reader) notPast(d scheduler.Date) error {
	if d.Before(r.today()) {
		return fmt.Errorf("%d %s %d has passed", d.Day, d.Month, d.Year)
	}
	if r.today().AddDays(3 * 366).Before(d) {
		return fmt.Errorf("%d is very far ahead", d.Year)
	}
	return nil
}

// shareMonth lets "3 to 14 August" and "Aug 3-14" name the month once.
func shareMonth(a, b day) (day, day) {
	bare := func(d day) bool { return d.month == 0 && d.weekday == 0 && d.date.IsZero() }
	switch {
	case bare(a) && b.month != 0:
		a.month, a.year = b.month, b.year
	case bare(b) && a.month != 0:
		b.month, b.year = a.month, a.year
	case a.month != 0 && b.month != 0 && a.year == 0 && b.year != 0 && a.month <= b.month:
		a.year = b.year
	case a.month != 0 && b.month != 0 && a.year == 0 && b.year != 0:
		a.year = b.year - 1
	}
	return a, b
}

// sameWay writes both of two dates with slashes as the one that can only be one day.
func sameWay(a, b day) (day, day) {
	flip := func(d day) day {
		if d.slashed {
			d.month, d.d = time.Month(d.d), int(d.month)
		}
		return d
	}
	if a.flipped {
		b = flip(b)
	}
	if b.flipped {
		a = flip(a)
	}
	a.slashed, b.slashed = false, false
	return a, b
}
