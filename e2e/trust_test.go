package e2e

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/emersion/go-msgauth/dkim"

	"tidepost/internal/testkit"
)

// Mail from other servers, through the binary and a DNS server of the test: a customer
// who signs, a forged colleague, a domain that wants refusal.
func TestMailFromOtherServersIsChecked(t *testing.T) {
	t.Parallel()
	key := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{5}, ed25519.SeedSize))
	pub, ok := key.Public().(ed25519.PublicKey)
	if !ok {
		t.Fatal("no public key")
	}
	dns := &testkit.DNS{TXT: map[string][]string{
		"customer.example": {"v=spf1 ip4:192.0.2.1 -all"}, "_dmarc.customer.example": {"v=DMARC1; p=reject"},
		"s1._domainkey.customer.example": {"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)},
		"bank.example":                   {"v=spf1 -all"}, "_dmarc.bank.example": {"v=DMARC1; p=reject"},
		"team.example": {"v=spf1 -all"}, "_dmarc.team.example": {"v=DMARC1; p=quarantine"},
	}}
	addr, stop, err := dns.Serve()
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	s := setup(t, options{config: map[string]string{
		"inbound.resolver": fmt.Sprintf("%q", addr), "inbound.checks": `"on"`, "inbound.dmarc": `"refuse"`,
		"limits.inside_networks": `["192.0.2.0/24"]`,
	}})
	send := func(id, from, path string, sign bool) result {
		text := testkit.Letter(from, "ana@team.example", "Mail "+id, id+"@x.example", "Dear Ana, here it is.\n")
		if sign {
			var out strings.Builder
			if err := dkim.Sign(&out, strings.NewReader(text), &dkim.SignOptions{Domain: "customer.example", Selector: "s1", Signer: key}); err != nil {
				t.Fatal(err)
			}
			text = out.String()
		}
		file := s.letter(id+".eml", strings.ReplaceAll(text, "\r\n", "\n"))
		return s.swaks("inbound", "--from", path, "--to", "ana@team.example", "--data", "@"+file)
	}
	ana := s.reader(t, "ana")

	if got := send("signed", "Olga <olga@customer.example>", "o.post@elsewhere.example", true); got.code != 0 {
		t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
	}
	l := ana.find("INBOX", "Mail signed", patience)
	if want := "Authentication-Results: " + hostname + "; spf=none smtp.mailfrom=elsewhere.example; dkim=pass header.d=customer.example header.s=s1; dmarc=pass header.from=customer.example policy.dmarc=reject\r\n"; !strings.Contains(strings.ReplaceAll(l.text, "\r\n ", " "), want) {
		t.Errorf("no verdict in\n%s", l.text)
	}
	if got := send("forged", "Tom <tom@team.example>", "o.post@elsewhere.example", true); got.code != 0 {
		t.Fatalf("swaks ended with %d:\n%s", got.code, got.out)
	}
	ana.find("Junk", "Mail forged", patience)
	if got := send("phish", "Your bank <service@bank.example>", "service@bank.example", false); got.code == 0 || !strings.Contains(got.out, "550 5.7.26") {
		t.Errorf("swaks ended with %d:\n%s", got.code, got.out)
	}
	if n := ana.count("INBOX", "Mail phish") + ana.count("Junk", "Mail phish") + ana.count("INBOX", "Mail forged"); n != 0 {
		t.Errorf("%d copies too many", n)
	}
	if out := s.cli("trace", "forged@x.example"); !strings.Contains(out, "forged") || !strings.Contains(out, "dmarc=fail") {
		t.Errorf("trace says\n%s", out)
	}
}
