package decisions

import (
	"fmt"
	"slices"
	"time"

	"tidepost/store"
)

// What this package writes into the ledger.
const (
	EventFound     = "decision-found"     // in a mail: it may be one, silence may decide, or it is decided
	EventFiled     = "decision-filed"     // it has a number
	EventDropped   = "decision-dropped"   // it never got one; detail says why
	EventPublished = "decision-published" // everybody may see it
	EventWithdrawn = "decision-withdrawn" // its words are gone
	EventTimer     = "decision-timer"     // everybody has the proposal: when silence decides
	EventLooked    = "decision-looked"    // somebody read decisions on the command line
)

// Why a decision was dropped.
const (
	WhyTakenBack  = "taken-back" // its mail was cancelled, or reached nobody
	WhyObjection  = "objection"
	WhyProposer   = "proposer"   // who proposed it has withdrawn it
	WhyReplaced   = "replaced"   // by a newer proposal of the same author in the thread
	WhyUnanswered = "unanswered" // its author did not confirm that it is one
	WhyUnasked    = "unasked"    // there was something better to ask
	WhyNobody     = "nobody"     // nobody was there to object
)

// follows is the table of the states: which may follow which. "" is before the first.
func follows() map[store.DecisionState][]store.DecisionState {
	return map[store.DecisionState][]store.DecisionState{
		"":                      {store.DecisionCandidate, store.DecisionOpen, store.DecisionPending},
		store.DecisionCandidate: {store.DecisionPending, store.DecisionDropped},
		store.DecisionOpen:      {store.DecisionFiled, store.DecisionDropped},
		store.DecisionPending:   {store.DecisionFiled, store.DecisionDropped},
		store.DecisionFiled:     {store.DecisionWithdrawn},
	}
}

// move takes a decision to another state, by the table.
func (k *Keeper) move(tx *store.Tx, d *store.Decision, to store.DecisionState, kind string, now time.Time) error {
	from := d.State
	if !slices.Contains(follows()[from], to) {
		return fmt.Errorf("decision %d: %s does not follow %s: %w", d.ID, to, from, store.ErrConflict)
	}
	d.State = to
	if err := tx.MoveDecision(*d, from, store.Event{At: now, Kind: kind}); err != nil {
		return err
	}
	k.wakeFor(tx, *d)
	return nil
}

// drop ends what never got a number. Its words go.
func (k *Keeper) drop(tx *store.Tx, d *store.Decision, why string, now time.Time) error {
	d.Why, d.Sentence, d.Settled, d.Wake, d.Ends = why, "", now, time.Time{}, time.Time{}
	if d.Note != store.NoteObjection {
		d.Note = ""
	} else {
		d.Wake = now
	}
	return k.move(tx, d, store.DecisionDropped, EventDropped, now)
}

// wakeFor has the timer loop look at a decision when it says so.
func (k *Keeper) wakeFor(tx *store.Tx, d store.Decision) {
	if !d.Wake.IsZero() {
		tx.AfterCommit(func() { k.expect(d.Wake) })
	}
}
