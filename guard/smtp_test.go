package guard_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
	"github.com/google/go-cmp/cmp"

	"tidepost/guard"
)

// A recorder is a go-smtp back-end that writes down what reaches it.
type recorder struct {
	mu     sync.Mutex
	events []string
	early  bool // answer DATA without reading it
	defect []string
	params []guard.MailParams
}

func (r *recorder) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf(format, args...))
}

func (r *recorder) log() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]string(nil), r.events...)
}

func (r *recorder) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &recordedSession{r: r, conn: c.Conn().(*guard.SMTP)}, nil
}

type recordedSession struct {
	r    *recorder
	conn *guard.SMTP
}

func (s *recordedSession) Reset()        {}
func (s *recordedSession) Logout() error { return nil }
func (s *recordedSession) Mail(from string, o *smtp.MailOptions) error {
	s.r.note("MAIL %s", from)
	s.r.mu.Lock()
	s.r.params = append(s.r.params, s.conn.MailParams())
	s.r.mu.Unlock()
	return nil
}

func (s *recordedSession) Rcpt(to string, o *smtp.RcptOptions) error {
	if strings.HasPrefix(to, "nobody") {
		return &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "No such user\nreally"}
	}
	if strings.HasPrefix(to, "leak") {
		return errors.New("table rcpt: no such column")
	}
	s.r.note("RCPT %s", to)
	return nil
}

func (s *recordedSession) Data(io.Reader) error {
	if s.r.early {
		return &smtp.SMTPError{Code: 554, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "Policy"}
	}
	text, err := io.ReadAll(s.conn.Body())
	if err != nil {
		s.r.note("LOST")
		return err
	}
	if strings.Contains(string(text), "fail inside") {
		return errors.New("disk /var/lib is full")
	}
	s.r.note("DATA %q", text)
	return nil
}

func (s *recordedSession) AuthMechanisms() []string { return []string{"PLAIN"} }

func (s *recordedSession) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, name, password string) error {
		if password != "pw" || !s.conn.LoginAllowed(name) {
			s.conn.LoginFailed(name)
			return &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "Wrong"}
		}
		if !s.conn.LoginOK(name, name) {
			return &smtp.SMTPError{Code: 421, EnhancedCode: smtp.EnhancedCode{4, 7, 0}, Message: "Too many connections"}
		}
		s.r.note("LOGIN %s secure=%v", name, s.conn.Secure())
		return nil
	}), nil
}

// lmtpRecorder answers per recipient.
type lmtpSession struct{ *recordedSession }

func (s lmtpSession) LMTPData(r io.Reader, status smtp.StatusCollector) error {
	err := s.Data(r)
	s.r.mu.Lock()
	if d := s.conn.DataDefect(); d != nil {
		s.r.defect = append(s.r.defect, d.Text)
	}
	s.r.mu.Unlock()
	return err
}

type lmtpRecorder struct{ *recorder }

func (r lmtpRecorder) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return lmtpSession{&recordedSession{r: r.recorder, conn: c.Conn().(*guard.SMTP)}}, nil
}

// A smtpServer is the real go-smtp behind the guard.
type smtpServer struct {
	*recorder
	l     *pipeListener
	limit *guard.Listener
	srv   *smtp.Server
}

func startSMTP(t *testing.T, o guard.SMTPOptions, lim guard.Limits) *smtpServer {
	t.Helper()
	o.Hostname = "mx.here.test"
	s := &smtpServer{recorder: &recorder{}, l: newPipeListener()}
	var be smtp.Backend = s.recorder
	if o.Role == guard.LMTP {
		be = lmtpRecorder{s.recorder}
	}
	s.srv = smtp.NewServer(be)
	s.srv.ErrorLog = quiet
	o.Configure(s.srv)
	s.limit = guard.Listen(s.l, lim)
	go s.srv.Serve(guard.SMTPListener(s.limit, o))
	return s
}

