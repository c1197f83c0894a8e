package imapd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/metrics"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// Options say what a Server serves and how. All of the first block are required.
type Options struct {
	DB     *store.DB
	People *people.Directory
	Auth   *people.Authenticator
	// Sessions knows who is logged in; nil: nobody asks.
	Sessions *people.Sessions
	Queue    *queue.Queue
	Inbox    *inbox.Inbox
	Log      *slog.Logger
	Metrics  *metrics.Set // nil: nothing is counted

	Guard  guard.IMAPOptions // TLS, throttle, times; Implicit is set by Serve
	Limits guard.Limits      // of each listener

	SearchTime time.Duration // what one SEARCH may take (default 5 s)
	StopTime   time.Duration // what sessions get to end when Serve stops (default 10 s)
}

// A Server serves IMAP on any number of listeners. It is safe for concurrent use.
type Server struct {
	opts   Options
	opened personSet // who has opened their folders
}

// New returns a server.
func New(o Options) *Server {
	if o.SearchTime == 0 {
		o.SearchTime = 5 * time.Second
	}
	if o.StopTime == 0 {
		o.StopTime = 10 * time.Second
	}
	if o.Guard.MaxAppend == 0 {
		o.Guard.MaxAppend = 25 << 20
	}
	return &Server{opts: o}
}

// capabilities are those that are true. imapserver itself adds SASL-IR, LITERAL-,
// UNSELECT, ENABLE, IDLE, UTF8=ACCEPT and APPENDLIMIT, the guard STARTTLS and ID.
func capabilities() imap.CapSet {
	set := imap.CapSet{}
	for _, c := range []imap.Cap{
		imap.CapIMAP4rev1, imap.CapIMAP4rev2, imap.CapNamespace, imap.CapUIDPlus, imap.CapMove, imap.CapSpecialUse,
		imap.CapListExtended, imap.CapListStatus, imap.CapESearch, imap.CapSearchRes, imap.CapChildren,
		imap.CapStatusSize, imap.CapBinary,
	} {
		set[c] = struct{}{}
	}
	return set
}

// Serve accepts connections from l until ctx ends, with TLS from the first octet if
// implicit. Then clients that wait are told BYE, running commands may end, and what
// is left after StopTime is cut. Serve returns when all its sessions have ended.
func (s *Server) Serve(ctx context.Context, l net.Listener, implicit bool) error {
	limited := guard.Listen(l, s.opts.Limits)
	opts := s.opts.Guard
	opts.Implicit = implicit
	var sessions sync.WaitGroup
	srv := imapserver.New(&imapserver.Options{
		NewSession: func(c *imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return newSession(s, c, &sessions), nil, nil
		},
		Caps:         capabilities(),
		Logger:       libraryLog{s.opts.Log},
		InsecureAuth: true, // The guard allows no login in clear.
	})
	served := make(chan error, 1)
	go func() { served <- srv.Serve(guard.IMAPListener(limited, opts)) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		l.Close()
		err = <-served
	}
	limited.Drain()
	s.await(&sessions)
	if cerr := srv.Close(); cerr != nil && !errors.Is(cerr, net.ErrClosed) && err == nil {
		err = cerr
	}
	sessions.Wait()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("serve IMAP: %w", err)
	}
	return nil
}

// await waits for the sessions to end, but no longer than StopTime.
func (s *Server) await(sessions *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() {
		sessions.Wait()
		close(ended)
	}()
	t := time.NewTimer(s.opts.StopTime)
	defer t.Stop()
	select {
	case <-ended:
	case <-t.C:
	}
}

// libraryLog is the logger of imapserver. What a peer sent is in its lines, so they
// are one attribute, which the handler escapes. Mostly they tell how clients err.
type libraryLog struct{ log *slog.Logger }

// Printf implements imapserver.Logger.
func (l libraryLog) Printf(format string, args ...any) {
	text, level := fmt.Sprintf(format, args...), slog.LevelDebug
	if strings.HasPrefix(text, "panic") {
		level = slog.LevelError
	}
	l.log.Log(context.Background(), level, "imap library", "text", text)
}
