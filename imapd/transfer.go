package imapd

import (
	"errors"
	"fmt"

	"github.com/emersion/go-imap/v2"

	"tidepost/mail"
	"tidepost/store"
)

// maxNotes bounds what a session remembers of its copies.
const maxNotes = 10_000

// A copyNote is what EXPUNGE must know of an entry that was copied before: together
// they are a move.
type copyNote struct {
	cancel bool // copied from Scheduled to Drafts or Trash
	filed  bool // copied from Scheduled elsewhere
	wanted bool // copied from Notifications to INBOX
}

// remember keeps notes for the rest of the session.
func (s *Session) remember(notes map[place]copyNote) {
	if len(s.copied)+len(notes) > maxNotes {
		clear(s.copied)
	}
	for p, n := range notes {
		old := s.copied[p]
		s.copied[p] = copyNote{cancel: old.cancel || n.cancel, filed: old.filed || n.filed, wanted: old.wanted || n.wanted}
	}
}

// stay completes the move of waiting mail to an ordinary folder, whose copy is there
// already: the mail goes on waiting, under a new UID.
func (s *Session) stay(tx *store.Tx, e store.Entry) error {
	if err := tx.RemoveEntry(e, store.GoneReplaced, s.now()); err != nil {
		return err
	}
	again := e
	again.Flags &^= store.Deleted
	if err := tx.AddEntry(&again); err != nil {
		return err
	}
	return s.queue().SetFrozen(tx, s.person, again, false, s.now())
}

// prepare reads, outside the transaction, the messages that will be judged inside it.
func (t *transfer) prepare() error {
	if !actOf(t.from.Kind, t.to.Kind).scan {
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

// missing decides about an entry that a command names and that is gone: one that
// left because it was sent is worth saying; any other is passed over, as a UID that
// names nothing is (RFC 9051 §6.4.8).
func (s *Session) missing(tx *store.Tx, box store.Mailbox, uid uint32) error {
	if !isOutgoingControl(box.Kind) {
		return nil
	}
	x, err := tx.ExpungedUID(box.ID, uid)
	if isNotFound(err) || err == nil && x.Reason != store.GoneReleased {
		return nil
	}
	if err != nil {
		return err
	}
	return &leftError{submission: x.SubmissionID}
}

// A leftError says that a waiting mail has been sent meanwhile.
type leftError struct{ submission int64 }

// Error implements error.
func (e *leftError) Error() string { return fmt.Sprintf("submission %d has left", e.submission) }

// maxNamed bounds how many UIDs that are not there are looked up.
const maxNamed = 1000

// tooLate looks whether a phone that was offline names mail of Scheduled that has
// left: the UIDs it names one by one are remembered for 30 days.
func (s *Session) tooLate(box store.Mailbox, set imap.NumSet) error {
	uids, ok := set.(imap.UIDSet)
	if !ok || !isOutgoingControl(box.Kind) || imap.IsSearchRes(set) {
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
				if err := s.missing(tx, box, uint32(uid)); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// appendToControl is APPEND to Scheduled or a folder below it.
func (s *Session) appendToControl(tx *store.Tx, m store.Mailbox, staged *store.Staged, flags flagSet) (*store.Entry, error) {
	return s.queue().AppendIn(tx, s.person, staged, flags.bits, m.Kind, s.now())
}
