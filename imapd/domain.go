package imapd

import (
	"context"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// Outgoing is what folders do to mail that waits to leave.
type Outgoing interface {
	MoveOut(tx *store.Tx, p *people.Person, e store.Entry, target store.Mailbox, now time.Time) (store.Entry, error)
	CopyOut(tx *store.Tx, p *people.Person, e store.Entry, target store.Mailbox, now time.Time) (store.Entry, error)
	CancelEntry(tx *store.Tx, p *people.Person, e store.Entry, now time.Time) error
	SetFrozen(tx *store.Tx, p *people.Person, e store.Entry, frozen bool, now time.Time) error
	MoveIn(tx *store.Tx, p *people.Person, e store.Entry, content *mail.Content, kind store.Kind, now time.Time) (*store.Entry, error)
	AppendIn(tx *store.Tx, p *people.Person, staged *store.Staged, flags store.Flags, kind store.Kind, now time.Time) (*store.Entry, error)
	RefreshTimetable(ctx context.Context, p *people.Person, now time.Time) error
}

func (s *Session) queue() Outgoing     { return s.server.opts.Queue }
func (s *Session) inbox() *inbox.Inbox { return s.server.opts.Inbox }
