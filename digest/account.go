package digest

import (
	"fmt"

	"tidepost/mail"
)

// An Account is where a person's mail is elsewhere, as a letter speaks of it.
type Account struct {
	Host string // "smtp.provider.example"
	User string
	Said string // by the server, or what else is the matter; untrusted
}

// SendingRefused tells a person that the server their mail goes through does not let them
// in: what they send waits.
func (w Writer) SendingRefused(to Reader, a Account) mail.Letter {
	host := line(a.Host, maxName)
	return w.note(to, About{}, "Your mail waits: "+host+" does not let you in",
		fmt.Sprintf("%s refuses the login of %s. Mail you send to people elsewhere waits and leaves by itself once the password is right again. You need not send it twice.", host, line(a.User, maxName)),
		"It said: "+line(a.Said, 200),
		"Your administrator has been told and can enter the new password.")
}

// SendingWorks tells a person that it is over.
func (w Writer) SendingWorks(to Reader, a Account) mail.Letter {
	host := line(a.Host, maxName)
	return w.note(to, About{}, "Your mail leaves again", fmt.Sprintf("%s lets %s in again. What waited is leaving now.", host, line(a.User, maxName)))
}
