package imapd

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/store"
)

// Move implements MOVE (RFC 9051 §6.4.8): all or nothing, in one transaction. The
// EXPUNGE responses come from the Poll that follows, behind COPYUID.
func (s *Session) Move(w *imapserver.MoveWriter, set imap.NumSet, dest string) error {
	return s.changing("MOVE", func(v *view) error {
		t, err := s.transfer(v, set, dest, true)
		if err != nil {
			return err
		}
		for _, r := range t.rows {
			delete(s.wanted, place{v.box.ID, r.uid})
		}
		if data := t.result(); data != nil {
			return w.WriteCopyData(data)
		}
		return nil
	})
}

// movePlain takes an entry from one ordinary mailbox to another: flags and date stay
// (RFC 6851 §3.3).
func movePlain(tx *store.Tx, t *transfer, e store.Entry, j job) (*store.Entry, error) {
	out, err := copyPlain(tx, t, e, j)
	if err != nil {
		return nil, err
	}
	return out, tx.RemoveEntry(e, store.GoneMoved, t.s.now())
}

// copyPlain files the same message a second time.
func copyPlain(tx *store.Tx, t *transfer, e store.Entry, _ job) (*store.Entry, error) {
	out := store.Entry{
		MailboxID: t.to.ID, MessageID: e.MessageID, InternalDate: e.InternalDate,
		Flags: e.Flags, Keywords: e.Keywords, SubmissionID: e.SubmissionID,
	}
	if err := tx.AddEntry(&out); err != nil {
		return nil, err
	}
	return &out, nil
}
