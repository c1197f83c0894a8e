package intent

import (
	"slices"
	"time"
)

// A Due is a deadline: the words that say by when, and the instant they mean.
type Due struct {
	Span
	Text string    // the words, as written
	At   time.Time // in the zone that the words name, or the author's
	OK   bool      // At is known: "asap" and "before the call" have words only
}

// The hours that days and their parts stand for.
const (
	dueMinute       = 17*60 + 30 // the end of a working day
	dueFirstThing   = 9 * 60
	dueNoonMinute   = 12 * 60
	dueNightMinute  = 20 * 60
	maxObjectTokens = 9 // looked through for the date of an event
)

// Deadlines finds in one text the words that limit when something is due: "by
// Friday", "before the meeting", "asap". Dates of events, of absences and of
// the past are none.
func Deadlines(text string, ref time.Time, lang Language) []Due {
	r := newReader(text, ref, lang)
	var out []Due
	for _, s := range r.sents {
		for _, d := range r.deadlines(s.from, s.to) {
			if d.strong {
				out = append(out, d.Due)
			}
		}
	}
	return out
}

// A deadline is a Due with how it was said.
type deadline struct {
	Due
	from, to int
	strong   bool // said with a word that limits: by, before, asap
	until    bool // said with "until": limits an ask, else a state
	habit    bool // every Friday
	event    bool // the time of an event: limits only who shall attend
	t        Time // the time in it; zero without one
	before   bool
}

// dueWord is a word that limits.
type dueWord uint8

const (
	dueNone   dueWord = iota
	dueBy             // by, until: that time
	dueBefore         // before: the working day before it
	dueWithin         // within: a span
	dueUntil          // until: only with an answer
)

// deadlines finds the deadlines in toks[from:to].
func (r *reader) deadlines(from, to int) []deadline {
	if len(r.limitsIn(from, to)) == 0 {
		return nil
	}
	if r.duesAt == nil {
		r.duesAt = make([]int32, len(r.toks))
	}
	for n := r.duesAt[from]; n > 0; n = r.dues[n-1].next {
		if d := &r.dues[n-1]; d.to == to {
			return d.dues
		}
	}
	dues := r.findDeadlines(from, to)
	r.dues = append(r.dues, foundDues{to: to, next: r.duesAt[from], dues: dues})
	r.duesAt[from] = int32(len(r.dues))
	return dues
}

// foundDues are the deadlines of the tokens before to, from a token on that leads to
// them by reader.duesAt.
type foundDues struct {
	to   int
	next int32 // another one from the same token: its place plus one, or 0
	dues []deadline
}

// addDue adds a deadline to those of one sentence, which begin at r.room[at], and
// returns where they begin now. Those of several sentences share a block.
func (r *reader) addDue(at int, d deadline) int {
	const block = 12
	if len(r.room) == cap(r.room) {
		own := r.room[at:]
		r.room = append(make([]deadline, 0, max(2*len(own), block)), own...)
		at = 0
	}
	r.room = append(r.room, d)
	return at
}

func (r *reader) findDeadlines(from, to int) []deadline {
	limits := r.limitsIn(from, to)
	if len(limits) == 0 {
		return nil
	}
	past := r.isPast(from, to)
	if past && r.isPast(from, min(to, from+4)) { // Last week, by Friday, …
		return nil
	}
	first, next := len(r.room), from
	for _, at := range limits {
		i := int(at)
		if i < next {
			continue
		}
		d, ok := r.deadlineAt(i, from, to)
		if ok && (d.strong || !past) {
			first = r.addDue(first, d)
		}
		next = max(d.to, i+1) // also behind a time that is none
	}
	return r.room[first:len(r.room):len(r.room)]
}

