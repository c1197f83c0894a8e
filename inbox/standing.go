package inbox

import (
	"time"

	"tidepost/digest"
	"tidepost/store"
)

// EventNotUrgent is the line of the ledger when somebody has filed urgent mail as not
// urgent. It is about its author, and does not say who did.
const EventNotUrgent = "not-urgent"

// tellStanding adds to the first digest of a day what is blocked, and to the first of a
// month how much of the reader's urgent mail was not urgent to others.
func (b *Inbox) tellStanding(tx *store.Tx, r run, c *digest.Content) (err error) {
	if !r.first {
		return nil
	}
	if b.o.Blocked != nil {
		if c.Blocked, c.MoreBlocked, err = b.o.Blocked(tx, r.person, r.now); err != nil {
			return err
		}
	}
	here := r.now.In(r.person.Zone())
	month := time.Date(here.Year(), here.Month(), 1, 0, 0, 0, 0, here.Location())
	if c.Since.Before(month) {
		c.NotUrgent, err = tx.CountEvents(r.person.ID, EventNotUrgent, month.AddDate(0, -1, 0), month)
	}
	return err
}
