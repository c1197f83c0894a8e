package intent

import (
	"slices"
	"time"
)

// period reads weeks, months and quarters: next week, this weekend, end of
// month, EOD, the week of October 6th, Q3.
func (p *timeParser) period(e *timeExpr, i int) (int, bool) {
	if e.hasDay && e.grain < GrainWeek || e.hasDay && e.weekday == 0 {
		if u, ok := p.has(i, tShort); ok && u == uDay && !e.hasClock && e.part == 0 {
			return p.closing(e, i+1)
		}
		if next, ok := p.endOfDay(e, i); ok {
			return next, true
		}
		return p.closeOfBusiness(e, i)
	}
	if e.weekday > 0 {
		if next, ok := p.endOfDay(e, i); ok {
			return next, true
		}
	}
	if next, ok := p.closeOfBusiness(e, i); ok {
		return next, true
	}
	if u, ok := p.has(i, tShort); ok {
		if u == uDay {
			return p.closing(e, i+1)
		}
		return p.setPeriod(e, u, 0, true, i+1)
	}
	if next, ok := p.weekNumber(e, i); ok {
		return next, true
	}
	if next, ok := p.unitEnd(e, i); ok {
		return next, true
	}
	if next, ok := p.middleOf(e, i); ok {
		return next, true
	}
	if next, ok := p.courseOf(e, i); ok {
		return next, true
	}
	if n, next, ok := p.quarterNumber(i); ok && !e.hasDay {
		return p.quarter(e, n, next)
	}
	if _, ok := p.has(i, tEnd); ok || p.tok(i).is("close") && p.tok(i+1).is("of") {
		return p.endOf(e, i)
	}
	mod, k := p.modifier(i)
	count := 1
	if n, after, ok := p.upcomingCount(i); ok {
		mod, k, count = 1, after, n
	}
	u, ok := p.has(k, tUnit)
	if p.tok(k).is("week") && p.tok(k+1).mark('-') && p.tok(k+2).is("end") {
		u, ok, k = uWeekend, true, k+2
	}
	if !ok || u < uWeek && u != uDay || u == uFortnight || u == uWorkday {
		return 0, false
	}
	next := k + 1
	switch p.opts.Language {
	case French, Spanish, Portuguese:
		if _, ok := p.has(next, tNext); ok && mod == 0 {
			mod, next = 1, next+1
		} else if p.tok(next).is("que") && p.tok(next+1).is("viene", "vem") {
			mod, next = 1, next+2
		}
	}
	if u == uWeek && mod == 0 && p.tok(k+1).is("of") {
		return p.weekOf(e, k+2)
	}
	if u == uWeekend && mod == 0 {
		mod = 2
		if !p.tok(i-1).is("the", "over", "am", "bis", "zum", "dem", "das", "übers", "le", "ce", "het", "du", "el", "o", "fim", "by", "this") {
			return 0, false
		}
	}
	if mod == 2 && u == uDay && p.opts.Language == French {
		return p.setRelative(e, 0, next)
	}
	if mod == 0 || u == uDay && mod != 1 && count == 1 {
		return 0, false
	}
	add := map[int]int{1: 1, 2: 0, 3: 1, -1: -1, 4: 1}[mod] * count
	if u == uDay {
		return p.setRelative(e, add, next)
	}
	return p.setPeriod(e, u, add, false, next)
}

// weekNumber reads "week 12", "KW 12": the next week with that number (ISO 8601).
func (p *timeParser) weekNumber(e *timeExpr, i int) (int, bool) {
	n := p.tok(i + 1)
	if !p.due || e.hasDay || !p.tok(i).is("week", "wk", "kw", "cw", "semaine", "semana") || n.kind != kindNumber || n.digits > 2 || n.num() < 1 || n.num() > 53 {
		return 0, false
	}
	monday := mondayOf(p.ref)
	for range 54 {
		if _, w := monday.ISOWeek(); w == n.num() {
			e.day, e.hasDay, e.grain = monday, true, GrainWeek
			return i + 2, true
		}
		monday = monday.AddDate(0, 0, 7)
	}
	return 0, false
}

// unitEnd reads "month end", "year-end", "week's end".
func (p *timeParser) unitEnd(e *timeExpr, i int) (int, bool) {
	u, ok := p.has(i, tUnit)
	if !ok || p.opts.Language != English || u != uWeek && u != uMonth && u != uQuarter && u != uYear {
		return 0, false
	}
	k := i + 1
	if p.tok(k).mark('-') {
		k++
	}
	if !p.tok(k).is("end") || p.tok(k+1).is("of") {
		return 0, false
	}
	return p.setPeriod(e, u, 0, true, k+1)
}

