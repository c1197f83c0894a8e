package imapd

import (
	"bufio"
	"fmt"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"
)

// A client is a connection that is spoken to line by line.
type client struct {
	t    *testing.T
	conn net.Conn
	r    *bufio.Reader
	n    int
}

func (w *world) client() *client {
	t := w.t.(*testing.T)
	t.Helper()
	c := &client{t: t, conn: w.dial()}
	c.r = newReader(c.conn)
	c.conn.SetDeadline(time.Now().Add(time.Minute))
	c.line()
	c.do(fmt.Sprintf("LOGIN alice@here.test %q", password))
	return c
}

func newReader(c net.Conn) *bufio.Reader { return bufio.NewReader(c) }

func (c *client) line() string {
	c.t.Helper()
	l, err := c.r.ReadString('\n')
	if err != nil {
		c.t.Fatalf("read: %v (%q)", err, l)
	}
	return strings.TrimSuffix(l, "\r\n")
}

func (c *client) send(text string) {
	c.t.Helper()
	if _, err := fmt.Fprintf(c.conn, "%s\r\n", text); err != nil {
		c.t.Fatal(err)
	}
}

// do runs a command and returns its untagged lines and its status.
func (c *client) do(command string) (lines []string, status string) {
	c.t.Helper()
	c.n++
	tag := fmt.Sprintf("t%d", c.n)
	c.send(tag + " " + command)
	for {
		l := c.line()
		if rest, ok := strings.CutPrefix(l, tag+" "); ok {
			return lines, rest
		}
		lines = append(lines, l)
	}
}

// ok is do for a command that must succeed.
func (c *client) ok(command string) []string {
	c.t.Helper()
	lines, status := c.do(command)
	if !strings.HasPrefix(status, "OK") {
		c.t.Fatalf("%s: %s", command, status)
	}
	return lines
}

// TestIdleLosesNoWakeUp delivers at every point between a command and IDLE: the
// client must hear of each message without another one coming.
func TestIdleLosesNoWakeUp(t *testing.T) {
	w := newWorld(t)
	c := w.client()
	c.ok("SELECT INBOX")
	rounds := 300
	if testing.Short() {
		rounds = 50
	}
	for i := 1; i <= rounds; i++ {
		go func() {
			for range i % 100 * 20 {
				runtime.Gosched()
			}
			w.deliver("INBOX", plain(i))
		}()
		want := fmt.Sprintf("* %d EXISTS", i)
		heard := false
		for _, l := range c.ok("NOOP") {
			heard = heard || l == want
		}
		c.send("i IDLE")
		if l := c.line(); l != "+ idling" {
			t.Fatalf("round %d: got %q", i, l)
		}
		for !heard {
			heard = c.line() == want
		}
		c.send("DONE")
		for c.line() != "i OK IDLE completed" {
		}
	}
}

// TestIdleEndsWithTheConnection: a client that vanishes leaves nothing behind, which
// the end of the world checks: Serve waits for all sessions.
func TestIdleEndsWithTheConnection(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		c := w.client()
		c.ok("SELECT INBOX")
		c.send("i IDLE")
		c.line()
		c.conn.Close()
	}
}

// TestStopTellsBye: a server that stops says so to clients that wait, and ends.
func TestStopTellsBye(t *testing.T) {
	w := newWorld(t)
	idle, quiet := w.client(), w.client()
	idle.ok("SELECT INBOX")
	idle.send("i IDLE")
	idle.line()
	go w.stop()
	for _, c := range []*client{idle, quiet} {
		if l := c.line(); !strings.HasPrefix(l, "* BYE") {
			t.Errorf("got %q, want BYE", l)
		}
	}
	select {
	case err := <-w.done:
		w.done <- err
	case <-time.After(10 * time.Second):
		t.Fatal("Serve did not end")
	}
}
