package intent

import (
	"strings"
	"time"
)

// holidays are days with a name that people set deadlines by: month and day, or
// the days after Easter Sunday. Which days are worked is not considered.
var holidays = map[string]struct{ month, day, easter int }{
	"christmas": {12, 25, 0}, "xmas": {12, 25, 0}, "easter": {0, 0, 0}, "halloween": {10, 31, 0},
	"weihnachten": {12, 25, 0}, "ostern": {0, 0, 0}, "pfingsten": {0, 0, 49}, "silvester": {12, 31, 0},
	"noël": {12, 25, 0}, "pâques": {0, 0, 0}, "navidad": {12, 25, 0}, "natal": {12, 25, 0}, "páscoa": {0, 0, 0},
	"kerstmis": {12, 25, 0}, "kerst": {12, 25, 0}, "pasen": {0, 0, 0}, "whitsun": {0, 0, 49},
}

// A feast is a day with a name of several words: a date, or the nth weekday of a
// month (n -1: the last), and days behind it.
type feast struct{ month, day, weekday, n, behind int }

// feasts are by their first word, then all words. Their possessives are cut.
var feasts = readFeasts(map[string]feast{
	"independence day": {7, 4, 0, 0, 0}, "4th of july": {7, 4, 0, 0, 0}, "fourth of july": {7, 4, 0, 0, 0}, "earth day": {4, 22, 0, 0, 0}, "labor day": {9, 0, 1, 1, 0}, "labour day": {5, 1, 0, 0, 0},
	"may day": {5, 1, 0, 0, 0}, "memorial day": {5, 0, 1, -1, 0}, "martin luther king day": {1, 0, 1, 3, 0}, "mlk day": {1, 0, 1, 3, 0}, "presidents day": {2, 0, 1, 3, 0}, "president day": {2, 0, 1, 3, 0}, "washington birthday": {2, 0, 1, 3, 0},
	"columbus day": {10, 0, 1, 2, 0}, "veterans day": {11, 11, 0, 0, 0}, "veteran day": {11, 11, 0, 0, 0}, "thanksgiving day": {11, 0, 4, 4, 0}, "thanksgiving": {11, 0, 4, 4, 0}, "black friday": {11, 0, 4, 4, 1}, "cyber monday": {11, 0, 4, 4, 4},
	"valentine day": {2, 14, 0, 0, 0}, "valentines day": {2, 14, 0, 0, 0}, "valentine": {2, 14, 0, 0, 0}, "saint patrick day": {3, 17, 0, 0, 0}, "st patrick day": {3, 17, 0, 0, 0}, "saint patrick": {3, 17, 0, 0, 0}, "st patrick": {3, 17, 0, 0, 0},
	"april fools": {4, 1, 0, 0, 0}, "april fool day": {4, 1, 0, 0, 0}, "april fools day": {4, 1, 0, 0, 0}, "mother day": {5, 0, 7, 2, 0}, "mothers day": {5, 0, 7, 2, 0}, "father day": {6, 0, 7, 3, 0}, "fathers day": {6, 0, 7, 3, 0},
	"boxing day": {12, 26, 0, 0, 0}, "women day": {3, 8, 0, 0, 0}, "groundhog day": {2, 2, 0, 0, 0}, "guy fawkes day": {11, 5, 0, 0, 0}, "cinco de mayo": {5, 5, 0, 0, 0}, "juneteenth": {6, 19, 0, 0, 0}, "halloween day": {10, 31, 0, 0, 0},
	"all saints day": {11, 1, 0, 0, 0}, "all saint day": {11, 1, 0, 0, 0}, "all souls day": {11, 2, 0, 0, 0}, "flag day": {6, 14, 0, 0, 0}, "teacher day": {9, 10, 0, 0, 0}, "children day": {6, 1, 0, 0, 0},
})

type namedFeast struct {
	words []string
	feast
}

func readFeasts(table map[string]feast) map[string][]namedFeast {
	out := make(map[string][]namedFeast)
	for name, f := range table {
		words := strings.Fields(name)
		out[words[0]] = append(out[words[0]], namedFeast{words, f})
	}
	return out
}

// feast reads a named day of several words. It takes the longest name.
func (p *timeParser) feast(e *timeExpr, i int) (int, bool) {
	best := namedFeast{}
	for _, f := range feasts[strings.TrimSuffix(p.tok(i).low, "'s")] {
		if len(f.words) > len(best.words) && p.named(i, f.words) {
			best = f
		}
	}
	if len(best.words) == 0 || len(best.words) == 1 && !p.tok(i).upper && best.words[0] != "thanksgiving" {
		return 0, false
	}
	next := i + len(best.words)
	y, after := p.yearAt(next)
	if y == 0 {
		if t := p.tok(next); t.is("of") && p.tok(next+1).is("this") && p.tok(next+2).is("year") {
			y, after = p.ref.Year(), next+3
		}
	}
	e.hasYear = y > 0
	if y == 0 {
		y = p.ref.Year()
		if best.on(y, p.ref.Location()).Before(p.today) {
			y++
		}
	}
	e.day, e.hasDay, e.grain = best.on(y, p.ref.Location()), true, GrainDay
	return after, true
}

// named reports whether the words stand at token i, possessive or not.
func (p *timeParser) named(i int, words []string) bool {
	for k, w := range words {
		if strings.TrimSuffix(p.tok(i+k).low, "'s") != w {
			return false
		}
	}
	return true
}

// on is the day of the feast in a year.
func (f feast) on(y int, zone *time.Location) time.Time {
	first := time.Date(y, time.Month(f.month), 1, 0, 0, 0, 0, zone)
	if f.weekday == 0 {
		return first.AddDate(0, 0, f.day-1)
	}
	at, _ := nthDay(first, 1, f.n, f.weekday, 0)
	return at.AddDate(0, 0, f.behind)
}

// holiday reads a named day, its eve, and the year behind it; "next Easter".
func (p *timeParser) holiday(e *timeExpr, i int) (int, bool) {
	if e.hasDay {
		return 0, false
	}
	if next, ok := p.feast(e, i); ok {
		return next, true
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
	today := p.today
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
