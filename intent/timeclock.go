package intent

import "time"

// clock reads a time of day: 15:30, 3pm, 15h30, 14 Uhr, half past three, noon.
func (p *timeParser) clock(e *timeExpr, i int) (int, bool) {
	if e.hasClock || e.shift && e.shiftBy < GrainDay || e.hasDay && e.grain > GrainDay && e.weekday == 0 && !p.tok(i-1).is("at") {
		return 0, false
	}
	if next, ok := p.wordClock(e, i); ok {
		return next, true
	}
	t := p.tok(i)
	if t.kind != kindNumber || t.digits > 4 {
		return 0, false
	}
	if next, ok := p.pastClock(e, i); ok {
		return next, true
	}
	if v, ok := p.has(i+1, tClockAt); ok && t.num() == 12 && t.digits == 2 { // 12 noon
		return p.setClock(e, v/60, 0, 0, false, true, i+2)
	}
	s, m := p.tok(i+1), p.tok(i+2)
	glued := !s.space && !m.space && m.kind == kindNumber && m.digits == 2 && m.num() < 60 && t.digits <= 2 && t.num() <= 24
	switch {
	case glued && s.mark(':'):
		return p.colonClock(e, i)
	case glued && (s.is("h", "u", "uhr") || s.mark('h')):
		return p.setClock(e, t.num(), m.num(), 0, true, true, i+3)
	case glued && s.mark('.') && p.dottedClock(e, i):
		return p.meridiem(e, t.num(), m.num(), true, i+3)
	case t.digits <= 2 && t.num() <= 24 && !s.space && s.is("h", "u") || t.num() <= 24 && t.digits <= 2 && p.isHourWord(i+1):
		next := i + 2
		return p.hourThenMinutes(e, t.num(), next)
	}
	if t.digits == 4 && p.tok(i+1).is("hours", "hrs") && !p.tok(i-1).is("for", "of", "in", "within") {
		return p.setClock(e, t.num()/100, t.num()%100, 0, true, true, i+2) // 1400 hours
	}
	if _, _, ok := p.amPM(i + 1); ok {
		return p.meridiem(e, t.num(), 0, false, i+1)
	}
	return p.bareClock(e, i)
}

func (p *timeParser) isHourWord(i int) bool {
	_, ok := p.has(i, tHour)
	if ok && p.tok(i).is("horas", "heures", "heure") {
		return true
	}
	return ok && !(p.tok(i).is("h", "u") && p.tok(i).space && p.opts.Language == English)
}

// hourThenMinutes reads what may follow "14 Uhr": 30, pm.
func (p *timeParser) hourThenMinutes(e *timeExpr, hour, next int) (int, bool) {
	if m := p.tok(next); m.kind == kindNumber && m.digits == 2 && m.num() < 60 && p.tok(next-1).is("uhr") {
		return p.setClock(e, hour, m.num(), 0, true, true, next+1)
	}
	if p.tok(next-1).is("o'clock", "oclock") {
		return p.meridiem(e, hour, 0, false, next)
	}
	return p.setClock(e, hour, 0, 0, false, true, next)
}

// colonClock reads 15:30, 15:30:15, 3:30 pm.
func (p *timeParser) colonClock(e *timeExpr, i int) (int, bool) {
	h, m, sec, next := p.tok(i).num(), p.tok(i+2).num(), 0, i+3
	if s := p.tok(next); s.mark(':') && !s.space && p.tok(next+1).kind == kindNumber && !p.tok(next+1).space && p.tok(next+1).digits == 2 {
		sec, next = p.tok(next+1).num(), next+2
		if sec > 59 {
			return 0, false
		}
	}
	if p.tok(next).is("uhr", "uur", "horas") {
		next++
	}
	n, ok := p.meridiem(e, h, m, true, next)
	if e.sec += sec; p.tok(i).digits == 2 && h < 10 {
		e.fixed = true // 06:00
	}
	return n, ok
}

