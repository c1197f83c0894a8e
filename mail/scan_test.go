package mail

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message"
	"pgregory.net/rapid"
)

// outline writes a structure as one line: type[children], {message}.
func outline(p *Part) string {
	s := p.MediaType()
	if len(p.Children) > 0 {
		var c []string
		for _, child := range p.Children {
			c = append(c, outline(child))
		}
		s += "[" + strings.Join(c, " ") + "]"
	}
	if p.Message != nil {
		s += "{" + outline(p.Message.Root) + "}"
	}
	return s
}

const multi = "Content-Type: multipart/mixed; boundary=b\r\n\r\n"

func TestScanStructure(t *testing.T) {
	for _, c := range []struct{ name, mail, want string }{
		{"no MIME", "Subject: x\r\n\r\nhi\r\n", "text/plain"},
		{"empty", "", "text/plain"},
		{"two parts", multi + "pre\r\n--b\r\n\r\none\r\n--b\r\nContent-Type: image/png\r\n\r\ntwo\r\n--b--\r\nepilogue", "multipart/mixed[text/plain image/png]"},
		{"no parts", multi + "no parts\r\n", "text/plain"},
		{"close only", multi + "--b--\r\n", "text/plain"},
		{"no boundary", "Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n", "text/plain"},
		{"empty body", multi, "text/plain"},
		{"missing close", multi + "--b\r\n\r\nx", "multipart/mixed[text/plain]"},
		{"bare LF", strings.ReplaceAll(multi+"--b\r\n\r\nx\r\n--b--\r\n", "\r\n", "\n"), "multipart/mixed[text/plain]"},
		{"padding", multi + "--b \t\r\n\r\nx\r\n--b-- \r\n", "multipart/mixed[text/plain]"},
		{"prefix of the inner", multi + "--b\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nin\r\n--bb--\r\n--b--", "multipart/mixed[multipart/mixed[text/plain]]"},
		{"inner not closed", multi + "--b\r\nContent-Type: multipart/alternative; boundary=i\r\n\r\n--i\r\n\r\nin\r\n--b\r\n\r\nx\r\n--b--", "multipart/mixed[multipart/alternative[text/plain] text/plain]"},
		{"same boundary inside", multi + "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n--b--", "multipart/mixed[multipart/mixed[text/plain] text/plain]"},
		{"after the close", multi + "--b\r\n\r\nx\r\n--b--\r\n--b\r\n\r\ny\r\n", "multipart/mixed[text/plain]"},
		{"part without header", multi + "--b\r\nhello\r\n--b--\r\n", "multipart/mixed[text/plain]"},
		{"part of nothing", multi + "--b\r\n--b--\r\n", "multipart/mixed[text/plain]"},
		{"header without end", multi + "--b\r\nContent-Type: text/html\r\n--b\r\n\r\n--b--\r\n", "multipart/mixed[text/html text/plain]"},
		{"boundary in base64", multi + "--b\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD--b\r\n--bb\r\n --b\r\n--b--\r\n", "multipart/mixed[text/plain]"},
		{"message", multi + "--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\nContent-Type: text/html\r\n\r\nx\r\n--b--\r\n", "multipart/mixed[message/rfc822{text/html}]"},
		{"message without header", multi + "--b\r\nContent-Type: message/rfc822\r\n\r\nonly words\r\n--b--\r\n", "multipart/mixed[message/rfc822{text/plain}]"},
		{"message of nothing", multi + "--b\r\nContent-Type: message/rfc822\r\n--b--\r\n", "multipart/mixed[message/rfc822{text/plain}]"},
		{"message in base64", multi + "--b\r\nContent-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA==\r\n--b--\r\n", "multipart/mixed[application/octet-stream]"},
		{"multipart in a message", "Content-Type: message/rfc822\r\n\r\n" + multi + "--b\r\n\r\nx\r\n--b--\r\n", "message/rfc822{multipart/mixed[text/plain]}"},
		{"digest", "Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\nSubject: 1\r\n\r\nx\r\n--b\r\nContent-Type: text/plain\r\n\r\ny\r\n--b--", "multipart/digest[message/rfc822{text/plain} text/plain]"},
		{"half a type", "Content-Type: text\r\n\r\nx", "text/plain"},
		{"half an application", "Content-Type: application\r\n\r\nx", "application/octet-stream"},
		{"upper case and comment", "Content-Type: TEXT/HTML (c); charset=\"x\"\r\n\r\nx", "text/html"},
		{"boundary of 5000", "Content-Type: multipart/mixed; boundary=\"" + strings.Repeat("b", 5000) + "\"\r\n\r\n--" + strings.Repeat("b", 5000) + "\r\n\r\nx\r\n", "multipart/mixed[text/plain]"},
		{"boundary of 9000", "Content-Type: multipart/mixed; boundary=\"" + strings.Repeat("b", 9000) + "\"\r\n\r\n--" + strings.Repeat("b", 9000) + "\r\n\r\nx\r\n", "text/plain"},
		{"8-bit boundary", "Content-Type: multipart/mixed; boundary=\"\xff\"\r\n\r\n--\xff\r\n\r\nx\r\n--\xff--\r\n", "multipart/mixed[text/plain]"},
		{"boundary like an encoded word", "Content-Type: multipart/mixed; boundary=\"=?x?q?a?=\"\r\n\r\n--=?x?q?a?=\r\n\r\nx\r\n", "multipart/mixed[text/plain]"},
	} {
		head, body := SplitHead([]byte(c.mail))
		content := Scan(head, body)
		checkContent(t, head, body, content)
		checkFacts(t, head, content)
		if got := outline(content.Root); got != c.want {
			t.Errorf("%s: got %s, want %s", c.name, got, c.want)
		}
	}
}

