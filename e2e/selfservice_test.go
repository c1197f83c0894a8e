package e2e

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
)

// Every way of saying it that docs/selfservice.md names, sent with a real client, is
// understood and answered.
func TestEveryPhraseOfThePage(t *testing.T) {
	page, err := os.ReadFile("../docs/selfservice.md")
	if err != nil {
		t.Fatal(err)
	}
	s := setup(t, options{})
	quoted := regexp.MustCompile("`([^`]+)`")
	ana := s.reader(t, "ana")
	var phrases []string
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.HasPrefix(line, "|---") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
			phrases = append(phrases, m[1])
		}
	}
	for n, p := range phrases {
		subject, mid := fmt.Sprintf("Say %d", n), fmt.Sprintf("say%d@team.example", n)
		s.submit("ana", mailTo("ana@team.example", "tidepost@team.example", subject, mid, p+"\n"), "tidepost@team.example")
	}
	ana.find("INBOX", fmt.Sprintf("Re: Say %d", len(phrases)-1), patience)
	answers := map[string]string{}
	for _, l := range ana.whole("INBOX") {
		answers[l.subject] = l.text
	}
	for n, p := range phrases {
		// It may be later than 15:00 where the test runs: that is understood, too.
		switch text, ok := answers[fmt.Sprintf("Re: Say %d", n)]; {
		case !ok:
			t.Errorf("%q is not answered", p)
		case strings.Contains(text, `I do not understand "`) || strings.Contains(text, "was not done") && !strings.Contains(text, "has passed"):
			t.Errorf("%q is not understood:\n%s", p, text)
		}
	}
	if len(phrases) < 110 {
		t.Errorf("%d phrases only", len(phrases))
	}
}
