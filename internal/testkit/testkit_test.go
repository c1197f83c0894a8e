package testkit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestSamplesAreMails(t *testing.T) {
	names := map[string]bool{}
	for _, s := range Samples() {
		if names[s.Name] {
			t.Errorf("%s: twice", s.Name)
		}
		names[s.Name] = true
		if rest := strings.ReplaceAll(s.Text, "\r\n", ""); strings.ContainsAny(rest, "\r\n") {
			t.Errorf("%s: bare CR or LF", s.Name)
		}
		m, err := mail.ReadMessage(strings.NewReader(s.Text))
		if err != nil {
			t.Errorf("%s: %v", s.Name, err)
			continue
		}
		for _, field := range []string{"From", "To"} {
			if _, err := m.Header.AddressList(field); err != nil {
				t.Errorf("%s: %s: %v", s.Name, field, err)
			}
		}
	}
}

// dial is a stage against a Smarthost on TCP.
func dial(s *Smarthost) func(string) (net.Conn, error) {
	return func(string) (net.Conn, error) {
		host, port := s.Addr()
		return net.Dial("tcp", net.JoinHostPort(host, fmt.Sprint(port)))
	}
}

func perform(t *testing.T, st Stage, text string) {
	t.Helper()
	d, err := ParseDialogue(t.Name(), text)
	if err != nil {
		t.Fatal(err)
	}
	d.Run(t, st)
}

