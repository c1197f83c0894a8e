package trust

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestVerdicts(t *testing.T) {
	none := func(*Options) {}
	for _, c := range []struct {
		name    string
		mail    Mail
		change  func(*Options)
		want    string // Verdict.String
		aligned Result
		pass    string // domain for which Pass must hold
	}{
		{"the domain itself sends", from(good, "olga@bank.example", letter("olga@bank.example")), none, "spf=pass dmarc=pass p=reject", Pass, "bank.example"},
		{"a stranger sends", from(evil, "olga@bank.example", letter("olga@bank.example")), none, "spf=fail dmarc=fail p=reject", Fail, ""},
		{"a signature survives a forwarder", from(evil, "fwd@evil.example", sign(t, "bank.example", letter("olga@bank.example"))), none, "spf=fail dkim=pass dmarc=pass p=reject", Pass, "bank.example"},
		{"a changed body breaks it", from(good, "x@lists.example", sign(t, "bank.example", letter("olga@bank.example"))+"-- \r\nlist footer\r\n"), none, "spf=pass dkim=fail dmarc=fail p=reject", Fail, ""},
		{"a pass of another domain is worth nothing", from(good, "x@evil.example", sign(t, "evil.example", letter("olga@bank.example"))), none, "spf=pass dkim=pass dmarc=fail p=reject", Fail, ""},
		{"a subdomain is in line when relaxed", from(good, "x@bank.example", letter("olga@mail.bank.example")), none, "spf=pass dmarc=pass p=reject", Pass, "mail.bank.example"},
		{"and is not when strict", from(good, "x@strict.example", letter("olga@mail.strict.example")), none, "spf=pass dmarc=fail p=reject", Fail, ""},
		{"sp is for subdomains", from(evil, "x@evil.example", letter("olga@mail.shop.example")), none, "spf=fail dmarc=fail p=none", Fail, ""},
		{"pct=0 is the next weaker policy", from(evil, "x@evil.example", letter("olga@half.example")), none, "spf=fail dmarc=fail p=quarantine", Fail, ""},
		{"t=y is the next weaker policy", from(evil, "x@evil.example", letter("olga@trial.example")), none, "spf=fail dmarc=fail p=none", Fail, ""},
		{"without a record there is no DMARC", from(good, "x@bare.example", letter("olga@bare.example")), none, "spf=pass", Pass, ""},
		{"two public suffixes are two organisations", from(good, "x@evil.example", letter("x@example")), none, "spf=pass", Fail, ""},
		{"the null reverse-path is checked by HELO", Mail{Helo: "bank.example", IP: from(good, "@", "").IP, Head: []byte(letter("mailer-daemon@bank.example")), Body: from("", "@", "").Body}, none, "spf=pass dmarc=pass p=reject", Pass, "bank.example"},
		{"two authors are none", from(good, "x@bank.example", letter("olga@bank.example, ana@team.example")), none, "spf=pass", Fail, ""},
		{"two From fields are none", from(good, "x@bank.example", letter("olga@bank.example", "From: ana@team.example")), none, "spf=pass", Fail, ""},
		{"two angles are none", from(good, "x@bank.example", letter("<ana@team.example> <olga@bank.example>")), none, "spf=pass", Fail, ""},
		{"inside nobody is asked", from("127.0.0.1", "x@bank.example", letter("olga@bank.example")), none, "", "", ""},
		{"a socket neither", from("", "x@bank.example", letter("olga@bank.example")), none, "", "", ""},
		{"a private address neither", from("10.1.2.3", "x@bank.example", letter("olga@bank.example")), none, "", "", ""},
		{"unless that is wanted", from("10.1.2.3", "x@bank.example", letter("olga@bank.example")), func(o *Options) { o.Private = true }, "spf=fail dmarc=fail p=reject", Fail, ""},
		{"without a resolver nobody is asked", from(evil, "x@bank.example", letter("olga@bank.example")), func(o *Options) { o.Resolver = nil }, "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := check(checker(world(), c.change), c.mail)
			if v.String() != c.want || v.Aligned != c.aligned {
				t.Errorf("verdict %q, aligned %q, want %q, %q (%+v)", v, v.Aligned, c.want, c.aligned, v)
			}
			for _, domain := range []string{"bank.example", "mail.bank.example", "team.example", "bare.example", ""} {
				if got, want := v.Pass(domain), c.pass != "" && domain == c.pass; got != want {
					t.Errorf("Pass(%q) is %v", domain, got)
				}
			}
		})
	}
}