// limitsIn returns the tokens of toks[from:to] at which a deadline may begin.
// They are looked for once for the whole text.
func (r *reader) limitsIn(from, to int) []int32 {
	if r.limits == nil {
		r.limits = make([]int32, 0, len(r.toks)/8+8)
		for i := range r.toks {
			if t := &r.toks[i]; t.word.limitWord || r.times.canStart(i) || t.word.vague != nil && r.vagueDue(i, len(r.toks)) > 0 {
				r.limits = append(r.limits, int32(i))
			}
		}
	}
	lo, _ := slices.BinarySearch(r.limits, int32(from))
	hi := lo
	for hi < len(r.limits) && int(r.limits[hi]) < to {
		hi++
	}
	return r.limits[lo:hi]
}

// deadlineAt reads the deadline that begins with token i.
func (r *reader) deadlineAt(i, from, to int) (deadline, bool) {
	if n := r.vagueDue(i, to); n > 0 {
		habit := habitWords[r.toks[i].low]
		return r.makeDue(i, i+n, deadline{strong: !habit, habit: habit}), true
	}
	word, k := r.dueWordAt(i, to)
	if word != dueNone {
		if found := r.trapBefore(i, from, word); found != trapped {
			if d, ok := r.limited(i, k, to, word); ok {
				d.until = found == unclear
				d.strong = d.strong && !d.until
				return d, true
			}
		}
	}
	if !r.times.canStart(i) {
		return deadline{}, false
	}
	at, ok := r.times.at(i, to)
	if ok && at.expr.shift && r.toks[i].is("in") && r.lasted(i, from) {
		return deadline{}, false
	}
	if !ok || at.expr.weekMod < 0 || at.At.Before(r.times.today) && at.Grain < GrainWeek {
		return deadline{}, false
	}
	d := r.makeDue(i, at.last, deadline{t: at})
	d.Span.Start, d.Text = at.Start, r.text[at.Start:at.End]
	role := r.roleOf(i, from)
	if role == roleOther {
		return deadline{to: at.last}, false
	}
	d.event = role == roleEvent
	d.strong = at.expr.endOf && !d.event || r.limitBehind(at.last, to)
	return d, true
}

// limitBehind reports whether the words behind a time make it a limit: "Friday at
// the latest", "Friday is the deadline".
func (r *reader) limitBehind(i, to int) bool {
	low := func(k int) string { return r.times.tok(i + k).low }
	if i < to && (r.toks[i].mark(',') || r.toks[i].mark('(')) {
		i++
	}
	switch {
	case i >= to:
		return false
	case low(0) == "is" && (low(1) == "the" || low(1) == "our" || low(1) == "my"):
		return low(2) == "deadline" || low(2) == "cut" || low(2) == "cutoff" || low(2) == "latest" || low(2) == "last" || low(2) == "limit"
	case low(0) == "at" && low(1) == "the":
		return low(2) == "latest" || low(2) == "very"
	case low(0) == "or" || low(0) == "oder":
		return low(1) == "earlier" || low(1) == "sooner" || low(1) == "before" || low(1) == "früher"
	case low(0) == "au" && low(1) == "plus", low(0) == "a" && low(1) == "más", low(0) == "o" && low(1) == "mais", low(0) == "op" && low(1) == "zijn":
		return low(2) == "tard" || low(2) == "tardar" || low(2) == "laatst"
	}
	return low(0) == "latest" || low(0) == "tops" || low(0) == "spätestens" || low(0) == "uiterlijk" || low(0) == "dernier" || low(0) == "impreterivelmente"
}

