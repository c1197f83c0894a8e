package testkit

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func addrPort(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// A Smarthost is an upstream SMTP server that records what it is given and does
// what it is told, good or bad. It takes everything unless a Rule says otherwise.
type Smarthost struct {
	tb   testing.TB
	opts SmarthostOptions
	ln   net.Listener
	done sync.WaitGroup

	mu       sync.Mutex // guards all below
	rules    []*Rule
	commands []string
	mails    []*Transaction
	conns    map[net.Conn]bool
	count    int           // connections so far
	most     int           // connections at the same time
	changed  chan struct{} // closed and replaced whenever something was recorded
	log      *os.File
	closed   bool
}

// SmarthostOptions are the settings of a Smarthost. The zero value listens on
// 127.0.0.1, offers the usual extensions, no TLS and no AUTH.
type SmarthostOptions struct {
	Listener   net.Listener      // default: 127.0.0.1 and a free port
	Name       string            // default smarthost.example
	Extensions []string          // EHLO lines besides STARTTLS and AUTH; default PIPELINING, 8BITMIME, SMTPUTF8, DSN, SIZE, ENHANCEDSTATUSCODES
	TLS        *tls.Config       // offers STARTTLS
	Implicit   bool              // TLS from the first octet
	Auth       map[string]string // user → password; MAIL needs a login
	Mechanisms string            // default "PLAIN LOGIN"; XOAUTH2 and OAUTHBEARER are known, too
	Token      func() string     // the access token that counts, for those two; every user of Auth may have it

	// Log is a file that gets one line when an end mark is seen and one when its
	// reply was written, each on disk before the next step (O_SYNC): the ground
	// truth of fault runs.
	Log string
}

// A Rule changes what happens at one verb. The first rule that matches counts.
type Rule struct {
	Verb  string // CONNECT, EHLO, HELO, STARTTLS, AUTH, MAIL, RCPT, DATA, BODY (each line of it), EOD, RSET, QUIT, or * for any
	Match string // only if the command line contains it
	Times int    // how often; 0: always
	Skip  int    // how many matches pass first

	Delay time.Duration // before the reply
	Reply string        // instead of the usual one; "\n" separates lines of wire, CRLF is put behind each; a transaction is refused by 4xx and 5xx
	Raw   string        // octets as they are, instead of Reply
	Pace  time.Duration // between the octets of the reply
	Close bool          // drop the connection instead of replying (with Reply: behind it)
	Hang  bool          // never reply, keep the connection until the client closes
}

// A Transaction is one message whose end mark was seen.
type Transaction struct {
	Conn       int // which connection, from 1
	Helo       string
	User       string // "" without AUTH
	TLS        bool
	From       string
	FromParams []string
	Recipients []Forward // accepted ones
	Data       []byte    // dots unstuffed, without the end mark
	Seen       time.Time // when the end mark was read
	Replied    bool      // the reply to it was written
	Code       int       // of that reply; 0: none
}

// A Forward is one accepted RCPT.
type Forward struct {
	Address string
	Params  []string
}

// Delivered reports whether the smarthost took the message over and said so.
func (t Transaction) Delivered() bool { return t.Replied && t.Code/100 == 2 }

// Header returns the first field called name, unfolded.
func (t Transaction) Header(name string) string {
	head, _, _ := strings.Cut(string(t.Data), "\r\n\r\n")
	head = strings.NewReplacer("\r\n ", " ", "\r\n\t", " ").Replace(head)
	for line := range strings.SplitSeq(head, "\r\n") {
		if k, v, ok := strings.Cut(line, ":"); ok && strings.EqualFold(k, name) {
			return strings.TrimSpace(v)
		}
	}
	return ""
}

// NewSmarthost starts a server that ends with the test (in a bubble: call Close
// before the bubble ends).
func NewSmarthost(tb testing.TB, o SmarthostOptions) *Smarthost {
	tb.Helper()
	if o.Name == "" {
		o.Name = "smarthost.example"
	}
	if o.Extensions == nil {
		o.Extensions = []string{"PIPELINING", "8BITMIME", "SMTPUTF8", "DSN", "SIZE 0", "ENHANCEDSTATUSCODES"}
	}
	if o.Mechanisms == "" {
		o.Mechanisms = "PLAIN LOGIN"
	}
	s := &Smarthost{tb: tb, opts: o, ln: o.Listener, conns: map[net.Conn]bool{}, changed: make(chan struct{})}
	if s.ln == nil {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		s.ln = ln
	}
	if o.Log != "" {
		f, err := os.OpenFile(o.Log, os.O_CREATE|os.O_APPEND|os.O_WRONLY|os.O_SYNC, 0o600)
		if err != nil {
			tb.Fatal(err)
		}
		s.log = f
	}
	s.done.Go(s.serve)
	tb.Cleanup(s.Close)
	return s
}

// Script puts rules in front of those there are.
func (s *Smarthost) Script(rules ...Rule) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fresh := make([]*Rule, 0, len(rules)+len(s.rules))
	for _, r := range rules {
		fresh = append(fresh, &r)
	}
	s.rules = append(fresh, s.rules...)
}

