package guard_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/google/go-cmp/cmp"

	"tidepost/guard"
)

func TestIMAPTLS(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startIMAP(t, guard.IMAPOptions{TLS: serverTLS(), Caps: []string{"XCOUNT"}, ID: map[string]string{"name": "Tide\"post", "version": "1"}}, guard.Limits{})
		defer s.srv.Close()
		conn := s.l.dial("192.0.2.1:9")
		br := bufio.NewReader(conn)
		ask := func(c net.Conn, br *bufio.Reader, send, want string) {
			t.Helper()
			if send != "" {
				if _, err := io.WriteString(c, send); err != nil {
					t.Fatal(err)
				}
			}
			for _, w := range strings.Split(want, "\n") {
				got, err := br.ReadString('\n')
				if err != nil || strings.TrimRight(got, "\r\n") != w {
					t.Fatalf("%q: got %q, %v\nwant %q", send, got, err, w)
				}
			}
		}
		caps := "IMAP4rev2 IMAP4rev1 LITERAL- ID STARTTLS LOGINDISABLED"
		ask(conn, br, "", "* OK [CAPABILITY "+caps+"] IMAP server ready")
		ask(conn, br, "a CAPABILITY\r\n", "* CAPABILITY "+caps+"\na OK CAPABILITY completed")
		ask(conn, br, "b LOGIN alice pw\r\n", "b NO [PRIVACYREQUIRED] Encryption is required, use STARTTLS")
		ask(conn, br, "b ID NIL\r\n", `* ID ("name" "Tide\"post" "version" "1")`+"\nb OK ID completed")
		ask(conn, br, "c STARTTLS\r\n", "c OK Begin TLS negotiation now")
		tc := tls.Client(conn, clientTLS())
		br = bufio.NewReader(tc)
		ask(tc, br, "d CAPABILITY\r\n", "* CAPABILITY IMAP4rev2 IMAP4rev1 SASL-IR LITERAL- AUTH=PLAIN ID\nd OK CAPABILITY completed")
		ask(tc, br, "e STARTTLS\r\n", "e BAD STARTTLS is not offered")
		if _, err := io.WriteString(tc, "f LOGIN alice pw\r\n"); err != nil {
			t.Fatal(err)
		}
		if got, _ := br.ReadString('\n'); !strings.HasSuffix(got, " ID XCOUNT] Logged in\r\n") {
			t.Errorf("got %q", got)
		}
		_ = tc.Close()
	})
}

func TestIMAPImplicitTLS(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startIMAP(t, guard.IMAPOptions{TLS: serverTLS(), Implicit: true}, guard.Limits{})
		defer s.srv.Close()
		silent := newPeer(s.l.dial("192.0.2.1:9"))
		tc := tls.Client(s.l.dial("192.0.2.1:9"), clientTLS())
		p := newPeer(tc)
		p.send("a LOGIN alice pw\r\nb LOGOUT\r\n")
		said := p.said()
		if greeting, _, _ := strings.Cut(said, "\r\n"); !strings.Contains(greeting, " AUTH=PLAIN") || strings.Contains(greeting, "LOGINDISABLED") {
			t.Errorf("the greeting is %q; clients take its capabilities as final", greeting)
		}
		if got := statuses(said); got != "a OK, * BYE, b OK" {
			t.Errorf("got %s", got)
		}
		time.Sleep(11 * time.Second)
		if !silent.closed() || silent.said() != "" {
			t.Errorf("closed %v, said %q", silent.closed(), silent.said())
		}
	})
}