// endOfDay reads the end or the course of a day that is named already: "vendredi en
// fin de journée", "tomorrow by end of day".
func (p *timeParser) endOfDay(e *timeExpr, i int) (int, bool) {
	if !p.due || e.hasClock || e.part > 0 || e.endOf {
		return 0, false
	}
	probe := timeExpr{}
	read := p.courseOf
	if _, ok := p.has(i, tEnd); ok {
		read = p.endOf
	}
	next, ok := read(&probe, i)
	if !ok || !probe.hasDay && !probe.endOf && probe.part == 0 || probe.weekday > 0 || probe.hasDay && probe.grain != GrainDay || p.dayFollows(next) {
		return 0, false
	}
	e.endOf, e.part = probe.endOf || probe.part == 0, probe.part
	return next, true
}

// courseOf reads "im Laufe der Woche", "in the course of the day".
func (p *timeParser) courseOf(e *timeExpr, i int) (int, bool) {
	k := i + 1
	switch t := p.tok(i); {
	case !p.due || e.hasDay:
		return 0, false
	case t.in(inCourse):
	case t.is("dans") && p.tok(k).is("la") && p.tok(k+1).is("journée", "semaine", "matinée"):
	case t.is("dans") && p.tok(k).is("l'après") && p.tok(k+1).mark('-'):
		e.part = partAfternoon
		return p.setRelative(e, 0, k+3)
	default:
		return 0, false
	}
	for k < i+4 && p.tok(k).is("of", "the", "de", "la", "du", "der", "des", "del", "da", "do", "van", "a", "o", "el", "le") {
		k++
	}
	if part, ok := p.has(k, tPart); ok {
		e.part, e.assumed = part, true
		return p.setRelative(e, 0, k+1)
	}
	if _, weekday := p.has(k, tWeekday); weekday || p.tok(k).is("today", "tomorrow", "morgen", "mañana", "amanhã", "demain") {
		e.endOf = true
		return k, true
	}
	mod, k := p.modifier(k)
	if p.tok(k).is("heutigen") {
		k++
	}
	u, ok := p.has(k, tUnit)
	switch {
	case !ok:
		return 0, false
	case u == uDay:
		e.assumed = true
		return p.setRelative(e, 0, k+1)
	case u < uWeek || u > uYear:
		return 0, false
	}
	next, add := k+1, 0
	if mod == 1 || mod == 3 {
		add = 1
	} else if _, ok := p.has(next, tNext); ok {
		add, next = 1, next+1
	}
	return p.setPeriod(e, u, add, false, next)
}

// quarterNumber reads Q3.
func (p *timeParser) quarterNumber(i int) (n, next int, ok bool) {
	d := p.tok(i + 1)
	if !p.tok(i).is("q") || d.kind != kindNumber || d.space || d.digits != 1 || d.num() < 1 || d.num() > 4 {
		return 0, 0, false
	}
	return d.num(), i + 2, true
}

// A periodPart is a part of a week or month, with the days from its first one.
type periodPart struct {
	words       []string
	week, month int
}

var periodParts = []periodPart{
	{[]string{"beginning", "start", "anfang", "beginn", "début", "principios", "comienzos", "início", "começo", "begin"}, 0, 0},
	{[]string{"early"}, 1, 4},
	{[]string{"mid", "middle", "midweek", "mitte", "mi", "medio", "midden", "mediados", "meados", "meio", "milieu", "halverwege", "half"}, 2, 14},
}

