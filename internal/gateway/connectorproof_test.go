package gateway

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidepost/config"
	"tidepost/internal/testkit"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/trust"
)

const results = "Authentication-Results: "

// provedResult is a field in which the provider says that Ana wrote it.
func provedResult(server string) string {
	return results + server + "; dmarc=pass header.from=team.example; dkim=pass header.d=team.example; spf=none\r\n"
}

// What proves an author, and what does not: the signature must hold and be of a domain of
// ours, the result must be the provider's own, and From and reverse-path one person's.
func TestWhoIsProved(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	evil := provedResult("mx.evil.example")
	failed := results + "mx.provider.example; dmarc=fail header.from=team.example; dkim=none; spf=fail smtp.mailfrom=team.example\r\n"
	swap := func(text []byte, old, with string) []byte {
		t.Helper()
		if !bytes.Contains(text, []byte(old)) {
			t.Fatalf("no %q in the mail", old)
		}
		return bytes.Replace(text, []byte(old), []byte(with), 1)
	}
	for _, c := range []struct {
		name string
		from string // reverse-path
		text []byte
		held bool
	}{
		{"signed", "ana@team.example", p.letter("team.example", ""), true},
		{"signed, with a tag in the reverse-path", "ana+x@team.example", p.letter("team.example", ""), true},
		{"signed, body changed", "ana@team.example", swap(p.letter("team.example", ""), "Hello.", "Hullo."), false},
		{"signed, a footer behind", "ana@team.example", append(p.letter("team.example", ""), "-- \r\nfooter\r\n"...), false},
		{"signed, another From", "mei@team.example", swap(p.letter("team.example", ""), "Ana <ana@", "Ana <mei@"), false},
		{"signed, another From on top", "ana@team.example", append([]byte("From: ana@team.example\r\n"), p.letter("team.example", "")...), false},
		{"signed, two in From", "ana@team.example", p.signed("team.example", swap(p.letter("", ""), "<ana@team.example>", "<ana@team.example>, mei@team.example")), false},
		{"signed, a colleague's reverse-path", "mei@team.example", p.letter("team.example", ""), false},
		{"signed, a reverse-path outside", "x@out.example", p.letter("team.example", ""), false},
		{"signed, null reverse-path", "", p.letter("team.example", ""), false},
		{"signed by a domain that is not ours", "ana@team.example", p.letter("else.example", ""), false},
		{"signed, from nobody here", "ghost@team.example", p.signed("team.example", swap(p.letter("", ""), "ana@", "ghost@")), false},
		{"the provider's result", "ana@team.example", p.letter("", provedResult("mx.provider.example")), true},
		{"the provider's result, name in capitals", "ana@team.example", p.letter("", provedResult("MX.Provider.Example")), true},
		{"another server's result", "ana@team.example", p.letter("", evil), false},
		{"a name that only begins like it", "ana@team.example", p.letter("", provedResult("mx.provider.example.evil.example")), false},
		{"the provider's failure above the sender's own field", "ana@team.example", p.letter("", failed+provedResult("mx.provider.example")), false},
		{"another's field above the provider's failure", "ana@team.example", p.letter("", evil+failed), false},
		{"a result about another From", "ana@team.example", p.letter("", strings.ReplaceAll(provedResult("mx.provider.example"), "team.example", "else.example")), false},
		{"a result in the body", "ana@team.example", append(p.letter("", ""), provedResult("mx.provider.example")...), false},
		{"a result, and a colleague's reverse-path", "mei@team.example", p.letter("", provedResult("mx.provider.example")), false},
	} {
		before := p.passages()
		if err := p.takeFrom(c.from, c.text, "x@out.example"); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		n := p.passages()
		held, unproved := n[store.PassageHeld]-before[store.PassageHeld], n[store.PassageUnproved]-before[store.PassageUnproved]
		if held+unproved != 1 || (held == 1) != c.held {
			t.Errorf("%s: %d held, %d passed on; want held %v", c.name, held, unproved, c.held)
		}
	}
}