func TestClearTextBehindIMAPSTARTTLSIsNeverRun(t *testing.T) {
	for i, way := range cuts("a STARTTLS\r\nb LOGIN alice pw\r\nc CREATE pwned\r\n") {
		inBubble(t, func(t *testing.T) {
			s := startIMAP(t, guard.IMAPOptions{TLS: serverTLS()}, guard.Limits{})
			defer s.srv.Close()
			p := newPeer(s.l.dial("192.0.2.1:9"))
			for _, part := range way {
				p.send(part)
			}
			time.Sleep(11 * time.Second)
			if got := p.said(); !p.closed() || strings.Contains(got, "b OK") || strings.Contains(got, "c OK") {
				t.Errorf("cut %d: closed %v, said %q", i, p.closed(), got)
			}
		})
	}
}

func TestIMAPTimeouts(t *testing.T) {
	for _, c := range []struct {
		name, send string
		wait       time.Duration
		last       string
	}{
		{"nothing is said", "", time.Minute, "* BYE"},
		{"half a command before login", "a LOGI", time.Minute, "* BYE"},
		{"half a command after login", login + "b NO", 5 * time.Minute, "a OK, * BYE"},
		{"between commands", login, 30 * time.Minute, "a OK, * BYE"},
		{"in IDLE", login + "b SELECT INBOX\r\nc IDLE\r\n", 30 * time.Minute, "a OK, b OK, +, * BYE"},
		{"in a literal", login + "b APPEND INBOX {100}\r\nzz CREATE pwned\r\n", 3 * time.Minute, "a OK, +, * BYE"},
		{"in a small literal", "a LOGIN {5}\r\nali", time.Minute, "+, * BYE"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true}, guard.Limits{})
				defer s.srv.Close()
				p := newPeer(s.l.dial("127.0.0.1:9"))
				p.send(c.send)
				time.Sleep(c.wait - time.Second)
				if p.closed() {
					t.Fatalf("closed before %v: %s", c.wait, p.said())
				}
				time.Sleep(2 * time.Second)
				if got := statuses(p.said()); !p.closed() || got != c.last {
					t.Errorf("closed %v, got %s, want %s", p.closed(), got, c.last)
				}
				if st, err := s.user.Status("INBOX", &imap.StatusOptions{NumMessages: true}); err != nil || *st.NumMessages != 0 {
					t.Errorf("a part of a message was stored: %v", err)
				}
			})
		})
	}
}

// A message lost in the midst is never whole for the session.
func TestPartialAPPENDIsNotStored(t *testing.T) {
	text := login + "b APPEND INBOX {10+}\r\nA: b\r\n\r\nxy\r\n"
	for cut := range text {
		inBubble(t, func(t *testing.T) {
			s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true}, guard.Limits{})
			defer s.srv.Close()
			p := newPeer(s.l.dial("127.0.0.1:9"))
			p.send(text[:cut])
			p.conn.Close()
			synctest.Wait()
			if st, err := s.user.Status("INBOX", &imap.StatusOptions{NumMessages: true}); err != nil || *st.NumMessages != 0 {
				t.Errorf("cut %d: stored", cut)
			}
		})
	}
}

func TestIMAPPasswordGuessingEnds(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true, Logins: guard.NewLogins()}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("127.0.0.1:9"))
		p.send(strings.Repeat("a LOGIN alice bad\r\n", 100))
		time.Sleep(time.Minute)
		if got := strings.Count(p.said(), "a NO"); got != 6 || !p.closed() {
			t.Errorf("got %d answers, closed %v", got, p.closed())
		}
	})
}

func TestIMAPErrorsEnd(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("127.0.0.1:9"))
		p.send(login + strings.Repeat("b FOO\r\n", 100))
		time.Sleep(time.Minute)
		if got := strings.Count(p.said(), "b BAD"); got != 20 || !p.closed() {
			t.Errorf("got %d answers, closed %v", got, p.closed())
		}
	})
}

