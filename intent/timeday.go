package intent

import "time"

// relativeDay reads today, tomorrow, "day after tomorrow", heute.
func (p *timeParser) relativeDay(e *timeExpr, i int) (int, bool) {
	t := p.tok(i)
	if t.is("day") && !e.hasDay { // [the] day after tomorrow
		sign := 0
		if p.tok(i + 1).is("after") {
			sign = 1
		} else if p.tok(i + 1).is("before") {
			sign = -1
		}
		if n, ok := p.has(i+2, tRelDay); sign != 0 && ok && n == sign {
			return p.setRelative(e, 2*sign, i+3)
		}
		return 0, false
	}
	switch next := p.tok(i + 1); {
	case e.hasDay || e.weekday > 0:
	case t.is("pasado") && next.is("mañana"):
		return p.setRelative(e, 2, i+2)
	case t.is("après") && next.mark('-') && p.tok(i+2).is("demain"):
		return p.setRelative(e, 2, i+3)
	}
	n, ok := p.has(i, tRelDay)
	if !ok || e.hasDay || e.weekday > 0 {
		return p.morgen(e, i)
	}
	if t.is("mañana") && p.tok(i-1).is("la") || t.is("morgen") && p.tok(i-1).is("guten", "goeden", "deze", "diesen") {
		return 0, false
	}
	next := i + 1
	switch t.low {
	case "tonight", "vanavond":
		e.part = partEvening
	case "vanmiddag":
		e.part = partAfternoon
	}
	if part, ok := p.has(i, tPart); ok && e.part == 0 {
		e.part = part // morgenochtend
	}
	if t.is("depois") {
		return 0, false
	}
	if p.tok(i-1).is("pasado") && n == 1 || p.tok(i-1).is("de") && p.tok(i-2).is("depois") && n == 1 {
		n = 2
	}
	return p.setRelative(e, n, next)
}

// rightNow reads now, "at the moment", "at present".
func (p *timeParser) rightNow(e *timeExpr, i int) (int, bool) {
	if !p.now || e.count > 0 {
		return 0, false
	}
	next := 0
	switch t := p.tok(i); {
	case t.is("now") || t.is("atm"):
		next = i + 1
	case t.is("right", "just") && p.tok(i+1).is("now"):
		next = i + 2
	case t.is("at") && p.tok(i+1).is("present"):
		next = i + 2
	case t.is("at") && p.tok(i+1).is("the", "this") && p.tok(i+2).is("moment", "minute", "time") && !(p.tok(i+1).is("the") && p.tok(i+2).is("time")):
		next = i + 3
	default:
		return 0, false
	}
	e.shift, e.instant, e.shiftBy = true, p.ref, GrainSecond
	return next, true
}

// morgen is a morning behind another day.
func (p *timeParser) morgen(e *timeExpr, i int) (int, bool) {
	if t := p.tok(i); e.part == 0 && (e.hasDay || e.weekday > 0) && (t.is("morgen") || t.is("mañana")) {
		e.part = partMorning
		return i + 1, true
	}
	return 0, false
}

func (p *timeParser) setRelative(e *timeExpr, days, next int) (int, bool) {
	e.day, e.hasDay, e.grain = p.today.AddDate(0, 0, days), true, GrainDay
	return next, true
}

// weekdayOf reads a weekday with the words before and behind it that move it:
// next Friday, Friday week, Wednesday of next week, vendredi prochain.
func (p *timeParser) weekdayOf(e *timeExpr, i int) (int, bool) {
	mod, k := p.modifier(i)
	day, ok := p.has(k, tWeekday)
	if ok && e.hasDay && e.grain == GrainDay && !e.dayOnly && !e.hasYear && mod == 0 && k == i && len(p.tok(i).low) != 2 && e.weekday == 0 {
		m, d := int(e.day.Month()), e.day.Day() // 18 July, Friday
		if e.weekday = day; p.tok(i-1).mark(',') || p.tok(i-1).mark('(') {
			e.day = time.Date(p.yearFor(e, m, d), time.Month(m), d, 0, 0, 0, 0, e.day.Location())
			e.weekday = 0
			return k + 1, true
		}
		e.weekday = 0
		return 0, false
	}
	if !ok || e.weekday > 0 || e.hasDay && e.grain < GrainWeek && !e.dayOnly || !p.meantWeekday(k, mod != 0) {
		return 0, false
	}
	if e.hasDay && e.grain >= GrainMonth {
		return 0, false
	}
	next := k + 1
	if p.tok(next).mark('.') && len(p.tok(k).low) <= 4 && (p.tok(next+1).kind != kindWord || !p.tok(next+1).upper) {
		next++
	}
	if p.tok(next).mark('-') && p.tok(next+1).is("feira") {
		next += 2
	}
	switch p.opts.Language { // the modifier behind: vendredi prochain
	case French, Spanish, Portuguese:
		if _, ok := p.has(next, tNext); ok {
			mod, next = 1, next+1
		} else if _, ok := p.has(next, tLast); ok {
			mod, next = -1, next+1
		} else if p.tok(next).is("que") && p.tok(next+1).is("viene", "vem") {
			mod, next = 1, next+2
		}
	}
	if p.tok(next).is("after") && p.tok(next+1).is("next") {
		mod, next = 1, next+2
	}
	if p.opts.Language == French && p.tok(next).is("en") && p.tok(next+1).is("huit") {
		mod, next = modWeekLater, next+2
	}
	if p.due && mod == 0 && p.tok(next).is("week") && p.tok(next+1).kind != kindNumber && p.opts.Language == English {
		mod, next = modWeekLater, next+1 // Tuesday week
	}
	e.weekday, e.weekMod = day, mod
	if part, ok := p.has(k, tPart); ok && e.part == 0 {
		e.part = part // Freitagabend
	}
	if e.dayOnly {
		e.day = p.dayOfMonth(e, e.day.Day())
	}
	return next, true
}

