// Command train fits the model of package intent to the labelled sentences of
// parakweet-intent and writes it. The same data give the same octets.
//
//	train -data DIR -out FILE
//
// A fixed part of the sentences, chosen by a hash of their ids, is held out: it
// is never trained on, and both figures are printed, with the hash of what was
// written.
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"

	"tidepost/intent"
)

func main() {
	data := flag.String("data", "", "`folder` with parakweet-intent/cases.jsonl")
	out := flag.String("out", "", "`file` to write")
	flag.Parse()
	if err := run(*data, *out, os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "train: %v\n", err)
		os.Exit(1)
	}
}

// An example is a sentence with its label.
type example struct {
	id       string
	features []uint32
	request  bool
}

// heldOut is the share, of 256, of examples that are not trained on.
const heldOut = 26

func (e example) held() bool { return sha256.Sum256([]byte(e.id))[0] < heldOut }

func run(data, out string, log io.Writer) error {
	if data == "" || out == "" {
		return fmt.Errorf("usage: train -data DIR -out FILE")
	}
	all, err := load(filepath.Join(data, "parakweet-intent", "cases.jsonl"))
	if err != nil {
		return err
	}
	var seen, held []example
	for _, e := range all {
		if e.held() {
			held = append(held, e)
		} else {
			seen = append(seen, e)
		}
	}
	prune(seen)
	bias, weights := fit(seen)
	model := intent.EncodeModel(bias, weights)
	if err := os.WriteFile(out, model, 0o644); err != nil {
		return fmt.Errorf("write model: %w", err)
	}
	fmt.Fprintf(log, "trained on %d sentences: F1 %.3f; %d held out: F1 %.3f\n", len(seen), f1(seen, bias, weights), len(held), f1(held, bias, weights))
	fmt.Fprintf(log, "%d octets, SHA-256 %x\n", len(model), sha256.Sum256(model))
	return nil
}

func load(path string) ([]example, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open sentences: %w", err)
	}
	defer f.Close()
	var out []example
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c struct {
			ID     string `json:"id"`
			Text   string `json:"text"`
			Intent int    `json:"intent"`
		}
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		out = append(out, example{c.ID, intent.Features(c.Text), c.Intent == 1})
	}
	return out, lines.Err()
}

// How the model is fitted: passes over the data, the step, the pull to zero, and
// how often a feature must be seen to count. Chosen on a part of the training
// sentences, not on those held out.
const (
	passes  = 6
	step    = 0.04
	decay   = 1e-2
	atLeast = 3
)

// prune drops the features that are too rare to learn from.
func prune(examples []example) {
	seen := make([]int, intent.FeatureSpace)
	for _, e := range examples {
		for _, f := range e.features {
			seen[f]++
		}
	}
	for i := range examples {
		kept := make([]uint32, 0, len(examples[i].features))
		for _, f := range examples[i].features {
			if seen[f] >= atLeast {
				kept = append(kept, f)
			}
		}
		examples[i].features = kept
	}
}

// fit is stochastic gradient descent with steps that shrink with each feature's
// past gradients (AdaGrad), in an order that is the same each time.
func fit(examples []example) (bias float64, weights []float64) {
	weights = make([]float64, intent.FeatureSpace)
	past := make([]float64, intent.FeatureSpace)
	pastBias := 1.0
	order := make([]int, len(examples))
	for i := range order {
		order[i] = i
	}
	seed := uint64(1)
	for range passes {
		for i := len(order) - 1; i > 0; i-- {
			seed = seed*6364136223846793005 + 1442695040888963407
			k := int((seed >> 33) % uint64(i+1))
			order[i], order[k] = order[k], order[i]
		}
		for _, n := range order {
			e := &examples[n]
			g := predict(e, bias, weights)
			if e.request {
				g--
			}
			pastBias += g * g
			bias -= step * g / math.Sqrt(pastBias)
			for _, f := range e.features {
				d := g + decay*weights[f]
				past[f] += d * d
				weights[f] -= step * d / math.Sqrt(past[f]+1e-6)
			}
		}
	}
	return bias, weights
}

func predict(e *example, bias float64, weights []float64) float64 {
	sum := bias
	for _, f := range e.features {
		sum += weights[f]
	}
	return 1 / (1 + math.Exp(-sum))
}

func f1(examples []example, bias float64, weights []float64) float64 {
	var tp, wrong float64
	for i := range examples {
		switch got := predict(&examples[i], bias, weights) >= intent.RequestThreshold; {
		case got && examples[i].request:
			tp++
		case got != examples[i].request:
			wrong++
		}
	}
	return 2 * tp / max(2*tp+wrong, 1)
}
