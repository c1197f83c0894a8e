package config

import (
	"net"
	"net/netip"
	"slices"
	"strings"
)

// rules checks what no option can check alone.
func (d *decoder) rules() {
	d.serverRules()
	d.listenRules()
	d.tlsRules()
	d.webRules()
	d.connectorRules()
	d.relayRules()
	d.timeRules()
	d.dkimRules()
}

func (d *decoder) serverRules() {
	c := d.config
	if c.Server.Hostname == "" && d.lines["server.hostname"] == 0 {
		d.about("server.hostname", "is required: the full name of this machine, as in \"mail.team.example\"")
	}
	if len(c.Server.Domains) == 0 {
		d.about("server.domains", "is required: the mail domains of the team, as in [\"team.example\"]")
	}
	if _, domain, ok := strings.Cut(c.Server.Admin, "@"); ok && slices.Contains(c.Server.Domains, strings.ToLower(domain)) {
		d.about("server.admin", "%s is inside this gateway: name an address outside, for the day when this gateway does not work", quote(c.Server.Admin))
	}
	if c.Server.WeeklyLetter && c.Server.Admin == "" {
		d.about("server.weekly_letter", "nobody would get it: name server.admin")
	}
}

// A door is one listening address with the key that names it.
type door struct{ key, addr string }

func (l Listen) doors() []door {
	return []door{
		{"listen.submission", l.Submission}, {"listen.submissions", l.Submissions}, {"listen.inbound", l.Inbound},
		{"listen.lmtp", l.LMTP}, {"listen.imap", l.IMAP}, {"listen.imaps", l.IMAPS},
		{"listen.connector", l.Connector},
	}
}

// connectorRules demands that a connector knows its provider.
func (d *decoder) connectorRules() {
	c, t := d.config.Connector, d.config.TLS
	switch {
	case d.config.Listen.Connector == "":
	case len(c.Networks) == 0 && len(c.Fingerprints) == 0 && c.CAFile == "":
		d.about("listen.connector", "needs connector.networks, connector.fingerprints or connector.ca_file: else anybody could send through it")
	case len(c.Networks) == 0 && t.Cert == "" && !t.ACME:
		d.about("connector.fingerprints", "needs TLS: set tls.cert and tls.key, or tls.acme")
	}
	shared := len(c.Fingerprints) > 0 || c.CAFile != ""
	for _, n := range c.Networks {
		if n.Bits() == 0 {
			d.about("connector.networks", "%s is everybody: name the provider's addresses", n)
		}
		shared = shared || !n.Addr().IsPrivate() && !n.Addr().IsLoopback()
	}
	if d.config.Listen.Connector != "" && shared && c.Unproved == "" {
		d.about("connector.unproved", "say \"refuse\" if others' mail comes from there too, as from every hosted provider; \"pass\" if only our own people's does")
	}
}

// webRules demands TLS from what is not on loopback.
func (d *decoder) webRules() {
	w, t := d.config.Web, d.config.TLS
	switch {
	case w.Listen == "":
	case w.Clear && checkLoopbackOrPath(w.Listen) != nil:
		d.about("web.clear", "%s is not a loopback address: passwords would cross the network in clear", quote(w.Listen))
	case !w.Clear && t.Cert == "" && !t.ACME:
		d.about("web.listen", "needs a certificate: set tls.cert and tls.key, or tls.acme; or web.clear = true behind a proxy on this machine")
	}
}

func (d *decoder) listenRules() {
	var open []door
	for _, next := range append(d.config.Listen.doors(), door{"web.listen", d.config.Web.Listen}) {
		if next.addr == "" {
			continue
		}
		for _, o := range open {
			if collide(o.addr, next.addr) {
				d.about(next.key, "%s is taken by %s", quote(next.addr), o.key)
			}
		}
		open = append(open, next)
	}
	if len(open) == 0 {
		d.about("listen.submission", "every door is shut: nothing to listen on")
	}
}

// collide reports whether two listeners cannot be open together. Port 0 is any
// free port.
func collide(a, b string) bool {
	if isSocketPath(a) || isSocketPath(b) {
		return a == b
	}
	hostA, portA, _ := net.SplitHostPort(a)
	hostB, portB, _ := net.SplitHostPort(b)
	return portA == portB && portA != "0" && (hostA == hostB || everyHost(hostA) || everyHost(hostB))
}

func everyHost(h string) bool {
	ip, err := netip.ParseAddr(h)
	return h == "" || err == nil && ip.IsUnspecified()
}

