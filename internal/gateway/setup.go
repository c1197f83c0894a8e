package gateway

import (
	"net"
	"strconv"

	"tidepost/config"
	"tidepost/setup"
)

// ClientSetup is what mail programs of this installation are told.
func ClientSetup(cfg *config.Config) setup.Team {
	t := setup.Team{Domains: cfg.Server.Domains, Host: cfg.Server.Hostname}
	if cfg.Web.Listen != "" {
		t.Web = 443 // Behind a proxy, too: nobody asks at another port.
	}
	add := func(list *[]setup.Server, addr string, implicit bool) {
		if _, port, err := net.SplitHostPort(addr); err == nil {
			n, _ := strconv.Atoi(port) // config has looked.
			*list = append(*list, setup.Server{Host: cfg.Server.Hostname, Port: n, Implicit: implicit})
		}
	}
	add(&t.SMTP, cfg.Listen.Submissions, true)
	add(&t.SMTP, cfg.Listen.Submission, false)
	if host, port, err := net.SplitHostPort(cfg.Web.IMAP); err == nil {
		n, _ := strconv.Atoi(port) // The same.
		t.IMAP = []setup.Server{{Host: host, Port: n, Implicit: n != 143}}
		return t
	}
	add(&t.IMAP, cfg.Listen.IMAPS, true)
	add(&t.IMAP, cfg.Listen.IMAP, false)
	return t
}

// webNames are the names under which the web pages are asked for.
func webNames(cfg *config.Config) []string {
	names := []string{cfg.Server.Hostname}
	if cfg.Web.Listen == "" || cfg.Web.Clear {
		return names
	}
	for _, d := range cfg.Server.Domains {
		names = append(names, "autoconfig."+d, "autodiscover."+d)
	}
	return names
}

// DNSRecords are the lines that the team's zones need.
func DNSRecords(cfg *config.Config) ([]setup.Record, error) {
	signer, err := dkimSigner(cfg)
	if err != nil {
		return nil, err
	}
	z := setup.Zone{MX: cfg.Listen.Inbound != "" && cfg.Web.IMAP == "", Selector: signer.Selector, Signs: signer.Domain, Key: signer.Key, Admin: cfg.Server.Admin}
	if z.MX {
		z.SPF = "mx"
	}
	if cfg.Relay.Mode == "mx" {
		z.SPF = "a:" + cfg.Server.Hostname
	}
	return ClientSetup(cfg).Records(z)
}
