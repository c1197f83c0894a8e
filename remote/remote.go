// Package remote tends one person's account at an IMAP provider: it finds out what the
// server can do, names folders the same way whatever the server's namespace and
// delimiter are, lists, fetches, moves, appends, and waits for news.
//
// Invariants:
//   - nothing is deleted but the messages that Expunge and Move name. \Deleted marks that
//     others set are never acted upon.
//   - the server is foreign: every response is bounded in size, depth, number and time. No
//     number it sends decides how much is allocated. Whatever is not IMAP ends the session
//     with ErrLost.
//   - a session is one connection and no goroutine. Nothing reads while no method runs, so
//     two hundred idle accounts cost what their sockets cost.
//   - what the server says about the selected folder between two calls of Idle is kept:
//     Idle then returns at once. There is no moment in which a wake-up can be lost.
//   - the answer to a command can be lost after the server acted. Errors that wrap ErrLost
//     say "perhaps". Whoever gets one from Append or Move dials again and asks Find, which
//     knows a message by its Message-ID (and the caller by its size), before repeating.
//
// It has a client of its own instead of go-imap's. That one knows neither contexts nor
// deadlines per command; it keeps literals and number sets as long as the server likes in
// memory (COPYUID 1:4294967295 is expanded); a goroutine of its own reads, so a caller
// cannot bound or recover what happens there; it fails on fetch items it did not ask for,
// and has no EMAILID and no MODSEQ search.
//
// A Session is used by one goroutine at a time; Close may be called by any.
package remote

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// A UID names a message in a folder as long as the folder keeps its UIDVALIDITY. 0 is no
// message.
type UID uint32

// A Security is how the connection is protected.
type Security string

// The securities. A password never crosses a network in clear.
const (
	TLS      Security = "tls"      // from the first octet (RFC 8314 §3.2)
	StartTLS Security = "starttls" // STARTTLS or nothing
	Clear    Security = "clear"    // loopback only
)

// A Secret does not print itself.
type Secret string

// String hides the secret.
func (Secret) String() string { return "(secret)" }

// GoString hides the secret.
func (Secret) GoString() string { return "(secret)" }

// An Account says where an account is and who may tend it.
type Account struct {
	Addr     string // host:port
	Security Security
	User     string

	// Password or Token: if Token is set, the login is OAUTHBEARER or XOAUTH2, and Token
	// is asked for a fresh access token at each Dial.
	Password Secret
	Token    func(ctx context.Context) (string, error)

	TLS  *tls.Config                                                       // nil: the system's authorities, the host of Addr, TLS 1.2
	Dial func(ctx context.Context, network, addr string) (net.Conn, error) // nil: TCP with keep-alive
	Poll time.Duration                                                     // how often to ask a server without IDLE; 0: 5 s
}

// The times that bound a conversation. A command that transports a message gets more
// time, in proportion to the message.
const (
	dialTime    = 30 * time.Second // to the end of the login
	answerTime  = 60 * time.Second // without a word of the server
	commandTime = 5 * time.Minute  // a command in all
	closeTime   = 3 * time.Second  // a polite goodbye
	slowest     = 16 << 10         // octets a second of the slowest line that is waited for
)

// A Session is a connection that is logged in.
type Session struct {
	account  Account
	conn     net.Conn
	w        *wire
	tags     int
	caps     Caps
	capsRead bool
	space    space

	lost     error // why the session ended
	selected *Mailbox
	news     Change // what the server told since the last Idle
	watched  string // the NOTIFY that is in force
	asking   bool   // LIST and STATUS are answers, no news
	quiet    bool   // a command of ours changes the folder: its effects are no news
}

// Dial connects and logs in. Errors: ErrAuth (the server refused the login), ErrTry (come
// back later), ErrLost (everything else: no connection, no TLS, no IMAP).
// ctx bounds the dialling only, together with 30 s.
func Dial(ctx context.Context, a Account) (*Session, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	s := &Session{account: a}
	if err := s.open(ctx); err != nil {
		if s.conn != nil {
			_ = s.conn.Close() // The first error is the one to tell.
		}
		return nil, fmt.Errorf("IMAP server %s: %w", a.Addr, err)
	}
	return s, nil
}

// open brings the connection to the state "authenticated", with capabilities and
// namespace known.
func (s *Session) open(ctx context.Context) error {
	host, _, err := net.SplitHostPort(s.account.Addr)
	if err != nil {
		return lost(err)
	}
	if s.conn, err = s.account.connect(ctx, host); err != nil {
		return err
	}
	s.w = newWire(s.conn)
	transport := s.conn
	stop := context.AfterFunc(ctx, func() { _ = transport.Close() })
	defer stop()
	pre, err := s.greeting(ctx)
	if err != nil {
		return err
	}
	if s.account.Security == StartTLS {
		// RFC 9051 §6.2.1, RFC 7817: a PREAUTH greeting leaves no place for STARTTLS; it may
		// be the work of somebody in between.
		if pre {
			return lost(errors.New("the server skips STARTTLS"))
		}
		if err := s.startTLS(ctx, host); err != nil {
			return err
		}
	}
	if !pre {
		if err := s.login(ctx); err != nil {
			return err
		}
	}
	return s.learn(ctx)
}

