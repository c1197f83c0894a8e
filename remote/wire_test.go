package remote

import (
	"bufio"
	"io"
	"slices"
	"strings"
	"testing"
)

// Whatever comes, reading ends, does not panic, and takes no more than what came.
func FuzzResponse(f *testing.F) {
	for _, s := range []string{
		"* 1 FETCH (UID 1 FLAGS (\\Seen) INTERNALDATE \" 3-Feb-2024 04:05:06 +0000\" RFC822.SIZE 5 EMAILID (x) MODSEQ (5) BODY[HEADER.FIELDS (MESSAGE-ID)] {5}\r\nM:<a>)\r\n",
		"* 1 FETCH (BODY[]<0> {4}\r\nText)\r\n", "* LIST (\\Noselect) \"/\" \"a\\\"b\"\r\n", "* SEARCH 1 2 (MODSEQ 5)\r\n",
		"* ESEARCH (TAG \"x\") UID ALL 1:3,5\r\n", "t1 OK [COPYUID 1 2 3] x\r\n", "+ x\r\n", "* 5 EXISTS\r\n", "* X {3}\r\nabc\r\n",
		"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n", "* STATUS x (MESSAGES 1)\r\n", "* QUOTA \"\" (STORAGE 1 2)\r\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, stream := range []streamer{nil, func(_ int64, r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }} {
			w := &wire{br: bufio.NewReader(strings.NewReader(text))}
			for range 1 + len(text) {
				r, err := w.response(stream)
				if err != nil {
					break
				}
				if len(r.uids) > len(text) || len(r.args) > len(text) || len(r.item.summary.Flags) > maxFlags {
					t.Fatalf("%q became %+v", text, r)
				}
				(&Mailbox{}).learn(r)
				_ = fail(kindOf(r), r).Error()
			}
		}
	})
}

func TestSets(t *testing.T) {
	for _, c := range []struct {
		uids []UID
		want string
	}{
		{nil, ""}, {[]UID{5}, "5"}, {[]UID{3, 1, 2, 2, 0}, "1:3"}, {[]UID{1, 3, 4, 9}, "1,3:4,9"}, {[]UID{4294967294, 4294967295}, "4294967294:4294967295"},
	} {
		if got := strings.Join(sets(tidy(c.uids)), " "); got != c.want {
			t.Errorf("%v: %q", c.uids, got)
		}
	}
	var odd []UID
	for i := range UID(5000) {
		odd = append(odd, 1_000_000+2*i)
	}
	var back []UID
	for _, s := range sets(odd) {
		if len(s) > maxSet {
			t.Errorf("a set of %d octets", len(s))
		}
		some, ok := readSet(s, len(odd))
		if !ok {
			t.Fatalf("%q is not read", s[:40])
		}
		back = append(back, some...)
	}
	if !slices.Equal(back, odd) {
		t.Errorf("%d UIDs came back of %d", len(back), len(odd))
	}
	if got, ok := readSet("4:2,7", 4); !ok || !slices.Equal(got, []UID{2, 3, 4, 7}) {
		t.Errorf("read %v, %v", got, ok)
	}
	for _, bad := range []string{"", "0", "1:*", "x", "1:4294967295", "1,2,3,4,5,6", "-1", "1,"} {
		if got, ok := readSet(bad, 5); ok {
			t.Errorf("%q: %v", bad, got)
		}
	}
}

func TestHeaderID(t *testing.T) {
	for header, want := range map[string]string{
		"Message-ID: <a@b>\r\n\r\n":                      "a@b",
		"message-id:<a@b> (comment)\r\n":                 "a@b",
		"Message-ID:\r\n <a@b>\r\n\r\n":                  "a@b",
		"Message-ID: a@b\r\n":                            "a@b",
		"Message-ID: <a@b>\r\nMessage-ID: <c@d>\r\n\r\n": "a@b",
		"\r\n": "", "": "", "Message-ID:\r\n\r\n": "",
	} {
		if got := headerID(header); got != want {
			t.Errorf("%q: %q", header, got)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct {
		sp         space
		name, full string
	}{
		{space{delim: "/"}, "Tidepost/Next delivery", "Tidepost/Next delivery"},
		{space{prefix: "INBOX.", delim: "."}, "Tidepost/Next delivery", "INBOX.Tidepost.Next delivery"},
		{space{prefix: "INBOX/", delim: "/"}, "Sent", "INBOX/Sent"},
		{space{prefix: "INBOX.", delim: "."}, "INBOX", "INBOX"},
		{space{delim: "."}, "a" + divisor + "b/c", "a/b.c"},
		{space{}, "Sent", "Sent"},
	} {
		full, err := c.sp.full(c.name)
		if err != nil || full != c.full {
			t.Errorf("%s: %q, %v", c.name, full, err)
		}
		if name, ok := c.sp.plain(c.full, c.sp.delim); !ok || name != c.name {
			t.Errorf("%s: %q, %v", c.full, name, ok)
		}
	}
	sp := space{prefix: "INBOX.", delim: "."}
	for _, bad := range []string{"", "a//b", "a.b", "a\r\nb", "/a", "a/"} {
		if full, err := sp.full(bad); err == nil {
			t.Errorf("%q: %q", bad, full)
		}
	}
	for _, foreign := range []string{"shared.x", "INBOX."} {
		if name, ok := sp.plain(foreign, "."); ok {
			t.Errorf("%q is taken for the person's own %q", foreign, name)
		}
	}
}

func TestRolesByName(t *testing.T) {
	folders := []Folder{{Name: "INBOX"}, {Name: "Sent Messages"}, {Name: "Gesendet"}, {Name: "Bin", Role: Trash}, {Name: "Trash"}, {Name: "ENTWÜRFE"}, {Name: "Archive", NoSelect: true}}
	guessRoles(folders)
	want := []Role{Inbox, Sent, "", Trash, "", Drafts, ""}
	for i, f := range folders {
		if f.Role != want[i] {
			t.Errorf("%s: %q, want %q", f.Name, f.Role, want[i])
		}
	}
}
