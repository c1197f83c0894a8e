package reports

import (
	"slices"
	"time"
)

// moments counts how often somebody is interrupted: a mail that comes within minutes of
// the first of a group belongs to it.
func moments(list []time.Time) int {
	list = slices.SortedFunc(slices.Values(list), time.Time.Compare)
	n := 0
	var first time.Time
	for _, t := range list {
		if n == 0 || t.Sub(first) > together {
			n, first = n+1, t
		}
	}
	return n
}