func TestSmarthostRecordsATransaction(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	ca := NewCA(t)
	s := NewSmarthost(t, SmarthostOptions{TLS: ca.Server("smarthost.example"), Auth: map[string]string{"ana": "pw"}, Log: log})
	perform(t, Stage{Dial: dial(s), TLS: ca.Client("smarthost.example")}, `
# a whole session
S: 220 smarthost.example ESMTP
C: EHLO me
S: 250-smarthost.example greets me
S: 250-STARTTLS
S: 250-AUTH *
S: 250-PIPELINING
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-DSN
S: 250-SIZE 0
S: 250 ENHANCEDSTATUSCODES
C: MAIL FROM:<a@b>
S: 530 *
C: STARTTLS
S: 220 *
C: <starttls>
C: HELO me
S: 250 *
C: AUTH PLAIN AGFuYQBwdw==
S: 235 *
C: RCPT TO:<early@b>
S: 503 *
C: MAIL FROM:<a@b> SIZE=3
S: 250 2.1.0 Ok
C: MAIL FROM:<a@b>
S: 503 *
C: RCPT TO:<c@d> NOTIFY=NEVER
S: 250 <*> Ok
C: DATA
S: 354 *
C! "Message-ID: <x@y>\r\n\r\n..dot\r\nbare\n.\nline\r\n.\r\n"
S: 250 *
C: NOOP
S: 250 *
C: BLAH
S: 500 *
C: QUIT
S: 221 *
S: <close>
`)
	list, err := s.WaitFor(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	m := list[0]
	if got, want := string(m.Data), "Message-ID: <x@y>\r\n\r\n.dot\r\nbare\n.\nline\r\n"; got != want {
		t.Errorf("data: got %q, want %q", got, want)
	}
	if m.From != "a@b" || m.User != "ana" || !m.TLS || len(m.Recipients) != 1 || m.Recipients[0].Params[0] != "NOTIFY=NEVER" || m.Header("message-id") != "<x@y>" {
		t.Errorf("got %+v", m)
	}
	if err := s.WaitCommand(t.Context(), "QUIT"); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	if got := string(b); strings.Count(got, "\tseen\t") != 1 || strings.Count(got, "\treplied\t250\t<x@y>\tc@d\t") != 1 {
		t.Errorf("log: %q", got)
	}
}

func TestSmarthostObeysRules(t *testing.T) {
	s := NewSmarthost(t, SmarthostOptions{})
	s.Script(
		Rule{Verb: "RCPT", Match: "bad@", Reply: "550-5.1.1 No\n550 5.1.1 such"},
		Rule{Verb: "MAIL", Skip: 1, Times: 1, Raw: "garbage\r\n"},
		Rule{Verb: "EOD", Times: 1, Close: true},
	)
	hello := "S: 220 *\nC: HELO x\nS: 250 *\nC: MAIL FROM:<>\n"
	perform(t, Stage{Dial: dial(s)}, hello+`S: 250 *
C: RCPT TO:<bad@x>
S: 550-5.1.1 No
S: 550 5.1.1 such
C: RCPT TO:<good@x>
S: 250 *
C: RSET
S: 250 *
C: MAIL FROM:<>
S: garbage
C: MAIL FROM:<>
S: 250 *
C: RCPT TO:<good@x>
S: 250 *
C: DATA
S: 354 *
C: .
S: <close>
`)
	if got := s.Transactions(); len(got) != 1 || got[0].Replied {
		t.Errorf("got %+v, want one transaction without reply", got)
	}
	if got := s.Delivered(); len(got) != 0 {
		t.Errorf("delivered: %+v", got)
	}
	s.Script(Rule{Verb: "CONNECT", Reply: "421 later", Close: true})
	perform(t, Stage{Dial: dial(s)}, "S: 421 later\nS: <close>\n")
	s.Reset()
	perform(t, Stage{Dial: dial(s)}, hello+"S: 250 *\nC: <close>\n")
	if total, most := s.Connections(); total != 3 || most < 1 {
		t.Errorf("connections: %d, at most %d", total, most)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.WaitFor(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
	if err := s.WaitCommand(ctx, "NEVER"); !errors.Is(err, context.Canceled) {
		t.Errorf("wait: %v", err)
	}
}

func TestSmarthostOverPipesMovesWithTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ln := NewPipeListener("192.0.2.1:25")
		s := NewSmarthost(t, SmarthostOptions{Listener: ln})
		defer s.Close()
		s.Script(Rule{Verb: "RSET", Delay: 3 * time.Hour}, Rule{Verb: "NOOP", Hang: true}, Rule{Verb: "HELO", Pace: time.Second})
		start := time.Now()
		var seen []string
		perform(t, Stage{
			Dial:    func(string) (net.Conn, error) { return ln.Dial(t.Context()) },
			Timeout: 24 * time.Hour,
			Actors:  map[string]func(string) error{"clock": func(text string) error { seen = append(seen, text+time.Since(start).String()); return nil }},
			Expand:  func(s string) string { return strings.ReplaceAll(s, "{me}", "ana") },
		}, `
S: 220 *
C: RSET
S: <silence>
+ 2h clock: after
S: 250 *
clock: now
S2: 220 *
C2: EHLO {me}
S2: 250-smarthost.example greets ana
C: NOOP
+ 1h
C: <close>
`)
		if got, want := strings.Join(seen, " "), "after2h0m0.001s now3h0m0s"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		c, err := ln.DialFrom(t.Context(), "198.51.100.9")
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if got := c.RemoteAddr().String(); got != "192.0.2.1:25" {
			t.Errorf("remote %s", got)
		}
		if got := c.LocalAddr().(*net.TCPAddr).IP.String(); got != "198.51.100.9" {
			t.Errorf("local %s", got)
		}
		s.Close()
		if _, err := ln.DialContext(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) {
			t.Errorf("dial after close: %v", err)
		}
	})
}

