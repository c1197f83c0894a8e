package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// A form says what is computed from the counts of a measure.
type form uint8

const (
	formF1    form = iota // F1 of yes-or-no questions
	formBoth              // precision and recall, F1 in the table only
	formShare             // share of right answers
	formArea              // area under the curve of scores
)

// A Measure counts the answers to one kind of question, item by item.
type Measure struct {
	name    string
	form    form
	metrics []string // names in JSON: of the score, or of precision and recall
	items   []counts
	scored  []scoredLabel // of formArea
}

// counts are those of one item. Right answers of a share are true positives,
// wrong ones false negatives.
type counts struct{ tp, fp, fn int }

func (c *counts) plus(o counts) { c.tp, c.fp, c.fn = c.tp+o.tp, c.fp+o.fp, c.fn+o.fn }

func (c counts) precision() float64 { return ratio(c.tp, c.tp+c.fp) }
func (c counts) recall() float64    { return ratio(c.tp, c.tp+c.fn) }
func (c counts) f1() float64        { return ratio(2*c.tp, 2*c.tp+c.fp+c.fn) }

func ratio(a, b int) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// share counts a right or a wrong answer.
func (c *counts) share(right bool) {
	if right {
		c.tp++
	} else {
		c.fn++
	}
}

// yesNo counts the answer to a yes-or-no question.
func (m *Measure) yesNo(got, want bool) {
	var c counts
	switch {
	case got && want:
		c.tp++
	case got:
		c.fp++
	case want:
		c.fn++
	}
	m.items = append(m.items, c)
}

// right counts an answer of a share.
func (m *Measure) right(ok bool) { m.yesNo(ok, true) }

// add counts the answers of one item.
func (m *Measure) add(c counts) { m.items = append(m.items, c) }

func (m *Measure) sum() counts {
	var c counts
	for _, item := range m.items {
		c.plus(item)
	}
	return c
}

// asked is how many items, or for a share how many questions, there were.
func (m *Measure) asked() int {
	switch c := m.sum(); m.form {
	case formShare:
		return c.tp + c.fn
	case formArea:
		return len(m.scored)
	}
	return len(m.items)
}

// put sets the metrics. A measure that asked nothing has none.
func (m *Measure) put(metrics map[string]float64) {
	if m.asked() == 0 {
		return
	}
	if m.form == formBoth {
		c := m.sum()
		metrics[m.metrics[0]], metrics[m.metrics[1]] = c.precision(), c.recall()
		return
	}
	metrics[m.metrics[0]] = m.score()
}

func (m *Measure) score() float64 {
	switch c := m.sum(); m.form {
	case formShare:
		return c.recall()
	case formArea:
		return auc(m.scored)
	default:
		return c.f1()
	}
}

// interval is the 95 % interval of the score: Wilson's for shares, Hanley and
// McNeil's for areas, else by drawing the items anew a thousand times.
func (m *Measure) interval() (low, high float64) {
	switch m.form {
	case formShare:
		c := m.sum()
		return wilson(c.tp, c.tp+c.fn)
	case formArea:
		return aucInterval(m.scored)
	}
	return m.bootstrap(counts.f1)
}

// z is the 97.5 % point of the normal distribution.
const z = 1.959964

func wilson(right, all int) (low, high float64) {
	if all == 0 {
		return 0, 1
	}
	n := float64(all)
	p := float64(right) / n
	middle := (p + z*z/(2*n)) / (1 + z*z/n)
	half := z / (1 + z*z/n) * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	return max(0, middle-half), min(1, middle+half)
}

// draws is how often the bootstrap draws; the seed is fixed, so that two runs
// print the same.
const draws = 1000

func (m *Measure) bootstrap(score func(counts) float64) (low, high float64) {
	n := len(m.items)
	if n == 0 {
		return 0, 1
	}
	random := rand.New(rand.NewPCG(1, 2))
	scores := make([]float64, draws)
	for d := range scores {
		var c counts
		for range n {
			c.plus(m.items[random.IntN(n)])
		}
		scores[d] = score(c)
	}
	slices.Sort(scores)
	return scores[draws*25/1000], scores[draws*975/1000-1]
}

// precisionRecall gives both for the table, with intervals where both are judged.
func (m *Measure) precisionRecall() (precision, recall string) {
	switch c := m.sum(); m.form {
	case formF1:
		return fmt.Sprintf("%.3f", c.precision()), fmt.Sprintf("%.3f", c.recall())
	case formBoth:
		return m.within(counts.precision), m.within(counts.recall)
	}
	return "-", "-"
}

// within is a figure with its interval.
func (m *Measure) within(score func(counts) float64) string {
	low, high := m.bootstrap(score)
	return fmt.Sprintf("%.3f (%.3f-%.3f)", score(m.sum()), low, high)
}
