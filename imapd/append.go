package imapd

import (
	"errors"
	"io"
	"time"

	"github.com/emersion/go-imap/v2"

	"tidepost/controls"
	"tidepost/mail"
	"tidepost/store"
)

// AppendLimit is told in APPENDLIMIT (RFC 7889) and enforced by the guard.
func (s *Session) AppendLimit() uint32 { return uint32(s.server.opts.Guard.MaxAppend) }

// errNUL stops the reading of a message with a NUL octet, which no plain literal may
// hold (RFC 9051 §9, CHAR8).
var errNUL = no(imap.ResponseCodeCannot, "The message holds a NUL octet")

// Append implements APPEND (RFC 9051 §6.3.12). OK is said after COMMIT.
func (s *Session) Append(name string, r imap.LiteralReader, o *imap.AppendOptions) (data *imap.AppendData, err error) {
	err = s.command("APPEND", func() error {
		if r.Size() == 0 {
			return no(imap.ResponseCodeCannot, "A message of no octets is not stored")
		}
		flags, err := parseFlags(o.Flags)
		if err != nil {
			return err
		}
		m, err := s.target(name)
		if err != nil {
			return err
		}
		if err := s.fits(s.person, r.Size()); err != nil {
			return err
		}
		staged, err := s.stage(r)
		if err != nil {
			return err
		}
		data, err = s.file(m, staged, flags, s.internalDate(o.Time))
		if err != nil {
			if derr := s.db.Discard(staged); derr != nil {
				s.log.Warn("discard staged body", "reason", derr)
			}
		}
		return err
	})
	return data, err
}

// target finds a mailbox that messages are to be put into; the client may offer to
// make one that is missing.
func (s *Session) target(name string) (m store.Mailbox, err error) {
	err = s.db.View(s.ctx, func(tx *store.Tx) (err error) {
		m, err = s.targetIn(tx, name)
		return err
	})
	return m, err
}

func (s *Session) targetIn(tx *store.Tx, name string) (store.Mailbox, error) {
	m, err := tx.MailboxByName(s.person.ID, canonical(name))
	switch {
	case isNotFound(err):
		return m, errTryCreate
	case err == nil && m.Kind == store.KindRemind:
		return m, errNoSelect
	}
	return m, err
}

// internalDate is what the client wants, unless that is no date at all.
func (s *Session) internalDate(t time.Time) time.Time {
	if t.IsZero() || t.Year() < 1970 || t.Year() > 9999 {
		return s.now()
	}
	return t
}

// stage reads the literal to its end.
func (s *Session) stage(r io.Reader) (*store.Staged, error) {
	staged, err := s.db.Stage(s.ctx, mail.NewNormalizer(&nulReader{r: r}), s.now())
	if errors.Is(err, store.ErrHeadTooBig) {
		return nil, no(imap.ResponseCodeTooBig, "The header of the message is too large")
	}
	return staged, err
}

// nulReader refuses NUL.
type nulReader struct{ r io.Reader }

func (n *nulReader) Read(p []byte) (int, error) {
	c, err := n.r.Read(p)
	for _, b := range p[:c] {
		if b == 0 {
			return 0, errNUL
		}
	}
	return c, err
}

// file puts a staged message into a mailbox; a control folder acts on it instead.
func (s *Session) file(m store.Mailbox, staged *store.Staged, flags flagSet, date time.Time) (data *imap.AppendData, err error) {
	err = s.db.Update(s.ctx, func(tx *store.Tx) error {
		if refusal := controls.AppendRefusal(m.Kind); refusal != nil {
			return refusal
		}
		if controls.IsOutgoing(m.Kind) {
			e, err := s.hand().Append(tx, staged, flags.bits, m.Kind)
			data = nil
			if err == nil && e != nil && e.MailboxID == m.ID {
				data = &imap.AppendData{UID: imap.UID(e.UID), UIDValidity: m.UIDValidity}
			}
			return err
		}
		e, err := s.appendPlain(tx, m, staged, flags, date)
		if err == nil {
			data = &imap.AppendData{UID: imap.UID(e.UID), UIDValidity: m.UIDValidity}
		}
		return err
	})
	return data, err
}

// appendPlain stores the message with all that FETCH will ask for.
func (s *Session) appendPlain(tx *store.Tx, m store.Mailbox, staged *store.Staged, flags flagSet, date time.Time) (store.Entry, error) {
	now := s.now()
	body, err := tx.AddBody(staged, now)
	if err != nil {
		return store.Entry{}, err
	}
	head := mail.ParseHeader(staged.Head)
	msg := store.Message{Origin: store.OriginAppended, BodyID: body, Head: staged.Head, Size: staged.Size(), Created: now}
	if ids := head.MessageIDs("Message-ID"); len(ids) > 0 {
		msg.MID = ids[0]
	}
	if err := tx.InsertMessage(&msg); err != nil {
		return store.Entry{}, err
	}
	if err := tx.PutDerived(s.inbox().Derive(msg, staged.Content)); err != nil {
		return store.Entry{}, err
	}
	if m.Kind == store.KindSent {
		if flags.words, err = s.queue().Filed(tx, s.person, msg.MID, flags.words); err != nil {
			return store.Entry{}, err
		}
	}
	e := store.Entry{MailboxID: m.ID, MessageID: msg.ID, InternalDate: date, Flags: flags.bits, Keywords: flags.words}
	return e, tx.AddEntry(&e)
}
