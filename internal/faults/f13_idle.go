package faults

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// manyConnections keeps thousands of idle connections while others work: half of them
// readers in IDLE, under TLS, half of them SMTP clients that have said EHLO.
func manyConnections(t *T) {
	n := t.dose(10_000, 10_000)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || limit.Max < uint64(n)+1000 {
		t.Skipf("only %d descriptors for %d connections", limit.Max, n)
	}
	l := underLoad(install(t, setup{config: map[string]string{"limits.idle_smtp": `"30m"`, "limits.connections": "16000"}}))
	l.Size = 10
	l.start()
	readers := l.addReaders(20)
	base := l.probe(200)
	begin := time.Now()
	crowd := l.crowd(n, readers)
	defer crowd.close()
	if len(crowd.conns) != n {
		t.Fatalf("%d of %d connections are open: %v", len(crowd.conns), n, crowd.err)
	}
	opened := time.Since(begin)
	idle := l.memory("VmRSS")
	l.Begin()
	p99 := l.probe(500)
	l.Halt()
	most := l.memory("VmHWM")
	if p99 > 500*time.Millisecond {
		t.Errorf("p99 of the active is %s", p99)
	}
	if bound := int64(600<<20) * int64(n) / 10_000; idle > bound || most > bound+64<<20 {
		t.Errorf("%d idle connections hold %d MB, %d MB at most", n, idle>>20, most>>20)
	}
	crowd.wake()
	crowd.close()
	l.verdict(0)
	t.say("%d idle connections, half in IDLE under TLS, opened in %s: %d MB, with 10 sessions under load %d MB; p99 of accepting meanwhile %s (alone %s)",
		n, opened.Round(time.Second), idle>>20, most>>20, p99.Round(100*time.Microsecond), base.Round(100*time.Microsecond))
}

// A crowd are connections that have nothing to say.
type crowd struct {
	*T
	mu    sync.Mutex
	conns []idler
	err   error // of the last that could not be opened
}

// An idler is one of them; woken says how it shows that it is still served.
type idler struct {
	net.Conn
	in          *bufio.Reader
	word, woken string
}

// crowd opens n of them, from many addresses of loopback, in turn for each of the
// readers and for an SMTP client.
func (s *site) crowd(n int, readers []string) *crowd {
	c := &crowd{T: s.T}
	var all sync.WaitGroup
	turns := make(chan struct{}, 20)
	for i := range n {
		all.Go(func() {
			turns <- struct{}{}
			defer func() { <-turns }()
			source := net.IPv4(127, 0, byte(1+i/200), byte(1+i%200))
			var one idler
			var err error
			if i%2 == 0 {
				one, err = s.idleReader(source, readers[i/2%len(readers)])
			} else {
				one, err = s.idleSender(source)
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			if err != nil {
				c.err = err
				return
			}
			c.conns = append(c.conns, one)
		})
	}
	all.Wait()
	return c
}

// addReaders adds people who get no mail.
func (s *site) addReaders(n int) []string {
	var out []string
	for i := range n {
		name := fmt.Sprintf("reader%d@team.example", i)
		s.cli("people", "add", name, "--no-welcome", "--password-file", filepath.Join(s.dir, "password"), "--zone", "Europe/London", "--hours", "daily 00:00-24:00", "--tides", "none")
		out = append(out, name)
	}
	return out
}

// idleReader logs somebody in and waits in IDLE.
func (s *site) idleReader(source net.IP, who string) (idler, error) {
	d := &net.Dialer{Timeout: 20 * time.Second, LocalAddr: &net.TCPAddr{IP: source}}
	c, err := tls.DialWithDialer(d, "tcp", s.addr("imaps"), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // loopback
	if err != nil {
		return idler{}, err
	}
	return settle(c, fmt.Sprintf("a LOGIN %s \"%s\"\r\nb SELECT INBOX\r\nc IDLE\r\n", who, password), "+ ", "DONE\r\n", "c OK")
}

// idleSender says EHLO and nothing more.
func (s *site) idleSender(source net.IP) (idler, error) {
	d := &net.Dialer{Timeout: 20 * time.Second, LocalAddr: &net.TCPAddr{IP: source}}
	c, err := d.DialContext(s.ctx, "tcp", s.addr("inbound"))
	if err != nil {
		return idler{}, err
	}
	return settle(c, "EHLO idle.example\r\n", "250 ", "NOOP\r\n", "250 ")
}

// settle speaks until the server has said a line that begins so.
func settle(c net.Conn, begin, until, word, woken string) (idler, error) {
	one := idler{Conn: c, in: bufio.NewReaderSize(c, 512), word: word, woken: woken}
	err := one.say(begin, until)
	if err != nil {
		c.Close()
	}
	return one, err
}

// say writes, and reads until a line begins so.
func (i idler) say(text, until string) error {
	if err := i.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := i.Write([]byte(text)); err != nil {
		return err
	}
	for {
		line, err := i.in.ReadString('\n')
		if err != nil {
			return fmt.Errorf("wait for %q: %w", until, err)
		}
		if strings.HasPrefix(line, until) {
			return i.SetDeadline(time.Time{})
		}
	}
}

// wake asks every hundredth whether it is still served.
func (c *crowd) wake() {
	for i := 0; i < len(c.conns); i += 100 + 1 {
		if err := c.conns[i].say(c.conns[i].word, c.conns[i].woken); err != nil {
			c.Errorf("an idle connection is served no more: %v", err)
		}
	}
}

// close ends them all, once.
func (c *crowd) close() {
	for _, one := range c.conns {
		one.Close()
	}
	c.conns = nil
}
