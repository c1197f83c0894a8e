package intent

import (
	"math/bits"
	"time"
)

// A Grain is the precision of a Time.
type Grain uint8

// The grains.
const (
	GrainSecond Grain = iota + 1
	GrainMinute
	GrainHour
	GrainDay
	GrainWeek
	GrainMonth
	GrainQuarter
	GrainYear
)

// A Time is an expression of time found in a text. At is its first instant, in
// the zone the expression names, or else the author's.
type Time struct {
	Span
	At    time.Time
	Grain Grain

	expr timeExpr
	last int // index of the token behind it
}

// TimeOptions steer how expressions of time are read.
type TimeOptions struct {
	Language  Language
	MonthLast bool // 5/6 is the fifth of June
}

// Times finds the expressions of time of a text that name one point: an instant,
// a day, a week, a month. ref is when the text was written, its location the
// author's zone. Of a day or time that can be past or to come, the one to come is
// taken.
func Times(text string, ref time.Time, opts TimeOptions) []Time {
	toks := tokenize(text)
	look(toks)
	p := timeParser{text: text, toks: toks, ref: ref, today: dayOf(ref), opts: opts, lang: languageBit(opts.Language) | 1, now: true}
	return p.all(0, len(toks))
}

// A timeParser reads expressions of time from tokens.
type timeParser struct {
	text  string
	toks  []token
	ref   time.Time
	today time.Time // the midnight before ref
	opts  TimeOptions
	lang  languageMark

	nested bool // inside of another expression
	now    bool // "now" and "at the moment" count
	due    bool // deadlines are read: "Friday by noon", "mid next week"
}

// all reads the expressions in toks[from:to].
func (p *timeParser) all(from, to int) []Time {
	var out []Time
	for i := from; i < to; {
		if t, ok := p.at(i, to); ok {
			out = append(out, t)
			i = max(t.last, i+1)
			continue
		}
		i++
	}
	return out
}

// has returns the meaning of class that the token has in the language of the
// text.
func (p *timeParser) has(i int, class timeClass) (int, bool) {
	if i < 0 || i >= len(p.toks) {
		return 0, false
	}
	info := p.toks[i].word
	if info.classes&(1<<class) == 0 {
		return 0, false
	}
	for _, w := range info.time {
		if w.class == class && w.langs&p.lang != 0 {
			return w.val, true
		}
	}
	return 0, false
}

func (p *timeParser) tok(i int) *token {
	if i < 0 || i >= len(p.toks) {
		return &noToken
	}
	return &p.toks[i]
}

// noToken stands before the first token and behind the last one. It is read only.
var noToken = token{kind: kindMark, low: "\x00", space: true, word: &unknownWord}

// A timeExpr is what the parts of an expression say.
type timeExpr struct {
	day      time.Time // a date at midnight, if hasDay
	instant  time.Time // if shift
	zone     *time.Location
	weekday  int   // 1…7, 0 none
	weekMod  int   // 0 the next such day, 1 of next week, -1 of last week, 2 of this week, 3 coming
	sec      int   // of the clock, since midnight
	part     int   // of the day
	count    int   // parts read
	grain    Grain // of the day
	shiftBy  Grain
	hasDay   bool
	hasYear  bool
	hasClock bool
	fixed    bool // am, pm or 24 hours: the clock is not ambiguous
	minute   bool // minutes were named
	yours    bool // "your time"
	shift    bool // an instant reckoned from ref
	endOf    bool
	weekend  bool
	assumed  bool // day is today only because a part of the day was named
	dayOnly  bool // a bare number of a day ("the 20th")
	thisDate bool // "this 5/12"
}

// at reads the longest expression that begins with token i and ends before to.
func (p *timeParser) at(i, to int) (Time, bool) {
	if !p.canStart(i) {
		return Time{}, false
	}
	var e timeExpr
	start, end := -1, i
	for pos := i; pos < to; {
		next, ok := p.part(&e, pos, to)
		if ok {
			if start < 0 {
				start = pos
			}
			e.count++
			pos, end = next, next
			continue
		}
		if start < 0 {
			return Time{}, false
		}
		next, ok = p.joint(&e, pos, to)
		if !ok {
			break
		}
		pos = next
	}
	if start < 0 || !p.plausible(&e, start, end) {
		return Time{}, false
	}
	at, grain, ok := p.resolve(&e)
	if !ok {
		return Time{}, false
	}
	return Time{Span: Span{p.toks[start].span().Start, p.toks[end-1].span().End}, At: at, Grain: grain, expr: e, last: end}, true
}

