package intent

import "time"

// numericDate reads 2026-10-14, 14.10.2026, 14/10, 10/14/26 and the like.
func (p *timeParser) numericDate(e *timeExpr, i int) (int, bool) {
	a := p.tok(i)
	if a.kind != kindNumber || e.hasDay && !e.dayOnly {
		return 0, false
	}
	e.thisDate = p.tok(i - 1).is("this")
	if a.digits == 8 && a.num() > 19000000 && a.num() < 21000000 {
		return p.setDate(e, a.num()/10000, a.num()/100%100, a.num()%100, i+1)
	}
	sep := p.tok(i + 1)
	b := p.tok(i + 2)
	if sep.kind != kindMark || sep.space || b.space || b.kind != kindNumber {
		return 0, false
	}
	s := sep.low
	if s != "-" && s != "/" && s != "." {
		return 0, false
	}
	c := p.tok(i + 4)
	if third := p.tok(i + 3); third.low == s && !third.space && !c.space && c.kind == kindNumber {
		return p.threeNumbers(e, i, a, b, c, s)
	}
	return p.twoNumbers(e, i, a, b, s)
}

func (p *timeParser) threeNumbers(e *timeExpr, i int, a, b, c *token, sep string) (int, bool) {
	if n := p.tok(i + 5); n.low == sep && !n.space && p.tok(i+6).kind == kindNumber && !p.tok(i+6).space {
		return 0, false // more than a date: a version, a telephone number
	}
	next := i + 5
	if a.digits == 4 {
		return p.setDate(e, a.num(), b.num(), c.num(), next)
	}
	if c.digits != 4 && c.digits != 2 || a.digits > 2 || b.digits > 2 {
		return 0, false
	}
	y := c.num()
	if c.digits == 2 {
		if sep == "." && a.digits == 1 && p.opts.Language == English {
			return 0, false // a version
		}
		y = century(y)
	}
	m, d := a.num(), b.num()
	if p.dayFirst(sep) && b.num() <= 12 || a.num() > 12 {
		m, d = b.num(), a.num()
	}
	return p.setDate(e, y, m, d, next)
}

func century(y int) int {
	if y < 36 {
		return 2000 + y
	}
	return 1900 + y
}

// dayFirst tells the order of day and month between numbers.
func (p *timeParser) dayFirst(sep string) bool {
	return p.opts.MonthLast || p.due && (sep != "/" || dayFirst(p.ref)) || p.opts.Language != English && p.opts.Language != Unknown
}

// twoNumbers reads 14/10 or 14.10. without a year. A dash or a full stop needs
// more than two numbers around it: they are ranges and decimals otherwise.
func (p *timeParser) twoNumbers(e *timeExpr, i int, a, b *token, sep string) (int, bool) {
	next := i + 3
	if n := p.tok(next); n.mark('.') && p.tok(next+1).kind == kindNumber && !p.tok(next+1).space {
		return 0, false
	}
	if n := p.tok(next); !n.space && (n.kind == kindNumber || n.kind == kindWord || n.mark('%') || (n.mark('/') || n.mark('-')) && p.tok(next+1).kind == kindNumber) {
		return 0, false
	}
	if a.digits == 4 && sep != "." && b.digits <= 2 && a.num() > 1900 && a.num() < 2100 && b.num() >= 1 && b.num() <= 12 {
		return p.setMonth(e, a.num(), b.num(), next)
	}
	if b.digits == 4 && sep != "." && a.digits <= 2 && b.num() > 1900 && b.num() < 2100 && a.num() >= 1 && a.num() <= 12 {
		return p.setMonth(e, b.num(), a.num(), next)
	}
	if a.digits > 2 || b.digits > 2 {
		return 0, false
	}
	switch sep {
	case ".":
		if _, _, clock := p.amPM(next); clock || p.isHourWord(next) || p.tok(next).is("h") || p.tok(i-1).is("at", "um", "om", "às", "à") {
			return 0, false
		}
		trail := p.tok(next).mark('.') && !p.tok(next).space && (p.opts.Language == German)
		if !trail && e.weekday == 0 {
			return 0, false
		}
		if trail && p.tok(next+1).kind != kindMark && !p.tok(next+1).upper || trail && p.tok(next+1).space {
			next++
		}
	case "-":
		if e.weekday == 0 && (i > 0 && !p.wholeText(i, next)) {
			return 0, false
		}
	}
	m, d := a.num(), b.num()
	if p.dayFirst(sep) && b.num() <= 12 || a.num() > 12 {
		m, d = b.num(), a.num()
	}
	if m < 1 || m > 12 || d < 1 || d > 31 {
		return 0, false
	}
	return p.setDate(e, 0, m, d, next)
}

