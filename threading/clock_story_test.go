package threading_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidepost/scheduler"
	"tidepost/threading"
)

// compile reads a line such as
//
//	mei Europe/Berlin mon-fri 09:00-12:00 13:00-17:00, sat 10:00-12:00, leave 2026-12-07..2026-12-11, off 2026-12-25
//
// into a name and a calendar.
func compile(t testing.TB, line string) (string, *scheduler.Schedule) {
	t.Helper()
	who, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
	zone, rest, _ := strings.Cut(rest, " ")
	days := []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}
	form := map[string]any{"zone": zone}
	hours := map[string][]string{}
	var leave, off []any
	for part := range strings.SplitSeq(rest, ",") {
		words := strings.Fields(part)
		if len(words) < 2 {
			t.Fatalf("%q: unknown part %q", line, part)
		}
		from, to, span := strings.Cut(words[0], "-")
		switch {
		case words[0] == "leave":
			first, last, _ := strings.Cut(words[1], "..")
			leave = append(leave, map[string]string{"from": first, "to": last})
		case words[0] == "off":
			off = append(off, map[string]string{"date": words[1]})
		default:
			if !span {
				to = from
			}
			in := false
			for _, d := range days {
				in = in || d == from
				if in {
					hours[d] = words[1:]
				}
				in = in && d != to
			}
		}
	}
	form["hours"], form["leave"], form["holidays"] = hours, leave, off
	text, err := json.Marshal(form)
	if err != nil {
		t.Fatal(err)
	}
	var c scheduler.Calendar
	if err := json.Unmarshal(text, &c); err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	s, err := scheduler.Compile(c)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return who, s
}

// A story is played line by line: people, an ask, and events at wall times of the
// owner's zone. What the ledger got stands indented below the event that the lines
// follow; between events the clock is woken when it wants to be.
type story struct {
	t      *testing.T
	people map[string]*scheduler.Schedule
	clock  threading.Clock
	got    []string
}

const wall = "Mon 2006-01-02 15:04"

func (s *story) schedule() *scheduler.Schedule { return s.people[s.clock.Owner] }

func (s *story) instant(text string) time.Time {
	s.t.Helper()
	at, err := time.ParseInLocation(wall, text, s.schedule().Zone())
	if err != nil {
		s.t.Fatal(err)
	}
	return at
}

func (s *story) dateOrTime(text string) (scheduler.Date, time.Time) {
	s.t.Helper()
	if date, err := scheduler.ParseDate(text); err == nil {
		return date, time.Time{}
	}
	return scheduler.Date{}, s.instant(text)
}

func (s *story) show(at time.Time) string { return at.In(s.schedule().Zone()).Format(wall) }

func (s *story) play(line string) {
	words := strings.Fields(line)
	switch {
	case words[0] == "ask": // ask mei standard, ask mei by 2026-11-24, ask mei by Tue 2026-11-24 12:00
		targets := threading.DefaultTargets()
		s.clock.Owner = words[1]
		var stated threading.Wanted
		if words[2] == "by" {
			stated.Date, stated.Time = s.dateOrTime(strings.Join(words[3:], " "))
		}
		s.clock = threading.NewClock(words[1], targets.Of(threading.Class(words[2])), stated, time.Time{})
	case len(words[0]) == 3 && words[0][0] >= 'A' && words[0][0] <= 'Z':
		s.event(s.instant(strings.Join(words[:3], " ")), words[3], words[4:])
	default:
		who, schedule := compile(s.t, line)
		s.people[who] = schedule
	}
}

func (s *story) event(at time.Time, kind string, more []string) {
	s.wake(at)
	e := threading.Event{Kind: threading.EventKind(kind), At: at, Schedule: s.schedule()}
	rest := strings.Join(more, " ")
	switch {
	case kind == "wait":
		return
	case e.Kind == threading.OnAnswer:
		e.By = threading.Answerer(rest)
	case e.Kind == threading.OnHandover:
		e.Owner = rest
	case e.Kind == threading.OnPromise:
		e.Promise.Date, e.Promise.Time = s.dateOrTime(rest)
	}
	s.step(e)
}

