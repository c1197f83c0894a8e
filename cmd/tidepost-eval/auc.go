package main

import (
	"cmp"
	"math"
	"slices"
)

type scoredLabel struct {
	score float64
	want  bool
}

// auc is the probability that a request scores higher than another sentence.
func auc(list []scoredLabel) float64 {
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b scoredLabel) int { return cmp.Compare(a.score, b.score) })
	var ranks float64
	yes, no := countLabels(list)
	for i := 0; i < len(list); {
		end := i
		for end < len(list) && list[end].score == list[i].score {
			end++
		}
		for _, l := range list[i:end] {
			if l.want {
				ranks += float64(i+1+end) / 2
			}
		}
		i = end
	}
	if yes == 0 || no == 0 {
		return 0
	}
	return (ranks - float64(yes*(yes+1))/2) / float64(yes*no)
}

func countLabels(list []scoredLabel) (yes, no int) {
	for _, l := range list {
		if l.want {
			yes++
		} else {
			no++
		}
	}
	return yes, no
}

// aucInterval is the 95 % interval by the formula of Hanley and McNeil (1982).
func aucInterval(list []scoredLabel) (low, high float64) {
	yes, no := countLabels(list)
	if yes == 0 || no == 0 {
		return 0, 1
	}
	a := auc(list)
	q1, q2 := a/(2-a), 2*a*a/(1+a)
	variance := (a*(1-a) + float64(yes-1)*(q1-a*a) + float64(no-1)*(q2-a*a)) / float64(yes*no)
	half := z * math.Sqrt(max(0, variance))
	return max(0, a-half), min(1, a+half)
}