// wholeText reports whether toks[from:to] is all there is.
func (p *timeParser) wholeText(from, to int) bool { return from == 0 && to == len(p.toks) }

// setDate sets a date; year 0 means the next such day.
func (p *timeParser) setDate(e *timeExpr, y, m, d, next int) (int, bool) {
	if e.hasDay && !(e.dayOnly && e.day.Day() == d) {
		return 0, false
	}
	e.hasYear = y > 0
	if y == 0 {
		y = p.yearFor(e, m, d)
	}
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, p.ref.Location())
	if m < 1 || m > 12 || d < 1 || at.Day() != d {
		return 0, false
	}
	e.day, e.hasDay, e.grain, e.dayOnly = at, true, GrainDay, false
	e.weekday = 0
	return next, true
}

// yearFor chooses the year of a date without one: the next such date, and if a
// weekday is named, the next on which it fits.
func (p *timeParser) yearFor(e *timeExpr, m, d int) int {
	y := p.ref.Year()
	today := p.today
	at := time.Date(y, time.Month(m), d, 0, 0, 0, 0, today.Location())
	if at.Before(today) {
		if e.weekMod == 1 || e.weekMod == 2 || e.thisDate {
			return y // "this Friday 5/12" is of this year, even if it is over
		}
		y++
	}
	if e.weekday > 0 && !(p.due && y == p.ref.Year()) {
		for k := range 6 {
			if c := time.Date(y+k, time.Month(m), d, 0, 0, 0, 0, time.UTC); isoWeekday(c) == e.weekday && c.Day() == d {
				if k <= 1 {
					return y + k
				}
				break
			}
		}
		if c := time.Date(y-1, time.Month(m), d, 0, 0, 0, 0, time.UTC); isoWeekday(c) == e.weekday && y > p.ref.Year() {
			return y - 1
		}
	}
	if m == 2 && d == 29 {
		for time.Date(y, 2, 29, 0, 0, 0, 0, time.UTC).Day() != 29 && y < p.ref.Year()+8 {
			y++
		}
	}
	return y
}

func (p *timeParser) setMonth(e *timeExpr, y, m, next int) (int, bool) {
	e.day, e.hasDay, e.grain, e.hasYear = time.Date(y, time.Month(m), 1, 0, 0, 0, 0, p.ref.Location()), true, GrainMonth, true
	return next, true
}

// monthAt reads the name of a month. The names that are also words need a sign
// that they are meant.
func (p *timeParser) monthAt(i int) (int, bool) {
	m, ok := p.has(i, tMonth)
	if !ok {
		return 0, false
	}
	t := p.tok(i)
	switch t.low {
	case "may", "march", "mar":
		if !t.upper && !p.nearDate(i) {
			return 0, false
		}
		if t.low != "mar" && i == 0 && p.tok(1).kind == kindWord && len(p.tok(1).word.time) == 0 {
			return 0, false
		}
		if t.low == "may" && !p.nearDate(i) {
			return 0, false
		}
	case "dec", "sept", "sep", "jan", "jun", "jul", "aug", "oct", "nov", "apr", "feb":
		if t.caps && !p.nearDate(i) {
			return 0, false
		}
	case "mars", "mai", "mei", "juin", "maio":
	}
	return m, true
}

// nearDate reports whether a number stands beside token i, or a word that months
// follow.
func (p *timeParser) nearDate(i int) bool {
	before, after := p.tok(i-1), p.tok(i+1)
	if before.kind == kindNumber || after.kind == kindNumber || before.is("in", "of", "until", "by", "since", "during", "from", "early", "mid", "late", "this", "next", "last", "th", "st", "nd", "rd", "the", "end") {
		return true
	}
	if _, ok := p.has(i-1, tOrdinal); ok {
		return true
	}
	_, ok := p.has(i+1, tOrdinal)
	if n, number := p.has(i+1, tNumber); number && n >= 20 {
		ok = true
	}
	return ok || before.kind == kindMark && p.tok(i-2).kind == kindNumber || (after.mark('/') || after.mark('-')) && p.tok(i+2).kind == kindNumber
}

