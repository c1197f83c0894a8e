package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"tidepost/internal/testkit"
)

// dateField is the Date of a letter of testkit.
var dateField = regexp.MustCompile(`(?m)^Date: .*$`)

// mailTo writes a message of now with LF line ends, as people and programs have them in
// files.
func mailTo(from, to, subject, id, text string, extra ...string) string {
	letter := strings.ReplaceAll(testkit.Letter(from, to, subject, id, text, extra...), "\r\n", "\n")
	head, body, _ := strings.Cut(letter, "\n\n")
	return dateField.ReplaceAllString(head, "Date: "+time.Now().Format(time.RFC1123Z)) + "\n\n" + body
}

// swaks speaks to a door with the options that it needs.
func (s *server) swaks(door string, args ...string) result {
	s.t.Helper()
	need(s.t, "swaks")
	base := []string{"--server", "127.0.0.1", "--port", s.port(door), "--helo", "laptop.example"}
	switch door {
	case "submission":
		base = append(base, "--tls")
	case "submissions":
		base = append(base, "--tls-on-connect")
	case "lmtp":
		base = append(base, "--protocol", "LMTP")
	}
	return s.command(nil, "swaks", append(base, args...)...)
}

// letter makes a file for swaks' --data, which puts a line end of its own behind it.
func (s *server) letter(name, text string) string {
	s.t.Helper()
	return s.write(name, strings.TrimSuffix(text, "\n"))
}

// login are swaks' options for a person; the mechanism may be "".
func login(name, mechanism string) []string {
	return []string{"--auth", mechanism, "--auth-user", name + "@team.example", "--auth-password", password}
}

// submit sends a message through the TLS door with the author's login.
func (s *server) submit(author, text string, to ...string) {
	s.t.Helper()
	file := s.letter("outgoing.eml", text)
	args := append(login(author, "PLAIN"), "--from", author+"@team.example", "--to", strings.Join(to, ","), "--data", "@"+file)
	if r := s.swaks("submissions", args...); r.code != 0 {
		s.t.Fatalf("swaks ended with %d:\n%s", r.code, r.out)
	}
}

// next waits for the next message at the fake smarthost that has the Message-ID.
func (s *server) next(id string) testkit.Transaction {
	s.t.Helper()
	var found testkit.Transaction
	until(s.t, patience, func() error {
		for _, m := range s.smarthost.Delivered() {
			if strings.Trim(m.Header("Message-ID"), "<>") == id {
				found = m
				return nil
			}
		}
		return fmt.Errorf("<%s> has not reached the smarthost", id)
	})
	return found
}

// recipients are the forward-paths of a transaction, sorted.
func recipients(m testkit.Transaction) []string {
	var out []string
	for _, r := range m.Recipients {
		out = append(out, r.Address)
	}
	slices.Sort(out)
	return out
}

// fieldsOf splits a header into whole fields and returns the body too.
func fieldsOf(text string) (fields []string, body string) {
	head, body, _ := strings.Cut(text, "\r\n\r\n")
	for line := range strings.SplitSeq(head, "\r\n") {
		if len(fields) > 0 && (strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")) {
			fields[len(fields)-1] += "\r\n" + line
		} else {
			fields = append(fields, line)
		}
	}
	return fields, body
}

// without drops the fields of some names.
func without(fields []string, names ...string) []string {
	return slices.DeleteFunc(slices.Clone(fields), func(f string) bool {
		name, _, _ := strings.Cut(f, ":")
		return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
	})
}

// exact checks that got is sent, octet for octet, but for the fields named: Received
// and Date are written at release.
func exact(t testing.TB, sent, got string, names ...string) {
	t.Helper()
	names = append(names, "Received", "Date")
	wantFields, wantBody := fieldsOf(strings.ReplaceAll(sent, "\n", "\r\n"))
	gotFields, gotBody := fieldsOf(got)
	if want, got := without(wantFields, names...), without(gotFields, names...); !slices.Equal(want, got) {
		t.Errorf("header differs\nwant %q\ngot  %q", want, got)
	}
	if wantBody != gotBody {
		t.Errorf("body differs\nwant %q\ngot  %q", wantBody, gotBody)
	}
	count := func(name string) int { return len(gotFields) - len(without(gotFields, name)) }
	if count("Received") != 1 || count("Date") != 1 || count("Bcc") != 0 {
		t.Errorf("%d Received, %d Date, %d Bcc fields, want 1, 1 and 0:\n%s", count("Received"), count("Date"), count("Bcc"), got)
	}
}

