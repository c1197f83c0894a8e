package digest

import (
	"fmt"
	"time"

	"tidepost/mail"
)

// A Trial is what a dry run would have done in a person's account.
type Trial struct {
	Since  time.Time
	Came   Tried // mail to them
	Sent   Tried // readers of mail of theirs
	Advice int   // lines of advice on drafts
}

// Tried is how many mails a switch looked at, and how many it would have let wait.
type Tried struct {
	Looked, Would int
	Half, Most    string // how long, in words: the median of those that would have waited, and the longest
}

// TrialOver tells a person what a dry run would have done, and that nothing has changed.
func (w Writer) TrialOver(to Reader, t Trial) mail.Letter {
	return w.note(to, About{}, "What Tidepost would have done",
		fmt.Sprintf("Since %s Tidepost has read along and changed nothing. This is what it would have done:", t.Since.In(to.Zone).Format("Mon 2 Jan")),
		t.Came.line("mails that came", "would have come with a delivery instead of at once"),
		t.Sent.line("mails you sent", "would have waited for their reader's hours"),
		adviceLine(t.Advice),
		"It goes on like this. Your administrator can turn it on, or off for good.")
}

func (t Tried) line(what, how string) string {
	switch {
	case t.Looked == 0:
		return fmt.Sprintf("No %s.", what)
	case t.Would == 0:
		return fmt.Sprintf("None of %d %s %s.", t.Looked, what, how)
	case t.Would == 1:
		return fmt.Sprintf("1 of %d %s %s, by %s.", t.Looked, what, how, t.Most)
	}
	return fmt.Sprintf("%d of %d %s %s: half of them less than %s, the longest %s.", t.Would, t.Looked, what, how, t.Half, t.Most)
}

func adviceLine(n int) string {
	switch n {
	case 0:
		return "It would have had no advice on your drafts."
	case 1:
		return "It would have had one line of advice on a draft."
	}
	return fmt.Sprintf("It would have had %d lines of advice on drafts.", n)
}
