package imapd

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/store"
)

// Expunge implements EXPUNGE, UID EXPUNGE and the first half of CLOSE (RFC 9051
// §6.4.3, §6.4.9, §6.4.1). What has gone is told by the Poll that follows.
func (s *Session) Expunge(w *imapserver.ExpungeWriter, uids *imap.UIDSet) error {
	closing := *w == imapserver.ExpungeWriter{} // CLOSE: nothing is to be told
	return s.selected("EXPUNGE", func(v *view) error {
		if v.readOnly {
			if closing {
				return nil // CLOSE behind EXAMINE removes nothing.
			}
			return errReadOnly
		}
		if v.deleted {
			return nil
		}
		rows := s.deletedRows(v, uids)
		if len(rows) == 0 {
			return nil
		}
		if err := s.db.Update(s.ctx, func(tx *store.Tx) error { return s.expungeRows(tx, v, rows) }); err != nil {
			return err
		}
		for _, r := range rows {
			delete(s.wanted, placeOf(v, r))
		}
		return nil
	})
}

// deletedRows are those that the client knows as \Deleted; with UIDs those it names.
// The flags are looked at again in the transaction.
func (s *Session) deletedRows(v *view, uids *imap.UIDSet) []int {
	if uids != nil {
		return v.pick(*uids, s.saved)
	}
	var rows []int
	for i, r := range v.rows {
		if !r.gone && r.flags&store.Deleted != 0 {
			rows = append(rows, i)
		}
	}
	return rows
}

func (s *Session) expungeRows(tx *store.Tx, v *view, rows []int) error {
	for _, r := range rows {
		e, err := tx.EntryByUID(v.box.ID, v.rows[r].uid)
		if isNotFound(err) {
			continue
		}
		if err != nil {
			return err
		}
		if e.Flags&store.Deleted == 0 {
			continue
		}
		if err := s.hand().Expunge(tx, v.box, e, s.wanted[place{v.box.ID, e.UID}]); err != nil {
			return err
		}
	}
	return nil
}
