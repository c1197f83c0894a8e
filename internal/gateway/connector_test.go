package gateway

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"tidepost/config"
	"tidepost/inbox"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
	"tidepost/trust"
)

// A pier is a gateway with a connector; the provider signs, and takes back.
type pier struct {
	*yard
	provider *testkit.Smarthost
	key      crypto.Signer
	n        int
	jump     time.Duration
}

func newPier(t *testing.T, change ...func(*config.Config)) *pier {
	t.Helper()
	pub, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p := &pier{provider: testkit.NewSmarthost(t, testkit.SmarthostOptions{}), key: key}
	cfg := configuration(t)
	cfg.Relay.Host, cfg.Relay.Port = p.provider.Addr()
	cfg.Relay.TLS = "none"
	cfg.Listen.Connector = "127.0.0.1:0"
	cfg.Connector.Networks = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
	cfg.Connector.TrustedAuthserv = []string{"mx.provider.example"}
	for _, fn := range change {
		fn(cfg)
	}
	dns := &testkit.DNS{TXT: map[string][]string{
		"p._domainkey.team.example": {"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)},
		"p._domainkey.else.example": {"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(pub)},
	}}
	begin := time.Now()
	g, err := OpenAt(Site{Resolver: dns, Uptime: func() time.Duration { return time.Since(begin) + p.jump }}, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		g.relay.Close()
		g.db.Close()
	})
	p.yard = &yard{Gateway: g, t: t}
	return p
}

// letter is a mail of Ana's to a colleague and somebody outside, signed for a domain.
func (p *pier) letter(domain, extra string) []byte {
	p.t.Helper()
	p.n++
	text := extra + "From: Ana <ana@team.example>\r\nTo: mei@team.example, x@out.example\r\nSubject: Plan\r\nDate: " + time.Now().Format(time.RFC1123Z) +
		"\r\nMessage-ID: <m" + string(rune('a'+p.n)) + "@team.example>\r\n\r\nHello.\r\n"
	if domain == "" {
		return []byte(text)
	}
	return p.signed(domain, []byte(text))
}

// signed is a mail with the signature of a domain, over more fields too.
func (p *pier) signed(domain string, text []byte, more ...string) []byte {
	p.t.Helper()
	var out bytes.Buffer
	fields := append([]string{"From", "Subject", "Date", "Message-ID"}, more...)
	if err := dkim.Sign(&out, bytes.NewReader(text), &dkim.SignOptions{Domain: domain, Selector: "p", Signer: p.key, HeaderKeys: fields}); err != nil {
		p.t.Fatal(err)
	}
	return out.Bytes()
}

func (p *pier) take(text []byte, to ...string) error {
	p.t.Helper()
	return p.takeFrom("ana@team.example", text, to...)
}

// takeFrom takes a mail with a reverse-path, "" for the null one.
func (p *pier) takeFrom(from string, text []byte, to ...string) error {
	p.t.Helper()
	ctx := context.Background()
	var env mail.Envelope
	if from != "" {
		a, err := mail.ParsePath(from, true)
		if err != nil {
			p.t.Fatal(err)
		}
		env.From = a
	}
	for _, s := range to {
		a, err := mail.ParsePath(s, true)
		if err != nil {
			p.t.Fatal(err)
		}
		env.Recipients = append(env.Recipients, mail.Recipient{Address: a})
	}
	staged, err := p.db.Stage(ctx, bytes.NewReader(text), time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	defer p.db.Discard(staged)
	return p.connector.Take(ctx, env, staged, inbox.Peer{IP: netip.MustParseAddr("192.0.2.1"), Helo: "out.provider.example", Protocol: "ESMTPS"}, time.Now())
}

// run lets the queue work until n mails have come back to the provider.
func (p *pier) run(n int, now time.Time) []testkit.Transaction {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ended := make(chan error, 1)
	work, stop := context.WithCancel(ctx)
	go func() { ended <- p.queue.Run(work) }()
	var got []testkit.Transaction
	for err := ctx.Err(); len(got) < n && err == nil; err = ctx.Err() { // What fails may be reported, which is due later.
		if err := p.queue.RunDue(ctx, now); err != nil {
			p.t.Fatal(err)
		}
		step, end := context.WithTimeout(ctx, 50*time.Millisecond)
		got, _ = p.provider.WaitFor(step, n)
		end()
	}
	stop()
	<-ended
	if len(got) < n {
		p.t.Fatalf("%d of %d mails came", len(got), n)
	}
	return got
}

func (p *pier) passages() map[store.PassageKind]int {
	p.t.Helper()
	out := map[store.PassageKind]int{}
	err := p.db.View(context.Background(), func(tx *store.Tx) error {
		list, err := tx.PassagesSince(time.Now().Add(-24 * time.Hour))
		for _, x := range list {
			out[x.Kind] += x.N
		}
		return err
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return out
}

// sleeper is a colleague whose day begins in some hours.
func (p *pier) sleeper() {
	p.t.Helper()
	p.person("ana@team.example")
	mei := p.person("mei@team.example")
	day := time.Now().UTC().AddDate(0, 0, 1).Weekday().String()[:3]
	_, err := people.NewEditor(p.db, p.cfg.Server.Domains, rand.Reader).Set(context.Background(), mei.Address.String(),
		people.Request{Fields: map[people.Field]string{people.FieldHours: strings.ToLower(day) + " 12:00-13:00"}}, time.Now())
	if err != nil {
		p.t.Fatal(err)
	}
	if err := p.dir.Reload(context.Background()); err != nil {
		p.t.Fatal(err)
	}
}

func TestProvedMailIsHeldAndGoesBack(t *testing.T) {
	for name, c := range map[string]struct{ domain, extra string }{
		"by the provider's signature": {"team.example", ""},
		"by the provider's result":    {"", "Authentication-Results: mx.provider.example; dmarc=pass header.from=team.example; dkim=pass header.d=team.example; spf=none\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPier(t)
			p.sleeper()
			if err := p.take(p.letter(c.domain, c.extra), "mei@team.example", "x@out.example", "list@team.example"); err != nil {
				t.Fatal(err)
			}
			got := p.run(1, time.Now().Add(time.Minute))
			for _, r := range got[0].Recipients {
				if r.Address == "mei@team.example" {
					t.Error("mail to a colleague who sleeps has left")
				}
			}
			// Her day begins; it goes back to the provider, where her mailbox is.
			morning := time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
			p.jump = time.Until(morning) // As if the machine had run on: nobody set its clock.
			all := p.run(2, morning.Add(time.Minute))
			last := all[len(all)-1]
			if len(last.Recipients) != 1 || last.Recipients[0].Address != "mei@team.example" {
				t.Errorf("in the morning: %+v", last.Recipients)
			}
			if n := p.passages(); n[store.PassageHeld] != 1 || n[store.PassageUnproved] != 0 {
				t.Errorf("counted %v", n)
			}
			if c.domain != "" {
				if v := (trust.New(trust.Options{Resolver: p.site.Resolver})).Signatures(context.Background(), trustMail(last.Data), "team.example", time.Now()); len(v) != 1 || v[0].Result != trust.Pass {
					t.Errorf("the provider's signature: %+v", v)
				}
			}
		})
	}
}

func TestUnprovedMailIsPassedOnAtOnce(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	for name, text := range map[string][]byte{
		"no signature":         p.letter("", ""),
		"another's signature":  p.letter("else.example", ""),
		"another's result":     p.letter("", "Authentication-Results: mx.evil.example; dmarc=pass header.from=team.example\r\n"),
		"a broken signature":   bytes.Replace(p.letter("team.example", ""), []byte("Plan"), []byte("Plot"), 1),
		"two authors":          bytes.Replace(p.letter("team.example", ""), []byte("From: "), []byte("From: mei@team.example\r\nFrom: "), 1),
		"nobody's From at all": []byte("Subject: x\r\n\r\nb\r\n"),
	} {
		p.provider.Reset()
		before := len(p.provider.Delivered())
		if err := p.take(text, "mei@team.example"); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		got := p.run(before+1, time.Now().Add(time.Second))
		if last := got[len(got)-1]; last.Recipients[0].Address != "mei@team.example" || !bytes.HasSuffix(last.Data, text[bytes.Index(text, []byte("\r\n\r\n")):]) {
			t.Errorf("%s: %+v", name, last)
		}
	}
	if n := p.passages(); n[store.PassageHeld] != 0 || n[store.PassageUnproved] != 6 {
		t.Errorf("counted %v", n)
	}
}

func TestMarkedMailIsNotHeldAgainAndCirclesEnd(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	if err := p.take(p.letter("team.example", ""), "x@out.example"); err != nil {
		t.Fatal(err)
	}
	first := p.run(1, time.Now().Add(time.Minute))[0].Data
	if !bytes.Contains(first, []byte(queue.MarkField+": tp1.")) {
		t.Fatalf("no mark:\n%s", first)
	}
	if err := p.take(first, "x@out.example"); err != nil {
		t.Fatal(err)
	}
	second := p.run(2, time.Now().Add(time.Second))[1].Data
	if n := p.passages(); n[store.PassageAgain] != 1 {
		t.Errorf("counted %v", n)
	}
	var refused *mail.Reply
	if err := p.take(second, "x@out.example"); !errors.As(err, &refused) || refused.Code != 554 {
		t.Errorf("the third time: %v, want 554", err)
	}
	// Another's mark is none, and neither is ours on other mail: it would be held.
	for name, text := range map[string][]byte{
		"forged": p.letter("team.example", queue.MarkField+": tp1.AAAAAAAAAAAAAAAAAAAAAAAA\r\n"),
		"copied": p.letter("team.example", field(first, queue.MarkField)),
	} {
		if err := p.take(text, "mei@team.example"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	// Ours on this mail, to somebody it never went to.
	if err := p.take(first, "mei@team.example"); err != nil {
		t.Error(err)
	}
	if n := p.passages(); n[store.PassageHeld] != 4 || n[store.PassageAgain] != 1 {
		t.Errorf("counted %v, want four held", n)
	}
}

func field(mailText []byte, name string) string {
	i := bytes.Index(mailText, []byte(name+":"))
	return string(mailText[i : i+bytes.Index(mailText[i:], []byte("\r\n"))+2])
}

func TestOnlyTheProviderIsAllowed(t *testing.T) {
	p := newPier(t)
	for ip, want := range map[string]bool{"192.0.2.7": true, "::ffff:192.0.2.7": true, "198.51.100.1": false, "2001:db8::1": false} {
		if got := p.connector.Allows(netip.MustParseAddr(ip), nil); got != want {
			t.Errorf("%s: %v, want %v", ip, got, want)
		}
	}
}

func TestClientsAreNamedWithoutVersions(t *testing.T) {
	for head, want := range map[string]string{
		"User-Agent: Mozilla Thunderbird\r\n":            "Mozilla Thunderbird",
		"User-Agent: Mutt/2.2.12 (2023-09-09)\r\n":       "Mutt",
		"X-Mailer: Apple Mail (2.3774.300.61.1.2)\r\n":   "Apple Mail",
		"X-Mailer: iPhone Mail (20F75)\r\n":              "iPhone Mail",
		"X-Mailer: " + strings.Repeat("x", 500) + "\r\n": strings.Repeat("x", 60),
		"X-Mailer: a\r\n\tb\x01c\r\n":                    "a b c",
		"Subject: none\r\n":                              "",
	} {
		if got := clientOf(mail.ParseHeader([]byte(head + "\r\n"))); got != want {
			t.Errorf("%q: %q, want %q", head, got, want)
		}
	}
}

func trustMail(text []byte) trust.Mail {
	i := bytes.Index(text, []byte("\r\n\r\n")) + 4
	return trust.Mail{Head: text[:i], Size: int64(len(text) - i), Body: func() io.ReadCloser { return io.NopCloser(bytes.NewReader(text[i:])) }}
}

// TestWhatNothingProvesIsRefusedWhereOthersSendToo: a provider's addresses are those of its
// other customers, too.
func TestWhatNothingProvesIsRefusedWhereOthersSendToo(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	p.connector.c.Unproved = "refuse"
	const result = "Authentication-Results: mx.provider.example; dmarc=pass header.from=team.example; dkim=pass header.d=team.example; spf=none\r\n"
	role := func(text []byte) []byte {
		return bytes.Replace(text, []byte("From: Ana <ana@team.example>"), []byte("From: Door <door@team.example>"), 1)
	}
	for name, c := range map[string]struct {
		text []byte
		good bool
	}{
		"another customer's, in Ana's name":  {p.letter("else.example", ""), false},
		"nobody's":                           {p.letter("", ""), false},
		"a forged result":                    {p.letter("", strings.Replace(result, "mx.provider", "mx.other", 1)), false},
		"a machine of ours, by the provider": {role(p.letter("", result)), true},
		"Ana's, signed":                      {p.letter("team.example", ""), true},
	} {
		err := p.take(c.text, "x@out.example")
		var reply *mail.Reply
		if c.good && err != nil || !c.good && (!errors.As(err, &reply) || reply.Code != 550) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if n := p.passages(); n[store.PassageHeld] != 1 || n[store.PassageUnproved] != 4 {
		t.Errorf("counted %v", n)
	}
}
