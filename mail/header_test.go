package mail

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParseHeaderKeepsWhatParses(t *testing.T) {
	head := "From a@x Mon Jan  1 00:00:00 2035\r\nFrom: a@remote.test\r\nbogus line\r\nSubject : folded\r\n\tvalue\nTo: b@here.test\r\nX-8: \xff\r\nX-0: a\x00b\r\n\r\nNot: read\r\n"
	h := ParseHeader([]byte(head))
	var names []string
	whole := ""
	for _, f := range h.Fields {
		names = append(names, f.Name)
		whole += string(f.Raw)
		if string(f.Raw) != head[f.Start:f.End] {
			t.Errorf("field %q: raw is not head[%d:%d]", f.Name, f.Start, f.End)
		}
	}
	if diff := cmp.Diff([]string{"", "From", "", "Subject", "To", "X-8", "X-0"}, names); diff != "" {
		t.Error(diff)
	}
	if want := strings.TrimSuffix(head, "\r\nNot: read\r\n"); whole != want {
		t.Errorf("fields are %q, want %q", whole, want)
	}
	if got := h.Get("SUBJECT"); got != "folded\tvalue" {
		t.Errorf("subject %q", got)
	}
	want := []Defect{DefectMboxFrom, DefectNoColon, DefectNameSpace, DefectBareLF, DefectEightBit, DefectControl}
	if diff := cmp.Diff(want, h.Defects); diff != "" {
		t.Error(diff)
	}
	if h.TooBig {
		t.Error("too big")
	}
}

func TestParseHeaderOddStarts(t *testing.T) {
	h := ParseHeader([]byte(" folded first\r\nSubject: s"))
	if diff := cmp.Diff([]Defect{DefectLeadSpace, DefectNoBlank}, h.Defects); diff != "" {
		t.Error(diff)
	}
	if h.Text("subject") != "s" || h.Fields[0].Value() != "" {
		t.Errorf("fields %v", h.Fields)
	}
	for _, line := range []string{": x\r\n", " : x\r\n", "\t: x\r\n", "a b: c\r\n", "\xc3\xa4: c\r\n"} {
		if h := ParseHeader([]byte(line)); len(h.Fields) != 1 || h.Fields[0].Name != "" {
			t.Errorf("%q: %+v", line, h.Fields)
		}
	}
}

func TestParseHeaderIsBounded(t *testing.T) {
	if h := ParseHeader([]byte(strings.Repeat("X: y\r\n", 100000))); !h.TooBig || len(h.Fields) != MaxHeadLines {
		t.Errorf("lines: too big %v, %d fields", h.TooBig, len(h.Fields))
	}
	if h := ParseHeader([]byte("Subject: " + strings.Repeat("a", 2<<20))); !h.TooBig || len(h.Fields[0].Raw) != MaxHeadOctets {
		t.Errorf("octets: too big %v, field of %d", h.TooBig, len(h.Fields[0].Raw))
	}
	if h := ParseHeader([]byte(strings.Repeat("To: a@b.test\r\n", 1999) + "\r\n")); h.TooBig || len(h.Addresses("to")) != 1999 {
		t.Errorf("1999 lines: too big %v", h.TooBig)
	}
	many := ParseHeader([]byte("To: " + strings.Repeat("a@b.test,", 1500) + "\r\nTo: " + strings.Repeat("c@b.test,", 1500) + "\r\n"))
	if n := len(many.Addresses("To")); n != MaxMailboxes {
		t.Errorf("%d addresses", n)
	}
	if n := len(many.Envelope().To); n != MaxMailboxes {
		t.Errorf("%d addresses in the envelope", n)
	}
}

func TestSplitHead(t *testing.T) {
	for _, c := range []struct{ in, head string }{
		{"A: b\r\n\r\nbody", "A: b\r\n\r\n"},
		{"A: b\n\nbody", "A: b\n\n"},
		{"A: b\r\n", "A: b\r\n"},
		{"just words\r\n", ""},
		{"just words\r\n\r\nmore", ""},
		{"\r\nbody", "\r\n"},
		{"", ""},
	} {
		head, body := SplitHead([]byte(c.in))
		if string(head) != c.head || string(head)+string(body) != c.in {
			t.Errorf("%q: head %q body %q, want head %q", c.in, head, body, c.head)
		}
	}
}

