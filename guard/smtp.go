package guard

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-smtp"
)

// A Role is what an SMTP listener is for.
type Role int

// The roles. Submission demands a login before MAIL; the others offer none.
const (
	Submission Role = iota // RFC 6409: 587 and 465
	Inbound                // RFC 5321: 25, local recipients only
	LMTP                   // RFC 2033: from our own MTA, which is trusted to be clumsy, not hostile
	Connector              // from the mail provider, which hands over what our people send; to anywhere
)

// SMTPOptions says how a guard treats SMTP or LMTP connections. Zero times and
// counts take the defaults named.
type SMTPOptions struct {
	Hostname       string      // our name; also the domain of <postmaster>
	Role           Role        //
	TLS            *tls.Config // nil: no TLS at all
	Implicit       bool        // TLS from the first octet (465); else STARTTLS if TLS is set
	AllowClearAuth bool        // tests only: AUTH without TLS from a loopback address
	Logins         *Logins     // shared throttle; nil: only per connection

	MaxSize       int64 // octets of a message, header included; exactly so many are taken (default 25 MiB)
	MaxRecipients int   // per message (default 1000)

	MaxHold         time.Duration    // longest FUTURERELEASE hold; 0: not offered. Submission only
	DeliverBy       bool             // offer DELIVERBY (RFC 2852)
	Priority        bool             // offer MT-PRIORITY (RFC 6710)
	Now             func() time.Time // the clock of HOLDUNTIL (default time.Now)
	GreetingTimeout time.Duration    // for each command before EHLO or, on Submission, before login (default 60 s)
	CommandTimeout  time.Duration    // for each command later (default 5 min)
	DataTimeout     time.Duration    // for each block of a body (default 3 min); the total is by size
	WriteTimeout    time.Duration    // (default 60 s)
	TLSTimeout      time.Duration    // for a handshake (default 10 s)
	SlowErrors      int              // errors without mail, after which each answer takes a second longer (default 10)
	MaxErrors       int              // and after which the connection ends (default 20); LMTP: never
	MaxJunk         int              // commands that do no mail, until the connection ends (default 100)
}

func (o SMTPOptions) withDefaults() SMTPOptions {
	setDefault(&o.MaxSize, 25<<20)
	setDefault(&o.MaxRecipients, 1000)
	setDefault(&o.GreetingTimeout, time.Minute)
	setDefault(&o.CommandTimeout, 5*time.Minute)
	setDefault(&o.DataTimeout, 3*time.Minute)
	setDefault(&o.WriteTimeout, time.Minute)
	setDefault(&o.TLSTimeout, 10*time.Second)
	setDefault(&o.SlowErrors, 10)
	setDefault(&o.MaxErrors, 20)
	setDefault(&o.MaxJunk, 100)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Role != Submission {
		o.MaxHold, o.DeliverBy, o.Priority = 0, false, false
	}
	return o
}

func setDefault[T int | int64 | time.Duration](p *T, v T) {
	if *p == 0 {
		*p = v
	}
}

// Configure sets s up as the guard needs it: the guard does TLS, deadlines, line
// lengths and SIZE, so the library's own are off.
func (o SMTPOptions) Configure(s *smtp.Server) {
	o = o.withDefaults()
	s.Domain = o.Hostname
	s.LMTP = o.Role == LMTP
	s.TLSConfig = nil
	s.AllowInsecureAuth = true
	s.MaxMessageBytes = 0 // the guard counts: the library refuses a message of exactly the limit
	s.MaxLineLength = 0   // applies to body lines too, which may be of any length
	s.MaxRecipients = o.MaxRecipients
	s.ReadTimeout = 0
	s.WriteTimeout = 0
	s.EnableSMTPUTF8 = true
	s.EnableDSN = true
	s.EnableBINARYMIME = false
}

// MailParams are the parameters of the current MAIL command that go-smtp does not
// know. They are checked: a session need not.
type MailParams struct {
	HoldUntil time.Time        // HOLDFOR or HOLDUNTIL as a UTC instant, which may be past; zero: none (RFC 4865)
	DeliverBy *DeliverByParams // BY (RFC 2852); nil: none
	Priority  *int             // MT-PRIORITY, -9 to 9 (RFC 6710); nil: none
}

// DeliverByParams is the BY parameter (RFC 2852 §4).
type DeliverByParams struct {
	Within time.Duration // from now; may be negative with Notify
	Return bool          // mode R: return the message when late; else N: only notify
	Trace  bool          // modifier T
}

