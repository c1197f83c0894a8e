package main

import (
	"encoding/json"
	"errors"
	"time"

	"tidepost/intent"
)

// deadlineCase is a line of deadline-spans/cases.jsonl.
type deadlineCase struct {
	ID       string `json:"id"`
	Text     string `json:"text"`
	Deadline string `json:"deadline"` // explicit, vague, ambiguous, none
	Span     string `json:"span"`
}

// runDeadlines asks of every sentence whether it holds a deadline, and where.
// Ambiguous ones are left out.
func runDeadlines(r *Result) func(line []byte) error {
	found := r.measure("sentences", formF1, "f1")
	spans := r.measure("spans", formF1, "span_f1")
	ref := time.Date(2001, 3, 14, 10, 0, 0, 0, time.UTC) // the sentences have no date
	return func(line []byte) error {
		var c deadlineCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.ID == "" || c.Deadline == "" {
			return errors.New("id or deadline is missing")
		}
		if c.Deadline == "ambiguous" {
			return nil
		}
		r.Items++
		var got []string
		r.ask(func() {
			for _, d := range intent.Deadlines(c.Text, ref, intent.English) {
				got = append(got, d.Text)
			}
		})
		want := c.Deadline != "none"
		found.yesNo(len(got) > 0, want)
		wanted := []string{}
		if want {
			wanted = append(wanted, c.Span)
		}
		m := match(got, wanted)
		if spans.add(m.counts()); !m.whole() {
			weight := 1.0
			if (len(got) > 0) != want {
				weight = 2
			}
			r.fail(Failure{c.ID, canonical(got), canonical(wanted), c.Text, weight})
		}
		return nil
	}
}
