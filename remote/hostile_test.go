package remote_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tidepost/remote"
)

// A script says what a server answers: the first word of a command (or the first two of
// "UID FETCH") → what it sends, with TAG for the tag. Commands without an answer here get
// OK.
type script map[string]string

const hello = "* OK [CAPABILITY IMAP4rev1 UIDPLUS MOVE IDLE ESEARCH SASL-IR] ready\r\n"

// serve plays a server on one end of a pipe until the other end closes.
func (s script) serve(conn net.Conn) {
	defer conn.Close()
	greeting, ok := s["greeting"]
	if !ok {
		greeting = hello
	}
	if !send(conn, greeting) {
		return
	}
	in := bufio.NewReader(conn)
	idle := "" // the tag of the last IDLE
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		tag, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		word, more, _ := strings.Cut(rest, " ")
		if word == "UID" {
			second, _, _ := strings.Cut(more, " ")
			word += " " + second
		}
		answer, ok := s[word]
		if word == "IDLE" {
			idle = tag
		}
		switch {
		case tag == "DONE":
			if answer, ok = s["DONE"]; !ok {
				answer = idle + " OK done\r\n"
			}
		case !ok && word == "LOGIN":
			answer = "TAG OK [CAPABILITY IMAP4rev1 UIDPLUS MOVE IDLE ESEARCH] in\r\n"
		case !ok && word == "SELECT":
			answer = "* 2 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT 9] x\r\n* OK [PERMANENTFLAGS (\\Seen \\Deleted \\*)] x\r\nTAG OK [READ-WRITE] x\r\n"
		case !ok:
			answer = "TAG OK done\r\n"
		}
		if !send(conn, strings.ReplaceAll(answer, "TAG", tag)) {
			return
		}
	}
}

// send writes; "FOREVER" repeats what stands behind it.
func send(conn net.Conn, text string) bool {
	once, endless, found := strings.Cut(text, "FOREVER")
	if _, err := io.WriteString(conn, once); err != nil {
		return false
	}
	for found {
		if _, err := io.WriteString(conn, strings.Repeat(endless, 1+4000/len(endless))); err != nil {
			return false
		}
	}
	return true
}

func (s script) account() remote.Account {
	return remote.Account{
		Addr: "localhost:143", Security: remote.Clear, User: "ana", Password: "secret",
		Dial: func(context.Context, string, string) (net.Conn, error) {
			mine, theirs := net.Pipe()
			go s.serve(theirs)
			return mine, nil
		},
	}
}

// everyMethod does what a caller does, and returns the first error.
func everyMethod(ctx context.Context, a remote.Account) error {
	s, err := remote.Dial(ctx, a)
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.List(ctx); err != nil {
		return err
	}
	if _, err := s.Status(ctx, "INBOX"); err != nil {
		return err
	}
	if _, err := s.Statuses(ctx, []string{"INBOX", "Other", "Third"}); err != nil {
		return err
	}
	if _, err := s.Watch(ctx, []string{"INBOX", "Other"}); err != nil {
		return err
	}
	if _, err := s.Select(ctx, "INBOX", 0); err != nil {
		return err
	}
	for _, err := range s.Since(ctx, 0) {
		if err != nil {
			return err
		}
	}
	if err := s.Fetch(ctx, 1, 1000, func(_ int64, r io.Reader) error { _, err := io.ReadAll(r); return err }); err != nil && !errors.Is(err, remote.ErrNoMessage) {
		return err
	}
	if _, err := s.Move(ctx, []remote.UID{1, 2}, "Other"); err != nil {
		return err
	}
	_, err = s.Append(ctx, "Other", letter("a@x", "Text"))
	return err
}

