package remote

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Move moves messages of the selected folder to another, and returns their UIDs there. It
// is one command where the server has MOVE; else the messages are copied, marked and
// expunged, so that for a moment they stand in both. Messages that are gone are left out
// of the map, and so are those whose new UID the server does not tell and that have no
// Message-ID to be found by: the messages that Move returned no error for are moved all
// the same.
//
// Errors: ErrGone (of the target), ErrFull: nothing was moved. With ErrLost each message
// stands in the folder, in the target, or, on a server without MOVE, in both: ask Find for
// the target, and Expunge here what is found there.
func (s *Session) Move(ctx context.Context, uids []UID, to string) (map[UID]UID, error) {
	if s.selected == nil {
		return nil, errNotSelected
	}
	moved := map[UID]UID{}
	uids = tidy(uids)
	if len(uids) == 0 {
		return moved, nil
	}
	box, err := s.mailbox(to)
	if err != nil {
		return nil, err
	}
	trace, err := s.before(ctx, uids, to)
	if err != nil {
		return nil, fmt.Errorf("move to folder %s: %w", clean(to), err)
	}
	verb := "UID COPY "
	if s.caps.Move {
		verb = "UID MOVE "
	}
	for _, set := range sets(uids) {
		if err := s.transfer(ctx, verb+set+" "+box, len(uids), moved); err != nil {
			return moved, fmt.Errorf("move to folder %s: %w", clean(to), s.missing(ctx, to, err))
		}
	}
	if trace != nil {
		if err := s.follow(ctx, trace, to, moved); err != nil {
			return moved, fmt.Errorf("move to folder %s: %w", clean(to), err)
		}
	}
	if s.caps.Move {
		return moved, nil
	}
	return moved, s.Expunge(ctx, uids)
}

// transfer runs MOVE or COPY, and reads COPYUID (RFC 4315 §3, RFC 6851 §4.3), which stands
// in an untagged OK or in the tagged one.
func (s *Session) transfer(ctx context.Context, line string, limit int, moved map[UID]UID) error {
	read := func(r *response) {
		f := strings.Fields(r.code)
		if len(f) != 4 || !strings.EqualFold(f[0], "COPYUID") {
			return
		}
		from, ok := readSet(f[2], limit)
		onto, also := readSet(f[3], limit)
		if !ok || !also || len(from) != len(onto) {
			return
		}
		for i := range from {
			moved[from[i]] = onto[i]
		}
	}
	s.quiet = true
	defer func() { s.quiet = false }()
	return s.exchange(ctx, exchange{line: line, on: read, final: read})
}

// A trace is what is needed to follow messages on a server without UIDPLUS.
type trace struct {
	gone []Summary // as they were here
	next UID       // the target's UIDNEXT before
}

// before remembers what follow needs; nil where the server tells new UIDs.
func (s *Session) before(ctx context.Context, uids []UID, to string) (*trace, error) {
	if s.caps.UIDPlus {
		return nil, nil
	}
	st, err := s.Status(ctx, to)
	if err != nil {
		return nil, err
	}
	here, err := s.Get(ctx, uids)
	if err != nil {
		return nil, err
	}
	return &trace{gone: here, next: st.UIDNext}, nil
}

// follow finds the new UIDs by Message-ID and size; of equal messages the first goes to
// the first.
func (s *Session) follow(ctx context.Context, t *trace, to string, moved map[UID]UID) error {
	return s.in(ctx, to, func() error {
		var there []Summary
		for m, err := range s.Since(ctx, max(t.next, 1)-1) {
			if err != nil {
				return err
			}
			there = append(there, m)
		}
		for _, m := range t.gone {
			if _, known := moved[m.UID]; known || m.MessageID == "" {
				continue
			}
			i := slices.IndexFunc(there, func(o Summary) bool { return o.MessageID == m.MessageID && o.Size == m.Size })
			if i >= 0 {
				moved[m.UID] = there[i].UID
				there = slices.Delete(there, i, i+1)
			}
		}
		return nil
	})
}

// Copy copies messages of the selected folder to another; the map and the errors are as
// Move's.
func (s *Session) Copy(ctx context.Context, uids []UID, to string) (map[UID]UID, error) {
	if s.selected == nil {
		return nil, errNotSelected
	}
	copied := map[UID]UID{}
	uids = tidy(uids)
	box, err := s.mailbox(to)
	if err != nil {
		return nil, err
	}
	trace, err := s.before(ctx, uids, to)
	if err != nil {
		return nil, fmt.Errorf("copy to folder %s: %w", clean(to), err)
	}
	for _, set := range sets(uids) {
		if err := s.transfer(ctx, "UID COPY "+set+" "+box, len(uids), copied); err != nil {
			return copied, fmt.Errorf("copy to folder %s: %w", clean(to), s.missing(ctx, to, err))
		}
	}
	if trace != nil {
		err = s.follow(ctx, trace, to, copied)
	}
	return copied, err
}

// Expunge removes messages from the selected folder for good: it marks them \Deleted and
// expunges these alone (UID EXPUNGE, RFC 4315 §2.1). On a server without UIDPLUS they are
// expunged only if no other message is marked; else they stay marked, which clients show
// as deleted, until somebody expunges, and the next Expunge tries again.
func (s *Session) Expunge(ctx context.Context, uids []UID) error {
	if s.selected == nil {
		return errNotSelected
	}
	uids = tidy(uids)
	if len(uids) == 0 {
		return nil
	}
	s.quiet = true
	defer func() { s.quiet = false }()
	for _, set := range sets(uids) {
		if err := s.run(ctx, "UID STORE "+set+` +FLAGS.SILENT (\Deleted)`, nil); err != nil {
			return fmt.Errorf("expunge: %w", err)
		}
		if !s.caps.UIDPlus {
			continue
		}
		if err := s.run(ctx, "UID EXPUNGE "+set, nil); err != nil {
			return fmt.Errorf("expunge: %w", err)
		}
	}
	if s.caps.UIDPlus {
		return nil
	}
	marked, err := s.search(ctx, "DELETED", 0)
	if err != nil || len(marked) == 0 {
		return err
	}
	for _, uid := range marked {
		if _, ours := slices.BinarySearch(uids, uid); !ours {
			return nil
		}
	}
	if err := s.run(ctx, "EXPUNGE", nil); err != nil {
		return fmt.Errorf("expunge: %w", err)
	}
	return nil
}