// codes are the reply codes of a transcript, one for each reply.
func codes(transcript string) string {
	var out []string
	for _, line := range strings.Split(strings.TrimSuffix(transcript, "\r\n"), "\r\n") {
		if len(line) > 3 && line[3] == '-' {
			continue
		}
		out = append(out, line[:min(3, len(line))])
	}
	return strings.Join(out, " ")
}

const (
	start = "EHLO c.test\r\nMAIL FROM:<a@remote.test>\r\nRCPT TO:<bob@here.test>\r\n"
	evil  = "MAIL FROM:<evil@remote.test>\r\nRCPT TO:<victim@here.test>\r\nDATA\r\nx\r\n.\r\n"
)

var smtpDialogues = []struct {
	name   string
	role   guard.Role
	send   string
	codes  string
	events []string // nil: none
	closed bool
}{
	{"a plain message arrives", guard.Inbound, start + "DATA\r\nSubject: a\r\n\r\nb\r\n.\r\nQUIT\r\n", "220 250 250 250 354 250 221",
		[]string{"MAIL a@remote.test", "RCPT bob@here.test", `DATA "Subject: a\r\n\r\nb\r\n"`}, true},
	{"dots are unstuffed exactly", guard.Inbound, start + "DATA\r\n..\r\n...x\r\n. \r\n.x\r\n.\r\n", "220 250 250 250 354 250",
		[]string{"MAIL a@remote.test", "RCPT bob@here.test", `DATA ".\r\n..x\r\n \r\nx\r\n"`}, false},
	{"an empty message is one", guard.Inbound, start + "DATA\r\n.\r\nNOOP\r\n", "220 250 250 250 354 250 250",
		[]string{"MAIL a@remote.test", "RCPT bob@here.test", `DATA ""`}, false},
	{"LF dot CRLF does not end a body", guard.Inbound, start + "DATA\r\nb\n.\r\n" + evil, "220 250 250 250 354 550", lost(), false},
	{"CRLF dot LF does not end a body", guard.Inbound, start + "DATA\r\nb\r\n.\n" + evil, "220 250 250 250 354 550", lost(), false},
	{"CRLF dot CR does not end a body", guard.Inbound, start + "DATA\r\nb\r\n.\r" + evil, "220 250 250 250 354 550", lost(), false},
	{"CR dot LF does not end a body", guard.Inbound, start + "DATA\r\nb\r.\n" + evil, "220 250 250 250 354 550", lost(), false},
	{"CR CRLF dot CRLF ends a body", guard.Inbound, start + "DATA\r\nb\r\r\n.\r\nMAIL FROM:<c@d.test>\r\n", "220 250 250 250 354 550 250",
		append(lost(), "MAIL c@d.test"), false},
	{"a bare LF is refused", guard.Inbound, start + "DATA\r\na\nb\r\n.\r\nNOOP\r\n", "220 250 250 250 354 550 250", lost(), false},
	{"a NUL is refused", guard.Inbound, start + "DATA\r\na\x00b\r\n.\r\nNOOP\r\n", "220 250 250 250 354 550 250", lost(), false},
	{"dot CR x is refused", guard.Inbound, start + "DATA\r\na\r\n.\rX..\r\n.\r\nNOOP\r\n", "220 250 250 250 354 550 250", lost(), false},
	{"bare LF lines are no commands", guard.Inbound, "EHLO c.test\nMAIL FROM:<a@b.test>\nRCPT TO:<bob@here.test>\n", "220 500 500 500", nil, false},
	{"bare CR in commands is refused", guard.Inbound, "EHLO a\rb\r\nEHLO a\r\nMAIL FROM:<a\rX@b.test>\r\n", "220 501 250 501", nil, false},
	{"NUL and controls are refused", guard.Inbound, "EHLO a\r\nMAIL FROM:<a\x00b@c.test>\r\nMAIL FROM:<a\x1b@c.test>\r\n", "220 250 501 501", nil, false},
	{"8-bit needs SMTPUTF8", guard.Inbound, "EHLO a\r\nMAIL FROM:<\u00e9@c.test>\r\nMAIL FROM:<\u00e9@c.test> SMTPUTF8\r\nRCPT TO:<\u00fc@here.test>\r\n", "220 250 553 250 250",
		[]string{"MAIL \u00e9@c.test", "RCPT \u00fc@here.test"}, false},
	{"half a line is no command", guard.Inbound, start[:len(start)-2], "220 250 250", []string{"MAIL a@remote.test"}, false},
	{"order is kept", guard.Inbound, "MAIL FROM:<a@b.test>\r\nEHLO a\r\nRCPT TO:<bob@here.test>\r\nDATA\r\nMAIL FROM:<a@b.test>\r\nDATA\r\nMAIL FROM:<c@d.test>\r\nRCPT TO:<nobody@here.test>\r\nDATA\r\nRSET\r\nRCPT TO:<bob@here.test>\r\n",
		"220 503 250 503 503 250 503 503 550 503 250 503", []string{"MAIL a@b.test"}, false},
	{"postmaster needs no domain", guard.Inbound, "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<Postmaster>\r\n", "220 250 250 250",
		[]string{"MAIL ", "RCPT Postmaster@mx.here.test"}, false},
	{"strange paths are refused", guard.Inbound, "EHLO a\r\nMAIL FROM:<>\r\nRCPT TO:<\"v@r.test\"@here.test>\r\nRCPT TO:<v@h@r.test>\r\nRCPT TO:<@a:b@c.test>\r\nRCPT TO:v@r.test\r\nRCPT TO:<v@r.test.>\r\nRCPT TO:<a..b@c.test>\r\nRCPT TO:<v@a b>\r\n",
		"220 250 250 553 553 553 501 501 553 501", []string{"MAIL "}, false},
	{"unknown parameters are refused", guard.Inbound, "EHLO a\r\nMAIL FROM:<> FOO=1\r\nMAIL FROM:<> HOLDFOR=5\r\nMAIL FROM:<> SIZE=99999999999999999999\r\nMAIL FROM:<> SIZE=x\r\nMAIL FROM:<> BODY=BINARYMIME\r\nMAIL FROM:<> BODY=8BITMIME SIZE=10\r\nRCPT TO:<bob@here.test> FOO=1\r\nRCPT TO:<bob@here.test> NOTIFY=NEVER\r\n",
		"220 250 555 555 552 501 555 250 555 250", []string{"MAIL ", "RCPT bob@here.test"}, false},
	{"BDAT is eaten", guard.Inbound, "EHLO a\r\nBDAT 30 LAST\r\nMAIL FROM:<evil@remote.test>\r\nNOOP\r\n", "220 250 502 250", nil, false},
	{"BDAT in a transaction is eaten", guard.Inbound, start + "BDAT 15\r\nSubject: a\r\n\r\n\rBDAT 5 LAST\r\n\n.\r\nxRSET\r\n", "220 250 250 250 554 554 250",
		[]string{"MAIL a@remote.test", "RCPT bob@here.test"}, false},
	{"a BDAT one cannot eat ends it", guard.Inbound, start + "BDAT 4294967295 LAST\r\nMAIL", "220 250 250 250 552",
		[]string{"MAIL a@remote.test", "RCPT bob@here.test"}, true},
	{"a BDAT beyond 64 bits ends it", guard.Inbound, "EHLO a\r\nBDAT 99999999999999999999 LAST\r\nMAIL FROM:<>\r\n", "220 250 552", nil, true},
	{"a negative BDAT ends it", guard.Inbound, "EHLO a\r\nBDAT -1\r\nMAIL FROM:<>\r\n", "220 250 501", nil, true},
	{"a browser is sent away", guard.Inbound, "POST / HTTP/1.1\r\nHost: x\r\n\r\nMAIL FROM:<>\r\n", "220 421", nil, true},
	{"EHLO cannot forge Received", guard.Inbound, "EHLO x\tby evil\r\nEHLO x by evil\r\nEHLO (x)\r\nEHLO\r\nHELO [127.0.0.1]\r\n", "220 501 501 501 501 250", nil, false},
	{"odd commands are answered", guard.Inbound, "FOO\r\nHELP\r\nSTARTTLSfoo bar\r\nSTARTTLS now\r\nSTARTTLS\r\nDATA x\r\nRSET x\r\n\r\nVRFY x\r\nAUTH PLAIN =\r\nLHLO x\r\n", "220 500 502 500 501 502 501 501 500 252 502 500", nil, false},
	{"inner errors stay inside", guard.Inbound, start + "RCPT TO:<leak@here.test>\r\nDATA\r\nfail inside\r\n.\r\n", "220 250 250 250 451 354 451",
		[]string{"MAIL a@remote.test", "RCPT bob@here.test"}, false},
	{"submission wants a login", guard.Submission, "EHLO a\r\nMAIL FROM:<a@b.test>\r\nAUTH PLAIN !!!!\r\nAUTH PLAIN AGEAYmFk\r\nAUTH PLAIN AGEAcHcAeA==\r\nAUTH PLAIN AGEAcHc=\r\nAUTH PLAIN AGEAcHc=\r\nMAIL FROM:<a@b.test>\r\nAUTH PLAIN AGEAcHc=\r\n",
		"220 250 530 501 535 501 235 503 250 503", []string{"LOGIN a secure=false", "MAIL a@b.test"}, false},
	{"AUTH in steps", guard.Submission, "EHLO a\r\nAUTH PLAIN\r\n*\r\nAUTH PLAIN\r\n!!!\r\nAUTH PLAIN\r\nAGEAcHc=\r\nNOOP\r\n", "220 250 334 501 334 501 334 235 250",
		[]string{"LOGIN a secure=false"}, false},
	{"LMTP normalises", guard.LMTP, "LHLO a\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<x@here.test>\r\nRCPT TO:<y@here.test>\r\nDATA\r\na\nb\rc\x00\n.\r\r\n.\r\nNOOP\r\n", "220 250 250 250 250 354 250 250 250",
		[]string{"MAIL a@b.test", "RCPT x@here.test", "RCPT y@here.test", `DATA "a\r\nb\r\nc` + "\uFFFD" + `\r\n.\r\n"`}, false},
	{"LMTP knows only LHLO", guard.LMTP, "EHLO x\r\nHELO x\r\n", "220 500 500", nil, false},
}

