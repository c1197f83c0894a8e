package doctor

import (
	"context"
	"net/netip"
	"testing"

	"tidepost/config"
)

func TestInbound(t *testing.T) {
	provider := func(c *config.Config) { c.Inbound.TrustedAuthserv = []string{"mx.provider.example"} }
	for _, c := range []struct {
		name   string
		listen string
		change func(*config.Config)
		level  Level
		text   string
	}{
		{"checked, but not filtered", ":25", func(*config.Config) {}, Fail, "nothing keeps spam away"},
		{"a bare MX", ":25", func(c *config.Config) { c.Inbound.Checks = "off" }, Fail, "nobody checks who sent"},
		{"a bare MX by its address", "192.0.2.7:25", func(c *config.Config) { c.Inbound.Checks = "off" }, Fail, `inbound.checks = "auto"`},
		{"a bare MX by IPv6", "[::]:25", func(c *config.Config) { c.Inbound.Checks = "off" }, Fail, "open to the internet"},
		{"the provider checks", ":25", func(c *config.Config) { c.Inbound.Checks = "off"; provider(c) }, OK, "servers in front check"},
		{"both", ":25", provider, OK, "servers in front filter"},
		{"a network in front", ":25", func(c *config.Config) {
			c.Inbound.TrustedNetworks = []netip.Prefix{netip.MustParsePrefix("203.0.113.0/24")}
		}, OK, "servers in front filter"},
		{"loopback", "127.0.0.1:2525", func(c *config.Config) { c.Inbound.Checks = "off" }, OK, "inside only"},
		{"localhost", "localhost:2525", func(c *config.Config) { c.Inbound.Checks = "off" }, OK, "inside only"},
		{"a private address", "10.0.0.7:25", func(c *config.Config) { c.Inbound.Checks = "off" }, OK, "inside only"},
		{"no such door", "", func(c *config.Config) { c.Inbound.Checks = "off" }, OK, "inside only"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visitor(t)
			v.Config.Listen.Inbound = c.listen
			c.change(v.Config)
			v.inbound()
			expectLast(t, v, c.level, c.text)
		})
	}
}

func TestDMARC(t *testing.T) {
	for _, c := range []struct {
		name  string
		dns   fakeDNS
		level Level
		text  string
	}{
		{"none", fakeDNS{}, Warn, "v=DMARC1; p=none"},
		{"offline", fakeDNS{down: true}, Warn, "delivered unchecked"},
		{"something else", fakeDNS{txt: map[string][]string{"_dmarc.team.example": {"v=spf1 -all"}}}, Warn, "no such record"},
		{"there", fakeDNS{txt: map[string][]string{"_dmarc.team.example": {"v=DMARC1; sp=none; p=Reject"}}}, OK, "p=reject"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := visitor(t)
			v.Resolver = c.dns
			v.dmarc(context.Background())
			expectLast(t, v, c.level, c.text)
		})
	}
	v := visitor(t)
	v.Config.Listen.Inbound, v.Config.Listen.LMTP = "", ""
	v.dmarc(context.Background())
	if len(v.found) > 0 {
		t.Errorf("without incoming mail %+v", v.found)
	}
}
