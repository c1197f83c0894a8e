package gateway

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/relay"
)

// tellOutside sends a letter of Tidepost's own to an address that is not ours, past the
// queue, over the second route and, if that fails, over the first: who needs it cannot
// wait for a mailbox they cannot open.
func (g *Gateway) tellOutside(ctx context.Context, to mail.Mailbox, subject, text string, now time.Time) error {
	head, body, err := g.outsideLetter(to, subject, text, now)
	if err != nil {
		return err
	}
	routes, closeAll, err := g.outsideRoutes()
	if err != nil {
		return err
	}
	defer closeAll()
	why := errors.New("there is no way out")
	for _, r := range routes {
		attempt, cancel := context.WithTimeout(ctx, alarmTime)
		results := r.send(attempt, relay.Job{
			Recipients: []mail.Recipient{{Address: to.Address}}, Size: int64(len(head) + len(body)),
			Open: func() (io.ReadCloser, error) {
				return io.NopCloser(io.MultiReader(bytes.NewReader(head), bytes.NewReader(body))), nil
			},
		})
		cancel()
		if len(results) == 1 && results[0].Delivered {
			return nil
		}
		if len(results) == 1 {
			why = fmt.Errorf("%s route: %s", r.name, results[0].Reply.Text)
		}
	}
	return fmt.Errorf("tell %s: %w", to.Address, why)
}

// outsideRoutes are the ways out of this process, in the order in which they are tried.
func (g *Gateway) outsideRoutes() (routes []route, closeAll func(), err error) {
	second, err := alarmOptions(g.cfg)
	if err != nil {
		return nil, nil, err
	}
	first, err := relayOptions(g.cfg)
	if err != nil {
		return nil, nil, err
	}
	var open []*relay.Client
	add := func(name string, o relay.Options) {
		o.Dial = g.site.Dial
		if g.site.Resolver != nil {
			o.Resolver = g.site.Resolver
		}
		c := relay.New(o)
		open = append(open, c)
		routes = append(routes, route{name, c.Send})
	}
	if g.cfg.Alarm.Mode == "smarthost" || !g.site.noDNS && g.site.Dial == nil {
		add("alarm", second)
	}
	add("relay", first)
	return routes, func() {
		for _, c := range open {
			c.Close()
		}
	}, nil
}

// outsideLetter is marked as every letter of ours, and goes from the null reverse-path:
// nobody answers it with another.
func (g *Gateway) outsideLetter(to mail.Mailbox, subject, text string, now time.Time) (head, body []byte, err error) {
	domain := g.cfg.Server.Domains[0]
	mid, err := mail.NewMessageID(rand.Reader, domain)
	if err != nil {
		return nil, nil, err
	}
	return mail.Compose(mail.Letter{
		From: mail.Mailbox{Name: "Tidepost", Address: mail.Address{Local: "tidepost", Domain: domain}}, To: []mail.Mailbox{to},
		Date: now.UTC(), MessageID: mid, Subject: subject,
		Extra: []mail.Extra{
			{Name: "Auto-Submitted", Value: "auto-generated", Raw: true}, {Name: "X-Auto-Response-Suppress", Value: "All", Raw: true},
			{Name: digest.LoopField, Value: domain, Raw: true},
		},
		Text: text,
	}, rand.Reader)
}
