package policies

import (
	"strconv"
	"time"
)

// ReasonStorm: everybody answers everybody.
const ReasonStorm Reason = "reply-all-storm"

// storm finds the reply to all that comes on top of too many others. It looks at
// short replies most of all: those are what storms are made of.
func storm(in Input, _ time.Time) []Finding {
	if in.StormLimit <= 0 || in.StormReplies < in.StormLimit || !in.Facts.IsReply || len(in.Recipients) < 2 {
		return nil
	}
	return []Finding{{Reason: ReasonStorm, Action: Advise, Recipient: Everybody, Text: strconv.Itoa(in.StormReplies)}}
}
