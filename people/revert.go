package people

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidepost/scheduler"
)

// SetField changes one field of a profile, in the syntax that people write. A *FieldError
// says what is wrong. Fields that are not of the profile (name, address, aliases) are
// not known here.
func SetField(p *Profile, f Field, value string) error {
	if f == FieldName || f == FieldAddress || f == FieldAliases {
		return &FieldError{f, fmt.Errorf("is not of the profile")}
	}
	d := &draft{profile: *p}
	if err := d.apply(map[Field]string{f: value}); err != nil {
		return err
	}
	*p = d.profile
	return nil
}

// FieldOf gives a field of a profile as people write it.
func FieldOf(p Profile, f Field) string {
	d := &draft{profile: p}
	for _, r := range fieldRules() {
		if r.name == f {
			return r.get(d)
		}
	}
	return ""
}

// An Edit is what a profile was and became, by key of its stored form: what is needed
// to take it back later, when other things may have changed.
type Edit struct {
	Before map[string]json.RawMessage `json:"before,omitempty"`
	After  map[string]json.RawMessage `json:"after,omitempty"`
}

// IsZero reports whether nothing changed.
func (c Edit) IsZero() bool { return len(c.Before) == 0 && len(c.After) == 0 }

const calendarPrefix = "calendar."

// EditOf compares two profiles.
func EditOf(before, after Profile) (Edit, error) {
	b, err := keysOf(before)
	if err != nil {
		return Edit{}, err
	}
	a, err := keysOf(after)
	if err != nil {
		return Edit{}, err
	}
	out := Edit{map[string]json.RawMessage{}, map[string]json.RawMessage{}}
	for _, key := range allKeys(b, a) {
		if !bytes.Equal(b[key], a[key]) {
			set(out.Before, key, b[key])
			set(out.After, key, a[key])
		}
	}
	return out, nil
}

// Reverse is the change back.
func (c Edit) Reverse() Edit { return Edit{c.After, c.Before} }

// Revert takes a change back. What was changed again since stays, and its key is in
// kept; of lists only what the change added or took away moves.
func (c Edit) Revert(p Profile) (out Profile, kept []string, err error) {
	now, err := keysOf(p)
	if err != nil {
		return p, nil, err
	}
	for _, key := range allKeys(c.Before, c.After) {
		before, after := c.Before[key], c.After[key]
		switch {
		case bytes.Equal(now[key], before): // Somebody did so before.
		case bytes.Equal(now[key], after):
			set(now, key, before)
		case isList(now[key], before, after):
			set(now, key, revertList(now[key], before, after))
		case isObject(now[key], before, after) && !isWeek(key):
			set(now, key, revertObject(now[key], before, after))
		default:
			kept = append(kept, strings.TrimPrefix(key, calendarPrefix))
		}
	}
	out, err = profileOf(now)
	if err == nil {
		err = out.Validate()
	}
	return out, kept, err
}

func isWeek(key string) bool { return strings.HasPrefix(key, calendarPrefix) }

func set(m map[string]json.RawMessage, key string, v json.RawMessage) {
	if v == nil {
		delete(m, key)
		return
	}
	m[key] = v
}

func allKeys(a, b map[string]json.RawMessage) []string {
	keys := maps.Clone(a)
	if keys == nil {
		keys = map[string]json.RawMessage{}
	}
	maps.Copy(keys, b)
	return slices.Sorted(maps.Keys(keys))
}

// keysOf flattens the stored form: the keys of the calendar stand beside the others.
func keysOf(p Profile) (map[string]json.RawMessage, error) {
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write profile: %w", err)
	}
	var out, calendar map[string]json.RawMessage
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, fmt.Errorf("read profile: %w", err)
	}
	if err := json.Unmarshal(out["calendar"], &calendar); err != nil {
		return nil, fmt.Errorf("read calendar: %w", err)
	}
	delete(out, "calendar")
	for key, v := range calendar {
		out[calendarPrefix+key] = v
	}
	return out, nil
}