// The vectors of RFC 8463 appendix A: one signature with Ed25519, one with RSA.
func TestVectorsOfRFC8463(t *testing.T) {
	text, err := os.ReadFile("testdata/rfc8463.eml")
	if err != nil {
		t.Fatal(err)
	}
	d := world()
	d.TXT["brisbane._domainkey.football.example.com"] = []string{"v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}
	d.TXT["test._domainkey.football.example.com"] = []string{"v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQ" +
		"KBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8u" +
		"BsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"}
	v := check(checker(d, nil), from(evil, "x@evil.example", string(text)))
	if len(v.DKIM) != 2 || v.DKIM[0].Result != Pass || v.DKIM[1].Result != Pass || v.Aligned != Pass {
		t.Errorf("signatures %+v, aligned %s", v.DKIM, v.Aligned)
	}
	changed := strings.Replace(string(text), "Is dinner", "Is Dinner", 1)
	if v := check(checker(d, nil), from(evil, "x@evil.example", changed)); v.DKIM[0].Result != Fail || v.DKIM[1].Result != Fail {
		t.Errorf("a changed subject: %+v", v.DKIM)
	}
}

// What the DNS does not answer condemns nobody, if it is about the author.
func TestSilenceOfTheDNS(t *testing.T) {
	signed := sign(t, "bank.example", letter("olga@bank.example"))
	for _, c := range []struct {
		name    string
		fail    string
		mail    Mail
		aligned Result
	}{
		{"the author's key", "s1._domainkey.bank.example", from(evil, "x@evil.example", signed), TempError},
		{"the author's SPF", "bank.example", from(evil, "x@bank.example", letter("olga@bank.example")), TempError},
		{"the author's policy", "_dmarc.bank.example", from(evil, "x@evil.example", letter("olga@bank.example")), TempError},
		{"the author's policy, but it passes", "_dmarc.bank.example", from(good, "x@bank.example", letter("olga@bank.example")), Pass},
		{"a stranger's SPF", "evil.example", from(evil, "x@evil.example", letter("olga@bank.example")), Fail},
		{"a stranger's key", "s1._domainkey.evil.example", from(evil, "x@bank.example", sign(t, "evil.example", letter("olga@bank.example"))), Fail},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := world()
			d.Fail[c.fail] = true
			if v := check(checker(d, nil), c.mail); v.Aligned != c.aligned || v.Pass("bank.example") && c.aligned != Pass {
				t.Errorf("aligned %q, want %q (%+v)", v.Aligned, c.aligned, v)
			}
		})
	}
}

// Slow names of a stranger cost time, and not the answer about the author.
func TestACheckEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := world()
		d.Slow["evil.example"] = true
		text := letter("olga@bank.example")
		for i := range 20 {
			name := fmt.Sprintf("slow%d.evil.example", i)
			d.Slow["s1._domainkey."+name] = true
			text = sign(t, name, text)
		}
		text = sign(t, "bank.example", text)
		began := time.Now()
		v := check(checker(d, nil), from(evil, "x@evil.example", text))
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("took %s", took)
		}
		if v.SPF.Result != TempError || v.Aligned != Pass {
			t.Errorf("verdict %+v", v)
		}
	})
}

// With all places taken, who comes late waits no longer than his own time.
func TestQuestionsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := world()
		d.Slow["evil.example"] = true
		c := checker(d, func(o *Options) { o.Questions = 1 })
		first, stop := context.WithCancel(context.Background())
		go c.ask(monday).LookupTXT(first, "evil.example")
		synctest.Wait()
		v := check(c, from(good, "x@bank.example", letter("olga@bank.example")))
		if v.Aligned != TempError || len(d.Asked()) != 1 {
			t.Errorf("verdict %+v, asked %q", v, d.Asked())
		}
		stop()
	})
}

func TestAnswersAreRemembered(t *testing.T) {
	d := world()
	c := checker(d, nil)
	m := from(good, "x@bank.example", letter("olga@bank.example"))
	check(c, m)
	n := len(d.Asked())
	if check(c, m); len(d.Asked()) != n {
		t.Errorf("asked again: %q", d.Asked()[n:])
	}
	if c.Check(context.Background(), m, monday.Add(2*time.Minute)); len(d.Asked()) != 2*n {
		t.Errorf("after two minutes %d questions, want %d", len(d.Asked()), 2*n)
	}
	for i := range 3 * maxRemembered {
		_, _ = c.ask(monday).LookupTXT(context.Background(), fmt.Sprintf("n%d.evil.example", i))
	}
	if n := len(c.cache.all); n > maxRemembered {
		t.Errorf("%d answers are remembered", n)
	}
}

// Signatures in line with the author are found among thousand others.
func TestThousandSignatures(t *testing.T) {
	text := sign(t, "bank.example", letter("olga@bank.example"))
	junk := strings.Repeat("DKIM-Signature: v=1; a=rsa-sha256; d=evil.example; s=s1; h=from; bh=AAAA; b=AAAA\r\n", 1000)
	d := world()
	v := check(checker(d, nil), from(evil, "x@evil.example", junk+text))
	if v.Aligned != Pass || len(v.DKIM) > maxListed {
		t.Errorf("aligned %s, %d signatures", v.Aligned, len(v.DKIM))
	}
	if n := len(d.Asked()); n > 10 {
		t.Errorf("%d questions", n)
	}
}