// middleOf reads "mid next week", "the middle of April", "Mitte nächster Woche":
// the Wednesday of the week, the 15th of the month. Beginnings are the first day.
func (p *timeParser) middleOf(e *timeExpr, i int) (int, bool) {
	if !p.due || e.hasDay || !p.tok(i).in(inMiddle) {
		return 0, false
	}
	part := slices.IndexFunc(periodParts, func(part periodPart) bool { return p.tok(i).is(part.words...) })
	if part < 0 {
		return 0, false
	}
	k := i + 1
	for k < i+4 && (p.tok(k).mark('-') || p.tok(k).is("of", "the", "de", "la", "du", "des", "der", "do", "da", "del", "van")) {
		k++
	}
	var inner timeExpr
	next, ok := 0, false
	if m, month := p.monthAt(k); month {
		next, ok = p.monthFirst(&inner, k, m)
	} else if p.tok(k).is("month", "mois", "mes", "mês", "maand") {
		next, ok = p.setPeriod(&inner, uMonth, 0, false, k+1)
	} else {
		next, ok = p.period(&inner, k)
	}
	switch {
	case !ok:
		return 0, false
	case inner.grain == GrainWeek && !inner.weekend:
		e.day = inner.day.AddDate(0, 0, periodParts[part].week)
	case inner.grain == GrainMonth:
		e.day = inner.day.AddDate(0, 0, periodParts[part].month)
	default:
		return 0, false
	}
	e.hasDay, e.grain = true, GrainDay
	return next, true
}

// upcomingCount reads "2 upcoming weeks" and "upcoming two weeks".
func (p *timeParser) upcomingCount(i int) (n, next int, ok bool) {
	if p.tok(i).is("upcoming") {
		if n, _, k, ok := p.amount(i + 1); ok {
			return n, k, true
		}
	}
	if n, _, k, ok := p.amount(i); ok && p.tok(k).is("upcoming") {
		return n, k + 1, true
	}
	return 0, 0, false
}

// weekOf reads the date behind "the week of".
func (p *timeParser) weekOf(e *timeExpr, i int) (int, bool) {
	for p.tok(i).is("the") {
		i++
	}
	var day timeExpr
	next, ok := p.monthDate(&day, i)
	if !ok {
		next, ok = p.ordinalDay(&day, i)
	}
	if !ok || day.grain != GrainDay {
		return 0, false
	}
	if isoWeekday(day.day) == 7 && !p.due {
		day.day = day.day.AddDate(0, 0, 1) // American weeks begin on Sunday
	}
	e.day, e.hasDay, e.grain = mondayOf(day.day), true, GrainWeek
	return next, true
}

// closeOfBusiness reads "close of business", "close of play", "Feierabend".
func (p *timeParser) closeOfBusiness(e *timeExpr, i int) (int, bool) {
	if e.hasClock || e.part > 0 {
		return 0, false
	}
	t := p.tok(i)
	if t.is("close") && p.tok(i+1).is("of") && p.tok(i+2).is("business", "play") {
		return p.closing(e, i+3)
	}
	return 0, false
}

// closing sets the end of the working day.
func (p *timeParser) closing(e *timeExpr, next int) (int, bool) {
	e.endOf = true
	if !e.hasDay && e.weekday == 0 {
		e.day, e.hasDay, e.grain, e.count = p.today, true, GrainDay, e.count+1
		e.dayOnly = false
		// A day that follows takes the place of today: "COB Friday".
		e.hasDay = !p.dayFollows(next)
	}
	return next, true
}

// dayFollows reports whether a day is named behind "end of day".
func (p *timeParser) dayFollows(i int) bool {
	for range 3 {
		if p.tok(i).is("on", "of", "the", "de", "da", "do", "del", "le", "el", "am", "op", "na", "van") || p.tok(i).mark(',') {
			i++
		}
	}
	if _, ok := p.has(i, tWeekday); ok {
		return true
	}
	if n, ok := p.has(i, tRelDay); ok && n != 0 {
		return true
	}
	if _, ok := p.has(i, tNext); ok {
		return true
	}
	_, ok := p.monthAt(i)
	return ok || p.tok(i).kind == kindNumber
}