// dottedClock decides whether 9.30 is a time of day: with am or pm, behind a
// word of time, or after a day.
func (p *timeParser) dottedClock(e *timeExpr, i int) bool {
	if a, _, ok := p.amPM(i + 3); ok && a != "" {
		return true
	}
	if p.tok(i+3).is("uhr", "uur", "h") {
		return true
	}
	if p.tok(i+3).mark('%') || p.tok(i+3).mark('.') && !p.tok(i+3).space && p.tok(i+4).kind == kindNumber {
		return false
	}
	if min := p.tok(i + 2).num(); p.due && min%5 == 0 && (e.weekday > 0 || e.hasDay && e.grain == GrainDay || p.tok(i-1).is(clockLimits...) || p.tok(i-1).is("at", "um", "om", "than")) && p.tok(i+3).low != "percent" {
		return true
	}
	return p.tok(i-1).is("at", "um", "om") && p.tok(i+3).low != "percent" && p.tok(i).num() < 24 && (e.hasDay || e.weekday > 0 || p.tok(i+3).is("on", "am", "tomorrow", "today") && p.dayFollows(i+3))
}

// hourMark reports whether a.m. or p.m. stands at token i, or Uhr or o'clock.
func (p *timeParser) hourMark(i int) bool {
	_, _, ok := p.amPM(i)
	return ok || p.isHourWord(i)
}

// amPM reads am, pm, a.m., p, in the morning.
func (p *timeParser) amPM(i int) (which string, next int, ok bool) {
	t, n := p.tok(i), p.tok(i+1)
	switch {
	case !t.in(inHalfDay):
		return "", i, false
	case t.is("in") && n.is("the") && p.tok(i+2).is("am", "pm"):
		return p.tok(i + 2).low[:1], i + 3, true
	case t.is("am", "pm") && !(t.is("am") && p.opts.Language == German):
		return t.low[:1], i + 1, true
	case t.is("a", "p") && n.is("m") && n.space:
		return t.low, i + 2, true
	case t.is("a", "p") && n.mark('.') && !n.space && p.tok(i+2).is("m"):
		next = i + 3
		if d := p.tok(next); d.mark('.') && !d.space && !(p.tok(next+1).space && p.tok(next+1).upper) {
			next++
		}
		return t.low, next, true
	case t.is("a", "p") && !t.space && (n.kind != kindWord || n.space):
		if n.mark('.') && !n.space && !p.tok(i-2).is("at", "@") {
			return "", i, false // 4a.
		}
		if n.mark('.') && !n.space && p.tok(i+2).kind == kindMark {
			return t.low, i + 2, true
		}
		return t.low, i + 1, true
	case t.is("ish") && !t.space:
		return p.amPM(i + 1)
	}
	return "", i, false
}

// meridiem sets a clock with am or pm behind it, if there is one.
func (p *timeParser) meridiem(e *timeExpr, h, m int, minutes bool, next int) (int, bool) {
	if h > 99 { // 1030 am
		m, h, minutes = h%100, h/100, true
	}
	which, after, ok := p.amPM(next)
	if !ok || h > 12 {
		return p.setClock(e, h, m, 0, minutes, h >= 13 || h == 0, next)
	}
	if which == "a" && h == 12 {
		h = 0
		if !e.hasDay && e.weekday == 0 && m == 0 {
			h = 24
		}
	} else if which == "p" && h < 12 {
		h += 12
	}
	return p.setClock(e, h, m, 0, minutes, true, after)
}

func (p *timeParser) setClock(e *timeExpr, h, m, s int, minutes, fixed bool, next int) (int, bool) {
	if h > 24 || m > 59 || h == 24 && m > 0 {
		return 0, false
	}
	e.hasClock, e.sec, e.minute, e.fixed = true, h*3600+m*60+s, minutes, fixed
	return next, true
}

