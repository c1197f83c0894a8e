package imapd

import (
	"errors"

	"github.com/emersion/go-imap/v2"

	"tidepost/controls"
	"tidepost/mail"
	"tidepost/store"
)

// maxNotes bounds what a session remembers of its copies.
const maxNotes = 10_000

// remember notes entries that were copied so that EXPUNGE makes each a move.
func (s *Session) remember(copied []place) {
	if len(s.wanted)+len(copied) > maxNotes {
		clear(s.wanted)
	}
	for _, p := range copied {
		s.wanted[p] = true
	}
}

// prepare reads, outside the transaction, the messages that will be judged inside it.
func (t *transfer) prepare() error {
	if !t.Reads() {
		return nil
	}
	for i, j := range t.rows {
		c, err := t.s.scan(j.message)
		if errors.Is(err, store.ErrNotFound) {
			continue // It has left; the transaction finds out how.
		}
		if err != nil {
			return err
		}
		t.rows[i].content = c
	}
	return nil
}

// scan reads a stored message anew: text and structure.
func (s *Session) scan(message int64) (*mail.Content, error) {
	var l *letter
	err := s.db.View(s.ctx, func(tx *store.Tx) (err error) {
		l, err = readLetter(tx, message, false)
		return err
	})
	if err != nil {
		return nil, err
	}
	body := s.db.OpenBody(s.ctx, l.msg)
	defer body.Close()
	return scan(l.msg, body)
}

// maxNamed bounds how many UIDs that are not there are looked up.
const maxNamed = 1000

// tooLate looks whether a phone that was offline names mail of Scheduled that has
// left: the UIDs it names one by one are remembered for 30 days. found are those that were
// there: one of them may have left since, because of this very command.
func (s *Session) tooLate(box store.Mailbox, set imap.NumSet, found map[uint32]bool) error {
	uids, ok := set.(imap.UIDSet)
	if !ok || !controls.WaitsIn(box.Kind) || imap.IsSearchRes(set) {
		return nil
	}
	return s.db.View(s.ctx, func(tx *store.Tx) error {
		named := 0
		for _, r := range uids {
			if r.Start == 0 || r.Stop == 0 {
				continue // Up to "*" names nothing in particular.
			}
			for uid := r.Start; uid <= r.Stop; uid++ {
				if named++; named > maxNamed {
					return nil
				}
				if found[uint32(uid)] {
					continue
				}
				if err := s.hand().Missing(tx, box, uint32(uid)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
