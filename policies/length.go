package policies

import (
	"strconv"
	"time"
)

// The reasons of the length policy.
const (
	ReasonTooLong  Reason = "too-long"
	ReasonTooMany  Reason = "too-many-asks"
	longestMail           = 500 // new words
	mostAsksInMail        = 5
)

// length finds mail that is too long to be read at once, or asks too much for one
// answer. Text is the count.
func length(in Input, _ time.Time) []Finding {
	if smallTalk(in) {
		return nil
	}
	if n := words(in.NewWords); n > longestMail {
		return []Finding{{Reason: ReasonTooLong, Action: Advise, Recipient: Everybody, Text: strconv.Itoa(n)}}
	}
	if asks := in.Read().Asks; len(asks) > mostAsksInMail {
		return []Finding{{Reason: ReasonTooMany, Action: Advise, Recipient: Everybody, Text: strconv.Itoa(len(asks)), Quote: asks[mostAsksInMail].Text}}
	}
	return nil
}
