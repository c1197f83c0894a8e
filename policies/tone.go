package policies

import (
	"time"

	"tidepost/intent"
)

// ReasonHarsh: its reader would wince.
const ReasonHarsh Reason = "harsh"

// tone finds words that hurt. Blunt is not harsh.
func tone(in Input, _ time.Time) []Finding {
	st := in.Read().Tone
	if st.Value != intent.ToneHarsh || smallTalk(in) {
		return nil
	}
	return []Finding{{Reason: ReasonHarsh, Action: Advise, Recipient: Everybody, Quote: st.Text, Text: first(st.Because)}}
}
