package imapd

import (
	"slices"

	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// errNoSelect is for names that only have names below them.
var errNoSelect = no(imap.ResponseCodeCannot, "This folder only holds other folders")

// Select implements SELECT and EXAMINE (RFC 9051 §6.3.2, §6.3.3). The library has
// called Unselect before.
func (s *Session) Select(name string, o *imap.SelectOptions) (data *imap.SelectData, err error) {
	err = s.command("SELECT", func() error {
		s.leave()
		var m store.Mailbox
		err := s.db.View(s.ctx, func(tx *store.Tx) (err error) {
			m, err = s.mailbox(tx, name)
			return err
		})
		if err != nil {
			return err
		}
		if m.Kind == store.KindRemind {
			return errNoSelect
		}
		s.refreshTimetable(m)
		if s.view, err = openView(s.ctx, s.db, m.ID, o.ReadOnly); err != nil {
			return err
		}
		data = s.selectData(s.view)
		return nil
	})
	return data, err
}

// refreshTimetable brings the letter on top of Scheduled up to date before somebody
// looks at it; an old one is better than none.
func (s *Session) refreshTimetable(m store.Mailbox) {
	if m.Kind != store.KindScheduled {
		return
	}
	if err := s.queue().RefreshTimetable(s.ctx, s.person, s.now()); err != nil {
		s.log.Warn("refresh timetable", "reason", err)
	}
}

func (s *Session) selectData(v *view) *imap.SelectData {
	data := &imap.SelectData{
		Flags:         v.flagNames(),
		NumMessages:   uint32(len(v.rows)),
		UIDNext:       imap.UID(v.box.UIDNext),
		UIDValidity:   v.box.UIDValidity,
		HighestModSeq: v.box.ModSeq,
	}
	if v.readOnly {
		data.PermanentFlags = []imap.Flag{}
	} else {
		data.PermanentFlags = append(v.flagNames(), imap.FlagWildcard)
		if v.box.Kind == store.KindDecisions {
			data.PermanentFlags = slices.DeleteFunc(data.PermanentFlags, func(f imap.Flag) bool { return f == imap.FlagDeleted })
		}
	}
	for i, r := range v.rows {
		if r.flags&store.Seen == 0 {
			data.FirstUnseenSeqNum = uint32(i + 1)
			break
		}
	}
	// RFC 9051 §6.3.2 wants LIST; clients of IMAP4rev1 do not expect it.
	if s.lib.EnabledCaps().Has(imap.CapIMAP4rev2) {
		data.List = &imap.ListData{Delim: rune(delim[0]), Mailbox: v.box.Name}
	}
	return data
}

// Unselect implements UNSELECT, and the end of CLOSE.
func (s *Session) Unselect() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leave()
	return nil
}
