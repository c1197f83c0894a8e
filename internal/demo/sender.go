package demo

import (
	"bytes"
	"crypto/tls"
	"fmt"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// A sender hands mail to the gateway, as a mail client or another server does.
type sender struct {
	port     int
	implicit bool // TLS from the first octet
	tls      *tls.Config
	login    *resident // nil: another server, which has no login
}

// send hands over one mail in a connection of its own. What is returned as nil has
// been answered with 250.
func (s sender) send(from string, raw []byte, to ...string) error {
	dial := smtp.DialStartTLS
	if s.implicit {
		dial = smtp.DialTLS
	}
	c, err := dial(loopback(s.port), s.tls)
	if err != nil {
		return fmt.Errorf("connect to port %d: %w", s.port, err)
	}
	defer c.Close()
	if s.login != nil {
		if err := c.Auth(sasl.NewPlainClient("", s.login.address, s.login.password)); err != nil {
			return fmt.Errorf("log in as %s: %w", s.login.address, err)
		}
	}
	if err := c.SendMail(from, to, bytes.NewReader(raw)); err != nil {
		return fmt.Errorf("send to %v: %w", to, err)
	}
	return c.Quit()
}

// submission is how a resident sends: with a login.
func (w *world) submission(who *resident) sender {
	return sender{port: w.doors.Submission, tls: w.trust, login: who}
}

// inbound is how the outside world sends.
func (w *world) inbound() sender { return sender{port: w.doors.Inbound, tls: w.trust} }