func TestSwaksSubmits(t *testing.T) {
	t.Parallel()
	need(t, "swaks")
	s := setup(t, options{})
	for _, c := range []struct{ name, door, mechanism string }{
		{"starttls plain", "submission", "PLAIN"},
		{"starttls login", "submission", "LOGIN"},
		{"tls plain", "submissions", "PLAIN"},
		{"tls login", "submissions", "LOGIN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			id := strings.ReplaceAll(c.name, " ", "-") + "@team.example"
			text := mailTo("Ana <ana@team.example>", "Carol <carol@outside.example>", "Offer", id, "Dear Carol,\n\n.a dot\n..two\n\nthe offer is below.  \nAna\n")
			file := s.letter("mail.eml", text)
			r := s.swaks(c.door, append(login("ana", c.mechanism), "--from", "ana@team.example", "--to", "carol@outside.example", "--data", "@"+file)...)
			if r.code != 0 {
				t.Fatalf("swaks ended with %d:\n%s", r.code, r.out)
			}
			m := s.next(id)
			exact(t, text, string(m.Data))
			if m.From != "ana@team.example" || !slices.Equal(recipients(m), []string{"carol@outside.example"}) {
				t.Errorf("envelope is %s → %v", m.From, recipients(m))
			}
		})
	}
}

func TestSwaksIsRefused(t *testing.T) {
	t.Parallel()
	need(t, "swaks")
	s := setup(t, options{})
	plain := login("ana", "PLAIN")
	wrong := []string{"--auth", "PLAIN", "--auth-user", "ana@team.example", "--auth-password", "wrong"}
	file := s.letter("mail.eml", mailTo("ana@team.example", "carol@outside.example", "Refused", "refused@team.example", "Text.\n"))
	for _, c := range []struct {
		name, door string
		args       []string
		want       string // in swaks' transcript
	}{
		{"wrong password", "submissions", append(wrong, "--from", "ana@team.example", "--to", "carol@outside.example"), "535 5.7.8"},
		{"no login", "submissions", []string{"--from", "ana@team.example", "--to", "carol@outside.example"}, "530 5.7.0"},
		{"foreign reverse-path", "submissions", append(plain, "--from", "eve@outside.example", "--to", "carol@outside.example"), "553 5.7.1"},
		{"foreign From", "submissions", append(plain, "--from", "ana@team.example", "--to", "carol@outside.example",
			"--header", "From: tom@team.example", "--header", "Message-Id: <refused@team.example>"), "550 5.7.1"},
		{"unknown colleague", "submissions", append(plain, "--from", "ana@team.example", "--to", "nobody@team.example"), "550 5.1.1"},
		{"relay at the inbound door", "inbound", []string{"--from", "eve@outside.example", "--to", "carol@outside.example"}, "5.7.1"},
		{"unknown at the inbound door", "inbound", []string{"--from", "eve@outside.example", "--to", "nobody@team.example"}, "550 5.1.1"},
		{"unknown over LMTP", "lmtp", []string{"--from", "eve@outside.example", "--to", "nobody@team.example"}, "550 5.1.1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			args := c.args
			if c.name != "foreign From" {
				args = append(slices.Clone(args), "--data", "@"+file)
			}
			r := s.swaks(c.door, args...)
			if r.code == 0 {
				t.Errorf("swaks ended well:\n%s", r.out)
			}
			if !strings.Contains(r.out, c.want) {
				t.Errorf("transcript has no %q:\n%s", c.want, r.out)
			}
		})
	}
	t.Run("no login without TLS", func(t *testing.T) {
		s := s.in(t)
		r := s.command(nil, "swaks", append(plain, "--server", s.addr("submission"), "--from", "ana@team.example", "--to", "carol@outside.example")...)
		if r.code == 0 || strings.Contains(r.out, "AUTH PLAIN") && strings.Contains(r.out, " 235 ") {
			t.Errorf("swaks logged in over clear text (code %d):\n%s", r.code, r.out)
		}
	})
	if got := s.smarthost.Transactions(); len(got) != 0 {
		t.Errorf("the smarthost was given %d messages", len(got))
	}
	var waiting []any
	s.ask(&waiting, "queue", "list")
	if len(waiting) != 0 {
		t.Errorf("something waits: %v", waiting)
	}
}

