// Package relay hands mail to other SMTP servers: to one smarthost, or straight
// to the MX hosts of each domain. It tries once and says what came of it, per
// recipient; when to try again, and what to tell the author, is the queue's.
//
// Invariants:
//   - octets of a message are sent as they are, but for dot stuffing. A source
//     that fails, ends short of its size or holds a bare CR or LF never gets its
//     end mark: the connection is dropped, so that nobody takes half a message.
//   - only a 2yz reply after the end mark is a delivery. An end mark without a
//     reply is a transient Result with AfterDot set: the outcome is unknown.
//   - only a well-formed 5yz reply to our mail, or a property of the mail itself,
//     is permanent. Whatever else goes wrong is transient.
//   - with TLS required nothing but EHLO and STARTTLS goes out in clear, and
//     nothing heard before the handshake is remembered (RFC 3207 §4.2).
//   - a server that has more to say than it was asked is out of step, and its
//     connection is given up before the next end mark.
//
// It has a client of its own instead of go-smtp's: that one knows neither
// contexts nor PIPELINING, rewrites bare LF in bodies, always says
// BODY=8BITMIME, bounds a reply's lines but not their number, and does not tell
// a lost connection before the end mark from one behind it.
package relay

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/net/idna"

	"tidepost/mail"
)

// A Mode says where mail is handed to.
type Mode string

// The modes.
const (
	ModeSmarthost Mode = "smarthost" // one host takes everything
	ModeMX        Mode = "mx"        // the MX hosts of each recipient's domain
)

// A TLSMode says how connections are protected.
type TLSMode string

// The TLS modes. Certificates are verified in all but TLSOpportunistic.
const (
	TLSNone          TLSMode = "none"          // clear text
	TLSOpportunistic TLSMode = "opportunistic" // STARTTLS where offered, any certificate (RFC 7435); ModeMX only
	TLSStartTLS      TLSMode = "starttls"      // STARTTLS or nothing (RFC 3207)
	TLSImplicit      TLSMode = "tls"           // TLS from the first octet (RFC 8314 §3.3); ModeSmarthost only
)

// A Resolver finds the MX records of a domain, as *net.Resolver does.
type Resolver interface {
	LookupMX(ctx context.Context, domain string) ([]*net.MX, error)
}

// Options are the settings of a Client. The zero value of a field is its
// default.
type Options struct {
	Mode       Mode           // default ModeSmarthost
	Host       string         // smarthost: name or IP
	Port       int            // default 465 with TLSImplicit, 587 for a smarthost, 25 for MX
	TLS        TLSMode        // default TLSStartTLS for a smarthost, TLSOpportunistic for MX
	ServerName string         // name in the smarthost's certificate; default Host
	RootCAs    *x509.CertPool // default: the system's
	User       string         // smarthost login; "" for none
	Password   Secret
	// Login, if not nil, is asked for what logs in instead, for each connection. refused
	// is a token that the smarthost has just refused, "" if none was.
	Login     func(ctx context.Context, refused Secret) (Credential, error)
	ClearAuth bool     // log in without TLS, to a loopback address only
	HeloName  string   // our name in EHLO; default "localhost"
	Self      []string // more names of this host, for the MX loop check
	MaxConns  int      // connections to one host; default 20
	LocalAddr net.IP   // address to connect from; default: the system's choice
	SameHost  bool     // allow MX hosts that are an address of this machine
	Timeouts  Timeouts

	// Dial opens a connection to "host:port"; default: a net.Dialer.
	Dial     func(ctx context.Context, network, addr string) (net.Conn, error)
	Resolver Resolver // default net.DefaultResolver
}

// Timeouts bound the phases of a session (RFC 5321 §4.5.3.2). A time covers a
// whole reply, not its single octets. Zero fields get the defaults given here.
type Timeouts struct {
	Slot      time.Duration // waiting for a free connection: 5 min
	Connect   time.Duration // 30 s, all addresses of a host together
	Handshake time.Duration // TLS: 1 min
	Greeting  time.Duration // 5 min
	Command   time.Duration // EHLO, AUTH, MAIL, RCPT, RSET: 5 min
	DataStart time.Duration // the 354: 2 min
	Block     time.Duration // writing 32 KiB of a body: 3 min
	DataSlack time.Duration // what a body may take beyond 1 s per 4 KiB: 10 min
	DataEnd   time.Duration // the reply to the end mark: 10 min
	Grace     time.Duration // the same, once the context has ended: 15 s
	Idle      time.Duration // keeping an unused connection: 30 s
	Quit      time.Duration // 5 s
}