// wake plays the time up to an instant, which itself belongs to the event.
func (s *story) wake(until time.Time) {
	for n := 0; !s.clock.Wake.IsZero() && s.clock.Wake.Before(until); n++ {
		if n > 1000 {
			s.t.Fatalf("the clock wakes without end: %+v", s.clock)
		}
		s.step(threading.Event{Kind: threading.OnTime, At: s.clock.Wake, Schedule: s.schedule()})
	}
}

func (s *story) step(e threading.Event) {
	before := s.clock
	next, line, ok := s.clock.Step(e)
	s.clock = next
	if !ok {
		if e.Kind != threading.OnTime && cmp.Equal(before, next, cmp.AllowUnexported(threading.Clock{})) {
			s.got = append(s.got, "nothing")
		}
		return
	}
	text := fmt.Sprintf("%s %s -> %s: %s", s.show(line.At), line.From, line.To, line.Reason)
	if !line.Due.IsZero() {
		text += ", due " + s.show(line.Due)
	}
	if line.Late {
		text += ", late"
	}
	s.got = append(s.got, text)
}

var update = flag.Bool("update", false, "write what the clocks did into testdata/clocks.txt")

func TestClockStories(t *testing.T) {
	const file = "testdata/clocks.txt"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(string(text), "\n== ")
	if len(parts) < 48 {
		t.Fatalf("only %d stories", len(parts)-1)
	}
	for i, text := range parts[1:] {
		title, body, _ := strings.Cut(text, "\n")
		t.Run(title, func(t *testing.T) {
			got := tell(t, body)
			parts[i+1] = title + "\n" + got
			if diff := cmp.Diff(strings.TrimSpace(body), strings.TrimSpace(got)); diff != "" && !*update {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(parts, "\n== ")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// tell plays a story and returns it with what the ledger got.
func tell(t *testing.T, body string) string {
	s := &story{t: t, people: map[string]*scheduler.Schedule{}}
	var out strings.Builder
	for line := range strings.Lines(body) {
		line = strings.TrimRight(line, "\n")
		if strings.HasPrefix(line, "  ") {
			continue
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		s.got = nil
		s.play(line)
		for _, g := range s.got {
			out.WriteString("  " + g + "\n")
		}
	}
	return out.String()
}

// The cases of data/calendar about answers, told to a clock as events.
func TestDueTimesAreThoseOfTheCalendarRules(t *testing.T) {
	data, err := os.ReadFile("../testdata/calendar/cases.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for line := range strings.Lines(string(data)) {
		var c struct {
			ID, Op string
			Person scheduler.Calendar
			Args   struct {
				Start    time.Time
				Target   scheduler.Target
				Promises []scheduler.Promise
			}
			Expect struct{ At, Start *time.Time }
		}
		if json.Unmarshal([]byte(line), &c) != nil || c.Op != "reply_due" && c.Op != "clock" {
			continue
		}
		s, err := scheduler.Compile(c.Person)
		if err != nil {
			t.Fatal(err)
		}
		start := c.Args.Start
		if c.Op == "clock" {
			start = *c.Expect.Start
		}
		asked++
		clock, _, _ := threading.NewClock("mei", c.Args.Target, threading.Wanted{}, start).Step(threading.Event{Kind: threading.OnDelivery, At: start, Schedule: s})
		for _, p := range c.Args.Promises {
			if p.Made.Before(start) { // before the tide, and for a later start
				clock.Promises = append(clock.Promises, p)
				clock, _, _ = clock.Step(threading.Event{Kind: threading.OnCalendar, At: start, Schedule: s})
				continue
			}
			clock, _, _ = clock.Step(threading.Event{Kind: threading.OnPromise, At: p.Made, Schedule: s, Promise: p})
		}
		var want time.Time
		if c.Expect.At != nil {
			want = *c.Expect.At
		}
		if !clock.Due.Equal(want) {
			t.Errorf("%s: due %v, want %v", c.ID, clock.Due, want)
		}
	}
	if asked < 49 {
		t.Errorf("only %d cases", asked)
	}
}
