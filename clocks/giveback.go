package clocks

import (
	"fmt"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// BecauseGivenBack ends the clock of an ask whose owner is not the one to answer it.
const BecauseGivenBack = "given-back"

// GiveBack takes an ask off its owner, who says that it is not theirs. It stays open,
// for whoever answers it, and has no clock any more. ErrNotYours, ErrNotOpen.
func (k *Keeper) GiveBack(tx *store.Tx, p *people.Person, ask int64, now time.Time) error {
	if k == nil {
		return nil
	}
	now = now.UTC()
	i, err := item(tx, ask)
	if err != nil {
		return err
	}
	g := k.role(i.Ask.RoleID)
	if g != nil && i.Ask.Open && i.Ask.OwnerID == 0 && k.mayAnswer(i.Ask, p) {
		return k.putAside(tx, &i, p, now)
	}
	if i.Ask.OwnerID != p.ID {
		return fmt.Errorf("ask %d: %w", ask, ErrNotYours)
	}
	if !i.Ask.Open {
		return fmt.Errorf("ask %d: %w", ask, ErrNotOpen)
	}
	if g != nil && i.Clock.State != "" {
		return k.backToRole(tx, i, p, g, now)
	}
	before := i
	i.Ask.OwnerID, i.Ask.Owner, i.Ask.OwnerName = 0, "", ""
	i.Ask.RecipientID, i.Ask.DeliveryID, i.Ask.ShownID, i.Ask.Changed = 0, 0, 0, now
	if err := k.write(tx, &i, before, now); err != nil {
		return err
	}
	if err := tx.DropClock(ask); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventAsk + BecauseGivenBack, MessageID: i.Ask.MessageID, PersonID: p.ID, AskID: ask,
		Detail: lineDetail{From: before.Clock.State, Owner: before.Ask.Owner}})
}
