package policies

import (
	"regexp"
	"time"
)

// ReasonTogether: a decision or a proposal with a due time, to several people.
const ReasonTogether Reason = "together"

var (
	// decisionLine is a line that says what it is.
	decisionLine = regexp.MustCompile(`(?im)^[ \t]*(?:decision|proposal)[ \t]*:`)
	// dueWords is "by" with a day or a time behind it.
	dueWords = regexp.MustCompile(`(?i)\b(?:by|until|before)\s+(?:(?:this|next|the)\s+)?` +
		`(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|satur|sat|sun)(?:day)?\b|today|tomorrow|tonight|noon|end of|eod|cob|\d)`)
)

// together finds a decision or proposal with a due time that goes to two people of
// the team or more: who reads first should not have decided before the others wake.
func together(in Input, _ time.Time) []Finding {
	team := 0
	for _, r := range in.Recipients {
		if r.Team {
			team++
		}
	}
	if !in.Submitted || team < 2 || !decisionLine.MatchString(in.NewWords) || !dueWords.MatchString(in.NewWords) {
		return nil
	}
	return []Finding{{Reason: ReasonTogether, Action: Together, Recipient: Everybody}}
}
