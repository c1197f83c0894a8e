package e2e

import (
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"tidepost/internal/testkit"
)

// made is what app-password create prints as JSON.
type made struct {
	ID       int64  `json:"id"`
	Password string `json:"password"`
}

// with are swaks' options for ana and another password than hers.
func with(secret, mechanism string) []string {
	return []string{"--auth", mechanism, "--auth-user", "ana@team.example", "--auth-password", secret, "--from", "ana@team.example"}
}

// imapAs is curl's answer to a command of ana with a password.
func (s *server) imapAs(secret, command string) result {
	s.t.Helper()
	need(s.t, "curl")
	return s.command(nil, "curl", "--silent", "--show-error", "--verbose", "--cacert", s.cert(), "--resolve", hostname+":"+s.port("imaps")+":127.0.0.1",
		"--user", "ana@team.example:"+secret, "imaps://"+hostname+":"+s.port("imaps")+"/", "-X", command)
}

func TestAppPasswords(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	var scanner, laptop made
	s.ask(&scanner, "app-password", "create", "ana@team.example", "--name", "Scanner, 2nd floor")
	s.ask(&laptop, "app-password", "create", "ana@team.example", "--name", "Laptop", "--client")

	t.Run("a scanner sends and its mail does not wait", func(t *testing.T) {
		s := s.in(t)
		for _, mechanism := range []string{"PLAIN", "LOGIN"} {
			if r := s.swaks("submissions", append(with(strings.ToUpper(scanner.Password), mechanism), "--to", "mei@team.example", "--header", "Subject: Scan "+mechanism)...); r.code != 0 {
				t.Fatalf("%s: %s", mechanism, r.out)
			}
		}
		if list := s.cli("queue", "list"); strings.Contains(list, "held") {
			t.Errorf("a scan waits:\n%s", list)
		}
		if out := s.curl("mei", "", "-X", "STATUS INBOX (MESSAGES)"); !strings.Contains(out, "MESSAGES 2") {
			t.Errorf("Mei has %s", out)
		}
	})
	t.Run("a scanner cannot read", func(t *testing.T) {
		s := s.in(t)
		if r := s.imapAs(scanner.Password, "NOOP"); r.code == 0 || !strings.Contains(r.out, "it may send mail, not read it") {
			t.Errorf("got %s", r.out)
		}
	})
	t.Run("a mail program reads, and its mail waits", func(t *testing.T) {
		s := s.in(t)
		if r := s.imapAs(laptop.Password, "STATUS INBOX (MESSAGES)"); r.code != 0 {
			t.Errorf("got %s", r.out)
		}
		if r := s.swaks("submission", append(with(laptop.Password, "PLAIN"), "--to", "mei@team.example", "--header", "Subject: Plan")...); r.code != 0 {
			t.Fatal(r.out)
		}
		if list := s.cli("queue", "list"); !strings.Contains(list, "held") {
			t.Errorf("nothing waits:\n%s", list)
		}
	})
	t.Run("revoked", func(t *testing.T) {
		s := s.in(t)
		if out := s.cli("app-password", "revoke", "ana@team.example", "laptop"); !strings.Contains(out, "1 mail is stopped") {
			t.Errorf("got %s", out)
		}
		if r := s.imapAs(laptop.Password, "NOOP"); r.code == 0 || !strings.Contains(r.out, "AUTHENTICATIONFAILED") {
			t.Errorf("got %s", r.out)
		}
		if list := s.cli("queue", "list", "--author", "ana@team.example"); !strings.Contains(list, "frozen") {
			t.Errorf("got %s", list)
		}
		if list := s.cli("app-password", "list", "ana@team.example", "--all"); !strings.Contains(list, "revoked "+time.Now().UTC().Format("2006-01-02")) || strings.Contains(list, scanner.Password[:11]) {
			t.Errorf("got %s", list)
		}
		if _, errs, code := s.try("app-password", "revoke", "ana@team.example", "laptop"); code != 5 {
			t.Errorf("again: exit code %d, %s", code, errs)
		}
	})
	log, err := os.ReadFile(s.log)
	if err != nil || strings.Contains(string(log), scanner.Password) || strings.Contains(string(log), laptop.Password) {
		t.Errorf("the log holds a password, or cannot be read: %v", err)
	}
}

