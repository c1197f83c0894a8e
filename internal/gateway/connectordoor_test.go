package gateway

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"tidepost/guard"
	"tidepost/internal/testkit"
	"tidepost/store"
)

// TestDoorOfTheProvider plays dialogues at the door itself: who is let in, and what is
// answered there. The peer comes from 192.0.2.200.
func TestDoorOfTheProvider(t *testing.T) {
	ca, other := testkit.NewCA(t), testkit.NewCA(t)
	good, foreign, expired := ca.Issue("out.provider.example"), other.Issue("out.provider.example"), ca.IssueExpired("out.provider.example")
	pin := func(c *connector, cert tls.Certificate) {
		sum := sha256.Sum256(cert.Certificate[0])
		c.c.Fingerprints = []string{hex.EncodeToString(sum[:])}
	}
	for name, c := range map[string]struct {
		dialogue string
		cert     *tls.Certificate
		networks string
		trust    func(*connector)
	}{
		"by address":                        {"address", nil, "192.0.2.0/24", nil},
		"another address":                   {"stranger", nil, "192.0.3.0/24", nil},
		"no certificate":                    {"stranger", nil, "", func(c *connector) { c.cas = ca.Pool() }},
		"by its authority":                  {"certificate", &good, "", func(c *connector) { c.cas = ca.Pool() }},
		"by fingerprint":                    {"certificate", &foreign, "", func(c *connector) { pin(c, foreign) }},
		"an expired certificate":            {"stranger", &expired, "", func(c *connector) { c.cas = ca.Pool() }},
		"another authority's certificate":   {"stranger", &foreign, "", func(c *connector) { c.cas = ca.Pool() }},
		"another certificate than is named": {"stranger", &good, "", func(c *connector) { pin(c, foreign) }},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPier(t)
			p.sleeper()
			p.connector.c.Networks = nil
			if c.networks != "" {
				p.connector.c.Networks = []netip.Prefix{netip.MustParsePrefix(c.networks)}
			}
			if c.trust != nil {
				c.trust(p.connector)
			}
			client := &tls.Config{ServerName: "mx.team.example", RootCAs: ownAuthority(t, p), MinVersion: tls.VersionTLS12}
			if c.cert != nil {
				client.Certificates = []tls.Certificate{*c.cert}
			}
			p.cfg.Limits.MessageSize = 20000
			d, err := testkit.ReadDialogue(filepath.Join("testdata", "connector-"+c.dialogue+".txt"))
			if err != nil {
				t.Fatal(err)
			}
			d.Run(t, testkit.Stage{Dial: p.door(), TLS: client, Expand: p.expand, Actors: map[string]func(string) error{"counted": p.counted}})
		})
	}
}

// door opens the connector and says how to reach it.
func (p *pier) door() func(string) (net.Conn, error) {
	p.t.Helper()
	l := testkit.NewPipeListener("127.0.0.1:2525")
	serve := p.smtpDoor(l, guard.Connector, false, false)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- serve(ctx) }()
	p.t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			p.t.Errorf("the door: %v", err)
		}
	})
	return func(string) (net.Conn, error) { return l.Dial(context.Background()) }
}

// expand fills in mails: {SIGNED} is one of Ana's, {LARGE} is 20 KB of text.
func (p *pier) expand(text string) string {
	if strings.Contains(text, "{SIGNED}") {
		text = strings.ReplaceAll(text, "{SIGNED}", strings.TrimSuffix(string(p.letter("team.example", "")), "\r\n"))
	}
	return strings.ReplaceAll(text, "{LARGE}", strings.Repeat(strings.Repeat("x", 78)+"\r\n", 250))
}

// counted answers "counted: held 1 unproved 0".
func (p *pier) counted(want string) error {
	n := p.passages()
	if got := fmt.Sprintf("held %d unproved %d", n[store.PassageHeld], n[store.PassageUnproved]); got != want {
		return fmt.Errorf("counted %q, want %q", got, want)
	}
	return nil
}

// ownAuthority trusts the certificate that the gateway has made for itself.
func ownAuthority(t *testing.T, p *pier) *x509.CertPool {
	t.Helper()
	pool, err := authorities(p.cfg.TLS.Cert, "tls.cert")
	if err != nil {
		t.Fatal(err)
	}
	return pool
}