func TestHostileSPF(t *testing.T) {
	d := world()
	d.TXT["loop.example"] = []string{"v=spf1 include:loop.example -all"}
	var many string
	for i := range 200 {
		many += fmt.Sprintf(" a:h%d.many.example", i)
		d.A[fmt.Sprintf("h%d.many.example", i)] = []string{"203.0.113.1"}
	}
	d.TXT["many.example"] = []string{"v=spf1" + many + " +all"}
	d.TXT["void.example"] = []string{"v=spf1 a:a.void.example a:b.void.example a:c.void.example a:d.void.example +all"}
	d.TXT["two.example"] = []string{"v=spf1 +all", "v=spf1 -all"}
	d.TXT["long.example"] = []string{"v=spf1 exists:" + strings.Repeat("%{l}.", 40) + "example +all"}
	for _, domain := range []string{"loop.example", "many.example", "void.example", "two.example"} {
		before := len(d.Asked())
		v := check(checker(d, nil), from(evil, "x@"+domain, letter("x@"+domain)))
		if v.SPF.Result != PermError || v.Aligned != Fail {
			t.Errorf("%s: %+v", domain, v.SPF)
		}
		if n := len(d.Asked()) - before; n > 16 {
			t.Errorf("%s: %d questions", domain, n)
		}
	}
	v := check(checker(d, nil), from(evil, strings.Repeat("l", 60)+"@long.example", letter("x@long.example")))
	if v.SPF.Result != Pass { // The name that is too long does not exist; "+all" is what the domain says.
		t.Errorf("long.example: %+v", v.SPF)
	}
}

func TestNoDomainNoSPF(t *testing.T) {
	for _, path := range []string{"x@localhost", "x@[192.0.2.1]", "x@192.0.2.1", "x@a..b", "x@-\x00.example"} {
		m := from(good, path, letter("x@bank.example"))
		if v := check(checker(world(), nil), m); v.SPF.Result != None || v.SPF.Domain != "" {
			t.Errorf("%q: %+v", path, v.SPF)
		}
	}
}

func TestLists(t *testing.T) {
	m := from(good, "announce-bounces@lists.example", letter("ana@bank.example"))
	c := checker(world(), func(o *Options) { o.Lists = []string{"lists.example"} })
	if v := check(c, m); !v.Listed || !v.Authenticated("news.lists.example") || v.Authenticated("bank.example") {
		t.Errorf("verdict %+v", v)
	}
	if v := check(c, from(evil, "announce-bounces@lists.example", letter("ana@bank.example"))); v.Listed {
		t.Error("who only says he is the list is believed")
	}
}

// The resolver of this machine's own Go, asked over the network.
func TestResolverOverUDP(t *testing.T) {
	d := world()
	d.MX = map[string][]string{"bank.example": {"mx.bank.example."}}
	d.A["mx.bank.example"] = []string{good, "2001:db8::7"}
	d.TXT["bank.example"] = []string{"v=spf1 mx -all"}
	d.Fail["shop.example"] = true
	addr, stop, err := d.Serve()
	if err != nil {
		t.Skipf("no UDP socket on loopback: %v", err)
	}
	defer stop()
	c := checker(NewResolver(addr), nil)
	v := check(c, from(good, "b@bank.example", sign(t, "bank.example", letter("olga@bank.example"))))
	if v.String() != "spf=pass dkim=pass dmarc=pass p=reject" {
		t.Errorf("verdict %q (%+v)", v, v)
	}
	if v := check(c, from("2001:db8::7", "b@bank.example", letter("olga@bank.example"))); v.SPF.Result != Pass {
		t.Errorf("by IPv6: %+v", v)
	}
	if v := check(c, from(good, "b@shop.example", letter("olga@shop.example"))); v.SPF.Result != TempError || v.Aligned != TempError {
		t.Errorf("a server that fails: %+v", v)
	}
}

// What the checks cost: a peer inside, whom nobody asks about; and a signed mail of a
// customer whose names are remembered.
func BenchmarkCheck(b *testing.B) {
	text := sign(b, "bank.example", letter("olga@bank.example", "X-Long: "+strings.Repeat("word ", 300)))
	for name, ip := range map[string]string{"inside": "127.0.0.1", "checked": evil} {
		b.Run(name, func(b *testing.B) {
			c := checker(world(), nil)
			m := from(ip, "x@evil.example", text)
			for b.Loop() {
				v := c.Check(context.Background(), m, monday)
				_, _ = c.Clean(m.Head, m), c.Field(v)
			}
		})
	}
}
