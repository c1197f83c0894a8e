package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const providers = `[server]
hostname = "mail.team.example"
domains = ["team.example", "other.example"]
[listen]
submissions = ""
imaps = ""
imap = ""
submission = ""
[relay]
host = "smtp.first.example"
[[relay.provider]]
domains = ["Team.example"]
host = "smtp.gmail.com"
user = "relay@team.example"
oauth_file = "token.json"
sent = "provider"
[[relay.provider]]
domains = ["other.example"]
host = "smtp.other.example"
port = 465
tls = "tls"
`

func TestProvidersByDomain(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "tidepost.toml"), []byte(providers), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "token.json"), []byte(`{"refresh_token": "r"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := Load(filepath.Join(dir, "tidepost.toml"))
	if err != nil {
		t.Fatal(err)
	}
	if n := len(c.Relay.Providers); n != 2 {
		t.Fatalf("%d providers, want 2", n)
	}
	a, b := c.Relay.Providers[0], c.Relay.Providers[1]
	if a.Host != "smtp.gmail.com" || a.Port != 587 || a.Domains[0] != "team.example" || a.Sent != "provider" || a.OAuth.Reveal() == "" || a.OAuthFile != filepath.Join(dir, "token.json") {
		t.Errorf("first: %+v", a)
	}
	if b.Host != "smtp.other.example" || b.Port != 465 || b.TLS != "tls" || b.Sent != "client" {
		t.Errorf("second: %+v", b)
	}
	if c.Relay.Host != "smtp.first.example" {
		t.Errorf("what is in no provider goes to %s", c.Relay.Host)
	}
}

func TestProvidersThatCannotWork(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"no domain":          {"domains = [\"Team.example\"]\n", "", "t.toml:11: relay.provider[1].domains: is required"},
		"another's domain":   {`["other.example"]`, `["x.example"]`, `relay.provider[2].domains: "x.example" is not in server.domains`},
		"a domain twice":     {`["other.example"]`, `["team.example"]`, `"team.example" goes through relay.provider[1] already`},
		"no host":            {"host = \"smtp.other.example\"\n", "", `relay.provider[2].host: is required`},
		"a key that is not":  {`port = 465`, `ports = 465`, `t.toml:20: relay.provider[2].ports: unknown key; [relay.provider[2]] has domains, host`},
		"password and token": {`sent = "provider"`, `password_file = "p"`, `relay.provider[1].oauth_file: and relay.provider[1].password_file exclude`},
		"token, no user":     {"user = \"relay@team.example\"\n", "", `relay.provider[1].oauth_file: needs relay.provider[1].user beside it`},
		"who files":          {`sent = "provider"`, `sent = "me"`, `relay.provider[1].sent: `},
		"another array":      {`[[relay.provider]]`, `[[relay.providers]]`, `only [[relay.provider]] may stand several times`},
		"one table":          {"[[relay.provider]]\ndomains = [\"other", "[relay.provider]\ndomains = [\"other", ""},
	} {
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(providers, c.from) {
				t.Fatalf("the file lacks %q", c.from)
			}
			_, err := Parse("t.toml", []byte(strings.Replace(providers, c.from, c.to, 1)), "")
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}
