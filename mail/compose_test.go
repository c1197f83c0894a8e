package mail

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func zeros() io.Reader { return bytes.NewReader(make([]byte, 1024)) }

func letter() Letter {
	return Letter{
		From: Mailbox{"Tidepost", Address{"tidepost", "x.test"}}, To: []Mailbox{{"Jörg Ä", Address{"j", "x.test"}}},
		Cc: []Mailbox{{"", Address{"c", "x.test"}}}, ReplyTo: []Mailbox{{"", Address{"r", "x.test"}}},
		Subject: "Übersicht: was wartet, was ist angekommen und was noch heute eine Antwort von Ihnen braucht", Date: editTime,
		MessageID: "1@x.test", InReplyTo: "<0@x.test>", References: []string{"00@x.test", "0@x.test", "bad\r\nid>"},
		Extra: []Extra{{"Auto-Submitted", "auto-generated", false}, {"List-Id", "<digest.x.test>", true}},
		Text:  "Hello,\n.\nfrom here\n",
	}
}

func TestComposePlain(t *testing.T) {
	head, body, err := Compose(letter(), zeros())
	if err != nil {
		t.Fatal(err)
	}
	h := ParseHeader(head)
	if len(h.Defects) != 0 {
		t.Errorf("defects %v", h.Defects)
	}
	for line := range bytes.Lines(head) {
		if len(line) > 80 || !bytes.HasSuffix(line, []byte("\r\n")) {
			t.Errorf("line %q", line)
		}
	}
	for name, want := range map[string]string{"From": "Tidepost <tidepost@x.test>", "Subject": letter().Subject, "Message-ID": "<1@x.test>",
		"In-Reply-To": "<0@x.test>", "References": "<00@x.test> <0@x.test> <badid>", "Auto-Submitted": "auto-generated", "List-Id": "<digest.x.test>",
		"To": "Jörg Ä <j@x.test>", "MIME-Version": "1.0", "Content-Type": "text/plain; charset=utf-8", "Content-Transfer-Encoding": "7bit",
		"Date": "Tue, 2 Jan 2035 09:00:00 +1100", "Reply-To": "r@x.test", "Cc": "c@x.test"} {
		if got := h.Text(name); got != want || h.Count(name) != 1 {
			t.Errorf("%s: got %q %d times, want %q", name, got, h.Count(name), want)
		}
	}
	if string(body) != "Hello,\r\n.\r\nfrom here\r\n" {
		t.Errorf("body %q", body)
	}
}

func TestComposeReport(t *testing.T) {
	l := letter()
	l.Text, l.HTML, l.Report = "größer", "<p>größer</p>", "delivery-status"
	l.Attached = []Attachment{
		{Type: "message/delivery-status", Description: "Report", Data: []byte("Reporting-MTA: dns; x\n")},
		{Type: "text/rfc822-headers", Data: []byte("Subject: é\r\n")},
		{Type: "message/rfc822", Data: []byte("Subject: é\r\n\r\nx")},
		{Type: "application/pdf", Name: "../Übersicht.pdf", Data: []byte{0, 1, 2}},
		{Type: "text/calendar; method=REQUEST", Inline: true, Data: []byte("BEGIN:VCALENDAR")},
	}
	head, body, err := Compose(l, zeros())
	if err != nil {
		t.Fatal(err)
	}
	c := Scan(head, body)
	checkContent(t, head, body, c)
	want := "multipart/report[multipart/alternative[text/plain text/html] message/delivery-status text/rfc822-headers message/rfc822{text/plain} application/pdf text/calendar]"
	if got := outline(c.Root); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	if strings.TrimSpace(c.Plain()) != "größer" || strings.TrimSpace(c.HTML()) != "<p>größer</p>" {
		t.Errorf("plain %q html %q", c.Plain(), c.HTML())
	}
	if got := c.Root.Children[4]; got.FileName() != "Übersicht.pdf" || got.Encoding != "base64" {
		t.Errorf("pdf %+v", got)
	}
	if c.Root.Params["report-type"] != "delivery-status" || c.Root.Children[1].Encoding != "7bit" || c.Root.Children[3].Encoding != "8bit" {
		t.Errorf("root %+v", c.Root.Params)
	}
	again, _, _ := Compose(l, zeros())
	if !bytes.Equal(again, head) {
		t.Error("the same randomness gives another letter")
	}
	l.Report = ""
	head, _, err = Compose(l, zeros())
	if err != nil || !strings.Contains(string(head), "multipart/mixed") {
		t.Errorf("head %q, %v", head, err)
	}
}

