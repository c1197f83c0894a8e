package guard

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"
)

// IMAPOptions says how a guard treats IMAP connections. Zero times and counts
// take the defaults named.
type IMAPOptions struct {
	TLS            *tls.Config       // nil: no TLS at all
	Implicit       bool              // TLS from the first octet (993); else STARTTLS if TLS is set
	AllowClearAuth bool              // tests only: LOGIN without TLS from a loopback address
	Logins         *Logins           // shared throttle; nil: only per connection
	ID             map[string]string // what ID answers (RFC 2971); nil: NIL
	Caps           []string          // capabilities added after login, for commands given to Handle

	MaxAppend       int64         // octets of an APPEND literal (default 25 MiB)
	GreetingTimeout time.Duration // for each command before login (default 60 s)
	IdleTimeout     time.Duration // between commands after login, and in IDLE (default 30 min; RFC 9051 §5.4)
	CommandTimeout  time.Duration // for the rest of a command that has begun (default 5 min)
	DataTimeout     time.Duration // for each block of an APPEND literal (default 3 min); the total is by size
	WriteTimeout    time.Duration // (default 60 s)
	TLSTimeout      time.Duration // for a handshake (default 10 s)
	SlowErrors      int           // BAD answers in a row, after which each takes a second longer (default 10)
	MaxErrors       int           // and after which the connection ends (default 20)
}

func (o IMAPOptions) withDefaults() IMAPOptions {
	setDefault(&o.MaxAppend, 25<<20)
	setDefault(&o.GreetingTimeout, time.Minute)
	setDefault(&o.IdleTimeout, 30*time.Minute)
	setDefault(&o.CommandTimeout, 5*time.Minute)
	setDefault(&o.DataTimeout, 3*time.Minute)
	setDefault(&o.WriteTimeout, time.Minute)
	setDefault(&o.TLSTimeout, 10*time.Second)
	setDefault(&o.SlowErrors, 10)
	setDefault(&o.MaxErrors, 20)
	return o
}

// Limits of IMAP commands. imapserver itself ends at 50 KiB a command, so the
// guard's limit lies below it, literals included.
const (
	maxCommand        = 49 << 10 // octets of a command after login, its literals folded in
	maxCommandPre     = 8 << 10  // before login; room for an OAuth token
	maxLiteralPre     = 1 << 10  // before login
	maxNonSync        = 4096     // of a {n+} outside APPEND (RFC 7888 §5, LITERAL-)
	maxNesting        = 100      // parentheses, and OR and NOT in SEARCH
	maxSection        = 100      // numbers in a BODY[] section, and sections in a FETCH
	maxPatterns       = 8 << 10  // octets of a LIST command
	maxSASL           = 4000     // imapserver loses step over 4096
	maxUnknownPreAuth = 3        // unknown commands before login
	maxEarly          = 100      // commands before login that do nothing
)

// A Command is an IMAP command that a Handler answers.
type Command struct {
	Tag  string
	Name string // upper-case; "UID THREAD" for one behind UID
	Args string // what follows the name and a space; literals stand as quoted strings
}

// A Handler answers a command that imapserver does not know. It writes whole
// untagged responses, each with its CRLF, to w, and returns the tagged one without
// the tag: "OK Thread completed". It runs in the connection's own goroutine,
// never beside a method of the session but Idle, which is then ended.
type Handler func(cmd Command, w io.Writer) (status string)

// IMAP is the guarded connection that imapserver serves. NewSession finds it as
// c.NetConn().(*guard.IMAP) and may call, besides the methods shown here, Secure,
// ConnectionState, LoginAllowed, LoginFailed, LoginOK and ReadError.
//
// The server runs with InsecureAuth, without TLSConfig and without LITERAL+ in
// its Caps. Two duties stay with the session:
//
//   - The literal of APPEND is passed through as it comes (its length is announced
//     before its octets, so it cannot be changed in bounded memory): the session
//     puts CRLF for bare CR and LF, refuses or replaces NUL, and stores nothing
//     when reading ends in an error. It ends in io.EOF only if all octets and the
//     CRLF behind them have arrived.
//   - Sessions return *imap.Error for everything. Any other error makes imapserver
//     say "NO [SERVERBUG] Internal server error", which it also says to most syntax
//     errors; the guard turns exactly that text into BAD.
type IMAP struct {
	*wire
	opts     IMAPOptions
	handlers map[string]Handler

	// Owned by the goroutine that reads.
	in      []byte  // for the library
	message literal // the APPEND literal that is being read
	unknown int     // unknown commands before login
	early   int     // idle ones

	mu    sync.Mutex // guards all below
	lines lineScanner
	state imapState
	tag   string // of the command the library is answering
	name  string // upper-case
	bad   int    // BAD answers in a row
}

// imapState is what the guard knows of the dialogue from the library's responses.
type imapState struct {
	authed   bool
	goAhead  bool // the library wrote a continuation request to the current command
	answered bool // and the tagged response
	swallow  bool // its continuation request is not for the client
	override string
}

// NewIMAP guards conn.
func NewIMAP(conn net.Conn, o IMAPOptions) *IMAP {
	o = o.withDefaults()
	c := &IMAP{opts: o, handlers: map[string]Handler{}}
	c.wire = newWire(conn, secrecy{
		config: o.TLS, implicit: o.Implicit && o.TLS != nil,
		handshake: o.TLSTimeout, clearAuth: o.AllowClearAuth,
	}, o.Logins, o.WriteTimeout)
	c.wire.farewell = c.lastWords
	if p, ok := conn.(place); ok {
		p.whenDraining(c.drain)
	}
	return c
}

// IMAPListener returns a listener whose connections are guarded.
func IMAPListener(l net.Listener, o IMAPOptions) net.Listener {
	return &imapListener{l, o} // a pointer: imapserver uses it as a map key
}

type imapListener struct {
	net.Listener
	opts IMAPOptions
}

func (l *imapListener) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return NewIMAP(conn, l.opts), nil
}

// Handle makes h answer the command name, upper-case, "UID X" for one behind UID,
// after login. It takes precedence over imapserver. It is to be called from
// NewSession or from the session, never beside Read.
func (c *IMAP) Handle(name string, h Handler) { c.handlers[name] = h }

// Read gives the library the next octets: one command, or a part of a literal.
func (c *IMAP) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(c.in) == 0 {
		if err := c.ReadError(); err != nil {
			return 0, err
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	n := copy(p, c.in)
	if c.in = c.in[n:]; len(c.in) == 0 && cap(c.in) > readBuffer {
		c.in = nil // an idle connection keeps no large buffer
	}
	return n, nil
}

// lastWords is the response that goes with a sticky error.
func (c *IMAP) lastWords(err error) string {
	switch {
	case isTimeout(err):
		return "* BYE Timeout, closing connection\r\n"
	case errors.Is(err, errDraining):
		return "* BYE Server is shutting down\r\n"
	case errors.Is(err, errOver):
		return "* BYE This login has ended\r\n"
	}
	return ""
}
