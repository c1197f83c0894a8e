package imapd

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/controls"
	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// A Session is one IMAP connection. The methods of imapserver's interfaces are in
// the files named after the commands.
type Session struct {
	server *Server
	db     *store.DB
	lib    *imapserver.Conn
	conn   *guard.IMAP
	log    *slog.Logger
	ctx    context.Context //nolint:containedctx // lives as long as the connection
	cancel context.CancelFunc
	ended  *sync.WaitGroup
	closed func() // counts the end
	idlers sync.WaitGroup

	mu     sync.Mutex // guards all below
	person *people.Person
	with   people.Login   // what person logged in with
	left   func()         // ends the entry in Sessions; nil before the login
	view   *view          // selected mailbox, or nil
	saved  []uint32       // UIDs that "$" stands for (RFC 9051 §6.4.4.1)
	found  found          // by the last SEARCH
	wanted map[place]bool // copied, so that EXPUNGE makes it a move
}

var (
	_ imapserver.SessionIMAP4rev2   = (*Session)(nil)
	_ imapserver.SessionSASL        = (*Session)(nil)
	_ imapserver.SessionAppendLimit = (*Session)(nil)
)

// door is what the figures call this protocol.
const door = "imap"

func newSession(server *Server, c *imapserver.Conn, ended *sync.WaitGroup) *Session {
	ctx, cancel := context.WithCancel(context.Background())
	ended.Add(1)
	closed := server.opts.Metrics.Session(door)
	conn := c.NetConn().(*guard.IMAP)
	s := &Session{
		server: server, db: server.opts.DB, lib: c, conn: conn,
		log: server.opts.Log.With("peer", conn.RemoteAddr().String()),
		ctx: ctx, cancel: cancel, ended: ended, closed: closed, wanted: map[place]bool{},
	}
	s.handle()
	return s
}

// Close ends the session. Idle may still run when the client vanished; its writes
// end when the connection is closed.
func (s *Session) Close() error {
	defer s.ended.Done()
	defer s.closed()
	s.conn.Close() // An idler that writes to a stuck client lets go of the lock.
	s.mu.Lock()
	s.cancel() // From here on none begins.
	s.mu.Unlock()
	s.idlers.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left != nil {
		s.left()
	}
	s.leave()
	return nil
}

// leave closes the selected mailbox.
func (s *Session) leave() {
	if s.view != nil {
		s.view.close()
	}
	s.view, s.saved, s.found = nil, nil, found{}
}

// command runs a command: alone, by a person who still may, with errors in words
// for the client. A panic costs the command, not the connection.
func (s *Session) command(name string, f func() error) (err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			s.log.Error("imap command panicked", "command", name, "reason", fmt.Sprint(p), "stack", string(debug.Stack()))
			err = no(imap.ResponseCodeServerBug, "This command failed; the administrator can see why")
		}
	}()
	if err := s.renew(); err != nil {
		return err
	}
	return s.answer(name, f())
}

// selected is command for those that need a selected mailbox.
func (s *Session) selected(name string, f func(v *view) error) error {
	return s.command(name, func() error {
		if s.view == nil {
			return errNowhere
		}
		return f(s.view)
	})
}

// changing is selected for those that change the mailbox.
func (s *Session) changing(name string, f func(v *view) error) error {
	return s.selected(name, func(v *view) error {
		if v.readOnly {
			return errReadOnly
		}
		if v.deleted {
			return errNoMailbox
		}
		return f(v)
	})
}

// renew takes the person anew from the directory: a zone may have changed, or the
// person may have been removed while the connection stood.
func (s *Session) renew() error {
	if s.person == nil {
		return bad("Log in first")
	}
	if err := s.server.opts.People.MaybeReload(s.ctx, s.now()); err != nil {
		s.log.Warn("reload people", "reason", err)
	}
	p, ok := s.server.opts.People.ByID(s.person.ID)
	if !ok || !s.server.opts.People.Good(s.with) {
		return no(imap.ResponseCodeAuthorizationFailed, "This account is closed")
	}
	s.person = p
	return nil
}

func (s *Session) queue() *queue.Queue { return s.server.opts.Queue }
func (s *Session) inbox() *inbox.Inbox { return s.server.opts.Inbox }

// hand is what the person of the session moves mail with, now.
func (s *Session) hand() controls.Hand {
	return controls.Hand{Queue: s.queue(), Inbox: s.inbox(), Person: s.person, Now: s.now()}
}

// now is the clock of the session: it stands at the edge of the program.
func (s *Session) now() time.Time { return time.Now().UTC().Round(0) }

// mailbox finds a mailbox by the name a client uses.
func (s *Session) mailbox(tx *store.Tx, name string) (store.Mailbox, error) {
	m, err := tx.MailboxByName(s.person.ID, canonical(name))
	if isNotFound(err) {
		return m, errNoMailbox
	}
	return m, err
}
