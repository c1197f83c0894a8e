package scheduler

import "time"

// Together returns the earliest instant at or after now at which every one of
// people may be delivered to, if it comes within days (of 24 hours) and within
// maxHold (rule 6). If ok is false nobody waits for the others: each has their
// own Release. For no people it is now.
func Together(now time.Time, people []*Schedule, days int, maxHold time.Duration) (at time.Time, ok bool) {
	readers := make([]reader, len(people))
	for i, s := range people {
		readers[i] = s.reader()
	}
	c := seconds(now)
	window := int64(min(max(days, 0), maxSpan/daySeconds)) * daySeconds
	limit := c + min(window, wait(maxHold))
	for agreed := 0; agreed < len(readers); {
		agreed = 0
		for i := range readers {
			next, found := readers[i].deliverable(c, limit)
			if !found {
				return time.Time{}, false
			}
			if next > c {
				c = next
				break // Ask everybody again.
			}
			agreed++
		}
	}
	return instantOf(c), true
}