// SMTP is the guarded connection that go-smtp serves. A session finds it as
// c.Conn().(*guard.SMTP) and may call, besides the methods shown here, Secure,
// ConnectionState, LoginAllowed, LoginFailed, LoginOK and ReadError.
//
// A session reads the message from Body, and must pass on the errors it gets
// there: they carry the guard's refusals (a bare CR, LF or NUL, a body too large, a lost connection). The
// guard itself writes the right reply in place of the session's.
type SMTP struct {
	*wire
	opts SMTPOptions

	// Owned by the goroutine that reads.
	in []byte // for the library

	bodyMu sync.Mutex // held while a body is read: on LMTP the library answers from another goroutine
	sum    body       // the message that is being read

	mu       sync.Mutex // guards all below
	reply    []byte     // lines of the library's unfinished reply
	pending  verb       // the command the library is answering
	swallow  bool       // its answer is not for the peer
	override string     // goes out in place of its answer
	state    smtpState
	params   MailParams
	errors   int
	junk     int
}

// smtpState is what the guard knows of the dialogue from the library's replies.
type smtpState struct {
	greeted  bool // EHLO, HELO or LHLO since the start or since TLS
	authed   bool
	mail     bool // MAIL was accepted
	utf8     bool // with SMTPUTF8
	rcpts    int  // accepted
	data     bool // 354 was given and the library waits for the message
	bodyRead bool // 354 was given in this transaction
	sasl     bool // 334 was given
}

// NewSMTP guards conn.
func NewSMTP(conn net.Conn, o SMTPOptions) *SMTP {
	o = o.withDefaults()
	s := &SMTP{opts: o}
	s.wire = newWire(conn, secrecy{
		config: o.TLS, implicit: o.Implicit && o.TLS != nil,
		handshake: o.TLSTimeout, clearAuth: o.AllowClearAuth,
	}, o.Logins, o.WriteTimeout)
	s.wire.farewell = s.lastWords
	if p, ok := conn.(place); ok {
		p.whenDraining(s.drain)
	}
	return s
}

// SMTPListener returns a listener whose connections are guarded.
func SMTPListener(l net.Listener, o SMTPOptions) net.Listener {
	return &smtpListener{l, o}
}

type smtpListener struct {
	net.Listener
	opts SMTPOptions
}

func (l *smtpListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return NewSMTP(conn, l.opts), nil
}

// MailParams returns the parameters of the MAIL command being handled or of the
// current transaction.
func (s *SMTP) MailParams() MailParams {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.params
}

// DataDefect returns what is wrong with the message read last, nil if nothing
// is. On SMTP and submission it is a refusal that the peer is told and that the
// session has had as a read error; on LMTP a bare CR, LF or NUL is only noted
// here, and the session was given the normalised octets.
func (s *SMTP) DataDefect() *DataDefect {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sum.defect
}

// Read gives the library the next octets: one command, or an empty message in place
// of a body.
func (s *SMTP) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(s.in) == 0 {
		if err := s.ReadError(); err != nil {
			return 0, err
		}
		if err := s.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.in)
	s.in = s.in[n:]
	return n, nil
}

func (s *SMTP) next() error {
	s.mu.Lock()
	data, sasl := s.state.data, s.state.sasl
	s.mu.Unlock()
	switch {
	case data:
		s.mu.Lock()
		s.state.data = false
		s.mu.Unlock()
		s.in = append(s.in[:0], ".\r\n"...)
		return nil
	case sasl:
		return s.nextSASL()
	}
	return s.nextCommand()
}

// lastWords is the reply that goes with a sticky error.
func (s *SMTP) lastWords(err error) string {
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, errBreach):
		return ""
	case isTimeout(err):
		return "421 4.4.2 " + s.opts.Hostname + " Timeout, closing connection\r\n" // RFC 5321 §3.8
	case errors.Is(err, errDraining):
		return "421 4.3.2 " + s.opts.Hostname + " Shutting down, try again later\r\n"
	case errors.Is(err, errOver):
		return "421 4.7.0 " + s.opts.Hostname + " This login has ended\r\n"
	}
	return ""
}

// say queues a reply of the guard's own and counts it.
func (s *SMTP) say(code int, enhanced, text string) error {
	s.mu.Lock()
	s.countLocked(code)
	s.mu.Unlock()
	return s.emit([]byte(fmt.Sprintf("%d %s %s\r\n", code, enhanced, text)))
}

// end says a last reply and closes.
func (s *SMTP) end(code int, enhanced, text string) error {
	_ = s.emit([]byte(fmt.Sprintf("%d %s %s\r\n", code, enhanced, strings.TrimSpace(text))))
	return s.fail(errBreach)
}
