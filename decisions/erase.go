package decisions

import (
	"time"

	"tidepost/store"
)

// WhyErased is why a decision was dropped that had no number when its author was erased.
const WhyErased = "erased"

// Erase takes the name of a person who was erased, and whom the directory knows by
// another already, out of all decisions. What the team decided stays. What only that
// person knew goes, and so does what never got a number.
func (k *Keeper) Erase(tx *store.Tx, person int64, name string, now time.Time) error {
	list, err := tx.DecisionsAbout(person, name)
	if err != nil {
		return err
	}
	for _, d := range list {
		if err := k.eraseFrom(tx, d, person, name, now); err != nil {
			return err
		}
	}
	tx.AfterCommit(k.forgetOld)
	return nil
}

func (k *Keeper) eraseFrom(tx *store.Tx, d store.Decision, person int64, name string, now time.Time) error {
	for i, a := range d.Away {
		if a == name {
			d.Away[i] = store.ErasedName
		}
	}
	parts, err := tx.DecisionParts(d.ID)
	if err != nil {
		return err
	}
	alone := d.AuthorID == person && !d.Public
	for _, p := range parts {
		alone = alone && p.PersonID == person
	}
	was := d.MessageID
	switch d.State {
	case store.DecisionCandidate, store.DecisionOpen, store.DecisionPending:
		if d.AuthorID != person {
			return tx.UpdateDecision(d)
		}
		d.Note = ""
		return k.drop(tx, &d, WhyErased, now)
	case store.DecisionFiled:
		d.Note = ""
		if alone {
			d.Sentence, d.Settled, d.Wake = "", now, time.Time{}
			if err := k.move(tx, &d, store.DecisionWithdrawn, EventWithdrawn, now); err != nil {
				return err
			}
			err = tx.UnindexDecision(d.ID)
		} else if err = tx.UpdateDecision(d); err == nil {
			err = tx.IndexDecision(d.ID, d.Sentence, indexedNames(parts))
		}
	case store.DecisionWithdrawn:
		err = tx.UpdateDecision(d)
	default:
		return tx.UpdateDecision(d)
	}
	if err != nil || was == 0 {
		return err
	}
	if err := k.render(tx, &d, now); err != nil {
		return err
	}
	return tx.SweepNow(was)
}
