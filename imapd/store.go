package imapd

import (
	"slices"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/controls"
	"tidepost/store"
)

const storePage = 200 // messages changed in one transaction

// A stored is what STORE made of one row.
type stored struct {
	row      int
	entry    store.Entry
	expected bool // the client can know the result
}

// Store implements STORE (RFC 9051 §6.4.6). In Scheduled \Deleted freezes what waits.
func (s *Session) Store(w *imapserver.FetchWriter, set imap.NumSet, f *imap.StoreFlags, _ *imap.StoreOptions) error {
	return s.changing("STORE", func(v *view) error {
		want, err := parseFlags(f.Flags)
		if err != nil {
			return err
		}
		want.words = v.spelled(want.words)
		rows := v.pick(set, s.saved)
		lost, found := false, map[uint32]bool{}
		for len(rows) > 0 {
			n := min(storePage, len(rows))
			done, err := s.storePage(v, rows[:n], f.Op, want)
			if err != nil {
				return err
			}
			lost = lost || len(done) < n
			for _, d := range done {
				found[d.entry.UID] = true
			}
			if err := tellStored(w, v, done, f.Silent); err != nil {
				return err
			}
			rows = rows[n:]
		}
		if err := s.tooLate(v.box, set, found); err != nil {
			return err
		}
		if lost {
			return errGone
		}
		return nil
	})
}

// storePage changes some rows in one transaction. What has gone meanwhile is left
// out.
func (s *Session) storePage(v *view, rows []int, op imap.StoreFlagsOp, want flagSet) ([]stored, error) {
	var done []stored
	err := s.db.Update(s.ctx, func(tx *store.Tx) error {
		done = done[:0]
		for _, r := range rows {
			e, err := tx.EntryByUID(v.box.ID, v.rows[r].uid)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			d, err := s.storeOne(tx, v, r, e, op, want)
			if err != nil {
				return err
			}
			done = append(done, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for _, d := range done {
		v.set(d.row, d.entry)
	}
	return done, nil
}

func (s *Session) storeOne(tx *store.Tx, v *view, r int, e store.Entry, op imap.StoreFlagsOp, want flagSet) (stored, error) {
	known := v.rows[r]
	flags, words := want.apply(op, e.Flags, e.Keywords)
	if len(words) > maxKeywords {
		return stored{}, no(imap.ResponseCodeLimit, "Too many keywords on one message")
	}
	guess, guessed := want.apply(op, known.flags, known.keywords)
	was := e.Flags
	if err := controls.FlagsRefusal(v.box.Kind, flags); err != nil {
		return stored{}, err
	}
	if err := tx.SetFlags(&e, flags, words); err != nil {
		return stored{}, err
	}
	if err := s.hand().Flagged(tx, v.box, e, was); err != nil {
		return stored{}, err
	}
	return stored{row: r, entry: e, expected: guess == flags && slices.Equal(guessed, words)}, nil
}

// tellStored answers with the new flags. .SILENT suppresses what the client can
// reckon itself, not what others changed as well (RFC 9051 §6.4.6).
func tellStored(w *imapserver.FetchWriter, v *view, done []stored, silent bool) error {
	for _, d := range done {
		if silent && d.expected {
			continue
		}
		out := w.CreateMessage(uint32(d.row + 1))
		out.WriteUID(imap.UID(d.entry.UID))
		out.WriteFlags(flagNames(v.rows[d.row]))
		if err := out.Close(); err != nil {
			return err
		}
	}
	return nil
}