func TestScanOffsetsAndText(t *testing.T) {
	head, body := SplitHead([]byte(multi + "--b\r\nContent-Type: text/plain; charset=iso-8859-1; format=flowed\r\nContent-Transfer-Encoding: quoted-printable\r\n" +
		"Content-ID: <1@x>\r\nContent-Description: d\xe9\r\nContent-Language: en, de\r\nContent-Location: /l\r\nContent-MD5: Q2hlY2s=\r\n\r\ncaf=E9 =\r\n\r\nau lait\r\n--b\r\n" +
		"Content-Type: text/html\r\n\r\n<p>x</p>\r\n--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\n--b\r\n" +
		"Content-Type: text/plain\r\nContent-Disposition: attachment; filename*0*=utf-8''..%2Fa%00; filename*1=b.txt\r\n\r\nnot shown\r\n--b--\r\n"))
	c := Scan(head, body)
	checkContent(t, head, body, c)
	p := c.Root.Children[0]
	if got := string(body[p.BodyStart:p.BodyEnd]); got != "caf=E9 =\r\n\r\nau lait" {
		t.Errorf("body of part 1 is %q", got)
	}
	if got := string(body[p.HeaderStart:p.BodyStart]); !strings.HasPrefix(got, "Content-Type: text/plain;") || !strings.HasSuffix(got, "\r\n\r\n") {
		t.Errorf("header of part 1 is %q", got)
	}
	if strings.TrimSpace(c.Plain()) != "café au lait" {
		t.Errorf("plain %q", c.Plain())
	}
	if strings.TrimSpace(c.HTML()) != "<p>x</p>" {
		t.Errorf("html %q", c.HTML())
	}
	if p.ID != "<1@x>" || p.Description != "=?utf-8?q?d=C3=A9?=" || p.MD5 != "Q2hlY2s=" || p.Location != "/l" || len(p.Language) != 2 {
		t.Errorf("part %+v", p)
	}
	if got := c.Root.Children[3].FileName(); got != "ab.txt" {
		t.Errorf("file name %q", got)
	}
	if !strings.HasPrefix(c.CalendarText(), "BEGIN:VCALENDAR") {
		t.Errorf("calendar %q", c.CalendarText())
	}
}

