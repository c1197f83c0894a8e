package doctor

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/internal/testkit"
)

func TestProviders(t *testing.T) {
	v := visitor(t)
	v.Resolver = fakeDNS{}
	v.Config.Listen.AllowCleartextLogin = true
	v.providers(context.Background())
	if len(v.found) != 0 {
		t.Errorf("without providers: %+v", v.found)
	}
	host := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"tide": "post"}})
	p := &config.Provider{Domains: []string{"sister.example"}, Relay: config.Relay{Mode: "smarthost", TLS: "none", User: "tide", Password: config.NewSecret("post")}}
	p.Host, p.Port = host.Addr()
	v.Config.Relay.Providers = []*config.Provider{p}
	v.providers(context.Background())
	expectLast(t, v, OK, "login as tide")
	p.Password = config.NewSecret("wrong")
	v.providers(context.Background())
	expectLast(t, v, Fail, "relay.provider[1].password_file")
	expectLast(t, v, Fail, "mail from sister.example waits")
	p.Host = "smtp.nowhere.example"
	v.providers(context.Background())
	expectLast(t, v, Fail, "the DNS knows no such name")
	p.Host = "127.0.0.1"
	host.Close()
	v.providers(context.Background())
	expectLast(t, v, Fail, "relay.provider[1].host")
}

// A token is fetched as the server would, and the newest one kept.
func TestProviderByToken(t *testing.T) {
	f := newOffice(t, nil)
	tokens := testkit.NewOAuthServer(t)
	tokens.Life(60) // Each one ends too soon to be used again.
	host := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"tide": ""}, Mechanisms: "XOAUTH2", Token: tokens.Access})
	file := filepath.Join(t.TempDir(), "oauth.json")
	text := `{"token_url": "` + tokens.URL + `", "client_id": "c", "refresh_token": "refresh-0"}`
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v := &visit{Options: f.o, desk: f.desk}
	v.Config.Listen.AllowCleartextLogin = true
	p := &config.Provider{Domains: []string{"sister.example"}, Relay: config.Relay{Mode: "smarthost", TLS: "none", User: "tide", OAuthFile: file, OAuth: config.NewSecret(text)}}
	p.Host, p.Port = host.Addr()
	v.Config.Relay.Providers = []*config.Provider{p}
	v.providers(t.Context())
	expectLast(t, v, OK, "login as tide")
	tokens.Revoke(true)
	v.providers(t.Context())
	expectLast(t, v, Fail, "revoked")
}

func TestAccountsOfAll(t *testing.T) {
	f := newOffice(t, nil)
	look := func(o Options) *visit {
		t.Helper()
		v := &visit{Options: o, desk: f.desk}
		v.accounts(t.Context())
		return v
	}
	if v := look(f.o); len(v.found) != 0 {
		t.Errorf("without accounts: %+v", v.found)
	}
	host := testkit.NewSmarthost(t, testkit.SmarthostOptions{Auth: map[string]string{"ana": "pw"}})
	name, port := host.Addr()
	set := accounts.Settings{Side: accounts.SMTP, Addr: net.JoinHostPort(name, strconv.Itoa(port)), Security: accounts.None, User: "ana", Password: "pw"}
	f.set(set)
	expectLast(t, look(f.o), OK, "1 log in")
	known := f.o
	known.Known = true
	expectLast(t, look(known), OK, "none of them refused")
	set.Password = "wrong"
	f.set(set)
	expectLast(t, look(known), OK, "none of them refused")
	expectLast(t, look(f.o), Fail, "ana@team.example, smtp at")
	// What refused is not asked again: servers lock accounts.
	a, err := f.keep.Of(t.Context(), f.ana.ID, accounts.SMTP)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.keep.Refused(t.Context(), a, "535 go away", time.Now()); err != nil {
		t.Fatal(err)
	}
	host.Close()
	expectLast(t, look(f.o), Fail, "not tried again: 535 go away")
	f.set(accounts.Settings{Side: accounts.IMAP, Addr: "127.0.0.1:1", Security: accounts.TLS, User: "ana", Password: "pw"})
	v := look(f.o)
	if len(v.found) != 2 || v.found[0].Level != Fail || v.found[1].Level != Fail {
		t.Errorf("two that fail: %+v", v.found)
	}
}