// canStart keeps most words from being looked at more closely.
func (p *timeParser) canStart(i int) bool {
	t := &p.toks[i]
	switch t.kind {
	case kindNumber:
		return i == 0 || t.space || !p.gluedNumber(i)
	case kindWord:
		return t.word.starts&p.lang != 0 && (!t.word.needsMore || p.timeFollows(i+1)) || t.is("a", "an") && (len(p.tok(i+1).word.time) > 0 || p.tok(i+1).is("couple", "few", "pair"))
	}
	return false
}

// timeFollows reports whether what stands at token i may go on an expression
// that a number or "next" began.
func (p *timeParser) timeFollows(i int) bool {
	n := p.tok(i)
	if n.low == "the" && p.tok(i-1).low == "in" { // in the north
		n = p.tok(i + 1)
	}
	return n.kind != kindWord || len(n.word.time) > 0 || n.word.starts != 0 || n.in(inFollow)
}

// gluedNumber reports whether the number is a later piece of something else, as
// in "A1-22" or "10.0.0.1".
func (p *timeParser) gluedNumber(i int) bool {
	b := p.tok(i - 1)
	if b.kind != kindMark {
		return true
	}
	switch b.low {
	case "(", "\"", "'", "@", "~", "[", "*", "\u201c", ">", "=", "{":
		return false
	case ":":
		return !(i >= 2 && p.tok(i-2).kind == kindWord)
	case "-", "_":
		return i >= 2 && !b.space && p.tok(i-2).kind == kindNumber
	}
	return true
}

// joint reads the small words and marks that may stand between two parts.
func (p *timeParser) joint(e *timeExpr, i, to int) (int, bool) {
	for n := 0; n < 3 && i < to; n++ {
		t := p.tok(i)
		_, link := p.has(i, tLink)
		mark := t.kind == kindMark && (t.mark(',') || t.mark('@') || t.mark('-') || t.mark('(') || t.mark(')') || t.mark(':') || t.low == "\u2013" || t.low == "\u00b7" ||
			t.mark('.') && i > 0 && (len(p.tok(i-1).low) <= 4) && !p.tok(i+1).upper || t.mark('/'))
		if t.is("sharp", "exactly", "hours", "hrs") && e.hasClock {
			link = true
		}
		if t.is("from") && e.weekday > 0 && p.tok(i+2).is("week") {
			link = true // Sunday from last week
		}
		if p.limitInside(e, i) || t.is("t") && !t.space && e.hasDay && p.tok(i+1).kind == kindNumber && !p.tok(i+1).space {
			link = true
		}
		if t.is("for") && p.tok(i+1).is("the") && p.anotherDay(i+1) {
			return 0, false
		}
		if !link && !mark || t.breaks > 1 {
			return 0, false
		}
		i++
		var probe timeExpr = *e
		if _, ok := p.part(&probe, i, to); ok && i < to {
			return i, true
		}
	}
	return 0, false
}

// limitInside reports whether a word that limits stands between a day and its
// time: "Friday by noon".
func (p *timeParser) limitInside(e *timeExpr, i int) bool {
	if !p.due || e.hasClock || e.part > 0 || e.endOf || e.shift || e.weekday == 0 && (!e.hasDay || e.grain != GrainDay) {
		return false
	}
	return p.tok(i).is(clockLimits...) && !p.dayAt(i+1) && !p.dateAt(i+1) || p.tok(i).is(beforeEnds...) && p.tok(i+1).kind == kindWord && !(p.tok(i).is("by", "until") && p.anotherDay(i+1))
}

// anotherDay reports whether a day begins at token i that has a limit of its own: "for
// the 20th by Friday".
func (p *timeParser) anotherDay(i int) bool {
	if p.tok(i).is("the") {
		return p.tok(i+1).kind == kindNumber
	}
	return p.dayAt(i)
}

