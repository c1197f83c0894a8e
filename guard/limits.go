package guard

import (
	"errors"
	"math"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Limits bounds the connections that are open at once. A zero number is no bound.
type Limits struct {
	Total      int            // all connections of the listener
	Shared     *Places        // what the listeners that share it count together; nil: this one counts by itself
	PerAddress int            // connections without a login, per IPv4 address or IPv6 /64
	PerPerson  int            // connections after login, per person
	Rate       int            // new connections a second, per IPv4 address or IPv6 /64; as many as in rateBurst at once
	Inside     []netip.Prefix // networks exempt from PerAddress, PerPerson and Rate
	Busy       string         // what a refused peer is told, with CRLF; "" closes silently (implicit TLS)
}

const (
	// rateBurst is how long an address that was quiet may have saved up: a whole
	// office that comes back from a power cut is no flood.
	rateBurst = 20 * time.Second
	// maxRated bounds the addresses whose rate is remembered.
	maxRated = 20000
)

// busyWrite is how long a refused peer may take to read why.
const busyWrite = time.Second

// A Listener counts connections and refuses those over its limits. Accept
// returns at once for each connection: no handshake or octet is waited for.
type Listener struct {
	net.Listener
	limits Limits
	places *Places // of Limits, or its own

	mu       sync.Mutex // guards all below
	open     map[*counted]struct{}
	rated    map[netip.Addr]time.Time // until when an address has used its rate up, see overRate
	draining bool
}

// Listen wraps l with limits. Several listeners count together what they have places
// for in common: Limits.Shared.
func Listen(l net.Listener, limits Limits) *Listener {
	places := limits.Shared
	if places == nil {
		places = NewPlaces(math.MaxInt)
	}
	return &Listener{
		Listener: l, limits: limits, places: places,
		open:  map[*counted]struct{}{},
		rated: map[netip.Addr]time.Time{},
	}
}

// overRate counts a new connection of block and reports whether it is one too many.
// Each uses up a part of a second; who has used up more than rateBurst is over.
func (l *Listener) overRate(block netip.Addr, now time.Time) bool {
	until := l.rated[block]
	if until.Before(now) {
		until = now
	}
	if until.Sub(now) > rateBurst {
		return true
	}
	if len(l.rated) >= maxRated {
		l.forgetRates(now)
	}
	l.rated[block] = until.Add(time.Second / time.Duration(l.limits.Rate))
	return false
}

// forgetRates makes room: who has used nothing up goes, and if that is not enough, all.
func (l *Listener) forgetRates(now time.Time) {
	for block, until := range l.rated {
		if until.Before(now) {
			delete(l.rated, block)
		}
	}
	if len(l.rated) >= maxRated {
		clear(l.rated)
	}
}

// Accept returns the next connection that is within the limits. The others are
// told Limits.Busy and closed.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if c := l.admit(conn); c != nil {
			return c, nil
		}
		go refuse(conn, l.limits.Busy)
	}
}

// Drain asks every open connection to end: those waiting for a command are told
// 421 or BYE and closed, the others after the command they are in. It does not
// close the listener and does not wait.
func (l *Listener) Drain() {
	l.mu.Lock()
	l.draining = true
	var hooks []func()
	for c := range l.open {
		if c.onDrain != nil {
			hooks = append(hooks, c.onDrain)
		}
	}
	l.mu.Unlock()
	for _, h := range hooks {
		h()
	}
}

// Open returns the number of open connections.
func (l *Listener) Open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.open)
}

func (l *Listener) admit(conn net.Conn) *counted {
	block := addressBlock(conn.RemoteAddr())
	c := &counted{Conn: conn, l: l, inside: l.limits.inside(conn.RemoteAddr())}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.limits.Total > 0 && len(l.open) >= l.limits.Total {
		return nil
	}
	perAddress := 0
	if !c.inside && block.IsValid() {
		if l.limits.Rate > 0 && l.overRate(block, time.Now()) {
			return nil
		}
		c.counts, perAddress = block, l.limits.PerAddress
	}
	if !l.places.enter(c.counts, perAddress) {
		return nil
	}
	l.open[c] = struct{}{}
	return c
}

func refuse(conn net.Conn, busy string) {
	if busy != "" {
		_ = conn.SetWriteDeadline(time.Now().Add(busyWrite))
		_, _ = conn.Write([]byte(busy))
	}
	_ = conn.Close()
}

// inside reports whether addr is in one of the exempt networks. Connections
// without an IP address (unix sockets) are.
func (lim Limits) inside(addr net.Addr) bool {
	ip := addressOf(addr)
	if !ip.IsValid() {
		return true
	}
	for _, p := range lim.Inside {
		if p.Contains(ip) {
			return true
		}
	}
	return false
}

// A counted connection knows its listener, whose mu guards what changes.
type counted struct {
	net.Conn
	l       *Listener
	inside  bool
	counts  netip.Addr // address that it counts for; invalid after login and inside
	person  string     // person that it counts for; "" before login
	onDrain func()
	gone    bool
}

// Close closes the connection and gives back its places.
func (c *counted) Close() error {
	c.l.mu.Lock()
	if !c.gone {
		c.gone = true
		delete(c.l.open, c)
		c.l.places.leave(c.counts, c.person)
	}
	c.l.mu.Unlock()
	return c.Conn.Close()
}

// CloseWrite ends our side, where the transport can.
func (c *counted) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// setPerson moves the connection from its address's count to the person's; it
// reports false, changing nothing, when the person has too many.
func (c *counted) setPerson(name string) bool {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.gone || c.person == name {
		return !c.gone
	}
	limit := c.l.limits.PerPerson
	if c.inside {
		limit = 0
	}
	if !c.l.places.login(c.counts, c.person, name, limit) {
		return false
	}
	c.counts, c.person = netip.Addr{}, name
	return true
}

// crowded reports that over 80 % of the places of the listener, or of all, are taken.
func (c *counted) crowded() bool {
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	return c.l.limits.Total > 0 && len(c.l.open)*5 > c.l.limits.Total*4 || c.l.places.crowded()
}

// whenDraining registers what Drain does to this connection.
func (c *counted) whenDraining(hook func()) {
	c.l.mu.Lock()
	c.onDrain = hook
	now := c.l.draining
	c.l.mu.Unlock()
	if now {
		hook()
	}
}

func addressOf(addr net.Addr) netip.Addr {
	if addr == nil {
		return netip.Addr{}
	}
	ap, err := netip.ParseAddrPort(addr.String())
	if err != nil {
		return netip.Addr{}
	}
	return ap.Addr().Unmap().WithZone("")
}

// addressBlock is the unit in which peers are counted: an IPv4 address or an
// IPv6 /64, of which one host owns all addresses. Not valid for other networks.
func addressBlock(addr net.Addr) netip.Addr {
	ip := addressOf(addr)
	if !ip.IsValid() || ip.Is4() {
		return ip
	}
	return netip.PrefixFrom(ip, 64).Masked().Addr()
}
