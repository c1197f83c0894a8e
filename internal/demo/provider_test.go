package demo

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/accounts"
	"tidepost/internal/provider"
)

// The story at Dovecot with Pigeonhole; with TIDEPOST_TOURS=all also at Dovecot with another
// namespace, no script and nobody who hands mail over, and at Cyrus. The machine is idle for
// most of the time: they run beside the other tour.
func TestTheTourHoldsAtAProvider(t *testing.T) {
	if testing.Short() {
		t.Skip("the tour waits for a full minute")
	}
	for _, c := range []struct {
		name   string
		start  func(testing.TB, provider.Options) *provider.Server
		prefix string
		bare   bool // no script, and no server that hands over
		more   bool
	}{
		{name: "dovecot", start: provider.Dovecot},
		{name: "dovecot without a script", start: provider.Dovecot, prefix: "INBOX.", bare: true, more: true},
		{name: "cyrus", start: provider.Cyrus, more: true},
		{name: "cyrus below INBOX", start: provider.Cyrus, prefix: "INBOX.", more: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.more && os.Getenv("TIDEPOST_TOURS") != "all" {
				t.Skip("TIDEPOST_TOURS=all tells the story here, too")
			}
			t.Parallel()
			users := []provider.User{{Name: "ana@provider.example", Password: "ana there"}, {Name: "mei@provider.example", Password: "mei there"}}
			s := c.start(t, provider.Options{Users: users, Prefix: c.prefix})
			ca := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(ca, s.CA.PEM(), 0o600); err != nil {
				t.Fatal(err)
			}
			there := &Provider{
				IMAP: s.IMAPS, Security: accounts.TLS, CAFile: ca, Sieve: s.Sieve, Inbound: "lmtp:" + s.LMTP,
				Ana: Login{users[0].Name, users[0].Password}, Mei: Login{users[1].Name, users[1].Password},
			}
			if c.bare {
				there.Sieve, there.Inbound = accounts.NoSieve, ""
			}
			tell(t, there)
		})
	}
}

// tell has the story told, and shows it and the log of the gateway if it does not hold.
func tell(t *testing.T, there *Provider) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Minute)
	defer cancel()
	var out bytes.Buffer
	dir := filepath.Join(t.TempDir(), "d")
	err := Run(ctx, Options{Out: &out, Tour: true, Dir: dir, Provider: there})
	t.Log(out.String())
	if err != nil {
		log, _ := os.ReadFile(filepath.Join(dir, "tidepost.log"))
		t.Fatalf("%v\n%s", err, log)
	}
	if n := strings.Count(out.String(), "\n   ok  "); n < 50 {
		t.Errorf("the tour printed %d checks, want all of them", n)
	}
}
