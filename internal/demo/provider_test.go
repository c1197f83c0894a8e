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

// At a provider with a script, and with two that are arranged in another way, or cannot do
// much.
func TestTheTourHoldsAtAProvider(t *testing.T) {
	if testing.Short() {
		t.Skip("the tour waits for a full minute")
	}
	for _, c := range []struct {
		name   string
		start  func(testing.TB, provider.Options) *provider.Server
		prefix string
	}{
		{"dovecot", provider.Dovecot, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			users := []provider.User{{Name: "ana@provider.example", Password: "ana there"}, {Name: "mei@provider.example", Password: "mei there"}}
			s := c.start(t, provider.Options{Users: users, Prefix: c.prefix})
			ca := filepath.Join(t.TempDir(), "ca.pem")
			if err := os.WriteFile(ca, s.CA.PEM(), 0o600); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
			defer cancel()
			var out bytes.Buffer
			dir := filepath.Join(t.TempDir(), "d")
			err := Run(ctx, Options{Out: &out, Tour: true, Dir: dir, Provider: &Provider{
				IMAP: s.IMAPS, Security: accounts.TLS, CAFile: ca, Sieve: s.Sieve, Inbound: "lmtp:" + s.LMTP,
				Ana: Login{users[0].Name, users[0].Password}, Mei: Login{users[1].Name, users[1].Password},
			}})
			t.Log(out.String())
			if err != nil {
				log, _ := os.ReadFile(filepath.Join(dir, "tidepost.log"))
				t.Fatalf("%v\n%s", err, log)
			}
			if n := strings.Count(out.String(), "\n   ok  "); n < 50 {
				t.Errorf("the tour printed %d checks, want all of them", n)
			}
		})
	}
}