// dateAt reports whether a date in numbers stands at token i.
func (p *timeParser) dateAt(i int) bool {
	if p.tok(i).kind != kindNumber {
		return false
	}
	n := p.tok(i + 1)
	_, month := p.monthAt(i + 1)
	return month || !n.space && (n.is("st", "nd", "rd", "th") || (n.mark('/') || n.mark('-') || n.mark('.')) && p.tok(i+2).kind == kindNumber && !p.tok(i+2).space && !p.hourMark(i+3))
}

// dayAt reports whether a day stands at token i.
func (p *timeParser) dayAt(i int) bool {
	if _, ok := p.has(i, tWeekday); ok {
		return true
	}
	if _, ok := p.has(i, tRelDay); ok {
		return true
	}
	_, ok := p.monthAt(i)
	return ok || p.tok(i).is("the")
}

// clockLimits are the words that limit which may stand before a time of day.
var clockLimits = []string{"by", "before", "until", "till", "til", "latest", "bis", "vor", "avant", "d'ici", "jusqu'à", "antes", "até", "vóór", "voor", "tot", "uiterlijk", "spätestens"}

// beforeEnds are small words that may stand between a day and its end: "tomorrow by
// the end of the day", "vendredi en fin de journée".
var beforeEnds = []string{"by", "until", "at", "the", "en", "dans", "d'ici", "aan", "het", "no", "o", "ao", "al", "até", "bis", "im", "am", "zum", "noch"}

// realDay reads a day that takes the place of an assumed one.
func (p *timeParser) realDay(e *timeExpr, i, to int) (int, bool) {
	probe := *e
	probe.hasDay, probe.assumed = false, false
	for _, read := range [...]func(*timeParser, *timeExpr, int) (int, bool){
		(*timeParser).numericDate, (*timeParser).monthDate, (*timeParser).weekdayOf, (*timeParser).relativeDay, (*timeParser).ordinalDay,
	} {
		if next, ok := read(p, &probe, i); ok && next <= to {
			*e = probe
			return next, true
		}
	}
	return 0, false
}

// part reads one part of an expression at token i into e. It refuses a part of a
// kind that e already has.
func (p *timeParser) part(e *timeExpr, i, to int) (int, bool) {
	if i >= to {
		return 0, false
	}
	t := &p.toks[i]
	if t.kind == kindMark || t.kind == kindLink {
		return 0, false
	}
	if t.breaks > 0 && e.count > 0 && t.breaks > 1 {
		return 0, false
	}
	if e.assumed {
		if next, ok := p.realDay(e, i, to); ok {
			return next, true
		}
	}
	for kinds := t.begins(); kinds != 0; kinds &= kinds - 1 {
		if next, ok := p.partOf(bits.TrailingZeros16(uint16(kinds)), e, i); ok && next <= to {
			return next, true
		}
	}
	if next, ok := p.alone(e, i); ok && next <= to {
		return next, true
	}
	return 0, false
}

// The kinds of parts, in the order in which they are tried.
const (
	partNumericDate = iota
	partYearFirst
	partRightNow
	partHoliday
	partMonthDate
	partNthOf
	partDaysOn
	partSpan
	partPeriod
	partWeekday
	partRelativeDay
	partOrdinalDay
	partClock
	partDayPart
	partZone
)

// partOf reads one kind of part.
func (p *timeParser) partOf(kind int, e *timeExpr, i int) (int, bool) {
	switch kind {
	case partNumericDate:
		return p.numericDate(e, i)
	case partYearFirst:
		return p.yearFirst(e, i)
	case partRightNow:
		return p.rightNow(e, i)
	case partHoliday:
		return p.holiday(e, i)
	case partMonthDate:
		return p.monthDate(e, i)
	case partNthOf:
		return p.nthOf(e, i)
	case partDaysOn:
		return p.daysOn(e, i)
	case partSpan:
		return p.spanOfTime(e, i)
	case partPeriod:
		return p.period(e, i)
	case partWeekday:
		return p.weekdayOf(e, i)
	case partRelativeDay:
		return p.relativeDay(e, i)
	case partOrdinalDay:
		return p.ordinalDay(e, i)
	case partClock:
		return p.clock(e, i)
	case partDayPart:
		return p.dayPart(e, i)
	}
	return p.zone(e, i)
}

