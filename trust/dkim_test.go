package trust

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-msgauth/dkim"
)

func TestSignaturesThatAreNone(t *testing.T) {
	k, public := signingKey()
	text := letter("olga@bank.example")
	signed := sign(t, "bank.example", text)
	for _, c := range []struct {
		name   string
		text   string
		key    []string // instead of the domain's
		want   Result
		reason string
	}{
		{"as it should be", signed, nil, Pass, ""},
		{"no key", strings.Replace(signed, "s=s1", "s=s2", 1), nil, PermError, "no key for signature"},
		{"revoked", signed, []string{"v=DKIM1; k=ed25519; p="}, PermError, "key revoked"},
		{"another key", signed, []string{"v=DKIM1; k=ed25519; p=" + base64.StdEncoding.EncodeToString(make([]byte, 32))}, Fail, "signature did not verify"},
		{"two keys", signed, []string{public, public}, PermError, "multiple TXT records found for key"},
		{"a key on trial", signed, []string{public + "; t=s:y"}, Neutral, "the key is a test"},
		{"a key for other services", signed, []string{public + "; s=other"}, PermError, "inappropriate service"},
		{"an endless key", signed, []string{public + "; n=" + strings.Repeat("x", maxKey)}, PermError, "the key is too long"},
		{"expired", signWith(t, "bank.example", text, k, func(o *dkim.SignOptions) { o.Expiration = time.Now().Add(-time.Hour) }), nil, PermError, "signature has expired"},
		{"part of the body only", strings.Replace(signed, "v=1;", "v=1; l=5;", 1), nil, Fail, "message contains an insecure body length tag"},
		{"a second From on top", "From: ana@team.example\r\n" + signed, nil, Pass, ""}, // DMARC sees two authors.
		{"From is not signed", strings.Replace(signed, "h=From:", "h=", 1), nil, PermError, "From field not signed"},
		{"thousand names", strings.Replace(signed, "h=From", "h=From"+strings.Repeat(":x", 1000), 1), nil, PermError, "the signature is too long"},
		{"a field of 20 KB", "DKIM-Signature: v=1; d=bank.example; s=s1; x=" + strings.Repeat("1", 20000) + "\r\n" + text, nil, PermError, "bad signature field"},
		{"no domain", strings.Replace(signed, "d=bank.example", "d=bank", 1), nil, PermError, "bad signature field"},
		{"a selector with a space in the name", strings.Replace(signed, "s=s1", "s=s1..x", 1), nil, PermError, "bad signature field"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := world()
			if c.key != nil {
				d.TXT["s1._domainkey.bank.example"] = c.key
			}
			v := check(checker(d, nil), from(evil, "x@evil.example", c.text))
			if len(v.DKIM) != 1 || v.DKIM[0].Result != c.want || v.DKIM[0].Reason != c.reason {
				t.Fatalf("signatures %+v, want %s, %q", v.DKIM, c.want, c.reason)
			}
			if v.Pass("bank.example") != (c.want == Pass && c.name == "as it should be") {
				t.Errorf("Pass is %v", v.Pass("bank.example"))
			}
		})
	}
}

func TestSmallRSAKeys(t *testing.T) {
	for bits, want := range map[int]Result{1024: Pass, 2048: Pass} {
		k, err := rsa.GenerateKey(rand.Reader, bits)
		if err != nil {
			t.Fatal(err)
		}
		pub, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
		if err != nil {
			t.Fatal(err)
		}
		d := world()
		d.TXT["s1._domainkey.bank.example"] = []string{"v=DKIM1; p=" + base64.StdEncoding.EncodeToString(pub)}
		if v := check(checker(d, nil), from(evil, "x@evil.example", signWith(t, "bank.example", letter("olga@bank.example"), k, nil))); v.DKIM[0].Result != want {
			t.Errorf("%d bits: %+v", bits, v.DKIM)
		}
	}
	// 512 bits, RFC 8301 §3.2.
	d := world()
	d.TXT["s1._domainkey.bank.example"] = []string{"v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKj34GkxFhD90vcNLYLInFEX6Ppy1tPf9Cnzj4p4WGeKLs1Pt8QuKUpRKfFLfRYC9AIKjbJTWit+CqvjWYzvQwECAwEAAQ=="}
	if v := check(checker(d, nil), from(evil, "x@evil.example", strings.Replace(sign(t, "bank.example", letter("olga@bank.example")), "a=ed25519-", "a=rsa-", 1))); v.DKIM[0].Result != PermError || v.DKIM[0].Reason != "key is too short" {
		t.Errorf("512 bits: %+v", v.DKIM)
	}
}