// Validate says what in o cannot work, for check-config.
func (o Options) Validate() error {
	o = o.withDefaults()
	switch {
	case o.Mode != ModeSmarthost && o.Mode != ModeMX:
		return fmt.Errorf("mode %q: want smarthost or mx", o.Mode)
	case o.Mode == ModeSmarthost && o.Host == "":
		return errors.New("host: a smarthost needs one")
	case o.Mode == ModeMX && (o.User != "" || o.Login != nil):
		return errors.New("user: mode mx has no login")
	case o.Port < 1 || o.Port > 65535:
		return fmt.Errorf("port %d: want 1 to 65535", o.Port)
	case o.Login == nil && (o.User == "") != (o.Password == ""):
		return errors.New("user and password: give both or none")
	case (o.User != "" || o.Login != nil) && o.TLS == TLSNone && !o.ClearAuth:
		return errors.New("tls none: the login would go out in clear text")
	case strings.ContainsFunc(o.HeloName, func(r rune) bool { return r <= ' ' || r > '~' }):
		return fmt.Errorf("helo name %q: want a host name", o.HeloName)
	}
	switch o.TLS {
	case TLSNone, TLSStartTLS:
		return nil
	case TLSOpportunistic:
		if o.Mode == ModeMX {
			return nil
		}
	case TLSImplicit:
		if o.Mode == ModeSmarthost {
			return nil
		}
	}
	return fmt.Errorf("tls %q: not possible in mode %s", o.TLS, o.Mode)
}

func (o Options) withDefaults() Options {
	if o.Mode == "" {
		o.Mode = ModeSmarthost
	}
	if o.TLS == "" {
		o.TLS = TLSStartTLS
		if o.Mode == ModeMX {
			o.TLS = TLSOpportunistic
		}
	}
	if o.Port == 0 {
		o.Port = o.defaultPort()
	}
	if o.ServerName == "" {
		o.ServerName = o.Host
	}
	if o.HeloName == "" {
		o.HeloName = "localhost"
	}
	if o.MaxConns <= 0 {
		o.MaxConns = 20
	}
	if o.Resolver == nil {
		o.Resolver = net.DefaultResolver
	}
	if o.Dial == nil {
		d := &net.Dialer{}
		if o.LocalAddr != nil {
			d.LocalAddr = &net.TCPAddr{IP: o.LocalAddr}
		}
		o.Dial = d.DialContext
	}
	o.Timeouts = o.Timeouts.withDefaults()
	return o
}

func (o Options) defaultPort() int {
	switch {
	case o.Mode == ModeMX:
		return 25
	case o.TLS == TLSImplicit:
		return 465
	}
	return 587
}

func (t Timeouts) withDefaults() Timeouts {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Slot, 5 * time.Minute}, {&t.Connect, 30 * time.Second}, {&t.Handshake, time.Minute},
		{&t.Greeting, 5 * time.Minute}, {&t.Command, 5 * time.Minute}, {&t.DataStart, 2 * time.Minute},
		{&t.Block, 3 * time.Minute}, {&t.DataSlack, 10 * time.Minute}, {&t.DataEnd, 10 * time.Minute},
		{&t.Grace, 15 * time.Second}, {&t.Idle, 30 * time.Second}, {&t.Quit, 5 * time.Second},
	} {
		if *f.field <= 0 {
			*f.field = f.value
		}
	}
	return t
}

// A Client sends mail. It keeps connections open for a while and uses them
// again. It is safe for concurrent use.
type Client struct {
	opts    Options
	invalid error // what Validate says
	pool    *pool
}

