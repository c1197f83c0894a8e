package intent

import (
	"slices"
	"strings"
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
	key := Span{from, to}
	dues, ok := r.dues[key]
	if !ok {
		dues = r.findDeadlines(from, to)
		if r.dues == nil {
			r.dues = make(map[Span][]deadline)
		}
		r.dues[key] = dues
	}
	return dues
}

func (r *reader) findDeadlines(from, to int) []deadline {
	limits := r.limitsIn(from, to)
	if len(limits) == 0 || r.isPast(from, to) {
		return nil
	}
	var out []deadline
	next := from
	for _, at := range limits {
		i := int(at)
		if i < next {
			continue
		}
		if d, ok := r.deadlineAt(i, from, to); ok {
			out = append(out, d)
			next = max(d.to, i+1)
		}
	}
	return out
}

// limitsIn returns the tokens of toks[from:to] at which a deadline may begin.
// They are looked for once for the whole text.
func (r *reader) limitsIn(from, to int) []int32 {
	if r.limits == nil {
		r.limits = make([]int32, 0, len(r.toks)/8+8)
		for i := range r.toks {
			if t := &r.toks[i]; r.times.canStart(i) || t.word.limitWord {
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
		return r.makeDue(i, i+n, deadline{strong: true}), true
	}
	word, k := r.dueWordAt(i, to)
	if word != dueNone && !r.trapBefore(i, from, word) {
		if d, ok := r.limited(i, k, to, word); ok {
			return d, true
		}
	}
	if !r.times.canStart(i) || r.eventWordBefore(i, from) {
		return deadline{}, false
	}
	at, ok := r.times.at(i, to)
	if !ok || at.expr.weekMod < 0 || at.At.Before(dayOf(r.ref)) && at.Grain < GrainWeek {
		return deadline{}, false
	}
	d := r.makeDue(i, at.last, deadline{t: at})
	d.Span.Start, d.Text = at.Start, r.text[at.Start:at.End]
	d.strong = at.expr.endOf
	return d, true
}

// limited reads the time or event behind a word that limits.
func (r *reader) limited(i, k, to int, word dueWord) (deadline, bool) {
	for n := 0; n < 5 && k < to; n++ {
		if at, ok := r.timeFrom(k, to); ok {
			if at.At.Before(dayOf(r.ref)) && at.Grain <= GrainDay {
				return deadline{}, false
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
		if !r.toks[k].is("the", "my", "our", "your", "at", "latest", "my", "den", "dem", "der", "zum", "zur", "spätestens", "le", "la", "du", "el", "la", "del", "de", "o", "a", "ao", "end", "day", "then", "if", "possible", "about", "around", "on", "am", "or", "no", "later", "than", "next", "few", "feira", "dia", "da", "do", "des", "uiterlijk") {
			break
		}
		k++
	}
	if word == dueBefore {
		return r.beforeEvent(i, to)
	}
	if word == dueWithin && k+1 < to && r.toks[k+1].is("days", "hours") {
		return r.makeDue(i, k+2, deadline{strong: true}), true
	}
	return deadline{}, false
}

// timeFrom reads a time at token k; "your time" has no zone.
func (r *reader) timeFrom(k, to int) (Time, bool) {
	if !r.times.canStart(k) && !r.toks[k].is("close") {
		return Time{}, false
	}
	if r.toks[k].is("close") {
		var e timeExpr
		if n, ok := r.times.closeOfBusiness(&e, k); ok {
			next := n
			if next < to && r.toks[next].is("on", "of") {
				next++
			}
			if at, ok := r.timeFromPlain(next, to); ok {
				at.expr.endOf = true
				return at, true
			}
			return Time{Span: Span{r.toks[k].Start, r.toks[n-1].End}, At: dayOf(r.ref), Grain: GrainDay, expr: timeExpr{endOf: true, hasDay: true, grain: GrainDay}, last: n}, true
		}
		return Time{}, false
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
	if t.kind != kindNumber || t.digits > 2 || t.num < 1 || t.num > 31 {
		return Time{}, false
	}
	if k+1 < to && !r.toks[k+1].mark('.') && !r.toks[k+1].mark(',') && !r.toks[k+1].mark('?') && !r.toks[k+1].mark('!') {
		return Time{}, false
	}
	e := timeExpr{hasClock: true, sec: t.num * 3600, fixed: t.num > 12}
	if r.toks[k-1].is("the", "le", "el", "o", "dia") {
		e = timeExpr{hasDay: true, grain: GrainDay, day: r.times.dayOfMonth(&timeExpr{}, t.num)}
	} else if t.num > 24 || r.toks[k-1].is("dem") {
		return Time{}, false
	}
	at, grain, ok := r.times.resolve(&e)
	return Time{Span: t.Span, At: at, Grain: grain, expr: e, last: k + 1}, ok
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
			if at, ok := r.timeFrom(k, to); ok && at.Grain <= GrainDay && at.At.After(dayOf(r.ref)) {
				return r.makeDue(i, at.last, deadline{strong: true, t: at, before: true}), true
			}
		}
		noun = noun || eventWords[t.low] || t.is("expires", "starts", "begins", "leaves", "leave", "ends")
	}
	if !noun || k == i+1 {
		return deadline{}, false
	}
	return r.makeDue(i, k, deadline{strong: true}), true
}

// eventWords are things that have a time of their own.
var eventWords = wordSet("meeting call demo release workshop session board review retro retrospective standup refinement planning sprint interview webinar training launch freeze round visit trip flight deadline presentation conference event expo lunch dinner party termin sitzung besprechung réunion reunion reunión reunião vergadering overleg deploy deployment cutover maintenance audit holiday holidays vacation")

// limitWords are the first words of what vagueDue and dueWordAt read.
var limitWords = wordSet("asap immediately urgently schnellstmöglich baldmöglichst umgehend sofort urgemment now right straight as dès lo o so zo when no same " +
	"by due deadline bis d'ici até spätestens uiterlijk not until till til hasta jusqu'à jusqu'au tot before vor avant vóór voor antes prior ahead within binnen innerhalb sous pour para au a close first day")

// vaguePhrases are words of urgency, or of none, without an instant, by their
// first word.
var vaguePhrases = compileVague("asap ; immediately ; urgently ; right now|away ; straight away ; as soon|quickly|fast as possible|you ; when you have|get a|one minute|moment|chance|sec|second ; no rush|hurry ; same day ; " +
	"schnellstmöglich ; baldmöglichst ; umgehend ; sofort ; so schnell|bald wie möglich ; dès que possible ; urgemment ; lo antes posible ; o mais|quanto rápido|antes|breve ; zo snel|spoedig mogelijk")

func compileVague(text string) map[string][][]cuePart {
	out := make(map[string][][]cuePart)
	for _, phrase := range strings.Split(text, ";") {
		parts := compileCue(phrase)
		first := parts[0].words[0]
		out[first] = append(out[first], parts)
	}
	return out
}

// vagueDue returns the length of words of urgency without an instant.
func (r *reader) vagueDue(i, to int) int {
	t := &r.toks[i]
	if t.low == "now" && (i+1 >= to || r.toks[i+1].kind == kindMark || t.caps) {
		return 1
	}
	for _, parts := range t.word.vague {
		if end := matchCue(r.toks[:to], i, parts); end > 0 {
			return end - i
		}
	}
	return 0
}

// dueWordAt reads a word that limits and returns the token behind it.
func (r *reader) dueWordAt(i, to int) (dueWord, int) {
	t := &r.toks[i]
	is := func(k int, words ...string) bool { return i+k < to && r.toks[i+k].is(words...) }
	switch t.low {
	case "by", "due", "deadline", "bis", "d'ici", "até", "spätestens", "uiterlijk":
		k := i + 1
		for k < to && k < i+3 && (r.toks[k].mark(':') || r.toks[k].is("is", "on", "by", "spätestens", "zum", "à", "al", "ao", "para")) {
			k++
		}
		if t.is("due") && is(1, "to") {
			return dueNone, i
		}
		return dueBy, k
	case "no", "not":
		if is(1, "later") && is(2, "than") {
			return dueBy, i + 3
		}
	case "until", "till", "til", "hasta", "jusqu'à", "jusqu'au", "tot":
		return dueUntil, i + 1
	case "before", "vor", "avant", "vóór", "voor":
		return dueBefore, i + 1
	case "antes":
		if is(1, "de", "del", "do", "da") {
			return dueBefore, i + 2
		}
	case "prior", "ahead":
		if is(1, "to", "of") {
			return dueBefore, i + 2
		}
	case "within", "binnen", "innerhalb", "sous":
		return dueWithin, i
	case "pour", "para":
		return dueBy, i + 1
	case "au":
		if is(1, "plus") && is(2, "tard") {
			return dueBy, i + 3
		}
	case "a":
		if is(1, "más", "mais") && is(2, "tardar") {
			return dueBy, i + 3
		}
	}
	return dueNone, i
}

// trapBefore reports whether the words before a limit make it something else:
// an absence, a state, a reach.
func (r *reader) trapBefore(i, from int, word dueWord) bool {
	answer := false
	for k := i - 1; k >= from && k >= i-7; k-- {
		t := &r.toks[k]
		if t.kind == kindMark && !t.mark('-') && !t.mark(')') && !t.mark('(') && word != dueUntil {
			break
		}
		switch t.low {
		case "back", "out", "away", "off", "leave", "absent", "closed", "unavailable", "abwesend", "urlaub", "absente", "congé", "vacaciones", "férias", "afwezig", "vrij", "pto", "ooo", "vacation", "holiday":
			if k >= i-5 {
				return true
			}
		case "available", "extended", "valid", "open", "postponed", "deferred", "moved", "delayed":
			return true
		case "answer", "reply", "respond", "tell", "know", "feedback", "confirm", "send", "antworte", "confirmar", "confirma", "confirmez":
			answer = true
		}
	}
	return word == dueUntil && !answer
}

// eventWordBefore reports whether the time at token i belongs to something that
// has begun or will begin then: "since Monday", "from 1 March", "the meeting on
// Friday".
func (r *reader) eventWordBefore(i, from int) bool {
	for k := i - 1; k >= from && k >= i-3; k-- {
		t := &r.toks[k]
		if t.is("since", "last", "past", "previous", "letzten", "dernier", "pasado", "passado", "vorige", "to", "than", "from", "after", "starting", "effective", "as", "seit", "ab", "depuis", "dès", "partir", "desde", "sinds", "vanaf", "nach", "until", "till", "bis", "ago", "between", "every", "each", "jeden", "chaque", "cada", "elke", "of", "per") {
			return true
		}
		if eventWords[t.low] {
			return true
		}
		if t.kind == kindMark && !t.mark(',') {
			break
		}
		if !t.is("on", "the", "at", "am", "um", "le", "el", "op", "of", "this", "next", "in", "na", "no", "à", "den", "o", "a") {
			break
		}
	}
	return false
}

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
	d.Span = Span{r.toks[from].Start, r.toks[to-1].End}
	d.Text = r.text[d.Start:d.End]
	if d.t.last > 0 {
		d.At, d.OK = r.dueInstant(d.t, d.before)
	}
	return d
}

// dueInstant resolves a time as a deadline.
func (r *reader) dueInstant(t Time, before bool) (time.Time, bool) {
	e := &t.expr
	if e.yours {
		return time.Time{}, false
	}
	if e.shift && !e.hasClock {
		if e.shiftBy == GrainDay && t.At.Hour() == 0 && t.At.Minute() == 0 {
			return atMinute(t.At, dueMinute), true
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