// limited reads the time or event behind a word that limits.
func (r *reader) limited(i, k, to int, word dueWord) (deadline, bool) {
	for n := 0; n < 5 && k < to; n++ {
		if at, ok := r.timeFrom(k, to); ok {
			at.expr.yours = at.expr.yours || r.times.tok(k-1).is("your")
			if at.At.Before(r.times.today) && at.Grain <= GrainDay {
				return deadline{}, false
			}
			at = r.dayOfEvent(at, to)
			if word == dueBefore && at.last < to && at.expr.part > 0 && !at.expr.hasClock && r.toks[at.last].in(inEvents) {
				at.expr.part = 0 // before the Friday morning call
			}
			end := at.last
			for end < to && (r.toks[end].is("sometime", "latest", "spätestens") || r.toks[end].is("at") && end+2 < to && r.toks[end+2].is("latest")) {
				if r.toks[end].is("at") {
					end += 2
				}
				end++
			}
			return r.makeDue(i, end, deadline{strong: true, t: at, before: word == dueBefore}), true
		}
		if !r.toks[k].is("the", "my", "our", "your", "at", "latest", "my", "den", "dem", "der", "zum", "zur", "spätestens", "le", "la", "du", "el", "la", "del", "de", "o", "a", "ao", "end", "day", "then", "if", "possible", "about", "around", "on", "am", "or", "no", "later", "than", "next", "few", "feira", "dia", "da", "do", "des", "uiterlijk", "que", "as", "às", "las", "les", "los", "à", "al", "het", "aux") {
			break
		}
		k++
	}
	if word == dueBefore {
		if d, ok := r.beforeItEnds(i, to); ok {
			return d, true
		}
		return r.beforeEvent(i, to)
	}
	if word == dueWithin && k+1 < to && r.toks[k+1].is("days", "hours") {
		return r.makeDue(i, k+2, deadline{strong: true}), true
	}
	return deadline{}, false
}

// dayOfEvent adds the day that stands behind the event of a time: "before the 3pm
// call on Friday".
func (r *reader) dayOfEvent(at Time, to int) Time {
	if !at.expr.hasClock || at.expr.hasDay || at.expr.weekday > 0 || at.expr.shift {
		return at
	}
	k, event := at.last, false
	for n := 0; n < 4 && k < to && r.toks[k].kind == kindWord && !r.toks[k].is("on", "am", "op", "le", "el", "na", "no"); n++ {
		if event = event || r.toks[k].in(inEvents); event && r.times.dayAt(k) {
			break
		}
		k++
	}
	if !event || k >= to {
		return at
	}
	if !r.times.dayAt(k) {
		k++
	}
	if k < to && r.toks[k].is("the") {
		k++
	}
	if k >= to {
		return at
	}
	day, ok := r.times.at(k, to)
	if !ok || day.Grain != GrainDay || day.expr.shift {
		return at
	}
	e := day.expr
	e.hasClock, e.sec, e.minute, e.fixed, e.zone, e.yours = true, at.expr.sec, at.expr.minute, at.expr.fixed, at.expr.zone, at.expr.yours
	if moment, grain, ok := r.times.resolve(&e); ok {
		at.At, at.Grain, at.expr, at.last, at.End = moment, grain, e, day.last, day.End
	}
	return at
}

// timeFrom reads a time at token k: "close of business on Friday", Friday.
func (r *reader) timeFrom(k, to int) (Time, bool) {
	var e timeExpr
	if n, ok := r.times.closeOfBusiness(&e, k); ok && n <= to {
		next := n
		if next < to && r.toks[next].is("on", "of") {
			next++
		}
		if at, ok := r.timeFromPlain(next, to); ok {
			at.expr.endOf = true
			return at, true
		}
		return Time{Span: Span{r.toks[k].span().Start, r.toks[n-1].span().End}, At: r.times.today, Grain: GrainDay, expr: timeExpr{endOf: true, hasDay: true, grain: GrainDay}, last: n}, true
	}
	return r.timeFromPlain(k, to)
}

func (r *reader) timeFromPlain(k, to int) (Time, bool) {
	if k >= to || !r.times.canStart(k) {
		return r.bareHour(k, to)
	}
	if at, ok := r.times.at(k, to); ok {
		return at, true
	}
	return r.bareHour(k, to)
}