// New returns a client; it does no I/O. Options that Validate refuses give a
// client whose every Send fails transiently.
func New(o Options) *Client {
	o = o.withDefaults()
	return &Client{opts: o, invalid: o.Validate(), pool: newPool(o)}
}

// Route names the destination that mail to a waits for: "" for the smarthost,
// the domain in mode MX. A caller who puts one route into a Job never has a fast
// domain wait for a slow one's result.
func (c *Client) Route(a mail.Address) string {
	if c.opts.Mode == ModeSmarthost {
		return ""
	}
	return asciiDomain(a.Domain)
}

// maxParallel bounds how many domains of one Job are served at a time.
const maxParallel = 50

// Send tries once to deliver job and returns one Result per recipient, in the
// order of job.Recipients. It returns early when ctx ends, but waits up to
// Timeouts.Grace for the reply to an end mark that has been sent.
func (c *Client) Send(ctx context.Context, job Job) []Result {
	results := make([]Result, len(job.Recipients))
	routes := map[string][]*leg{}
	for i := range job.Recipients {
		l := &leg{rcpt: &job.Recipients[i], result: &results[i]}
		results[i].Recipient = l.rcpt.Address
		if f := l.screen(&job); f != nil {
			l.fail(f)
			continue
		}
		r := c.Route(l.rcpt.Address)
		routes[r] = append(routes[r], l)
	}
	var wg sync.WaitGroup
	limit := make(chan struct{}, maxParallel)
	for domain, legs := range routes {
		limit <- struct{}{}
		wg.Go(func() {
			defer func() { <-limit }()
			c.deliver(ctx, &job, domain, legs)
		})
	}
	wg.Wait()
	return results
}

// deliver takes legs of one route to the first of its hosts that talks to us.
func (c *Client) deliver(ctx context.Context, job *Job, domain string, legs []*leg) {
	hosts, last := c.hosts(ctx, domain)
	for _, h := range hosts {
		f := c.deliverTo(ctx, h, job, legs)
		if f == nil {
			return
		}
		last = f
		if ctx.Err() != nil || f.permanent() {
			break
		}
		// RFC 5321 §5.1: a dead MX, so the next one.
	}
	for _, l := range legs {
		l.fail(last)
	}
}

// deliverTo takes legs to h. A fault says that there is no session to be had. Kept
// sessions that had ended meanwhile are no trouble of the mail's.
func (c *Client) deliverTo(ctx context.Context, h host, job *Job, legs []*leg) *fault {
	for {
		s, f := c.pool.get(ctx, h)
		if f != nil {
			return f
		}
		done := s.sendAll(ctx, job, legs)
		c.pool.put(s)
		if done {
			return nil
		}
		legs = unsettled(legs)
	}
}

// Check opens a session with the smarthost, TLS and login included, and closes
// it again, for doctor and for alarms. Delivered says that all went well. In
// mode MX there is nothing to check and the Result is Delivered at once.
func (c *Client) Check(ctx context.Context) Result {
	r := Result{Delivered: true, Reply: mail.Reply{Code: 250, Enhanced: [3]int{2, 0, 0}, Text: "OK"}}
	if c.opts.Mode == ModeMX {
		return r
	}
	h := c.smarthost()
	r.Remote = h.name
	s, f := open(ctx, &c.opts, h)
	if f != nil {
		r.Delivered, r.Reply, r.Trouble, r.Said, r.Refused = false, f.reply, f.trouble, f.said, f.refused
		return r
	}
	r.TLS, r.DSN = s.tls, s.offers("DSN")
	s.quit()
	return r
}

// Close ends all unused connections and waits for that. Sends under way go on
// to their end and then close theirs.
func (c *Client) Close() error {
	c.pool.close()
	return nil
}

func (c *Client) smarthost() host {
	return host{name: c.opts.Host, addr: net.JoinHostPort(c.opts.Host, strconv.Itoa(c.opts.Port)), cert: c.opts.ServerName}
}

// asciiDomain returns the A-label form of d in lower case (RFC 5890), or d
// itself if there is none.
func asciiDomain(d string) string {
	a, err := idna.Lookup.ToASCII(d)
	if err != nil {
		return strings.ToLower(d)
	}
	return a
}
