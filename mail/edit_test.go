package mail

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var editTime = time.Date(2035, 1, 2, 9, 0, 0, 0, time.FixedZone("", 11*3600))

func TestRemoveFields(t *testing.T) {
	head := "Bcc: a@x.test,\r\n b@x.test\r\nSubject: s\r\nbcc : c@x.test\r\nbogus\r\n\r\n"
	if got := string(RemoveFields([]byte(head), "BCC", "X")); got != "Subject: s\r\nbogus\r\n\r\n" {
		t.Errorf("got %q", got)
	}
	if got := string(RemoveFields([]byte(head))); got != head {
		t.Errorf("nothing to remove: got %q", got)
	}
}

func TestPrepend(t *testing.T) {
	for _, c := range []struct{ head, fields, want string }{
		{"A: b\r\n\r\n", "X: y\r\n", "X: y\r\nA: b\r\n\r\n"},
		{"", "X: y\r\n", "X: y\r\n\r\n"},
		{" odd\r\n\r\n", "X: y\r\n", "X: y\r\nX-Tidepost-Defect: lead-space\r\n odd\r\n\r\n"},
		{" odd\r\n\r\n", "", " odd\r\n\r\n"},
		{"\r\n", "X: y\r\n", "X: y\r\n\r\n"},
	} {
		if got := string(Prepend([]byte(c.head), []byte(c.fields))); got != c.want {
			t.Errorf("%q on %q: got %q, want %q", c.fields, c.head, got, c.want)
		}
	}
}