func TestSwaksKindsOfMail(t *testing.T) {
	t.Parallel()
	need(t, "swaks")
	s := setup(t, options{})
	send := func(t *testing.T, text string, to string, args ...string) {
		t.Helper()
		s := s.in(t)
		file := s.letter("mail.eml", text)
		all := append(login("ana", "PLAIN"), "--from", "ana@team.example", "--to", to, "--data", "@"+file)
		if r := s.swaks("submissions", append(all, args...)...); r.code != 0 {
			t.Fatalf("swaks ended with %d:\n%s", r.code, r.out)
		}
	}
	t.Run("bcc", func(t *testing.T) {
		s := s.in(t)
		text := mailTo("ana@team.example", "carol@outside.example", "Hidden", "bcc@team.example", "Text.\n", "Bcc: dave@outside.example,\n\ttom@team.example")
		send(t, text, "carol@outside.example,dave@outside.example,tom@team.example")
		var to []string
		until(t, patience, func() error {
			to = nil
			for _, m := range s.smarthost.Delivered() {
				if m.Header("Message-ID") == "<bcc@team.example>" {
					exact(t, text, string(m.Data), "Bcc")
					to = append(to, recipients(m)...)
				}
			}
			if len(to) != 2 {
				return fmt.Errorf("delivered to %v only", to)
			}
			return nil
		})
		if slices.Sort(to); !slices.Equal(to, []string{"carol@outside.example", "dave@outside.example"}) {
			t.Errorf("delivered to %v", to)
		}
		got := s.reader(t, "tom").find("INBOX", "Hidden", patience)
		if strings.Contains(strings.ToLower(got.text), "bcc:") || strings.Contains(got.text, "dave@outside") {
			t.Errorf("the blind copy shows the blind recipients:\n%s", got.text)
		}
	})
	t.Run("utf8 body", func(t *testing.T) {
		s := s.in(t)
		text := mailTo("ana@team.example", "carol@outside.example", "=?utf-8?q?Gr=C3=BC=C3=9Fe?=", "utf8@team.example", "Olá Carol, grüße, 日程.\n",
			"MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit")
		send(t, text, "carol@outside.example")
		exact(t, text, string(s.next("utf8@team.example").Data))
	})
	t.Run("attachment", func(t *testing.T) {
		s := s.in(t)
		file := s.write("figures.csv", strings.Repeat("travel;1200\n", 5000))
		args := append(login("ana", "PLAIN"), "--from", "ana@team.example", "--to", "carol@outside.example",
			"--header", "Subject: Figures", "--header", "Message-Id: <attach@team.example>",
			"--body", "Attached.", "--attach-type", "text/csv", "--attach-name", "figures.csv", "--attach", "@"+file)
		if r := s.swaks("submission", args...); r.code != 0 {
			t.Fatalf("swaks ended with %d:\n%s", r.code, r.out)
		}
		got := s.next("attach@team.example")
		if !strings.Contains(string(got.Data), "dHJhdmVsOzEyMDAK") || !strings.Contains(got.Header("Content-Type"), "multipart/mixed") {
			t.Errorf("the attachment is not there:\n%.2000s", got.Data)
		}
	})
	t.Run("now", func(t *testing.T) {
		s := s.in(t)
		text := mailTo("ana@team.example", "mei@team.example", "[now] The key", "now@team.example", "It is under the mat.\n")
		send(t, text, "mei@team.example")
		got := s.reader(t, "mei").find("INBOX", "The key", patience)
		exact(t, strings.Replace(text, "[now] ", "", 1), got.text, "Return-Path")
	})
	t.Run("signed", func(t *testing.T) {
		s := s.in(t)
		text := strings.ReplaceAll(testkit.Signed(), "\r\n", "\n")
		text = strings.Replace(text, "Mei Chen <mei@team.example>", "carol@outside.example", 1)
		send(t, text, "carol@outside.example")
		exact(t, text, string(s.next("s1@team.example").Data))
	})
}

