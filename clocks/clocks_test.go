package clocks

import (
	"os"
	"strings"
	"testing"

	"tidepost/store"
	"tidepost/threading"
)

func states() []threading.State {
	return []threading.State{threading.Waiting, threading.Running, threading.Promised, threading.Paused, threading.AtRisk, threading.Overdue,
		threading.Answered, threading.Withdrawn, threading.Waived}
}

// What the ledger check takes for possible is what the table of threading says.
func TestLedgerCheckFollowsTheTable(t *testing.T) {
	for _, from := range states() {
		for _, to := range states() {
			if got, want := store.ClockFollows(string(from), string(to)), threading.Follows(from, to); got != want {
				t.Errorf("%s to %s: ledger check says %t, table %t", from, to, got, want)
			}
		}
	}
}

// The database holds a clock to what threading says of its states.
func TestSchemaHasTheChecksOfThreading(t *testing.T) {
	checks, err := os.ReadFile("../threading/checks.sql")
	if err != nil {
		t.Fatal(err)
	}
	schema, err := os.ReadFile("../store/schema.golden.sql")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(checks)) {
		line = strings.TrimRight(strings.TrimSpace(line), ",")
		if !strings.HasPrefix(line, "CONSTRAINT") {
			continue
		}
		if n++; !strings.Contains(string(schema), line) {
			t.Errorf("the schema lacks %s", line)
		}
	}
	if n < 5 {
		t.Errorf("only %d constraints found", n)
	}
}
