package guard_test

import (
	"crypto/tls"
	"errors"
	"io"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/guard"
)

// fill makes a message of n octets, header included, of CRLF-ended lines.
func fill(n int) string {
	var b strings.Builder
	b.WriteString("Subject: a\r\n\r\n")
	for b.Len() < n {
		room := min(n-b.Len(), 78)
		if n-b.Len()-room == 1 {
			room-- // no line of one octet
		}
		b.WriteString(strings.Repeat("x", room-2) + "\r\n")
	}
	return b.String()
}

func TestSizeIsExact(t *testing.T) {
	const limit = 5000
	for _, c := range []struct {
		name  string
		role  guard.Role
		size  int
		codes string
	}{
		{"exactly the limit is taken", guard.Inbound, limit, "220 250 250 250 354 250 250"},
		{"one more is refused in step", guard.Inbound, limit + 1, "220 250 250 250 354 552 250"},
		{"far more too", guard.Inbound, 2 * limit, "220 250 250 250 354 552 250"},
		{"exactly the limit by LMTP", guard.LMTP, limit, "220 250 250 250 354 250 250"},
		{"one more by LMTP", guard.LMTP, limit + 1, "220 250 250 250 354 552 250"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := startSMTP(t, guard.SMTPOptions{Role: c.role, MaxSize: limit}, guard.Limits{})
				defer s.srv.Close()
				p := newPeer(s.l.dial("192.0.2.1:9"))
				defer p.conn.Close()
				hello := start
				if c.role == guard.LMTP {
					hello = strings.Replace(start, "EHLO", "LHLO", 1)
				}
				p.send(hello + "DATA\r\n" + fill(c.size) + ".\r\nNOOP\r\n")
				if got := codes(p.said()); got != c.codes {
					t.Errorf("got %s, want %s\n%s", got, c.codes, p.said())
				}
				if p.closed() {
					t.Error("the connection was ended")
				}
			})
		})
	}
}

func TestEndlessBodyIsCutOff(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound, MaxSize: 1000}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("192.0.2.1:9"))
		p.send(start + "DATA\r\n" + strings.Repeat("x", 2<<20))
		if got := codes(p.said()); got != "220 250 250 250 354 552" || !p.closed() {
			t.Errorf("got %s, closed %v", got, p.closed())
		}
	})
}

func TestSessionThatRefusesEarlyStaysInStep(t *testing.T) {
	for _, body := range []string{"good\r\n", "ba\nd\r\n", strings.Repeat("y", 9000) + "\r\n" + strings.Repeat("z", 9000) + "\n\r\n"} {
		inBubble(t, func(t *testing.T) {
			s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound}, guard.Limits{})
			defer s.srv.Close()
			s.early = true
			p := newPeer(s.l.dial("192.0.2.1:9"))
			defer p.conn.Close()
			p.send(start + "DATA\r\n" + body + ".\r\nNOOP\r\nMAIL FROM:<a@b.test>\r\n")
			want := "220 250 250 250 354 554 250 250"
			if strings.Contains(body, "d\r") && body != "good\r\n" || strings.Contains(body, "z\n") {
				want = "220 250 250 250 354 550 250 250"
			}
			if got := codes(p.said()); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

func TestLMTPDefectIsNoted(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{Role: guard.LMTP}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("pipe"))
		defer p.conn.Close()
		p.send("LHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<a@here.test>\r\nDATA\r\na\nb\r\n.\r\n")
		p.send("MAIL FROM:<>\r\nRCPT TO:<a@here.test>\r\nDATA\r\na\r\n.\r\n")
		if diff := cmp.Diff([]string{"Message holds a bare LF (RFC 5321 2.3.8)"}, s.defect); diff != "" {
			t.Error(diff)
		}
	})
}