// modifier reads next, this, last, coming in front of a day or a unit.
func (p *timeParser) modifier(i int) (mod, next int) {
	if p.tok(i).is("the") {
		i++
	}
	if p.tok(i).is("this") {
		if v, ok := p.has(i+1, tNext); ok && v == 2 { // this coming Friday
			return 3, i + 2
		}
		if _, ok := p.has(i+1, tLast); ok {
			return -1, i + 2
		}
	}
	if v, ok := p.has(i, tNext); ok {
		if v == 2 {
			return 3, i + 1
		}
		return 1, i + 1
	}
	if _, ok := p.has(i, tThis); ok {
		return 2, i + 1
	}
	if _, ok := p.has(i, tLast); ok {
		if _, day := p.has(i+1, tWeekday); day && p.tok(i).is("previous") {
			return modPrevious, i + 1
		}
		return -1, i + 1
	}
	return 0, i
}

// Modifiers of a weekday that modifier does not give.
const (
	modPrevious  = -2 // of the week before
	modWeekLater = 4  // a week after the next such day
)

// meantWeekday keeps short names of days from being seen in other words.
func (p *timeParser) meantWeekday(i int, modified bool) bool {
	t := p.tok(i)
	switch t.low {
	case "sun", "sat", "wed", "mon", "mo", "di", "mi", "fr":
		if modified || t.upper && !t.caps || p.tok(i+1).mark('.') || p.wholeText(i, i+1) {
			return t.low != "di" || p.tok(i+1).kind != kindWord
		}
		_, number := p.has(i+1, tNumber)
		return number || p.tok(i+1).kind == kindNumber || p.tok(i-1).is("on", "by", "until", "before", "and", "bis", "am")
	case "segunda", "terça", "quarta", "quinta", "sexta":
		n := p.tok(i + 1)
		return n.mark('-') && p.tok(i+2).is("feira") || p.tok(i-1).is("na", "até", "para", "de", "à", "próxima", "esta", "nesta") && !n.is("vez", "parte", "versão", "fase") || n.is("de", "às", "à", "feira")
	}
	return true
}

