package intent

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// TestAskSentences reads every sentence of testdata/asks.txt as a mail of its
// own.
func TestAskSentences(t *testing.T) {
	f, err := os.Open("testdata/asks.txt")
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
