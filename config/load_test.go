package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// least is the smallest file that is accepted.
const least = `[server]
hostname = "mail.team.example"
domains = ["team.example"]
[tls]
cert = "c.pem"
key = "k.pem"
[relay]
host = "smtp.provider.example"
`

var cmpSecret = cmp.Comparer(func(a, b Secret) bool { return a.Reveal() == b.Reveal() })
var cmpPrefix = cmp.Comparer(func(a, b netip.Prefix) bool { return a == b })

func TestParseLeast(t *testing.T) {
	got, err := Parse("t.toml", []byte(least), "/etc/tidepost")
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Server = Server{Hostname: "mail.team.example", Domains: []string{"team.example"}, Data: "/etc/tidepost/data"}
	want.TLS.Cert, want.TLS.Key = "/etc/tidepost/c.pem", "/etc/tidepost/k.pem"
	want.Relay.Host = "smtp.provider.example"
	if d := cmp.Diff(want, got, cmpSecret, cmpPrefix); d != "" {
		t.Error(d)
	}
}

func TestParseEveryKind(t *testing.T) {
	got, err := Parse("t.toml", []byte("\xef\xbb\xbf"+`server.hostname = "mail.team.example"
server.domains = ["Team.Example", # the main one
  "second.example"]
relay = { host = "localhost", port = 0x1D1, tls = "none", connections = 1_0 }
listen = { submission = "127.0.0.1:2587", submissions = "", inbound = "127.0.0.1:0", imap = "[::1]:2143", imaps = "", lmtp = "run/lmtp.sock", allow_cleartext_login = true }
limits = { message_size = "1MiB", inside_networks = ["10.0.0.0/8"] }
hold = { mode = "dry-run", undo = "0s", cap = "5d" }
`), "/x")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff([]string{"team.example", "second.example"}, got.Server.Domains); d != "" {
		t.Error(d)
	}
	if got.Relay.Port != 465 || got.Relay.Connections != 10 || got.Limits.MessageSize != 1<<20 ||
		got.Hold.Mode != DryRun || got.Hold.Undo != 0 || got.Hold.Cap != 120*time.Hour ||
		got.Listen.LMTP != "/x/run/lmtp.sock" || got.Limits.InsideNetworks[0].String() != "10.0.0.0/8" {
		t.Errorf("got %+v", got)
	}
}

