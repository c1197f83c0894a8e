package scheduler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"testing"
	"time"
)

// The examples of testdata/calendar are asked one by one. The command
// tidepost-eval measures the same file; this test says at once which one broke.
func TestCalendarCases(t *testing.T) {
	data, err := os.ReadFile("../testdata/calendar/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for line := range bytes.Lines(data) {
		var c example
		if err := json.Unmarshal(line, &c); err != nil {
			t.Fatalf("line %d: %v", asked+1, err)
		}
		asked++
		t.Run(c.ID, func(t *testing.T) {
			for key, got := range c.ask(t) {
				if want, ok := c.Expect[key]; !ok || got != want {
					t.Errorf("%s: got %v, want %v (%s)", key, got, want, c.Note)
				}
			}
		})
	}
	if asked != 265 {
		t.Errorf("asked %d examples, want 265", asked)
	}
}

type example struct {
	ID, Op, Note string
	Person       Calendar
	People       []Calendar
	Expect       map[string]any
	Args         struct {
		Wall             Wall
		Now, Start, Sent time.Time
		Via              Via
		Grace            int  `json:"grace_min"`
		MaxHold          *int `json:"max_hold_min"`
		Days, Minutes, N int
		Target           json.RawMessage
		Promises         []Promise
	}
}

func (c example) ask(t *testing.T) map[string]any {
	a := c.Args
	grace, hold := time.Duration(a.Grace)*time.Minute, 7200*time.Minute
	if a.MaxHold != nil {
		hold = time.Duration(*a.MaxHold) * time.Minute
	}
	var target Target
	if a.Target != nil {
		if err := json.Unmarshal(a.Target, &target); err != nil {
			t.Fatal(err)
		}
	}
	moment := func(m Moment) map[string]any {
		if m.Capped != (m.Reason == ReasonCap) || m.Reason.String() == string(m.Reason) {
			t.Errorf("reason %q of %+v", m.Reason, m)
		}
		return map[string]any{"at": form(m.At), "capped": m.Capped}
	}
	maybe := func(at time.Time, ok bool) map[string]any {
		if !ok {
			return map[string]any{"at": nil}
		}
		return map[string]any{"at": form(at)}
	}
	if c.Op == "together" {
		var people []*Schedule
		for _, p := range c.People {
			people = append(people, mustCompile(t, p))
		}
		at, ok := Together(a.Now, people, a.Days, hold)
		out := maybe(at, ok)
		out["common"] = ok
		return out
	}
	s := mustCompile(t, c.Person)
	switch c.Op {
	case "wall":
		return map[string]any{"at": form(a.Wall.Instant(s.Zone()).At)}
	case "release":
		return moment(s.Release(a.Now, grace, hold))
	case "tide":
		return moment(s.Tide(a.Now, hold))
	case "arrival":
		return moment(s.Arrival(a.Now, grace, hold))
	case "due":
		return maybe(s.Due(a.Start, time.Duration(a.Minutes)*time.Minute))
	case "due_days":
		return maybe(s.DueDays(a.Start, a.N))
	case "reply_due":
		return maybe(s.ReplyDue(a.Start, target, a.Promises))
	case "clock":
		clock := s.ClockDue(a.Sent, a.Via, target, a.Promises, grace, hold)
		out := maybe(clock.Due, clock.OK)
		out["start"], out["capped"] = form(clock.Start.At), clock.Start.Capped
		return out
	}
	t.Fatalf("unknown op %q", c.Op)
	return nil
}

func form(t time.Time) string { return t.Format(time.RFC3339) }

func mustCompile(t testing.TB, c Calendar) *Schedule {
	t.Helper()
	s, err := Compile(c)
	if err != nil {
		t.Fatalf("compile: %v", err)
	}
	return s
}

// calendar reads a calendar written as JSON.
func calendar(t testing.TB, format string, args ...any) *Schedule {
	t.Helper()
	var c Calendar
	if err := json.Unmarshal(fmt.Appendf(nil, format, args...), &c); err != nil {
		t.Fatal(err)
	}
	return mustCompile(t, c)
}

func at(t testing.TB, text string) time.Time {
	t.Helper()
	u, err := time.Parse(time.RFC3339, text)
	if err != nil {
		t.Fatal(err)
	}
	return u.UTC()
}
