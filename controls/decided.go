package controls

import "tidepost/store"

// The folder Decisions is the same for everybody who may see what is in it: nothing is
// taken out of it, and what is put into it is filed as a decision and stays where it was.

func errDecided() error {
	return &Refusal{"Decisions stay here; a copy goes anywhere, and their author can withdraw them for 7 days"}
}

// decide: a mail of one's own into Decisions is filed as a decision. The mail itself stays
// where it was, under a new UID, so that COPY and EXPUNGE mean the same as MOVE.
func decide(tx *store.Tx, t *Transfer, e store.Entry) (*store.Entry, error) {
	if err := t.hand.Queue.Decide(tx, t.hand.Person, e.MessageID, t.content, t.hand.Now); err != nil {
		return nil, err
	}
	again := e
	if err := tx.RemoveEntry(e, store.GoneReplaced, t.hand.Now); err != nil {
		return nil, err
	}
	return nil, tx.AddEntry(&again)
}

// stayDecided: nothing is moved out of Decisions.
func stayDecided(*store.Tx, *Transfer, store.Entry) (*store.Entry, error) {
	return nil, errDecided()
}
