package imapd

import (
	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// Status implements STATUS (RFC 9051 §6.3.11).
func (s *Session) Status(name string, o *imap.StatusOptions) (data *imap.StatusData, err error) {
	err = s.command("STATUS", func() error {
		return s.db.View(s.ctx, func(tx *store.Tx) error {
			m, err := s.mailbox(tx, name)
			if err != nil {
				return err
			}
			if m.Kind == store.KindRemind {
				return errNoSelect
			}
			data, err = s.statusData(tx, m, o)
			return err
		})
	})
	return data, err
}

// statusData fills every item: the library panics at one that was asked for and is
// nil.
func (s *Session) statusData(tx *store.Tx, m store.Mailbox, o *imap.StatusOptions) (*imap.StatusData, error) {
	c, err := tx.Count(m.ID, o.Size)
	if err != nil {
		return nil, err
	}
	limit := s.AppendLimit()
	return &imap.StatusData{
		Mailbox:        m.Name,
		NumMessages:    &c.Messages,
		NumRecent:      new(uint32),
		UIDNext:        imap.UID(m.UIDNext),
		UIDValidity:    m.UIDValidity,
		NumUnseen:      &c.Unseen,
		NumDeleted:     &c.Deleted,
		Size:           &c.Size,
		AppendLimit:    &limit,
		DeletedStorage: new(int64), // QUOTA is not offered.
		HighestModSeq:  m.ModSeq,
	}, nil
}
