package guard_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"

	"tidepost/guard"
)

// An imapServer is the real imapserver with its memory back-end behind the guard.
type imapServer struct {
	l     *pipeListener
	limit *guard.Listener
	srv   *imapserver.Server
	user  *imapmemserver.User
}

// A memSession makes of the memory back-end one that obeys the guard's contract.
type memSession struct {
	*imapmemserver.UserSession
	user *imapmemserver.User
	conn *guard.IMAP
}

func (s *memSession) Login(name, password string) error {
	if password != "pw" || !s.conn.LoginAllowed(name) {
		s.conn.LoginFailed(name)
		return imapserver.ErrAuthFailed
	}
	if !s.conn.LoginOK(name, name) {
		return &imap.Error{Type: imap.StatusResponseTypeNo, Code: imap.ResponseCodeLimit, Text: "Too many connections"}
	}
	s.UserSession = imapmemserver.NewUserSession(s.user)
	return nil
}

func (s *memSession) Close() error {
	if s.UserSession == nil {
		return nil
	}
	return s.UserSession.Close()
}

func startIMAP(t *testing.T, o guard.IMAPOptions, lim guard.Limits) *imapServer {
	t.Helper()
	l := newPipeListener()
	limit := guard.Listen(l, lim)
	s := startIMAPOn(t, limit, o)
	s.l, s.limit = l, limit
	return s
}

func startIMAPOn(t *testing.T, l net.Listener, o guard.IMAPOptions) *imapServer {
	t.Helper()
	s := &imapServer{user: imapmemserver.NewUser("alice", "pw")}
	if err := s.user.Create("INBOX", nil); err != nil {
		t.Fatal(err)
	}
	s.srv = imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			conn := c.NetConn().(*guard.IMAP)
			conn.Handle("XCOUNT", func(cmd guard.Command, w io.Writer) string {
				_, _ = io.WriteString(w, "* XCOUNT "+cmd.Args+"\r\n")
				return "OK counted"
			})
			return &memSession{user: s.user, conn: conn}, nil, nil
		},
		Caps:         imap.CapSet{imap.CapIMAP4rev1: {}, imap.CapIMAP4rev2: {}},
		InsecureAuth: true,
		Logger:       quiet,
	})
	go s.srv.Serve(guard.IMAPListener(l, o))
	return s
}

// statuses are the status responses of a transcript: tag and word of each, "+" for
// a go-ahead.
func statuses(transcript string) string {
	var out []string
	for _, line := range strings.Split(transcript, "\r\n") {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "+"):
			out = append(out, "+")
		case len(words) > 1 && (words[0] != "*" || words[1] == "BYE" || words[1] == "BAD"):
			out = append(out, words[0]+" "+words[1])
		}
	}
	return strings.Join(out, ", ")
}

const login = "a LOGIN alice pw\r\n"