// Mail of nobody here leaves as it came: nothing is put right, cut out or signed.
func TestPassedMailIsNotChanged(t *testing.T) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "dkim.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	p := newPier(t, func(c *config.Config) { c.DKIM = config.DKIM{Domain: "team.example", Selector: "t", KeyFile: file} })
	p.sleeper()
	for name, text := range map[string]string{
		"forged, not signed":    string(p.letter("", "")),
		"a tag for nobody":      strings.Replace(string(p.letter("", "")), "Subject: Plan", "Subject: [now] Plan", 1),
		"a Bcc, a strange Date": "From: ana@team.example\r\nBcc: y@out.example\r\nDate: yesterday\r\nSubject: a\r\nMessage-ID: <q1@team.example>\r\n\r\nb\r\n",
		"a signed Bcc":          string(p.signed("else.example", []byte("From: y@else.example\r\nBcc: z@out.example\r\nDate: "+time.Now().Format(time.RFC1123Z)+"\r\nSubject: a\r\nMessage-ID: <q2@else.example>\r\n\r\nb\r\n"), "Bcc")),
	} {
		before := len(p.provider.Delivered())
		if err := p.takeFrom("x@else.example", []byte(text), "mei@team.example"); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := string(p.run(before+1, time.Now().Add(time.Second))[before].Data)
		added, ok := strings.CutSuffix(got, text)
		if !ok {
			t.Errorf("%s: it was changed:\n%s\nwas\n%s", name, got, text)
		} else if strings.Contains(added, "DKIM-Signature") {
			t.Errorf("%s: our signature says that it is true:\n%s", name, added)
		}
	}
	if n := p.passages(); n[store.PassageUnproved] != 4 {
		t.Errorf("counted %v", n)
	}
	// What is proved is signed.
	if err := p.take(p.letter("", provedResult("mx.provider.example")), "x@out.example"); err != nil {
		t.Fatal(err)
	}
	if got := p.run(5, time.Now().Add(time.Minute))[4]; !strings.Contains(got.Header("DKIM-Signature"), "d=team.example") {
		t.Errorf("no signature of ours:\n%s", got.Data)
	}
}

// A subject with a tag that is signed keeps it: it is obeyed, and the signature holds.
func TestSignedTagIsObeyedAndStays(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	text := p.signed("team.example", bytes.Replace(p.letter("", ""), []byte("Subject: Plan"), []byte("Subject: [now] Plan"), 1), "Subject")
	if err := p.take(text, "mei@team.example"); err != nil {
		t.Fatal(err)
	}
	got := p.run(1, time.Now().Add(time.Minute))[0]
	if got.Recipients[0].Address != "mei@team.example" || !bytes.Contains(got.Data, []byte("\r\nSubject: [now] Plan\r\n")) {
		t.Errorf("to %v:\n%s", got.Recipients, got.Data)
	}
	if v := (trust.New(trust.Options{Resolver: p.site.Resolver})).Signatures(t.Context(), trustMail(got.Data), "team.example", time.Now()); len(v) != 1 || v[0].Result != trust.Pass {
		t.Errorf("the provider's signature: %+v", v)
	}
	// Not signed, it is cut off as ever.
	text = bytes.Replace(p.letter("", provedResult("mx.provider.example")), []byte("Subject: Plan"), []byte("Subject: [now] Plan"), 1)
	if err := p.take(text, "mei@team.example"); err != nil {
		t.Fatal(err)
	}
	if got := p.run(2, time.Now().Add(time.Minute))[1]; !bytes.Contains(got.Data, []byte("\r\nSubject: Plan\r\n")) {
		t.Errorf("the tag has stayed:\n%s", got.Data)
	}
}

