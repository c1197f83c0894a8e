package clocks

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tidepost/scheduler"
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

// What is stored comes back, and what cannot be read does not stop anybody.
func TestRowsComeBack(t *testing.T) {
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	wednesday := scheduler.Date{Year: 2026, Month: 3, Day: 4}
	for _, c := range []threading.Clock{
		threading.NewClock("mei@team.example", scheduler.Target{Days: 1}, threading.Wanted{}, at),
		{State: threading.Promised, Owner: "mei@team.example", Target: scheduler.Target{Working: 2 * time.Hour}, Stated: threading.Wanted{Date: wednesday},
			Started: at, Promises: []scheduler.Promise{{Made: at, Date: wednesday}, {Made: at.Add(time.Hour), Time: at.Add(50 * time.Hour)}},
			Due: at.Add(50 * time.Hour), Wake: at.Add(8 * time.Hour), Since: at.Add(time.Hour)},
		{State: threading.Answered, Owner: "mei@team.example", Target: scheduler.Target{Days: 1}, Stated: threading.Wanted{Time: at.Add(time.Minute)}, Started: at, Since: at},
	} {
		i := Item{Ask: store.Ask{ID: 1, Owner: "mei@team.example", Class: "standard", Open: c.State.Open()}, Clock: c, Reason: threading.BecausePromised, turn: at}
		row, err := i.row()
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(i, itemOf(row), cmp.AllowUnexported(Item{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: (-put +got)\n%s", c.State, diff)
		}
		row.Clock.Target, row.Clock.Stated, row.Clock.Promises = []byte(`{}`), []byte(`[]`), []byte(`{"date": 3}`)
		got := itemOf(row)
		if got.Clock.State != c.State || got.Clock.Target != threading.DefaultTargets().Standard || !got.Clock.Stated.IsZero() {
			t.Errorf("damaged %s: got %+v; want the state and the times of its class", c.State, got.Clock)
		}
	}
}

func TestReminders(t *testing.T) {
	for _, s := range []string{"Any news on this?", "Hi Mei, any update?", "Just a gentle reminder.", "Did you get a chance to look at it?", "Gibt es schon Neuigkeiten?"} {
		if !reminds(s) {
			t.Errorf("%q is a reminder", s)
		}
	}
	for _, s := range []string{"Can you send me the figures?", "Could you set a reminder in the calendar that tells all of the team to hand in their hours on Friday at noon?",
		"Is the shipping cost in it?", "Please send me many newspapers."} {
		if reminds(s) {
			t.Errorf("%q asks something of its own", s)
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
