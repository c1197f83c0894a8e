package people

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/scheduler"
)

// A Rota says whose turn it is in a role, by dates in the role's zone. Either the
// weekdays have people, or people take turns by the week. The zero Rota has nobody on
// duty: everybody in the role is asked.
type Rota struct {
	Days [7][]int64     `json:"days,omitzero"` // from Monday; who of several is there takes it, the first first
	Turn []int64        `json:"turn,omitempty"`
	From scheduler.Date `json:"from,omitzero"` // the day on which the turn of the first in Turn begins
}

// maxTurn bounds how many take turns.
const maxTurn = 100

// IsZero reports whether nobody is ever on duty.
func (r Rota) IsZero() bool {
	return len(r.Turn) == 0 && !slices.ContainsFunc(r.Days[:], func(list []int64) bool { return len(list) > 0 })
}

// Due lists who has the duty of a date, in the order in which they stand in for each
// other: first those whose turn it is, then the others of the rota. Nil if it is nobody's:
// a weekday without people, or a day before the turns begin.
func (r Rota) Due(date scheduler.Date) []int64 {
	if n := len(r.Turn); n > 0 {
		if date.Before(r.From) {
			return nil
		}
		week := daysBetween(r.From, date) / 7
		return slices.Concat(r.Turn[week%n:], r.Turn[:week%n])
	}
	day := (int(date.Weekday()) + 6) % 7
	if len(r.Days[day]) == 0 {
		return nil
	}
	out := slices.Clone(r.Days[day])
	for n := 1; n < 7; n++ { // Whose day comes next.
		for _, id := range r.Days[(day+n)%7] {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// daysBetween counts the days from one date to another, on no clock: none of them has
// more or fewer than the others.
func daysBetween(from, to scheduler.Date) int {
	a := time.Date(from.Year, from.Month, from.Day, 0, 0, 0, 0, time.UTC)
	b := time.Date(to.Year, to.Month, to.Day, 0, 0, 0, 0, time.UTC)
	return int(b.Sub(a) / (24 * time.Hour))
}

// People are those of the rota, each once.
func (r Rota) People() []int64 {
	var out []int64
	for _, list := range append(slices.Clone(r.Days[:]), r.Turn) {
		for _, id := range list {
			if !slices.Contains(out, id) {
				out = append(out, id)
			}
		}
	}
	return out
}

// replace puts somebody in another's place; 0 is nobody. Turns keep their weeks: who is no
// member any more is passed over. It reports whether anything changed.
func (r *Rota) replace(old, by int64) bool {
	changed := false
	put := func(list []int64) []int64 {
		if !slices.Contains(list, old) {
			return list
		}
		changed = true
		var out []int64
		for _, id := range list {
			if id == old {
				id = by
			}
			if id != 0 {
				out = append(out, id)
			}
		}
		return out
	}
	for day := range r.Days {
		r.Days[day] = put(r.Days[day])
	}
	if by != 0 {
		r.Turn = put(r.Turn)
	}
	return changed
}

func (r Rota) encode() (json.RawMessage, error) {
	if r.IsZero() {
		return json.RawMessage(`{}`), nil
	}
	b, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("write rota: %w", err)
	}
	return b, nil
}

func decodeRota(raw json.RawMessage) (Rota, error) {
	var r Rota
	if len(raw) == 0 || bytes.Equal(raw, []byte("{}")) {
		return r, nil
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return Rota{}, fmt.Errorf("read rota: %w", err)
	}
	return r, nil
}

// errRota says how a rota is written.
var errRota = errors.New(`a rota is written as "mon,tue ana; wed-fri mei" or "weekly: ana, mei, tom from 2026-03-02", or "none"`)

// ParseRota reads a rota as people write it: "mon,tue ana; wed-fri mei" (several names
// stand in for each other, the first first), "weekly: ana, mei from 2026-03-02", or "none".
// who finds the person whom a name or an address means.
func ParseRota(s string, who func(string) (int64, error)) (Rota, error) {
	text := strings.TrimSpace(s)
	low := strings.ToLower(text)
	switch {
	case low == "" || low == "none":
		return Rota{}, nil
	case strings.HasPrefix(low, "weekly"):
		return parseTurns(strings.TrimLeft(text[len("weekly"):], ": "), who)
	}
	var r Rota
	for part := range strings.SplitSeq(text, ";") {
		part = strings.TrimSpace(strings.TrimPrefix(strings.TrimSpace(part), "daily:"))
		if part == "" {
			continue
		}
		days, names, ok := cutDays(part)
		if !ok {
			return Rota{}, fmt.Errorf("%q: %w", part, errRota)
		}
		ids, err := findAll(names, who)
		if err != nil {
			return Rota{}, err
		}
		for _, d := range days {
			if len(r.Days[d]) > 0 {
				return Rota{}, fmt.Errorf("%q names %s twice", s, weekdayNames()[d])
			}
			r.Days[d] = ids
		}
	}
	if r.IsZero() {
		return Rota{}, errRota
	}
	return r, nil
}

// parseTurns reads "ana, mei, tom from 2026-03-02".
func parseTurns(s string, who func(string) (int64, error)) (Rota, error) {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
	if n := len(words); n < 3 || !strings.EqualFold(words[n-2], "from") {
		return Rota{}, errRota
	}
	from, err := scheduler.ParseDate(words[len(words)-1])
	if err != nil {
		return Rota{}, fmt.Errorf("rota: %w", err)
	}
	ids, err := findAll(words[:len(words)-2], who)
	if err != nil {
		return Rota{}, err
	}
	if len(ids) > maxTurn {
		return Rota{}, fmt.Errorf("rota: more than %d take turns", maxTurn)
	}
	return Rota{Turn: ids, From: from}, nil
}

// findAll finds people, each once.
func findAll(names []string, who func(string) (int64, error)) ([]int64, error) {
	var out []int64
	for _, n := range names {
		id, err := who(n)
		if err != nil {
			return nil, fmt.Errorf("rota: %w", err)
		}
		if slices.Contains(out, id) {
			return nil, fmt.Errorf("rota: %q is named twice", n)
		}
		out = append(out, id)
	}
	if len(out) == 0 {
		return nil, errRota
	}
	return out, nil
}

func weekdayNames() []string { return []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"} }

// cutDays reads the weekdays at the beginning of a part, from Monday, and the names
// behind them: "mon,tue ana", "wed-fri: mei, tom".
func cutDays(part string) (days []int, names []string, ok bool) {
	words := strings.FieldsFunc(strings.NewReplacer(" - ", "-", "–", "-", ":", " ").Replace(part), func(r rune) bool { return r == ' ' || r == ',' || r == '\t' })
	for len(words) > 0 {
		from, to, isRange := strings.Cut(strings.ToLower(words[0]), "-")
		a, b := weekday(from), weekday(to)
		if a < 0 || isRange && b < 0 {
			break
		}
		if !isRange {
			b = a
		}
		for d := a; ; d = (d + 1) % 7 {
			days = append(days, d)
			if d == b {
				break
			}
		}
		words = words[1:]
	}
	return days, words, len(days) > 0 && len(words) > 0
}

// weekday is 0 for Monday, -1 for none.
func weekday(s string) int {
	for i, long := range []string{"monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"} {
		if len(s) >= 3 && strings.HasPrefix(long, s) {
			return i
		}
	}
	return -1
}

// String writes a rota as ParseRota reads it. name is how somebody is called.
func (r Rota) format(name func(int64) string) string {
	names := func(ids []int64) string {
		var out []string
		for _, id := range ids {
			out = append(out, name(id))
		}
		return strings.Join(out, ", ")
	}
	if len(r.Turn) > 0 {
		return "weekly: " + names(r.Turn) + " from " + r.From.String()
	}
	var parts []string
	for d := 0; d < 7; {
		end := d + 1
		for end < 7 && slices.Equal(r.Days[end], r.Days[d]) {
			end++
		}
		if len(r.Days[d]) > 0 {
			day := weekdayNames()[d]
			if end > d+1 {
				day += "-" + weekdayNames()[end-1]
			}
			parts = append(parts, day+" "+names(r.Days[d]))
		}
		d = end
	}
	return strings.Join(parts, "; ")
}

// dutyAhead is how many days ahead a duty is looked for: over the longest holidays.
const dutyAhead = 60

// OnDuty is who takes mail that comes to the role at t. The duty of a date is that of the
// first in the rota who works on it: who is away is passed over. If they have gone home by
// then, or nobody works on that date, it is that of the next one. until is when their
// working time on that date ends. nil: nobody is on duty on a date on which others of the
// role work, and everybody is asked.
func (g *Group) OnDuty(t time.Time) (p *Person, until time.Time) {
	if !g.Role || g.Rota.IsZero() {
		return nil, time.Time{}
	}
	today := scheduler.DateOf(t.In(g.zone))
	for n := range dutyAhead {
		day := today.AddDays(n)
		begin := scheduler.Wall{Date: day}.Instant(g.zone).At
		end := scheduler.Wall{Date: day.AddDays(1)}.Instant(g.zone).At
		due := g.Rota.Due(day)
		if due == nil && slices.ContainsFunc(g.People, func(p *Person) bool { _, ok := worksIn(p, later(begin, t), end, t); return ok }) {
			return nil, time.Time{}
		}
		for _, id := range due {
			i := slices.IndexFunc(g.People, func(p *Person) bool { return p.ID == id })
			if i < 0 {
				continue
			}
			last, works := worksIn(g.People[i], begin, end, t)
			if works && last.After(t) {
				return g.People[i], last
			}
			if works {
				break // Whose day it was has gone home.
			}
		}
	}
	return nil, time.Time{}
}

// worksIn reports whether somebody works between two instants, and when they stop.
func worksIn(p *Person, from, to, now time.Time) (until time.Time, ok bool) {
	s := p.Schedule(now)
	zone := s.Zone()
	first := scheduler.DateOf(from.In(zone)).AddDays(-1)
	for n := range 4 {
		for _, w := range s.WorkingTime(first.AddDays(n)) {
			if w.End.After(from) && w.Start.Before(to) {
				until, ok = w.End, true
			}
		}
	}
	return until, ok
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
