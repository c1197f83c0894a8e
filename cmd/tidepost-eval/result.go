package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"
)

// A Result is what a set measured.
type Result struct {
	Set      string
	Items    int
	Measures []*Measure // in the order of the table
	Failures []Failure

	asked time.Duration // spent on the answers alone
}

// A Failure is an example that was answered wrongly.
type Failure struct {
	ID, Got, Want, Note string
	Weight              float64 // the worse, the more
}

// fail notes a wrong answer.
func (r *Result) fail(f Failure) { r.Failures = append(r.Failures, f) }

// measure adds a measure to the table.
func (r *Result) measure(name string, form form, metrics ...string) *Measure {
	m := &Measure{name: name, form: form, metrics: metrics}
	r.Measures = append(r.Measures, m)
	return m
}

// ask answers a question and adds up the time it takes.
func (r *Result) ask(question func()) {
	start := time.Now()
	question()
	r.asked += time.Since(start)
}

// MarshalJSON gives set, items and the metrics by name. A measure of nothing has
// no metric.
func (r Result) MarshalJSON() ([]byte, error) {
	metrics := map[string]float64{}
	for _, m := range r.Measures {
		m.put(metrics)
	}
	return json.Marshal(struct {
		Set     string             `json:"set"`
		Items   int                `json:"items"`
		Metrics map[string]float64 `json:"metrics"`
	}{r.Set, r.Items, metrics})
}

// printWorst lists the worst n wrong answers.
func (r Result) printWorst(out io.Writer, n int) error {
	worst := slices.Clone(r.Failures)
	slices.SortStableFunc(worst, func(a, b Failure) int { return cmp.Compare(b.Weight, a.Weight) })
	for _, f := range worst[:min(n, len(worst))] {
		note := ""
		if f.Note != "" {
			note = "  note " + f.Note + "\n"
		}
		if _, err := fmt.Fprintf(out, "%s: %s\n  got  %s\n  want %s\n%s", r.Set, f.ID, f.Got, f.Want, note); err != nil {
			return err
		}
	}
	return nil
}

// tableRow lays out a line of the table.
const tableRow = "%-21s %-19s %6v  %-20s %-20s %6v  %-12s %10s\n"

// printTable prints one line a measure. The score is F1, or the share of right
// answers where precision and recall mean nothing.
func printTable(out io.Writer, results []Result) error {
	if _, err := fmt.Fprintf(out, tableRow, "set", "measure", "items", "precision", "recall", "score", "95 %", "time/item"); err != nil {
		return err
	}
	for _, r := range results {
		per := "-"
		if r.Items > 0 {
			per = (r.asked / time.Duration(r.Items)).Round(100 * time.Nanosecond).String()
		}
		for _, m := range r.Measures {
			low, high := m.interval()
			precision, recall := m.precisionRecall()
			_, err := fmt.Fprintf(out, tableRow, r.Set, m.name, m.asked(), precision, recall, fmt.Sprintf("%.3f", m.score()), fmt.Sprintf("%.3f-%.3f", low, high), per)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