func TestParams(t *testing.T) {
	for in, want := range map[string]string{
		`a/b; filename=ok.txt; filename*0=ev; filename*1=il.exe`: "evil.exe",
		`a/b; filename*0=ev; filename*1=il.exe; filename=ok.txt`: "evil.exe",
		`a/b; filename="C:\dir\a.txt"`:                           "a.txt",
		`a/b; filename="q\"x"`:                                   `q"x`,
		`a/b;; filename = plain name.txt ; x`:                    "plain name.txt",
		`a/b; filename="=?utf-8?q?=C3=A9?="`:                     "é",
		`a/b; filename*=iso-8859-1'de'%E9%Z`:                     "é%Z",
		`a/b; filename*1=b; filename*0=a; filename*1=c`:          "ab",
		`a/b; filename=one; filename=two`:                        "one",
		`a/b; filename*x=one`:                                    "",
		`a/b; filename="unclosed`:                                "unclosed",
		`a/b; filename=`:                                         "",
		`a/b; =x; filename`:                                      "",
	} {
		_, params := parseParams(in)
		if got := params["filename"]; got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	within(t, 15*time.Second, func() {
		head := "Content-Type: text/plain"
		for i := range 20000 {
			head += ";\r\n name*" + strconv.Itoa(i) + "=a"
			if i == 5000 {
				break
			}
		}
		c := Scan([]byte(head+"\r\n\r\n"), nil)
		if n := len(c.Root.Params["name"]); n != maxParams {
			t.Errorf("name of %d octets", n)
		}
	})
}

func TestFileNameIsNoPath(t *testing.T) {
	for in, want := range map[string]string{"../../etc/passwd": "passwd", `C:\a\b.txt`: "b.txt", "..": "", "a\x00\r\nb.exe": "a  b.exe", " x ": "x", "a/": ""} {
		p := &Part{Params: map[string]string{"name": in}}
		if got := p.FileName(); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestShownNamesAreNoPaths(t *testing.T) {
	for _, field := range []string{
		"Content-Disposition: attachment; filename*=utf-8''..%2F..%2Fetc%2Fpasswd",
		"Content-Disposition: attachment; filename=\"../../etc/passwd\"",
		`Content-Disposition: attachment; filename="C:\\windows\\passwd"`,
		"Content-Disposition: attachment; filename*0=../etc; filename*1=/passwd",
		"Content-Type: text/plain; name=\"/etc/passwd\"",
	} {
		p := Scan([]byte(field+"\r\n\r\n"), nil).Root
		if got := p.DispParams["filename"] + p.Params["name"]; got != "passwd" {
			t.Errorf("%s: shown as %q", field, got)
		}
	}
}

func TestScanIsLinearAndBounded(t *testing.T) {
	for name, mail := range map[string]string{
		"wide":         multi + strings.Repeat("--b\r\n\r\nx\r\n", 100000),
		"rfc822":       strings.Repeat("Content-Type: message/rfc822\r\n\r\n", 20000) + "Subject: x\r\n\r\nhi",
		"20 MB header": multi + "--b\r\nX: " + strings.Repeat("a", 20<<20) + "\r\n\r\nx\r\n--b--\r\n",
		"header lines": multi + "--b\r\n" + strings.Repeat("X: y\r\n", 500000) + "\r\nx\r\n--b--\r\n",
		"dashes":       multi + strings.Repeat("--x\r\n", 500000),
		"params":       multi + strings.Repeat("--b\r\nContent-Type: text/plain; name="+strings.Repeat("n", 4000)+"\r\n\r\nx\r\n", 2000),
		"envelopes":    multi + strings.Repeat("--b\r\nContent-Type: message/rfc822\r\n\r\nTo: "+strings.Repeat("a@b.test,", 1000)+"\r\n\r\nx\r\n", 900),
		"one line":     strings.Repeat("x", 10<<20),
	} {
		head, body := SplitHead([]byte(mail))
		within(t, 15*time.Second, func() {
			c := Scan(head, body)
			checkContent(t, head, body, c)
			if n := len(mustJSON(t, c)); n > 8<<20 {
				t.Errorf("%s: structure of %d octets", name, n)
			}
		})
	}
	for _, n := range []int{3000, 20000} {
		head, body := nest(n)
		within(t, 15*time.Second, func() {
			c := Scan(head, body)
			checkContent(t, head, body, c)
			depth := 0
			for p := c.Root; len(p.Children) > 0; p = p.Children[0] {
				depth++
			}
			if depth != MaxDepth {
				t.Errorf("depth %d", depth)
			}
		})
	}
}

func TestScanKeepsLittleText(t *testing.T) {
	head, body := SplitHead([]byte(multi + strings.Repeat("--b\r\n\r\n"+strings.Repeat("0123456789\r\n", 30000)+"\r\n", 12) + "--b--\r\n"))
	c := Scan(head, body)
	if !c.Cut || len(c.Plain()) > MaxTextParts*(MaxTextRaw+1) || len(c.Plain()) < MaxTextParts*MaxTextRaw*3/4 {
		t.Errorf("cut %v, %d octets kept", c.Cut, len(c.Plain()))
	}
}

func TestScanAnyChunking(t *testing.T) {
	head, body := SplitHead(sampleMail(2000))
	want := Scan(head, body)
	rapid.Check(t, func(rt *rapid.T) {
		s := NewScanner(head)
		for rest := body; len(rest) > 0; {
			n := rapid.IntRange(1, min(len(rest), 300)).Draw(rt, "n")
			if got, err := s.Write(rest[:n]); got != n || err != nil {
				rt.Fatalf("write %d, %v", got, err)
			}
			rest = rest[n:]
		}
		got := s.Finish()
		if mustJSON(t, got) != mustJSON(t, want) || got.Plain() != want.Plain() || got.HTML() != want.HTML() {
			rt.Fatal("structure depends on the chunks")
		}
	})
}

// TestScanAgreesWithGoMessage compares structure and sizes on well-formed mail.
func TestScanAgreesWithGoMessage(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		count := 0
		raw := wellFormed(rt, &count, 0)
		head, body := SplitHead([]byte(raw))
		e, err := message.Read(strings.NewReader(raw))
		if err != nil {
			rt.Fatal(err)
		}
		c := Scan(head, body)
		checkContent(t, head, body, c)
		if got, want := outlineSizes(c.Root, body), libraryOutline(rt, e); got != want {
			rt.Fatalf("got %s\nwant %s\nof %q", got, want, raw)
		}
	})
}

func wellFormed(rt *rapid.T, count *int, depth int) string {
	if depth < 4 && rapid.Bool().Draw(rt, "multi") {
		*count++
		b := "b" + strconv.Itoa(*count) // may be the start of another one
		s := "Content-Type: multipart/mixed; boundary=" + b + "\r\n\r\npreamble\r\n"
		for range rapid.IntRange(1, 4).Draw(rt, "parts") {
			s += "--" + b + "\r\n" + wellFormed(rt, count, depth+1) + "\r\n"
		}
		return s + "--" + b + "--\r\n"
	}
	return "Content-Type: text/html\r\n\r\n" + rapid.StringMatching(`([a-z -]{0,20}\r\n){0,4}[a-z-]{0,9}`).Draw(rt, "text")
}

func outlineSizes(p *Part, body []byte) string {
	if p.Type != "multipart" {
		return p.MediaType() + strconv.Quote(string(body[p.BodyStart:p.BodyEnd]))
	}
	s := p.MediaType() + "["
	for _, c := range p.Children {
		s += outlineSizes(c, body)
	}
	return s + "]"
}

func libraryOutline(rt *rapid.T, e *message.Entity) string {
	typ, _, _ := e.Header.ContentType()
	mr := e.MultipartReader()
	if mr == nil {
		b, err := io.ReadAll(e.Body)
		if err != nil {
			rt.Fatal(err)
		}
		return typ + strconv.Quote(string(b))
	}
	s := typ + "["
	for {
		p, err := mr.NextPart()
		if errors.Is(err, io.EOF) {
			return s + "]"
		}
		if err != nil {
			rt.Fatal(err)
		}
		s += libraryOutline(rt, p)
	}
}

// TestOwnOddMail reads the mails of testdata; their names say what is wrong.
func TestOwnOddMail(t *testing.T) {
	files, err := filepath.Glob("testdata/*.eml")
	if err != nil || len(files) < 6 {
		t.Fatalf("%d mails in testdata, %v", len(files), err)
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		head, body := SplitHead(raw)
		c := Scan(head, body)
		checkContent(t, head, body, c)
		facts := checkFacts(t, head, c)
		if facts.Subject == "" || NewWords(c) == "" {
			t.Errorf("%s: subject %q, words %q", f, facts.Subject, NewWords(c))
		}
	}
}

func FuzzScan(f *testing.F) {
	files, _ := filepath.Glob("testdata/*.eml")
	for _, name := range files {
		if b, err := os.ReadFile(name); err == nil {
			f.Add(b, 3)
		}
	}
	f.Add([]byte(multi+"--b\r\nContent-Type: message/rfc822\r\n\r\n"+multi+"--b\r\n--b--"), 1)
	f.Fuzz(func(t *testing.T, raw []byte, chunk int) {
		head, body := SplitHead(raw)
		c := Scan(head, body)
		checkContent(t, head, body, c)
		checkFacts(t, head, c)
		s := NewScanner(head)
		for rest := range chunks(body, max(1, min(chunk, 64))) {
			s.take(rest)
		}
		got := s.Finish()
		if mustJSON(t, got) != mustJSON(t, c) || got.Plain() != c.Plain() {
			t.Fatalf("chunks of %d: %s\nwhole: %s", chunk, mustJSON(t, got), mustJSON(t, c))
		}
		for _, path := range [][]int{nil, {1}, {2}, {1, 1}, {1, 2, 1}} {
			for _, kind := range []SectionKind{SectionAll, SectionHeader, SectionText, SectionMIME, SectionFields} {
				if span, ok := Locate(head, c.Root, Section{Path: path, Kind: kind, Fields: []string{"Subject"}}); ok {
					_ = body[span.Start:span.End]
				}
			}
		}
	})
}

func chunks(b []byte, n int) func(func([]byte) bool) {
	return func(yield func([]byte) bool) {
		for len(b) > 0 {
			k := min(n, len(b))
			if !yield(bytes.Clone(b[:k])) {
				return
			}
			b = b[k:]
		}
	}
}

// A capture in pieces is what was added, and finds words across their seams.
func TestCaptureInPieces(t *testing.T) {
	text := strings.Repeat("0123456789", 10_000)
	for _, at := range []int{0, usualText - 7, usualText + 2*usualText - 3, 60_000, len(text)} {
		whole := text[:at] + beginPGP + text[at:]
		c := &capture{cap: MaxTextRaw}
		for rest := whole; rest != ""; {
			n := min(len(rest), 61)
			c.add([]byte(rest[:n]))
			rest = rest[n:]
		}
		if string(c.raw()) != whole || c.cut {
			t.Errorf("at %d: %d octets of %d are kept", at, len(c.raw()), len(whole))
		}
		if !c.holds(beginPGP) || c.holds("no such word") {
			t.Errorf("at %d: the word is not found, or another one", at)
		}
	}
	c := &capture{cap: 5000}
	c.add([]byte(text))
	if !c.cut || string(c.raw()) != text[:5000] {
		t.Errorf("%d octets of a capture of 5000", len(c.raw()))
	}
}
