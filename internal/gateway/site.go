package gateway

import (
	"context"
	"net"
	"time"

	"tidepost/mirror"
	"tidepost/remote"
	"tidepost/scheduler"
	"tidepost/trust"
)

// A Site is what surrounds a gateway: where it listens and dials, and the clock that
// nobody sets. What is nil is this machine's. Stories told in virtual time have one of
// their own, so that they play with the parts that ship.
type Site struct {
	// Listen opens a door: "host:port", or the path of a unix socket.
	Listen func(addr string) (net.Listener, error)
	// Control opens the control socket of a data directory; it fails if another
	// process serves that directory.
	Control func(dir string) (net.Listener, error)
	// Dial connects to another mail server.
	Dial func(ctx context.Context, network, addr string) (net.Conn, error)
	// Resolver asks the DNS about incoming mail. nil: as configured where this machine
	// listens; elsewhere there is no DNS, and nothing is asked.
	Resolver trust.Resolver
	// Mailbox logs in to a person's account at a provider.
	Mailbox func(ctx context.Context, a remote.Account) (mirror.Session, error)
	// Scripts logs in to the ManageSieve server of such an account; nil with Mailbox: there
	// is none.
	Scripts func(ctx context.Context, a remote.Account) (mirror.Scripts, error)
	// Uptime never jumps, unlike the wall clock.
	Uptime func() time.Duration

	noDNS bool
}

// orMachine fills in what is nil. A nil Dial is left to package relay.
func (s Site) orMachine() Site {
	s.noDNS = s.Listen != nil && s.Resolver == nil
	if s.Listen == nil {
		s.Listen = listen
	}
	if s.Control == nil {
		s.Control = listenControl
	}
	if s.Uptime == nil {
		s.Uptime = scheduler.BootTime
	}
	return s
}
