package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// maxOutside is how many mails the outside world remembers; a demo may run for days.
const maxOutside = 100

// A smarthost is the outside world: a server that takes mail for every address.
type smarthost struct {
	listener net.Listener
	server   *smtp.Server

	mu      sync.Mutex // guards below
	taken   []outgoing
	arrived func(outgoing) // nil: nobody is told
}

// An outgoing is one transaction as the outside world got it.
type outgoing struct {
	from string
	to   []string
	data []byte
}

// newSmarthost listens on a loopback port; 0 is any.
func newSmarthost(port int) (*smarthost, error) {
	l, err := net.Listen("tcp", loopback(port))
	if err != nil {
		return nil, fmt.Errorf("open the outside world: %w", err)
	}
	h := &smarthost{listener: l}
	h.server = smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &transaction{host: h}, nil }))
	h.server.Domain = "smarthost.example"
	h.server.EnableSMTPUTF8, h.server.EnableDSN = true, true
	h.server.MaxMessageBytes = 60 << 20
	h.server.ReadTimeout, h.server.WriteTimeout = 5*time.Minute, time.Minute
	return h, nil
}

// serve takes mail until ctx ends.
func (h *smarthost) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { h.server.Close() })
	defer stop()
	if err := h.server.Serve(h.listener); err != nil && ctx.Err() == nil && !errors.Is(err, smtp.ErrServerClosed) {
		return fmt.Errorf("serve the outside world: %w", err)
	}
	return nil
}

// onArrival sets who is told of each mail.
func (h *smarthost) onArrival(f func(outgoing)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.arrived = f
}

// mails returns what has been taken so far.
func (h *smarthost) mails() []outgoing {
	h.mu.Lock()
	defer h.mu.Unlock()
	return append([]outgoing(nil), h.taken...)
}

func (h *smarthost) take(m outgoing) {
	h.mu.Lock()
	if len(h.taken) == maxOutside {
		h.taken = append([]outgoing(nil), h.taken[1:]...)
	}
	h.taken = append(h.taken, m)
	tell := h.arrived
	h.mu.Unlock()
	if tell != nil {
		tell(m)
	}
}

// A transaction is a session of the smarthost.
type transaction struct {
	host *smarthost
	mail outgoing
}

// Mail implements smtp.Session.
func (t *transaction) Mail(from string, _ *smtp.MailOptions) error {
	t.mail = outgoing{from: from}
	return nil
}

// Rcpt implements smtp.Session.
func (t *transaction) Rcpt(to string, _ *smtp.RcptOptions) error {
	t.mail.to = append(t.mail.to, to)
	return nil
}

// Data implements smtp.Session.
func (t *transaction) Data(r io.Reader) (err error) {
	if t.mail.data, err = io.ReadAll(r); err != nil {
		return err
	}
	t.host.take(t.mail)
	return nil
}

// Reset implements smtp.Session.
func (t *transaction) Reset() { t.mail = outgoing{} }

// Logout implements smtp.Session.
func (t *transaction) Logout() error { return nil }