// Each row is one file and the problems it gives, in order.
func TestProblems(t *testing.T) {
	tests := []struct {
		name, file string
		want       []string
	}{
		{"an empty file says what is required", "", []string{
			`t.toml: server.hostname: is required: the full name of this machine, as in "mail.team.example"`,
			`t.toml: server.domains: is required: the mail domains of the team, as in ["team.example"]`,
			`t.toml: listen.submission: needs a certificate: set tls.cert and tls.key, or tls.acme; or shut this door with ""`,
			`t.toml: listen.submissions: needs a certificate: set tls.cert and tls.key, or tls.acme; or shut this door with ""`,
			`t.toml: listen.imap: needs a certificate: set tls.cert and tls.key, or tls.acme; or shut this door with ""`,
			`t.toml: listen.imaps: needs a certificate: set tls.cert and tls.key, or tls.acme; or shut this door with ""`,
			`t.toml: relay.host: is required when relay.mode is "smarthost"`,
		}},
		{"several are listed at once, in the order of the file", "[hold]\ngrace = \"30\"\nmode = \"yes\"\ngrase = 1\n[log]\nlevel = 3\n", []string{
			`t.toml:2: hold.grace: "30" is not a duration: write whole numbers with units, as in "20s", "30m", "4h", "5d" or "1h30m"`,
			`t.toml:3: hold.mode: "yes" is not allowed: write one of "off", "dry-run", "on"`,
			`t.toml:4: hold.grase: unknown key; [hold] has mode, grace, undo, cap, max_explicit, spread, outside_domains, date`,
			`t.toml:6: log.level: must be a string in quotation marks`,
		}},
		{"an unknown section is named once", "[holds]\nmode = \"on\"\ncap = 1\n", []string{
			`t.toml:1: holds: unknown section; the sections are server, listen, tls, relay, alarm, hold, batch, coach, coach.policies, urgent, pass, clocks, decisions, inbound, retry, dkim, limits, log, debug, monitor, store`,
		}},
		{"a key outside of sections", "hostname = \"a.b\"\n", []string{
			`t.toml:1: hostname: unknown key; the sections are server, listen, tls, relay, alarm, hold, batch, coach, coach.policies, urgent, pass, clocks, decisions, inbound, retry, dkim, limits, log, debug, monitor, store`,
		}},
		{"an array of tables", "[[hold]]\nmode = \"on\"\n", []string{`t.toml:1: hold: unknown section: write [section], not [[section]]`}},
		{"broken syntax names the line", "[hold]\nmode = on\n", []string{`t.toml:2: `}},
		{"a key that stands twice", "[hold]\nmode = \"on\"\nmode = \"off\"\n", []string{`t.toml`}},
		{"a section that stands twice", "[hold]\n[log]\n[hold]\n", []string{`t.toml`}},
		{"numbers", "[relay]\nport = 0\nconnections = \"20\"\n[urgent]\nbudget = 1_001\n", []string{
			`t.toml:2: relay.port: 0 is out of range: from 1 to 65535`,
			`t.toml:3: relay.connections: must be a whole number from 1 to 1000, without quotation marks`,
			`t.toml:5: urgent.budget: 1_001 is out of range: from 0 to 1000`,
		}},
		{"a number beyond numbers", "[urgent]\nbudget = 9999999999999999999\n", []string{`t.toml:2: decimal number is too large`}},
		{"an unknown inline table", least + "hold = {}\n", []string{`t.toml:9: relay.hold: unknown key; [relay] has mode, host`}},
		{"a quoted name with a dot", "\"hold.mode\" = \"on\"\n", []string{`t.toml:1: "hold.mode": unknown key`}},
		{"booleans", "[tls]\nacme = \"true\"\n", []string{`t.toml:2: tls.acme: must be true or false, without quotation marks`}},
		{"sizes", "[limits]\nmessage_size = \"50 MB\"\n[store]\nreserve = \"1B\"\n", []string{
			`t.toml:2: limits.message_size: "50 MB" is not a size: write a whole number and a unit, as in "50MB" (50,000,000), "1MiB" (1,048,576) or "512B"`,
			`t.toml:4: store.reserve: "1B" is out of range: from 1MiB to 9223372036854775807B`,
		}},
		{"durations out of range", "[hold]\nmax_explicit = \"401d\"\n", []string{`t.toml:2: hold.max_explicit: "401d" is out of range: from 1h to 9600h`}},
		{"lists", "[server]\ndomains = \"team.example\"\n[pass]\nwords = [1]\nsenders = [\"a@b.example\", \"A@b.example\"]\ndomains = [\"a b\"]\n", []string{
			`t.toml:2: server.domains: must be a list of strings, as in ["one", "two"]`,
			`t.toml:4: pass.words: must be a list of strings, as in ["one", "two"]`,
			`t.toml:5: pass.senders: "A@b.example" is listed twice`,
			`t.toml:6: pass.domains: "a b" is not a domain name`,
		}},
		{"names and addresses", "[server]\nhostname = \"mail\"\nadmin = \"root\"\n[listen]\nimap = \"143\"\nlmtp = \"lmtp\"\n[tls]\nacme_dir = \"http://x\"\n[dkim]\nselector = \"a b\"\n[limits]\ninside_networks = [\"10.0.0.1/8\"]\n[pass]\nwords = [\" x \"]\nalarm_senders = [\"nagios\\u0000\"]\n", []string{
			`t.toml:2: server.hostname: "mail" is not a full name`,
			`t.toml:3: server.admin: "root" is not a mail address`,
			`t.toml:5: listen.imap: "143" is not an address to listen on`,
			`t.toml:6: listen.lmtp: "lmtp" is not an address to listen on`,
			`t.toml:8: tls.acme_dir: "http://x" is not an https:// address`,
			`t.toml:10: dkim.selector: "a b" is not a selector`,
			`t.toml:12: limits.inside_networks: "10.0.0.1/8" is not a network`,
			`t.toml:14: pass.words: " x " is not a word`,
			`t.toml:15: pass.alarm_senders: "nagios\u0000" holds a control character`,
		}},
		{"addresses are no hostnames", "[server]\nhostname = \"127.0.0.1\"\n", []string{`t.toml:2: server.hostname: "127.0.0.1" is an address, not a name`}},
		{"an empty hostname", "[server]\nhostname = \"\"\ndata = \"\"\n", []string{
			`t.toml:2: server.hostname: must not be empty`, `t.toml:3: server.data: must not be empty`}},
		{"certificate without key", strings.Replace(least, "key = \"k.pem\"\n", "", 1), []string{`t.toml:5: tls.cert: needs tls.key beside it`}},
		{"key without certificate", strings.Replace(least, "cert = \"c.pem\"\n", "", 1), []string{`t.toml:5: tls.key: needs tls.cert beside it`}},
		{"certificate and acme", strings.Replace(least, "[relay]", "acme = true\n[relay]", 1), []string{`t.toml:7: tls.acme: and tls.cert exclude each other`}},
		{"a smarthost login", least + "user = \"u\"\n", []string{`t.toml:9: relay.user: needs relay.password_file or relay.oauth_file beside it`}},
		{"a password without user", least + "password_file = \"p\"\n", []string{`t.toml:9: relay.password_file: needs relay.user beside it`}},
		{"a password in clear", least + "user = \"u\"\npassword_file = \"p\"\ntls = \"none\"\n", []string{`t.toml:11: relay.tls: "none" would send the password in clear`}},
		{"ports twice", least + "[listen]\nimap = \"127.0.0.1:993\"\nlmtp = \"127.0.0.1:24\"\ninbound = \"127.0.0.2:24\"\n", []string{`t.toml: listen.imaps: ":993" is taken by listen.imap`}},
		{"all doors shut", least + "[listen]\nsubmission=\"\"\nsubmissions=\"\"\ninbound=\"\"\nimap=\"\"\nimaps=\"\"\n", []string{`t.toml:10: listen.submission: every door is shut`}},
		{"clear text only on loopback", strings.NewReplacer("cert = \"c.pem\"\n", "", "key = \"k.pem\"\n", "").Replace(least) +
			"[listen]\nallow_cleartext_login = true\nsubmission = \"localhost:2587\"\nsubmissions = \"\"\nimap = \"192.0.2.1:143\"\nimaps = \"\"\n", []string{`t.toml:11: listen.imap: needs a certificate`}},
		{"a letter to nobody", strings.Replace(least, "[tls]", "weekly_letter = true\n[tls]", 1), []string{`t.toml:4: server.weekly_letter: nobody would get it: name server.admin`}},
		{"an inside admin", strings.Replace(least, "[tls]", "admin = \"ana@Team.example\"\n[tls]", 1), []string{`t.toml:4: server.admin: "ana@Team.example" is inside this gateway`}},
		{"times that contradict", least + "[hold]\ncap = \"10d\"\nmax_explicit = \"9d\"\n[retry]\ngive_up = \"4h\"\n[limits]\nconnections = 20\n", []string{
			`t.toml: retry.delayed_notice: 4h is not shorter than retry.give_up, 4h`,
			`t.toml: limits.per_address: 50 is more than limits.connections, 20`,
			`t.toml:11: hold.max_explicit: 216h is shorter than hold.cap, 240h`,
		}},
		{"half a signature", least + "[dkim]\ndomain = \"team.example\"\n", []string{
			`t.toml: dkim.selector: is missing`, `t.toml: dkim.key_file: is missing`}},
		{"an oversized file", "#" + strings.Repeat("x", maxFile), []string{`t.toml: the file is larger than 1MiB`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse("t.toml", []byte(tt.file), "")
			var ps Problems
			if !errors.As(err, &ps) || got != nil {
				t.Fatalf("got %v, %v, want problems", got, err)
			}
			if len(ps) != len(tt.want) {
				t.Fatalf("got %d problems, want %d:\n%v", len(ps), len(tt.want), err)
			}
			for i := range ps {
				if !strings.HasPrefix(ps[i].String(), tt.want[i]) {
					t.Errorf("got  %s\nwant %s", ps[i], tt.want[i])
				}
			}
		})
	}
}

