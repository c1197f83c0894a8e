package config

import (
	"strings"
	"testing"
)

func TestConnectorAndWeb(t *testing.T) {
	const base = "[server]\nhostname = \"mail.team.example\"\ndomains = [\"team.example\"]\n[relay]\nmode = \"mx\"\n[listen]\nsubmission = \"\"\nsubmissions = \"\"\nimap = \"\"\nimaps = \"\"\n"
	print64 := strings.Repeat("AB:", 31) + "AB"
	for name, c := range map[string]struct{ more, want string }{
		"nobody named":         {"connector = \":2525\"\n", "listen.connector: needs connector.networks"},
		"by address":           {"connector = \":2525\"\n[connector]\nnetworks = [\"192.0.2.0/24\"]\nunproved = \"refuse\"\n", ""},
		"an address inside":    {"connector = \":2525\"\n[connector]\nnetworks = [\"10.0.0.0/8\", \"::1/128\"]\n", ""},
		"others' addresses":    {"connector = \":2525\"\n[connector]\nnetworks = [\"10.0.0.0/8\", \"192.0.2.0/24\"]\n", "connector.unproved: say \"refuse\" if others' mail"},
		"everybody":            {"connector = \":2525\"\n[connector]\nnetworks = [\"0.0.0.0/0\"]\n", "connector.networks: 0.0.0.0/0 is everybody"},
		"certificate, no TLS":  {"connector = \":2525\"\n[connector]\nfingerprints = [\"" + print64 + "\"]\n", "connector.fingerprints: needs TLS"},
		"by certificate":       {"connector = \":2525\"\n[connector]\nfingerprints = [\"" + print64 + "\"]\nunproved = \"pass\"\n[tls]\nacme = true\n", ""},
		"others' certificate":  {"connector = \":2525\"\n[connector]\nfingerprints = [\"" + print64 + "\"]\n[tls]\nacme = true\n", "connector.unproved: say \"refuse\""},
		"no fingerprint":       {"connector = \":2525\"\n[connector]\nfingerprints = [\"abc\"]\n", "is not a SHA-256 fingerprint"},
		"a door twice":         {"connector = \":25\"\n[connector]\nnetworks = [\"192.0.2.0/24\"]\n", "is taken by listen.inbound"},
		"deliver nowhere":      {"[connector]\ndeliver = \"there\"\n", "connector.deliver: "},
		"web without TLS":      {"[web]\nlisten = \":443\"\n", "web.listen: needs a certificate"},
		"web with TLS":         {"[web]\nlisten = \":443\"\n[tls]\nacme = true\n", ""},
		"web behind a proxy":   {"[web]\nlisten = \"127.0.0.1:8080\"\nclear = true\n", ""},
		"web in clear":         {"[web]\nlisten = \":80\"\nclear = true\n", "web.clear: \":80\" is not a loopback address"},
		"web on a mail door":   {"[web]\nlisten = \"127.0.0.1:25\"\nclear = true\n", "is taken by listen.inbound"},
		"mailboxes without it": {"[web]\nimap = \":993\"\n", "web.imap: \":993\" is no server"},
	} {
		_, err := Parse("t.toml", []byte(base+c.more), "")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", name, err, c.want)
		}
	}
}
