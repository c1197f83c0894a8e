package intent

import "strings"

// A groupMark tells in which lists of words a word is: one bit each. The lists are
// those that are looked at for most words of a mail.
type groupMark uint64

const (
	inEvents groupMark = 1 << iota
	inAttend
	inOtherTimes
	inAll
	inWant
	inTell
	inOfferConditions
	inOfferTroubles
	inOfferWants
	inAbbreviations
	inUnits
	inFrom
	inMeeting
	inAbsence
	inState
	inLasting
	inAct
	inHollow
	inDecide
	inReview
	inAttendAsk
	inAnswer
	inRouted
	inVisit
	inNotNames
	inEnds
	inCondition
	inAhead
	inYour
	inEverybody
	inMiddle
	inCourse
	inFollow
	inHalfDay
	inAmount
	inTelling
	inWhat
)

// wordGroups are the lists of the marks.
var wordGroups = map[groupMark]map[string]bool{
	inEvents: eventWords, inAttend: attendWords, inOtherTimes: otherTimes, inAll: allWords, inWant: wantWords, inTell: tellWords,
	inOfferConditions: offerConditions, inOfferTroubles: offerTroubles, inOfferWants: offerWants, inAbbreviations: abbreviations, inUnits: unitWords,
	inFrom: fromWords, inMeeting: meetingWords, inAbsence: absenceWords, inState: stateWords, inLasting: lastingWords, inAct: actWords, inHollow: hollow,
	inRouted: routed, inVisit: visitWords, inNotNames: notNames, inEnds: endWords, inCondition: conditionWords, inAhead: aheadWords, inYour: yourWords, inEverybody: everybodyWords, inCourse: courseWords, inMiddle: periodPartWords(),
	inFollow: followWords, inHalfDay: halfDayWords, inAmount: amountWords, inTelling: tellingWords, inWhat: whatWords,
	inDecide: decideWords, inReview: reviewWords, inAttendAsk: meetWords, inAnswer: answerWords,
}

// endWords begin another clause or a subject: what is looked for must stand before them.
var endWords = wordSet("if whether what how why when before until so because that who which where after unless as while once and but or i we you he she they")

// conditionWords make of a promise behind them an offer, a hope or a threat.
var conditionWords = wordSet("if unless otherwise or could would might happy glad wenn falls sonst si sinon caso anders though until hope think thought said whether sure before")

// aheadWords say that a time is a limit for what follows.
var aheadWords = wordSet("deadline cut-off cutoff due closes frist plazo prazo délai échéance")

// yourWords speak of what is the reader's.
var yourWords = wordSet("your yours dein deine ihre votre vos jullie")

// everybodyWords put an ask to all.
var everybodyWords = wordSet("both all everyone everybody each y'all alle beide jeder tous toutes deux todos todas ambos allemaal allebei iedereen")

// courseWords say that something is due in the course of a time.
var courseWords = wordSet("laufe course courant transcurso decorrer loop largo longo durante during")

// followWords may go on an expression of time that a number or "next" began.
var followWords = wordSet("moment play your close course middle meantime business working von van un el les l'après d'après prazo plazo hundred oh ou zero thing a an couple few que m p")

// halfDayWords begin what amPM reads, amountWords what amount reads beside numbers.
var (
	halfDayWords = wordSet("in am pm a p ish")
	amountWords  = wordSet("a an couple half halben demi")
)

func periodPartWords() map[string]bool {
	out := make(map[string]bool)
	for _, part := range periodParts {
		for _, w := range part.words {
			out[w] = true
		}
	}
	return out
}

// groupIndex are the marks of all words of wordGroups. It is read only.
var groupIndex = buildGroups()

func buildGroups() map[string]groupMark {
	out := make(map[string]groupMark)
	for mark, words := range wordGroups {
		for w := range words {
			out[w] |= mark
		}
	}
	return out
}

// in reports whether t is a word of one of the lists.
func (t *token) in(lists groupMark) bool { return t.word.groups&lists != 0 }

// addGroups marks the words of the lists. A word with an apostrophe and s of a word
// that is known is marked where that is entered.
func addGroups(lexicon map[string]wordInfo) {
	for w, mark := range groupIndex {
		info, known := lexicon[w]
		if stem, ok := strings.CutSuffix(w, "'s"); ok && !known && len(stem) > 1 {
			if _, ok := lexicon[stem]; ok || groupIndex[stem] != 0 {
				continue
			}
		}
		info.groups = mark
		if !known {
			info.begins = begins(w, nil)
		}
		lexicon[w] = info
	}
}
