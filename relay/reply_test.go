package relay

import (
	"bufio"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestReadReply(t *testing.T) {
	for _, c := range []struct {
		in       string
		code     int
		enhanced [3]int
		text     string // "!" for garbage
	}{
		{"250 2.1.0 Ok\r\n", 250, [3]int{2, 1, 0}, "Ok"},
		{"250\r\n", 250, [3]int{2, 0, 0}, ""},
		{"250 \n", 250, [3]int{2, 0, 0}, ""},
		{"550-5.1.1 one\r\n550-5.1.1 two\r\n550 5.1.1 three\r\n", 550, [3]int{5, 1, 1}, "one two three"},
		{"550-one\r\n550 5.6.0 two\r\n", 550, [3]int{5, 6, 0}, "one two"},
		{"550 4.1.1 wrong class\r\n", 550, [3]int{5, 0, 0}, "4.1.1 wrong class"},
		{"550 5.1.1234 too long\r\n", 550, [3]int{5, 0, 0}, "5.1.1234 too long"},
		{"550 5.1.x no\r\n", 550, [3]int{5, 0, 0}, "5.1.x no"},
		{"571 5.7.1\r\n", 571, [3]int{5, 7, 1}, ""},
		{"550 a\x00b\x1bc\tdé\xff\u202e\r\n", 550, [3]int{5, 0, 0}, "a?b?c dé??"},
		{"250-a\r\n550 b\r\n", 0, [3]int{}, "!"},
		{"999 x\r\n", 0, [3]int{}, "!"},
		{"150 x\r\n", 0, [3]int{}, "!"},
		{"25\r\n", 0, [3]int{}, "!"},
		{"2500 x\r\n", 0, [3]int{}, "!"},
		{"\r\n", 0, [3]int{}, "!"},
		{"550 5.1.1 " + strings.Repeat("x", 5000) + "\r\n", 550, [3]int{5, 1, 1}, strings.Repeat("x", keptLine-len("550 5.1.1 "))},
		{"550-" + strings.Repeat("x", 5000) + "\r\n550 5.1.1 y\r\n", 550, [3]int{5, 1, 1}, strings.Repeat("x", keptLine-len("550-")) + " y"},
		{"250 " + strings.Repeat("x", maxReplyLine) + "\r\n", 0, [3]int{}, "!"},
		{"250 x", 0, [3]int{}, "!"},
	} {
		rep, err := readReply(bufio.NewReader(strings.NewReader(c.in)))
		if c.text == "!" {
			if err == nil {
				t.Errorf("%q: accepted", c.in)
			}
			continue
		}
		if err != nil || rep.Code != c.code || rep.Enhanced != c.enhanced || rep.Text != c.text {
			t.Errorf("%q: got %d %v %q %v", c.in, rep.Code, rep.Enhanced, rep.Text, err)
		}
	}
}

func FuzzReadReply(f *testing.F) {
	for _, s := range []string{"250 2.1.0 Ok\r\n", "550-5.1.1 a\r\n550 b\r\n", "220-x\r\n", "354\r\n", "2a0 x\n", "250 \xff\x00\r\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		rep, err := readReply(bufio.NewReader(strings.NewReader(string(b))))
		if err != nil {
			return
		}
		if rep.Code < 200 || rep.Code > 599 || len(rep.lines) > keptLines || rep.Enhanced[0] != rep.Code/100 {
			t.Errorf("reply %+v", rep)
		}
		if len(rep.Text) > maxReplyText || !utf8.ValidString(rep.Text) || strings.ContainsAny(rep.Text, "\r\n\x00") {
			t.Errorf("text %q", rep.Text)
		}
	})
}