// A signature over signatures holds, wherever it stands among them.
func TestSignatureOverSignatures(t *testing.T) {
	k, _ := signingKey()
	over := func(domain, text string) string {
		return signWith(t, domain, text, k, func(o *dkim.SignOptions) { o.HeaderKeys = []string{"From", "DKIM-Signature"} })
	}
	text := sign(t, "lists.example", over("bare.example", sign(t, "bank.example", letter("olga@bank.example"))))
	v := check(checker(world(), nil), from(evil, "x@evil.example", over("shop.example", text)))
	for _, s := range v.DKIM {
		if s.Result != Pass {
			t.Errorf("%+v", s)
		}
	}
	if len(v.DKIM) != 4 || v.DKIM[0].Domain != "bank.example" || v.DKIM[1].Domain != "shop.example" {
		t.Errorf("order %+v", v.DKIM)
	}
}

// A body that costs the library time and memory without end does not cost us any.
func TestHostileBodies(t *testing.T) {
	k, _ := signingKey()
	simple := signWith(t, "bank.example", letter("olga@bank.example"), k, func(o *dkim.SignOptions) { o.BodyCanonicalization = dkim.CanonicalizationSimple })
	blank := from(evil, "x@evil.example", simple)
	blank.Size = 50 << 20
	blank.Body = func() io.ReadCloser {
		return io.NopCloser(io.LimitReader(&cycle{text: []byte("\r\n")}, blank.Size))
	}
	before := runtime.NumGoroutine()
	v := check(checker(world(), nil), blank)
	if v.DKIM[0].Result != PermError || v.DKIM[0].Reason != errBlank.Error() {
		t.Errorf("blank lines: %+v", v.DKIM)
	}
	broken := from(evil, "x@evil.example", sign(t, "lists.example", simple))
	broken.Body = func() io.ReadCloser {
		return io.NopCloser(io.MultiReader(strings.NewReader("Hello"), &cycle{err: errors.New("disk")}))
	}
	if v := check(checker(world(), nil), broken); v.DKIM[0].Result != TempError || v.DKIM[1].Result != TempError || v.Aligned != TempError {
		t.Errorf("a disk that does not read: %+v", v)
	}
	runtime.Gosched()
	if after := runtime.NumGoroutine(); after > before+1 {
		t.Errorf("%d goroutines, before %d", after, before)
	}
	// A header of 2,000 lines, one field folded, is joined once for each signature.
	long := from(evil, "x@evil.example", sign(t, "bank.example", letter("olga@bank.example", "X: "+strings.Repeat("\r\n "+strings.Repeat("y", 100), 1900))))
	if v := check(checker(world(), nil), long); v.DKIM[0].Result != Pass {
		t.Errorf("a long header: %+v", v.DKIM)
	}
	tooLong := from(evil, "x@evil.example", sign(t, "bank.example", letter("olga@bank.example", strings.Repeat("X: 1\r\n", 2100)+"X: 1")))
	if v := check(checker(world(), nil), tooLong); v.DKIM[0].Result != PermError {
		t.Errorf("too long a header: %+v", v.DKIM)
	}
}

// The octets that are hashed for one message have an end.
func TestFewSignaturesOfLargeMail(t *testing.T) {
	text := letter("olga@bank.example")
	for _, d := range []string{"evil.example", "lists.example", "shop.example", "bank.example"} {
		text = sign(t, d, text)
	}
	m := from(evil, "x@evil.example", text)
	m.Size = 60 << 20
	read := 0
	body := m.Body
	m.Body = func() io.ReadCloser { read++; return body() }
	v := check(checker(world(), nil), m)
	if read != 1 || v.DKIM[0].Domain != "bank.example" || v.DKIM[0].Result != Pass || v.DKIM[3].Result != Neutral {
		t.Errorf("read %d times, signatures %+v", read, v.DKIM)
	}
}

// A body that does not come ends with the time of the check, and a slot for hashing is
// given back.
func TestSlowBody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := from(evil, "x@evil.example", sign(t, "bank.example", letter("olga@bank.example")))
		ctx, stop := context.WithTimeout(context.Background(), time.Hour)
		defer stop()
		m.Body = func() io.ReadCloser { return io.NopCloser(&cycle{text: []byte("x"), pause: time.Second}) }
		c := checker(world(), nil)
		began := time.Now()
		if v := c.Check(ctx, m, monday); v.DKIM[0].Result != TempError || time.Since(began) > 6*time.Second {
			t.Errorf("after %s: %+v", time.Since(began), v.DKIM)
		}
		if len(c.hashing) != 0 {
			t.Error("a slot is taken")
		}
	})
}

// A cycle repeats a text, or fails.
type cycle struct {
	text  []byte
	err   error
	pause time.Duration
}

func (c *cycle) Read(p []byte) (int, error) {
	if c.err != nil {
		return 0, c.err
	}
	if c.pause > 0 {
		time.Sleep(c.pause)
		return copy(p, c.text), nil
	}
	return copy(p, bytes.Repeat(c.text, len(p)/len(c.text)+1)), nil
}
