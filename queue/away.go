package queue

import (
	"time"

	"tidepost/people"
	"tidepost/scheduler"
)

// opens is when mail to a colleague leaves that waits for their hours: the release of
// RULES.md §4. Who is on leave has no such moment for weeks; mail to them leaves at the
// opening reckoned without leave, for While away (PRODUCT, incoming mail), and their
// calendar says again what INBOX gets and when.
func (q *Queue) opens(reader *people.Person, hold time.Duration, now time.Time) scheduler.Moment {
	at, away := q.inbox.FiledAway(reader, now)
	switch {
	case !away || at.After(now.Add(hold)):
		return reader.Schedule(now).Release(now, q.o.Grace, hold)
	case !at.After(now.Add(q.o.Grace)):
		at = now
	}
	return scheduler.Moment{At: at, Reason: whyAway}
}