// Reset takes all rules away.
func (s *Smarthost) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = nil
}

// Addr returns host and port.
func (s *Smarthost) Addr() (host string, port int) {
	a := s.ln.Addr().(*net.TCPAddr)
	return a.IP.String(), a.Port
}

// Transactions returns what was recorded, in order of the end marks.
func (s *Smarthost) Transactions() []Transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot(func(*Transaction) bool { return true })
}

// Delivered returns the transactions that ended in 2yz.
func (s *Smarthost) Delivered() []Transaction {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot(func(t *Transaction) bool { return t.Delivered() })
}

func (s *Smarthost) snapshot(want func(*Transaction) bool) []Transaction {
	var list []Transaction
	for _, t := range s.mails {
		if want(t) {
			c := *t
			c.Recipients = slices.Clone(t.Recipients)
			list = append(list, c)
		}
	}
	return list
}

// Commands returns every command line of all connections in the order received.
// Lines of a login that follow AUTH are there too; lines of bodies are not.
func (s *Smarthost) Commands() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.commands)
}

// Connections returns how many connections there were, and at most at a time.
func (s *Smarthost) Connections() (total, most int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.count, s.most
}

// WaitFor waits until n transactions are delivered and returns them.
func (s *Smarthost) WaitFor(ctx context.Context, n int) ([]Transaction, error) {
	var list []Transaction
	err := s.wait(ctx, func() bool {
		list = s.snapshot(func(t *Transaction) bool { return t.Delivered() })
		return len(list) >= n
	})
	if err != nil {
		return list, fmt.Errorf("wait for %d deliveries, have %d: %w", n, len(list), err)
	}
	return list, nil
}

// WaitCommand waits until a command line that begins with prefix was received.
func (s *Smarthost) WaitCommand(ctx context.Context, prefix string) error {
	err := s.wait(ctx, func() bool {
		return slices.ContainsFunc(s.commands, func(c string) bool { return strings.HasPrefix(c, prefix) })
	})
	if err != nil {
		return fmt.Errorf("wait for command %q: %w", prefix, err)
	}
	return nil
}

// wait looks at cond, with s.mu held, at each change.
func (s *Smarthost) wait(ctx context.Context, cond func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := cond(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// record runs f with s.mu held and wakes who waits.
func (s *Smarthost) record(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// DropAll cuts every open connection, as a partition does.
func (s *Smarthost) DropAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.Close()
	}
}

// Close stops listening, cuts all connections and waits for their ends.
func (s *Smarthost) Close() {
	s.ln.Close()
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.DropAll()
	s.done.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.log != nil {
		s.log.Close()
		s.log = nil
	}
}

func (s *Smarthost) serve() {
	for {
		c, err := s.ln.Accept()
		if err != nil {
			return
		}
		var n int
		s.record(func() {
			s.conns[c] = true
			if s.closed { // accepted behind Close's back
				c.Close()
			}
			s.count++
			n = s.count
			s.most = max(s.most, len(s.conns))
		})
		s.done.Go(func() {
			newUpstream(s, c, n).run()
			c.Close()
			s.record(func() { delete(s.conns, c) })
		})
	}
}

// rule finds and uses up the rule for a verb.
func (s *Smarthost) rule(verb, line string) Rule {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range s.rules {
		if r.Verb != verb && r.Verb != "*" || !strings.Contains(line, r.Match) {
			continue
		}
		if r.Skip > 0 {
			r.Skip--
			continue
		}
		if r.Times == 1 {
			s.rules = slices.Delete(s.rules, i, i+1)
		} else if r.Times > 1 {
			r.Times--
		}
		return *r
	}
	return Rule{}
}

// note writes one line of ground truth.
func (s *Smarthost) note(event string, t *Transaction) {
	if s.log == nil {
		return
	}
	var to []string
	for _, r := range t.Recipients {
		to = append(to, r.Address)
	}
	line := fmt.Sprintf("%s\t%s\t%d\t%s\t%s\t%x\n", time.Now().UTC().Format(time.RFC3339Nano), event, t.Code,
		t.Header("Message-ID"), strings.Join(to, ","), bodyHash(t.Data))
	if _, err := s.log.WriteString(line); err != nil {
		s.tb.Errorf("write smarthost log: %v", err)
	}
}
