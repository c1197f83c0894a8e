package faults

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/smtp"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tidepost/e2e/reconcile"
	"tidepost/internal/testkit"
)

const (
	ana  = "ana@team.example"
	tom  = "tom@team.example"
	mei  = "mei@team.example"
	away = "carol@outside.example"

	undo = time.Second // what every mail of a site waits, so that some is always about to leave, until express
	pace = 40 * time.Millisecond
)

// A load is mail of every kind from many sessions at once, and what was written down
// of it: about 200 a second.
type load struct {
	*site
	journal *reconcile.Journal
	path    string
	next    atomic.Int64
	acked   atomic.Int64
	full    atomic.Int64  // refusals with 452
	late    atomic.Int64  // of them, behind DATA
	after   time.Time     // no mail to Mei before
	wait    time.Duration // what mail waits that nothing else holds
	size    int           // lines of a body; 0: at random
	held    chan string   // ids that may be taken back
	slowest atomic.Int64  // nanoseconds from end mark to 250
	dark    []span        // when the disk had no power
	doubted int           // mails whose sync was let fail
	alien   bool          // others send, too: what leaves may be theirs

	stopping chan struct{}
	sessions sync.WaitGroup
}

// A span is what lies between two instants.
type span struct{ from, to time.Time }

// underLoad makes a load on an installation.
func underLoad(s *site) *load {
	l := &load{site: s, wait: undo, path: filepath.Join(s.dir, "journal"), after: time.Now().Add(8 * time.Hour), held: make(chan string, 100_000)}
	var err error
	if l.journal, err = reconcile.OpenJournal(l.path); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { l.journal.Close() })
	return l
}

// express lets mail leave as it is taken from now on: another way through the server.
// It must not be running.
func (l *load) express() {
	l.wait = 0
	l.configure(map[string]string{"hold.undo": `"0s"`})
}

// begin starts ten sessions that send until halt, and one that takes mail back.
func (l *load) begin() {
	l.stopping = make(chan struct{})
	for i := range 10 {
		l.sessions.Go(func() { l.session(i) })
	}
	l.sessions.Go(l.recaller)
}

// halt lets the sessions end after the mail that they are sending.
func (l *load) halt() {
	close(l.stopping)
	l.sessions.Wait()
}

func (l *load) halted() bool {
	select {
	case <-l.stopping:
		return true
	default:
		return false
	}
}

