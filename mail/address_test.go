package mail

import (
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestParseMailboxes(t *testing.T) {
	for in, want := range map[string]string{
		`a@b.test`:                                   "a@b.test",
		`A B <a@B.test>, c@d.test (Carl (C.))`:       "A B <a@b.test>|Carl (C.) <c@d.test>",
		`"Doe, J." <j@x.test>`:                       "Doe, J. <j@x.test>",
		`=?utf-8?Q?Doe,_J=C3=B6rg?= <j@x.test>`:      "Doe, Jörg <j@x.test>",
		`"=?utf-8?q?J=C3=B6?=" <j@x.test>`:           "Jö <j@x.test>",
		`team: a@x.test, B <b@x.test>;, c@x.test`:    "a@x.test|B <b@x.test>|c@x.test",
		`undisclosed-recipients:;`:                   "",
		`bad, good@x.test, <also bad>, other@x.test`: "good@x.test|other@x.test",
		`<@r1.test,@r2.test:a@x.test>`:               "a@x.test",
		`"odd local"@x.test, <"a\"b"@x.test>`:        `odd local@x.test|a"b@x.test`,
		`John Doe john@x.test`:                       "John Doe <john@x.test>",
		`a @ x . test`:                               "a@x.test",
		`<<a@x.test>>`:                               "a@x.test",
		`a@x.test; b@x.test`:                         "a@x.test|b@x.test",
		`A <a@x.test, B <b@x.test>`:                  "A <a@x.test>|B <b@x.test>",
		`"unclosed <a@x.test>`:                       "unclosed <a@x.test>",
		`(unclosed <a@x.test>`:                       "(unclosed <a@x.test>",
		`a@[127.0.0.1], a@[1]2], a@x..test, @x.test`: "a@[127.0.0.1]",
		`mailto:a@x.test`:                            "a@x.test",
		`<mailto:a@x.test>`:                          "a@x.test",
		`a@x.test.`:                                  "a@x.test",
		`J. R. "Bob" Dobbs <j@x.test>`:               "J. R. Bob Dobbs <j@x.test>",
		`a@x.test <>`:                                "a@x.test",
		`a(comment)@x.test`:                          "comment <a@x.test>",
		`x <a(c)@x.test>`:                            "x <a@x.test>",
		"a\x00b@x.test, jos\xe9 <j@x.test>":          "josé <j@x.test>",
		`grüße@köln.test, a@x_y.test, a@x/y.test`:    "grüße@köln.test|a@x_y.test",
		``:            "",
		`,,;;::>`:     "",
		`g: a@x.test`: "a@x.test",
	} {
		var got []string
		for _, m := range ParseMailboxes(in) {
			got = append(got, m.String())
		}
		if s := strings.Join(got, "|"); s != want {
			t.Errorf("%q: got %q, want %q", in, s, want)
		}
	}
}

func TestParseMailboxesIsLinear(t *testing.T) {
	for _, unit := range []string{"(", "\"", "<", "a@b.test,\t", "=?utf-8?q?", "a:", "((\\", "<\"", "a b ", "@"} {
		list := strings.Repeat(unit, 300000/len(unit))
		within(t, 15*time.Second, func() {
			if n := len(ParseMailboxes(list)); n > MaxMailboxes {
				t.Errorf("%q: %d mailboxes", unit, n)
			}
		})
	}
}

func TestParsePath(t *testing.T) {
	for _, c := range []struct {
		in   string
		utf8 bool
		want string
		code int
	}{
		{in: "Ana.B+tag@Sub.X.TEST", want: "Ana.B+tag@sub.x.test"},
		{in: "Postmaster", want: "Postmaster"},
		{in: "jörg@x.test", utf8: true, want: "jörg@x.test"},
		{in: "j@KÖLN.test", utf8: true, want: "j@köln.test"},
		{in: "a@localhost", want: "a@localhost"},
		{in: strings.Repeat("a", 64) + "@x.test", want: strings.Repeat("a", 64) + "@x.test"},
		{in: "", code: 501},
		{in: "ana", code: 553},
		{in: "jörg@x.test", code: 553},
		{in: "j@köln.test", code: 553},
		{in: `"a b"@x.test`, code: 553},
		{in: "@r.test:a@x.test", code: 553},
		{in: "a@b@x.test", code: 553},
		{in: "a@[127.0.0.1]", code: 553},
		{in: "a@127.0.0.1", code: 553},
		{in: "a..b@x.test", code: 553},
		{in: ".a@x.test", code: 553},
		{in: "a@x..test", code: 553},
		{in: "a@-x.test", code: 553},
		{in: "a@x_y.test", code: 553},
		{in: "a@", code: 553},
		{in: "a\r\nb@x.test", code: 553},
		{in: "a\u00a0b@x.test", utf8: true, code: 553},
		{in: "\xff@x.test", utf8: true, code: 553},
		{in: strings.Repeat("a", 65) + "@x.test", code: 553},
		{in: "a@" + strings.Repeat("b", 64) + ".test", code: 553},
		{in: "a@" + strings.Repeat("b.", 130) + "test", code: 553},
	} {
		got, err := ParsePath(c.in, c.utf8)
		var reply *Reply
		switch {
		case c.code == 0 && (err != nil || got.String() != c.want):
			t.Errorf("%q: got %v, %v, want %q", c.in, got, err, c.want)
		case c.code != 0 && (!errors.As(err, &reply) || reply.Code != c.code || reply.Enhanced != [3]int{5, 1, 3}):
			t.Errorf("%q: got %v, %v, want code %d", c.in, got, err, c.code)
		}
	}
}

func TestEnvelope(t *testing.T) {
	h := ParseHeader([]byte("Date: Mon, 1 Jan 2035 10:00:00 +0000\r\nSubject: =?utf-8?q?a?=\r\n b\r\nFrom: \"A\" <a@X.test>\r\n" +
		"To: team: =?utf-8?q?B?= <b@x.test>, c;, root\r\nCc: caf\xc3\xa9 <d@x.test>, <@only.test>\r\nMessage-ID: <1@x>\r\nIn-Reply-To: <0@x>\r\n\r\n"))
	a := []ImapAddress{{Name: "A", Mailbox: "a", Host: "X.test"}}
	want := &ImapEnvelope{
		Date: "Mon, 1 Jan 2035 10:00:00 +0000", Subject: "=?utf-8?q?a?= b", From: a, Sender: a, ReplyTo: a,
		To: []ImapAddress{{Mailbox: "team"}, {Name: "=?utf-8?q?B?=", Mailbox: "b", Host: "x.test"},
			{Mailbox: "c", Host: "MISSING_DOMAIN"}, {}, {Mailbox: "root", Host: "MISSING_DOMAIN"}},
		Cc:        []ImapAddress{{Name: "=?utf-8?q?caf=C3=A9?=", Mailbox: "d", Host: "x.test"}, {Mailbox: "MISSING_MAILBOX", Host: "only.test"}},
		InReplyTo: "<0@x>", MessageID: "<1@x>",
	}
	got := h.Envelope()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if at, ok := got.Time(); !ok || at.Unix() != time.Date(2035, 1, 1, 10, 0, 0, 0, time.UTC).Unix() {
		t.Errorf("time %v %v", at, ok)
	}
	if diff := cmp.Diff(&ImapEnvelope{}, ParseHeader(nil).Envelope()); diff != "" {
		t.Error(diff)
	}
}

func FuzzAddresses(f *testing.F) {
	for _, s := range []string{`A <a@b.test>, "c d"@e.test`, `g: a@b, (c) d@e;`, `<@a,@b:c@d>`, "=?utf-8?q?a,?= <b@c>", "\"(<,;:@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		list := ParseMailboxes(s)
		for _, m := range list {
			if m.Address.Local == "" || m.Address.Domain == "" || !utf8.ValidString(m.String()) || strings.ContainsAny(m.String(), "\r\n\x00") {
				t.Fatalf("mailbox %#v", m)
			}
		}
		// What is written is read back.
		again := ParseMailboxes(FormatMailboxes(list))
		if len(again) != len(list) {
			t.Fatalf("%q: %v is written as %q and read as %v", s, list, FormatMailboxes(list), again)
		}
		for i := range list {
			if again[i].Address != list[i].Address {
				t.Fatalf("%v is read back as %v", list[i], again[i])
			}
		}
		if a, err := ParsePath(s, true); err == nil && a.Key() != strings.ToLower(s) {
			t.Fatalf("path %q is read as %v", s, a)
		}
	})
}