func TestMsmtpSubmits(t *testing.T) {
	t.Parallel()
	need(t, "msmtp")
	s := setup(t, options{})
	fingerprint := s.fingerprint()
	for _, c := range []struct{ name, door, starttls, auth string }{
		{"starttls", "submission", "on", "plain"},
		{"tls", "submissions", "off", "login"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.in(t)
			rc := s.write("msmtprc", fmt.Sprintf(`account tidepost
host 127.0.0.1
port %s
tls on
tls_starttls %s
tls_fingerprint %s
auth %s
user ana@team.example
from ana@team.example
passwordeval "cat %s/password"
account default : tidepost
`, s.port(c.door), c.starttls, fingerprint, c.auth, s.dir))
			text := mailTo("ana@team.example", "carol@outside.example, dave@outside.example", "From msmtp", "msmtp-"+c.name+"@team.example", ".\nText with a dot above.\n")
			r := s.command(strings.NewReader(text), "msmtp", "--file", rc, "--read-recipients")
			if r.code != 0 {
				t.Fatalf("msmtp ended with %d:\n%s", r.code, r.out)
			}
			m := s.next("msmtp-" + c.name + "@team.example")
			exact(t, text, string(m.Data))
			if !slices.Equal(recipients(m), []string{"carol@outside.example", "dave@outside.example"}) {
				t.Errorf("recipients are %v", recipients(m))
			}
		})
	}
	t.Run("refusal is shown", func(t *testing.T) {
		s := s.in(t)
		r := s.command(strings.NewReader(mailTo("ana@team.example", "nobody@team.example", "x", "x@team.example", "x\n")), "msmtp", "--file", s.dir+"/msmtprc", "nobody@team.example")
		if r.code == 0 || !strings.Contains(r.out, "5.1.1") || !strings.Contains(r.out, "nobody@team.example") {
			t.Errorf("msmtp ended with %d and says\n%s", r.code, r.out)
		}
	})
}

func TestCurlSubmits(t *testing.T) {
	t.Parallel()
	need(t, "curl")
	s := setup(t, options{})
	for _, c := range []struct{ scheme, door string }{{"smtp", "submission"}, {"smtps", "submissions"}} {
		t.Run(c.scheme, func(t *testing.T) {
			s := s.in(t)
			id := c.scheme + "-curl@team.example"
			text := mailTo("ana@team.example", "carol@outside.example", "From curl", id, "Text.\n..dots\n.\nend\n")
			file := s.write("curl.eml", text)
			s.client("curl", "--silent", "--show-error", "--ssl-reqd", "--cacert", s.cert(), "--resolve", hostname+":"+s.port(c.door)+":127.0.0.1",
				"--user", "ana@team.example:"+password, "--mail-from", "ana@team.example", "--mail-rcpt", "carol@outside.example", "--crlf",
				"--upload-file", file, c.scheme+"://"+hostname+":"+s.port(c.door)+"/laptop.example")
			exact(t, text, string(s.next(id).Data))
		})
	}
}

// fingerprint is the SHA-256 of the certificate as clients want it pinned.
func (s *server) fingerprint() string {
	s.t.Helper()
	need(s.t, "openssl")
	out := s.client("openssl", "x509", "-in", filepath.Join(s.dir, "tidepost.crt"), "-noout", "-fingerprint", "-sha256")
	_, print, _ := strings.Cut(strings.TrimSpace(out), "=")
	return print
}

func TestManyAtOnceReachTheSmarthostOnce(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	const n = 60
	texts := map[string]string{}
	var to []string
	for i := range n {
		to = append(to, fmt.Sprintf("r%d@outside.example", i))
	}
	for i := range 5 {
		id := fmt.Sprintf("many%d@team.example", i)
		texts[id] = mailTo("ana@team.example", "all@outside.example", "To many", id, fmt.Sprintf("Copy %d.\n", i))
		s.submit("ana", texts[id], to...)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := s.smarthost.WaitFor(ctx, 5); err != nil {
		t.Fatal(err)
	}
	until(t, patience, func() error {
		seen := map[string]int{}
		for _, m := range s.smarthost.Delivered() {
			for _, r := range m.Recipients {
				seen[m.Header("Message-ID")+r.Address]++
			}
		}
		if len(seen) < 5*n {
			return fmt.Errorf("%d of %d recipients have been served", len(seen), 5*n)
		}
		for k, times := range seen {
			if times != 1 {
				t.Fatalf("%s was delivered %d times", k, times)
			}
		}
		return nil
	})
}