// wordClock reads noon, midnight, "half past three", "a quarter to five", "ten
// thirty".
func (p *timeParser) wordClock(e *timeExpr, i int) (int, bool) {
	if v, ok := p.has(i, tClockAt); ok {
		return p.setClock(e, v/60, v%60, 0, false, true, i+1)
	}
	if p.tok(i).is("mid") && p.tok(i+1).mark('-') && p.tok(i+2).is("day") {
		return p.setClock(e, 12, 0, 0, false, true, i+3)
	}
	if p.tok(i).is("mid") && p.tok(i+1).is("day") {
		return p.setClock(e, 12, 0, 0, false, true, i+2)
	}
	if next, ok := p.pastClock(e, i); ok {
		return next, true
	}
	h, ok := p.has(i, tNumber)
	if !ok || h > 12 || p.tok(i).is("one", "ein", "eine", "um", "uma", "un", "une", "una", "een") && !p.tok(i-1).is("at") {
		return 0, false
	}
	if p.opts.Language != English && p.opts.Language != Unknown {
		if p.isHourWord(i+1) && !p.tok(i-1).is("d'ici", "dans", "sous", "les", "en", "binnen", "over") {
			return p.setClock(e, h, 0, 0, false, h > 12, i+2)
		}
		if p.tok(i-1).is("às", "las", "um", "om") && p.tok(i+1).kind != kindWord {
			return p.setClock(e, h, 0, 0, false, false, i+1)
		}
		return 0, false
	}
	k := i + 1
	if p.tok(k).mark('-') {
		k++
	}
	if p.tok(k).is("oh", "ou", "zero") {
		z := k + 1
		if p.tok(z).mark('-') {
			z++
		}
		if m, ok := p.has(z, tNumber); ok && m < 10 {
			return p.meridiem(e, h, m, true, z+1)
		}
	}
	if m, next, ok := p.minuteWords(k); ok && m < 60 {
		return p.meridiem(e, h, m, true, next)
	}
	if which, _, ok := p.amPM(i + 1); ok && which != "" || p.isHourWord(i+1) {
		next := i + 1
		if p.isHourWord(next) {
			next++
		}
		return p.meridiem(e, h, 0, false, next)
	}
	if _, part := p.has(i+2, tPart); p.tok(i-1).is("at") && p.tok(i+1).kind != kindWord || p.tok(i+1).is("tonight") || p.tok(i+1).is("this") && part {
		return p.setClock(e, h, 0, 0, false, false, i+1)
	}
	return 0, false
}

// minuteWords reads fifteen, thirty, fifty nine.
func (p *timeParser) minuteWords(i int) (m, next int, ok bool) {
	if p.tok(i).kind != kindWord {
		return 0, 0, false
	}
	v, ok := p.has(i, tNumber)
	if !ok || v < 10 {
		return 0, 0, false
	}
	if v >= 20 {
		k := i + 1
		if p.tok(k).mark('-') {
			k++
		}
		if d, ok := p.has(k, tNumber); ok && d < 10 {
			return v + d, k + 1, true
		}
	}
	return v, i + 1, true
}

// pastClock reads "20 minutes past 3pm", "a quarter to noon", "half past three".
func (p *timeParser) pastClock(e *timeExpr, i int) (int, bool) {
	m, k := 0, i
	switch t := p.tok(i); {
	case t.is("half"):
		m, k = 30, i+1
	case t.is("a") && p.tok(i+1).is("quarter"):
		m, k = 15, i+2
	case t.is("quarter"):
		m, k = 15, i+1
	default:
		n, _, next, ok := p.amount(i)
		if !ok || n > 59 || n < 1 {
			return 0, false
		}
		m, k = n, next
		if p.tok(k).is("minutes", "minute", "mins", "min") {
			k++
		} else if n%5 != 0 {
			return 0, false // 1 to 3
		}
	}
	sign := 0
	if p.tok(k).is("past", "after") {
		sign = 1
	} else if p.tok(k).is("to", "til", "till") {
		sign = -1
	}
	if sign == 0 {
		return 0, false
	}
	var at timeExpr
	next, ok := p.hourOnly(&at, k+1)
	if !ok || at.minute {
		return 0, false
	}
	sec := at.sec + sign*m*60
	if sec < 0 {
		sec += 86400
	}
	e.hasClock, e.sec, e.minute, e.fixed = true, sec, true, at.fixed
	return next, true
}

// hourOnly reads the hour of "half past …".
func (p *timeParser) hourOnly(e *timeExpr, i int) (int, bool) {
	if v, ok := p.has(i, tClockAt); ok {
		return p.setClock(e, v/60, v%60, 0, false, true, i+1)
	}
	t := p.tok(i)
	h, ok := t.num(), t.kind == kindNumber && t.digits <= 2
	if !ok {
		h, ok = p.has(i, tNumber)
	}
	if !ok || h < 1 || h > 24 {
		return 0, false
	}
	next := i + 1
	if p.isHourWord(next) || p.tok(next).is("h") {
		return p.setClock(e, h, 0, 0, false, h > 12, next+1)
	}
	return p.meridiem(e, h, 0, false, next)
}