// spanOfTime reads "in 3 days", "within the hour", "two weeks ago", "3 days from
// now", "in the next 48h", "dans 2 jours".
func (p *timeParser) spanOfTime(e *timeExpr, i int) (int, bool) {
	today := e.hasDay && e.weekday == 0 && e.grain == GrainDay && e.day.Equal(p.today)
	if e.shift || e.hasClock || e.hasDay && e.grain < GrainWeek && !today {
		return 0, false
	}
	k, ahead := i, false
	if _, ok := p.has(i, tIn); ok {
		ahead, k = true, i+1
		for p.tok(k).is("the", "about", "around", "von", "van", "un", "el", "plazo", "prazo", "no", "den", "der", "les", "las", "los", "os", "as", "de", "next", "nächsten", "prochaines", "prochains", "próximas", "próximos", "komende", "of") && k < i+4 {
			k++
		}
	}
	if _, ok := p.has(i, tNext); ok && p.due && !ahead { // over the next 48 hours
		if n, _, _, ok := p.amount(i + 1); ok && n > 1 {
			ahead, k = true, i+1
		}
	}
	if minutes, next, ok := p.fraction(k); ok && ahead {
		e.shift, e.instant, e.shiftBy = true, p.ref.Add(time.Duration(minutes)*time.Minute), GrainMinute
		return next, true
	}
	amount, half, k2, ok := p.amount(k)
	if !ok && ahead && p.tok(k).is("few") {
		amount, k2, ok = 3, k+1, true
	}
	if !ok {
		_, unit := p.has(k, tUnit)
		if ahead && p.tok(k-1).is("the") && p.tok(i).is("within", "in") && !p.tok(k).is("second", "week", "day", "month", "year") ||
			p.due && ahead && unit && p.tok(k-1).is("next", "coming", "nächsten", "prochaine", "próxima", "komende") && !p.tok(k).is("week", "day", "month", "year") {
			if amount, k2 = 1, k; p.tok(k).is("quarter") && p.tok(k+1).is("of", "hour") {
				return 0, false
			}
		} else {
			return 0, false
		}
	}
	if p.tok(k2).mark('-') && !p.tok(k2).space && !p.tok(k2+1).space {
		k2++ // within 30-days
	}
	if _, next := p.has(k2, tNext); ahead && (next || p.tok(k2).is("more")) {
		k2++ // dans les 2 prochaines heures
	}
	if p.tok(k2).mark('\'') && !p.tok(k2).space && ahead && p.wholeText(0, k2+1) && !p.due {
		e.shift, e.instant, e.shiftBy = true, p.ref.Add(time.Duration(amount)*time.Minute), GrainMinute
		return k2 + 1, true
	}
	unit, ok := p.unitAt(k2)
	if !ok {
		return 0, false
	}
	next := k2 + 1
	if p.tok(k2).is("business", "working") {
		next++
	} else if unit == uDay && p.tok(next).is("ouvrés", "ouvrables", "hábiles", "laborables", "úteis") {
		unit, next = uWorkday, next+1
	}
	if w := p.tok(k2 - 1); unit == uDay && w.is("huit", "quinze", "quince") {
		amount -= 1 // a week, a fortnight
	}
	if p.tok(next).mark('\'') {
		next++
	}
	if p.tok(next).is("time") {
		next++
	}
	base := p.ref
	sign := 1
	if after, anchor, end, ok := p.anchor(next, unit); ok && (!ahead || end > next+1) {
		sign, next = after, end
		if !anchor.IsZero() {
			base = anchor
		}
	} else if !ahead {
		return 0, false
	}
	if today && unit >= uDay {
		return 0, false
	}
	if e.hasDay && e.grain == GrainMonth && unit == uYear && ahead { // March in a year
		e.day = time.Date(p.ref.Year()+amount, e.day.Month(), 1, 0, 0, 0, 0, e.day.Location())
		return next, true
	}
	at, grain := p.shifted(base, sign, amount, half, unit)
	e.shift, e.instant, e.shiftBy = true, at, grain
	if e.weekday > 0 && grain >= GrainDay {
		e.shift = false
		e.day, e.hasDay, e.grain = mondayOf(at), true, GrainWeek
	}
	return next, true
}

// anchor reads what a span is counted from: ago, from now, after tomorrow,
// before 13 May. at is zero for now.
func (p *timeParser) anchor(i, unit int) (sign int, at time.Time, next int, ok bool) {
	if _, is := p.has(i, tAgo); is {
		return -1, time.Time{}, i + 1, true
	}
	if _, is := p.has(i, tHence); is {
		return 1, time.Time{}, i + 1, true
	}
	sign = 1
	switch {
	case p.tok(i).is("from") && p.tok(i+1).is("now"):
		return 1, time.Time{}, i + 2, true
	case p.tok(i).is("from") && p.tok(i+1).is("right", "just") && p.tok(i+2).is("now"):
		return 1, time.Time{}, i + 3, true
	case p.due && unit == uWeek && p.tok(i).is("on", "today", "tomorrow"):
		i-- // a week on Tuesday, a week tomorrow
		if p.tok(i + 1).is("on") {
			i++
		}
	case p.tok(i).is("before"):
		sign = -1
	case !p.tok(i).is("from", "after"):
		return 0, time.Time{}, 0, false
	}
	if p.nested || unit < uDay || i+1 >= len(p.toks) {
		return 0, time.Time{}, 0, false
	}
	inner := *p
	inner.nested = true
	k := i + 1
	if p.tok(k).is("the") && k+1 < len(p.toks) {
		k++
	}
	t, ok := inner.at(k, len(p.toks))
	if !ok || t.Grain != GrainDay {
		return 0, time.Time{}, 0, false
	}
	return sign, t.At, t.last, true
}

