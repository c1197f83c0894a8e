package gateway

import (
	"net/netip"
	"slices"

	"tidepost/config"
	"tidepost/trust"
)

// trustOptions say how mail from other servers is checked.
func (g *Gateway) trustOptions() trust.Options {
	in := g.cfg.Inbound
	o := trust.Options{
		ID: g.cfg.Server.Hostname, Private: in.Checks == "on", Inside: Inside(g.cfg),
		Upstreams: in.TrustedAuthserv, Lists: in.TrustedLists, Timeout: in.Timeout,
		Log: g.log.With("part", "trust"),
	}
	switch {
	case in.Checks == "off", g.site.noDNS:
	case g.site.Resolver != nil:
		o.Resolver = g.site.Resolver
	default:
		o.Resolver = trust.NewResolver(in.Resolver)
	}
	return o
}

// Inside are the networks whose mail is not checked: this host, and servers in front.
func Inside(cfg *config.Config) []netip.Prefix {
	return slices.Concat(cfg.Limits.InsideNetworks, cfg.Inbound.TrustedNetworks)
}
