package policies

import (
	"time"

	"tidepost/intent"
)

// The reasons of the in-person policy.
const (
	ReasonSensitive   Reason = "sensitive"    // about a person's work, health or job, or a conflict
	ReasonThirdRound  Reason = "third-round"  // two people contradict each other once more
	ReasonOfficeHours Reason = "office-hours" // a talk is asked for, and there are hours for it
)

// argument is the number of turns from which contradiction is an argument.
const argument = 3

// inPerson finds what is better said than written. The third round of an argument is
// found in short replies between two people as well: it is made of them.
func inPerson(in Input, _ time.Time) []Finding {
	read := in.Read()
	f := Finding{Action: Advise, Recipient: Everybody, Hours: hoursOf(in)}
	switch {
	case in.Rounds >= argument && read.Dispute != nil:
		f.Reason, f.Quote, f.Text = ReasonThirdRound, read.Dispute.Text, read.Dispute.Because
	case smallTalk(in):
		return nil
	case read.Medium.Value == intent.MediumSensitive:
		f.Reason, f.Quote, f.Text = ReasonSensitive, read.Medium.Text, first(read.Medium.Because)
	case read.Medium.Value == intent.MediumComplex:
		f.Reason, f.Quote, f.Text = ReasonThirdRound, read.Medium.Text, first(read.Medium.Because)
	case read.Chat != nil && read.Vague == nil && f.Hours != "":
		f.Reason, f.Quote, f.Text = ReasonOfficeHours, read.Chat.Text, read.Chat.Because
	default:
		return nil
	}
	return []Finding{f}
}