func TestHostileServers(t *testing.T) {
	deep := strings.Repeat("(", 100)
	for name, s := range map[string]script{
		"endless greeting":           {"greeting": "FOREVERx"},
		"greeting of another":        {"greeting": "220 mail.example.org ESMTP\r\n"},
		"empty lines":                {"greeting": "FOREVER\r\n"},
		"endless capabilities":       {"greeting": "* OK x\r\n", "CAPABILITY": "* CAPABILITY FOREVERX "},
		"no IMAP":                    {"greeting": "* OK x\r\n", "CAPABILITY": "* CAPABILITY POP3\r\nTAG OK x\r\n", "LOGIN": "TAG OK x\r\n"},
		"endless challenges":         {"greeting": "* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\r\n", "AUTHENTICATE": "FOREVER+ \r\n"},
		"endless untagged responses": {"LIST": "FOREVER* 1 EXISTS\r\n"},
		"endless states":             {"STATUS": "FOREVER* STATUS INBOX (MESSAGES 1)\r\n"},
		"a state for another tag":    {"STATUS": "* STATUS INBOX (MESSAGES 1)\r\nx9 OK done\r\n"},
		"a deep state":               {"STATUS": "* STATUS INBOX " + deep + "\r\n"},
		"endless news":               {"LOGIN": "TAG OK [CAPABILITY IMAP4rev1 NOTIFY] in\r\n", "NOTIFY": "FOREVER* STATUS INBOX (MESSAGES 1)\r\n"},
		"endless folders":            {"LIST": "FOREVER* LIST () \"/\" a\r\n"},
		"endless string":             {"LIST": "* LIST () \"/\" \"FOREVERx"},
		"huge literal":               {"LIST": "* LIST () \"/\" {99999999999}\r\nFOREVERx"},
		"literal of 18 digits":       {"LIST": "* LIST () \"/\" {999999999999999999}\r\nFOREVERx"},
		"literal without a number":   {"LIST": "* LIST () \"/\" {x}\r\n"},
		"negative literal":           {"LIST": "* LIST () \"/\" {-5}\r\n"},
		"deep lists":                 {"LIST": "* LIST " + deep + "\r\n"},
		"another tag":                {"LIST": "x9 OK done\r\n"},
		"another tagged end":         {"LIST": "TAG MAYBE done\r\n"},
		"unasked continuation":       {"LIST": "+ go on\r\n"},
		"goodbye":                    {"LIST": "* BYE it is late\r\n"},
		"line break in a string":     {"STATUS": "* STATUS \"a\r\nb\" (MESSAGES 1)\r\n"},
		"binary":                     {"STATUS": "\x00\x01\x02\xff\r\n"},
		"endless search":             {"UID SEARCH": "* SEARCHFOREVER 1"},
		"search for all numbers":     {"UID SEARCH": "* ESEARCH (TAG \"TAG\") UID ALL 1:4294967295\r\nTAG OK x\r\n"},
		"search of words":            {"UID SEARCH": "* SEARCH one two\r\n"},
		"fetch without a list":       {"UID FETCH": "* 1 FETCH UID 1\r\n"},
		"endless flags":              {"UID SEARCH": "* SEARCH 1 2\r\nTAG OK x\r\n", "UID FETCH": "* 1 FETCH (UID 1 FLAGS (FOREVERx "},
		"text larger than asked":     {"UID SEARCH": "TAG OK x\r\n", "UID FETCH": "* 1 FETCH (UID 1 BODY[]<0> {9999999}\r\nFOREVERx"},
		"text of another":            {"UID SEARCH": "TAG OK x\r\n", "UID FETCH": "* 1 FETCH (UID 5 BODY[]<0> {4}\r\nText)\r\nTAG OK x\r\n"},
		"text twice":                 {"UID SEARCH": "TAG OK x\r\n", "UID FETCH": "* 1 FETCH (BODY[] {4}\r\nText BODY[] {4}\r\nText)\r\nTAG OK x\r\n"},
		"message wanted twice":       {"APPEND": "+ \r\n+ \r\n"},
		"silence":                    {"LIST": ""},
		"half a line":                {"STATUS": "* STATUS INBOX (MESS"},
		"half a literal":             {"LIST": "* LIST () \"/\" {10}\r\nabc"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var before, after runtime.MemStats
				runtime.ReadMemStats(&before)
				begin := time.Now()
				err := everyMethod(t.Context(), s.account())
				runtime.ReadMemStats(&after)
				if !errors.Is(err, remote.ErrLost) {
					t.Fatalf("error: %v", err)
				}
				if took := time.Since(begin); took > 6*time.Minute {
					t.Errorf("it took %v", took)
				}
				if len(err.Error()) > 600 {
					t.Errorf("an error of %d octets", len(err.Error()))
				}
				if used := int64(after.HeapAlloc) - int64(before.HeapAlloc); used > 128<<20 { // With what is not collected yet.
					t.Errorf("%d MiB in use", used>>20)
				}
			})
		})
	}
}

