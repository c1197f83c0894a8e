package relay

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A session is one connection with one host. It belongs to one goroutine at a
// time.
type session struct {
	opts   *Options
	host   host
	raw    net.Conn // the socket: deadlines, and the end
	conn   net.Conn // raw, or TLS over it
	r      *bufio.Reader
	w      *bufio.Writer
	ext    map[string]string // EHLO keyword, upper case → parameters
	tls    string            // version, "" for clear text
	uses   int               // transactions begun
	dirty  bool              // a transaction may be open: RSET first
	kept   bool              // it lay unused, and has not been heard since
	block  []byte            // of a body that is read; nil before the first
	broken bool              // closed or out of step: never to be used again

	mu     sync.Mutex // guards the deadline against watch
	marked bool       // an end mark may be out and its reply is waited for
}

const (
	readBuffer  = 4 << 10
	writeBuffer = 32 << 10
)

// past is a deadline that ends every read and write at once.
var past = time.Unix(1, 0)

// open connects to h and makes it ready for MAIL: greeting, EHLO, TLS, login.
func open(ctx context.Context, o *Options, h host) (*session, *fault) {
	dialCtx, cancel := context.WithTimeout(ctx, o.Timeouts.Connect)
	defer cancel()
	raw, err := o.Dial(dialCtx, "tcp", h.addr)
	if err != nil {
		if ctx.Err() != nil {
			return nil, stopped(ctx).at(h.name)
		}
		return nil, dialFault(h, err)
	}
	if o.Mode == ModeMX && !o.SameHost && sameMachine(raw) {
		raw.Close()
		return nil, loops(h.name).at(h.name)
	}
	s := &session{opts: o, host: h, raw: raw}
	s.use(raw)
	defer s.watch(ctx)()
	if f := s.prepare(ctx); f != nil {
		s.drop()
		return nil, f
	}
	return s, nil
}

func (s *session) prepare(ctx context.Context) *fault {
	if s.opts.TLS == TLSImplicit {
		if f := s.handshake(ctx); f != nil {
			return f
		}
	}
	rep, f := s.read(ctx, s.opts.Timeouts.Greeting)
	if f != nil {
		return f
	}
	if rep.class() != 2 {
		// 554 here is "no service" (RFC 5321 §3.1): the host's state, not our
		// mail's fault, so it may pass.
		return s.refused("does not serve us", rep)
	}
	if f := s.hello(ctx); f != nil {
		return f
	}
	if f := s.secure(ctx); f != nil {
		return f
	}
	return s.login(ctx)
}

// hello says EHLO, or HELO to a host that does not know it, and notes what is
// offered; nothing from before stays.
func (s *session) hello(ctx context.Context) *fault {
	s.ext = map[string]string{}
	rep, f := s.command(ctx, s.opts.Timeouts.Command, "EHLO "+s.opts.HeloName)
	if f != nil {
		return f
	}
	if rep.class() == 5 { // RFC 5321 §3.2
		rep, f = s.command(ctx, s.opts.Timeouts.Command, "HELO "+s.opts.HeloName)
		if f != nil {
			return f
		}
		rep.lines = nil
	}
	if rep.class() != 2 {
		return s.refused("refuses our greeting", rep)
	}
	for i, line := range rep.lines {
		if i == 0 {
			continue
		}
		keyword, params, _ := strings.Cut(line, " ")
		// "AUTH=LOGIN PLAIN" is an old server's way to say it; the proper line
		// stands beside it and must win.
		s.ext[strings.ToUpper(keyword)] = strings.TrimSpace(params)
	}
	return nil
}

// secure does what the TLS mode asks of a session in clear text.
func (s *session) secure(ctx context.Context) *fault {
	if s.opts.TLS != TLSStartTLS && s.opts.TLS != TLSOpportunistic {
		return nil
	}
	if !s.offers("STARTTLS") {
		if s.opts.TLS == TLSOpportunistic {
			return nil
		}
		return newFault(TroubleTLS, 454, [3]int{4, 7, 4}, nil, "%s does not offer STARTTLS, which is required", s.host.name).at(s.host.name)
	}
	rep, f := s.command(ctx, s.opts.Timeouts.Command, "STARTTLS")
	if f != nil {
		return f
	}
	if rep.Code != 220 {
		f := s.refused("refuses STARTTLS", rep)
		f.trouble, f.reply.Code, f.reply.Enhanced = TroubleTLS, 454, [3]int{4, 7, 4}
		return f
	}
	if s.broken {
		// Text behind the 220 was there to be taken for an answer given under TLS.
		return newFault(TroubleTLS, 454, [3]int{4, 7, 5}, nil, "%s sent text between STARTTLS and TLS", s.host.name).at(s.host.name)
	}
	if f := s.handshake(ctx); f != nil {
		return f
	}
	return s.hello(ctx) // RFC 3207 §4.2: what was said before is void.
}

func (s *session) handshake(ctx context.Context) *fault {
	conf := &tls.Config{
		ServerName: s.host.cert,
		RootCAs:    s.opts.RootCAs,
		MinVersion: tls.VersionTLS12,
		// RFC 7435: between MX hosts encryption without proof of identity beats
		// clear text, and most certificates there do not name the MX.
		InsecureSkipVerify: s.opts.TLS == TLSOpportunistic,
	}
	conn := tls.Client(s.raw, conf)
	s.arm(ctx, s.opts.Timeouts.Handshake)
	if err := conn.HandshakeContext(ctx); err != nil {
		if ctx.Err() != nil {
			return stopped(ctx).at(s.host.name)
		}
		var bad *tls.CertificateVerificationError
		if errors.As(err, &bad) {
			return newFault(TroubleTLS, 454, [3]int{4, 7, 5}, err, "the certificate of %s is not valid: %v", s.host.name, bad.Err).at(s.host.name)
		}
		return newFault(TroubleTLS, 454, [3]int{4, 7, 5}, err, "no TLS connection with %s comes about", s.host.name).at(s.host.name)
	}
	s.tls = tls.VersionName(conn.ConnectionState().Version)
	s.use(conn)
	return nil
}

