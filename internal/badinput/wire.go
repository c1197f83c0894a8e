package badinput

import (
	"crypto/tls"
	"errors"
	"net"
	"os"
	"sync"
	"time"
)

const (
	// patience is how long a row may take, but for its own pauses.
	patience = 20 * time.Second
	// quiet is how long a server may be silent before nothing more is expected.
	quiet = 2 * time.Second
)

// A mark says when the octets up to End had gone over the wire.
type mark struct {
	End int
	At  time.Time
}

// A wire is one connection to a door, with all that was sent and said on it. Sent and
// its marks belong to the goroutine that plays; the rest is behind mu.
type wire struct {
	conn    net.Conn // TLS, once it is
	trust   *tls.Config
	sent    []byte
	sentAt  []mark
	secured []int    // offsets in sent at which TLS began
	given   [][2]int // from where to where sent is an opening, which is not the row's own
	began   time.Time
	failed  error // of a write or a handshake

	mu       sync.Mutex
	heard    []byte
	heardAt  []mark
	closed   bool // by the server
	closedAt time.Time
	changed  chan struct{}
	reader   chan struct{} // closed when the reader has stopped
	held     bool          // the reader is to stop
}

// dial connects from source ("" any loopback address) to addr.
func dial(addr, source string, trust *tls.Config) (*wire, error) {
	d := net.Dialer{Timeout: patience}
	if source != "" {
		d.LocalAddr = &net.TCPAddr{IP: net.ParseIP(source)}
	}
	c, err := d.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	return &wire{conn: c, trust: trust, began: time.Now(), changed: make(chan struct{})}, nil
}

// listen starts to read.
func (w *wire) listen() {
	w.reader = make(chan struct{})
	w.held = false
	go w.read(w.conn, w.reader)
}

func (w *wire) read(c net.Conn, done chan struct{}) {
	defer close(done)
	buf := make([]byte, 64<<10)
	for {
		n, err := c.Read(buf)
		w.mu.Lock()
		now := time.Now()
		if n > 0 {
			w.heard = append(w.heard, buf[:n]...)
			w.heardAt = append(w.heardAt, mark{len(w.heard), now})
		}
		stop := err != nil
		if err != nil && !(w.held && errors.Is(err, os.ErrDeadlineExceeded)) {
			w.closed, w.closedAt = true, now
		}
		close(w.changed)
		w.changed = make(chan struct{})
		w.mu.Unlock()
		if stop {
			return
		}
	}
}

// pauseReading stops the reader, so that a handshake can read.
func (w *wire) pauseReading() {
	w.mu.Lock()
	w.held = true
	w.mu.Unlock()
	_ = w.conn.SetReadDeadline(time.Now())
	<-w.reader
	_ = w.conn.SetReadDeadline(time.Time{})
}

// startTLS shakes hands with at most version max (0: any). A failure is remembered.
func (w *wire) startTLS(max uint16) {
	listening := w.reader != nil
	if listening {
		w.pauseReading()
	}
	conf := w.trust.Clone()
	if max != 0 {
		conf.MinVersion, conf.MaxVersion = tls.VersionTLS10, max
	}
	c := tls.Client(w.conn, conf)
	_ = w.conn.SetDeadline(time.Now().Add(patience))
	err := c.Handshake()
	_ = w.conn.SetDeadline(time.Time{})
	if err != nil {
		w.failed = err
	} else {
		w.conn = c
		w.secured = append(w.secured, len(w.sent))
	}
	if listening {
		w.listen()
	}
}

// write sends octets; after a failure nothing more is sent.
func (w *wire) write(b []byte) {
	if w.failed != nil || len(b) == 0 {
		return
	}
	_ = w.conn.SetWriteDeadline(time.Now().Add(patience))
	n, err := w.conn.Write(b)
	w.sent = append(w.sent, b[:n]...)
	w.sentAt = append(w.sentAt, mark{len(w.sent), time.Now()})
	if err != nil {
		w.failed = err
	}
}

// closeWrite tells the server that nothing more comes.
func (w *wire) closeWrite() {
	if c, ok := w.conn.(interface{ CloseWrite() error }); ok {
		_ = c.CloseWrite()
	}
	if c, ok := w.conn.(*tls.Conn); ok {
		if tcp, ok := c.NetConn().(*net.TCPConn); ok {
			_ = tcp.CloseWrite()
		}
	}
}

func (w *wire) close() {
	_ = w.conn.Close()
	if w.reader != nil {
		<-w.reader
	}
}

// said returns what has been heard so far, and whether the server has closed.
func (w *wire) said() (heard []byte, closed bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.heard[:len(w.heard):len(w.heard)], w.closed
}

// waitClosed waits until the server has closed, and reports whether it did.
func (w *wire) waitClosed(limit time.Duration) bool {
	return w.settle(limit, limit, func() bool { return false })
}

// settle waits until done says so, the server has closed, nothing was heard for idle,
// or limit is over. It reports whether the server has closed.
func (w *wire) settle(limit, idle time.Duration, done func() bool) bool {
	end := time.Now().Add(limit)
	for {
		w.mu.Lock()
		closed, changed := w.closed, w.changed
		w.mu.Unlock()
		if closed || done() {
			return closed
		}
		wait := min(idle, time.Until(end))
		if wait <= 0 {
			return false
		}
		t := time.NewTimer(wait)
		select {
		case <-changed:
			t.Stop()
		case <-t.C:
			return false
		}
	}
}

// at returns when the octets up to offset off had passed.
func at(marks []mark, off int) time.Time {
	for _, m := range marks {
		if m.End >= off {
			return m.At
		}
	}
	if len(marks) > 0 {
		return marks[len(marks)-1].At
	}
	return time.Time{}
}

// dialTLS is dial with TLS from the first octet.
func dialTLS(addr, source string, trust *tls.Config) (*wire, error) {
	w, err := dial(addr, source, trust)
	if err != nil {
		return nil, err
	}
	w.startTLS(0)
	w.secured = nil // All of it is.
	if w.failed != nil {
		w.close()
		return nil, w.failed
	}
	return w, nil
}
