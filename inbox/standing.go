package inbox

import (
	"time"

	"tidepost/digest"
	"tidepost/people"
	"tidepost/store"
)

// EventNotUrgent is the line of the ledger when somebody has filed urgent mail as not
// urgent. It is about its author, and does not say who did.
const EventNotUrgent = "not-urgent"

// tellStanding adds to the first digest of a day what is blocked, and to the first of a
// month how much of the reader's urgent mail was not urgent to others.
func (b *Inbox) tellStanding(tx *store.Tx, r run, c *digest.Content) (err error) {
	if !r.first && sameDay(c.Since, r.now, r.person.Zone()) { // Else the first one was not read, and gives way to this.
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

// FiledNotUrgent is called when p files a mail under Not urgent. If a colleague had sent
// it as urgent, that is counted for the colleague, once, and without who did it.
func (b *Inbox) FiledNotUrgent(tx *store.Tx, p *people.Person, message int64, now time.Time) error {
	author, ok, err := tx.MarkNotUrgent(p.ID, message)
	if err != nil || !ok {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventNotUrgent, PersonID: author})
}

// showNotUrgent makes the folder appear with the first urgent mail that it is for.
func (b *Inbox) showNotUrgent(tx *store.Tx, person int64, now time.Time) error {
	box, err := tx.EnsureMailbox(person, store.KindNotUrgent, now)
	if err != nil || box.Visible {
		return err
	}
	return tx.ShowMailbox(box.ID)
}
