package imapd

import (
	"github.com/emersion/go-imap/v2"

	"tidepost/controls"
	"tidepost/mail"
	"tidepost/store"
)

// Copy implements COPY (RFC 9051 §6.4.7): all or nothing.
func (s *Session) Copy(set imap.NumSet, dest string) (data *imap.CopyData, err error) {
	err = s.selected("COPY", func(v *view) error {
		if v.deleted {
			return errNoMailbox
		}
		var t *transfer
		t, err := s.transfer(v, set, dest, false)
		if err != nil {
			return err
		}
		data = t.result()
		s.remember(t.wanted)
		return nil
	})
	return data, err
}

// A place is an entry as a client names it.
type place struct {
	mailbox int64
	uid     uint32
}

func placeOf(v *view, row int) place { return place{v.box.ID, v.rows[row].uid} }

// A transfer is one COPY or MOVE: from the selected mailbox to another, in one
// transaction.
type transfer struct {
	*controls.Transfer
	s    *Session
	from store.Mailbox
	to   store.Mailbox
	move bool
	rows []job

	// What came of it; begun anew if the transaction is tried again.
	source []uint32
	dest   []uint32
	wanted []place // that EXPUNGE makes moves
}

// A job is a message to transfer.
type job struct {
	row     int
	uid     uint32
	message int64
	content *mail.Content // only for folders that send
}

// transfer runs a COPY or MOVE.
func (s *Session) transfer(v *view, set imap.NumSet, dest string, move bool) (*transfer, error) {
	to, err := s.target(dest)
	if err != nil {
		return nil, err
	}
	t := &transfer{s: s, from: v.box, to: to, move: move, Transfer: s.hand().Between(v.box, to)}
	for _, r := range v.pick(set, s.saved) {
		t.rows = append(t.rows, job{row: r, uid: v.rows[r].uid, message: v.rows[r].message})
	}
	if err := s.tooLate(v.box, set, nil); err != nil || len(t.rows) == 0 {
		return t, err
	}
	if v.readOnly && (move || t.Vanishes()) {
		return nil, errReadOnly
	}
	if err := t.prepare(); err != nil {
		return nil, err
	}
	return t, s.db.Update(s.ctx, t.run)
}

// run is the transaction.
func (t *transfer) run(tx *store.Tx) error {
	t.source, t.dest, t.wanted = nil, nil, nil
	// The mailbox may have been deleted since it was looked up.
	to, err := tx.Mailbox(t.to.ID)
	if isNotFound(err) {
		return errTryCreate
	}
	if err != nil {
		return err
	}
	t.to, t.Transfer = to, t.s.hand().Between(t.from, to)
	for _, j := range t.rows {
		e, err := tx.EntryByUID(t.from.ID, j.uid)
		if isNotFound(err) {
			if err := t.s.hand().Missing(tx, t.from, j.uid); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		if err := t.one(tx, e, j); err != nil {
			return err
		}
	}
	return nil
}

// one transfers an entry as the table of package controls says.
func (t *transfer) one(tx *store.Tx, e store.Entry, j job) error {
	var out *store.Entry
	var remember bool
	var err error
	if t.move {
		out, err = t.Move(tx, e, j.content)
	} else {
		out, remember, err = t.Copy(tx, e, j.content)
	}
	if err != nil {
		return err
	}
	if remember {
		t.wanted = append(t.wanted, place{t.from.ID, e.UID})
	}
	if out != nil && out.MailboxID == t.to.ID {
		t.source, t.dest = append(t.source, e.UID), append(t.dest, out.UID)
	}
	return nil
}

// result is COPYUID; nil if nothing got a UID in the mailbox named.
func (t *transfer) result() *imap.CopyData {
	if len(t.source) == 0 {
		return nil
	}
	return &imap.CopyData{UIDValidity: t.to.UIDValidity, SourceUIDs: uidSet(t.source), DestUIDs: uidSet(t.dest)}
}

// uidSet makes a set of UIDs in their order, which COPYUID is about (RFC 4315 §3).
// AddNum of the library would search for each of them.
func uidSet(uids []uint32) imap.UIDSet {
	set := imap.UIDSet{}
	for _, u := range uids {
		if n := len(set); n > 0 && u == uint32(set[n-1].Stop)+1 {
			set[n-1].Stop = imap.UID(u)
			continue
		}
		set = append(set, imap.UIDRange{Start: imap.UID(u), Stop: imap.UID(u)})
	}
	return set
}