// monthDate reads "14 October 2026", "October 14th", "le 1er mars", "Oct 2026".
func (p *timeParser) monthDate(e *timeExpr, i int) (int, bool) {
	if e.hasDay && !e.dayOnly {
		return 0, false
	}
	if p.tok(i).is("ides") && p.tok(i+1).is("of") {
		if m, ok := p.monthAt(i + 2); ok {
			d := 13
			if m == 3 || m == 5 || m == 7 || m == 10 {
				d = 15
			}
			return p.setDate(e, 0, m, d, i+3)
		}
	}
	if m, ok := p.monthAt(i); ok {
		return p.monthFirst(e, i, m)
	}
	d, next, ok := p.dayNumber(i)
	if !ok || p.tok(i-1).mark('$') {
		return 0, false
	}
	for range 3 { // 14 of the October, 14-Oct, 14/Oct/2020
		t := p.tok(next)
		if t.is("of", "de", "von", "do", "day") || (t.mark('-') || t.mark('/') || t.mark('.') || t.mark(',')) {
			next++
		}
	}
	m, ok := p.monthAt(next)
	if !ok {
		return 0, false
	}
	next++
	if p.tok(next).mark('.') && len(p.tok(next-1).low) <= 4 && p.tok(next+1).kind == kindNumber {
		next++
	}
	y, next := p.yearBehind(next)
	return p.setDate(e, y, m, d, next)
}

// yearBehind reads a year behind a day and month: 2026, "of next year".
func (p *timeParser) yearBehind(i int) (year, next int) {
	if y, next := p.yearAt(i); y != 0 {
		return y, next
	}
	if k := i + 1; p.tok(i).is("of") {
		if y, next := p.yearPeriod(k); y > 0 && !p.tok(k).is("the") {
			return y, next
		}
	}
	return 0, i
}

func (p *timeParser) monthFirst(e *timeExpr, i, m int) (int, bool) {
	if p.tok(i-1).kind == kindNumber && !p.tok(i-2).mark(':') && !p.tok(i-2).mark('$') && !e.hasClock {
		return 0, false // the number belongs to it: 32 August
	}
	next := i + 1
	t := p.tok(next)
	if (t.mark('.') && len(p.tok(i).low) <= 4 || t.mark('-') || t.mark('/') || t.mark(',')) && (p.tok(next+1).kind == kindNumber || t.mark('.') && len(p.tok(i).low) <= 4) {
		next++
	}
	if p.tok(next).is("the") {
		next++
	}
	if d, after, ok := p.dayNumber(next); ok && d <= 31 && !p.isClockAt(next) {
		y, after2 := p.yearBehind(after)
		if n, ok := p.setDate(e, y, m, d, after2); ok {
			return n, true
		}
		return 0, false
	}
	y, after := p.yearAt(i + 1)
	if y == 0 && p.tok(i+1).kind == kindNumber && !p.isClockAt(i+1) {
		return 0, false // 32 August
	}
	if p.tok(i+1).mark('.') && after == i+1 && !p.tok(i+1).space && p.tok(i+2).kind == kindWord && !p.tok(i+2).upper {
		after = i + 2
	}
	e.hasYear = y > 0
	if y == 0 {
		y = p.ref.Year()
		if time.Month(m) < p.ref.Month() {
			y++
		}
	}
	if !e.hasYear && p.tok(after).is("after") && p.tok(after+1).is("next") {
		y, after = y+1, after+2
	}
	e.day, e.hasDay, e.grain = time.Date(y, time.Month(m), 1, 0, 0, 0, 0, p.ref.Location()), true, GrainMonth
	return after, true
}

// isClockAt reports whether the number at i is a time of day: "May 10:30".
func (p *timeParser) isClockAt(i int) bool {
	n := p.tok(i + 1)
	return p.tok(i).kind == kindNumber && (n.mark(':') && !n.space && p.tok(i+2).kind == kindNumber && !p.tok(i+2).space || n.is("am", "pm") || n.is("h") && !n.space)
}