func TestSMTPTimeouts(t *testing.T) {
	for _, c := range []struct {
		name string
		send string
		wait time.Duration // still open just before, closed just after
		last string
		want []string
	}{
		{"nothing is said", "", time.Minute, "421", nil},
		{"a command in drops", "EHL", time.Minute, "421", nil},
		{"half a command is not run", start[:len(start)-2], 5 * time.Minute, "421", []string{"MAIL a@remote.test"}},
		{"a body that stops", start + "DATA\r\nx\r\n.\r\nx\r\n" + "MAIL FROM:<a@b.test>\r\nRCPT TO:<bob@here.test>\r\nDATA\r\nMAIL FROM:<evil@b.test>\r\n", 3 * time.Minute, "421",
			[]string{"MAIL a@remote.test", "RCPT bob@here.test", `DATA "x\r\n"`, "MAIL a@b.test", "RCPT bob@here.test", "LOST"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound}, guard.Limits{})
				defer s.srv.Close()
				p := newPeer(s.l.dial("192.0.2.1:9"))
				p.send(c.send)
				time.Sleep(c.wait - time.Second)
				if p.closed() {
					t.Fatalf("closed before %v", c.wait)
				}
				time.Sleep(2 * time.Second)
				if !p.closed() {
					t.Fatalf("open after %v", c.wait)
				}
				if got := codes(p.said()); !strings.HasSuffix(got, c.last) {
					t.Errorf("got %s, want %s at the end", got, c.last)
				}
				if diff := cmp.Diff(c.want, s.log()); diff != "" {
					t.Errorf("events (-want +got):\n%s", diff)
				}
			})
		})
	}
}

func TestTrickledBodyHasATotal(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("192.0.2.1:9"))
		p.send(start + "DATA\r\n")
		begin := time.Now()
		for range 30 {
			p.send("x")
			time.Sleep(time.Minute)
		}
		if !p.closed() {
			t.Fatalf("a body of one octet a minute is borne for %v", time.Since(begin))
		}
		if diff := cmp.Diff(lost(), s.log()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestErrorsSlowThenEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("192.0.2.1:9"))
		begin := time.Now()
		p.send("EHLO a\r\nMAIL FROM:<>\r\n" + strings.Repeat("RCPT TO:<nobody@here.test>\r\n", 300))
		time.Sleep(time.Minute)
		got := strings.Count(p.said(), "\r\n550 ")
		if got != 20 || !p.closed() || !strings.Contains(p.said(), "421 4.7.0") {
			t.Errorf("got %d refusals, closed %v, after %v", got, p.closed(), time.Since(begin))
		}
		if strings.Count(p.said(), "550-5.1.1 No such user\r\n550 5.1.1 really\r\n") != 20 {
			t.Errorf("the enhanced code is not on each line:\n%s", p.said()[:400])
		}
	})
}

func TestJunkEnds(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("192.0.2.1:9"))
		p.send("EHLO a\r\n" + strings.Repeat("NOOP\r\n", 20000))
		if got := strings.Count(p.said(), "\r\n250 2.0.0"); got != 100 || !p.closed() {
			t.Errorf("got %d answers, closed %v", got, p.closed())
		}
	})
}

func TestPasswordGuessingIsSlowAndEnds(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		logins := guard.NewLogins()
		s := startSMTP(t, guard.SMTPOptions{AllowClearAuth: true, Logins: logins}, guard.Limits{})
		defer s.srv.Close()
		begin := time.Now()
		p := newPeer(s.l.dial("127.0.0.1:9"))
		p.send("EHLO a\r\n" + strings.Repeat("AUTH PLAIN AGEAYmFk\r\n", 100))
		for !p.closed() {
			time.Sleep(time.Second)
		}
		if got := strings.Count(p.said(), "\r\n535 "); got != 6 {
			t.Errorf("got %d answers, want 6", got)
		}
		if took := time.Since(begin); took < 7*time.Second {
			t.Errorf("six guesses took %v", took)
		}
		// From the same address the next one is slow from the start; a right password is
		// taken, and forgets.
		p = newPeer(s.l.dial("127.0.0.1:9"))
		defer p.conn.Close()
		p.send("EHLO a\r\nAUTH PLAIN AGEAYmFk\r\n")
		time.Sleep(30 * time.Second)
		p.send("AUTH PLAIN AGEAcHc=\r\n")
		if got := codes(p.said()); got != "220 250 535 235" {
			t.Errorf("got %s", got)
		}
	})
}