// live opens sessions of ana's: an IMAP connection in IDLE and a submission.
func (s *server) live() map[string]*tls.Conn {
	s.t.Helper()
	out := map[string]*tls.Conn{}
	for door, lines := range map[string][]string{
		"imaps":       {"a LOGIN ana@team.example \"" + password + "\"", "b SELECT INBOX", "c IDLE"},
		"submissions": {"EHLO laptop.example", "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00ana@team.example\x00"+password))},
	} {
		c, err := tls.Dial("tcp", s.addr(door), &tls.Config{InsecureSkipVerify: true}) //nolint:gosec // a test
		if err != nil {
			s.t.Fatal(err)
		}
		s.t.Cleanup(func() { c.Close() })
		buf := make([]byte, 16<<10)
		read := func() string {
			_ = c.SetReadDeadline(time.Now().Add(patience))
			n, err := c.Read(buf)
			if err != nil {
				s.t.Fatalf("%s: %v", door, err)
			}
			return string(buf[:n])
		}
		said := read()
		for _, line := range lines {
			if _, err := io.WriteString(c, line+"\r\n"); err != nil {
				s.t.Fatal(err)
			}
			said = read()
		}
		if !strings.HasPrefix(said, "235") && !strings.HasPrefix(said, "+") && !strings.Contains(said, "b OK") {
			s.t.Fatalf("%s: %q", door, said)
		}
		out[door] = c
	}
	return out
}

// over reads what is left of sessions, and reports how long after since the last ended.
func over(t *testing.T, sessions map[string]*tls.Conn, since time.Time) time.Duration {
	t.Helper()
	for door, c := range sessions {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Errorf("%s goes on: %v", door, err)
		}
	}
	return time.Since(since)
}

func TestFreeze(t *testing.T) {
	t.Parallel()
	s := setup(t, options{})
	s.cli("people", "set", "ana@team.example", "--second-address", "ana@home.example")
	var scanner made
	s.ask(&scanner, "app-password", "create", "ana@team.example", "--name", "Scanner")
	s.submit("ana", mailTo("ana@team.example", "mei@team.example", "Held", "held@team.example", "Waits for the morning.\n"), "mei@team.example")
	sessions := s.live()
	begun := time.Now()
	out := s.cli("people", "freeze", "ana@team.example")
	told := time.Since(begun)
	if took := over(t, sessions, begun); took > told+time.Second {
		t.Errorf("the sessions ended %s after the command had, which took %s", took-told, told)
	} else {
		t.Logf("the command took %s, the sessions ended within %s of its start", told.Round(time.Millisecond), took.Round(time.Millisecond))
	}
	if !strings.Contains(out, "Told at ana@home.example") {
		t.Errorf("got %s", out)
	}
	var letter testkit.Transaction
	until(t, patience, func() error {
		for _, m := range s.smarthost.Delivered() {
			if strings.Contains(string(m.Data), "is frozen") && recipients(m)[0] == "ana@home.example" {
				letter = m
				return nil
			}
		}
		return fmt.Errorf("nobody is told")
	})
	if letter.From != "" && letter.From != "<>" {
		t.Errorf("the letter comes from %q", letter.From)
	}
	for name, secret := range map[string]string{"the password": password, "the scanner": scanner.Password} {
		if r := s.swaks("submissions", append(with(secret, "PLAIN"), "--to", "mei@team.example")...); r.code == 0 || !strings.Contains(r.out, "535") {
			t.Errorf("%s: %s", name, r.out)
		}
	}
	if list := s.cli("queue", "list", "--author", "ana@team.example"); !strings.Contains(list, "frozen") || !strings.Contains(list, "its author is frozen") {
		t.Errorf("got %s", list)
	}
	if _, errs, code := s.try("queue", "release", "held@team.example"); code != 1 || !strings.Contains(errs, "frozen") {
		t.Errorf("released: %d, %s", code, errs)
	}
	// Mail to her is filed.
	if r := s.swaks("inbound", "--from", "joe@else.example", "--to", "ana@team.example", "--header", "Subject: Hello"); r.code != 0 {
		t.Errorf("got %s", r.out)
	}
	s.asideRefuses(scanner.Password)
	var back struct{ Password string }
	s.ask(&back, "people", "unfreeze", "ana@team.example", "--generate")
	if r := s.imapAs(back.Password, "STATUS INBOX (MESSAGES)"); r.code != 0 || !strings.Contains(r.out, "MESSAGES 3") { // And the lines about what waits, and goes its way.
		t.Errorf("got %s", r.out)
	}
	if r := s.imapAs(password, "NOOP"); r.code == 0 {
		t.Error("the stolen password is good again")
	}
	if list := s.cli("queue", "list", "--author", "ana@team.example"); !strings.Contains(list, "mei@team.example  held") {
		t.Errorf("got %s", list)
	}
	s.cli("ledger", "check")
}

