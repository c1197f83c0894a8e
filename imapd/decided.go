package imapd

import (
	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// The folder Decisions is the same for everybody who may see what is in it: nothing is
// taken out of it, and what is put into it is filed as a decision and stays where it was.

var errDecided = no(imap.ResponseCodeCannot, "Decisions stay here; a copy goes anywhere, and their author can withdraw them for 7 days")

// decide: a mail of one's own into Decisions is filed as a decision. The mail itself stays
// where it was, under a new UID, so that COPY and EXPUNGE mean the same as MOVE.
func decide(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	if err := t.s.queue().Decide(tx, t.s.person, e.MessageID, j.content, t.s.now()); err != nil {
		return nil, err
	}
	again := e
	if err := tx.RemoveEntry(e, store.GoneReplaced, t.s.now()); err != nil {
		return nil, err
	}
	return nil, tx.AddEntry(&again)
}

// stayDecided: nothing is moved out of Decisions.
func stayDecided(*store.Tx, *transfer, store.Entry, job) (*store.Entry, error) {
	return nil, errDecided
}

// keepsDecided refuses \Deleted in Decisions: EXPUNGE would find it.
func keepsDecided(box store.Mailbox, flags store.Flags) error {
	if box.Kind == store.KindDecisions && flags&store.Deleted != 0 {
		return errDecided
	}
	return nil
}