// dayNumber reads a day of the month: 14, 14th, 14., 1er, fourteenth,
// twenty-second.
func (p *timeParser) dayNumber(i int) (d, next int, ok bool) {
	t := p.tok(i)
	if t.kind == kindNumber && t.digits <= 2 && t.num() >= 1 && t.num() <= 31 {
		n := p.tok(i + 1)
		switch {
		case !n.space && n.is("st", "nd", "rd", "th", "er", "e", "ste", "de", "º", "ª"):
			return t.num(), i + 2, true
		case n.mark('.') && !n.space && p.opts.Language == German && (p.tok(i+2).kind != kindNumber || p.tok(i+2).space):
			return t.num(), i + 2, true
		}
		return t.num(), i + 1, true
	}
	return p.ordinalWord(i)
}

// ordinalWord reads first, twenty-second, "twenty four".
func (p *timeParser) ordinalWord(i int) (d, next int, ok bool) {
	if tens, is := p.has(i, tNumber); is && tens >= 20 {
		k := i + 1
		if p.tok(k).mark('-') {
			k++
		}
		if d, is = p.has(k, tOrdinal); is && d < 10 {
			return tens + d, k + 1, tens+d <= 31
		}
		if d, is = p.has(k, tNumber); is && d < 10 {
			return tens + d, k + 1, tens+d <= 31
		}
		return tens, i + 1, tens <= 31
	}
	if d, is := p.has(i, tOrdinal); is && !p.tok(i).is("second") {
		return d, i + 1, true
	}
	if p.tok(i).is("second") && p.tok(i+1).is("of") {
		return 2, i + 1, true
	}
	return 0, 0, false
}

// yearFirst reads 2020/Sep/23, 2019-aug-1 and 2016 10 16.
func (p *timeParser) yearFirst(e *timeExpr, i int) (int, bool) {
	y := p.tok(i)
	if y.kind != kindNumber || y.digits != 4 || y.num() < 1900 || y.num() > 2200 || e.hasDay {
		return 0, false
	}
	s := p.tok(i + 1)
	if n, next, ok := p.quarterNumber(i + 1); ok && !s.space {
		e.day, e.hasDay, e.grain = time.Date(y.num(), time.Month(3*n-2), 1, 0, 0, 0, 0, p.ref.Location()), true, GrainQuarter
		return next, true
	}
	if !s.space && (s.mark('-') || s.mark('/') || s.mark('.')) {
		if m, ok := p.has(i+2, tMonth); ok && p.tok(i+3).low == s.low && p.tok(i+4).kind == kindNumber {
			return p.setDate(e, y.num(), m, p.tok(i+4).num(), i+5)
		}
		return 0, false
	}
	if m, d := p.tok(i+1), p.tok(i+2); m.kind == kindNumber && m.digits == 2 && d.kind == kindNumber && d.digits == 2 {
		return p.setDate(e, y.num(), m.num(), d.num(), i+3)
	}
	return 0, false
}

// yearAt reads a year behind a date; 0 without one.
func (p *timeParser) yearAt(i int) (year, next int) {
	k := i
	t := p.tok(k)
	if t.mark(',') || (t.mark('-') || t.mark('/') || t.mark('.')) && !t.space {
		k++
	}
	if p.tok(k).is("of", "de", "in") {
		k++
	}
	if p.tok(k).mark('\'') {
		k++
	}
	t = p.tok(k)
	if t.kind != kindNumber {
		return p.yearWords(i)
	}
	after := p.tok(k + 1)
	if t.digits == 4 && (t.num() >= 1900 || t.num() >= 1000 && !p.due) && t.num() < 2200 && (!after.mark(':') || after.space) {
		return t.num(), k + 1
	}
	if t.digits == 2 && k > i && !p.tok(i).mark(',') && !after.mark(':') {
		return century(t.num()), k + 1
	}
	return 0, i
}

// yearWords reads "nineteen eighty six".
func (p *timeParser) yearWords(i int) (year, next int) {
	hundreds, ok := p.has(i, tNumber)
	if !ok || hundreds < 17 || hundreds > 20 {
		return 0, i
	}
	k := i + 1
	if p.tok(k).is("hundred") {
		k++
	}
	if rest, next, ok := p.minuteWords(k); ok {
		return hundreds*100 + rest, next
	}
	if rest, _, next, ok := p.amount(k); ok && rest < 100 && p.tok(k).kind == kindWord {
		return hundreds*100 + rest, next
	}
	return 0, i
}