var imapDialogues = []struct {
	name   string
	send   string
	want   string // statuses
	closed bool
}{
	{"commands are answered", login + "b SELECT INBOX\r\nc NOOP\r\nd LOGOUT\r\n", "a OK, b OK, c OK, * BYE, d OK", true},
	{"ID in any state", "x ID NIL\r\n" + login + "b ID (\"name\" \"x\")\r\nc ID foo\r\n", "x OK, a OK, b OK, c BAD", false},
	{"an empty line is swallowed", "\r\n" + login + "\r\nb NOOP\r\n", "a OK, b OK", false},
	{"a tag alone is BAD", "x\r\ny NOOP\r\n", "x BAD, y OK", false},
	{"unknown commands before login are borne thrice", "a FOO\r\nb FOO\r\nc NAMESPACE\r\nd NOOP\r\n", "a BAD, b BAD, c BAD, d OK", false},
	{"and then not", "a FOO\r\nb FOO\r\nc FOO\r\nd FOO\r\ne NOOP\r\n", "a BAD, b BAD, c BAD, d BAD, * BYE", true},
	{"a browser is sent away", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "* BYE", true},
	{"a literal is folded", "a LOGIN {5+}\r\nalice {2}\r\npw\r\nb CREATE {5+}\r\na\"b\\c\r\nc SELECT \"a\\\"b\\\\c\"\r\n", "+, a OK, b OK, c OK", false},
	{"too large a literal is answered at once", "x LOGIN {5000}\r\ny LOGIN {9223372036854775807}\r\nz LOGIN {99999999999999999999}\r\nw LOGIN {-1}\r\n", "x NO, y NO, z BAD, w BAD", false},
	{"too large a literal without waiting ends it", login + "b SEARCH SUBJECT {5000+}\r\nzz CREATE pwned\r\n", "a OK, b BAD, * BYE", true},
	{"no go-ahead before login", "b APPEND INBOX {100}\r\nc APPEND INBOX {2+}\r\nzz CREATE pwned\r\n", "b BAD, c BAD, * BYE", true},
	{"bare LF ends it", "a NOOP\nb NOOP\r\n", "a BAD, * BYE", true},
	{"sections are numbered from 1", login + "b SELECT INBOX\r\nc FETCH 1 BODY[0]\r\nd FETCH 1 BODY[1.0.TEXT]\r\ne FETCH 1 BODY[01]\r\nf FETCH 1 BODY[-1]\r\ng NOOP\r\n", "a OK, b OK, c BAD, d BAD, e BAD, f BAD, g OK", false},
	{"a list of fields is not empty", login + "b SELECT INBOX\r\nc FETCH 1 BODY[HEADER.FIELDS ()]\r\nd FETCH 1 BODY[1.HEADER.FIELDS.NOT ()]\r\ne FETCH 1:* BODY.PEEK[HEADER.FIELDS (\"Subject\" X.0)]\r\n", "a OK, b OK, c BAD, d BAD, e OK", false},
	{"bare LF behind a marker ends it", "a LOGIN {5+}\nalice pw\r\n", "a BAD, * BYE", true},
	{"NUL and CR are refused", "a NO\x00OP\r\nb NO\rOP\r\nc NOOP\r\n", "a BAD, b BAD, c OK", false},
	{"an open quote is refused", login + "b SELECT \"INBOX\r\nc NOOP\r\n", "a OK, b BAD, c OK", false},
	{"line breaks in a literal run nothing", login + "b FOO {20+}\r\na\r\nzz CREATE pwned\r\n\r\nc NOOP\r\n", "a OK, b BAD, c OK", false},
	{"an APPEND that is longer than it says ends it", login + "b APPEND INBOX {11+}\r\nA: b\r\n\r\nx\r\ny\r\nc STATUS INBOX (MESSAGES)\r\n", "a OK, b BAD, * BYE", true},
	{"an exact APPEND is stored", login + "b APPEND INBOX (\\Seen) {10+}\r\nA: b\r\n\r\nxy\r\nc STATUS INBOX (MESSAGES)\r\n", "a OK, b OK, c OK", false},
	{"an APPEND waits for the go-ahead", login + "b APPEND INBOX {10}\r\nA: b\r\n\r\nxy\r\nc NOOP\r\n", "a OK, +, b OK, c OK", false},
	{"an APPEND nowhere is eaten", login + "b APPEND nowhere {21+}\r\nA: b\r\nzz CREATE pwned\r\nc NOOP\r\n", "a OK, b NO, c OK", false},
	{"an APPEND with a bad date is eaten", login + "b APPEND INBOX \"99-Xxx-2035 00:00:00 +0000\" {21+}\r\nA: b\r\nzz CREATE pwned\r\nz NOOP\r\n", "a OK, b BAD, z OK", false},
	{"an APPEND of nothing is refused", login + "b APPEND INBOX {0+}\r\n\r\nc NOOP\r\n", "a OK, b NO, c OK", false},
	{"an APPEND too large is refused at once", login + "b APPEND INBOX {5000}\r\nc NOOP\r\nd APPEND INBOX {5000+}\r\nzz CREATE pwned\r\n", "a OK, b NO, c OK, d NO, * BYE", true},
	{"faults of the client are BAD", login + "b SELECT INBOX\r\nc FETCH 0 FLAGS\r\nd FETCH 4294967296 FLAGS\r\ne FETCH 1:*:3 FLAGS\r\nf FETCH 1 BODY[]<0.0>\r\ng SEARCH SINCE 30-Feb-2036\r\nh NOOP\r\n",
		"a OK, b OK, c BAD, d BAD, e BAD, f BAD, g BAD, h OK", false},
	{"a table of further commands", login + "b XCOUNT {3+}\r\na b\r\nc UID FOO\r\n", "a OK, b OK, c BAD", false},
	{"IDLE ends with DONE or BAD", login + "b SELECT INBOX\r\nc IDLE\r\ndone\r\nd IDLE\r\ne NOOP\r\nf NOOP\r\n", "a OK, b OK, +, c OK, +, d BAD, f OK", false},
	{"AUTHENTICATE in steps", "a AUTHENTICATE PLAIN\r\n*\r\nb AUTHENTICATE PLAIN\r\n!!\r\nc AUTHENTICATE PLAIN !!\r\nd AUTHENTICATE PLAIN\r\nAGFsaWNlAHB3\r\ne NOOP\r\n", "+, a BAD, +, b BAD, c BAD, +, d OK, e OK", false},
	{"nothing runs after LOGOUT", login + "b LOGOUT\r\nc NOOP\r\nd LOGIN bob pw\r\n", "a OK, * BYE, b OK", true},
	{"STARTTLS is not there", "a STARTTLS\r\nb STARTTLS x\r\n", "a BAD, b BAD", false},
}