// ClearTextAllowed reports whether a login without TLS may be offered on the
// listener at addr: only if the option is set, and only on loopback.
func (l Listen) ClearTextAllowed(addr string) bool {
	if !l.AllowCleartextLogin {
		return false
	}
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func (d *decoder) tlsRules() {
	t, l := d.config.TLS, d.config.Listen
	switch {
	case t.Cert != "" && t.Key == "":
		d.about("tls.cert", "needs tls.key beside it")
	case t.Cert == "" && t.Key != "":
		d.about("tls.key", "needs tls.cert beside it")
	case t.Cert != "" && t.ACME:
		d.about("tls.acme", "and tls.cert exclude each other: take one of them out")
	}
	if t.Cert != "" || t.Key != "" || t.ACME {
		return
	}
	for _, o := range l.doors() {
		secure := o.key == "listen.submissions" || o.key == "listen.imaps"
		login := secure || o.key == "listen.submission" || o.key == "listen.imap"
		if o.addr != "" && login && (secure || !l.ClearTextAllowed(o.addr)) {
			d.about(o.key, "needs a certificate: set tls.cert and tls.key, or tls.acme; or shut this door with \"\"")
		}
	}
}

func (d *decoder) relayRules() {
	d.routeRules("relay", d.config.Relay)
	of := map[string]string{}
	for i, p := range d.config.Relay.Providers {
		name := providerName(i)
		d.routeRules(name, p.Relay)
		if len(p.Domains) == 0 {
			d.problem(d.lines[name], name+".domains", "is required: mail from which of our domains goes this way, as in [\"team.example\"]")
		}
		for _, domain := range p.Domains {
			if !slices.Contains(d.config.Server.Domains, domain) {
				d.about(name+".domains", "%s is not in server.domains", quote(domain))
			}
			if other, twice := of[domain]; twice {
				d.about(name+".domains", "%s goes through %s already", quote(domain), other)
			}
			of[domain] = name
		}
	}
	d.routeRules("alarm", d.config.Alarm)
}

// routeRules checks a way out that is written in a section.
func (d *decoder) routeRules(section string, r Relay) {
	if r.Mode == "smarthost" && r.Host == "" {
		d.about(section+".host", "is required when %s.mode is \"smarthost\"", section)
	}
	switch {
	case r.User != "" && r.PasswordFile == "" && r.OAuthFile == "":
		d.about(section+".user", "needs %s.password_file or %s.oauth_file beside it", section, section)
	case r.User == "" && r.PasswordFile != "":
		d.about(section+".password_file", "needs %s.user beside it", section)
	case r.User == "" && r.OAuthFile != "":
		d.about(section+".oauth_file", "needs %s.user beside it", section)
	case r.OAuthFile != "" && r.PasswordFile != "":
		d.about(section+".oauth_file", "and %s.password_file exclude each other: take one of them out", section)
	}
	if r.User != "" && r.TLS == "none" && r.Mode == "smarthost" && !isLoopbackHost(r.Host) {
		d.about(section+".tls", "\"none\" would send the password in clear: write \"starttls\" or \"tls\"")
	}
}

func isLoopbackHost(h string) bool {
	ip, err := netip.ParseAddr(h)
	return h == "localhost" || err == nil && ip.IsLoopback()
}

func (d *decoder) timeRules() {
	c := d.config
	if c.Hold.MaxExplicit < c.Hold.Cap {
		d.about("hold.max_explicit", "%s is shorter than hold.cap, %s", FormatDuration(c.Hold.MaxExplicit), FormatDuration(c.Hold.Cap))
	}
	if c.Retry.DelayedNotice >= c.Retry.GiveUp {
		d.about("retry.delayed_notice", "%s is not shorter than retry.give_up, %s", FormatDuration(c.Retry.DelayedNotice), FormatDuration(c.Retry.GiveUp))
	}
	if c.Limits.PerAddress > c.Limits.Connections {
		d.about("limits.per_address", "%d is more than limits.connections, %d", c.Limits.PerAddress, c.Limits.Connections)
	}
}

func (d *decoder) dkimRules() {
	k := d.config.DKIM
	parts := []door{{"dkim.selector", k.Selector}, {"dkim.domain", k.Domain}, {"dkim.key_file", k.KeyFile}}
	if k == (DKIM{}) {
		return
	}
	for _, p := range parts {
		if p.addr == "" {
			d.about(p.key, "is missing: selector, domain and key_file belong together")
		}
	}
}