// resolve turns the parts into an instant.
func (p *timeParser) resolve(e *timeExpr) (time.Time, Grain, bool) {
	zone := e.zone
	if zone == nil {
		zone = p.ref.Location()
	}
	ref := p.ref.In(zone)
	today := p.today
	if zone != p.ref.Location() {
		today = dayOf(ref)
	}
	if e.shift && !e.hasClock {
		return e.instant.In(zone), e.shiftBy, true
	}
	day, grain := e.day, e.grain
	switch {
	case e.shift:
		day, grain = dayOf(e.instant.In(zone)), GrainDay
	case e.weekday > 0 && (!e.hasDay || e.grain >= GrainWeek || e.dayOnly):
		day, grain = p.weekdayDate(e, today), GrainDay
	case !e.hasDay:
		day, grain = today, GrainDay
	}
	y, m, d := day.Date()
	day = time.Date(y, m, d, 0, 0, 0, 0, zone)
	if !e.hasClock {
		if e.part > 0 {
			hour := [...]int{0, 6, 12, 15, 18, 20, 9}[e.part]
			return day.Add(time.Duration(hour) * time.Hour), GrainHour, true
		}
		return day, grain, e.hasDay || e.weekday > 0
	}
	return p.withClock(e, day, ref)
}

// withClock puts the time of day on a day.
func (p *timeParser) withClock(e *timeExpr, day, ref time.Time) (time.Time, Grain, bool) {
	sec := e.sec
	const half = 12 * 3600
	if !e.fixed && sec < half+3600 {
		switch {
		case e.part == partAfternoon || e.part == partEvening || e.part == partNight && sec >= 6*3600:
			if sec < half || sec == half && e.part != partAfternoon {
				sec += half
			}
		case e.part == partMorning:
		case sec < 7*3600:
			sec += half
		}
	}
	at := time.Date(day.Year(), day.Month(), day.Day(), 0, 0, sec, 0, day.Location())
	if !e.hasDay && e.weekday == 0 && !e.shift && !at.After(ref) {
		if !e.fixed && e.part == 0 && sec < half && at.Add(12*time.Hour).After(ref) {
			at = at.Add(12 * time.Hour)
		} else {
			at = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, sec, 0, day.Location())
		}
	}
	grain := GrainHour
	if e.minute {
		grain = GrainMinute
	}
	if sec%60 != 0 {
		grain = GrainSecond
	}
	return at, grain, true
}

// weekdayDate resolves a weekday: by itself the next such day after today.
func (p *timeParser) weekdayDate(e *timeExpr, today time.Time) time.Time {
	if e.hasDay && e.dayOnly { // Thursday the 21st
		return e.day
	}
	if e.hasDay && e.grain == GrainWeek {
		return e.day.AddDate(0, 0, e.weekday-1)
	}
	if e.hasDay && e.grain == GrainMonth {
		first := e.day
		return first.AddDate(0, 0, (e.weekday-isoWeekday(first)+7)%7)
	}
	ahead := (e.weekday-isoWeekday(today)+6)%7 + 1
	switch e.weekMod {
	case 1:
		return mondayOf(today).AddDate(0, 0, 7+e.weekday-1)
	case modPrevious:
		return mondayOf(today).AddDate(0, 0, e.weekday-8)
	case -1:
		back := (isoWeekday(today)-e.weekday+6)%7 + 1
		return today.AddDate(0, 0, -back)
	case modWeekLater:
		return today.AddDate(0, 0, ahead+7)
	}
	return today.AddDate(0, 0, ahead)
}

func dayOf(t time.Time) time.Time {
	y, m, d := t.Date()
	return time.Date(y, m, d, 0, 0, 0, 0, t.Location())
}

func isoWeekday(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }

func mondayOf(t time.Time) time.Time { return dayOf(t).AddDate(0, 0, 1-isoWeekday(t)) }