func TestHugeAuthIsRefused(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{AllowClearAuth: true}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("127.0.0.1:9"))
		defer p.conn.Close()
		p.send("EHLO a\r\nAUTH PLAIN\r\n" + strings.Repeat("A", 13000) + "\r\nAUTH PLAIN " + strings.Repeat("A", 13000) + "\r\nNOOP " + strings.Repeat("x", 3000) + "\r\nNOOP\r\n")
		if got := codes(p.said()); got != "220 250 334 500 500 500 250" {
			t.Errorf("got %s", got)
		}
	})
}

func TestHolds(t *testing.T) {
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		param string
		code  string
		want  time.Time
	}{
		{"HOLDFOR=60", "250", now.Add(time.Minute)},
		{"holdfor=86400", "250", now.Add(24 * time.Hour)},
		{"HOLDFOR=86401", "501", time.Time{}},
		{"HOLDFOR=-5", "501", time.Time{}},
		{"HOLDFOR=0", "501", time.Time{}},
		{"HOLDFOR", "501", time.Time{}},
		{"HOLDFOR=99999999999", "501", time.Time{}},
		{"HOLDFOR=60 HOLDUNTIL=2030-01-01T00:10:00Z", "501", time.Time{}},
		{"HOLDUNTIL=2030-01-01T02:10:00+02:00", "250", now.Add(10 * time.Minute)},
		{"HOLDUNTIL=2001-01-01T00:00:00Z", "250", time.Date(2001, 1, 1, 0, 0, 0, 0, time.UTC)},
		{"HOLDUNTIL=9999-01-01T00:00:00Z", "501", time.Time{}},
		{"HOLDUNTIL=tomorrow", "501", time.Time{}},
		{"HOLDFOR=60 HOLDFOR=60", "501", time.Time{}},
		{"BY=120;R MT-PRIORITY=3", "250", time.Time{}},
		{"BY=-120;NT MT-PRIORITY=-9", "250", time.Time{}},
		{"BY=0;R", "501", time.Time{}},
		{"BY=5", "501", time.Time{}},
		{"MT-PRIORITY=10", "501", time.Time{}},
	} {
		t.Run(c.param, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := startSMTP(t, guard.SMTPOptions{AllowClearAuth: true, MaxHold: 24 * time.Hour, DeliverBy: true, Priority: true,
					Now: func() time.Time { return now }}, guard.Limits{})
				defer s.srv.Close()
				p := newPeer(s.l.dial("127.0.0.1:9"))
				defer p.conn.Close()
				p.send("EHLO a\r\nAUTH PLAIN AGEAcHc=\r\nMAIL FROM:<a@b.test> " + c.param + "\r\n")
				if !strings.Contains(p.said(), "250-FUTURERELEASE 86400 2030-01-02T00:00:00Z\r\n") {
					t.Errorf("FUTURERELEASE is not announced:\n%s", p.said())
				}
				if got := codes(p.said()); got != "220 250 235 "+c.code {
					t.Fatalf("got %s, want %s", got, c.code)
				}
				if c.code == "250" && !s.params[0].HoldUntil.Equal(c.want) {
					t.Errorf("got %v, want %v", s.params[0].HoldUntil, c.want)
				}
				if strings.HasPrefix(c.param, "BY=-120") {
					want := guard.DeliverByParams{Within: -2 * time.Minute, Trace: true}
					if got := s.params[0]; *got.DeliverBy != want || *got.Priority != -9 {
						t.Errorf("got %+v", got)
					}
				}
			})
		})
	}
}

