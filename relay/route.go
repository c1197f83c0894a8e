package relay

import (
	"cmp"
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"slices"
	"strconv"
	"strings"

	"tidepost/mail"
)

// A host is one server that may take the mail.
type host struct {
	name     string // as in the configuration or the MX record
	addr     string // host:port to dial
	cert     string // name its certificate must have
	implicit bool   // an MX-less domain's own address (RFC 5321 §5.1)
}

// maxHosts bounds how many MX hosts of a domain one attempt tries.
const maxHosts = 5

// hosts returns the servers for domain, best first.
func (c *Client) hosts(ctx context.Context, domain string) ([]host, *fault) {
	if c.invalid != nil {
		return nil, newFault(TroubleStopped, 451, [3]int{4, 3, 5}, c.invalid, "the relay is not configured")
	}
	if c.opts.Mode == ModeSmarthost {
		return []host{c.smarthost()}, nil
	}
	if ip, ok := addressLiteral(domain); ok { // RFC 5321 §4.1.3: the host is named, no MX.
		return []host{c.mxHost(ip, false)}, nil
	}
	if domain == "" {
		return nil, newFault(TroubleMail, 550, [3]int{5, 1, 2}, nil, "the address has no domain")
	}
	records, err := c.opts.Resolver.LookupMX(ctx, domain)
	var dns *net.DNSError
	if err != nil && len(records) == 0 {
		if !errors.As(err, &dns) || !dns.IsNotFound {
			return nil, newFault(TroubleDNS, 451, [3]int{4, 4, 3}, err, "the mail hosts of %s cannot be looked up now", domain)
		}
		// RFC 5321 §5.1: no MX, so the domain itself is the host.
		return []host{c.mxHost(domain, true)}, nil
	}
	return c.rank(domain, records)
}

// rank orders MX records by preference, at random among equals, leaves out our
// own host and what is not better than it (RFC 5321 §5.1), and knows the null MX.
func (c *Client) rank(domain string, records []*net.MX) ([]host, *fault) {
	records = slices.Clone(records)
	rand.Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
	slices.SortStableFunc(records, func(a, b *net.MX) int { return cmp.Compare(a.Pref, b.Pref) })
	var hosts []host
	loop, null := false, false
	for _, mx := range records {
		name := strings.ToLower(strings.TrimSuffix(mx.Host, "."))
		if name == "" {
			null = true
			continue
		}
		if c.ours(name) {
			// Equals of ours were shuffled: drop those put before it.
			hosts = slices.DeleteFunc(hosts, func(h host) bool { return c.prefOf(records, h.name) >= mx.Pref })
			loop = true
			break
		}
		if len(hosts) < maxHosts {
			hosts = append(hosts, c.mxHost(name, false))
		}
	}
	switch {
	case len(hosts) > 0:
		return hosts, nil
	case loop:
		return nil, loops(domain)
	case null: // RFC 7505 §4.2: code 556, status 5.1.10.
		return nil, newFault(TroubleDNS, 556, [3]int{5, 1, 10}, nil, "%s takes no mail", domain)
	}
	return nil, newFault(TroubleDNS, 451, [3]int{4, 4, 4}, nil, "%s has no usable mail host", domain)
}

func (c *Client) prefOf(records []*net.MX, name string) uint16 {
	for _, mx := range records {
		if strings.EqualFold(strings.TrimSuffix(mx.Host, "."), name) {
			return mx.Pref
		}
	}
	return 0
}

func (c *Client) ours(name string) bool {
	own := func(s string) bool { return strings.EqualFold(strings.TrimSuffix(s, "."), name) }
	return own(c.opts.HeloName) || slices.ContainsFunc(c.opts.Self, own)
}

func (c *Client) mxHost(name string, implicit bool) host {
	return host{name: name, addr: net.JoinHostPort(name, strconv.Itoa(c.opts.Port)), cert: name, implicit: implicit}
}

func loops(domain string) *fault {
	return newFault(TroubleMail, 554, [3]int{5, 4, 6}, nil, "mail for %s would come back to this server", domain)
}

// addressLiteral reads [192.0.2.1] and [IPv6:2001:db8::1].
func addressLiteral(domain string) (ip string, ok bool) {
	s, ok := strings.CutPrefix(domain, "[")
	if !ok {
		return "", false
	}
	s, ok = strings.CutSuffix(s, "]")
	if !ok {
		return "", false
	}
	if len(s) > 5 && strings.EqualFold(s[:5], "IPv6:") {
		s = s[5:]
	}
	parsed := net.ParseIP(s)
	if parsed == nil {
		return "", false
	}
	return parsed.String(), true
}

// sameMachine reports whether conn ends where it begins: an MX that points back
// at us, be it by loopback or by our own address.
func sameMachine(conn net.Conn) bool {
	local, ok1 := conn.LocalAddr().(*net.TCPAddr)
	remote, ok2 := conn.RemoteAddr().(*net.TCPAddr)
	return ok1 && ok2 && (remote.IP.IsLoopback() || remote.IP.Equal(local.IP))
}

// dialFault says why h could not be connected to.
func dialFault(h host, err error) *fault {
	var dns *net.DNSError
	if !errors.As(err, &dns) {
		return newFault(TroubleConnect, 451, [3]int{4, 4, 1}, err, "%s does not answer", h.name).at(h.name)
	}
	if !dns.IsNotFound {
		return newFault(TroubleDNS, 451, [3]int{4, 4, 3}, err, "%s cannot be looked up now", h.name).at(h.name)
	}
	if h.implicit { // Neither MX nor address.
		return &fault{trouble: TroubleDNS, reply: mail.Reply{
			Code: 550, Enhanced: [3]int{5, 1, 2}, Text: clean("the domain " + h.name + " does not exist or takes no mail"), Cause: err,
		}}
	}
	// A configured smarthost or a listed MX without an address is somebody's slip
	// and may be mended.
	return newFault(TroubleDNS, 451, [3]int{4, 4, 4}, err, "%s has no address", h.name).at(h.name)
}