func TestDialogueFindsDifferences(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"S: 220 other", "d:1: \n got"},
		{"S: 220 *\nS: <close>", "want the end of the connection"},
		{"S: 220 *\nS: <silence>", "silence"},
		{"nobody: here", "nobody is called"},
		{"C: <half>", "no half"},
		{"C: hi\nC: <connect>\nS: 220 hello\nS: 221 bye\nS: 222", "want \"222\""},
	} {
		d, err := ParseDialogue("d", c.text)
		if err != nil {
			t.Fatal(err)
		}
		err = d.Play(Stage{Timeout: time.Second, Dial: func(string) (net.Conn, error) {
			client, server := net.Pipe()
			go func() {
				go io.Copy(io.Discard, server)
				io.WriteString(server, "220 hello\r\n221 bye\r\n")
				server.Close()
			}()
			return client, nil
		}})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.text, err, c.want)
		}
	}
	for _, bad := range []string{"hello", "+ soon", `C! x`, `S! "x"`} {
		if _, err := ParseDialogue("d", bad); err == nil {
			t.Errorf("%q: accepted", bad)
		}
	}
	if _, err := ReadDialogue(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("read of a missing file succeeded")
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		pattern, line string
		want          bool
	}{
		{"* OK *", "* OK [CAPABILITY IMAP4rev1] hi", true},
		{"* OK *", "a OK done", false},
		{"*", "anything", true},
		{"a OK done", "a OK done", true},
		{"a OK done", "a OK done!", false},
		{"a OK [COPYUID <*> 1 2] done", "a OK [COPYUID 77 1 2] done", true},
		{"a OK [COPYUID <*> 1 2] done", "a OK [COPYUID 77 1 3] done", false},
		{"a <*> b <*> c *", "a 1 b 2 c 3", true},
		{"a <*> b <*> c *", "a 1 b 2 d 3", false},
		{"a<*>", "a", true},
	} {
		if got := Matches(c.pattern, c.line); got != c.want {
			t.Errorf("Matches(%q, %q) = %v", c.pattern, c.line, got)
		}
	}
}

func TestCertificates(t *testing.T) {
	ca := NewCA(t)
	for name, c := range map[string]struct {
		cert tls.Certificate
		ok   bool
	}{
		"good": {ca.Issue("a.example", "127.0.0.1"), true}, "expired": {ca.IssueExpired("a.example"), false},
		"other name": {ca.Issue("b.example"), false}, "other authority": {NewCA(t).Issue("a.example"), false},
	} {
		_, err := c.cert.Leaf.Verify(x509.VerifyOptions{DNSName: "a.example", Roots: ca.Pool()})
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", name, err)
		}
	}
	cert, key, err := CertPEM(ca.Issue("a.example"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tls.X509KeyPair(cert, key); err != nil {
		t.Error(err)
	}
	if !strings.Contains(string(ca.PEM()), "BEGIN CERTIFICATE") {
		t.Error("no PEM")
	}
}

func TestSmarthostImplicitTLSAndLogin(t *testing.T) {
	ca := NewCA(t)
	s := NewSmarthost(t, SmarthostOptions{TLS: ca.Server("x.example"), Implicit: true, Auth: map[string]string{"ana": "pw"}})
	s.Script(Rule{Verb: "BODY", Match: "drop", Reply: "552 5.3.4 Too big"})
	perform(t, Stage{Dial: func(string) (net.Conn, error) {
		c, err := dial(s)("")
		if err != nil {
			return nil, err
		}
		return tls.Client(c, ca.Client("x.example")), nil
	}}, `
S: 220 *
C: STARTTLS
S: 502 *
C: AUTH CRAM-MD5
S: 504 *
C: AUTH LOGIN
S: 334 VXNlcm5hbWU6
C: YW5h
S: 334 UGFzc3dvcmQ6
C: d3Jvbmc=
S: 535 *
C: AUTH PLAIN
S: 334 *
C: AGFuYQBwdw==
S: 235 *
C: MAIL TO:<x>
S: 501 *
C: MAIL FROM:<x
S: 501 *
C: MAIL FROM:<x>
S: 250 *
C: RCPT FROM:<x>
S: 501 *
C: DATA
S: 554 *
C: RCPT TO:<c@d>
S: 250 *
C: DATA
S: 354 *
C: drop
S: 552 5.3.4 *
S: <close>
`)
}
