// Package scheduler answers when: when a mail leaves in its reader's working
// hours, when a tide opens, when an answer is due, when a failed attempt is
// repeated. It holds the calendar of a person and the arithmetic on it, the
// grammar of explicit send times, the back-off of retries, and the one timer
// loop of the program, Run.
//
// The rules are those of testdata/calendar/RULES.md; a comment "rule 5.3" cites
// them. Invariants:
//   - Wall time and zone names are stored, instants are computed. No offset is
//     kept anywhere.
//   - Everything but run.go is pure: now is an argument, nothing reads a clock.
//     Only LoadZone, ZoneDataVersion and Compile read files, the zone data.
//   - Instants are whole seconds; a fraction of a second is cut off.
//   - Every search is bounded, also for a person who is never at work.
//
// It does not decide whether a mail waits (policies), and stores nothing.
package scheduler

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Limits of a calendar, far beyond what a person needs. They keep the work for
// one question bounded.
const (
	maxIntervals = 96
	maxTides     = 96
	maxHolidays  = 5000
	maxLeave     = 1000
)

// A Calendar is when a person works and reads, as stored and as written by
// people: zone name and wall times. Its JSON form is that of rule 2. Compile
// makes it answer questions.
type Calendar struct {
	Zone        string    `json:"zone"` // IANA name, see LoadZone
	Hours       Week      `json:"hours,omitzero"`
	Holidays    []Holiday `json:"holidays,omitempty"`
	Leave       []Leave   `json:"leave,omitempty"`
	Tides       []Clock   `json:"tides,omitempty"`
	Focus       Week      `json:"focus,omitzero"`
	OfficeHours Week      `json:"office_hours,omitzero"` // for show only
	Stays       []Stay    `json:"stays,omitempty"`       // days in another zone, in order
}

// A Holiday is a day off if Hours is empty; else Hours replace those of the date.
type Holiday struct {
	Date  Date       `json:"date"`
	Hours []Interval `json:"hours,omitempty"`
}

// Leave is an absence: either the dates First to Last, both included, or the
// instants [From, To).
type Leave struct {
	First, Last Date
	From, To    time.Time
}

// UnmarshalJSON reads the form of rule 2. Unknown keys and invalid values are
// errors that name the key, such as `hours.mon[1]: "9-5": …`.
func (c *Calendar) UnmarshalJSON(data []byte) error {
	var out Calendar
	err := readObject(data, []field{
		{"zone", func(raw []byte) error { return json.Unmarshal(raw, &out.Zone) }},
		{"hours", out.Hours.UnmarshalJSON},
		{"holidays", listReader(&out.Holidays)},
		{"leave", listReader(&out.Leave)},
		{"tides", listReader(&out.Tides)},
		{"focus", out.Focus.UnmarshalJSON},
		{"office_hours", out.OfficeHours.UnmarshalJSON},
		{"stays", listReader(&out.Stays)},
	})
	if err != nil {
		return err
	}
	*c = out
	return nil
}

// UnmarshalJSON reads {"date": D} or {"date": D, "hours": [intervals]}.
func (h *Holiday) UnmarshalJSON(data []byte) error {
	*h = Holiday{}
	err := readObject(data, []field{
		{"date", func(raw []byte) error { return json.Unmarshal(raw, &h.Date) }},
		{"hours", func(raw []byte) (err error) { h.Hours, err = readIntervals(raw); return err }},
	})
	if err == nil && h.Date.IsZero() {
		err = errors.New("date is missing")
	}
	return err
}

// MarshalJSON writes {"from": D, "to": D} or {"from": instant, "to": instant}.
func (l Leave) MarshalJSON() ([]byte, error) {
	var form struct {
		From string `json:"from"`
		To   string `json:"to"`
	}
	form.From, form.To = l.First.String(), l.Last.String()
	if l.First.IsZero() {
		form.From, form.To = l.From.UTC().Format(time.RFC3339), l.To.UTC().Format(time.RFC3339)
	}
	return json.Marshal(form)
}

// UnmarshalJSON reads two dates or two instants, no mixture of the two.
func (l *Leave) UnmarshalJSON(data []byte) error {
	var from, to string
	err := readObject(data, []field{
		{"from", func(raw []byte) error { return json.Unmarshal(raw, &from) }},
		{"to", func(raw []byte) error { return json.Unmarshal(raw, &to) }},
	})
	if err != nil {
		return err
	}
	*l = Leave{}
	if !strings.Contains(from, "T") && !strings.Contains(to, "T") {
		if l.First, err = ParseDate(from); err != nil {
			return fmt.Errorf("from: %w", err)
		}
		if l.Last, err = ParseDate(to); err != nil {
			return fmt.Errorf("to: %w", err)
		}
		return nil
	}
	if l.From, err = time.Parse(time.RFC3339, from); err != nil {
		return fmt.Errorf("from: %q is not an instant like to", from)
	}
	if l.To, err = time.Parse(time.RFC3339, to); err != nil {
		return fmt.Errorf("to: %q is not an instant like from", to)
	}
	return nil
}

