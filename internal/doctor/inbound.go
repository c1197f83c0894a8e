package doctor

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"tidepost/config"
	"tidepost/trust"
)

// inbound looks whether mail from the internet is taken as it is: a bare MX, at which
// everybody is who he says he is, and nothing keeps spam away.
func (v *visit) inbound() {
	const check = "inbound mail"
	addr, in := v.Config.Listen.Inbound, v.Config.Inbound
	front := filtered(in)
	switch {
	case addr == "" || !open(addr):
		v.ok(check, "comes from inside only")
	case in.Checks == "off" && !front:
		v.fail(check, `Set inbound.checks = "auto", and have your provider or rspamd filter in front (inbound.trusted_authserv, inbound.trusted_networks).`,
			"%s is open to the internet, and nobody checks who sent what comes there", addr)
	case in.Checks == "off":
		v.ok(check, "%s: the servers in front check it", addr)
	case !front:
		v.fail(check, "Have your provider or rspamd filter in front, and name it in inbound.trusted_authserv or inbound.trusted_networks; or close the door: listen.inbound = \"\".",
			"%s: SPF, DKIM and DMARC are checked, but nothing keeps spam away", addr)
	default:
		v.ok(check, "%s: SPF, DKIM and DMARC are checked, and servers in front filter", addr)
	}
}

// BareMX reports whether anybody on the internet may bring mail, and nothing keeps spam
// away: neither a provider nor rspamd is named.
func BareMX(cfg *config.Config) bool {
	return cfg.Listen.Inbound != "" && open(cfg.Listen.Inbound) && !filtered(cfg.Inbound)
}

func filtered(in config.Inbound) bool { return len(in.TrustedAuthserv)+len(in.TrustedNetworks) > 0 }

// open reports whether a listener may be reached from the internet.
func open(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || host == "localhost" {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return err != nil || ip.IsUnspecified() || ip.IsGlobalUnicast() && !ip.IsPrivate()
}

// dmarc looks whether others, and we, can tell mail in our name from forgeries, and
// whether the DNS answers at all: without it nothing is checked.
func (v *visit) dmarc(ctx context.Context) {
	in := v.Config.Inbound
	if v.Config.Listen.Inbound == "" && v.Config.Listen.LMTP == "" {
		return
	}
	var r Resolver = trust.NewResolver(in.Resolver)
	if v.Resolver != nil {
		r = v.Resolver
	}
	for _, domain := range v.Config.Server.Domains {
		check, name := "dmarc "+domain, "_dmarc."+domain
		txt, err := ask(ctx, name, r.LookupTXT)
		switch {
		case err != nil && !notFound(err):
			do := "Look at inbound.resolver, or at the network."
			v.warn(check, do, "%s: %s; mail is delivered unchecked meanwhile", name, missing(err))
		case policy(txt) == "":
			v.warn(check, `Publish one, such as "v=DMARC1; p=none": only then can others tell who forges your name.`, "%s: no such record", name)
		default:
			v.ok(check, "p=%s", policy(txt))
		}
	}
}

// policy is the p= of a DMARC record, "" if there is none.
func policy(txt []string) string {
	for _, t := range txt {
		if !strings.HasPrefix(t, "v=DMARC1") {
			continue
		}
		for _, tag := range strings.Split(t, ";") {
			if name, value, _ := strings.Cut(tag, "="); strings.TrimSpace(name) == "p" {
				return strings.ToLower(strings.TrimSpace(value))
			}
		}
	}
	return ""
}
