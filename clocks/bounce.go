package clocks

import (
	"slices"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// Bounced is called when a server elsewhere reports to the authors of a mail that it
// could not bring it to some recipients after all. What they asked of those is asked no
// more. Anybody can write such a report; all that it ends are clocks of people outside,
// before the eyes of the asker, who gets it too.
func (k *Keeper) Bounced(tx *store.Tx, mid string, authors []*people.Person, failed []mail.Address, now time.Time) error {
	if k == nil || len(failed) == 0 {
		return nil
	}
	list, err := itemsOf(tx.AsksByMID(mid))
	if err != nil {
		return err
	}
	for n := range list {
		i := &list[n]
		mine := slices.ContainsFunc(authors, func(p *people.Person) bool { return p.ID == i.Ask.AskerID })
		gone := slices.ContainsFunc(failed, func(a mail.Address) bool { return a.Key() == i.Ask.Owner })
		if !mine || !gone || i.Ask.OwnerID != 0 {
			continue
		}
		if _, err := k.step(tx, i, threading.Event{Kind: threading.OnFailure, At: now.UTC()}, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