// connect opens the transport.
func (a *Account) connect(ctx context.Context, host string) (net.Conn, error) {
	dial := a.Dial
	if dial == nil {
		// A peer that is gone is noticed after three minutes also while nothing is said.
		dial = (&net.Dialer{KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: time.Minute, Interval: 30 * time.Second, Count: 4}}).DialContext
	}
	conn, err := dial(ctx, "tcp", a.Addr)
	if err != nil {
		return nil, lost(err)
	}
	secured := conn
	switch {
	case a.Security == TLS:
		secured, err = a.secure(ctx, conn, host)
	case a.Security == Clear && !loopback(host, conn):
		err = lost(errors.New("a password must not be sent in clear over a network"))
	case a.Security != Clear && a.Security != StartTLS:
		err = lost(fmt.Errorf("unknown security %q", a.Security))
	}
	if err != nil {
		_ = conn.Close() // The first error is the one to tell.
		return nil, err
	}
	return secured, nil
}

// loopback says whether conn does not leave the machine.
func loopback(host string, conn net.Conn) bool {
	if tcp, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return tcp.IP.IsLoopback()
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// secure begins TLS.
func (a *Account) secure(ctx context.Context, clear net.Conn, host string) (net.Conn, error) {
	conf := a.TLS
	if conf == nil {
		conf = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	if conf.ServerName == "" {
		conf = conf.Clone()
		conf.ServerName = host
	}
	conn := tls.Client(clear, conf)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, lost(fmt.Errorf("TLS: %w", err))
	}
	return conn, nil
}

// startTLS asks for TLS. What was said in clear counts for nothing afterwards
// (RFC 9051 §6.2.1).
func (s *Session) startTLS(ctx context.Context, host string) error {
	if err := s.run(ctx, "STARTTLS", nil); err != nil {
		return err
	}
	if s.w.buffered() > 0 {
		return lost(errors.New("the server said more than its consent to TLS"))
	}
	secured, err := s.account.secure(ctx, s.conn, host)
	if err != nil {
		return err
	}
	s.conn, s.w = secured, newWire(secured)
	s.caps, s.capsRead = Caps{}, false
	return nil
}

// greeting waits for the server's first line; pre says that it lets us in without a
// login.
func (s *Session) greeting(ctx context.Context) (pre bool, err error) {
	if err := s.deadline(ctx, time.Now().Add(dialTime)); err != nil {
		return false, err
	}
	r, err := s.w.response(nil)
	if err != nil {
		return false, s.gone(ctx, err)
	}
	if r.tag != "*" {
		return false, lost(errors.New("it does not greet as an IMAP server does"))
	}
	switch r.kind {
	case "OK", "PREAUTH":
		s.notice(r)
		return r.kind == "PREAUTH", nil
	case "BYE":
		return false, fail(ErrTry, r)
	}
	return false, lost(errors.New("it does not greet as an IMAP server does"))
}

// learn finds out what the server can do and where the person's folders are.
func (s *Session) learn(ctx context.Context) error {
	if !s.capsRead {
		if err := s.run(ctx, "CAPABILITY", nil); err != nil {
			return err
		}
	}
	if !s.caps.IMAP4rev1 && !s.caps.IMAP4rev2 {
		return lost(errors.New("it speaks neither IMAP4rev1 nor IMAP4rev2"))
	}
	if s.caps.UTF8Only {
		// RFC 6855 §7: such a server does nothing before.
		if err := s.run(ctx, "ENABLE UTF8=ACCEPT", nil); err != nil {
			return err
		}
	}
	if s.caps.ID {
		// RFC 2971. Some providers refuse clients that do not introduce themselves; the
		// answer, even a refusal, is of no interest.
		if err := s.run(ctx, `ID ("name" "Tidepost")`, nil); errors.Is(err, ErrLost) {
			return err
		}
	}
	return s.findSpace(ctx)
}

// Caps returns what the server can do.
func (s *Session) Caps() Caps { return s.caps }

// Err returns why the session ended, nil while it lives.
func (s *Session) Err() error { return s.lost }

// Close says goodbye and ends the session. A session that is lost, or in the middle of a
// command of another goroutine, is just ended.
func (s *Session) Close() error {
	if s.lost == nil && s.w != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		_ = s.run(ctx, "LOGOUT", nil) // Politeness; nobody waits for the answer.
	}
	if s.lost == nil {
		s.lost = lost(net.ErrClosed)
	}
	return ignoreClosed(s.conn.Close())
}

func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) || err != nil && strings.Contains(err.Error(), "closed") {
		return nil
	}
	return err
}

func newWire(conn net.Conn) *wire { return &wire{br: bufio.NewReaderSize(conn, readBuffer)} }
