package intent

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"testing"
)

func TestPark(t *testing.T) {
	if os.Getenv("PARK") == "" {
		t.Skip()
	}
	f, _ := os.Open("/work/shared/data/parakweet-intent/cases.jsonl")
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		var c struct {
			Text   string
			Intent int
		}
		json.Unmarshal(sc.Bytes(), &c)
		r := sentenceReader(c.Text)
		got := false
		why := ""
		for _, s := range r.sents {
			if m := r.ruleMarks(s); len(m) > 0 {
				got = true
				why += fmt.Sprintf("[%s]", r.fold(r.spanOf(m[0].at, max(m[0].at+1, min(m[0].end, s.to)))))
			}
		}
		if got != (c.Intent == 1) {
			fmt.Printf("%v %d %s %s\n", got, c.Intent, why, c.Text)
		}
	}
}