func TestComposeRefuses(t *testing.T) {
	bad := errors.New("no randomness")
	for name, change := range map[string]func(*Letter) io.Reader{
		"no sender":   func(l *Letter) io.Reader { l.From = Mailbox{}; return zeros() },
		"line end":    func(l *Letter) io.Reader { l.Subject = "a\r\nBcc: x@y"; return zeros() },
		"extra field": func(l *Letter) io.Reader { l.Extra = []Extra{{"X\r\nY", "z", true}}; return zeros() },
		"report type": func(l *Letter) io.Reader { l.Report = "a b"; return zeros() },
		"type":        func(l *Letter) io.Reader { l.Attached = []Attachment{{Type: "a/b\r\nX: y"}}; return zeros() },
		"description": func(l *Letter) io.Reader {
			l.Attached = []Attachment{{Type: "a/b", Description: "a\nb"}}
			return zeros()
		},
		"charset": func(l *Letter) io.Reader {
			l.Attached = []Attachment{{Type: "text/plain; charset=latin1"}}
			return zeros()
		},
		"no randomness": func(l *Letter) io.Reader { l.HTML = "x"; return iotest.ErrReader(bad) },
		"little of it":  func(l *Letter) io.Reader { l.HTML, l.Report = "x", "y"; return bytes.NewReader(make([]byte, 20)) },
	} {
		l := letter()
		r := change(&l)
		if head, _, err := Compose(l, r); err == nil {
			t.Errorf("%s: got %q", name, head)
		}
	}
}

func TestNewMessageID(t *testing.T) {
	id, err := NewMessageID(zeros(), "x.test>\r\nBcc: y")
	if err != nil || id != strings.Repeat("0", 32)+"@x.testBcc: y" {
		t.Errorf("got %q, %v", id, err)
	}
	if _, err := NewMessageID(iotest.ErrReader(io.ErrUnexpectedEOF), "x"); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
}

func TestTrace(t *testing.T) {
	full := Trace{Helo: "evil\r\nX: (y)", Name: "host.test", IP: "2001:db8::1", By: "here.test", Via: "TCP", With: "ESMTPSA", TLS: "TLS1.3", ID: "7Hk2", For: "a@x.test", Time: editTime}
	want := "Received: from evilX: y (host.test [IPv6:2001:db8::1])\r\n\tby here.test via TCP with ESMTPSA id 7Hk2\r\n\t(TLS1.3)\r\n\tfor <a@x.test>;\r\n\tTue, 2 Jan 2035 09:00:00 +1100\r\n"
	if got := string(full.Field()); got != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
	if got := string(Trace{Helo: "h", IP: "192.0.2.1", By: "b", Time: editTime}.Field()); got != "Received: from h ([192.0.2.1])\r\n\tby b;\r\n\tTue, 2 Jan 2035 09:00:00 +1100\r\n" {
		t.Errorf("got %q", got)
	}
	if got := string(Trace{By: "b", Time: editTime}.Field()); got != "Received: by b;\r\n\tTue, 2 Jan 2035 09:00:00 +1100\r\n" {
		t.Errorf("got %q", got)
	}
}

