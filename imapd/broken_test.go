package imapd

import (
	"fmt"
	"strings"
	"testing"

	"tidepost/internal/testkit"
)

// broken are mails that the library, or a reader of MIME, stumbles over.
func broken() map[string]string {
	head := "From: Bob <bob@here.test>\r\nSubject: x\r\nMIME-Version: 1.0\r\n"
	return map[string]string{
		"no boundary line":   head + "Content-Type: multipart/mixed; boundary=b\r\n\r\nnothing\r\n",
		"no boundary":        head + "Content-Type: multipart/mixed\r\n\r\nnothing\r\n",
		"empty multipart":    head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b--\r\n",
		"empty part":         head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\n--b--\r\n",
		"unclosed":           head + "Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>",
		"header only":        "Subject: x\r\n",
		"header, blank line": "Subject: x\r\n\r\n",
		"body only":          "\r\nbody\r\n",
		"no header at all":   "just words\r\nand more\r\n",
		"line without colon": "Subject: x\r\nthis is no field\r\nFrom: a@b\r\n\r\nbody\r\n",
		"mbox From":          "From bob@here.test Mon Nov 23 09:00:00 2026\r\nSubject: x\r\n\r\nbody\r\n",
		"8 bit subject":      "Subject: \xff\xfe caf\xe9\r\nFrom: \xe9 <a@b>\r\n\r\nbody\r\n",
		"bad address":        "From: @@@, <a@b, group: x@y, ;, \"\r\nTo: undisclosed:;\r\n\r\nbody\r\n",
		"CR LF in subject":   "Subject: =?utf-8?q?a=0D=0Ab=00c?=\r\n\r\nbody\r\n",
		"NUL in a parameter": head + "Content-Type: text/plain; name*=utf-8''a%00b%0D%0Ac\r\n\r\nbody\r\n",
		"quotes in a name":   head + "Content-Type: text/plain; name=\"a\\\"b\\\\c\"\r\n\r\nbody\r\n",
		"bad base64":         head + "Content-Transfer-Encoding: base64\r\n\r\n!!!not===base64\r\n",
		"unknown encoding":   head + "Content-Transfer-Encoding: x-uue\r\n\r\nbegin 644\r\n",
		"no media type":      head + "Content-Type: ;;;\r\n\r\nbody\r\n",
		"rfc822 of nothing":  head + "Content-Type: message/rfc822\r\n\r\n",
		"rfc822 in base64":   head + "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA0KDQp4\r\n",
		"deep multiparts":    nested(200),
		"deep rfc822":        strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 300) + "Subject: x\r\n\r\nbody\r\n",
		"multipart/digest":   head + "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: in\r\n\r\nin\r\n--b--\r\n",
		"no date":            "From: a@b\r\nDate: never\r\n\r\nbody\r\n",
	}
}

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n", i, i)
	}
	b.WriteString("\r\nbody\r\n")
	return b.String()
}

// TestBrokenMailNeverEndsTheConnection fetches every item of every broken mail, each
// between two good ones.
func TestBrokenMailNeverEndsTheConnection(t *testing.T) {
	w := newWorld(t)
	mails := broken()
	for _, s := range testkit.Samples() {
		mails["sample "+s.Name] = s.Text
	}
	c := w.client()
	c.ok("SELECT INBOX")
	n := 0
	for name, text := range mails {
		w.deliver("INBOX", plain(1), text, plain(2))
		c.ok("NOOP")
		n += 3
		for _, items := range []string{
			"ENVELOPE", "BODYSTRUCTURE", "BODY", "BODY.PEEK[]", "RFC822.SIZE", "BODY.PEEK[HEADER]", "BODY.PEEK[TEXT]",
			"BODY.PEEK[1]", "BODY.PEEK[1.MIME]", "BODY.PEEK[1.1]", "BODY.PEEK[1.HEADER]", "BODY.PEEK[1.TEXT]", "BODY.PEEK[2.1.HEADER.FIELDS (Subject)]",
			"BODY.PEEK[HEADER.FIELDS.NOT (Subject)]", "BODY.PEEK[]<3.7>", "BODY.PEEK[TEXT]<1000000.5>", "BINARY.PEEK[1]", "BINARY.SIZE[1]",
			"(UID FLAGS INTERNALDATE ENVELOPE BODY BODYSTRUCTURE BODY.PEEK[1] BODY.PEEK[1]<0.2>)", "FULL", "RFC822.HEADER", "RFC822.TEXT", "RFC822",
		} {
			lines, status := c.do(fmt.Sprintf("FETCH %d:%d %s", n-2, n, items))
			binary := strings.HasPrefix(items, "BINARY") && strings.HasPrefix(status, "NO [UNKNOWN-CTE]")
			if !strings.HasPrefix(status, "OK") && !binary {
				t.Errorf("%s: FETCH %s: %s", name, items, status)
			}
			for _, number := range []int{n - 2, n - 1, n} {
				if prefix := fmt.Sprintf("* %d FETCH (", number); !binary && !strings.Contains("\n"+strings.Join(lines, "\n"), "\n"+prefix) {
					t.Errorf("%s: FETCH %s has no answer for %d", name, items, number)
				}
			}
		}
		if _, status := c.do(`SEARCH TEXT zzzz`); !strings.HasPrefix(status, "OK") {
			t.Errorf("%s: SEARCH: %s", name, status)
		}
	}
	if strings.Contains(w.logs.String(), "panicked") {
		t.Errorf("something panicked:\n%s", w.logs)
	}
}

// TestWholeMessageIsOctetForOctet compares BODY[] and its ranges with what was
// delivered.
func TestWholeMessageIsOctetForOctet(t *testing.T) {
	w := newWorld(t)
	big := plain(1) + strings.Repeat("0123456789abcdef0123456789abcdef\r\n", 60_000) // over several chunks
	w.deliver("INBOX", big)
	c := w.client()
	c.ok("SELECT INBOX")
	for _, tt := range []struct {
		items string
		want  string
	}{
		{"BODY.PEEK[]", big},
		{"BODY.PEEK[]<300000.70000>", big[300000:370000]},
		{"BODY.PEEK[]<10.9223372036854775807>", big[10:]},
		{"BODY.PEEK[]<4294967295.1>", ""},
		{"BODY.PEEK[TEXT]<5.10>", big[strings.Index(big, "\r\n\r\n")+9:][:10]},
		{"BINARY.PEEK[1]", big[strings.Index(big, "\r\n\r\n")+4:]},
	} {
		lines := c.ok("FETCH 1 " + tt.items)
		if size := fmt.Sprintf("{%d}", len(tt.want)); !strings.HasSuffix(lines[0], size) {
			t.Errorf("%s: got %q, want size %s", tt.items, lines[0], size)
		}
		got := strings.Join(lines[1:], "\r\n")
		if got != tt.want+")" {
			t.Errorf("%s: got %d octets, want %d", tt.items, len(got)-1, len(tt.want))
		}
	}
	for _, items := range []string{"BODY.PEEK[]<0.0>", "BODY.PEEK[]<4294967296.1>", "BODY.PEEK[MIME]", "BINARY.PEEK[1]<0.5>", "(" + strings.Repeat("BODY.PEEK[] ", 100) + "BODY.PEEK[])"} {
		if _, status := c.do("FETCH 1 " + items); strings.HasPrefix(status, "OK") {
			t.Errorf("FETCH %.40s: %s", items, status)
		}
	}
}
