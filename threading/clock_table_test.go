package threading_test

import (
	"bufio"
	"database/sql"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	_ "github.com/mattn/go-sqlite3"

	"tidepost/threading"
)

var states = []threading.State{
	threading.Waiting, threading.Running, threading.Promised, threading.Paused, threading.AtRisk, threading.Overdue,
	threading.Answered, threading.Withdrawn, threading.Waived,
}

// The drawing in docs/clocks.md shows the table, no more and no less.
func TestTheDrawingIsTheTable(t *testing.T) {
	file, err := os.Open("../docs/clocks.md")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	groups := map[string][]string{} // what stands in a box of the drawing
	var boxes []string
	drawn := map[string]bool{}
	arrow := regexp.MustCompile(`^(\S+) --> (\S+) : (\w+)$`)
	box := regexp.MustCompile(`^state (\w+) \{$`)
	for scan := bufio.NewScanner(file); scan.Scan(); {
		line := strings.ReplaceAll(strings.TrimSpace(scan.Text()), "at_risk", "at-risk")
		if m := box.FindStringSubmatch(line); m != nil {
			boxes = append(boxes, m[1])
		} else if line == "}" {
			boxes = boxes[:len(boxes)-1]
		} else if len(boxes) > 0 {
			for _, b := range boxes {
				groups[b] = append(groups[b], line)
			}
		} else if m := arrow.FindStringSubmatch(line); m != nil && m[1] != "[*]" {
			for _, from := range members(groups, m[1]) {
				for _, to := range members(groups, m[2]) {
					drawn[fmt.Sprint(from, " ", m[3], " ", to)] = true
				}
			}
		}
	}
	want := map[string]bool{}
	threading.EachTransition(func(from threading.State, on threading.EventKind, to threading.State) {
		want[fmt.Sprint(from, " ", on, " ", to)] = true
	})
	if diff := cmp.Diff(slices.Sorted(maps.Keys(want)), slices.Sorted(maps.Keys(drawn))); diff != "" {
		t.Errorf("(-table +drawing)\n%s", diff)
	}
}

func members(groups map[string][]string, name string) []string {
	if in := groups[name]; in != nil {
		return in
	}
	return []string{name}
}

// statesWith are the states in which an event means something, quoted for SQL.
func statesWith(on threading.EventKind) string {
	seen := map[threading.State]bool{}
	threading.EachTransition(func(from threading.State, kind threading.EventKind, _ threading.State) {
		seen[from] = seen[from] || kind == on
	})
	return quoted(func(s threading.State) bool { return seen[s] })
}

func quoted(in func(threading.State) bool) string {
	var out []string
	for _, s := range states {
		if in(s) {
			out = append(out, "'"+string(s)+"'")
		}
	}
	return strings.Join(out, ", ")
}

func TestChecksFollowFromTheTable(t *testing.T) {
	text, err := os.ReadFile("checks.sql")
	if err != nil {
		t.Fatal(err)
	}
	started := statesWith(threading.OnCalendar)
	want := strings.Join([]string{
		"CONSTRAINT clock_state_valid CHECK (state IN (" + quoted(func(threading.State) bool { return true }) + ")),",
		"CONSTRAINT clock_started_if_it_runs CHECK (started IS NOT NULL OR state NOT IN (" + started + ")),",
		"CONSTRAINT clock_waiting_not_started CHECK (started IS NULL OR state <> " + statesWith(threading.OnDelivery) + "),",
		"CONSTRAINT clock_due_while_it_runs CHECK (due IS NULL OR state IN (" + started + ")),",
		"CONSTRAINT clock_wakes_while_time_matters CHECK ((wake IS NOT NULL) = (state IN (" + statesWith(threading.OnTime) + ")))",
	}, "\n") + "\n"
	if diff := cmp.Diff(want, string(text[strings.Index(string(text), "CONSTRAINT"):])); diff != "" {
		t.Error(diff)
	}
	threading.EachTransition(func(from threading.State, on threading.EventKind, to threading.State) {
		if !slices.Contains(states, from) || !slices.Contains(states, to) {
			t.Errorf("%s %s %s: a state without a name here", from, on, to)
		}
	})
	if got := quoted(threading.State.Started); got != started {
		t.Errorf("Started are %s, want %s", got, started)
	}
	if got, want := quoted(threading.State.Open), statesWith(threading.OnAnswer); got != want {
		t.Errorf("Open are %s, want %s", got, want)
	}
}

// What a clock can be, the database takes; the rest it refuses.
func TestChecksHoldInTheDatabase(t *testing.T) {
	text, err := os.ReadFile("checks.sql")
	if err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	db.SetMaxOpenConns(1)
	if _, err := db.Exec("CREATE TABLE clock (state TEXT NOT NULL, started TEXT, due TEXT, wake TEXT,\n" + string(text) + ") STRICT"); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ values, refusedBy string }{
		{"'waiting', NULL, NULL, NULL", ""},
		{"'running', '1', '2', '2'", ""},
		{"'paused', '1', NULL, '2'", ""},
		{"'overdue', '1', '2', NULL", ""},
		{"'answered', NULL, NULL, NULL", ""},
		{"'withdrawn', '1', NULL, NULL", ""},
		{"'late', NULL, NULL, NULL", "clock_state_valid"},
		{"'running', NULL, '2', '2'", "clock_started_if_it_runs"},
		{"'waiting', '1', NULL, NULL", "clock_waiting_not_started"},
		{"'answered', '1', '2', NULL", "clock_due_while_it_runs"},
		{"'overdue', '1', '2', '2'", "clock_wakes_while_time_matters"},
		{"'at-risk', '1', '2', NULL", "clock_wakes_while_time_matters"},
	} {
		_, err := db.Exec("INSERT INTO clock VALUES (" + tt.values + ")")
		if (err == nil) != (tt.refusedBy == "") || err != nil && !strings.Contains(err.Error(), tt.refusedBy) {
			t.Errorf("%s: %v, want %q", tt.values, err, tt.refusedBy)
		}
	}
}