// bareHour reads the hour of "by 5", and the day of "by the 14".
func (r *reader) bareHour(k, to int) (Time, bool) {
	if k >= to || k == 0 {
		return Time{}, false
	}
	t := &r.toks[k]
	if t.kind == kindNumber && t.digits == 4 && t.num()%5 == 0 && t.num()%100 < 60 && t.num() >= 600 && t.num() < 1900 && (k+1 >= to || r.endsHour(k+1)) {
		e := timeExpr{hasClock: true, sec: t.num()/100*3600 + t.num()%100*60, minute: true, fixed: true}
		at, grain, ok := r.times.resolve(&e) // by 1730
		return Time{Span: t.span(), At: at, Grain: grain, expr: e, last: k + 1}, ok
	}
	if t.kind != kindNumber || t.digits > 2 || t.num() < 1 || t.num() > 31 {
		return Time{}, false
	}
	if k+1 < to && !r.endsHour(k+1) {
		return Time{}, false
	}
	if r.changes(k) {
		return Time{}, false
	}
	e := timeExpr{hasClock: true, sec: t.num() * 3600, fixed: t.num() > 12}
	if r.toks[k-1].is("the", "le", "el", "o", "dia", "del", "du") {
		e = timeExpr{hasDay: true, grain: GrainDay, day: r.times.dayOfMonth(&timeExpr{}, t.num())}
	} else if t.num() > 24 || r.toks[k-1].is("dem") {
		return Time{}, false
	}
	at, grain, ok := r.times.resolve(&e)
	return Time{Span: t.span(), At: at, Grain: grain, expr: e, last: k + 1}, ok
}

// endsHour reports whether a bare hour may end before token k: at a mark, or
// where the clause goes on with something that is not counted.
func (r *reader) endsHour(k int) bool {
	t := &r.toks[k]
	if t.kind == kindMark {
		if n := r.times.tok(k + 1); t.mark('.') && n.kind == kindNumber && !n.space {
			return false
		}
		return t.mark('.') || t.mark(',') || t.mark('?') || t.mark('!') || t.mark(')') || t.mark(';') || t.low == "\u2013" || t.mark('-') && t.space
	}
	return t.breaks > 0 || t.is("please", "pls", "thanks", "so", "and", "or", "at", "if", "bitte", "beim", "bei", "im", "to", "schicken", "hinterlegen", "today", "s'il", "por", "graag")
}

// beforeItEnds reads "before the quarter ends", "before the month is out".
func (r *reader) beforeItEnds(i, to int) (deadline, bool) {
	if i+3 >= to || !r.toks[i+1].is("the") || !r.toks[i+3].is("ends", "closes", "is", "runs") {
		return deadline{}, false
	}
	u, ok := r.times.has(i+2, tUnit)
	if !ok || u < uDay || u > uYear {
		return deadline{}, false
	}
	var e timeExpr
	if u == uDay {
		e = timeExpr{day: r.times.today, hasDay: true, grain: GrainDay, endOf: true}
	} else if _, ok := r.times.setPeriod(&e, u, 0, true, i+3); !ok {
		return deadline{}, false
	}
	at, grain, ok := r.times.resolve(&e)
	return r.makeDue(i, i+4, deadline{strong: true, t: Time{Span: r.spanOf(i, i+4), At: at, Grain: grain, expr: e, last: i + 4}, before: true}), ok
}

// beforeEvent reads "before the release on Wednesday", "before the call".
func (r *reader) beforeEvent(i, to int) (deadline, bool) {
	k := i + 1
	noun := false
	for ; k < to && k < i+maxObjectTokens; k++ {
		t := &r.toks[k]
		if t.kind == kindMark && !t.mark('-') && !t.mark('\'') || t.is("and", "but", "so", "because", "und", "et", "y", "e", "en") {
			break
		}
		if k > i+1 {
			if at, ok := r.timeFrom(k, to); ok && at.Grain <= GrainDay && at.At.After(r.times.today) {
				return r.makeDue(i, at.last, deadline{strong: true, t: at, before: true}), true
			}
		}
		noun = noun || t.in(inEvents) || t.is("expires", "starts", "begins", "leaves", "leave", "ends")
	}
	if !noun || k == i+1 {
		return deadline{}, false
	}
	return r.makeDue(i, k, deadline{strong: true}), true
}

// eventWords are things that have a time of their own.
var eventWords = wordSet("meeting call demo release workshop session board review shift slot watch booking delivery appointment retro retrospective standup refinement planning sprint interview webinar training launch freeze round visit trip flight deadline presentation conference event expo lunch dinner party termin sitzung besprechung réunion reunion reunión reunião vergadering overleg deploy deployment cutover maintenance audit holiday holidays vacation")

