package imapd

import (
	"sync"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// A personSet remembers whom the database knows to have opened their folders.
type personSet struct{ known sync.Map }

// noteOpened notes the day on which somebody opens their folders for the first time, and
// nothing ever after: who has found their folders is known, never who is there. Trouble
// costs the note.
func (s *Session) noteOpened(p *people.Person, now time.Time) {
	if _, ok := s.server.opened.known.Load(p.ID); ok {
		return
	}
	has := false
	err := s.server.opts.DB.View(s.ctx, func(tx *store.Tx) (err error) {
		has, err = tx.HasOpened(p.ID)
		return err
	})
	if err == nil && !has {
		err = s.server.opts.DB.Update(s.ctx, func(tx *store.Tx) error { return tx.NoteOpened(p.ID, now) })
	}
	if err != nil {
		s.log.Warn("note a first login", "err", err)
		return
	}
	s.server.opened.known.Store(p.ID, true)
}