func TestNormalizer(t *testing.T) {
	for in, want := range map[string]string{
		"a\r\nb\r\n": "a\r\nb\r\n", "a\nb\rc\r": "a\r\nb\r\nc\r\n", "a\x00b": "a\uFFFDb", "\r\r\n\n": "\r\n\r\n\r\n", "": "", "\r\n\r": "\r\n\r\n",
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "octets": iotest.OneByteReader(strings.NewReader(in)), "eof with data": iotest.DataErrReader(strings.NewReader(in))} {
			n := NewNormalizer(r)
			got, err := io.ReadAll(n)
			if string(got) != want || err != nil || n.Changed() != (in != want) {
				t.Errorf("%q %s: got %q, %v, changed %v", in, name, got, err, n.Changed())
			}
		}
	}
	if err := iotest.TestReader(NewNormalizer(strings.NewReader(strings.Repeat("x\n", 5000))), []byte(strings.Repeat("x\r\n", 5000))); err != nil {
		t.Error(err)
	}
	if _, err := io.ReadAll(NewNormalizer(iotest.TimeoutReader(strings.NewReader(strings.Repeat("x", 9999))))); !errors.Is(err, iotest.ErrTimeout) {
		t.Errorf("got %v", err)
	}
}

func TestDecodeTransfer(t *testing.T) {
	for _, c := range []struct{ enc, in, want string }{
		{"base64", "aGVs\r\nbG8=", "hello"}, {"BASE64", "aGVsbG8", "hello"}, {"base64", "aGk=aGk=", "hihi"}, {"base64", "a!G\x00k*", "hi"}, {"base64", "a", ""},
		{"quoted-printable", "a=3D=\r\nb =20\r\nc  \r\nd=", "a=b  \r\nc\r\nd="}, {"quoted-printable", "=4=4G=\t\r\n=\rx=xy =", "=4=4G=\rx=xy ="},
		{"quoted-printable", "a=\nb  c=3", "ab  c=3"}, {"quoted-printable", "=c3=A9", "é"}, {"quoted-printable", strings.Repeat(" ", 3000) + "x", strings.Repeat(" ", 3000) + "x"},
		{"x-uuencode", "a=3D", "a=3D"}, {"", "a=3D", "a=3D"},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(c.in), "octets": iotest.OneByteReader(strings.NewReader(c.in))} {
			if got, err := io.ReadAll(DecodeTransfer(c.enc, r)); string(got) != c.want || err != nil {
				t.Errorf("%s %.40q %s: got %.60q, %v, want %.60q", c.enc, c.in, name, got, err, c.want)
			}
		}
	}
	if n, err := DecodeTransfer("base64", strings.NewReader("aGk=")).Read(nil); n != 0 || err != nil {
		t.Errorf("read of nothing: %d, %v", n, err)
	}
}

func TestDecodeCharset(t *testing.T) {
	for _, c := range []struct{ set, in, want string }{
		{"", "caf\xe9 \xc3\xa9\xc3", "café éÃ"}, {"utf-8", "a\xff\xc3\xa9", "a\uFFFDé"}, {"ISO-8859-1", "\xe9", "é"}, {"x-none", "a\xff\xfeb", "a\uFFFD\uFFFDb"},
		{"utf-7", "+ADw-", "+ADw-"}, {"utf-16", "\xfe\xff\x00a", "a"}, {"cp037", "Ln", "<>"}, {"hz-gb-2312", "~{<s~}", "俭"}, {"iso-2022-kr", "abc", "\uFFFD"},
		{"windows-1252", "\x81", "\uFFFD"},
	} {
		got, err := io.ReadAll(DecodeCharset(c.set, iotest.OneByteReader(strings.NewReader(c.in))))
		if string(got) != c.want || err != nil {
			t.Errorf("%s %q: got %q, %v, want %q", c.set, c.in, got, err, c.want)
		}
	}
	for _, set := range []string{"", "utf-8", "iso-8859-1", "x-none"} {
		if _, err := io.ReadAll(DecodeCharset(set, iotest.ErrReader(io.ErrUnexpectedEOF))); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v", set, err)
		}
		long := strings.Repeat("ab\xe9", 5000)
		if got, err := io.ReadAll(DecodeCharset(set, strings.NewReader(long))); err != nil || len(got) < 15000 {
			t.Errorf("%s: %d octets, %v", set, len(got), err)
		}
	}
}

func TestWithinTimes(t *testing.T) {
	within(t, 15*time.Second, func() {
		io.Copy(io.Discard, DecodeTransfer("quoted-printable", strings.NewReader(strings.Repeat("= \t", 1<<20))))
	})
}