func lost() []string { return []string{"MAIL a@remote.test", "RCPT bob@here.test", "LOST"} }

func TestSMTPDialogues(t *testing.T) {
	for _, d := range smtpDialogues {
		t.Run(d.name, func(t *testing.T) {
			ways := cuts(d.send)
			for i, way := range ways {
				if testing.Short() && i%7 != 0 && i != len(ways)-1 {
					continue
				}
				inBubble(t, func(t *testing.T) {
					s := startSMTP(t, guard.SMTPOptions{Role: d.role, AllowClearAuth: true, MaxSize: 1000}, guard.Limits{})
					defer s.srv.Close()
					p := newPeer(s.l.dial("127.0.0.1:9"))
					for _, part := range way {
						p.send(part)
					}
					got, events, closed := codes(p.said()), s.log(), p.closed()
					p.conn.Close()
					if strings.HasSuffix(d.codes, " 550") && strings.Contains(d.send, evil) && !strings.HasPrefix(got, d.codes) || !strings.Contains(d.send, evil) && got != d.codes {
						t.Errorf("cut %d: got replies %s, want %s\n%s", i, got, d.codes, p.said())
					}
					if diff := cmp.Diff(d.events, events); diff != "" {
						t.Errorf("cut %d: events (-want +got):\n%s", i, diff)
					}
					if closed != d.closed {
						t.Errorf("cut %d: got closed %v, want %v", i, closed, d.closed)
					}
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

func ExampleSMTPOptions_Configure() {
	o := guard.SMTPOptions{Hostname: "mx.here.test", Role: guard.LMTP}
	s := smtp.NewServer(nil)
	o.Configure(s)
	fmt.Println(s.LMTP, s.MaxMessageBytes, s.ReadTimeout == time.Duration(0))
	// Output: true 0 true
}
