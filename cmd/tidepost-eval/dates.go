package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/intent"
)

// dateCase is a line of the three sets dates-*.
type dateCase struct {
	ID       string       `json:"id"`
	Text     string       `json:"text"`
	Ref      string       `json:"ref"`
	Group    string       `json:"group"`
	Expected []dateAnswer `json:"expected"`
}

// dateAnswer has the fields of all three sets.
type dateAnswer struct {
	Type   string `json:"type"` // Recognizers
	Values []struct {
		Value string `json:"value"`
		Mod   string `json:"Mod"`
	} `json:"values"`
	Kind    string  `json:"kind"` // Duckling
	Start   any     `json:"start"`
	Open    any     `json:"open"`
	Holiday string  `json:"holiday"`
	Value   string  `json:"value"` // chrono
	End     *string `json:"end_value"`
}

// A dateRule tells what counts in one of the sets.
type dateRule struct {
	// accepts returns the instants that are right, in the zone of ref; ok is
	// false if the case asks for something else than one point in time.
	accepts func(c dateCase) (right []string, ok bool)
	// coarse counts weeks, months and years as found.
	coarse bool
	// inRef compares in the zone of ref; else the zone that a text names is
	// taken as it stands.
	inRef bool
}

// datesRecognizers asks for one date or date with a time; any of the values
// given is right.
var datesRecognizers = dateRule{accepts: func(c dateCase) ([]string, bool) {
	if len(c.Expected) != 1 {
		return nil, false
	}
	e := c.Expected[0]
	if e.Type != "datetimeV2.date" && e.Type != "datetimeV2.datetime" {
		return nil, false
	}
	var out []string
	for _, v := range e.Values {
		if v.Mod == "" && v.Value != "not resolved" {
			out = append(out, instantText(v.Value))
		}
	}
	return out, len(out) > 0
}}

// datesDuckling asks for one point in time that is no holiday.
var datesDuckling = dateRule{coarse: true, inRef: true, accepts: func(c dateCase) ([]string, bool) {
	if len(c.Expected) != 1 || c.Expected[0].Kind != "datetime" || c.Expected[0].Holiday != "" {
		return nil, false
	}
	start, _ := c.Expected[0].Start.(string)
	return []string{instantText(start)}, true
}}

// datesChrono asks for one point in time; of a day without a time the set gives
// noon or the time of ref, so only the day counts then.
var datesChrono = dateRule{coarse: true, inRef: true, accepts: func(c dateCase) ([]string, bool) {
	if len(c.Expected) != 1 || c.Expected[0].End != nil {
		return nil, false
	}
	return []string{instantText(c.Expected[0].Value)}, true
}}

// instantText is the common form of the sets' instants.
func instantText(s string) string {
	s = strings.Replace(s, " ", "T", 1)
	if len(s) == len("2006-01-02") {
		s += "T00:00:00"
	}
	return s
}

// runDates returns what runs a set of dates.
func runDates(rule dateRule) lineSet {
	return func(r *Result) func(line []byte) error {
		accuracy := r.measure("points in time", formShare, "accuracy")
		negatives := r.measure("nothing to find", formShare, "negatives")
		return func(line []byte) error {
			var c dateCase
			if err := json.Unmarshal(line, &c); err != nil {
				return err
			}
			if c.ID == "" || c.Text == "" {
				return errors.New("id or text is missing")
			}
			r.Items++
			var found []intent.Time
			var err error
			r.ask(func() { found, err = c.read(rule) })
			if err != nil {
				return err
			}
			want, ok := rule.accepts(c)
			right := true
			switch {
			case len(c.Expected) == 0:
				right = len(found) == 0
				negatives.right(right)
			case ok:
				right = len(found) == 1 && matchesAny(found[0], want)
				accuracy.right(right)
			}
			if !right {
				r.fail(Failure{ID: c.ID, Got: timesText(found), Want: canonical(want), Note: c.Text})
			}
			return nil
		}
	}
}

// read finds the points in time of a case.
func (c dateCase) read(rule dateRule) ([]intent.Time, error) {
	ref := time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	if c.Ref != "" {
		var err error
		if ref, err = parseRef(c.Ref); err != nil {
			return nil, fmt.Errorf("ref: %w", err)
		}
	}
	var out []intent.Time
	for _, t := range intent.Times(c.Text, ref, intent.TimeOptions{Language: intent.English, MonthLast: c.Group == "GB"}) {
		if rule.coarse || t.Grain <= intent.GrainDay {
			if rule.inRef {
				t.At = t.At.In(ref.Location())
			}
			out = append(out, t)
		}
	}
	return out, nil
}

func parseRef(s string) (time.Time, error) {
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t, nil
	}
	return time.Parse("2006-01-02T15:04:05", s)
}

// matchesAny compares at the grain of the answer: the day for days, the instant
// otherwise.
func matchesAny(got intent.Time, want []string) bool {
	for _, w := range want {
		t, err := time.Parse("2006-01-02T15:04:05", w)
		if err != nil {
			continue
		}
		if got.Grain >= intent.GrainDay {
			y, m, d := got.At.Date()
			wy, wm, wd := t.Date()
			if y == wy && m == wm && d == wd {
				return true
			}
			continue
		}
		if wallEqual(got.At, t) {
			return true
		}
	}
	return false
}

func timesText(found []intent.Time) string {
	var out []string
	for _, t := range found {
		out = append(out, t.At.Format("2006-01-02T15:04:05-07:00"))
	}
	return canonical(out)
}

// wallEqual compares what the clocks show, to the second.
func wallEqual(got, want time.Time) bool {
	return got.Format("2006-01-02T15:04:05") == want.Format("2006-01-02T15:04:05")
}
