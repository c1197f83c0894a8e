// Package trust finds out whether incoming mail comes from whom it says: SPF of the
// envelope, DKIM of the signatures, DMARC of the author's domain, and what a filter in
// front of us has said. What is done about it is package inbox's business.
//
// Invariants:
//   - A check never fails and never loses mail: what the DNS does not answer is
//     temperror, which proves nothing and condemns nobody.
//   - Everything a stranger can make long has an end: time, questions to the DNS,
//     signatures, signed fields, octets that are hashed (limits beside each).
//   - A stranger's silent DNS makes no temperror of somebody else's domain: only answers
//     about identities in line with the author's domain count.
//   - The body is read as a stream, once for each signature that is looked at.
//   - What a peer says about itself reaches our own header field only as a domain name.
//
// ARC is not read: there is no library for it yet, and it needs a list of whom to trust
// anyway (Options.Lists is that list).
package trust

import (
	"context"
	"io"
	"log/slog"
	"net/netip"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/mail"
)

// Options are the settings of a Checker.
type Options struct {
	// ID is our own authserv-id (RFC 8601 §2.5): the name of this host.
	ID string
	// Resolver asks the DNS; nil: nothing is checked, only upstreams are read.
	Resolver Resolver
	// Private says that peers with a private address are checked, too. They are no
	// part of the internet, but a gateway behind a port forwarder sees only such.
	Private bool
	// Inside are networks whose mail is not checked and whose Authentication-Results of
	// an Upstream are believed: this host, the MTA or provider in front.
	Inside []netip.Prefix
	// Upstreams are the authserv-ids that are believed from Inside.
	Upstreams []string
	// Lists are domains of mailing lists and forwarders that may resend mail of others.
	Lists []string
	// Timeout bounds a whole check; default 5 s.
	Timeout time.Duration
	// Questions bounds the questions that are out at the same time, over all checks;
	// default 128.
	Questions int
	Log       *slog.Logger // of what should not happen; nil: nowhere
}

// A Checker checks mail. It is safe for concurrent use.
type Checker struct {
	o         Options
	cache     *cache
	questions chan struct{} // holds one for each question that is out
	hashing   chan struct{} // holds one for each body that is being read
}

// New returns a Checker.
func New(o Options) *Checker {
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Second
	}
	if o.Questions <= 0 {
		o.Questions = 128
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Checker{o: o, cache: newCache(), questions: make(chan struct{}, o.Questions), hashing: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Mail is one message as it came.
type Mail struct {
	IP   netip.Addr           // of the peer; not valid: a local socket
	Helo string               // as it named itself
	From mail.Address         // reverse-path
	LMTP bool                 // from the MTA in front of us, wherever it is
	Head []byte               // as it came, blank line included
	Size int64                // octets of the body
	Body func() io.ReadCloser // from its beginning, each time
}

// Check says what is known of a message. It returns when all is known or the time is
// over.
func (c *Checker) Check(ctx context.Context, m Mail, now time.Time) Verdict {
	v := Verdict{Spam: SpamMark(m.Head, c.inside(m))}
	a := authorOf(m.Head)
	v.From, v.Claims = a.domain, a.claims
	switch {
	case c.inside(m):
		c.readUpstream(m, &v)
	case c.o.Resolver == nil, !c.o.Private && !public(m.IP):
	default:
		v.Source, v.Here = c.o.ID, true
		ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
		defer cancel()
		c.check(ctx, m, &v, now)
	}
	v.Listed = slices.ContainsFunc(c.o.Lists, v.Authenticated)
	return v
}

// inside reports whether the peer is trusted to have checked already.
func (c *Checker) inside(m Mail) bool {
	ip := m.IP.Unmap()
	return m.LMTP || !ip.IsValid() || slices.ContainsFunc(c.o.Inside, func(n netip.Prefix) bool { return n.Contains(ip) })
}

// public reports whether an address is one of the internet.
func public(ip netip.Addr) bool {
	ip = ip.Unmap()
	return ip.IsGlobalUnicast() && !ip.IsPrivate()
}

// check asks all questions side by side: a slow answer to one must not cost another
// its time.
func (c *Checker) check(ctx context.Context, m Mail, v *Verdict, now time.Time) {
	d := c.ask(now)
	var record record
	var all sync.WaitGroup
	// What panics has no answer.
	v.SPF.Result, record.result = TempError, TempError
	v.DKIM = []Signature{{Result: TempError, Domain: v.From}}
	all.Go(c.safely(func() { v.SPF = checkSPF(ctx, d, m) }))
	all.Go(c.safely(func() { v.DKIM = c.checkDKIM(ctx, d, m, v.From) }))
	all.Go(c.safely(func() { record = lookUpPolicy(ctx, d, v.From) }))
	all.Wait()
	v.judge(record)
}

// safely keeps a panic of a reader of foreign words from ending the process.
func (c *Checker) safely(fn func()) func() {
	return func() {
		defer func() {
			if r := recover(); r != nil {
				c.o.Log.Error("a check of mail panicked", "panic", r, "stack", string(debug.Stack()))
			}
		}()
		fn()
	}
}

// Clean returns head without the Authentication-Results that only we or our upstreams
// may write (RFC 8601 §5), in whatever way their name is written. What an upstream
// itself wrote stays.
func (c *Checker) Clean(head []byte, m Mail) []byte {
	ours := []string{c.o.ID}
	if c.inside(m) {
		if c.believes(c.o.ID) {
			return head
		}
	} else {
		ours = append(ours, c.o.Upstreams...)
	}
	return stripResults(head, ours)
}

// believes reports whether an authserv-id is that of an upstream.
func (c *Checker) believes(id string) bool {
	return slices.ContainsFunc(c.o.Upstreams, func(s string) bool { return strings.EqualFold(s, id) })
}
