// Package traffic is the load of the runs in which a server is killed, stopped or robbed
// of its disk: mail of every kind from many sessions at once, what was written down of
// it, and the judge (e2e/reconcile) at the end. It knows the server by its doors, its
// database file and nothing else.
package traffic

import (
	"errors"
	"net/textproto"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tidepost/e2e/reconcile"
)

// The people of an installation under test: Ana and Tom are at work day and night, Tom's
// mail comes with a tide in ten hours, Mei sleeps for ten hours. Away is a stranger.
const (
	Ana  = "ana@team.example"
	Tom  = "tom@team.example"
	Mei  = "mei@team.example"
	Away = "carol@outside.example"
)

// Workers is how many attempts the server makes at the same time at most, each with its
// own mail.
const Workers = 20

// Options say where a server is and what it does with mail.
type Options struct {
	Addr     func(door string) string // host:port of submissions, inbound, lmtp, imaps
	Password string                   // Ana's
	Journal  string                   // file to write what was sent and acknowledged, beside the server's disk
	Upstream string                   // log of the next server
	Database string                   // tidepost.db
	Wait     time.Duration            // what mail waits that nothing else holds: hold.undo
	Pace     time.Duration            // between two mails of a session
}

// Traffic is mail of every kind from many sessions at once, and what was written down of
// it.
type Traffic struct {
	Wait    time.Duration // as in Options; may change while the server is down
	After   time.Time     // no mail to Mei before
	Size    int           // lines of a body; 0: at random
	Dark    []Span        // when the server's disk had no power
	Alien   bool          // others send, too: what leaves may be theirs
	Held    chan string   // ids that may be taken back
	Acked   atomic.Int64
	Full    atomic.Int64 // refusals with 452
	Late    atomic.Int64 // of them, behind DATA
	Slowest atomic.Int64 // nanoseconds from end mark to 250

	o        Options
	tb       testing.TB
	journal  *reconcile.Journal
	next     atomic.Int64
	stopping chan struct{}
	sessions sync.WaitGroup
}

// A Span is what lies between two instants.
type Span struct{ From, To time.Time }

// New makes traffic for a server. What goes wrong is told to tb, of any goroutine.
func New(tb testing.TB, o Options) *Traffic {
	tb.Helper()
	x := &Traffic{o: o, tb: tb, Wait: o.Wait, After: time.Now().Add(8 * time.Hour), Held: make(chan string, 100_000)}
	var err error
	if x.journal, err = reconcile.OpenJournal(o.Journal); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { x.journal.Close() })
	return x
}

// Begin starts ten sessions that send until halt, and one that takes mail back.
func (x *Traffic) Begin() {
	x.stopping = make(chan struct{})
	for i := range 10 {
		x.sessions.Go(func() { x.session(i) })
	}
	x.sessions.Go(x.recaller)
}

// Halt lets the sessions end after the mail that they are sending.
func (x *Traffic) Halt() {
	close(x.stopping)
	x.sessions.Wait()
}

func (x *Traffic) halted() bool {
	select {
	case <-x.stopping:
		return true
	default:
		return false
	}
}

// session sends over one connection after the other. That the server goes Away is the
// point of the run; what counts is what it had acknowledged.
func (x *Traffic) session(n int) {
	for !x.halted() {
		err := x.connection(n)
		if err == nil {
			continue
		}
		var refused *textproto.Error
		if errors.As(err, &refused) && refused.Code/100 == 5 {
			x.tb.Errorf("session %d was refused: %v", n, err)
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// connection sends until halt or an error. Two sessions of ten are other servers, one
// of them over LMTP; the others are logins.
func (x *Traffic) connection(n int) error {
	door, inbound := "submissions", false
	if n >= 8 {
		door, inbound = []string{"inbound", "lmtp"}[n-8], true
	}
	c, err := x.Connect(door)
	if err != nil {
		return err
	}
	defer c.Close()
	for !x.halted() {
		s, text := x.message(inbound)
		if err := x.Send(c, s, text, door); err != nil {
			return err
		}
		time.Sleep(x.o.Pace)
	}
	return c.Quit()
}
