package guard

import (
	"bufio"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// Sizes of a connection's buffers.
const (
	readBuffer   = 4096
	holdOutput   = 32 << 10              // output held at most while the library works
	holdTime     = 50 * time.Millisecond // and for how long, seen at its next write
	loginWaits   = 5                     // time-outs of one command, until a login is due
	maxFailures  = 6                     // failed logins on one connection
	keepOutput   = 4096                  // a larger output buffer is given back when empty
	crowdedWait  = 10 * time.Second      // wait for a command when places are scarce
	closeWrite   = 5 * time.Second       // for the last write
	lingerTime   = time.Second           // for swallowing what comes after it
	lingerOctets = 256 << 10
)

var (
	errClosed   = net.ErrClosed
	errDraining = errors.New("guard: server is shutting down")
	errOver     = errors.New("guard: the login has ended")
	errBreach   = errors.New("guard: connection ended by the guard")
)

// A place is what the guard asks of a connection that came from a Listener.
type place interface {
	setPerson(name string) bool
	crowded() bool
	whenDraining(func())
}

// secrecy is how a wire treats TLS.
type secrecy struct {
	config    *tls.Config
	implicit  bool
	handshake time.Duration
	clearAuth bool // on loopback a login in clear is allowed
}

// A wire is one connection: the socket, TLS, deadlines, held output and the
// sticky error. SMTP and IMAP embed it.
type wire struct {
	raw          net.Conn
	begun        time.Time
	secrecy      secrecy
	logins       *Logins
	writeTimeout time.Duration
	farewell     func(reason error) string // last words for a sticky error

	// Owned by the goroutine that reads.
	br    *bufio.Reader
	block time.Duration // per socket read
	limit time.Time     // and at the latest; zero: none

	mu       sync.Mutex // guards the block below; never held across I/O but deadlines
	conn     net.Conn   // raw, or TLS on top of it
	secure   bool
	err      error // sticky
	boundary bool  // waiting for the first octet of a command
	draining bool
	over     bool // draining, because the login has ended
	failures int
	person   string

	wmu     sync.Mutex // guards the block below; held across socket writes
	out     []byte
	since   time.Time // of the oldest octet in out
	reading bool      // the library waits for input, so nothing more comes by itself

	closeOnce sync.Once
	linger    atomic.Bool // the peer may still be sending: do not let that destroy the last words
	done      chan struct{}
}

func newWire(conn net.Conn, s secrecy, logins *Logins, write time.Duration) *wire {
	w := &wire{
		raw: conn, conn: conn, begun: time.Now(), secrecy: s, logins: logins, writeTimeout: write,
		done: make(chan struct{}),
	}
	w.br = bufio.NewReaderSize(source{w}, readBuffer)
	return w
}

// Secure reports whether the connection is under TLS now.
func (w *wire) Secure() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.secure
}

// ConnectionState returns the TLS state; ok is false in clear text.
func (w *wire) ConnectionState() (state tls.ConnectionState, ok bool) {
	w.mu.Lock()
	conn := w.conn
	w.mu.Unlock()
	t, ok := conn.(*tls.Conn)
	if !ok {
		return tls.ConnectionState{}, false
	}
	return t.ConnectionState(), true
}

// LoginAllowed reports whether a login as name may be tried. When false the
// session answers as for a wrong password, without checking it.
func (w *wire) LoginAllowed(name string) bool {
	return w.logins == nil || w.logins.allowed(time.Now(), addressBlock(w.raw.RemoteAddr()), name)
}

// LoginFailed records a failed login and returns after the delay that is due;
// the session calls it before it answers. After six failures the connection ends
// with the answer.
func (w *wire) LoginFailed(name string) {
	w.mu.Lock()
	w.failures++
	w.mu.Unlock()
	if w.logins != nil {
		w.pause(w.logins.failed(time.Now(), addressBlock(w.raw.RemoteAddr()), name))
	}
}

// LoginStale answers a password of the past in place of LoginFailed: it ends the
// connection in time, but counts against nobody, because nobody guesses.
func (w *wire) LoginStale() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.failures++
}

// LoginOK records who logged in. It reports false when that person has too many
// connections: the session then refuses the login. name is what was typed, person
// the key under which connections are counted.
func (w *wire) LoginOK(name, person string) bool {
	if p, ok := w.raw.(place); ok && !p.setPerson(person) {
		return false
	}
	if w.logins != nil {
		w.logins.ok(addressBlock(w.raw.RemoteAddr()), name)
	}
	w.mu.Lock()
	w.failures, w.person = 0, person
	w.mu.Unlock()
	return true
}

// ReadError returns the sticky error that ended the connection, nil while it is
// alive.
func (w *wire) ReadError() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.err
}

// LocalAddr returns the address of our end.
func (w *wire) LocalAddr() net.Addr { return w.raw.LocalAddr() }

// RemoteAddr returns the address of the peer.
func (w *wire) RemoteAddr() net.Addr { return w.raw.RemoteAddr() }

// SetDeadline does nothing: the guard owns all deadlines.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing: the guard owns all deadlines.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing: the guard owns all deadlines.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// Close sends what is held, unless another goroutine is stuck in writing, and
// closes the socket.
func (w *wire) Close() error {
	w.setError(errClosed)
	err := errClosed
	w.closeOnce.Do(func() {
		close(w.done)
		if w.wmu.TryLock() {
			w.writeTimeout = min(w.writeTimeout, closeWrite)
			_ = w.flushLocked()
			w.closeNotify()
			w.wmu.Unlock()
		}
		if w.linger.Load() {
			w.drink()
		}
		err = w.raw.Close()
	})
	return err
}

