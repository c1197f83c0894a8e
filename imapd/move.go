package imapd

import (
	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
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