func TestReplaceDate(t *testing.T) {
	for in, want := range map[string]string{
		"A: b\r\nDate: x\r\n y\r\nC: d\r\ndate: z\r\n\r\n": "A: b\r\nDate: Tue, 2 Jan 2035 09:00:00 +1100\r\nC: d\r\n\r\n",
		"A: b\r\n\r\n": "Date: Tue, 2 Jan 2035 09:00:00 +1100\r\nA: b\r\n\r\n",
	} {
		if got := string(ReplaceDate([]byte(in), editTime)); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestSubjectTag(t *testing.T) {
	for in, want := range map[string][2]string{
		"[now] hello":                 {"now", "hello"},
		"Re: [Urgent]hello":           {"urgent", "Re: hello"},
		"AW: Re[2]: [AS  IS] x":       {"as is", "AW: Re[2]: x"},
		"[send Fri 9am] x":            {"send fri 9am", "x"},
		"[send anyway]":               {"send anyway", ""},
		"[team] hello":                {"", "[team] hello"},
		"hello [now]":                 {"", "hello [now]"},
		"[now":                        {"", "[now"},
		"[send] x":                    {"", "[send] x"},
		"[" + strings.Repeat("n", 80): {"", "[" + strings.Repeat("n", 80)},
	} {
		tag, rest, ok := SubjectTag(in)
		if tag != want[0] || rest != want[1] || ok != (want[0] != "") {
			t.Errorf("%q: got %q, %q, %v", in, tag, rest, ok)
		}
	}
}

func TestCutSubjectTag(t *testing.T) {
	for _, c := range []struct{ in, tag, want string }{
		{"A: b\r\nSubject: [now] hello  there\r\nC: d\r\n\r\n", "", "A: b\r\nSubject: hello  there\r\nC: d\r\n\r\n"},
		{"SUBJECT:Re: [Urgent]  x\r\n\r\n", "urgent", "SUBJECT:Re: x\r\n\r\n"},
		{"Subject: Re[2]: [now] x\r\n\r\n", "now", "Subject: Re[2]: x\r\n\r\n"},
		{"Subject: [now] =?utf-8?q?=C3=A9?=\r\n\r\n", "now", "Subject: =?utf-8?q?=C3=A9?=\r\n\r\n"},
		{"Subject: =?utf-8?q?[now]_=C3=A9?=\r\n\r\n", "now", "Subject: =?utf-8?b?w6k=?=\r\n\r\n"},
		{"Subject: [send\r\n Fri 9am] x\r\n\r\n", "send fri 9am", "Subject: x\r\n\r\n"},
		{"Subject: [now] x\r\n\r\n", "urgent", ""},
		{"Subject: x\r\n\r\n", "", ""},
		{"From: [now] x\r\n\r\n", "", ""},
	} {
		got, ok := CutSubjectTag([]byte(c.in), c.tag)
		want := c.want
		if want == "" {
			want = c.in
		}
		if string(got) != want || ok != (c.want != "") {
			t.Errorf("%q: got %q, %v, want %q", c.in, got, ok, want)
		}
	}
}

func TestAddBcc(t *testing.T) {
	head := []byte("A: b\r\n\r\n")
	got := AddBcc(head, []Address{{"a", "x.test"}, {"odd local", "y.test"}})
	if want := "Bcc: a@x.test, \"odd local\"@y.test\r\nA: b\r\n\r\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := AddBcc(head, []Address{{}, {Local: "x"}}); string(got) != string(head) {
		t.Errorf("nobody: got %q", got)
	}
}

func TestFormatFieldRefusesInjection(t *testing.T) {
	for _, c := range [][2]string{{"X", "a\r\nBcc: b"}, {"X", "a\nb"}, {"X", "a\x00"}, {"X:", "a"}, {"", "a"}, {"X Y", "a"}, {"X\r\n", "a"}, {strings.Repeat("x", 200), "a"}} {
		if got, err := FormatField(c[0], c[1]); err == nil {
			t.Errorf("%q: got %q", c, got)
		}
	}
	for _, v := range []string{"a\x01", "a\x7f", "\xff", strings.Repeat("a", 1200)} {
		if got, err := FormatRawField("X", v); err == nil {
			t.Errorf("%.20q: got %.40q", v, got)
		}
	}
}

func TestFormatFieldRoundTrip(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`([a-zé=?_日 ]{0,30} ){0,12}`)).Draw(rt, "value")
		field, err := FormatField("Subject", value)
		if err != nil {
			if !strings.ContainsAny(value, "\r\n\x00") {
				rt.Fatalf("%q: %v", value, err)
			}
			return
		}
		for line := range bytes.Lines(field) {
			if !bytes.HasSuffix(line, []byte("\r\n")) || len(line) > 80 && bytes.Contains(bytes.TrimSpace(line[8:]), []byte(" ")) && isLong(line) {
				rt.Fatalf("line %q", line)
			}
		}
		h := ParseHeader(append(field, "\r\n"...))
		if len(h.Fields) != 1 || len(h.Defects) != 0 {
			rt.Fatalf("%q is read as %+v", field, h)
		}
		if got, want := h.Text("subject"), cleanText(strings.TrimSpace(value)); got != want {
			rt.Fatalf("got %q, want %q, field %q", got, want, field)
		}
	})
}

// isLong reports whether a line over 78 columns could have been folded earlier.
func isLong(line []byte) bool {
	for _, w := range bytes.Fields(line) {
		if len(w) > 70 {
			return false
		}
	}
	return true
}