// What was passed on and cannot be delivered is reported to its reverse-path, by the way
// it went; a report that cannot be delivered ends there.
func TestPassedMailThatFailsIsReported(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	p.provider.Script(testkit.Rule{Verb: "RCPT", Match: "gone@", Reply: "550 5.1.1 nobody"})
	if err := p.takeFrom("x@else.example", []byte("From: x@else.example\r\nSubject: a\r\nMessage-ID: <q1@else.example>\r\n\r\nb\r\n"), "gone@out.example"); err != nil {
		t.Fatal(err)
	}
	got := p.run(1, time.Now().Add(time.Minute))[0]
	if got.From != "" || len(got.Recipients) != 1 || got.Recipients[0].Address != "x@else.example" || !strings.Contains(string(got.Data), "nobody") ||
		!strings.Contains(got.Header("Content-Type"), "multipart/report") {
		t.Errorf("the report is from %q to %v:\n%s", got.From, got.Recipients, got.Data)
	}
	if err := p.takeFrom("", []byte("From: x@else.example\r\nSubject: a\r\nMessage-ID: <q2@else.example>\r\n\r\nb\r\n"), "gone@out.example", "y@out.example"); err != nil {
		t.Fatal(err)
	}
	if got := p.run(2, time.Now().Add(time.Minute)); len(got) != 2 || got[1].Recipients[0].Address != "y@out.example" {
		t.Errorf("%d mails, want no report on the mail with the null reverse-path", len(got))
	}
}

// Mail that comes back with recipients it went to and others is split: those get it at
// once, the others at their hour, and nobody gets none or two.
func TestMarkedMailToOldAndNewRecipients(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	if err := p.take(p.letter("team.example", ""), "x@out.example"); err != nil {
		t.Fatal(err)
	}
	first := p.run(1, time.Now().Add(time.Minute))[0].Data
	if err := p.take(first, "mei@team.example", "X@Out.example"); err != nil {
		t.Fatal(err)
	}
	got := p.run(2, time.Now().Add(time.Minute))
	if last := got[1]; len(last.Recipients) != 1 || last.Recipients[0].Address != "X@out.example" {
		t.Errorf("at once it went to %v", last.Recipients)
	}
	if n := p.passages(); n[store.PassageHeld] != 2 || n[store.PassageAgain] != 1 {
		t.Errorf("counted %v", n)
	}
	morning := time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)
	p.jump = time.Until(morning)
	got = p.run(3, morning.Add(time.Minute))
	if last := got[2]; len(last.Recipients) != 1 || last.Recipients[0].Address != "mei@team.example" || !bytes.HasSuffix(last.Data, []byte("\r\n\r\nHello.\r\n")) {
		t.Errorf("in the morning it went to %v", last.Recipients)
	}
}

// Whoever may not write to a group is not answered by a refusal of the whole mail: the
// provider judges that address.
func TestGroupThatIsClosedRefusesNothing(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	address, senders, members := "board@team.example", "members", "mei@team.example"
	_, err := people.NewEditor(p.db, p.cfg.Server.Domains, rand.Reader).AddGroup(t.Context(), false,
		people.GroupRequest{Address: &address, Senders: &senders, Members: &members}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.dir.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := p.take(p.letter("team.example", ""), "board@team.example", "x@out.example"); err != nil {
		t.Fatal(err)
	}
	var to []string
	for _, m := range p.run(1, time.Now().Add(time.Minute)) {
		for _, r := range m.Recipients {
			to = append(to, r.Address)
		}
	}
	if strings.Join(to, " ") != "board@team.example x@out.example" {
		t.Errorf("it went to %v", to)
	}
}

// Circles end for mail without a Message-ID, and for mail with one that cannot be read.
func TestCirclesOfStrangeMailEnd(t *testing.T) {
	p := newPier(t)
	p.sleeper()
	for name, head := range map[string]string{"none": "", "two": "Message-ID: <a@x.example> <b@x.example>\r\n", "no id": "Message-ID: hello\r\n", "empty": "Message-ID: <>\r\n"} {
		text := []byte("From: x@else.example\r\nSubject: a\r\n" + head + "\r\nb\r\n")
		for n := 1; ; n++ {
			err := p.takeFrom("x@else.example", text, "y@out.example")
			if n == 3 {
				var refused *mail.Reply
				if !errors.As(err, &refused) || refused.Code != 554 {
					t.Errorf("%s: the third time: %v, want 554", name, err)
				}
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			before := len(p.provider.Delivered())
			text = p.run(before+1, time.Now().Add(time.Second))[before].Data
		}
	}
}
