package trust

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// A Resolver asks the DNS, as *net.Resolver does.
type Resolver interface {
	LookupTXT(ctx context.Context, name string) ([]string, error)
	LookupMX(ctx context.Context, name string) ([]*net.MX, error)
	LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error)
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// NewResolver returns a resolver that asks the server at addr ("host:port"), or the
// system's if addr is "". Go's own is used: that of the C library cannot be stopped.
func NewResolver(addr string) *net.Resolver {
	r := &net.Resolver{PreferGo: true}
	if addr != "" {
		r.Dial = func(ctx context.Context, network, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, network, addr)
		}
	}
	return r
}

// maxQuestions bounds what one message may make us ask: SPF may ask 10 times for up to
// 10 addresses each (RFC 7208 §4.6.4), and honest mail needs about ten in all.
const maxQuestions = 80

// dns is the view one check has of the DNS: bounded, cached, and with errors of one
// kind only. It implements Resolver, and with it the interface of the SPF library.
type dns struct {
	c    *Checker
	now  time.Time
	left atomic.Int32
}

func (c *Checker) ask(now time.Time) *dns {
	d := &dns{c: c, now: now}
	d.left.Store(maxQuestions)
	return d
}

// LookupTXT implements Resolver.
func (d *dns) LookupTXT(ctx context.Context, name string) ([]string, error) {
	return look(ctx, d, "TXT", name, d.c.o.Resolver.LookupTXT, func(all []string) (n int) {
		for _, s := range all {
			n += len(s)
		}
		return n
	})
}

// LookupMX implements Resolver.
func (d *dns) LookupMX(ctx context.Context, name string) ([]*net.MX, error) {
	return look(ctx, d, "MX", name, d.c.o.Resolver.LookupMX, func(all []*net.MX) int { return 64 * len(all) })
}

// LookupIPAddr implements Resolver.
func (d *dns) LookupIPAddr(ctx context.Context, host string) ([]net.IPAddr, error) {
	return look(ctx, d, "IP", host, d.c.o.Resolver.LookupIPAddr, func(all []net.IPAddr) int { return 32 * len(all) })
}

// LookupAddr implements Resolver.
func (d *dns) LookupAddr(ctx context.Context, addr string) ([]string, error) {
	return look(ctx, d, "PTR", addr, d.c.o.Resolver.LookupAddr, func(all []string) int { return 64 * len(all) })
}

// look asks one question, or knows the answer. size says how many octets an answer
// takes in the cache.
func look[T any](ctx context.Context, d *dns, kind, name string, ask func(context.Context, string) (T, error), size func(T) int) (T, error) {
	var none T
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	if kind != "PTR" {
		if name == "" || len(name) > 253 { // RFC 1035 §2.3.4
			return none, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
		}
		name += "." // Never a name of the search list.
	}
	key := kind + " " + name
	if known, ok := d.c.cache.get(key, d.now); ok {
		answer, _ := known.answer.(T)
		return answer, known.err
	}
	if d.left.Add(-1) < 0 {
		return none, &net.DNSError{Err: "too many questions for one message", Name: name}
	}
	select {
	case d.c.questions <- struct{}{}:
		defer func() { <-d.c.questions }()
	case <-ctx.Done():
		return none, timeUp(name, ctx.Err())
	}
	answer, err := ask(ctx, name)
	var known *net.DNSError
	switch {
	case err == nil:
		d.c.cache.put(key, memory{answer: answer, until: d.now.Add(rememberAnswer)}, size(answer), d.now)
	case !errors.As(err, &known):
		return none, timeUp(name, err)
	case known.IsNotFound:
		err = &net.DNSError{Err: known.Err, Name: name, IsNotFound: true}
		d.c.cache.put(key, memory{err: err, until: d.now.Add(rememberNothing)}, len(name), d.now)
	default:
		// The libraries look at the very type; and whatever it is, it is not the fault
		// of the mail.
		return none, &net.DNSError{Err: known.Err, Name: name, IsTemporary: true, IsTimeout: known.IsTimeout}
	}
	return answer, err
}

func timeUp(name string, err error) error {
	return &net.DNSError{UnwrapErr: err, Err: err.Error(), Name: name, IsTemporary: true, IsTimeout: errors.Is(err, context.DeadlineExceeded)}
}

const (
	// Go's resolver does not tell the TTL, so answers are remembered shorter than any
	// sensible one.
	rememberAnswer  = time.Minute
	rememberNothing = 20 * time.Second
	maxRemembered   = 2048
	maxMemory       = 4096 // octets of an answer that is worth it
)

// A memory is one answer.
type memory struct {
	answer any
	err    error
	until  time.Time
}

// A cache remembers answers for a short time: mail of one sender comes in bunches.
type cache struct {
	mu  sync.Mutex // guards all
	all map[string]memory
}

func newCache() *cache { return &cache{all: map[string]memory{}} }

func (c *cache) get(key string, now time.Time) (memory, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	m, ok := c.all[key]
	return m, ok && now.Before(m.until) && !now.Before(m.until.Add(-rememberAnswer))
}

func (c *cache) put(key string, m memory, size int, now time.Time) {
	if size > maxMemory {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= maxRemembered {
		for k, old := range c.all {
			if !now.Before(old.until) {
				delete(c.all, k)
			}
		}
		if len(c.all) >= maxRemembered {
			clear(c.all)
		}
	}
	c.all[key] = m
}
