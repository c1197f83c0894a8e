package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"io"
	"slices"

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
func runRequests(cases io.Reader, path string) (Result, error) {
	result := Result{Metrics: map[string]float64{}}
	var all, rules counts
	var scored []scoredLabel
	err := eachLine(cases, path, func(line []byte) error {
		var c requestCase
		if err := json.Unmarshal(line, &c); err != nil {
			return err
		}
		if c.ID == "" || c.Text == "" {
			return errors.New("id or text is missing")
		}
		result.Items++
		got, want := intent.RequestOf(c.Text), c.Intent == 1
		all.add(got.Likely(), want)
		rules.add(got.Rules, want)
		scored = append(scored, scoredLabel{got.Score, want})
		if got.Likely() != want {
			result.Failures = append(result.Failures, Failure{c.ID, canonical(got), canonical(want), c.Text})
		}
		return nil
	})
	if result.Items > 0 {
		result.Metrics["f1"], result.Metrics["rules_f1"], result.Metrics["auc"] = all.f1(), rules.f1(), auc(scored)
	}
	return result, err
}

type scoredLabel struct {
	score float64
	want  bool
}

// auc is the probability that a request scores higher than another sentence.
func auc(list []scoredLabel) float64 {
	slices.SortFunc(list, func(a, b scoredLabel) int { return cmp.Compare(a.score, b.score) })
	var ranks float64
	var yes, no int
	for i := 0; i < len(list); {
		end := i
		for end < len(list) && list[end].score == list[i].score {
			end++
		}
		for _, l := range list[i:end] {
			if l.want {
				ranks += float64(i+1+end) / 2
				yes++
			} else {
				no++
			}
		}
		i = end
	}
	if yes == 0 || no == 0 {
		return 0
	}
	return (ranks - float64(yes*(yes+1))/2) / float64(yes*no)
}