// What is only odd must not end a session.
func TestOddServers(t *testing.T) {
	for name, s := range map[string]script{
		"nothing special":           {"APPEND": "+ go\r\n"},
		"unknown responses":         {"LIST": "* XHELLO (a b) {3}\r\nabc \"x\"\r\n* 5 XTHING\r\nTAG OK x\r\n"},
		"COPYUID of all numbers":    {"UID MOVE": "* OK [COPYUID 7 1:4294967295 1:4294967295] x\r\nTAG OK x\r\n"},
		"COPYUID that is none":      {"UID MOVE": "* OK [COPYUID 7 1,2 x] x\r\nTAG OK [COPYUID] x\r\n"},
		"no text behind OK":         {"LIST": "TAG OK\r\n", "STATUS": "TAG OK \r\n"},
		"spaces":                    {"LIST": "*  LIST  ()  \"/\"  INBOX \r\nTAG OK x\r\n"},
		"numbers beyond 32 bits":    {"SELECT": "* 2 EXISTS\r\n* OK [UIDNEXT 99999999999999999999] x\r\n* OK [UIDVALIDITY x] x\r\nTAG OK x\r\n"},
		"folder names out of place": {"LIST": "* LIST () NIL \"a&!-b\"\r\n* LIST () \"/\" \"\x01\"\r\n* LIST () \"/\" NIL\r\nTAG OK x\r\n"},
		"flags of another message":  {"LIST": "* 1 FETCH (FLAGS (\\Seen))\r\nTAG OK x\r\n"},
		"more expunged than there":  {"SELECT": "* 1 EXISTS\r\nTAG OK x\r\n", "UID SEARCH": "* 1 EXPUNGE\r\n* 1 EXPUNGE\r\n* 1 EXPUNGE\r\nTAG OK x\r\n"},
		"a NIL text":                {"UID SEARCH": "TAG OK x\r\n", "UID FETCH": "* 1 FETCH (UID 1 BODY[]<0> NIL)\r\nTAG OK x\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				sess, err := remote.Dial(t.Context(), s.account())
				if err != nil {
					t.Fatal(err)
				}
				defer sess.Close()
				_ = everyMethodOf(t, sess)
				if sess.Err() != nil {
					t.Errorf("the session ended: %v", sess.Err())
				}
			})
		})
	}
}

// everyMethodOf is everyMethod without the message, which a scripted server does not read.
func everyMethodOf(t *testing.T, s *remote.Session) error {
	ctx := t.Context()
	_, err1 := s.List(ctx)
	_, err2 := s.Status(ctx, "INBOX")
	_, err3 := s.Select(ctx, "INBOX", 0)
	for _, err := range s.Since(ctx, 0) {
		err3 = errors.Join(err3, err)
	}
	err4 := s.Fetch(ctx, 1, 1000, func(_ int64, r io.Reader) error { _, err := io.ReadAll(r); return err })
	moved, err5 := s.Move(ctx, []remote.UID{1, 2}, "Other")
	if len(moved) > 2 {
		t.Errorf("moved %d messages", len(moved))
	}
	return errors.Join(err1, err2, err3, err4, err5)
}

