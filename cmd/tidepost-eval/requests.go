package main

import (
	"encoding/json"
	"errors"
	"math"

	"tidepost/intent"
)

// requestCase is a line of parakweet-intent/cases.jsonl.
type requestCase struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Intent int    `json:"intent"`
}

// runRequests asks of every sentence whether it carries a request, of the rules
// alone and of the trained model.
func runRequests(r *Result) func(line []byte) error {
	model := r.measure("requests", formF1, "f1")
	rules := r.measure("by rules alone", formF1, "rules_f1")
	area := r.measure("scores (area)", formArea, "auc")
	return func(line []byte) error {
		var c requestCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.ID == "" || c.Text == "" {
			return errors.New("id or text is missing")
		}
		r.Items++
		var got intent.Request
		r.ask(func() { got = intent.RequestOf(c.Text) })
		want := c.Intent == 1
		model.yesNo(got.Likely(), want)
		rules.yesNo(got.Rules, want)
		area.scored = append(area.scored, scoredLabel{got.Score, want})
		if got.Likely() != want {
			r.fail(Failure{c.ID, canonical(got), canonical(want), c.Text, math.Abs(got.Score - float64(c.Intent))})
		}
		return nil
	}
}
