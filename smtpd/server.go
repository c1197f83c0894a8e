// Package smtpd is the SMTP server: submission (RFC 6409) for people with a login,
// inbound SMTP (RFC 5321) and LMTP (RFC 2033) for mail to them.
//
// Each listener has one role. The guard in front of go-smtp owns TLS, framing,
// limits and deadlines; sessions here decide who may say what: a login, a
// reverse-path and a From of one's own, recipients that are ours or that a login
// may write to. What passes goes through one of two doors, queue.Submit and
// inbox.Receive, and 250 is said only when they have returned: it is on the disk.
//
// Invariants: no relaying without a login; unknown local people are refused at RCPT,
// so that Tidepost never has to bounce to a forged reverse-path; every error that is
// not a decision is temporary (451, 452).
package smtpd

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-smtp"

	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/metrics"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// Options are those of one listener.
type Options struct {
	Guard guard.SMTPOptions // role, TLS, limits
	// Postmaster takes mail to postmaster of a local domain that nobody has as an
	// address (RFC 5321 §4.5.1); null: such mail is refused.
	Postmaster mail.Address
	// Room reports whether the disk has room for more mail; nil: always.
	Room    func() bool
	Log     *slog.Logger
	Metrics *metrics.Set // nil: nothing is counted
	Door    string       // what the figures call this server

	// Connector is who may use a door of the role Connector, and takes what comes there.
	Connector Connector
}

// A Connector is the way on which the mail provider hands over what our people send.
type Connector interface {
	// Allows reports whether a peer is the provider: by its address or its certificate.
	Allows(ip netip.Addr, state *tls.ConnectionState) bool
	// Take takes a message over. A refusal is a *mail.Reply.
	Take(ctx context.Context, env mail.Envelope, staged *store.Staged, peer inbox.Peer, at time.Time) error
}

// Doors are where accepted mail goes, and who is asked before.
type Doors struct {
	DB        *store.DB
	Directory *people.Directory
	Logins    *people.Authenticator // nil unless submission
	Sessions  *people.Sessions      // who is logged in; nil: nobody asks
	Queue     Submitter             // nil unless submission
	Inbox     *inbox.Inbox
}

// A Submitter takes mail over: with a nil error the author may forget it. A refusal is a
// *mail.Reply.
type Submitter interface {
	Submit(ctx context.Context, s queue.Submission) (id int64, err error)
}

// A Server serves one role.
type Server struct {
	doors Doors
	opts  Options
	smtp  *smtp.Server
	ctx   context.Context //nolint:containedctx // ends with Shutdown; go-smtp has no contexts
	stop  context.CancelFunc

	mu       sync.Mutex
	listener *guard.Listener
	stopped  bool // Shutdown was called
	sessions sync.WaitGroup
}

// New returns a server for the role in o.Guard.
func New(doors Doors, o Options) *Server {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{doors: doors, opts: o}
	s.ctx, s.stop = context.WithCancel(context.Background())
	s.smtp = smtp.NewServer(smtp.BackendFunc(s.newSession))
	s.smtp.Domain = o.Guard.Hostname
	s.smtp.LMTP = o.Guard.Role == guard.LMTP
	o.Guard.Configure(s.smtp)
	s.smtp.EnableDSN = true
	s.smtp.EnableSMTPUTF8 = true
	s.smtp.ErrorLog = libraryLog{o.Log}
	return s
}

// Serve accepts connections of l until Shutdown. It returns nil after Shutdown.
func (s *Server) Serve(l *guard.Listener) error {
	s.mu.Lock()
	s.listener = l
	stopped := s.stopped
	s.mu.Unlock()
	if stopped { // Shutdown came first and found nothing to close.
		return l.Close()
	}
	err := s.smtp.Serve(guard.SMTPListener(l, s.opts.Guard))
	if s.ctx.Err() != nil || errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

// Shutdown stops listening, tells idle clients 421, lets running transactions end
// and returns when all sessions have ended, or with ctx's error when it ends first.
func (s *Server) Shutdown(ctx context.Context) error {
	defer s.stop()
	s.mu.Lock()
	l := s.listener
	s.stopped = true
	s.mu.Unlock()
	if l != nil {
		l.Close()
		l.Drain()
	}
	ended := make(chan struct{})
	go func() {
		s.sessions.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		s.smtp.Close()
		return nil
	case <-ctx.Done():
		s.stop()
		s.smtp.Close()
		return ctx.Err()
	}
}

// newSession begins the dialogue of one connection.
func (s *Server) newSession(c *smtp.Conn) (smtp.Session, error) {
	conn, ok := c.Conn().(*guard.SMTP)
	if !ok {
		return nil, &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 3, 0}, Message: "Not available"}
	}
	s.sessions.Add(1)
	return &session{server: s, closed: s.opts.Metrics.Session(s.opts.Door), conn: conn, helo: c.Hostname, ip: remoteIP(conn)}, nil
}

// remoteIP returns the peer's address, the zero Addr on a unix socket.
func remoteIP(c net.Conn) netip.Addr {
	ap, err := netip.ParseAddrPort(c.RemoteAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap()
}

// libraryLog sends what go-smtp logs to slog.
type libraryLog struct{ log *slog.Logger }

// Printf implements smtp.Logger.
func (l libraryLog) Printf(string, ...any) {}

// Println implements smtp.Logger.
func (l libraryLog) Println(v ...any) {
	l.log.Debug("smtp library", "said", v)
}

// now is the one clock read of a command.
func now() time.Time { return time.Now() }
