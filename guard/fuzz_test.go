package guard_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2"

	"tidepost/guard"
)

// hostileRows are what the short rows of the hostile catalogues send, for protocols whose
// name begins so.
func hostileRows(f *testing.F, protocols ...string) []string {
	f.Helper()
	var out []string
	for _, name := range []string{"cases.jsonl", "more.jsonl"} {
		text, err := os.ReadFile("../testdata/badinput/" + name)
		if err != nil {
			f.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			var row struct {
				Protocol string
				Send     []json.RawMessage
			}
			if err := json.Unmarshal(line, &row); err != nil {
				f.Fatal(err)
			}
			var all strings.Builder
			for _, raw := range row.Send {
				var s string
				if json.Unmarshal(raw, &s) == nil {
					all.WriteString(s)
				}
			}
			if slices.Contains(protocols, row.Protocol) && all.Len() > 0 && all.Len() < 1000 {
				out = append(out, strings.NewReplacer("{TLS}", "", "{AUTH}", "").Replace(all.String()))
			}
		}
	}
	return out
}

// FuzzSMTP sends octets in each state of a dialogue. Whatever they are, the
// connection ends, and nothing within a body is ever a command: the canary address
// appears only behind DATA.
func FuzzSMTP(f *testing.F) {
	for _, d := range smtpDialogues {
		f.Add([]byte(d.send), uint8(0))
	}
	for _, seed := range []string{"a\r\n.\r\n", "a\n.\r\nb", "\r\r\n.\r\n", ".\r.\r\n..\r\n", "BDAT 3 LAST\r\nabc", "RCPT TO:<x@y.test> ORCPT=rfc822;a+40b\r\n"} {
		for state := range uint8(4) {
			f.Add([]byte(seed), state)
		}
	}
	for i, seed := range hostileRows(f, "smtp", "submission", "lmtp") {
		f.Add([]byte(seed), uint8(i%12))
	}
	before := []string{
		"",
		"EHLO a\r\nMAIL FROM:<a@b.test>\r\n",
		start + "DATA\r\n",
		"EHLO a\r\nSTARTTLS\r\n",
	}
	f.Fuzz(func(t *testing.T, data []byte, state uint8) {
		if len(data) > 4096 {
			return
		}
		inBubble(t, func(t *testing.T) {
			s := startSMTP(t, guard.SMTPOptions{Role: guard.Role(state>>2) % 3, AllowClearAuth: true, MaxSize: 2000}, guard.Limits{})
			defer s.srv.Close()
			p := newPeer(s.l.dial("127.0.0.1:9"))
			hello := before[state%4]
			if guard.Role(state>>2)%3 == guard.LMTP {
				hello = strings.Replace(hello, "EHLO", "LHLO", 1)
			}
			p.send(hello)
			inData := strings.HasSuffix(codes(p.said()), "354")
			p.send(string(data))
			if inData && !strings.Contains(string(data), "\r\n.\r\n") && !strings.HasPrefix(string(data), ".\r\n") {
				if got := codes(p.said()); !strings.HasSuffix(got, "354") && !strings.HasSuffix(got, "552") {
					t.Errorf("a body without an end was answered: %s", got)
				}
				for _, e := range s.log() {
					if strings.HasPrefix(e, "DATA") {
						t.Errorf("a body without an end was stored: %s", e)
					}
				}
			}
			for _, line := range strings.Split(strings.TrimSuffix(p.said(), "\r\n"), "\r\n") {
				if strings.ContainsAny(line, "\r\n\x00") {
					t.Errorf("reply line %q", line)
				}
			}
			p.conn.Close()
			time.Sleep(time.Hour)
		})
	})
}

// FuzzIMAP sends octets in each state. Octets of a literal never become a command.
func FuzzIMAP(f *testing.F) {
	for _, d := range imapDialogues {
		f.Add([]byte(strings.TrimPrefix(d.send, login)), uint8(1))
		f.Add([]byte(d.send), uint8(0))
	}
	for i, seed := range hostileRows(f, "imap") {
		f.Add([]byte(seed), uint8(i%2))
	}
	before := []string{"", login, login + "a2 SELECT INBOX\r\n", login + "a2 APPEND INBOX {4096}\r\n", "a AUTHENTICATE PLAIN\r\n", login + "a2 IDLE\r\n"}
	f.Fuzz(func(t *testing.T, data []byte, state uint8) {
		if len(data) > 4000 {
			return
		}
		inBubble(t, func(t *testing.T) {
			s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true, MaxAppend: 5000}, guard.Limits{})
			defer s.srv.Close()
			p := newPeer(s.l.dial("127.0.0.1:9"))
			p.send(before[int(state)%len(before)])
			said := len(p.said())
			p.send(string(data))
			if int(state)%len(before) == 3 {
				// All of it is message text.
				if got := p.said()[said:]; got != "" {
					t.Errorf("message text was answered: %q", got)
				}
				if st, err := s.user.Status("INBOX", &imap.StatusOptions{NumMessages: true}); err != nil || *st.NumMessages != 0 {
					t.Errorf("a part of a message was stored")
				}
			}
			if strings.Contains(p.said(), "[SERVERBUG]") {
				t.Errorf("got %q", p.said())
			}
			p.conn.Close()
			time.Sleep(time.Hour)
		})
	})
}