func TestSTARTTLS(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{TLS: serverTLS()}, guard.Limits{})
		defer s.srv.Close()
		conn := s.l.dial("192.0.2.1:9")
		clear := newClear(conn)
		clear.ask(t, "", "220")
		ehlo := clear.ask(t, "EHLO a\r\n", "250")
		if strings.Contains(ehlo, "AUTH") || strings.Contains(ehlo, "CHUNKING") || !strings.Contains(ehlo, "STARTTLS") {
			t.Errorf("before TLS:\n%s", ehlo)
		}
		clear.ask(t, "AUTH PLAIN AGEAcHc=\r\n", "538")
		clear.ask(t, "STARTTLS\r\n", "220")
		tc := tls.Client(conn, clientTLS())
		if err := tc.Handshake(); err != nil {
			t.Fatal(err)
		}
		c := newClear(tc)
		c.ask(t, "MAIL FROM:<a@b.test>\r\n", "503")
		c.ask(t, "STARTTLS\r\n", "502")
		if ehlo := c.ask(t, "EHLO a\r\n", "250"); !strings.Contains(ehlo, "AUTH PLAIN") || strings.Contains(ehlo, "STARTTLS") {
			t.Errorf("under TLS:\n%s", ehlo)
		}
		c.ask(t, "AUTH PLAIN AGEAcHc=\r\n", "235")
		c.ask(t, "MAIL FROM:<a@b.test>\r\n", "250")
		c.ask(t, "QUIT\r\n", "221")
		if _, err := tc.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("got %v, want EOF with close_notify", err)
		}
		if diff := cmp.Diff([]string{"LOGIN a secure=true", "MAIL a@b.test"}, s.log()); diff != "" {
			t.Error(diff)
		}
	})
}

// A transaction begun in clear is gone under TLS.
func TestSTARTTLSForgetsTheTransaction(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{TLS: serverTLS(), Role: guard.Inbound}, guard.Limits{})
		defer s.srv.Close()
		conn := s.l.dial("192.0.2.1:9")
		clear := newClear(conn)
		clear.ask(t, "", "220")
		clear.ask(t, "EHLO a\r\n", "250")
		clear.ask(t, "MAIL FROM:<a@b.test>\r\n", "250")
		clear.ask(t, "RCPT TO:<bob@here.test>\r\n", "250")
		clear.ask(t, "STARTTLS\r\n", "220")
		tc := tls.Client(conn, clientTLS())
		c := newClear(tc)
		c.ask(t, "DATA\r\n", "503")
		c.ask(t, "EHLO a\r\n", "250")
		c.ask(t, "DATA\r\n", "503")
		c.ask(t, "RCPT TO:<bob@here.test>\r\n", "503")
		_ = tc.Close()
	})
}

func TestClearTextBehindSTARTTLSIsNeverRun(t *testing.T) {
	text := "EHLO a\r\nSTARTTLS\r\nMAIL FROM:<evil@b.test>\r\nRCPT TO:<bob@here.test>\r\n"
	for i, way := range cuts(text) {
		inBubble(t, func(t *testing.T) {
			s := startSMTP(t, guard.SMTPOptions{TLS: serverTLS(), Role: guard.Inbound}, guard.Limits{})
			defer s.srv.Close()
			p := newPeer(s.l.dial("192.0.2.1:9"))
			for _, part := range way {
				p.send(part)
			}
			time.Sleep(11 * time.Second)
			if !p.closed() || len(s.log()) != 0 {
				t.Errorf("cut %d: closed %v, events %v", i, p.closed(), s.log())
			}
		})
	}
}

func TestFailedHandshakeEnds(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{TLS: serverTLS(), Role: guard.Inbound}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("192.0.2.1:9"))
		p.send("EHLO a\r\nSTARTTLS\r\n")
		p.send("GARBAGE\r\n")
		p.send("MAIL FROM:<a@remote.test>\r\n")
		time.Sleep(11 * time.Second)
		if !p.closed() || len(s.log()) != 0 {
			t.Errorf("closed %v, events %v", p.closed(), s.log())
		}
	})
}

