package mail

import (
	"strings"
	"testing"
	"time"
)

func sampleMail(size int) []byte {
	return []byte("Received: from a.test by b.test; Mon, 1 Jan 2035 10:00:00 +0000\r\nFrom: =?utf-8?q?J=C3=B6rg?= <j@a.test>\r\n" +
		"To: \"Doe, Mei\" <mei@b.test>, ana@b.test\r\nSubject: Re: [team] plan for =?utf-8?b?w6lsaXRl?=\r\nDate: Mon, 1 Jan 2035 10:00:00 +0000\r\n" +
		"Message-ID: <1@a.test>\r\nReferences: <0@a.test> <00@b.test>\r\nMIME-Version: 1.0\r\n" +
		"Content-Type: multipart/alternative; boundary=\"=_b\"\r\n\r\n--=_b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" +
		strings.Repeat("Could you send the figures by Friday=3F It is for the board.\r\n", size/130) +
		"\r\nOn Mon, 1 Jan 2035 at 09:00, Mei <mei@b.test> wrote:\r\n> yes\r\n--=_b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>" +
		strings.Repeat("Could you send the figures by Friday? It is for the board.<br>\r\n", size/130) + "</p></body></html>\r\n--=_b--\r\n")
}

func BenchmarkScanFacts4K(b *testing.B) {
	raw := sampleMail(4096)
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		head, body := SplitHead(raw)
		c := Scan(head, body)
		FactsOf(ParseHeader(head), c, Address{Local: "j", Domain: "a.test"})
	}
}

func BenchmarkNewWords4K(b *testing.B) {
	head, body := SplitHead(sampleMail(4096))
	c := Scan(head, body)
	for b.Loop() {
		NewWords(c)
	}
}

func nest(n int) (head, body []byte) {
	var b strings.Builder
	b.WriteString("Content-Type: multipart/mixed; boundary=b0\r\n\r\n")
	for i := range n {
		b.WriteString("--b" + itoa(i) + "\r\nContent-Type: multipart/mixed; boundary=b" + itoa(i+1) + "\r\n\r\n")
	}
	return SplitHead([]byte(b.String()))
}

func itoa(n int) string {
	if n < 10 {
		return string(rune('0' + n))
	}
	return itoa(n/10) + string(rune('0'+n%10))
}

// within fails if f takes so long that it cannot be linear. The limits leave room
// for the race detector on a busy machine: what is quadratic takes minutes.
func within(t *testing.T, limit time.Duration, f func()) {
	t.Helper()
	start := time.Now()
	f()
	if took := time.Since(start); took > limit {
		t.Errorf("took %v, want below %v", took, limit)
	}
}
