package intent

import (
	"bufio"
	"os"
	"strings"
	"testing"
	"time"

	"tidepost/mail"
)

// TestAskSentences reads every sentence of testdata/ask-lines.txt as a mail of its
// own.
func TestAskSentences(t *testing.T) {
	f, err := os.Open("testdata/ask-lines.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	wrong, n := 0, 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := lines.Text()
		if !strings.HasPrefix(line, "+ ") && !strings.HasPrefix(line, "- ") {
			continue
		}
		n++
		got := readTo(line[2:])
		if (len(got.Asks) > 0) != (line[0] == '+') {
			wrong++
			t.Errorf("%s: asks %v", line, got.Asks)
		}
	}
	t.Logf("%d of %d wrong", wrong, n)
}

// TestAskMails reads the mails of testdata/ask-mails.txt and counts their asks.
func TestAskMails(t *testing.T) {
	f, err := os.Open("testdata/ask-mails.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		mark, text, _ := strings.Cut(lines.Text(), " ")
		if mark == "" || mark[0] == '#' || mark[0] != '+' && mark != "-" {
			continue
		}
		want := 0
		if mark != "-" {
			want = int(mark[1] - '0')
		}
		if got := readTo(strings.ReplaceAll(text, "|", "\n"), mei, tom).Asks; len(got) != want {
			t.Errorf("%s", lines.Text())
			for _, a := range got {
				t.Errorf("\tasks %q because of %q", a.Text, a.Because)
			}
		}
	}
}

// TestChoosing: a reply that names what was offered asks nothing; the same words that
// begin a thread do.
func TestChoosing(t *testing.T) {
	for text, asks := range map[string]bool{
		"April, please.": false, "The second one please": false, "Tuesday 3pm, please!": false, "Option B, please.": false,
		"The signed form, please.": true, "April figures, please.": true, "Please decide by Friday.": true, "Send it please.": true,
	} {
		in := Input{Text: text, Subject: "Re: Visit", Reply: true, From: mail.Mailbox{Address: mail.Address{Local: "mei", Domain: "team.example"}},
			To: []mail.Mailbox{{Name: "Ana", Address: mail.Address{Local: "ana", Domain: "team.example"}}}, Date: time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)}
		if got := Read(in); (len(got.Asks) > 0) != asks {
			t.Errorf("%s: asks %v", text, got.Asks)
		}
	}
}