// fail ends the connection: last words are sent if there are any, the socket is
// closed and err is sticky. It returns the sticky error.
func (w *wire) fail(err error) error {
	isNew, first := w.setError(err)
	w.linger.Store(isNew && errors.Is(err, errBreach))
	if isNew && w.farewell != nil {
		if text := w.farewell(err); text != "" {
			w.wmu.Lock()
			w.out = append(w.out, text...)
			w.wmu.Unlock()
		}
	}
	_ = w.Close()
	return first
}

// setError makes err sticky if none is. It reports whether it did, and returns the
// sticky one.
func (w *wire) setError(err error) (bool, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return false, w.err
	}
	w.err = err
	return true, err
}

// pause waits for d or until the connection is closed.
func (w *wire) pause(d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-w.done:
	}
}

// drink ends our side of a TCP connection and swallows what the peer still sends,
// for a moment: closing with octets unread makes a reset, which may overtake the
// last reply.
func (w *wire) drink() {
	half, ok := w.raw.(interface{ CloseWrite() error })
	if !ok || half.CloseWrite() != nil {
		return
	}
	_ = w.raw.SetReadDeadline(time.Now().Add(lingerTime))
	_, _ = io.CopyN(io.Discard, w.raw, lingerOctets)
}

// closeNotify tells a TLS peer that the end is no truncation (RFC 8446 §6.1).
func (w *wire) closeNotify() {
	w.mu.Lock()
	conn := w.conn
	w.mu.Unlock()
	if t, ok := conn.(*tls.Conn); ok {
		_ = t.CloseWrite()
	}
}

// clearAuthAllowed: the switch for tests, and only from this very machine.
func (w *wire) clearAuthAllowed() bool {
	ip := addressOf(w.raw.RemoteAddr())
	return w.secrecy.clearAuth && (ip.IsLoopback() || !ip.IsValid())
}

// mayLogin reports whether credentials may be sent now. On an implicit TLS connection
// nothing goes in or out before the handshake, but the greeting is written before it.
func (w *wire) mayLogin() bool {
	return w.Secure() || w.secrecy.implicit || w.clearAuthAllowed()
}

// mayStartTLS reports whether STARTTLS is on offer.
func (w *wire) mayStartTLS() bool {
	return w.secrecy.config != nil && !w.secrecy.implicit && !w.Secure()
}

// arm sets the deadlines of the reads to come: each socket read by block from its
// start, all of them by limit.
func (w *wire) arm(block time.Duration, limit time.Time) { w.block, w.limit = block, limit }

// setBoundary marks that the next octet read begins a command.
func (w *wire) setBoundary(on bool) {
	w.mu.Lock()
	w.boundary = on
	w.mu.Unlock()
}

// drain ends the connection at its next command boundary, which may be now.
func (w *wire) drain() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.draining = true
	if w.boundary {
		_ = w.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// overTime is what a connection whose login has ended gets to end by itself.
const overTime = 500 * time.Millisecond

// LoginOver ends the connection because its login is not good any more: at the next
// command boundary with words for the peer, a moment later without. It does not wait.
func (w *wire) LoginOver() {
	w.mu.Lock()
	w.over = true
	w.mu.Unlock()
	w.drain()
	time.AfterFunc(overTime, func() { _ = w.Close() })
}

// drained is why no further command is taken. w.mu is held.
func (w *wire) drained() error {
	if w.over {
		return errOver
	}
	return errDraining
}

// whyDraining is drained for others.
func (w *wire) whyDraining() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.drained()
}

// isDraining reports whether no further command is to be taken.
func (w *wire) isDraining() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.draining
}

// armSocket puts the deadline on the socket, or says why nothing may be read.
func (w *wire) armSocket() (net.Conn, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return nil, w.err
	}
	if w.draining && w.boundary {
		return nil, w.drained()
	}
	at := time.Now().Add(w.block)
	if !w.limit.IsZero() && w.limit.Before(at) {
		at = w.limit
	}
	return w.conn, w.conn.SetReadDeadline(at)
}

// readErr turns an error of the socket into the one the peer is told.
func (w *wire) readErr(err error) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if errors.Is(err, os.ErrDeadlineExceeded) && w.draining && w.boundary {
		return w.drained()
	}
	return err
}

// A source reads from the socket below the read buffer: held output leaves first,
// then the deadline is armed.
type source struct{ w *wire }

func (s source) Read(p []byte) (int, error) {
	w := s.w
	if err := w.begin(); err != nil {
		return 0, err
	}
	w.setReading(true)
	defer w.setReading(false)
	conn, err := w.armSocket()
	if err != nil {
		return 0, err
	}
	n, err := conn.Read(p)
	if n > 0 {
		w.setBoundary(false)
		return n, nil
	}
	if err == nil {
		return 0, nil
	}
	return 0, w.readErr(err)
}

// mustLoginBy is when a connection that has not logged in, or not said EHLO, ends
// however busy it is: a trickle of commands is no reason to keep a place.
func (w *wire) mustLoginBy(perCommand time.Duration) time.Time {
	return w.begun.Add(loginWaits * perCommand)
}

// earlier is the earlier of two instants, of which the second may be none.
func earlier(a, b time.Time) time.Time {
	if !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// isTimeout reports whether err is a deadline of ours.
func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

// unexpected turns an end of the stream in the midst of something into an error
// that no reader takes for a proper end.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// loginsExhausted reports that this connection has had its failed logins.
func (w *wire) loginsExhausted() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failures >= maxFailures
}

// shortened is d, or less when places are scarce.
func (w *wire) shortened(d time.Duration) time.Duration {
	if p, ok := w.raw.(place); ok && p.crowded() {
		return min(d, crowdedWait)
	}
	return d
}