func profileOf(keys map[string]json.RawMessage) (Profile, error) {
	top, calendar := map[string]json.RawMessage{}, map[string]json.RawMessage{}
	for key, v := range keys {
		if inner, ok := strings.CutPrefix(key, calendarPrefix); ok {
			calendar[inner] = v
		} else {
			top[key] = v
		}
	}
	var err error
	if top["calendar"], err = json.Marshal(calendar); err != nil {
		return Profile{}, fmt.Errorf("write calendar: %w", err)
	}
	data, err := json.Marshal(top)
	if err != nil {
		return Profile{}, fmt.Errorf("write profile: %w", err)
	}
	var p Profile
	if err := json.Unmarshal(data, &p); err != nil {
		return Profile{}, fmt.Errorf("read profile: %w", err)
	}
	return p, nil
}

func isList(values ...json.RawMessage) bool { return begins('[', values) }

func isObject(values ...json.RawMessage) bool { return begins('{', values) }

func begins(c byte, values []json.RawMessage) bool {
	some := false
	for _, v := range values {
		if len(v) > 0 && v[0] != c {
			return false
		}
		some = some || len(v) > 0
	}
	return some
}

func listOf(v json.RawMessage) []json.RawMessage {
	var out []json.RawMessage
	if len(v) > 0 && json.Unmarshal(v, &out) != nil {
		return nil
	}
	return out
}

// revertList takes out what after has more than before, and puts back what it has less.
func revertList(now, before, after json.RawMessage) json.RawMessage {
	has := func(list []json.RawMessage, item json.RawMessage) bool {
		return slices.ContainsFunc(list, func(o json.RawMessage) bool { return bytes.Equal(o, item) })
	}
	b, a := listOf(before), listOf(after)
	var out []json.RawMessage
	for _, item := range listOf(now) {
		if !has(a, item) || has(b, item) {
			out = append(out, item)
		}
	}
	for _, item := range b {
		if !has(a, item) && !has(out, item) {
			out = append(out, item)
		}
	}
	if out == nil {
		return nil
	}
	data, err := json.Marshal(out)
	if err != nil {
		return now
	}
	return data
}

// revertObject does so with the keys of an object that still have the changed value.
func revertObject(now, before, after json.RawMessage) json.RawMessage {
	read := func(v json.RawMessage) map[string]json.RawMessage {
		out := map[string]json.RawMessage{}
		if len(v) > 0 && json.Unmarshal(v, &out) != nil {
			return map[string]json.RawMessage{}
		}
		return out
	}
	n, b, a := read(now), read(before), read(after)
	for _, key := range allKeys(b, a) {
		if bytes.Equal(n[key], a[key]) {
			set(n, key, b[key])
		}
	}
	if len(n) == 0 {
		return nil
	}
	data, err := json.Marshal(n)
	if err != nil {
		return now
	}
	return data
}

// CutLeave takes the dates first to last out of absences. Absences by the hour that
// begin within them go too.
func CutLeave(list []scheduler.Leave, first, last scheduler.Date) []scheduler.Leave {
	var out []scheduler.Leave
	for _, l := range list {
		if l.First.IsZero() {
			d := scheduler.DateOf(l.From)
			if d.Before(first) || last.Before(d) {
				out = append(out, l)
			}
			continue
		}
		if l.Last.Before(first) || last.Before(l.First) {
			out = append(out, l)
			continue
		}
		if l.First.Before(first) {
			out = append(out, scheduler.Leave{First: l.First, Last: first.AddDays(-1)})
		}
		if last.Before(l.Last) {
			out = append(out, scheduler.Leave{First: last.AddDays(1), Last: l.Last})
		}
	}
	return out
}

// DayOf is how a date reads: "Mon 3 Aug", with the year if it is not that of now.
func DayOf(d scheduler.Date, zone *time.Location, now time.Time) string {
	return Day(scheduler.Wall{Date: d, Hour: 12}.Instant(zone).At, zone, now)
}
