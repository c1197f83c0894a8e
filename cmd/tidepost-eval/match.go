package main

import "strings"

// A matched is how found sentences and wanted ones were paired.
type matched struct {
	pairs         map[int]int // found to wanted
	missed, extra []string    // wanted but not found, found but not wanted
}

func (m matched) counts() counts { return counts{len(m.pairs), len(m.extra), len(m.missed)} }

// whole reports whether nothing is left over.
func (m matched) whole() bool { return len(m.missed)+len(m.extra) == 0 }

// match pairs found and wanted sentences one to one by overlap.
func match(got, want []string) matched {
	m := matched{pairs: map[int]int{}}
	for w, text := range want {
		best, at := 0.0, -1
		for g := range got {
			if _, used := m.pairs[g]; !used {
				if o := overlap(got[g], text); o > best {
					best, at = o, g
				}
			}
		}
		if best >= 0.5 {
			m.pairs[at] = w
		} else {
			m.missed = append(m.missed, text)
		}
	}
	for g := range got {
		if _, used := m.pairs[g]; !used {
			m.extra = append(m.extra, got[g])
		}
	}
	return m
}

// overlap is the share of the shorter sentence that stands, in one piece, in the
// other.
func overlap(a, b string) float64 {
	x, y := strings.Fields(a), strings.Fields(b)
	if len(x) == 0 || len(y) == 0 {
		return 0
	}
	longest := 0
	row := make([]int, len(y)+1)
	for i := range x {
		diagonal := 0
		for j := range y {
			next := row[j+1]
			if x[i] == y[j] {
				row[j+1] = diagonal + 1
				longest = max(longest, row[j+1])
			} else {
				row[j+1] = 0
			}
			diagonal = next
		}
	}
	return float64(longest) / float64(min(len(x), len(y)))
}
