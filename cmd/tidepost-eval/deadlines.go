package main

import (
	"encoding/json"
	"errors"
	"io"
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
func runDeadlines(cases io.Reader, path string) (Result, error) {
	result := Result{Metrics: map[string]float64{}}
	var found, span counts
	ref := time.Date(2001, 3, 14, 10, 0, 0, 0, time.UTC) // the sentences have no date
	err := eachLine(cases, path, func(line []byte) error {
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
		result.Items++
		var got []string
		for _, d := range intent.Deadlines(c.Text, ref, intent.English) {
			got = append(got, d.Text)
		}
		has, want := len(got) > 0, c.Deadline != "none"
		found.add(has, want)
		wanted := []string{}
		if want {
			wanted = append(wanted, c.Span)
		}
		span.match(got, wanted, func(_, _ []string) {
			result.Failures = append(result.Failures, Failure{c.ID, canonical(got), canonical(wanted), c.Text})
		})
		return nil
	})
	if result.Items > 0 {
		result.Metrics["f1"], result.Metrics["span_f1"] = found.f1(), span.f1()
	}
	return result, err
}
