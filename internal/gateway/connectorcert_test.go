package gateway

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"net/netip"
	"testing"

	"tidepost/internal/testkit"
)

func TestCertificateOfTheProvider(t *testing.T) {
	p := newPier(t)
	ours, other := testkit.NewCA(t), testkit.NewCA(t)
	state := func(cert tls.Certificate) *tls.ConnectionState {
		leaf, err := x509.ParseCertificate(cert.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return &tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
	}
	good, foreign := state(ours.Issue("out.provider.example")), state(other.Issue("out.provider.example"))
	stranger := netip.MustParseAddr("198.51.100.1")
	p.connector.cas = ours.Pool()
	for name, c := range map[string]struct {
		state *tls.ConnectionState
		want  bool
	}{"issued by the provider's authority": {good, true}, "by another": {foreign, false}, "none": {&tls.ConnectionState{}, false}} {
		if got := p.connector.Allows(stranger, c.state); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	p.connector.cas = nil
	sum := sha256.Sum256(foreign.PeerCertificates[0].Raw)
	p.connector.c.Fingerprints = []string{hex.EncodeToString(sum[:])}
	if !p.connector.Allows(stranger, foreign) || p.connector.Allows(stranger, good) {
		t.Error("fingerprints: not exactly the one named is allowed")
	}
}
