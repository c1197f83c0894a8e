package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math"
	"slices"

	"tidepost/intent"
)

// How a head is fitted: passes over the data, the step, the pull to zero, and how
// often a feature must be seen to count. Chosen on the trials, not on what they
// were trained on.
const (
	passes  = 12
	step    = 0.2
	decay   = 1e-4
	atLeast = 2
	trials  = 5
)

// A tried example has been judged by a model that had not seen its mail.
type tried struct {
	example
	score float64
}

// fold spreads the mails over the trials.
func (e example) fold() int { return int(sha256.Sum256([]byte(e.id))[0]) % trials }

// tryOut fits the examples but for one part, and with, and judges that part;
// for every part.
func tryOut(examples, with []example) []tried {
	var out []tried
	for k := range trials {
		seen := slices.Clone(with)
		for _, e := range examples {
			if e.fold() != k {
				seen = append(seen, e)
			}
		}
		head := fit(seen)
		for _, e := range examples {
			if e.fold() == k {
				out = append(out, tried{e, judge(&head, e.features)})
			}
		}
	}
	return out
}

// fit is stochastic gradient descent with steps that shrink with each feature's
// past gradients (AdaGrad), in an order that is the same each time.
func fit(examples []example) intent.Head {
	kept := frequent(examples)
	head := intent.Head{Weights: make([]float64, intent.FeatureSpace)}
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
			g := judge(&head, e.features)
			if e.request {
				g--
			}
			g *= e.weight
			pastBias += g * g
			head.Bias -= step * g / math.Sqrt(pastBias)
			share := g / intent.FeatureNorm(len(e.features))
			for _, f := range e.features {
				if !kept[f] {
					continue
				}
				d := share + decay*head.Weights[f]
				past[f] += d * d
				head.Weights[f] -= step * d / math.Sqrt(past[f]+1e-6)
			}
		}
	}
	return head
}

// frequent tells which features are not too rare to learn from.
func frequent(examples []example) []bool {
	seen := make([]int, intent.FeatureSpace)
	for _, e := range examples {
		for _, f := range e.features {
			seen[f]++
		}
	}
	out := make([]bool, len(seen))
	for f, n := range seen {
		out[f] = n >= atLeast
	}
	return out
}

func judge(head *intent.Head, features []uint32) float64 {
	sum := 0.0
	for _, f := range features {
		sum += head.Weights[f]
	}
	return 1 / (1 + math.Exp(-(head.Bias + sum/intent.FeatureNorm(len(features)))))
}

// predict is the probability of an example by weights that are not evened out.
func predict(e *example, bias float64, weights []float64) float64 {
	sum := bias
	for _, f := range e.features {
		sum += weights[f]
	}
	return 1 / (1 + math.Exp(-sum))
}

// report prints how the trials went.
func report(log io.Writer, name string, list []tried) {
	slices.SortStableFunc(list, func(a, b tried) int {
		switch {
		case a.score > b.score:
			return -1
		case a.score < b.score:
			return 1
		}
		return 0
	})
	yes := 0
	for _, t := range list {
		if t.request {
			yes++
		}
	}
	var tp, fp, area int
	best, at := 0.0, 0.0
	for _, t := range list {
		if t.request {
			tp++
		} else {
			fp++
			area += tp
		}
		if f := 2 * float64(tp) / float64(tp+fp+yes); f > best {
			best, at = f, t.score
		}
	}
	fmt.Fprintf(log, "%s: %d sentences, %d yes; not trained on: F1 %.3f from a score of %.2f, area under the curve %.3f\n",
		name, len(list), yes, best, at, float64(area)/float64(max(yes*(len(list)-yes), 1)))
	for _, rules := range []bool{true, false} {
		fmt.Fprintf(log, "  the rules say %v:", rules)
		for _, edge := range []float64{0, .02, .05, .1, .2, .3, .5, .7, .8, .9, .95} {
			n, y := 0, 0
			for _, t := range list {
				if t.rules == rules && t.score >= edge {
					n++
					if t.request {
						y++
					}
				}
			}
			fmt.Fprintf(log, " %.2f %d/%d", edge, y, n)
		}
		fmt.Fprintln(log)
	}
}
