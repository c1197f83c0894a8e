package policies

import (
	"sync"
	"time"

	"tidepost/intent"
	"tidepost/mail"
)

// Standalone is the input of a message that is looked at by itself, as if its author
// had just sent it: what its thread and its readers would add is unknown. zone is
// the author's; nil is that of the Date field.
func Standalone(f mail.Facts, c *mail.Content, zone *time.Location) Input {
	in := Input{
		Facts: f, NewWords: mail.NewWords(c), Submitted: true, Zone: zone,
		Read: sync.OnceValue(func() intent.Findings { return intent.Read(intent.InputOf(f, c, zone)) }),
	}
	if len(f.From) > 0 {
		in.From = f.From[0].Address
	}
	for _, list := range [][]mail.Mailbox{f.To, f.Cc} {
		for _, m := range list {
			in.Recipients = append(in.Recipients, Recipient{Address: m.Address, Team: m.Address.Domain == in.From.Domain})
		}
	}
	return in
}
