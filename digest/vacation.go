package digest

import (
	"strings"
	"time"

	"tidepost/mail"
)

// A Vacation is what somebody outside is told of a person who is on leave.
type Vacation struct {
	From    mail.Mailbox // the person, as they were addressed
	To      mail.Address
	Subject string    // of the mail that is answered
	Text    string    // the person's own words; "": ours. {back} and {cover} are filled in
	Back    time.Time // first working moment after leave; zero: not known
	Zone    *time.Location
	Cover   string // name of who stands in; only told by {cover}
}

// maxVacationSubject bounds the subject of an answer, in octets.
const maxVacationSubject = 200

// Vacation writes the answer of RFC 3834: in the person's name, about the mail that it
// answers. It says when the person is back and nothing else: not why, not who stands in,
// and nothing of what came. Message-ID, date and references are the caller's.
func (w Writer) Vacation(v Vacation) mail.Letter {
	back := "later"
	if !v.Back.IsZero() {
		back = v.Back.In(v.Zone).Format("Monday, 2 January 2006")
	}
	text := strings.NewReplacer("{back}", back, "{cover}", v.Cover).Replace(v.Text)
	if v.Text == "" {
		text = "Thank you for your mail. I am away and will read it when I am back."
		if !v.Back.IsZero() {
			text = "Thank you for your mail. I am away until " + back + " and will read it then."
		}
		text += "\n\nThis answer was written automatically. You get it once in four days at most."
	}
	subject := "Auto: " + line(v.Subject, maxVacationSubject) // RFC 3834 §3.1.5
	if strings.TrimSpace(v.Subject) == "" {
		subject = "Auto: your mail"
	}
	return mail.Letter{
		From: v.From, To: []mail.Mailbox{{Address: v.To}}, Subject: subject,
		Extra: []mail.Extra{
			{Name: "Auto-Submitted", Value: "auto-replied", Raw: true}, // RFC 3834 §5
			{Name: "X-Auto-Response-Suppress", Value: "All", Raw: true},
			{Name: "Precedence", Value: "bulk", Raw: true}, // RFC 3834 §3.1.8
			{Name: LoopField, Value: w.Domain, Raw: true},
		},
		Text: strings.TrimRight(text, "\n") + "\n",
	}
}
