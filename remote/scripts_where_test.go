package remote

import (
	"context"
	"errors"
	"net"
	"testing"
)

func TestScriptsAt(t *testing.T) {
	records := func(srv ...*net.SRV) LookupSRV {
		return func(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
			if service != "sieve" || proto != "tcp" || name != "team.example" {
				t.Errorf("asked for _%s._%s.%s", service, proto, name)
			}
			return "", srv, nil
		}
	}
	down := func(context.Context, string, string, string) (string, []*net.SRV, error) {
		return "", nil, errors.New("no answer")
	}
	for _, c := range []struct {
		name, host, user string
		lookup           LookupSRV
		addr, other      string
	}{
		{"no DNS", "imap.provider.example", "ana@team.example", nil, "imap.provider.example:4190", ""},
		{"DNS down", "imap.provider.example", "ana@team.example", down, "imap.provider.example:4190", ""},
		{"no record", "imap.provider.example", "ana@team.example", records(), "imap.provider.example:4190", ""},
		{"no domain", "imap.provider.example", "ana", down, "imap.provider.example:4190", ""},
		{"another port", "imap.provider.example", "ana@Team.example", records(&net.SRV{Target: "IMAP.provider.example.", Port: 2000}), "imap.provider.example:2000", ""},
		{"the provider's other server", "imap.provider.example", "ana@team.example", records(&net.SRV{Target: "sieve.provider.example.", Port: 4190}), "sieve.provider.example:4190", ""},
		{"in the person's domain", "imap.provider.example", "ana@team.example", records(&net.SRV{Target: "sieve.team.example.", Port: 4190}), "sieve.team.example:4190", ""},
		{"somebody else's", "imap.provider.example", "ana@team.example", records(&net.SRV{Target: "sieve.evil.example.", Port: 4190}), "imap.provider.example:4190", "sieve.evil.example:4190"},
		{"almost the provider's", "imap.provider.example", "ana@team.example", records(&net.SRV{Target: "evilprovider.example.", Port: 4190}), "imap.provider.example:4190", "evilprovider.example:4190"},
		{"only a public suffix in common", "mail.co.uk", "ana@team.example", records(&net.SRV{Target: "evil.co.uk.", Port: 4190}), "mail.co.uk:4190", "evil.co.uk:4190"},
		{"the second is trusted", "imap.provider.example", "ana@team.example", records(&net.SRV{Target: "x.evil.example.", Port: 1}, &net.SRV{Target: "s.team.example.", Port: 2}), "s.team.example:2", ""},
		{"none, it says", "imap.provider.example", "ana@team.example", records(&net.SRV{Target: ".", Port: 0}), "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ScriptsAt(t.Context(), c.lookup, c.host, c.user)
			if got.Addr != c.addr || got.Other != c.other || got.How == "" {
				t.Errorf("%+v, want %q and %q", got, c.addr, c.other)
			}
		})
	}
}
