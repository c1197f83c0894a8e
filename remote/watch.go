package remote

import (
	"context"
	"errors"
	"strings"
)

// Watch has the server tell of changes in folders that are not selected: from then on Idle
// returns with Other when one of them has changed. It returns false where the server has
// no NOTIFY (RFC 5465), or not for these folders: then they have to be looked at. Asked
// again for the same folders it asks nobody. Folders that do not exist are no error.
func (s *Session) Watch(ctx context.Context, folders []string) (bool, error) {
	if s.lost != nil {
		return false, s.lost
	}
	if !s.caps.Notify || len(folders) == 0 {
		return false, nil
	}
	var names []string
	for _, f := range folders {
		box, err := s.mailbox(f)
		if err != nil {
			return false, err
		}
		names = append(names, box)
	}
	// RFC 5465 §5.2: with selected-delayed the numbers of messages stay what they are while
	// a command runs, as without NOTIFY.
	const events = " (MessageNew MessageExpunge FlagChange"
	line := "NOTIFY SET (selected-delayed" + events + ")) (mailboxes (" + strings.Join(names, " ") + ")" + events + " MailboxName))"
	if line == s.watched {
		return true, nil
	}
	if len(line) > maxSet {
		return false, nil
	}
	s.asking = true
	err := s.run(ctx, line, nil)
	s.asking = false
	if err != nil {
		if errors.Is(err, ErrLost) {
			return false, err
		}
		s.unwatch()
		return false, nil
	}
	s.watched = line
	return true, nil
}

// unwatch: the server tells no more (RFC 5465 §5.8), or never did.
func (s *Session) unwatch() { s.caps.Notify, s.watched = false, "" }

// told notes a response about a folder that nobody asked for.
func (s *Session) told(r *response) {
	switch {
	case strings.EqualFold(r.code, "NOTIFICATIONOVERFLOW"):
		s.unwatch()
		s.news.Other = true
	case s.watched != "" && !s.asking && (r.kind == "STATUS" || r.kind == "LIST"):
		s.news.Other = true
	}
}

// names says whether a server means a folder.
func (s *Session) names(n node, folder string) bool {
	got, ok := s.space.plain(s.decode(n.text), s.space.delim)
	return ok && got == folder
}