func TestFormatMailboxes(t *testing.T) {
	list := []Mailbox{{"Jörg", Address{"j", "x.test"}}, {"Doe, J.", Address{"d", "x.test"}}, {"Plain Name", Address{"p", "x.test"}}, {"", Address{"q", "x.test"}},
		{"evil\r\nBcc: x@y", Address{"e", "x.test"}}, {"bad", Address{"a", "x>\r\nBcc: y"}}, {`q"\`, Address{"r", "x.test"}}}
	want := `=?utf-8?q?J=C3=B6rg?= <j@x.test>, "Doe, J." <d@x.test>, Plain Name <p@x.test>, q@x.test, "evil  Bcc: x@y" <e@x.test>, "q\"\\" <r@x.test>`
	if got := FormatMailboxes(list); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// TestEditsLeaveTheRest: whatever an edit does, other fields stay octet for octet.
func TestEditsLeaveTheRest(t *testing.T) {
	line := rapid.SampledFrom([]string{"A: b\r\n", "Subject: [now] x\r\n", "subject : Re: y\r\n", "Date: x\r\n", "DATE:y\n z\r\n", "Bcc: a\r\n", "no field\r\n", " cont\r\n", "\t\r\n", "X: \xff\x00\r\r\n", "B:\n", "From x\r\n"})
	rapid.Check(t, func(rt *rapid.T) {
		head := []byte(strings.Join(rapid.SliceOfN(line, 0, 12).Draw(rt, "lines"), "") + rapid.SampledFrom([]string{"\r\n", "\n", ""}).Draw(rt, "blank"))
		rest := func(b []byte, names ...string) string {
			return strings.Replace(string(RemoveFields(b, names...)), guardField, "", 1)
		}
		if got, want := rest(ReplaceDate(head, editTime), "date"), rest(head, "date"); len(head) > 0 && got != want {
			rt.Fatalf("date of %q: got %q, want %q", head, got, want)
		}
		h := ParseHeader(ReplaceDate(head, editTime))
		if d, ok := h.Date("date"); !ok || !d.Equal(editTime) || h.Count("date") != 1 {
			rt.Fatalf("date is %v in %q", d, ReplaceDate(head, editTime))
		}
		cut, ok := CutSubjectTag(head, "")
		if got, want := rest(cut, "subject"), rest(head, "subject"); got != want {
			rt.Fatalf("tag of %q: got %q, want %q", head, got, want)
		}
		if _, again := CutSubjectTag(cut, ""); ok && again {
			rt.Fatalf("tag is still in %q", cut)
		}
		if ParseHeader(RemoveFields(head, "bcc")).Has("bcc") {
			rt.Fatal("bcc is still there")
		}
		if got := Prepend(head, []byte("X: y\r\n")); !bytes.HasSuffix(got, head) && len(head) > 0 {
			rt.Fatalf("prepended %q", got)
		}
	})
}

func FuzzEdit(f *testing.F) {
	f.Add([]byte("Subject: =?utf-8?q?[now]_x?=\r\nDate: x\r\n\r\n"), "Jörg \"x\"")
	f.Fuzz(func(t *testing.T, head []byte, value string) {
		cut, ok := CutSubjectTag(head, "")
		if !ok && !bytes.Equal(cut, head) {
			t.Fatal("head changed without a tag")
		}
		if h := ParseHeader(ReplaceDate(head, editTime)); !h.TooBig && h.Count("Date") < 1 {
			t.Fatalf("no date in %q", ReplaceDate(head, editTime))
		}
		SelectFields(head, []string{value}, true)
		if field, err := FormatField("X", value); err == nil {
			if h := ParseHeader(field); len(h.Fields) != 1 || h.Fields[0].Name != "X" {
				t.Fatalf("%q", field)
			}
		}
		written := FormatMailboxes([]Mailbox{{Name: value, Address: Address{Local: "a", Domain: "b.test"}}})
		if got := ParseMailboxes(written); len(got) != 1 || got[0].Address.Local != "a" || !utf8.ValidString(written) {
			t.Fatalf("%q is read as %v", written, got)
		}
	})
}

func TestSections(t *testing.T) {
	inner := "Subject: in\r\nFrom: a@x\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\ndeep\r\n--i--\r\n"
	head, body := SplitHead([]byte("Subject: out\r\nX: y\r\n" + multi + "--b\r\nContent-Type: text/plain\r\n\r\none\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner +
		"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: plain\r\n\r\nflat\r\n--b--\r\n"))
	root := Scan(head, body).Root
	for _, c := range []struct {
		path []int
		kind SectionKind
		want string
	}{
		{nil, SectionAll, string(head) + string(body)},
		{nil, SectionHeader, string(head)},
		{nil, SectionText, string(body)},
		{nil, SectionFields, "Subject: out\r\n\r\n"},
		{nil, SectionFieldsNot, "X: y\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"},
		{[]int{1}, SectionAll, "one"},
		{[]int{1}, SectionMIME, "Content-Type: text/plain\r\n\r\n"},
		{[]int{2}, SectionAll, inner},
		{[]int{2}, SectionHeader, inner[:strings.Index(inner, "--i")]},
		{[]int{2}, SectionText, inner[strings.Index(inner, "--i"):]},
		{[]int{2}, SectionFields, "Subject: in\r\n\r\n"},
		{[]int{2}, SectionFieldsNot, "From: a@x\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n"},
		{[]int{2, 1}, SectionAll, "deep"},
		{[]int{2, 1}, SectionMIME, "\r\n"},
		{[]int{3, 1}, SectionAll, "flat"},
		{[]int{3, 1}, SectionMIME, "Subject: plain\r\n\r\n"},
		{[]int{1}, SectionHeader, "NIL"},
		{[]int{1}, SectionKind("X"), "NIL"},
		{[]int{2}, SectionKind("X"), "NIL"},
		{[]int{1, 1}, SectionAll, "NIL"},
		{[]int{3, 2}, SectionAll, "NIL"},
		{[]int{4}, SectionAll, "NIL"},
		{[]int{0}, SectionAll, "NIL"},
		{nil, SectionMIME, "NIL"},
	} {
		if got := section(head, body, root, Section{c.path, c.kind, []string{"subject"}}); got != c.want {
			t.Errorf("%v %s: got %q, want %q", c.path, c.kind, got, c.want)
		}
	}
	head, body = SplitHead([]byte("Subject: s\r\n\r\nbody"))
	root = Scan(head, body).Root
	if got := section(head, body, root, Section{Path: []int{1}}); got != "body" {
		t.Errorf("part 1 of a message without parts is %q", got)
	}
	if got := section(head, body, root, Section{Path: []int{1}, Kind: SectionMIME}); got != string(head) {
		t.Errorf("its MIME header is %q", got)
	}
	head, body = SplitHead([]byte("Content-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\nflat"))
	root = Scan(head, body).Root
	for want, s := range map[string]Section{
		"Subject: in\r\n\r\nflat": {Path: []int{1}}, "Subject: in\r\n\r\n": {Path: []int{1}, Kind: SectionHeader}, "flat": {Path: []int{1, 1}},
	} {
		if got := section(head, body, root, s); got != want {
			t.Errorf("%v %s: got %q, want %q", s.Path, s.Kind, got, want)
		}
	}
	if _, ok := Locate(head, nil, Section{}); ok {
		t.Error("a section of nothing")
	}
	if got := string(SelectFields([]byte("A: b"), []string{"a"}, false)); got != "A: b\r\n\r\n" {
		t.Errorf("field without line end: %q", got)
	}
}

func section(head, body []byte, root *Part, s Section) string {
	span, ok := Locate(head, root, s)
	if !ok {
		return "NIL"
	}
	b := body[span.Start:span.End]
	if span.Filter {
		b = SelectFields(b, s.Fields, s.Kind == SectionFieldsNot)
	}
	return string(span.Head) + string(b)
}

func TestBaseSubject(t *testing.T) {
	for in, want := range map[string]string{
		"Re: [list] Hello  World (fwd)": "hello world",
		"AW: WG: Fwd: x":                "x",
		"[fwd: Re: x]":                  "x",
		"[only]":                        "[only]",
		"Re: [a][b]":                    "[b]",
		"RE[2]: x":                      "x",
		"回复：x":                          "x",
		"reason: y":                     "reason: y",
		"Re[x]: y":                      "re[x]: y",
		"[a [b] c":                      "[a [b] c",
		"":                              "",
		"(fwd)":                         "",
	} {
		if got := BaseSubject(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if diff := cmp.Diff("x", BaseSubject(strings.Repeat("Re: [a] ", 10000)+"x"+strings.Repeat(" (fwd)", 10000))); diff != "" {
		t.Error(diff)
	}
}
