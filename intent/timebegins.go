package intent

import "strings"

// A beginMark tells which kinds of parts of a time a word may begin: bit n is that
// of kind n of partOf. It saves trying the others.
type beginMark uint16

// numberBegins are the kinds of parts that a number may begin.
const numberBegins beginMark = 1<<partNumericDate | 1<<partYearFirst | 1<<partMonthDate | 1<<partNthOf | 1<<partDaysOn | 1<<partSpan |
	1<<partPeriod | 1<<partOrdinalDay | 1<<partClock | 1<<partZone

// beginClasses are the kinds that a word may begin by its class.
var beginClasses = [tNow + 1]beginMark{
	tWeekday: 1 << partWeekday,
	tMonth:   1 << partMonthDate,
	tRelDay:  1 << partRelativeDay,
	tUnit:    1 << partPeriod,
	tNumber:  1<<partMonthDate | 1<<partDaysOn | 1<<partSpan | 1<<partPeriod | 1<<partOrdinalDay | 1<<partClock,
	tOrdinal: 1<<partMonthDate | 1<<partNthOf | 1<<partOrdinalDay,
	tPart:    1 << partDayPart,
	tNext:    1<<partHoliday | 1<<partSpan | 1<<partPeriod | 1<<partWeekday | 1<<partDayPart,
	tThis:    1<<partHoliday | 1<<partPeriod | 1<<partWeekday | 1<<partDayPart,
	tLast:    1<<partHoliday | 1<<partNthOf | 1<<partPeriod | 1<<partWeekday | 1<<partDayPart,
	tClockAt: 1 << partClock,
	tEnd:     1 << partPeriod,
	tShort:   1 << partPeriod,
	tIn:      1 << partSpan,
}

// beginWords are the words by which a part of a kind may begin whatever their class.
var beginWords = map[int]string{
	partRightNow:    "now atm right just at",
	partHoliday:     "the this good new",
	partMonthDate:   "ides",
	partDaysOn:      "a an couple half halben demi",
	partSpan:        "a an couple half halben demi",
	partPeriod:      "a an couple half halben demi upcoming the this q close week wk kw cw semaine semana laufe course courant transcurso decorrer loop largo longo durante during dans",
	partWeekday:     "the this",
	partRelativeDay: "day pasado après morgen mañana",
	partClock:       "a an couple half halben demi quarter mid",
	partDayPart:     "first primera primeira première logo early late mid dans in am pm a p ish the this après meio",
}

// beginIndex are the marks of beginWords, and of the words of periodParts and
// holidays. It is read only.
var beginIndex = buildBegins()

func buildBegins() map[string]beginMark {
	out := make(map[string]beginMark)
	for kind, words := range beginWords {
		for _, w := range fields(words) {
			out[w] |= 1 << kind
		}
	}
	for _, part := range periodParts {
		for _, w := range part.words {
			out[w] |= 1 << partPeriod
		}
	}
	for w := range holidays {
		out[w] |= 1 << partHoliday
	}
	return out
}

// begins tells which kinds of parts a word may begin. A zone hangs on what is read
// already.
func begins(word string, meanings []timeWord) beginMark {
	mark := 1<<partZone | beginIndex[word]
	if _, ok := feasts[strings.TrimSuffix(word, "'s")]; ok {
		mark |= 1 << partHoliday
	}
	for _, t := range meanings {
		mark |= beginClasses[t.class]
	}
	return mark
}

// begins tells which kinds of parts token t may begin.
func (t *token) begins() beginMark {
	if t.kind == kindNumber {
		return numberBegins
	}
	return t.word.begins | 1<<partZone
}

// A classMark is a set of classes of time.
type classMark uint32

const dayClasses classMark = 1<<tWeekday | 1<<tMonth | 1<<tRelDay

func classesOf(meanings []timeWord) (mark classMark) {
	for _, t := range meanings {
		mark |= 1 << t.class
	}
	return mark
}