// A timeRole says what a time without a word that limits belongs to.
type timeRole uint8

const (
	roleFree  timeRole = iota
	roleEvent          // the meeting on Friday
	roleOther          // since Monday, from 1 March, every Friday
)

// roleOf tells what the words before the time at token i make of it.
func (r *reader) roleOf(i, from int) timeRole {
	for k := i - 1; k >= from && k >= i-3; k-- {
		t := &r.toks[k]
		if t.in(inOtherTimes) {
			return roleOther
		}
		if t.in(inEvents) || t.is("to") {
			return roleEvent
		}
		if t.kind == kindMark && !t.mark(',') {
			break
		}
		if !t.is("on", "the", "at", "am", "um", "le", "el", "op", "of", "this", "next", "in", "na", "no", "à", "den", "o", "a") {
			break
		}
	}
	return roleFree
}

// otherTimes stand before times that are no deadlines.
var otherTimes = wordSet("since by before last past previous letzten dernier pasado passado vorige than from after starting effective as seit ab depuis dès partir desde sinds vanaf nach until till bis ago between every each jeden chaque cada elke of per")

// isPast reports whether a clause tells of what was.
func (r *reader) isPast(from, to int) bool {
	for i := from; i < to; i++ {
		if _, ok := r.times.has(i, tLast); ok && r.toks[i].is("last", "previous", "letzte", "letzten", "dernier", "dernière", "pasado", "pasada", "vorige") {
			if u, ok := r.times.has(i+1, tUnit); ok && u >= uDay {
				return true
			}
		}
	}
	return false
}

// makeDue fills in words and instant.
func (r *reader) makeDue(from, to int, d deadline) deadline {
	d.from, d.to = from, to
	d.Span = Span{r.toks[from].span().Start, r.toks[to-1].span().End}
	d.Text = r.text[d.Start:d.End]
	if d.t.last > 0 {
		d.At, d.OK = r.dueInstant(d)
	}
	return d
}

// dueInstant resolves a time as a deadline.
func (r *reader) dueInstant(d deadline) (time.Time, bool) {
	t, before := d.t, d.before
	e := &t.expr
	if e.yours {
		return time.Time{}, false
	}
	if e.shift && !e.hasClock {
		if e.shiftBy == GrainDay {
			return atMinute(dayOf(t.At), dueMinute), true
		}
		return t.At, true
	}
	if e.hasClock {
		return t.At, true
	}
	day := dayOf(t.At)
	if e.part > 0 && !e.endOf {
		return atMinute(day, [...]int{0, dueNoonMinute, dueNoonMinute, dueMinute, dueNightMinute, dueNightMinute, dueFirstThing}[e.part]), true
	}
	if before && !e.endOf {
		return atMinute(workdayBefore(day), dueMinute), true
	}
	switch t.Grain {
	case GrainWeek:
		if e.weekend && d.strong && !e.endOf { // by the weekend: before it begins
			return atMinute(mondayOf(day).AddDate(0, 0, 4), dueMinute), true
		}
		if e.weekend {
			return atMinute(mondayOf(day).AddDate(0, 0, 6), dueMinute), true
		}
		return atMinute(mondayOf(day).AddDate(0, 0, 4), dueMinute), true
	case GrainMonth:
		return atMinute(workdayBefore(day.AddDate(0, 1, 0)), dueMinute), true
	case GrainQuarter:
		return atMinute(workdayBefore(day.AddDate(0, 3, 0)), dueMinute), true
	case GrainYear:
		return atMinute(workdayBefore(day.AddDate(1, 0, 0)), dueMinute), true
	}
	return atMinute(day, dueMinute), true
}

func atMinute(day time.Time, minute int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, minute, 0, 0, day.Location())
}

// workdayBefore is the last day from Monday to Friday before day.
func workdayBefore(day time.Time) time.Time {
	for {
		day = day.AddDate(0, 0, -1)
		if isoWeekday(day) < 6 {
			return day
		}
	}
}
