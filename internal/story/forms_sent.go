package story

import "fmt"

// sentForms are what mail programs do beside SMTP: they file the mail that they submit.
func sentForms() []*form {
	return []*form{
		{example: `Ana files a copy of "Budget" in Sent`, pattern: `WHO files? (?:a|the|its) copy of TEXT(?: in(?:to)? (.*))?`, act: true, make: makeCopy},
	}
}

func makeCopy(b *builder, m []string) (func(*world) error, error) {
	p, err := b.somebody(m[1])
	if err != nil {
		return nil, err
	}
	if p.outside {
		return nil, b.st.wrong("%s is outside the team and has no folders here", p.name)
	}
	b.actor = p
	name, folder := b.mail(m[2]), folderName(m[3])
	if folder == "" {
		folder = "Sent"
	}
	return func(w *world) error {
		s, ok := w.mails[name]
		if !ok {
			return fmt.Errorf("%q has not been sent yet", name)
		}
		c, err := w.imap(p)
		if err != nil {
			return err
		}
		defer c.close()
		_, said, err := c.command(`APPEND `+quoteIMAP(folder)+` (\Seen)`, s.raw)
		return w.did(said, err, false)
	}, nil
}