// ordinalDay reads "the 20th", "the 20th of next month", "dem 12.", "le 20".
func (p *timeParser) ordinalDay(e *timeExpr, i int) (int, bool) {
	if e.hasDay {
		return 0, false
	}
	t := p.tok(i)
	if t.kind != kindNumber {
		if _, ok := p.has(i, tOrdinal); !ok {
			if v, ok := p.has(i, tNumber); !ok || v < 20 {
				return 0, false
			}
		}
		if !p.tok(i - 1).is("the") {
			return 0, false
		}
	}
	d, next, ok := p.dayNumber(i)
	if !ok {
		return 0, false
	}
	if t.kind != kindNumber && next == i+1 && !(p.tok(next).is("of") || e.weekday > 0 || p.tok(i-2).is("on") && p.tok(next).kind != kindWord) {
		return 0, false
	}
	marked := next > i+1 || t.kind != kindNumber
	if p.tok(next).is("day") && marked {
		next++
	}
	if p.tok(next).is("of") || p.tok(next).is("des", "du", "de") {
		if m, after, ok := p.monthPeriod(next + 1); ok {
			return p.setDate(e, m.Year(), int(m.Month()), d, after)
		}
	}
	if _, next1 := p.has(next, tNext); marked && next1 {
		if m, after, ok := p.monthPeriod(next); ok { // the 2nd next month
			return p.setDate(e, m.Year(), int(m.Month()), d, after)
		}
	}
	before := p.tok(i - 1)
	if !marked {
		romance := p.opts.Language != English && (before.is("le", "el", "dia", "día", "au", "du"))
		if !romance && !(e.weekday > 0 && !before.is("at", "by", "before", "las", "às", "à", "a", "um", "om", "vers") && !p.tok(next).mark(':') && !(p.tok(next).mark('.') && !p.tok(next).space && p.tok(next+1).kind == kindNumber && !p.tok(next+1).space) && !p.tok(next).is("am", "pm", "h", "uhr") && !p.hourMark(next) && !p.tok(next).is("noon", "midnight", "midday")) {
			return 0, false
		}
	}
	if _, unit := p.has(next, tUnit); unit || p.betweenDays(i) {
		return 0, false
	}
	if marked && p.tok(next).kind == kindWord && e.weekday == 0 && !before.is("the", "on", "by", "before", "until", "from", "le", "am", "vom", "bis", "den", "dem", "zum", "op", "de", "since", "to") && i > 0 {
		return 0, false // "1st place"
	}
	if next == i+2 && p.tok(i+1).mark('.') && !before.is("am", "bis", "dem", "vor", "den", "zum", "vom", "ab", "der") && e.weekday == 0 {
		return 0, false
	}
	at := p.dayOfMonth(e, d)
	e.day, e.hasDay, e.grain, e.dayOnly = at, true, GrainDay, true
	return next, true
}

// betweenDays reports whether the day at token i is one end of a span: "between the
// 21st and 23rd".
func (p *timeParser) betweenDays(i int) bool {
	for k := i - 1; k >= 0 && k >= i-7; k-- {
		if p.tok(k).is("between") {
			return true
		}
	}
	return false
}

// dayOfMonth is the next day with the number d, and on the weekday e names if
// one of the next months has such a one.
func (p *timeParser) dayOfMonth(e *timeExpr, d int) time.Time {
	today := p.today
	var first time.Time
	for k := range 12 {
		at := time.Date(today.Year(), today.Month()+time.Month(k), d, 0, 0, 0, 0, today.Location())
		if at.Day() != d || at.Before(today) {
			continue
		}
		if first.IsZero() {
			first = at
		}
		if e.weekday == 0 || isoWeekday(at) == e.weekday {
			return at
		}
	}
	return first
}

// monthPeriod reads "next month", "this month", "the month".
func (p *timeParser) monthPeriod(i int) (time.Time, int, bool) {
	first := time.Date(p.ref.Year(), p.ref.Month(), 1, 0, 0, 0, 0, p.ref.Location())
	if p.tok(i).is("the") {
		i++
	}
	add := 0
	if _, ok := p.has(i, tNext); ok {
		add, i = 1, i+1
	} else if _, ok := p.has(i, tLast); ok {
		add, i = -1, i+1
	} else if _, ok := p.has(i, tThis); ok {
		i++
	}
	if u, ok := p.has(i, tUnit); ok && u == uMonth {
		return first.AddDate(0, add, 0), i + 1, true
	}
	return time.Time{}, 0, false
}