func TestIMAPLoginIsDue(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true}, guard.Limits{})
		defer s.srv.Close()
		busy := newPeer(s.l.dial("127.0.0.1:9"))
		for range 4 {
			busy.send("a NOOP\r\n")
			time.Sleep(59 * time.Second)
		}
		if busy.closed() {
			t.Error("closed too early")
		}
		busy.send("a NOOP\r\n")
		time.Sleep(59 * time.Second)
		busy.send("a NOOP\r\n")
		time.Sleep(6 * time.Second)
		if !busy.closed() || !strings.HasSuffix(busy.said(), "* BYE Timeout, closing connection\r\n") {
			t.Errorf("closed %v: %q", busy.closed(), busy.said())
		}
		p := newPeer(s.l.dial("127.0.0.1:7"))
		p.send(strings.Repeat("a NOOP\r\n", 500))
		if got := strings.Count(p.said(), "a OK"); got != 100 || !p.closed() {
			t.Errorf("got %d answers, closed %v", got, p.closed())
		}
	})
}

func TestIMAPDrain(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true}, guard.Limits{})
		defer s.srv.Close()
		idle, ready := newPeer(s.l.dial("127.0.0.1:9")), newPeer(s.l.dial("127.0.0.1:8"))
		idle.send(login + "b SELECT INBOX\r\nc IDLE\r\n")
		ready.send(login)
		s.limit.Drain()
		for _, p := range []*peer{idle, ready} {
			if !p.closed() || !strings.HasSuffix(p.said(), "* BYE Server is shutting down\r\n") {
				t.Errorf("closed %v, said %q", p.closed(), p.said())
			}
		}
	})
}

// Many small responses leave in few writes, and an update in IDLE leaves at once.
func TestWritesAreHeldTogether(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		l := newPipeListener()
		counted := &countingListener{Listener: l}
		srv := startIMAPOn(t, counted, guard.IMAPOptions{AllowClearAuth: true})
		defer srv.srv.Close()
		srv.l = l
		p := newPeer(l.dial("127.0.0.1:9"))
		defer p.conn.Close()
		p.send(login)
		for i := range 200 {
			p.send(fmt.Sprintf("b%d APPEND INBOX {10+}\r\nA: b\r\n\r\nxy\r\n", i))
		}
		p.send("c SELECT INBOX\r\n")
		before := counted.writes()
		p.send("d FETCH 1:200 (UID FLAGS)\r\n")
		if got := counted.writes() - before; got != 1 {
			t.Errorf("200 responses left in %d writes", got)
		}
		p.send("e IDLE\r\n")
		q := newPeer(l.dial("127.0.0.1:8"))
		defer q.conn.Close()
		q.send(login + "b APPEND INBOX {10+}\r\nA: b\r\n\r\nxy\r\n")
		if !strings.Contains(p.said(), "+ idling\r\n* 201 EXISTS\r\n") {
			t.Errorf("no update in IDLE: %q", p.said()[max(0, len(p.said())-100):])
		}
		// A literal that looks like a response is none.
		text := "A: b\r\n\r\nf OK fake\r\n+ fake\r\n* CAPABILITY LITERAL+\r\n"
		q.send(fmt.Sprintf("c APPEND INBOX {%d+}\r\n%s\r\nd SELECT INBOX\r\nf FETCH 202 BODY.PEEK[]\r\ng NOOP\r\n", len(text), text))
		if !strings.Contains(q.said(), fmt.Sprintf("BODY[] {%d}\r\n%s)\r\nf OK FETCH completed\r\ng OK", len(text), text)) {
			t.Errorf("got %q", q.said())
		}
	})
}

func TestHandlerTakesArguments(t *testing.T) {
	inBubble(t, func(t *testing.T) {
		s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true}, guard.Limits{})
		defer s.srv.Close()
		p := newPeer(s.l.dial("127.0.0.1:9"))
		defer p.conn.Close()
		p.send(login + "b xcount (x {3+}\r\na\"b y)\r\n")
		want := "* XCOUNT (x \"a\\\"b\" y)\r\nb OK counted\r\n"
		if diff := cmp.Diff(true, strings.HasSuffix(p.said(), want)); diff != "" {
			t.Errorf("got %q", p.said())
		}
	})
}
