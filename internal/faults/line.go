package faults

import (
	"errors"
	"net"
	"sync"
	"time"
)

// A manner is how a connection breaks.
type manner string

// The manners.
const (
	ends     manner = "ended"    // both sides see the end
	resets   manner = "reset"    // both sides see RST
	silence  manner = "silent"   // nobody sees anything: half-open
	trickles manner = "trickled" // octet by octet for a while, then the end
)

// A cut breaks the connection at an octet.
type cut struct {
	manner manner
	up     bool // counted towards the server, else towards the client
	after  int  // octets
}

// A line leads to a server, and breaks.
type line struct {
	addr, to string
	ln       net.Listener

	mu    sync.Mutex
	next  *cut
	hit   bool
	dead  bool // the line is silent
	conns map[net.Conn]bool
}

// newLine leads to a server until the fault ends.
func newLine(t *T, to string) *line {
	host, _, err := net.SplitHostPort(to)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
	if err != nil {
		t.Fatal(err)
	}
	l := &line{addr: ln.Addr().String(), to: to, ln: ln, conns: map[net.Conn]bool{}}
	t.Cleanup(func() {
		ln.Close()
		l.mu.Lock()
		defer l.mu.Unlock()
		for c := range l.conns {
			c.Close()
		}
	})
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go l.carry(c)
		}
	}()
	return l
}

// cut arms the next cut.
func (l *line) cut(c cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next, l.hit, l.dead = &c, false, false
}

// happened reports whether it has broken.
func (l *line) happened() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hit
}

// breakAll ends all connections.
func (l *line) breakAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.conns {
		c.Close()
	}
}

// unused reports whether nobody is connected.
func (l *line) unused() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.conns) == 0
}

// errStill: the client has not noticed.
var errStill = errors.New("the client has not noticed that its connection is silent")

// left is nil when the client has given the connection up.
func (l *line) left() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return errStill
	}
	return nil
}

// carry carries one connection.
func (l *line) carry(client net.Conn) {
	server, err := net.Dial("tcp", l.to)
	if err != nil {
		client.Close()
		return
	}
	l.mu.Lock()
	l.conns[client], l.conns[server] = true, true
	l.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { l.pump(server, client, true) })
	both.Go(func() { l.pump(client, server, false) })
	both.Wait()
	l.mu.Lock()
	delete(l.conns, client)
	delete(l.conns, server)
	l.mu.Unlock()
}

// pump carries one direction. Whatever ends it ends both.
func (l *line) pump(to, from net.Conn, up bool) {
	defer to.Close()
	defer from.Close()
	buf := make([]byte, 4096)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			pass, c := l.account(n, up)
			if c != nil && c.manner == trickles {
				trickle(to, buf[:pass])
				return
			}
			if _, werr := to.Write(buf[:pass]); werr != nil {
				return
			}
			if c != nil {
				l.broken(c, to, from, up)
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// account counts octets, and says how many of them pass and whether the line breaks then.
func (l *line) account(n int, up bool) (pass int, c *cut) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dead {
		return 0, nil
	}
	if l.next == nil || l.next.up != up {
		return n, nil
	}
	if n < l.next.after {
		l.next.after -= n
		return n, nil
	}
	c, l.next, l.hit = l.next, nil, true
	l.dead = c.manner == silence
	return c.after, c
}

// broken breaks the line in the manner of the cut.
func (l *line) broken(c *cut, to, from net.Conn, up bool) {
	switch c.manner {
	case resets:
		for _, conn := range []net.Conn{to, from} {
			if tcp, ok := conn.(*net.TCPConn); ok {
				_ = tcp.SetLinger(0) // It is closed next; then it is reset.
			}
		}
	case silence:
		client := to
		if up {
			client = from
		}
		buf := make([]byte, 4096)
		for { // Until the client gives up.
			if _, err := client.Read(buf); err != nil {
				break
			}
		}
		l.mu.Lock()
		l.dead = false
		l.mu.Unlock()
	}
}

// trickle lets octets through one by one, for a second at most.
func trickle(to net.Conn, octets []byte) {
	end := time.Now().Add(time.Second)
	for _, b := range octets {
		if _, err := to.Write([]byte{b}); err != nil || time.Now().After(end) {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
}