// bareClock reads a number that is a time of day only because of the words
// around it: "at 3", "by 5", "tomorrow 9", "9 tomorrow morning".
func (p *timeParser) bareClock(e *timeExpr, i int) (int, bool) {
	t, next := p.tok(i), p.tok(i+1)
	if (next.mark('.') || next.mark(',')) && !next.space && p.tok(i+2).kind == kindNumber && !p.tok(i+2).space {
		return 0, false
	}
	if next.mark('%') || next.mark('$') || next.mark('/') || next.mark('-') && !next.space || next.mark(':') && !next.space && p.tok(i+2).kind == kindNumber {
		return 0, false
	}
	h, m := t.num(), 0
	if t.digits >= 3 {
		if t.digits == 3 && t.num() < 100 {
			return 0, false
		}
		h, m = t.num()/100, t.num()%100
	}
	if h > 24 || m > 59 || t.digits >= 3 && t.num()%5 != 0 && t.digits == 4 && t.num() > 1900 && t.num() < 2100 {
		return 0, false
	}
	before := p.tok(i - 1)
	day := e.hasDay || e.weekday > 0
	at := before.is("at", "um", "à", "às", "las", "om") || before.mark('@') || p.due && before.is(clockLimits...) && (day || p.dayBehind(i+1))
	if t.digits <= 2 && next.kind == kindNumber && next.space && next.digits == 2 && next.num() < 60 && at { // at 3 15
		return p.setClock(e, h, next.num(), 0, true, false, i+2)
	}
	follows := p.dayFollowsClock(i + 1)
	switch {
	case day && at, follows && t.digits <= 2, p.due && at && p.dayBehind(i+1):
	case at && t.digits >= 3, before.is("approximately", "about", "around") && t.digits == 4 && next.kind != kindWord:
	case at && (next.kind == kindMark || p.dayPartFollows(i+1)):
	case p.due && day && t.digits == 4 && t.num() < 1900 && m%5 == 0 && next.kind != kindWord:
	case day && e.part > 0 && t.digits <= 4 && next.kind != kindWord:
	case p.dayPartFollows(i+1) && t.digits <= 2:
	default:
		return 0, false
	}
	return p.setClock(e, h, m, 0, t.digits >= 3, h > 12, i+1)
}

// dayFollowsClock reports whether a day stands behind a bare hour: "9 tomorrow".
func (p *timeParser) dayFollowsClock(i int) bool {
	n, ok := p.has(i, tRelDay)
	if !ok && p.tok(i).is("this") {
		_, ok = p.has(i+1, tPart)
	}
	return ok && n >= 0 && (p.tok(i-2).kind != kindWord || p.tok(i-2).is("at", "by", "before"))
}

// dayBehind reports whether a day stands behind a bare hour: "by 9 on Friday".
func (p *timeParser) dayBehind(i int) bool {
	if p.tok(i).is("on", "am", "le", "el", "op", "this") {
		i++
	}
	if p.tok(i).is("the") && p.tok(i+1).kind == kindNumber {
		return true
	}
	if _, part := p.has(i, tPart); part && p.tok(i-1).is("this") {
		return true
	}
	_, weekday := p.has(i, tWeekday)
	_, day := p.has(i, tRelDay)
	return weekday || day
}

func (p *timeParser) dayPartFollows(i int) bool {
	if p.tok(i).is("in") {
		i++
		if p.tok(i).is("the") {
			i++
		}
		_, ok := p.has(i, tPart)
		return ok
	}
	return p.tok(i).is("at") && p.tok(i+1).is("night")
}

// dayPart reads morning, afternoon, "first thing", "vendredi midi".
func (p *timeParser) dayPart(e *timeExpr, i int) (int, bool) {
	day := e.hasDay && e.grain == GrainDay || e.weekday > 0
	t := p.tok(i)
	if e.part > 0 && !(t.is("morning", "evening", "afternoon") && e.part == partFirstThing) {
		return 0, false
	}
	if t.is("first") && p.tok(i+1).is("thing") || p.due && (t.is("primera", "primeira", "première") && p.tok(i+1).is("hora", "heure") || t.is("logo") && p.tok(i+1).is("cedo")) {
		e.part = partFirstThing
		return i + 2, true
	}
	if t.is("early", "late", "mid", "dans") && day {
		i++
	}
	if which, next, ok := p.amPM(i); ok && which != "" && day && p.opts.Language != German && !e.hasClock && (p.due || next == i+1 && p.tok(i).is("am", "pm")) {
		if e.part = partMorning; which == "p" {
			e.part = partAfternoon
		}
		return next, true
	}
	mod, k := p.modifier(i)
	part, ok := p.has(k, tPart)
	if a := p.tok(k); a.is("après", "meio") && p.tok(k+1).mark('-') && p.tok(k+2).is("midi", "dia") {
		if part, ok, k = partAfternoon, true, k+2; a.is("meio") {
			part = partNoon
		}
	}
	if !ok {
		return 0, false
	}
	if mod == 2 || t.is("ce", "cet", "deze", "esta") {
		if !e.hasDay {
			p.setRelative(e, 0, k)
		}
		day = true
	}
	if mod == 1 && !e.hasDay {
		p.setRelative(e, 1, k)
		day = true
	}
	if !day && !e.hasClock && e.part != partFirstThing && !p.tok(i-1).is("by", "before", "until", "till", "bis", "vers", "avant", "d'ici", "tot", "vóór", "voor", "at", "à", "al", "del", "de", "el", "do", "ao", "o", "da", "uiterlijk", "vor") && !(p.due && p.tok(i-1).is("4")) && !(p.tok(i-1).is("the") && p.tok(i-2).is("in") && !p.due) && !p.tok(k).is("noonish", "mittags") {
		return 0, false
	}
	if e.part != partFirstThing {
		e.part = part
	}
	if !day && !e.hasClock {
		p.setRelative(e, p.firstThingDay(e), k)
		e.assumed = true
	}
	return k + 1, true
}

