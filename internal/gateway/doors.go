package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/guard"
	"tidepost/smtpd"
)

// A door is one listener and who serves it.
type door struct {
	name  string
	serve func(ctx context.Context) error
}

// open listens on every configured address. If one fails, none stays open.
func (g *Gateway) open() (doors []door, err error) {
	var listeners []net.Listener
	defer func() {
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
		}
	}()
	for _, d := range []struct {
		name, addr string
		role       guard.Role
		imap       bool
		implicit   bool
	}{
		{name: "submission", addr: g.cfg.Listen.Submission, role: guard.Submission},
		{name: "submissions", addr: g.cfg.Listen.Submissions, role: guard.Submission, implicit: true},
		{name: "inbound", addr: g.cfg.Listen.Inbound, role: guard.Inbound},
		{name: "lmtp", addr: g.cfg.Listen.LMTP, role: guard.LMTP},
		{name: "connector", addr: g.cfg.Listen.Connector, role: guard.Connector},
		{name: "imap", addr: g.cfg.Listen.IMAP, imap: true},
		{name: "imaps", addr: g.cfg.Listen.IMAPS, imap: true, implicit: true},
	} {
		if d.addr == "" {
			continue
		}
		if d.implicit && g.tls == nil {
			return nil, fmt.Errorf("listen.%s needs a certificate: set [tls]", d.name)
		}
		l, err := g.site.Listen(d.addr)
		if err != nil {
			return nil, fmt.Errorf("listen.%s: %w", d.name, err)
		}
		listeners = append(listeners, l)
		g.opened(d.name, l)
		if d.imap {
			doors = append(doors, door{d.name, func(ctx context.Context) error { return g.imap.Serve(ctx, l, d.implicit) }})
			continue
		}
		doors = append(doors, door{d.name, g.smtpDoor(l, d.role, d.implicit, g.cfg.Listen.ClearTextAllowed(d.addr))})
	}
	d, l, ok, err := g.openWeb()
	if err != nil {
		return nil, err
	}
	if ok {
		listeners = append(listeners, l)
		g.opened(d.name, l)
		doors = append(doors, d)
	}
	return doors, nil
}

// opened remembers and says where a door listens.
func (g *Gateway) opened(name string, l net.Listener) {
	g.mu.Lock()
	g.doors[name] = l.Addr()
	g.mu.Unlock()
	g.log.Info("listening", "door", name, "addr", l.Addr().String())
}

// listen opens "host:port" or, if the address has a slash, a unix socket that its
// group may use: an MTA on the same machine.
func listen(addr string) (net.Listener, error) {
	if !strings.Contains(addr, "/") {
		return net.Listen("tcp", addr)
	}
	if err := os.Remove(addr); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", addr)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(addr, 0o660); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// doorName is what the log and the figures call a role.
func doorName(r guard.Role) string { return []string{"submission", "inbound", "lmtp", "connector"}[r] }

// smtpDoor serves one role on l until ctx ends, then lets sessions end.
func (g *Gateway) smtpDoor(l net.Listener, role guard.Role, implicit, clear bool) func(context.Context) error {
	lim := g.cfg.Limits
	o := smtpd.Options{
		Guard: guard.SMTPOptions{
			Hostname: g.cfg.Server.Hostname, Role: role, TLS: g.tls, Implicit: implicit, AllowClearAuth: clear,
			Logins: g.throttle, MaxSize: lim.MessageSize, MaxRecipients: lim.Recipients,
			GreetingTimeout: lim.IdleLogin, CommandTimeout: lim.IdleSMTP, DataTimeout: lim.IdleData,
		},
		Postmaster: g.postmaster(),
		Room:       g.room.enough,
		Metrics:    g.metrics,
		Door:       doorName(role),
		Log:        g.log.With("part", "smtp", "door", doorName(role)),
	}
	d := smtpd.Doors{DB: g.db, Directory: g.dir, Inbox: g.inbox}
	if role == guard.Connector {
		o.Connector, o.Guard.TLS = g.connector, connectorTLS(g.tls)
	}
	busy := "421 4.7.0 Too many connections\r\n"
	if role == guard.Submission {
		o.Guard.MaxHold = g.cfg.Hold.MaxExplicit
		o.Guard.DeliverBy, o.Guard.Priority = false, true
		d.Logins, d.Sessions, d.Queue = g.logins, g.sessions, g.queue
	}
	if implicit {
		busy = "" // Clear text before a handshake would only confuse.
	}
	server := smtpd.New(d, o)
	return func(ctx context.Context) error {
		ended := make(chan error, 1)
		go func() { ended <- server.Serve(guard.Listen(l, g.limits(busy))) }()
		select {
		case err := <-ended:
			return err
		case <-ctx.Done():
		}
		stop, cancel := context.WithTimeout(context.Background(), stopTime)
		defer cancel()
		if err := server.Shutdown(stop); err != nil {
			g.log.Warn("sessions were cut", "err", err)
		}
		return <-ended
	}
}

// serveControl answers on the control socket until ctx ends.
func (g *Gateway) serveControl(ctx context.Context, l net.Listener, group *errgroup.Group) {
	srv := g.controlServer()
	srv.BaseContext = func(net.Listener) context.Context { return ctx } // A long order ends with the server.
	group.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("control socket: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-ctx.Done()
		stop, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		return srv.Shutdown(stop)
	})
}
