package scheduler

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// An Interval is a local span of a date, [Start, End). An End earlier in the
// day than Start lies on the next date; 24:00 is the midnight after the date.
type Interval struct {
	Start, End Clock
}

// ParseInterval reads HH:MM-HH:MM and refuses what validate refuses.
func ParseInterval(text string) (Interval, error) {
	from, to, ok := strings.Cut(text, "-")
	if !ok {
		return Interval{}, fmt.Errorf("%q is not an interval (want HH:MM-HH:MM)", text)
	}
	var iv Interval
	var err error
	if iv.Start, err = ParseClock(from); err != nil {
		return Interval{}, fmt.Errorf("%q: %w", text, err)
	}
	if iv.End, err = ParseClock(to); err != nil {
		return Interval{}, fmt.Errorf("%q: %w", text, err)
	}
	if err := iv.validate(); err != nil {
		return Interval{}, err
	}
	return iv, nil
}

func (iv Interval) validate() error {
	switch {
	case iv.Start < 0 || iv.Start >= endOfDay:
		return fmt.Errorf("%q: start is not within the day", iv)
	case iv.End < 0 || iv.End > endOfDay:
		return fmt.Errorf("%q: end is not within the day", iv)
	case iv.Start == iv.End:
		return fmt.Errorf("%q: start and end are equal", iv)
	}
	return nil
}

// String gives HH:MM-HH:MM.
func (iv Interval) String() string { return iv.Start.String() + "-" + iv.End.String() }

// MarshalText gives HH:MM-HH:MM.
func (iv Interval) MarshalText() ([]byte, error) { return []byte(iv.String()), nil }

// UnmarshalText reads HH:MM-HH:MM.
func (iv *Interval) UnmarshalText(text []byte) (err error) {
	*iv, err = ParseInterval(string(text))
	return err
}

// span is an interval in seconds from local midnight of its date; to may lie
// beyond 86400, on the next date.
type span struct{ from, to int64 }

func (iv Interval) span() span {
	s := span{int64(iv.Start) * 60, int64(iv.End) * 60}
	if s.to < s.from {
		s.to += daySeconds
	}
	return s
}

// spansOf returns the spans of the intervals, sorted by their start.
func spansOf(list []Interval) []span {
	var out []span
	for _, iv := range list {
		out = append(out, iv.span())
	}
	slices.SortFunc(out, func(a, b span) int { return int(a.from - b.from) })
	return out
}

// A Week holds intervals by time.Weekday. Its JSON form is a map of mon … sun.
type Week [7][]Interval

// weekKeys are the JSON keys by time.Weekday, weekOrder the order of writing.
var (
	weekKeys  = [7]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	weekOrder = [7]time.Weekday{1, 2, 3, 4, 5, 6, 0}
)

// IsZero reports whether no weekday has an interval.
func (w Week) IsZero() bool {
	return !slices.ContainsFunc(w[:], func(l []Interval) bool { return len(l) > 0 })
}

// MarshalJSON writes mon to sun in this order, without empty weekdays.
func (w Week) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for _, day := range weekOrder {
		if len(w[day]) == 0 {
			continue
		}
		if out.Len() > 1 {
			out.WriteByte(',')
		}
		list, err := json.Marshal(w[day])
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&out, "%q:%s", weekKeys[day], list)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// UnmarshalJSON reads a map of weekdays and names the key of what is wrong.
func (w *Week) UnmarshalJSON(data []byte) error {
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return fmt.Errorf("want a map of weekdays (mon … sun): %w", err)
	}
	*w = Week{}
	for _, key := range sortedKeys(raw) {
		day := slices.Index(weekKeys[:], key)
		if day < 0 {
			return fmt.Errorf("unknown weekday %q (want mon … sun)", key)
		}
		list, err := readIntervals(raw[key])
		if err != nil {
			return fmt.Errorf("%s%w", key, err)
		}
		w[day] = list
	}
	return nil
}

func (w Week) validate() error {
	for _, day := range weekOrder {
		if err := validateIntervals(w[day]); err != nil {
			return fmt.Errorf("%s%w", weekKeys[day], err)
		}
	}
	return nil
}

// readIntervals reads a list of intervals; errors begin with the index, "[2]: …".
func readIntervals(data []byte) ([]Interval, error) {
	var texts []string
	if err := json.Unmarshal(data, &texts); err != nil {
		return nil, fmt.Errorf(": want a list of \"HH:MM-HH:MM\": %w", err)
	}
	var list []Interval
	for i, text := range texts {
		iv, err := ParseInterval(text)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		list = append(list, iv)
	}
	return list, nil
}

func validateIntervals(list []Interval) error {
	if len(list) > maxIntervals {
		return fmt.Errorf(": %d intervals are more than %d", len(list), maxIntervals)
	}
	for i, iv := range list {
		if err := iv.validate(); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