func TestImplicitTLS(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{TLS: serverTLS(), Implicit: true}, guard.Limits{})
		defer s.srv.Close()
		// A silent client does not hold up the next, and is gone after ten seconds
		// without a word in clear.
		silent := newPeer(s.l.dial("192.0.2.1:9"))
		synctest.Wait()
		tc := tls.Client(s.l.dial("192.0.2.1:9"), clientTLS())
		c := newClear(tc)
		c.ask(t, "", "220")
		c.ask(t, "EHLO a\r\n", "250")
		c.ask(t, "AUTH PLAIN AGEAcHc=\r\n", "235")
		_ = tc.Close()
		time.Sleep(11 * time.Second)
		if !silent.closed() || silent.said() != "" {
			t.Errorf("closed %v, said %q", silent.closed(), silent.said())
		}
		conn := s.l.dial("192.0.2.1:9")
		defer conn.Close()
		old := tls.Client(conn, &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11})
		if err := old.Handshake(); err == nil {
			t.Error("TLS 1.1 is taken")
		}
	})
}

func TestConnectionLimits(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{AllowClearAuth: true}, guard.Limits{Total: 8, PerAddress: 2, PerPerson: 2,
			Inside: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}, Busy: "421 4.3.2 Busy\r\n"})
		defer s.srv.Close()
		var open []*peer
		dial := func(addr, want string) *peer {
			t.Helper()
			p := newPeer(s.l.dial(addr))
			if got := codes(p.said()); got != want {
				t.Errorf("%s: got %s, want %s", addr, got, want)
			}
			open = append(open, p)
			return p
		}
		a := dial("192.0.2.1:1", "220")
		dial("192.0.2.1:2", "220")
		dial("192.0.2.1:3", "421")
		dial("192.0.2.2:3", "220")
		a.conn.Close()
		synctest.Wait()
		dial("192.0.2.1:4", "220")
		dial("[2001:db8::1]:1", "220")
		dial("[2001:db8::2]:1", "220")
		dial("[2001:db8::3]:1", "421")
		if s.limit.Open() != 5 {
			t.Errorf("got %d open, want 5", s.limit.Open())
		}
		for range 3 {
			dial("10.1.1.1:1", "220")
		}
		dial("10.1.1.1:1", "421") // all places are taken
		for _, p := range open {
			p.conn.Close()
		}
		synctest.Wait()
		if s.limit.Open() != 0 {
			t.Errorf("got %d open, want 0", s.limit.Open())
		}
		// After login connections count for the person.
		for i, want := range []string{"235", "235", "421"} {
			p := dial("127.0.0.1:"+string(rune('1'+i)), "220")
			p.send("EHLO a\r\nAUTH PLAIN AGEAcHc=\r\n")
			if got := codes(p.said()); got != "220 250 "+want {
				t.Errorf("login %d: got %s, want %s", i, got, want)
			}
		}
		for _, p := range open {
			p.conn.Close()
		}
	})
}

func TestDrain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound}, guard.Limits{})
		defer s.srv.Close()
		idle, busy := newPeer(s.l.dial("192.0.2.1:1")), newPeer(s.l.dial("192.0.2.1:2"))
		idle.send("EHLO a\r\n")
		busy.send(start + "DATA\r\nx\r\n")
		s.limit.Drain()
		if !idle.closed() || !strings.HasSuffix(codes(idle.said()), "421") {
			t.Errorf("idle: closed %v, said %s", idle.closed(), codes(idle.said()))
		}
		busy.send("y\r\n.\r\nMAIL FROM:<a@b.test>\r\n")
		if got := codes(busy.said()); !busy.closed() || got != "220 250 250 250 354 250 421" {
			t.Errorf("busy: closed %v, said %s", busy.closed(), got)
		}
	})
}

func TestPeerThatNeverReads(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startSMTP(t, guard.SMTPOptions{Role: guard.Inbound}, guard.Limits{})
		defer s.srv.Close()
		conn := s.l.dial("192.0.2.1:1")
		time.Sleep(61 * time.Second)
		if _, err := conn.Write([]byte("EHLO a\r\n")); !errors.Is(err, io.ErrClosedPipe) {
			t.Errorf("got %v, want a closed connection", err)
		}
	})
}
