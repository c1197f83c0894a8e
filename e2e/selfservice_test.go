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
	n := 0
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) < 5 || strings.HasPrefix(line, "|---") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(cells[2], -1) {
			n++
			subject, mid := fmt.Sprintf("Say %d", n), fmt.Sprintf("say%d@team.example", n)
			s.submit("ana", mailTo("ana@team.example", "tidepost@team.example", subject, mid, m[1]+"\n"), "tidepost@team.example")
			answer := ana.find("INBOX", "Re: "+subject, patience)
			// It may be later than 15:00 where the test runs: that is understood, too.
			if strings.Contains(answer.text, `I do not understand "`) || strings.Contains(answer.text, "was not done") && !strings.Contains(answer.text, "has passed") {
				t.Errorf("%q is not understood:\n%s", m[1], answer.text)
			}
		}
	}
	if n < 75 {
		t.Errorf("%d phrases only", n)
	}
}