// firstThingDay is tomorrow for "first thing in the morning" once it is nine.
func (p *timeParser) firstThingDay(e *timeExpr) int {
	if e.part == partFirstThing && p.ref.Hour() >= 9 {
		return 1
	}
	return 0
}

// zone reads CET, UTC+2, Pacific, "Lisbon time", "your time".
func (p *timeParser) zone(e *timeExpr, i int) (int, bool) {
	if e.zone != nil || e.yours || !e.hasClock && e.part == 0 && !e.hasDay && e.weekday == 0 {
		return 0, false
	}
	t := p.tok(i)
	if t.is("your") {
		next := i + 1
		if p.tok(next).is("time", "morning", "afternoon", "evening") {
			e.yours = true
			return next + 1, true
		}
		return 0, false
	}
	if next, ok := p.zoneInWords(e, i); ok {
		return next, true
	}
	if p.due && t.is("in") && e.hasClock && p.tok(i+1).upper {
		if next, ok := p.placeZone(e, i+1); ok {
			return next, true
		}
	}
	// "COB Friday PT": of a day, only in capitals
	moment := e.hasClock || p.due && t.caps && (e.endOf || e.part > 0 || e.weekday > 0 || e.hasDay && e.grain == GrainDay)
	if v, ok := p.has(i, tZone); ok {
		if moment && (t.caps || t.low != "est" && t.low != "west") {
			return p.offset(e, t.low, v-zoneBase, i+1)
		}
		return 0, false
	}
	if moment && t.is("et", "pt", "ct", "mt", "z") && (t.caps || t.is("et", "pt", "ct") && !p.tok(i+1).upper) && p.opts.Language == English {
		e.zone = zoneNamed(map[string]string{"et": "America/New_York", "pt": "America/Los_Angeles", "ct": "America/Chicago", "mt": "America/Denver", "z": "UTC"}[t.low])
		return i + 1, e.zone != nil
	}
	return p.placeZone(e, i)
}

// offset reads what may follow the name of a zone: UTC+2, GMT -08:45.
func (p *timeParser) offset(e *timeExpr, name string, minutes, next int) (int, bool) {
	sign := p.tok(next)
	h := p.tok(next + 1)
	if (name == "utc" || name == "gmt") && (sign.mark('+') || sign.mark('-')) && !h.space && h.kind == kindNumber && h.num() <= 14 {
		off := h.num() * 60
		next += 2
		if p.tok(next).mark(':') && p.tok(next+1).kind == kindNumber && p.tok(next+1).num() < 60 {
			off += p.tok(next + 1).num()
			next += 2
		}
		if sign.mark('-') {
			off = -off
		}
		minutes = off
	}
	e.zone = time.FixedZone(name, minutes*60)
	return next, true
}

// plausible refuses expressions that are more often something else.
func (p *timeParser) plausible(e *timeExpr, start, end int) bool {
	first, after := p.tok(start), p.tok(end)
	if e.hasDay || e.weekday > 0 || e.shift {
		if e.count == 1 && e.dayOnly && after.kind == kindMark && (after.mark('%')) {
			return false
		}
		return true
	}
	if e.hasClock && first.kind == kindNumber && end == start+3 && (after.is("aspect", "ratio", "meeting", "aspect") || p.tok(start-1).is("a") && !e.fixed) {
		return false // 4:3, a 1:1
	}
	return e.hasClock
}
