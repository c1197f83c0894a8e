package e2e

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"tidepost/internal/testkit"
)

// passBy has a Postfix give everything to a connector, and take it back at a second door,
// as docs/provider.md says. Mailboxes are at the fake next server.
func (p *postfix) passBy(connector int) (back int) {
	p.t.Helper()
	back = freePort(p.t)
	p.run("stop")
	for file, more := range map[string]string{
		"main.cf":   fmt.Sprintf("transport_maps =\ncontent_filter = smtp:[127.0.0.1]:%d\n", connector),
		"master.cf": fmt.Sprintf("127.0.0.1:%d inet n - n - - smtpd\n  -o content_filter=\n", back),
	} {
		path := filepath.Join(p.dir, "etc", file)
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			p.t.Fatal(err)
		}
		_, err = f.WriteString(more)
		if cerr := f.Close(); err != nil || cerr != nil {
			p.t.Fatal(err, cerr)
		}
	}
	p.run("start")
	return back
}

// Webmail at a provider, which is Postfix: what is signed is held and goes back, what is
// not passes.
func TestProviderHandsOver(t *testing.T) {
	t.Parallel()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{6}, ed25519.SeedSize))
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("no public key")
	}
	dns := &testkit.DNS{TXT: map[string][]string{"p._domainkey.team.example": {"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)}}}
	addr, stop, err := dns.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	p := newPostfix(t, "error:unused")
	connector := freePort(t)
	config := p.smarthost()
	config["relay.port"] = fmt.Sprint(p.passBy(connector))
	config["listen.connector"] = fmt.Sprintf(`"127.0.0.1:%d"`, connector)
	config["connector.networks"] = `["127.0.0.1/32"]`
	config["inbound.resolver"] = fmt.Sprintf("%q", addr)
	s := setup(t, options{noHost: true, config: config})
	s.smarthost = p.sink
	s.ports["webmail"] = p.port

	send := func(id string, sign bool, to ...string) {
		t.Helper()
		text := strings.ReplaceAll(mailTo("Ana <ana@team.example>", strings.Join(to, ", "), "Mail "+id, id+"@team.example", "Hello, see the plan.\n"), "\n", "\r\n")
		if sign {
			var out strings.Builder
			if err := dkim.Sign(&out, strings.NewReader(text), &dkim.SignOptions{Domain: "team.example", Selector: "p", Signer: key}); err != nil {
				t.Fatal(err)
			}
			text = out.String()
		}
		file := s.letter(id+".eml", strings.ReplaceAll(text, "\r\n", "\n"))
		if got := s.swaks("webmail", "--from", "ana@team.example", "--to", strings.Join(to, ","), "--data", "@"+file); got.code != 0 {
			t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
		}
	}

	send("signed", true, "mei@team.example", "carol@outside.example")
	got := s.next("signed@team.example")
	if !slices.Equal(recipients(got), []string{"carol@outside.example"}) {
		t.Errorf("at once it left for %v, want Carol alone: Mei sleeps", recipients(got))
	}
	if !strings.HasPrefix(got.Header("X-Tidepost-Pass"), "tp") {
		t.Error("what left has no mark")
	}
	if s := s.state("signed@team.example", "mei@team.example"); s != "held" {
		t.Errorf("to Mei it is %s, want held", s)
	}
	s.cli("queue", "release", "--all", "--yes")
	until(t, patience, func() error {
		for _, m := range p.sink.Delivered() {
			if slices.Equal(recipients(m), []string{"mei@team.example"}) && strings.Contains(string(m.Data), "see the plan") {
				return nil
			}
		}
		return fmt.Errorf("the mail to Mei has not gone back to the provider")
	})

	send("plain", false, "mei@team.example")
	if got := s.next("plain@team.example"); !slices.Equal(recipients(got), []string{"mei@team.example"}) {
		t.Errorf("unproved mail left for %v", recipients(got))
	}
	var report struct{ Held, Unproved, Again, Bypassed int }
	s.ask(&report, "report", "bypass")
	if report.Held != 1 || report.Unproved != 1 || report.Again != 0 {
		t.Errorf("report: %+v", report)
	}
	s.sound()
}
