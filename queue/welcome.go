package queue

import (
	"time"

	"tidepost/people"
	"tidepost/store"
)

// Welcome greets somebody who has just joined, by a letter in their INBOX. did is false
// if they were greeted within a day.
func (q *Queue) Welcome(tx *store.Tx, p *people.Person, now time.Time) (did bool, err error) {
	return q.inbox.Welcome(tx, p, q.holdMode(p), now)
}