// Validate reports the first thing wrong with c and names its key. It reads the
// zone data.
func (c Calendar) Validate() error {
	if _, err := LoadZone(c.Zone); err != nil {
		return fmt.Errorf("zone: %w", err)
	}
	return c.validateRules()
}

func (c Calendar) validateRules() error {
	for _, w := range []struct {
		key  string
		week Week
	}{{"hours", c.Hours}, {"focus", c.Focus}, {"office_hours", c.OfficeHours}} {
		if err := w.week.validate(); err != nil {
			return fmt.Errorf("%s.%w", w.key, err)
		}
	}
	if err := validateHolidays(c.Holidays); err != nil {
		return fmt.Errorf("holidays%w", err)
	}
	if len(c.Leave) > maxLeave {
		return fmt.Errorf("leave: %d entries are more than %d", len(c.Leave), maxLeave)
	}
	for i, l := range c.Leave {
		if err := l.validate(); err != nil {
			return fmt.Errorf("leave[%d]: %w", i, err)
		}
	}
	if err := validateStays(c.Stays); err != nil {
		return fmt.Errorf("stays%w", err)
	}
	if len(c.Tides) > maxTides {
		return fmt.Errorf("tides: %d are more than %d", len(c.Tides), maxTides)
	}
	for i, t := range c.Tides {
		if t < 0 || t >= endOfDay {
			return fmt.Errorf("tides[%d]: %q is not a time of day (want 00:00 to 23:59)", i, t)
		}
	}
	return nil
}

func validateHolidays(list []Holiday) error {
	if len(list) > maxHolidays {
		return fmt.Errorf(": %d entries are more than %d", len(list), maxHolidays)
	}
	seen := make(map[Date]bool, len(list))
	for i, h := range list {
		if !h.Date.valid() {
			return fmt.Errorf("[%d].date: %s does not exist", i, h.Date)
		}
		if seen[h.Date] {
			return fmt.Errorf("[%d].date: %s is listed twice", i, h.Date)
		}
		seen[h.Date] = true
		if err := validateIntervals(h.Hours); err != nil {
			return fmt.Errorf("[%d].hours%w", i, err)
		}
	}
	return nil
}

func (l Leave) validate() error {
	dates := !l.First.IsZero() || !l.Last.IsZero()
	instants := !l.From.IsZero() || !l.To.IsZero()
	switch {
	case dates == instants:
		return errors.New("want either two dates or two instants")
	case dates && (!l.First.valid() || !l.Last.valid()):
		return fmt.Errorf("%s to %s: a date does not exist", l.First, l.Last)
	case dates && l.Last.Before(l.First), instants && l.To.Before(l.From):
		return errors.New("to lies before from")
	}
	return nil
}

// A field is a key of a JSON object and what reads its value.
type field struct {
	key  string
	read func(raw []byte) error
}

// readObject reads an object whose keys are all known; null counts as missing.
func readObject(data []byte, fields []field) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	for _, key := range sortedKeys(raw) {
		i := slices.IndexFunc(fields, func(f field) bool { return f.key == key })
		if i < 0 {
			return fmt.Errorf("unknown key %q", key)
		}
		if string(raw[key]) == "null" {
			continue
		}
		if err := fields[i].read(raw[key]); err != nil {
			return joinKey(key, err)
		}
	}
	return nil
}

// joinKey puts a key before an error that may begin with the rest of the path:
// "[2]: …" and ": …" follow directly, a weekday after a dot, the rest after ": ".
func joinKey(key string, err error) error {
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "["), strings.HasPrefix(text, ": "):
		return fmt.Errorf("%s%w", key, err)
	case len(text) > 3 && slices.Contains(weekKeys[:], text[:3]):
		return fmt.Errorf("%s.%w", key, err)
	}
	return fmt.Errorf("%s: %w", key, err)
}

// listReader reads a list item by item, so that an error names the index.
func listReader[T any](into *[]T) func([]byte) error {
	return func(data []byte) error {
		var raw []json.RawMessage
		if err := json.Unmarshal(data, &raw); err != nil {
			return err
		}
		for i, item := range raw {
			var v T
			if err := json.Unmarshal(item, &v); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
			*into = append(*into, v)
		}
		return nil
	}
}