func TestTextDecodesEncodedWords(t *testing.T) {
	for in, want := range map[string]string{
		"=?utf-8?q?a=0D=0ABcc:_evil@remote.test?=":            "a  Bcc: evil@remote.test",
		"=?iso-8859-1?q?caf=E9?= =?iso-8859-1?q?_au_lait?=":   "café au lait",
		"=?utf-8?b?w6k=?= x =?UTF-8*de?B?w6k?=":               "é x é",
		"=?utf-8?b?4oI=?= =?utf-8?b?rA==?=":                   "€", // a character split between words
		"=?x-none?q?a=FFb?=":                                  "a\uFFFDb",
		"=?utf-7?q?+ADw-?=":                                   "+ADw-",
		"=?utf-8?x?a?= =?utf-8?q?a":                           "=?utf-8?x?a?= =?utf-8?q?a",
		"=?utf-8?q?a b?=":                                     "a b",
		"caf\xe9":                                             "café",
		"caf\xc3\xa9":                                         "café",
		"=?utf-8?q?gpj=E2=80=AE.exe?=":                        "gpj.exe",
		"=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=":                  "日本",
		"=?utf-8?q??= x":                                      "x",
		"=?utf-8?q?a=ZZ=4?=":                                  "a=ZZ=4",
		"a =?utf-8?q?=FF?=":                                   "a \uFFFD",
		"=?a b?q?c?=":                                         "=?a b?q?c?=",
		"=?us-ascii?q?=e9?=\t=?utf-16?b?" + "AGEAYg==" + "?=": "éab",
	} {
		h := ParseHeader([]byte("Subject: " + in + "\r\n\r\n"))
		if got := h.Text("subject"); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestMessageIDs(t *testing.T) {
	for in, want := range map[string][]string{
		"<a@b> <c@d>\t<a@b>":                  {"a@b", "c@d"},
		"[a@b c@d]":                           {"a@b", "c@d"},
		"Your mail of \"Mon\" <x@y>":          {"x@y"},
		"<broken <whole@x>":                   {"whole@x"},
		"<fol ded@x>":                         {"folded@x"},
		"<>":                                  nil,
		"<a@b":                                {"a@b"},
		"plain words":                         nil,
		"<" + strings.Repeat("a", 1200) + ">": nil,
		"<\xff@x>":                            {"\uFFFD@x"},
	} {
		if diff := cmp.Diff(want, ScanIDs(in)); diff != "" {
			t.Errorf("%.60q: %s", in, diff)
		}
	}
	var refs strings.Builder
	for i := range 100000 {
		refs.WriteString("<" + itoa(i) + "@x> ")
	}
	within(t, 15*time.Second, func() {
		ids := ScanIDs(refs.String())
		if len(ids) != MaxMessageIDs || ids[0] != "0@x" || ids[99] != "99999@x" || ids[1] != "99901@x" {
			t.Errorf("%d ids: %v", len(ids), ids[:2])
		}
	})
}

func TestParseDate(t *testing.T) {
	for in, want := range map[string]string{
		"Mon, 1 Jan 2035 10:11:12 +0100":         "2035-01-01T10:11:12+01:00",
		"1 Jan 35 10:11 EST (comment (nested)) ": "2035-01-01T10:11:00-05:00",
		"Thu, 1 Jan 98 00:00:00 GMT":             "1998-01-01T00:00:00Z",
		"Fri, 02 Feb 101 1:02:03 Z":              "2001-02-02T01:02:03Z",
		"Mon Jan  1 00:00:00 2035":               "2035-01-01T00:00:00Z",
		"12-Jan-2030 10:00:00 PDT":               "2030-01-12T10:00:00-07:00",
		"2035-01-02 10:00:00 -0330":              "2035-01-02T10:00:00-03:30",
		"2035-01-02T10:00:00Z":                   "2035-01-02T10:00:00Z",
		"Tue, 2 January 2035 23:59:60 +01:00":    "2035-01-02T23:59:59+01:00",
		"2 Jan 2035 10:00:00+0200":               "2035-01-02T10:00:00+02:00",
		"2 Jan 2035 10:00:00.250 CEST":           "2035-01-02T10:00:00+02:00",
		"2 Jan 2035 10:00:00 -0500 (EST) 77":     "2035-01-02T10:00:00-05:00",
		"2 Jan 2035 10:00 +02":                   "2035-01-02T10:00:00+02:00",
		"2 Jan 2035 10:00 CST":                   "2035-01-02T10:00:00-06:00",
		"2 Jan 2035 10:00 PST":                   "2035-01-02T10:00:00-08:00",
		"2 Jan 2035 10:00 CET A":                 "2035-01-02T10:00:00+01:00",
		"Thu, 1 Jan 1970 00:00:00 -2400":         "",
		"31 Feb 2035 10:00 +0000":                "",
		"1 Jan 2035 25:00 +0000":                 "",
		"1 Jan 2035 10:61 +0000":                 "",
		"1 Jan 2035 1:2:3:4":                     "",
		"1 Jan 2035 a:b":                         "",
		"1 Jan 2035 10:00+9999":                  "",
		"yesterday":                              "",
		"":                                       "",
		"99999999 Jan":                           "",
	} {
		got := ""
		if d, ok := ParseDate(in); ok {
			got = d.Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	at := time.Date(2035, 1, 2, 3, 4, 5, 0, time.FixedZone("", -5*3600))
	if got, ok := ParseDate(FormatDate(at)); !ok || !got.Equal(at) {
		t.Errorf("round trip gives %v", got)
	}
}

func FuzzHeader(f *testing.F) {
	f.Add([]byte("From: =?utf-8?q?a?= <a@b>\r\nSubject: x\r\n y\r\nDate: 1 Jan 35 1:1 EST\r\nReferences: <a@b>\r\n\r\n"))
	f.Add([]byte(" x\r\nFrom a\r\nTo: g: a@b, c@d;, (x) \"q\" <@r:e@f>\n\n"))
	f.Fuzz(func(t *testing.T, head []byte) {
		h := ParseHeader(head)
		at := 0
		for _, f := range h.Fields {
			if f.Start != at || string(f.Raw) != string(head[f.Start:f.End]) {
				t.Fatalf("field %q is not in its place", f.Name)
			}
			at = f.End
			if strings.ContainsAny(f.Value(), "\r\n") {
				t.Fatalf("value of %q has line ends", f.Name)
			}
		}
		a, b := SplitHead(head)
		if string(a)+string(b) != string(head) {
			t.Fatal("split loses octets")
		}
		checkFacts(t, head, Scan(head, nil))
	})
}