func TestLoginRefusals(t *testing.T) {
	for answer, want := range map[string]error{
		"TAG NO [AUTHENTICATIONFAILED] x\r\n":                  remote.ErrAuth,
		"TAG NO nothing else\r\n":                              remote.ErrAuth,
		"TAG BAD what\r\n":                                     remote.ErrAuth,
		"TAG NO [UNAVAILABLE] try later\r\n":                   remote.ErrTry,
		"TAG NO [INUSE] try later\r\n":                         remote.ErrTry,
		"TAG NO [LIMIT] Too many simultaneous connections\r\n": remote.ErrTry,
		"* BYE not today\r\n":                                  remote.ErrLost,
	} {
		synctest.Test(t, func(t *testing.T) {
			_, err := remote.Dial(t.Context(), script{"LOGIN": answer}.account())
			if !errors.Is(err, want) {
				t.Errorf("%q: %v", answer, err)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Errorf("the password is in the error: %v", err)
			}
		})
	}
}

func TestSTARTTLSCannotBeTakenAway(t *testing.T) {
	for name, s := range map[string]script{
		"preauth":   {"greeting": "* PREAUTH [CAPABILITY IMAP4rev1 STARTTLS] in\r\n"},
		"refused":   {"STARTTLS": "TAG NO not here\r\n"},
		"injection": {"STARTTLS": "TAG OK go\r\n* OK [CAPABILITY IMAP4rev1 AUTH=PLAIN] x\r\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			s["LOGIN"], s["AUTHENTICATE"] = "TAG OK thank you for the password\r\n", "TAG OK thank you\r\n"
			a := s.account()
			a.Security = remote.StartTLS
			if _, err := remote.Dial(t.Context(), a); err == nil {
				t.Errorf("%s: logged in", name)
			}
		})
	}
	a := script{}.account()
	a.Addr = "mail.example.org:143"
	if _, err := remote.Dial(t.Context(), a); !errors.Is(err, remote.ErrLost) {
		t.Errorf("a password in clear: %v", err)
	}
}

func TestIdleNoticesTheDead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := remote.Dial(t.Context(), script{"IDLE": "+ idling\r\n", "DONE": ""}.account())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		if _, err := s.Select(t.Context(), "INBOX", 0); err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		_, err = s.Idle(t.Context())
		if !errors.Is(err, remote.ErrLost) || time.Since(begin) > 11*time.Minute {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
		if _, err := s.List(t.Context()); !errors.Is(err, remote.ErrLost) {
			t.Errorf("a lost session lists: %v", err)
		}
	})
}

// A server that tells its news together with its consent to IDLE, or with the end of
// another command, is heard.
func TestIdleLosesNoWakeUp(t *testing.T) {
	for name, s := range map[string]script{
		"with the consent":   {"IDLE": "+ idling\r\n* 3 EXISTS\r\n"},
		"before the consent": {"IDLE": "* 3 EXISTS\r\n+ idling\r\n"},
		"with another end":   {"IDLE": "+ idling\r\n", "NOOP": "TAG OK x\r\n", "UID STORE": "* 3 EXISTS\r\nTAG OK x\r\n"},
		"at the end":         {"IDLE": "TAG BAD no\r\n", "NOOP": "* 3 EXISTS\r\nTAG OK x\r\n"},
	} {
		synctest.Test(t, func(t *testing.T) {
			sess, err := remote.Dial(t.Context(), s.account())
			if err != nil {
				t.Fatal(err)
			}
			defer sess.Close()
			if _, err := sess.Select(t.Context(), "INBOX", 0); err != nil {
				t.Fatal(err)
			}
			if err := sess.Store(t.Context(), []remote.UID{1}, []string{`\Seen`}, nil); err != nil {
				t.Fatal(err)
			}
			begin := time.Now()
			change, err := sess.Idle(t.Context())
			if took := time.Since(begin); took > 6*time.Second || err != nil || !change.New {
				t.Errorf("%s: %+v after %v: %v", name, change, took, err)
			}
		})
	}
}

func TestCancelEndsACommand(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, err := remote.Dial(t.Context(), script{"STATUS": ""}.account())
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		_, err = s.Status(ctx, "INBOX")
		if !errors.Is(err, remote.ErrLost) || !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) != time.Second {
			t.Errorf("after %v: %v", time.Since(begin), err)
		}
	})
}