// use speaks over conn from now on; nothing read before stays in a buffer.
func (s *session) use(conn net.Conn) {
	s.conn = conn
	s.r = bufio.NewReaderSize(conn, readBuffer)
	s.w = bufio.NewWriterSize(conn, writeBuffer)
}

func (s *session) offers(keyword string) bool {
	_, ok := s.ext[keyword]
	return ok
}

// sizeLimit is what the host takes at most (RFC 1870 §4); 0: not said.
func (s *session) sizeLimit() int64 {
	n, err := strconv.ParseInt(s.ext["SIZE"], 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// watch ends what s waits for when ctx ends, until the returned function is
// called. Behind an end mark it leaves Timeouts.Grace for the reply.
func (s *session) watch(ctx context.Context) (release func()) {
	stop := context.AfterFunc(ctx, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.limit(ctx, 0)
	})
	return func() { stop() }
}

// arm gives the next reads and writes time d.
func (s *session) arm(ctx context.Context, d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.limit(ctx, d)
}

// limit sets the deadline; s.mu is held, so that whichever of watch and arm
// comes last sees that ctx has ended.
func (s *session) limit(ctx context.Context, d time.Duration) {
	switch {
	case ctx.Err() == nil:
		s.raw.SetDeadline(time.Now().Add(d))
	case s.marked:
		s.raw.SetDeadline(time.Now().Add(s.opts.Timeouts.Grace))
	default:
		s.raw.SetDeadline(past)
	}
}

// command sends one line and reads its reply.
func (s *session) command(ctx context.Context, d time.Duration, line string) (reply, *fault) {
	s.arm(ctx, d)
	s.w.WriteString(line + "\r\n") // an error sticks and shows in Flush
	if err := s.w.Flush(); err != nil {
		return reply{}, s.lost(ctx, err)
	}
	return s.read(ctx, d)
}

// read reads the reply to the last command under way.
func (s *session) read(ctx context.Context, d time.Duration) (reply, *fault) {
	rep, f := s.readNext(ctx, d)
	if f == nil && s.r.Buffered() > 0 {
		// More than was asked for: this reply stands, but no later one could be
		// told from what is here already.
		s.broken = true
	}
	return rep, f
}

// readNext reads a reply behind which more are due (RFC 2920).
func (s *session) readNext(ctx context.Context, d time.Duration) (reply, *fault) {
	s.arm(ctx, d)
	rep, err := readReply(s.r)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		s.kept = false // Its host is there and slow: no other connection would do better.
	}
	if err != nil {
		return reply{}, s.lost(ctx, err)
	}
	if s.kept && rep.Code == 421 { // Said while it lay unused, most likely.
		return reply{}, s.lost(ctx, io.EOF)
	}
	s.kept = false
	if rep.Code == 421 { // RFC 5321 §3.8: the host closes, whatever was asked.
		s.broken = true
	}
	return rep, nil
}

// lost describes an error of the connection and marks it dead.
func (s *session) lost(ctx context.Context, err error) *fault {
	s.broken = true
	name := s.host.name
	switch {
	case ctx.Err() != nil:
		return stopped(ctx).at(name)
	case errors.Is(err, errGarbage):
		return newFault(TroubleProtocol, 451, [3]int{4, 5, 0}, err, "%s does not speak proper SMTP", name).at(name)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return newFault(TroubleProtocol, 451, [3]int{4, 4, 2}, err, "%s took too long to answer", name).at(name)
	case errors.Is(err, io.EOF):
		return newFault(TroubleProtocol, 451, [3]int{4, 4, 2}, err, "%s closed the connection", name).at(name)
	}
	return newFault(TroubleProtocol, 451, [3]int{4, 4, 2}, err, "the connection with %s was lost", name).at(name)
}

// refused makes a transient fault of a reply that concerns the session.
func (s *session) refused(what string, rep reply) *fault {
	s.broken = true
	cause := rep.Reply
	return newFault(TroubleProtocol, 451, [3]int{4, 3, 2}, &cause, "%s %s: %d %s", s.host.name, what, rep.Code, rep.Text).at(s.host.name)
}

func stopped(ctx context.Context) *fault {
	return newFault(TroubleStopped, 451, [3]int{4, 3, 2}, context.Cause(ctx), "sending was stopped")
}

// reset ends a transaction that was not finished.
func (s *session) reset(ctx context.Context) *fault {
	defer s.watch(ctx)()
	rep, f := s.command(ctx, s.opts.Timeouts.Command, "RSET")
	if f != nil {
		return f
	}
	if rep.class() != 2 || s.broken {
		return s.refused("refuses RSET", rep)
	}
	s.dirty = false
	return nil
}

// quit ends the session politely.
func (s *session) quit() {
	if !s.broken {
		s.command(context.Background(), s.opts.Timeouts.Quit, "QUIT")
	}
	s.drop()
}

// drop ends the session at once. What is in the write buffer is not sent: it
// may be the first half of something.
func (s *session) drop() {
	s.broken = true
	s.raw.Close()
}