// asideRefuses stops the server, has it stand aside, and looks that somebody who is
// frozen cannot send that way either.
func (s *server) asideRefuses(scanner string) {
	s.t.Helper()
	s.stop()
	end, _ := s.aside()
	for _, secret := range []string{password, scanner} {
		if r := s.swaks("submissions", append(with(secret, "PLAIN"), "--to", "joe@else.example")...); r.code == 0 {
			s.t.Errorf("sent while frozen: %s", r.out)
		}
	}
	if r := s.swaks("submissions", append(login("tom", "PLAIN"), "--from", "tom@team.example", "--to", "joe@else.example")...); r.code != 0 {
		s.t.Errorf("Tom cannot send: %s", r.out)
	}
	end()
	s.start()
}

// TestPasswordByCode sets a password as a person does who gets a link: on a page over
// TLS, after whoever scans mail has opened it.
func TestPasswordByCode(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	s := setup(t, options{config: map[string]string{"web.listen": fmt.Sprintf(`"127.0.0.1:%d"`, port)}})
	page := fmt.Sprintf("https://%s:%d/password", hostname, port)
	curl := func(args ...string) string {
		t.Helper()
		need(t, "curl")
		return s.client("curl", append([]string{"--silent", "--show-error", "--cacert", s.cert(), "--resolve", fmt.Sprintf("%s:%d:127.0.0.1", hostname, port)}, args...)...)
	}
	sessions := s.live()
	var link struct{ Link string }
	s.ask(&link, "passwd", "ana@team.example", "--link")
	if !strings.HasPrefix(link.Link, page+"?code=") {
		t.Fatalf("link %s", link.Link)
	}
	_, code, _ := strings.Cut(link.Link, "=")
	for range 3 {
		if out := curl(link.Link); !strings.Contains(out, `value="`+code+`"`) {
			t.Fatalf("got %s", out)
		}
	}
	form := url.Values{"code": {code}, "password": {"violet kettle moon"}, "again": {"violet kettle moon"}}.Encode()
	begun := time.Now()
	if out := curl("--data", form, page); !strings.Contains(out, "The password of ana@team.example is set") {
		t.Fatalf("got %s", out)
	}
	if took := over(t, sessions, begun); took > 2*time.Second {
		t.Errorf("sessions with the former password ended after %s", took)
	}
	if out := curl("--data", form, page); !strings.Contains(out, "The code is not good") {
		t.Errorf("twice: %s", out)
	}
	if r := s.imapAs("violet kettle moon", "NOOP"); r.code != 0 {
		t.Errorf("got %s", r.out)
	}
	if r := s.imapAs(password, "NOOP"); r.code == 0 {
		t.Error("the former password is good")
	}
	log, err := os.ReadFile(s.log)
	if err != nil || strings.Contains(string(log), code) || strings.Contains(string(log), "violet") {
		t.Errorf("the log holds a secret, or cannot be read: %v", err)
	}
	// The command says the same on its own.
	secret := s.write("newer", "amber kettle moon\n")
	s.cli("passwd", "ana@team.example", "--password-file", secret)
	if r := s.imapAs("amber kettle moon", "NOOP"); r.code != 0 {
		t.Errorf("got %s", r.out)
	}
}