// endOf reads "end of the day", "end of next week", "Ende August", "fin février".
func (p *timeParser) endOf(e *timeExpr, i int) (int, bool) {
	k := i + 1
	linked := false
	for k < i+4 && p.tok(k).is("of", "the", "de", "la", "du", "des", "der", "do", "da", "del", "van", "my", "your", "our", "het", "el", "o") && !p.tok(k).is("mes") {
		k, linked = k+1, true
	}
	e.yours = e.yours || p.tok(k-1).is("your")
	if m, ok := p.monthAt(k); ok {
		y, next := p.yearAt(k + 1)
		if y == 0 {
			y = p.ref.Year()
			if time.Month(m) < p.ref.Month() {
				y++
			}
		}
		e.day, e.hasDay, e.grain, e.endOf = time.Date(y, time.Month(m), 1, 0, 0, 0, 0, p.ref.Location()), true, GrainMonth, true
		return next, true
	}
	if next, ok := p.weekNumber(e, k); ok {
		return next, true
	}
	if next, ok := p.nthOf(e, k); ok && e.grain == GrainWeek {
		return next, true
	}
	if p.due && p.dateAt(k) {
		e.endOf = true
		return k, true
	}
	mod, k2 := p.modifier(k)
	if p.tok(k2).is("working", "business", "work") {
		k2++
	}
	u, ok := p.has(k2, tUnit)
	if !ok {
		if p.tok(k2).is("play", "business") && linked || p.tok(k2-1).is("business") {
			return p.closing(e, max(k2, k+1))
		}
		if part, ok := p.endPart(k2); ok > 0 {
			e.part, e.assumed = part, true
			return p.setRelative(e, 0, ok)
		}
		if n, ok := p.has(k2, tOrdinal); ok && n > 0 {
			if u, ok := p.has(k2+1, tUnit); ok && u == uQuarter {
				e.endOf = true
				return p.quarter(e, n, k2+2)
			}
		}
		_, weekday := p.has(k2, tWeekday)
		day, relative := p.has(k2, tRelDay)
		if weekday || relative && day >= 0 {
			e.endOf = true
			return k, true
		}
		if n, next, ok := p.quarterNumber(k2); ok {
			e.endOf = true
			return p.quarter(e, n, next)
		}
		return 0, false
	}
	if !linked && mod == 0 && p.opts.Language == English && p.tok(i+1).low != p.tok(k2).low {
		return 0, false
	}
	next := k2 + 1
	if u == uDay || u == uWorkday {
		return p.closing(e, next)
	}
	if u == uWeekend {
		return p.setPeriod(e, uWeekend, 0, true, next)
	}
	if u < uWeek || u > uYear {
		return 0, false
	}
	switch p.opts.Language {
	case French, Spanish, Portuguese:
		if _, ok := p.has(next, tNext); ok {
			mod, next = 1, next+1
		} else if p.tok(next).is("que") && p.tok(next+1).is("viene", "vem", "entra") {
			mod, next = 1, next+2
		}
	}
	add := 0
	switch mod {
	case 1, 3:
		add = 1
	case -1:
		add = -1
	}
	return p.setPeriod(e, u, add, true, next)
}

// endPart reads the part of the day behind "fin de": matinée, d'après-midi, tarde.
// next is 0 without one.
func (p *timeParser) endPart(i int) (part, next int) {
	if p.tok(i).is("d'après", "après") && p.tok(i+1).mark('-') && p.tok(i+2).is("midi") {
		return partAfternoon, i + 3
	}
	if part, ok := p.has(i, tPart); ok && p.due {
		return part, i + 1
	}
	return 0, 0
}

// setPeriod sets the week, month, quarter or year that is add after the running
// one.
func (p *timeParser) setPeriod(e *timeExpr, unit, add int, end bool, next int) (int, bool) {
	if e.hasDay {
		return 0, false
	}
	today := p.today
	first := time.Date(today.Year(), today.Month(), 1, 0, 0, 0, 0, today.Location())
	switch unit {
	case uWeek:
		e.day, e.grain = mondayOf(today).AddDate(0, 0, 7*add), GrainWeek
	case uWeekend:
		e.day, e.grain, e.weekend = mondayOf(today).AddDate(0, 0, 7*add+5), GrainWeek, true
	case uMonth:
		e.day, e.grain = first.AddDate(0, add, 0), GrainMonth
	case uQuarter:
		e.day, e.grain = first.AddDate(0, -(int(first.Month())-1)%3+3*add, 0), GrainQuarter
	default:
		e.day, e.grain = first.AddDate(add, 1-int(first.Month()), 0), GrainYear
	}
	e.hasDay, e.endOf = true, end
	return next, true
}