// daysOn reads "3 Fridays from now", "two Thursdays back".
func (p *timeParser) daysOn(e *timeExpr, i int) (int, bool) {
	if e.hasDay || e.weekday > 0 || e.shift {
		return 0, false
	}
	n, _, k, ok := p.amount(i)
	if !ok || n < 1 || n > 60 {
		return 0, false
	}
	day, ok := p.has(k, tWeekday)
	if !ok {
		return 0, false
	}
	today := p.today
	ahead := (day-isoWeekday(today)+6)%7 + 1
	switch {
	case p.tok(k+1).is("from") && p.tok(k+2).is("now"):
		return p.setRelative(e, ahead+7*(n-1), k+3)
	case p.tok(k+1).is("ago", "back"):
		return p.setRelative(e, ahead-7*n, k+2)
	}
	return 0, false
}

// amount reads how many: 3, "a couple of", "half an", 2.5, three.
func (p *timeParser) amount(i int) (n int, half bool, next int, ok bool) {
	t := p.tok(i)
	if t.kind == kindNumber && t.digits <= 4 {
		if s := p.tok(i + 1); (s.mark('.') || s.mark(',')) && !s.space && p.tok(i+2).is("5") && !p.tok(i+2).space {
			return t.num(), true, i + 3, true
		}
		return t.num(), false, i + 1, t.num() <= 2000
	}
	if !t.in(inAmount) && t.word.classes&(1<<tNumber) == 0 {
		return 0, false, 0, false
	}
	if t.is("a", "an") {
		if p.tok(i + 1).is("half") {
			return 0, true, i + 2, true
		}
		if p.tok(i+1).is("couple", "pair") {
			k := i + 2
			if p.tok(k).is("of") {
				k++
			}
			return 2, false, k, true
		}
		if p.tok(i + 1).is("few") {
			return 3, false, i + 2, true
		}
		return 1, false, i + 1, true
	}
	if t.is("couple") && p.tok(i+1).is("of") && p.due {
		return 2, false, i + 2, true
	}
	if t.is("half", "halben", "demi") {
		k := i + 1
		if p.tok(k).is("a", "an") {
			k++
		}
		return 0, true, k, true
	}
	if n, is := p.has(i, tNumber); is {
		k := i + 1
		if n >= 20 {
			if p.tok(k).mark('-') {
				k++
			}
			if m, is := p.has(k, tNumber); is && m < 10 {
				return n + m, false, k + 1, true
			}
			k = i + 1
		}
		return n, false, k, true
	}
	return 0, false, 0, false
}

// unitAt reads a unit of a span.
func (p *timeParser) unitAt(i int) (int, bool) {
	if p.tok(i).is("business", "working") {
		if u, ok := p.has(i+1, tUnit); ok && u == uDay {
			return uWorkday, true
		}
	}
	u, ok := p.has(i, tUnit)
	return u, ok && u != uWeekend
}

// shifted moves base by a span.
func (p *timeParser) shifted(base time.Time, sign, n int, half bool, unit int) (time.Time, Grain) {
	n *= sign
	extra := func(d time.Duration) time.Duration {
		if !half {
			return 0
		}
		return time.Duration(sign) * d
	}
	switch unit {
	case uSecond:
		return base.Add(time.Duration(n) * time.Second), GrainSecond
	case uMinute:
		return base.Add(time.Duration(n)*time.Minute + extra(30*time.Second)), GrainSecond
	case uHour:
		return base.Add(time.Duration(n)*time.Hour + extra(30*time.Minute)), GrainMinute
	case uDay:
		return base.AddDate(0, 0, n).Add(extra(12 * time.Hour)), GrainDay
	case uWorkday:
		return addWorkdays(base, n), GrainDay
	case uWeek:
		return base.AddDate(0, 0, 7*n).Add(extra(84 * time.Hour)), GrainDay
	case uFortnight:
		return base.AddDate(0, 0, 14*n), GrainDay
	case uMonth:
		return addMonths(base, n), GrainDay
	case uQuarter:
		return addMonths(base, 3*n), GrainDay
	}
	return addMonths(base, 12*n), GrainDay
}

// addMonths keeps the day inside of the month.
func addMonths(t time.Time, n int) time.Time {
	moved := t.AddDate(0, n, 0)
	if moved.Day() != t.Day() {
		return moved.AddDate(0, 0, -moved.Day())
	}
	return moved
}

func addWorkdays(t time.Time, n int) time.Time {
	step := 1
	if n < 0 {
		step, n = -1, -n
	}
	for n = min(n, 1000); n > 0; {
		t = t.AddDate(0, 0, step)
		if isoWeekday(t) < 6 {
			n--
		}
	}
	return t
}
