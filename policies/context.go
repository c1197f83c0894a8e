package policies

import (
	"time"

	"tidepost/intent"
)

// The reasons of the context policy.
const (
	ReasonNoTopic  Reason = "no-topic"  // it does not say what it is about
	ReasonSeeBelow Reason = "see-below" // it points a newcomer at a long thread
)

// longThread is the number of messages from which a newcomer cannot be asked to read
// them all.
const longThread = 3

// noContext finds mail whose readers would have to ask what it is about. A newcomer
// in a long thread is the one reader for whom a short reply is not small talk.
func noContext(in Input, _ time.Time) []Finding {
	read := in.Read()
	if read.Pointer != nil && len(in.Newcomers) > 0 && in.ThreadLength >= longThread && words(in.NewWords) < shortReply {
		who := in.Newcomers[0]
		return []Finding{{Reason: ReasonSeeBelow, Action: Advise, Recipient: recipientOf(in, who), Quote: read.Pointer.Text,
			Missing: []string{MissingContext}, Text: who.Key()}}
	}
	if read.Vague == nil || smallTalk(in) || len(read.Decisions) > 0 && len(read.Asks) == 0 {
		return nil // What is decided needs no answer.
	}
	if read.Attachment.Value == intent.AttachmentMissing {
		return nil // The file is the topic; that it is missing is said already.
	}
	f := Finding{Reason: ReasonNoTopic, Action: Advise, Recipient: Everybody, Quote: read.Vague.Text, Missing: []string{MissingTopic}, Text: read.Vague.Because}
	if read.Chat != nil {
		f.Hours = hoursOf(in)
	}
	return []Finding{f}
}

// hoursOf are the office hours of the sole reader.
func hoursOf(in Input) string {
	if len(in.Facts.To) != 1 {
		return ""
	}
	return in.OfficeHours[in.Facts.To[0].Address.Key()]
}

// theirs reports whether an ask is put to a person, or to all.
func theirs(a intent.Ask, key string) bool {
	if a.All || len(a.Owners) == 0 {
		return true
	}
	for _, o := range a.Owners {
		if o.Address.Key() == key {
			return true
		}
	}
	return false
}
