package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/scheduler"
)

// calendarCase is a line of calendar/cases.jsonl; its README says what the
// fields mean.
type calendarCase struct {
	ID     string            `json:"id"`
	Op     string            `json:"op"`
	Person json.RawMessage   `json:"person"`
	People []json.RawMessage `json:"people"`
	Args   json.RawMessage   `json:"args"`
	Expect map[string]any    `json:"expect"`
	Note   string            `json:"note"`
}

// calendarArgs holds the arguments of all questions.
type calendarArgs struct {
	Wall       *scheduler.Wall  `json:"wall"`
	Now        time.Time        `json:"now"`
	Start      time.Time        `json:"start"`
	Sent       time.Time        `json:"sent"`
	Via        scheduler.Via    `json:"via"`
	GraceMin   int              `json:"grace_min"`
	MaxHoldMin *int             `json:"max_hold_min"`
	Days       int              `json:"days"`
	Minutes    int              `json:"minutes"`
	N          int              `json:"n"`
	Target     scheduler.Target `json:"target"`
	Promises   []promiseArg     `json:"promises"`
}

type promiseArg struct {
	Made time.Time      `json:"made"`
	Date scheduler.Date `json:"date"`
	Time time.Time      `json:"time"`
}

// defaultMaxHold is the max_hold_min of a case that names none: 5 days.
const defaultMaxHold = 7200

func (a calendarArgs) grace() time.Duration { return time.Duration(a.GraceMin) * time.Minute }

func (a calendarArgs) maxHold() time.Duration {
	if a.MaxHoldMin != nil {
		return time.Duration(*a.MaxHoldMin) * time.Minute
	}
	return defaultMaxHold * time.Minute
}

func (a calendarArgs) promises() []scheduler.Promise {
	var out []scheduler.Promise
	for _, p := range a.Promises {
		out = append(out, scheduler.Promise(p))
	}
	return out
}

// runCalendar asks the scheduler every question of the set. A case is right if
// all fields of its answer are.
func runCalendar(r *Result) func(line []byte) error {
	accuracy := r.measure("answers", formShare, "accuracy")
	return func(line []byte) error {
		var c calendarCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.ID == "" || c.Op == "" || c.Expect == nil {
			return errors.New("id, op or expect is missing")
		}
		r.Items++
		var got map[string]any
		var err error
		r.ask(func() { got, err = c.answer() })
		if err != nil {
			got = map[string]any{"error": err.Error()}
		}
		same, gotText, wantText := sameJSON(got, c.Expect)
		if accuracy.right(same); !same {
			r.fail(Failure{ID: c.ID, Got: gotText, Want: wantText, Note: c.Note})
		}
		return nil
	}
}

// calendarOps are the questions that answer knows.
var calendarOps = []string{"wall", "release", "tide", "together", "due", "due_days", "reply_due", "clock", "arrival"}

// answer gives the answer in the form of the field expect.
func (c calendarCase) answer() (map[string]any, error) {
	if !slices.Contains(calendarOps, c.Op) {
		return nil, fmt.Errorf("unknown op %q", c.Op)
	}
	var args calendarArgs
	if err := strict(c.Args, &args); err != nil {
		return nil, fmt.Errorf("args: %w", err)
	}
	if c.Op == "together" {
		return c.together(args)
	}
	var person scheduler.Calendar
	if err := json.Unmarshal(c.Person, &person); err != nil {
		return nil, fmt.Errorf("person: %w", err)
	}
	s, err := scheduler.Compile(person)
	if err != nil {
		return nil, fmt.Errorf("person: %w", err)
	}
	return c.ask(s, args)
}

// ask puts the question to one person.
func (c calendarCase) ask(s *scheduler.Schedule, args calendarArgs) (map[string]any, error) {
	switch c.Op {
	case "wall":
		if args.Wall == nil {
			return nil, errors.New("args: wall is missing")
		}
		return answerAt(args.Wall.Instant(s.Zone()).At, true), nil
	case "release":
		return answerMoment(s.Release(args.Now, args.grace(), args.maxHold())), nil
	case "tide":
		return answerMoment(s.Tide(args.Now, args.maxHold())), nil
	case "arrival":
		return answerMoment(s.Arrival(args.Now, args.grace(), args.maxHold())), nil
	case "due":
		return answerAt(s.Due(args.Start, time.Duration(args.Minutes)*time.Minute)), nil
	case "due_days":
		return answerAt(s.DueDays(args.Start, args.N)), nil
	case "reply_due":
		return answerAt(s.ReplyDue(args.Start, args.Target, args.promises())), nil
	default:
		return answerClock(s, args)
	}
}

func (c calendarCase) together(args calendarArgs) (map[string]any, error) {
	var people []*scheduler.Schedule
	for i, raw := range c.People {
		var person scheduler.Calendar
		if err := json.Unmarshal(raw, &person); err != nil {
			return nil, fmt.Errorf("people[%d]: %w", i, err)
		}
		s, err := scheduler.Compile(person)
		if err != nil {
			return nil, fmt.Errorf("people[%d]: %w", i, err)
		}
		people = append(people, s)
	}
	at, common := scheduler.Together(args.Now, people, args.Days, args.maxHold())
	answer := answerAt(at, common)
	answer["common"], answer["capped"] = common, false
	return answer, nil
}

func answerClock(s *scheduler.Schedule, args calendarArgs) (map[string]any, error) {
	switch args.Via {
	case scheduler.ViaRelease, scheduler.ViaTide, scheduler.ViaArrival:
	default:
		return nil, fmt.Errorf("args: unknown via %q", args.Via)
	}
	clock := s.ClockDue(args.Sent, args.Via, args.Target, args.promises(), args.grace(), args.maxHold())
	answer := answerAt(clock.Due, clock.OK)
	answer["start"], answer["capped"] = instant(clock.Start.At), clock.Start.Capped
	return answer, nil
}

func answerMoment(m scheduler.Moment) map[string]any {
	return map[string]any{"at": instant(m.At), "capped": m.Capped}
}

func answerAt(at time.Time, ok bool) map[string]any {
	if !ok {
		return map[string]any{"at": nil}
	}
	return map[string]any{"at": instant(at)}
}

func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }
