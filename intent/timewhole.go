package intent

import "time"

// alone reads what is a time only because there is nothing else: "10 31 1974",
// "15 / 2", "1974", "7", "the 24".
func (p *timeParser) alone(e *timeExpr, i int) (int, bool) {
	n := len(p.toks)
	if p.due || e.count > 0 {
		return 0, false
	}
	t := p.tok(i)
	if y := p.tok(i + 1); t.is("in") && y.kind == kindNumber && y.digits == 4 && y.num() > 1900 && y.num() < 2100 && !p.tok(i+2).mark('-') && !p.tok(i+2).mark('/') {
		e.day, e.hasDay, e.grain = time.Date(y.num(), 1, 1, 0, 0, 0, 0, p.ref.Location()), true, GrainYear
		return i + 2, true // in 2014
	}
	switch {
	case n > 5:
		return 0, false
	case t.kind != kindNumber:
		return 0, false
	case n == 5 && i == 0 && p.spaced(1, 3) && p.tok(4).digits == 4:
		return p.numbers(e, t.num(), p.tok(2).num(), p.tok(4).num(), n)
	case n == 3 && i == 0 && p.tok(1).kind == kindNumber && p.tok(2).kind == kindNumber && p.tok(2).digits == 4:
		return p.numbers(e, t.num(), p.tok(1).num(), p.tok(2).num(), n)
	case n == 3 && i == 0 && p.spaced(1) && t.digits <= 2 && p.tok(2).digits <= 2:
		return p.numbers(e, t.num(), p.tok(2).num(), 0, n)
	case n == 2 && i == 1 && p.tok(0).is("the") && t.num() >= 1 && t.num() <= 31:
		e.day, e.hasDay, e.grain, e.dayOnly = p.dayOfMonth(e, t.num()), true, GrainDay, true
		return n, true
	case n > 1:
		return 0, false
	case t.digits == 4 && t.num() > 1900 && t.num() < 2100:
		e.day, e.hasDay, e.grain = time.Date(t.num(), 1, 1, 0, 0, 0, 0, p.ref.Location()), true, GrainYear
		return n, true
	case t.digits <= 2 && t.num() >= 1 && t.num() <= 12:
		return p.setClock(e, t.num(), 0, 0, true, true, n)
	}
	return 0, false
}

// spaced reports whether the tokens are dashes or slashes with space around.
func (p *timeParser) spaced(at ...int) bool {
	for _, i := range at {
		if t := p.tok(i); !t.mark('-') && !t.mark('/') || !t.space || p.tok(i+1).kind != kindNumber {
			return false
		}
	}
	return true
}

// numbers sets a date of two or three numbers, the year last or 0.
func (p *timeParser) numbers(e *timeExpr, a, b, year, next int) (int, bool) {
	m, d := a, b
	if p.dayFirst("/") && b <= 12 || a > 12 {
		m, d = b, a
	}
	if m > 12 || m < 1 || d > 31 {
		return 0, false
	}
	return p.setDate(e, year, m, d, next)
}

// fraction reads parts of an hour: "a quarter of an", "three-quarters of an", 1/4,
// "2 and a half". It gives minutes.
func (p *timeParser) fraction(i int) (minutes, next int, ok bool) {
	t := p.tok(i)
	k := i
	switch {
	case t.is("a", "one") && p.tok(i+1).is("quarter"):
		minutes, k = 15, i+2
	case t.is("three") && p.tok(i+1).is("quarters"), t.is("three") && p.tok(i+1).mark('-') && p.tok(i+2).is("quarters"):
		minutes, k = 45, i+2
		if p.tok(i + 1).mark('-') {
			k++
		}
	case t.kind == kindNumber && p.tok(i+1).mark('/') && !p.tok(i+1).space && p.tok(i+2).kind == kindNumber && (t.num() == 1 || t.num() == 3) && (p.tok(i+2).num() == 4 || p.tok(i+2).num() == 2):
		minutes, k = 60*t.num()/p.tok(i+2).num(), i+3
	default:
		n, _, after, ok := p.amount(i)
		if !ok || n > 100 || !p.tok(after).is("and") || !p.tok(after+1).is("a", "an") || !p.tok(after+2).is("half") {
			return 0, 0, false
		}
		minutes, k = n*60+30, after+3
	}
	for n := 0; n < 2 && p.tok(k).is("of", "an", "a"); n++ {
		k++
	}
	if u, ok := p.has(k, tUnit); !ok || u != uHour {
		return 0, 0, false
	}
	return minutes, k + 1, true
}
