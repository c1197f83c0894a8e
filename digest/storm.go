package digest

import (
	"fmt"

	"tidepost/mail"
)

// A Storm is what a reply to all came on top of.
type Storm struct {
	Replies int      // within the hour, with this one
	People  int      // whom it goes to
	Needs   []string // who truly needs it
	When    string   // when the first of its readers gets it
}

// Storm tells the author of a reply to all that it waits for its readers' next delivery.
func (w Writer) Storm(to Reader, about About, s Storm) mail.Letter {
	needs := "Who truly needs it?"
	if len(s.Needs) > 0 {
		needs = "Who truly needs it? Probably " + names(s.Needs) + ": an answer to " + names(s.Needs) + " alone leaves at once."
	}
	return w.note(to, about, "Waits: "+subjectLine(about.Subject),
		fmt.Sprintf("Reply number %d to all within an hour, to %d people: it waits for their next delivery, %s. %s `[now]`, or *now* in answer to this, sends it to everybody.",
			s.Replies, s.People, line(s.When, maxReply), needs),
		"It lies in the folder `Scheduled`: drag it to `Scheduled/Send now`, or to `Drafts` to take it back.")
}
