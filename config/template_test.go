package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func filled() *Config {
	c := Default()
	c.Server.Hostname, c.Server.Domains = "mail.team.example", []string{"team.example"}
	c.TLS.Cert, c.TLS.Key = "tls/cert.pem", "tls/key.pem"
	c.Relay.Host = "smtp.provider.example"
	return c
}

func TestTemplateParsesToItself(t *testing.T) {
	file := Template(filled())
	got, err := Parse("t.toml", file, "")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(filled(), got, cmpSecret, cmpPrefix); d != "" {
		t.Error(d)
	}
}

// Every option that the template shows as its default is taken literally here, so
// a default that the file shows wrongly, or that is out of its own range, fails.
func TestTemplateShowsTheDefaults(t *testing.T) {
	file := regexp.MustCompile(`(?m)^#([a-z_-]+ = )`).ReplaceAll(Template(Default()), []byte("$1"))
	for _, o := range Default().options() {
		section, name, _ := cutKey(o.key)
		if !strings.Contains(string(file), "\n"+name+" = ") {
			t.Errorf("%s is not in the template", o.key)
		}
		if o.doc == "" || sectionDocs()[section] == "" {
			t.Errorf("%s is not explained", o.key)
		}
	}
	d := decode("t.toml", file)
	// The options that no default can know stand empty in the template.
	var left Problems
	for _, p := range d.problems {
		if p.Key != "server.hostname" {
			left = append(left, p)
		}
	}
	if len(left) > 0 {
		t.Fatal(left)
	}
	if diff := cmp.Diff(Default(), d.config, cmpSecret, cmpPrefix, cmp.Transformer("nil", func(s []string) string { return strings.Join(s, ",") })); diff != "" {
		t.Error(diff)
	}
	if len(d.lines) != len(d.options) {
		t.Errorf("%d keys read, want %d", len(d.lines), len(d.options))
	}
}

func TestTemplateWidth(t *testing.T) {
	for line := range strings.Lines(string(Template(Default()))) {
		if len(line) > 100 {
			t.Errorf("long line: %s", line)
		}
	}
}

func TestTemplateKeepsChanges(t *testing.T) {
	c := filled()
	c.Hold.Mode, c.Batch.Mode = DryRun, DryRun
	c.Server.Domains = append(c.Server.Domains, "second.example")
	c.Pass.Words = []string{`quo"te\back`}
	c.Limits.MessageSize = 1 << 20
	c.Retry.GiveUp = 90 * time.Minute * 60
	c.TLS.Cert, c.TLS.Key, c.TLS.ACME = "", "", true
	file := string(Template(c))
	for _, want := range []string{"\nmode = \"dry-run\"\n", "\nmessage_size = \"1MiB\"\n", "\n#grace = \"30m\"\n", "\nacme = true\n"} {
		if !strings.Contains(file, want) {
			t.Errorf("no %q", want)
		}
	}
	got, err := Parse("t.toml", []byte(file), "")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(c, got, cmpSecret, cmpPrefix); d != "" {
		t.Error(d)
	}
}

func TestSecretIsNeverPrinted(t *testing.T) {
	c := filled()
	c.Relay.Password = NewSecret("hunter2")
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "secret", c.Relay.Password, "config", c)
	js, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	s := c.Relay.Password
	for _, out := range []string{log.String(), string(js), string(Template(c)), s.String(),
		fmt.Sprint(s), fmt.Sprintf("%#v %x %q %d %+v", s, s, s, s, c), fmt.Sprint(&s)} {
		if strings.Contains(out, "hunter2") || strings.Contains(out, "68756e74657232") {
			t.Errorf("printed: %s", out)
		}
	}
	if s.Reveal() != "hunter2" || s.IsZero() || !(Secret{}).IsZero() {
		t.Error("the secret is lost")
	}
}

func TestClearTextAllowed(t *testing.T) {
	for addr, want := range map[string]bool{
		"127.0.0.1:143": true, "[::1]:143": true, "localhost:143": true,
		":143": false, "0.0.0.0:143": false, "192.0.2.1:143": false, "mail.team.example:143": false, "/run/x": false,
	} {
		if got := (Listen{AllowCleartextLogin: true}).ClearTextAllowed(addr); got != want {
			t.Errorf("%s: got %v", addr, got)
		}
		if (Listen{}).ClearTextAllowed(addr) {
			t.Errorf("%s: allowed without the option", addr)
		}
	}
}

func TestDurations(t *testing.T) {
	for s, want := range map[string]time.Duration{
		"0s": 0, "20s": 20 * time.Second, "1h30m": 90 * time.Minute, "5d": 120 * time.Hour, "1d1h1m1s": 25*time.Hour + 61*time.Second,
	} {
		if got, err := ParseDuration(s); got != want || err != nil {
			t.Errorf("%q: got %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "30", "m", "-5m", "1.5h", "5 m", "5m ", "1m1h", "1h1h", "5ms", "5w", "+5m", "99999999999d", "106751d24h", "9223372036854775808s", "٣m"} {
		if got, err := ParseDuration(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, math.MaxInt64/int64(time.Second)).Draw(t, "s")) * time.Second
		if got, err := ParseDuration(FormatDuration(d)); got != d || err != nil {
			t.Fatalf("%v written as %s gives %v, %v", d, FormatDuration(d), got, err)
		}
	})
}

func TestSizes(t *testing.T) {
	for s, want := range map[string]int64{"0B": 0, "512B": 512, "50MB": 50_000_000, "1MiB": 1 << 20, "2GiB": 2 << 30, "3KB": 3000, "4KiB": 4096, "5GB": 5_000_000_000} {
		if got, err := ParseSize(s); got != want || err != nil {
			t.Errorf("%q: got %v, %v, want %v", s, got, err, want)
		}
	}
	for _, s := range []string{"", "50", "MB", "5 MB", "5mb", "-5MB", "5.5MB", "5M", "99999999999GB", "9223372036854775808B", "5XB"} {
		if got, err := ParseSize(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "n")
		if got, err := ParseSize(FormatSize(n)); got != n || err != nil {
			t.Fatalf("%d written as %s gives %v, %v", n, FormatSize(n), got, err)
		}
	})
}
