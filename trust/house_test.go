package trust

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"encoding/base64"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"tidepost/internal/testkit"
	"tidepost/mail"
)

var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)

const (
	good = "192.0.2.7"    // may send for every domain of the world
	evil = "198.51.100.9" // may not
)

// key is the same for all domains.
func signingKey() (ed25519.PrivateKey, string) {
	k := ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	pub, _ := k.Public().(ed25519.PublicKey)
	return k, "v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)
}

// world is the DNS of the tests: each domain with SPF, a DKIM key and a policy.
func world() *testkit.DNS {
	_, public := signingKey()
	d := &testkit.DNS{TXT: map[string][]string{}, Fail: map[string]bool{}, Slow: map[string]bool{}, A: map[string][]string{}}
	for domain, policy := range map[string]string{
		"team.example": "p=none", "bank.example": "p=reject", "shop.example": "p=quarantine; sp=none", "strict.example": "p=Reject; adkim=s; aspf=s",
		"bare.example": "", "lists.example": "", "evil.example": "", "half.example": "p=reject; pct=0", "trial.example": "p=quarantine; t=y",
	} {
		d.TXT[domain] = []string{"some-verification=1", "v=spf1 ip4:" + good + " -all"}
		d.TXT["s1._domainkey."+domain] = []string{public}
		if policy != "" {
			d.TXT["_dmarc."+domain] = []string{"v=DMARC1; " + policy + "; rua=mailto:x@" + domain}
		}
	}
	return d
}

func checker(d Resolver, change func(*Options)) *Checker {
	o := Options{ID: "mx.team.example", Resolver: d, Inside: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	if change != nil {
		change(&o)
	}
	return New(o)
}

// letter is a message with From and further fields on top of it.
func letter(from string, fields ...string) string {
	head := ""
	for _, f := range fields {
		head += f + "\r\n"
	}
	return head + "From: " + from + "\r\nTo: mei@team.example\r\nSubject: Order\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n\r\nHello,\r\n\r\nthe text.\r\n"
}

// sign signs a message for domain.
func sign(t testing.TB, domain, text string) string {
	t.Helper()
	k, _ := signingKey()
	return signWith(t, domain, text, k, nil)
}

func signWith(t testing.TB, domain, text string, k crypto.Signer, change func(*dkim.SignOptions)) string {
	t.Helper()
	o := &dkim.SignOptions{Domain: domain, Selector: "s1", Signer: k, HeaderKeys: []string{"From", "To", "Subject", "Date"},
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed}
	if change != nil {
		change(o)
	}
	var out strings.Builder
	if err := dkim.Sign(&out, strings.NewReader(text), o); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// from makes the Mail of a message that a peer delivers.
func from(ip, path, text string) Mail {
	local, domain, _ := strings.Cut(path, "@")
	head, body := mail.SplitHead([]byte(text))
	m := Mail{Helo: "mx." + domain, From: mail.Address{Local: local, Domain: domain}, Head: head, Size: int64(len(body)),
		Body: func() io.ReadCloser { return io.NopCloser(bytes.NewReader(body)) }}
	if ip != "" {
		m.IP = netip.MustParseAddr(ip)
	}
	return m
}

func check(c *Checker, m Mail) Verdict { return c.Check(context.Background(), m, monday) }