func TestIMAPDialogues(t *testing.T) {
	for _, d := range imapDialogues {
		t.Run(d.name, func(t *testing.T) {
			ways := cuts(d.send)
			for i, way := range ways {
				if testing.Short() && i%7 != 0 && i != len(ways)-1 {
					continue
				}
				inBubble(t, func(t *testing.T) {
					s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true, MaxAppend: 1000}, guard.Limits{})
					defer s.srv.Close()
					p := newPeer(s.l.dial("127.0.0.1:9"))
					for _, part := range way {
						p.send(part)
					}
					got, closed := statuses(p.said()), p.closed()
					p.conn.Close()
					if got != d.want {
						t.Errorf("cut %d: got %s\nwant %s\n%s", i, got, d.want, p.said())
					}
					if closed != d.closed {
						t.Errorf("cut %d: got closed %v, want %v", i, closed, d.closed)
					}
					if _, err := s.user.Status("pwned", &imap.StatusOptions{}); err == nil {
						t.Errorf("cut %d: message text was run as a command", i)
					}
				})
				if t.Failed() {
					return
				}
			}
		})
	}
}

func TestLongIMAPLines(t *testing.T) {
	for _, d := range []struct{ name, send, want string }{
		{"deep parentheses before login", "x ID " + strings.Repeat("(", 20000) + "\r\n", "x BAD, * BYE"},
		{"the rest of a long line", login + "b SEARCH SUBJECT \"" + strings.Repeat("A", 51180) + "zz CREATE pwned\r\n", "a OK, b BAD, * BYE"},
		{"nested OR", login + "a2 SELECT INBOX\r\nb SEARCH " + strings.Repeat("OR ALL ", 5000) + "ALL\r\n", "a OK, a2 OK, b BAD"},
		{"nested parentheses", login + "a2 SELECT INBOX\r\nb SEARCH " + strings.Repeat("(", 5000) + "ALL" + strings.Repeat(")", 5000) + "\r\n", "a OK, a2 OK, b BAD"},
		{"a deep section", login + "a2 SELECT INBOX\r\nb FETCH 1 BODY[" + strings.Repeat("1.", 20000) + "1]\r\n", "a OK, a2 OK, b BAD"},
		{"a long pattern", login + "b LIST \"\" " + strings.Repeat("*a", 5000) + "\r\n", "a OK, b BAD"},
		{"as long as allowed", login + "b CREATE " + strings.Repeat("a", 49000) + "\r\nc NOOP\r\n", "a OK, b OK, c OK"},
		{"a line without end", login + "b CREATE " + strings.Repeat("a", 2<<20), "a OK, b BAD, * BYE"},
	} {
		t.Run(d.name, func(t *testing.T) {
			inBubble(t, func(t *testing.T) {
				s := startIMAP(t, guard.IMAPOptions{AllowClearAuth: true}, guard.Limits{})
				defer s.srv.Close()
				p := newPeer(s.l.dial("127.0.0.1:9"))
				defer p.conn.Close()
				p.send(d.send)
				if got := statuses(p.said()); got != d.want {
					t.Errorf("got %s\nwant %s", got, d.want)
				}
			})
		})
	}
}
