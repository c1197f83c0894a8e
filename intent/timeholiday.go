package intent

import "time"

// holidays are days with a name that people set deadlines by: month and day, or
// the days after Easter Sunday. Which days are worked is not considered.
var holidays = map[string]struct{ month, day, easter int }{
	"christmas": {12, 25, 0}, "xmas": {12, 25, 0}, "easter": {0, 0, 0}, "halloween": {10, 31, 0},
	"weihnachten": {12, 25, 0}, "ostern": {0, 0, 0}, "pfingsten": {0, 0, 49}, "silvester": {12, 31, 0},
	"noël": {12, 25, 0}, "pâques": {0, 0, 0}, "navidad": {12, 25, 0}, "natal": {12, 25, 0}, "páscoa": {0, 0, 0},
	"kerstmis": {12, 25, 0}, "kerst": {12, 25, 0}, "pasen": {0, 0, 0}, "whitsun": {0, 0, 49},
}

// holiday reads a named day, its eve, and the year behind it; "next Easter".
func (p *timeParser) holiday(e *timeExpr, i int) (int, bool) {
	if e.hasDay {
		return 0, false
	}
	mod, k := p.modifier(i)
	h, ok := holidays[p.tok(k).low]
	next := k + 1
	shift := 0
	switch {
	case ok:
		if p.tok(next).is("eve") {
			shift, next = -1, next+1
		} else if p.tok(next).is("monday") && h.month == 0 {
			shift, next = 1, next+1
		} else if p.tok(next).is("day") {
			next++
		}
	case p.tok(k).is("good") && p.tok(next).is("friday"):
		shift, next = -2, next+1
	case p.tok(k).is("new") && p.tok(next).is("year", "year's", "years", "years'"):
		h.month, h.day, next = 1, 1, next+1
		if p.tok(next).mark('\'') {
			next++
		}
		if p.tok(next).is("eve") {
			h.month, h.day, next = 12, 31, next+1
		} else if p.tok(next).is("day") {
			next++
		} else {
			return 0, false
		}
	default:
		return 0, false
	}
	y, next := p.yearAt(next)
	e.day = p.holidayDate(h.month, h.day, h.easter+shift, shift, y, mod)
	e.hasDay, e.grain, e.hasYear = true, GrainDay, y > 0
	return next, true
}

// holidayDate finds the holiday of year y, or the next one, or the last.
func (p *timeParser) holidayDate(month, day, afterEaster, shift, y, mod int) time.Time {
	on := func(y int) time.Time {
		if month == 0 {
			return easter(y, p.ref.Location()).AddDate(0, 0, afterEaster)
		}
		return time.Date(y, time.Month(month), day+shift, 0, 0, 0, 0, p.ref.Location())
	}
	if y > 0 {
		return on(y)
	}
	y = p.ref.Year()
	today := dayOf(p.ref)
	if mod < 0 {
		if at := on(y); at.Before(today) {
			return at
		}
		return on(y - 1)
	}
	if at := on(y); !at.Before(today) {
		return at
	}
	return on(y + 1)
}

// easter is Easter Sunday of a year of the Gregorian calendar (the algorithm of
// Meeus, Jones and Butcher).
func easter(y int, zone *time.Location) time.Time {
	a, b, c := y%19, y/100, y%100
	d, e := b/4, b%4
	g := (b - (b+8)/25 + 1) / 3
	h := (19*a + b - d - g + 15) % 30
	i, k := c/4, c%4
	l := (32 + 2*e + 2*i - h - k) % 7
	m := (a + 11*h + 22*l) / 451
	n := h + l - 7*m + 114
	return time.Date(y, time.Month(n/31), n%31+1, 0, 0, 0, 0, zone)
}