// nthOf reads "first Monday of October", "last day of the month", "third
// quarter".
func (p *timeParser) nthOf(e *timeExpr, i int) (int, bool) {
	if e.hasDay || e.weekday > 0 {
		return 0, false
	}
	n, k := 0, i+1
	if v, ok := p.has(i, tOrdinal); ok {
		n = v
	} else if _, ok := p.has(i, tLast); ok {
		n = -1
	} else if t := p.tok(i); t.kind == kindNumber && t.num() <= 31 && !p.tok(i+1).space && p.tok(i+1).is("st", "nd", "rd", "th") {
		n, k = t.num(), i+2
	} else {
		return 0, false
	}
	if n > 0 {
		if _, ok := p.has(k, tLast); ok { // third last
			n, k = -n, k+1
		}
	}
	working := p.due && p.tok(k).is("working", "business")
	if working {
		k++
	}
	weekday, isDay := p.has(k, tWeekday)
	unit, isUnit := p.has(k, tUnit)
	if !isDay && !(isUnit && (unit == uDay || unit == uWeek || unit == uQuarter)) {
		return 0, false
	}
	if unit == uQuarter && !isDay {
		return p.quarter(e, n, k+1)
	}
	k++
	if !p.tok(k).is("of", "in", "on") && !(p.due && p.tok(k).is("do", "de", "da", "del", "du", "des", "van")) {
		return 0, false
	}
	first, months, next, ok := p.container(k + 1)
	if !ok {
		return 0, false
	}
	at, ok := nthDay(first, months, n, weekday, unit)
	if !ok {
		return 0, false
	}
	if working && n == -1 {
		at = workdayBefore(at.AddDate(0, 0, 1))
	}
	e.day, e.hasDay, e.grain = at, true, GrainDay
	if unit == uWeek && !isDay {
		e.grain = GrainWeek
	}
	return next, true
}

func (p *timeParser) quarter(e *timeExpr, n, next int) (int, bool) {
	if n < 1 || n > 4 {
		return 0, false
	}
	y, after := p.yearAt(next)
	if y == 0 {
		y = p.ref.Year()
	}
	e.day, e.hasDay, e.grain = time.Date(y, time.Month(3*n-2), 1, 0, 0, 0, 0, p.ref.Location()), true, GrainQuarter
	return after, true
}

// container reads the month or year that something is the nth of.
func (p *timeParser) container(i int) (first time.Time, months, next int, ok bool) {
	if p.tok(i).is("the") && p.tok(i+1).low != "month" {
		i++
	}
	if m, ok := p.monthAt(i); ok {
		y, next := p.yearAt(i + 1)
		if y == 0 {
			y = p.ref.Year()
			if time.Month(m) < p.ref.Month() {
				y++
			}
		}
		return time.Date(y, time.Month(m), 1, 0, 0, 0, 0, p.ref.Location()), 1, next, true
	}
	if first, next, ok := p.monthPeriod(i); ok {
		return first, 1, next, true
	}
	if y, next := p.yearPeriod(i); y > 0 {
		return time.Date(y, 1, 1, 0, 0, 0, 0, p.ref.Location()), 12, next, true
	}
	if t := p.tok(i); t.kind == kindNumber && t.digits == 4 {
		return time.Date(t.num(), 1, 1, 0, 0, 0, 0, p.ref.Location()), 12, i + 1, true
	}
	return time.Time{}, 0, 0, false
}

// yearPeriod reads "the year", "next year"; 0 without one.
func (p *timeParser) yearPeriod(i int) (year, next int) {
	if p.tok(i).is("the") {
		i++
	}
	mod, k := p.modifier(i)
	if u, ok := p.has(k, tUnit); !ok || u != uYear || mod < -1 || mod > 2 {
		return 0, 0
	}
	return p.ref.Year() + [...]int{-1, 0, 1, 0}[mod+1], k + 1
}

// nthDay finds the nth weekday, day or week of a span of months.
func nthDay(first time.Time, months, n, weekday, unit int) (time.Time, bool) {
	end := first.AddDate(0, months, 0)
	step := 1
	at := first
	switch {
	case weekday > 0:
		step = 7
		at = first.AddDate(0, 0, (weekday-isoWeekday(first)+7)%7)
	case unit == uWeek:
		step = 7
		at = mondayOf(first.AddDate(0, 0, 6))
		if n < 0 { // whole weeks, counted from the end
			last := mondayOf(end.AddDate(0, 0, -7))
			if isoWeekday(end) == 1 {
				last = end.AddDate(0, 0, -7)
			}
			at = last.AddDate(0, 0, 7*(n+1))
			return at, !at.Before(first)
		}
	}
	if n > 0 {
		at = at.AddDate(0, 0, step*(n-1))
	} else {
		last := at.AddDate(0, 0, step*(int(end.Sub(at).Hours()/24+0.9)/step))
		for !last.Before(end) {
			last = last.AddDate(0, 0, -step)
		}
		at = last.AddDate(0, 0, step*(n+1))
	}
	return at, !at.Before(first) && at.Before(end)
}