// session sends over one connection after the other. That the server goes away is the
// point of the run; what counts is what it had acknowledged.
func (l *load) session(n int) {
	for !l.halted() {
		err := l.connection(n)
		if err == nil {
			continue
		}
		var refused *textproto.Error
		if errors.As(err, &refused) && refused.Code/100 == 5 {
			l.Errorf("session %d was refused: %v", n, err)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// connection sends until halt or an error. Two sessions of ten are other servers, one
// of them over LMTP; the others are logins.
func (l *load) connection(n int) error {
	door, inbound := "submissions", false
	if n >= 8 {
		door, inbound = []string{"inbound", "lmtp"}[n-8], true
	}
	c, err := l.connect(door)
	if err != nil {
		return err
	}
	defer c.Close()
	for !l.halted() {
		s, text := l.message(inbound)
		if err := l.send(c, s, text, door); err != nil {
			return err
		}
		time.Sleep(pace)
	}
	return c.Quit()
}

// send writes down, sends, and writes down.
func (l *load) send(c *smtp.Client, s reconcile.Sent, text, door string) error {
	if err := l.journal.Sent(s); err != nil {
		l.Fatal(err)
	}
	begin := time.Now()
	data, err := l.transact(c, s, text, door)
	var refused *textproto.Error
	if errors.As(err, &refused) && refused.Code == 452 {
		l.full.Add(1)
		if data {
			l.late.Add(1)
		}
	}
	if err != nil {
		return err
	}
	l.slowest.Store(max(l.slowest.Load(), int64(time.Since(begin))))
	if err := l.journal.Acked(s.ID, time.Now()); err != nil {
		l.Fatal(err)
	}
	l.acked.Add(1)
	if len(s.To) == 1 && s.To[0].Way == reconcile.Held {
		l.held <- s.ID
	}
	return nil
}

// connect opens a session, with Ana's login where one is asked for.
func (l *load) connect(door string) (*smtp.Client, error) {
	conf := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // loopback
	if door == "submissions" {
		conn, err := tls.Dial("tcp", l.addr(door), conf)
		if err != nil {
			return nil, err
		}
		if err := conn.SetDeadline(time.Now().Add(5 * time.Minute)); err != nil {
			return nil, err
		}
		c, err := smtp.NewClient(conn, "127.0.0.1")
		if err != nil {
			conn.Close()
			return nil, err
		}
		return c, c.Auth(smtp.PlainAuth("", ana, password, "127.0.0.1"))
	}
	c, err := smtp.Dial(l.addr(door))
	if err != nil {
		return nil, err
	}
	if door == "inbound" {
		return c, c.Hello("load.example")
	}
	_, err = command(c, 250, "LHLO load.example")
	return c, err
}

// command sends a line and wants a code.
func command(c *smtp.Client, code int, format string, args ...any) (string, error) {
	id, err := c.Text.Cmd(format, args...)
	if err != nil {
		return "", err
	}
	c.Text.StartResponse(id)
	defer c.Text.EndResponse(id)
	_, msg, err := c.Text.ReadResponse(code)
	return msg, err
}

// transact sends one message; nil means that it was acknowledged. It reports whether
// the body had been asked for.
func (l *load) transact(c *smtp.Client, s reconcile.Sent, text, door string) (data bool, err error) {
	from := ana
	if s.To[0].Way == reconcile.Inbound {
		from = away
	}
	if _, err := command(c, 250, "MAIL FROM:<%s>", from); err != nil {
		return false, err
	}
	for _, g := range s.To {
		if _, err := command(c, 250, "RCPT TO:<%s>", g.Address); err != nil {
			return false, err
		}
	}
	if _, err := command(c, 354, "DATA"); err != nil {
		return false, err
	}
	w := c.Text.DotWriter()
	if _, err := io.WriteString(w, text); err != nil {
		return true, err
	}
	if err := w.Close(); err != nil {
		return true, err
	}
	replies := 1
	if door == "lmtp" {
		replies = len(s.To)
	}
	for range replies {
		if _, _, err := c.Text.ReadResponse(250); err != nil {
			return true, err
		}
	}
	return true, nil
}

// message makes the next mail: to the outside, held, batched, to all of them, or from
// the outside.
func (l *load) message(inbound bool) (reconcile.Sent, string) {
	n := l.next.Load() + 1
	ways := []reconcile.Way{reconcile.Outside, reconcile.Held, reconcile.Here}
	switch {
	case inbound:
		ways = []reconcile.Way{reconcile.Inbound}
	case n%4 < 3:
		ways = ways[n%4 : n%4+1]
	}
	return l.make(ways...)
}

// make makes a mail that goes these ways.
func (l *load) make(ways ...reconcile.Way) (reconcile.Sent, string) {
	n := l.next.Add(1)
	now := time.Now().Truncate(time.Millisecond) // as the ledger writes times
	var goals []reconcile.Goal
	for _, way := range ways {
		g := reconcile.Goal{Way: way, NotBefore: now.Add(l.wait)}
		switch way {
		case reconcile.Outside:
			g.Address = fmt.Sprintf("r%d@outside.example", n%5)
		case reconcile.Held:
			g.Address, g.NotBefore = mei, l.after
		case reconcile.Here:
			g.Address = tom
		case reconcile.Inbound:
			g.Address, g.NotBefore = []string{ana, tom}[n%2], now
		}
		goals = append(goals, g)
	}
	id := fmt.Sprintf("load%d@load.example", n)
	lines := 3 + rand.IntN(40)
	if l.size > 0 {
		lines = l.size
	} else if n%200 == 0 {
		lines = 20_000 // over the size that is stored in pieces while it arrives
	}
	content := strings.Repeat(fmt.Sprintf("This is line of message %d, which has many like it.\r\n", n), lines)
	from := ana
	if ways[0] == reconcile.Inbound {
		from = away
	}
	text := testkit.Letter(from, "list@outside.example", fmt.Sprintf("Load %d", n), id, content)
	return reconcile.Sent{ID: id, Hash: reconcile.Hash([]byte(content)), To: goals, At: now}, text
}
