package imapd

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// TestIndexNarrowsWithoutLosing: what a search finds does not depend on whether the
// full-text index has reached the messages.
func TestIndexNarrowsWithoutLosing(t *testing.T) {
	w := newWorld(t)
	w.deliver("INBOX", plain(1), broken()["8 bit subject"], plain(12), broken()["multipart/digest"])
	c := w.client()
	c.ok("SELECT INBOX")
	searches := []string{
		`BODY "number 1"`, `BODY "umber 1"`, `TEXT "m12@here.test"`, `TEXT caf`, `NOT TEXT body`, `OR BODY in BODY 12`, `BODY ""`, `BODY "."`, `TEXT "zzz"`,
	}
	before := map[string]string{}
	for _, s := range searches {
		before[s] = strings.Join(c.ok("SEARCH "+s), "\n")
	}
	if before[`BODY "umber 1"`] != "* SEARCH 1 3" {
		t.Errorf("got %q", before[`BODY "umber 1"`])
	}
	c.ok("FETCH 1:* BODYSTRUCTURE") // stores what is derived
	indexed := 0
	for {
		n, err := w.inbox.Index(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		if n == 0 {
			break
		}
		indexed += n
	}
	if indexed != 4 {
		t.Fatalf("indexed %d messages", indexed)
	}
	for _, s := range searches {
		if got := strings.Join(c.ok("SEARCH "+s), "\n"); got != before[s] {
			t.Errorf("SEARCH %s: %q without the index, %q with it", s, before[s], got)
		}
	}
}

// TestSameSearchAgain: a search that is asked again sees what changed meanwhile.
func TestSameSearchAgain(t *testing.T) {
	w := newWorld(t)
	w.deliver("INBOX", plain(1), plain(2), plain(3))
	c := w.client()
	c.ok("SELECT INBOX")
	for _, step := range []struct{ before, search, want string }{
		{"", "SEARCH UNSEEN", "* SEARCH 1 2 3"},
		{"", "SEARCH UNSEEN", "* SEARCH 1 2 3"},
		{`STORE 1 +FLAGS (\Seen)`, "SEARCH UNSEEN", "* SEARCH 2 3"},
		{"", "UID SEARCH UNSEEN", "* SEARCH 2 3"},
		{`STORE 2 +FLAGS (\Deleted)`, "SEARCH UNSEEN", "* SEARCH 2 3"},
		{"EXPUNGE", "SEARCH UNSEEN", "* SEARCH 2"},
		{"", "UID SEARCH UNSEEN", "* SEARCH 3"},
		{"SEARCH RETURN (SAVE) SEEN", "SEARCH UID $", "* SEARCH 1"},
		{"SEARCH RETURN (SAVE) UNSEEN", "SEARCH UID $", "* SEARCH 2"},
		{"SELECT Trash", "SEARCH UID $", "* SEARCH"},
		{"SELECT INBOX", "SEARCH UNSEEN", "* SEARCH 2"},
	} {
		if step.before != "" {
			c.ok(step.before)
		}
		if got := strings.Join(c.ok(step.search), "\n"); got != step.want {
			t.Errorf("%s after %q: got %q, want %q", step.search, step.before, got, step.want)
		}
	}
	w.deliver("INBOX", plain(4))
	c.ok("NOOP")
	if got := strings.Join(c.ok("SEARCH UNSEEN"), "\n"); got != "* SEARCH 2 3" {
		t.Errorf("after a delivery: got %q", got)
	}
}

// FuzzSearch gives a search program to a session. Whatever it is, one status comes,
// or the end of the connection; nothing panics.
func FuzzSearch(f *testing.F) {
	for _, s := range []string{
		"ALL", "1:* NOT DELETED", "OR FROM a (TO b SUBJECT \"c d\")", "RETURN (MIN MAX COUNT SAVE) UNSEEN", "UID $ $", "SINCE 1-Jan-2020 SMALLER 5",
		"BODY \"\\\" OR b:x NEAR( * ^\"", "HEADER X \"\" KEYWORD $a", "4294967295:* UID *:1", "CHARSET UTF-8 TEXT ä", "RETURN () 2",
	} {
		f.Add(s)
	}
	w := newWorld(f)
	w.deliver("INBOX", plain(1), plain(2))
	f.Fuzz(func(t *testing.T, program string) {
		if strings.ContainsAny(program, "\r\n\x00{") || !utf8.ValidString(program) || len(program) > 4000 {
			t.Skip()
		}
		conn, err := w.lis.DialFrom(context.Background(), "127.0.0.1")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		c := &client{t: t, conn: conn}
		c.conn.SetDeadline(time.Now().Add(20 * time.Second))
		c.r = newReader(c.conn)
		c.line()
		c.ok(fmt.Sprintf("LOGIN alice@here.test %q", password))
		c.ok("SELECT INBOX")
		_, status := c.do("SEARCH " + program)
		if word, _, _ := strings.Cut(status, " "); word != "OK" && word != "NO" && word != "BAD" {
			t.Errorf("SEARCH %q: %s", program, status)
		}
		if strings.Contains(w.logs.String(), "panic") {
			t.Fatalf("SEARCH %q:\n%s", program, w.logs)
		}
	})
}

// TestSkimKeepsWhatMayFit: what is skipped without being parsed has nothing to do with
// what a search finds: folded fields, encoded words, raw 8-bit, and needles over a fold.
func TestSkimKeepsWhatMayFit(t *testing.T) {
	w := newWorld(t)
	head := func(fields string) string {
		return "From: a@remote.test\r\nMessage-ID: <" + strings.NewReplacer(" ", "", "\r\n", "").Replace(fields[:min(9, len(fields))]) + "@x>\r\n" + fields + "\r\n\r\ntext\r\n"
	}
	w.deliver("INBOX", head("Subject: one\r\n\ttwo three"), head("Subject: =?utf-8?q?one_two?="), head("Subject: O\xc3\x89ne two"), head("X-Other: ONE  TWO"), head("Subject: nothing"))
	c := w.client()
	c.ok("SELECT INBOX")
	for search, want := range map[string]string{
		`TEXT "one two"`: "* SEARCH 1 2", `SUBJECT "one"`: "* SEARCH 1 2", `SUBJECT "two three"`: "* SEARCH 1", `TEXT "one"`: "* SEARCH 1 2 4", `NOT TEXT "one"`: "* SEARCH 3 5",
		`HEADER X-Other "one"`: "* SEARCH 4", `HEADER X-Other ""`: "* SEARCH 4", `OR SUBJECT nothing TEXT three`: "* SEARCH 1 5", `SUBJECT "\xc3\xa9ne"`: "* SEARCH", `TEXT "zzzz"`: "* SEARCH",
		`NOT SUBJECT two`: "* SEARCH 4 5", `NOT (TEXT one SUBJECT three)`: "* SEARCH 2 3 4 5",
	} {
		if got := c.ok("SEARCH " + search)[0]; got != want {
			t.Errorf("SEARCH %s: %q, want %q", search, got, want)
		}
	}
}