func TestDuplicatesNameTheLine(t *testing.T) {
	_, err := Parse("t.toml", []byte("[hold]\nmode = \"on\"\nmode = \"off\"\n"), "")
	if err == nil || !strings.Contains(err.Error(), "t.toml:3") {
		t.Errorf("got %v, want line 3", err)
	}
}

func TestTooManyItems(t *testing.T) {
	var b strings.Builder
	b.WriteString("[pass]\nsenders = [")
	for i := range maxItems + 1 {
		b.WriteString(`"` + strings.Repeat("a", 1+i%60) + "@" + strings.Repeat("b", 1+i/60%60) + strings.Repeat("c", 1+i/3600) + `.example",`)
	}
	b.WriteString("]\n")
	_, err := Parse("t.toml", []byte(b.String()), "")
	if err == nil || !strings.Contains(err.Error(), "more than 10000 entries") {
		t.Errorf("got %.200v", err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name, content string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("c.pem", "cert", 0o644)
	write("k.pem", "key", 0o600)
	write("pw", "s3cret line\r\nsecond\n", 0o400)
	write("tidepost.toml", least+"user = \"u\"\npassword_file = \"pw\"\n", 0o644)
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "tidepost.toml")
	c, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Relay.Password.Reveal(); got != "s3cret line" {
		t.Errorf("password %q", got)
	}
	if c.Server.Data != filepath.Join(dir, "data") {
		t.Errorf("data %q", c.Server.Data)
	}

	for name, mode := range map[string]os.FileMode{"k.pem": 0o640, "pw": 0o604, "data": 0o750} {
		if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Remove(filepath.Join(dir, "c.pem")); err != nil {
		t.Fatal(err)
	}
	_, err = Load(path)
	var ps Problems
	if !errors.As(err, &ps) {
		t.Fatalf("got %v", err)
	}
	want := []string{"server.data", "tls.cert", "tls.key", "relay.password_file"}
	var got []string
	for _, p := range ps {
		got = append(got, p.Key)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s\n%v", d, err)
	}
	for _, s := range []string{"data has mode 0750", "c.pem: no such file", "k.pem has mode 0640", "pw has mode 0604, others may read it: chmod 0600"} {
		if !strings.Contains(err.Error(), s) {
			t.Errorf("no %q in\n%v", s, err)
		}
	}
	if strings.Contains(err.Error(), "s3cret") {
		t.Error("the secret is in the problem")
	}

	if _, err := Load(filepath.Join(dir, "none.toml")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if _, err := Load(dir); err == nil {
		t.Error("a directory was loaded")
	}
}

func TestDataIsNoDirectory(t *testing.T) {
	dir := t.TempDir()
	for _, data := range []string{"file", "file/below"} {
		path := filepath.Join(dir, "tidepost.toml")
		if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		file := strings.Replace(least, "[tls]\ncert = \"c.pem\"\nkey = \"k.pem\"\n", "data = \""+data+"\"\n[tls]\nacme = true\n", 1)
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "tidepost.toml:4: server.data: ") {
			t.Errorf("%s: got %v", data, err)
		}
	}
}

func TestReadSecret(t *testing.T) {
	dir := t.TempDir()
	tests := []struct{ name, content, want string }{
		{"empty", "", "must hold 1 to 4096"},
		{"first line empty", "\nx", "must hold 1 to 4096"},
		{"long", strings.Repeat("x", 5000), "must hold 1 to 4096"},
		{"nul", "a\x00b", "NUL"},
	}
	for _, tt := range tests {
		path := filepath.Join(dir, tt.name)
		if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadSecret(path); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", tt.name, err, tt.want)
		}
	}
	if _, err := ReadSecret(dir); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("directory: got %v", err)
	}
	for path, want := range map[string]bool{
		"/run/credentials/tidepost.service/relay":    true,
		"/run/credentials/../../etc/tidepost/secret": false,
		"/etc/tidepost/secret":                       false,
	} {
		if got := isCredential(path); got != want {
			t.Errorf("isCredential(%s) = %v", path, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(least))
	f.Add(Template(Default()))
	f.Add([]byte("a.b.c = [[[{}]]]\n[[x]]\nhold = {mode.x = 1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("t.toml", data, "/x")
		if (c == nil) == (err == nil) {
			t.Fatalf("got %v, %v", c, err)
		}
		if err != nil {
			return
		}
		// What was accepted once is accepted when it is written back.
		if _, err := Parse("again.toml", Template(c), "/x"); err != nil {
			t.Fatalf("template of accepted configuration: %v", err)
		}
	})
}
