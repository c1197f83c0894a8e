package mirror

import (
	"context"
	crand "crypto/rand"
	"crypto/tls"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tidepost/accounts"
	"tidepost/controls"
	"tidepost/inbox"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/remote"
	"tidepost/store"
)

// Options are what a Mirror works with. All of the first block are required.
type Options struct {
	DB       *store.DB
	People   *people.Directory
	Accounts *accounts.Keeper
	Queue    *queue.Queue
	Inbox    *inbox.Inbox
	Host     string // our name, for whoever finds our marker
	Dir      string // the data directory
	Log      *slog.Logger
	Jitter   *rand.Rand // spreads what is tried again

	// Dial logs in; nil: remote.Dial.
	Dial func(ctx context.Context, a remote.Account) (Session, error)
	// Scripts logs in to a person's ManageSieve server; nil: remote.DialScripts if Dial is
	// nil, else nobody has one.
	Scripts func(ctx context.Context, a remote.Account) (Scripts, error)
	// Trying reports whether the switches of a person only run dry. As long as they do, and
	// from the beginning, the account is read and nothing is changed there but that mail
	// comes and what is sent is filed; nil: nobody's do.
	Trying func(p *people.Person) bool
	// LookupSRV finds ManageSieve servers; nil: the DNS is not asked.
	LookupSRV remote.LookupSRV
	// Tell tells the admin what there is to know, at once; nil: nobody is told.
	Tell func(what, detail string)
	// TLS says what certificates are good; nil: those of the system.
	TLS *tls.Config

	// ProviderFiles says that the server through which a person's mail leaves files it in
	// Sent; nil: only if it is that of an account of their own that does.
	ProviderFiles func(p *people.Person) bool

	// Past counts mail in a person's Sent that did not pass here, once, and reports whether it
	// did not; nil: nobody looks.
	Past func(tx *store.Tx, head []byte, now time.Time) (bool, error)

	MaxMessage int64         // octets; what is larger stays in INBOX (default 100 MiB)
	Poll       time.Duration // how often to ask a server without IDLE (default 5 s)
	Look       time.Duration // how often folders are looked at that the server does not tell of (default 15 s; half as often in a quiet account)
}

func (o Options) withDefaults() Options {
	if o.Dial == nil && o.Scripts == nil {
		o.Scripts = func(ctx context.Context, a remote.Account) (Scripts, error) { return remote.DialScripts(ctx, a) }
	}
	if o.Dial == nil {
		o.Dial = func(ctx context.Context, a remote.Account) (Session, error) { return remote.Dial(ctx, a) }
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = 100 << 20
	}
	if o.Look <= 0 {
		o.Look = 15 * time.Second
	}
	return o
}

// A Mirror tends the accounts of everybody who has one. It is safe for concurrent use.
type Mirror struct {
	o        Options
	instance string        // this process, whatever database it works on
	kick     chan struct{} // holds one: who has an account may have changed

	mu      sync.Mutex // guards below
	tenders map[int64]*running
	trouble map[int64]Trouble
	gates   map[int64]gate
	tried   map[int64]bool        // entries that could not be written beside others
	busy    map[int64]*sync.Mutex // who holds it tends the account
	failed  map[message]int       // how often what came could not be taken in
	before  map[string]bool       // instances that ran here before us and have ended
	copies  map[int64]bool        // accounts that another copy of this installation tends
	unsure  time.Time             // until then such a copy may be found
}

// running is a tender's goroutine.
type running struct {
	account accounts.Account
	stop    context.CancelFunc
	done    chan struct{}
	kick    chan struct{}

	dismissed atomic.Bool // nobody tends the account after it
}

// New returns a Mirror. Nothing is connected before Run.
func New(o Options) *Mirror {
	return &Mirror{o: o.withDefaults(), instance: crand.Text(), kick: make(chan struct{}, 1), tenders: map[int64]*running{},
		trouble: map[int64]Trouble{}, busy: map[int64]*sync.Mutex{}, copies: map[int64]bool{}, gates: map[int64]gate{}, tried: map[int64]bool{}, failed: map[message]int{}}
}

// now is the clock of the account, which stands at the edge of the program.
func (m *Mirror) now() time.Time { return time.Now().UTC().Round(0) }

// Kick is called when people or accounts may have changed, or another process has changed
// the database.
func (m *Mirror) Kick() {
	select {
	case m.kick <- struct{}{}:
	default:
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.tenders {
		select {
		case r.kick <- struct{}{}:
		default:
		}
	}
}

// lookAnyway is how often Run looks who has an account, for what nobody told it.
const lookAnyway = time.Minute

// Run tends all accounts until ctx ends, and returns when every tender has.
func (m *Mirror) Run(ctx context.Context) error {
	timer := time.NewTicker(lookAnyway)
	defer timer.Stop()
	defer m.stopAll()
	for {
		if err := m.staff(ctx); err != nil && ctx.Err() == nil {
			m.o.Log.Error("look for accounts", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-m.kick:
		case <-timer.C:
		}
	}
}

// staff starts and stops tenders, so that everybody has theirs.
func (m *Mirror) staff(ctx context.Context) error {
	want, err := m.dismiss(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, a := range want {
		if _, ok := m.tenders[id]; ok {
			continue
		}
		own, stop := context.WithCancel(ctx)
		r := &running{account: a, stop: stop, done: make(chan struct{}), kick: make(chan struct{}, 1)}
		m.tenders[id] = r
		go func() {
			defer close(r.done)
			m.tend(own, id, r.kick)
			if r.dismissed.Load() {
				m.leave(ctx, id)
			}
		}()
	}
	return nil
}

// dismiss stops the tenders that nobody wants any more, and waits for them. It returns
// who is to have one.
func (m *Mirror) dismiss(ctx context.Context) (map[int64]accounts.Account, error) {
	want, err := m.wanted(ctx)
	if err != nil {
		return nil, err
	}
	var old []*running
	m.mu.Lock()
	for id, r := range m.tenders {
		if a, ok := want[id]; !ok || a.Addr != r.account.Addr || a.User != r.account.User || a.Security != r.account.Security {
			old = append(old, r)
			r.dismissed.Store(!ok)
			delete(m.tenders, id)
			delete(m.trouble, id)
			delete(m.copies, id)
		}
	}
	m.mu.Unlock()
	for _, r := range old {
		r.stop()
		<-r.done
	}
	return want, nil
}

func (m *Mirror) stopAll() {
	m.mu.Lock()
	all := m.tenders
	m.tenders = map[int64]*running{}
	m.mu.Unlock()
	for _, r := range all {
		r.stop()
	}
	for _, r := range all {
		<-r.done
	}
}

// wanted are the people whose mailbox is at a provider, with the account.
func (m *Mirror) wanted(ctx context.Context) (map[int64]accounts.Account, error) {
	list, err := m.o.Accounts.All(ctx)
	if err != nil {
		return nil, err
	}
	out := map[int64]accounts.Account{}
	for _, a := range list {
		p, ok := m.o.People.ByID(a.Person)
		if ok && p.Active && p.Profile.Inbox == people.MailboxIMAP && a.Side == accounts.IMAP {
			out[a.Person] = a
		}
	}
	return out, nil
}

// alone lets one at a time tend an account.
func (m *Mirror) alone(person int64) *sync.Mutex {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.busy[person] == nil {
		m.busy[person] = &sync.Mutex{}
	}
	return m.busy[person]
}

// hand is what the person moves mail with.
func (m *Mirror) hand(p *people.Person, now time.Time) controls.Hand {
	return controls.Hand{Queue: m.o.Queue, Inbox: m.o.Inbox, Person: p, Now: now}
}

// A Trouble is an account that cannot be tended.
type Trouble struct {
	Person  *people.Person
	What    string // a sentence
	Since   time.Time
	Serious bool // the admin has to know
}

// Troubles returns the accounts that cannot be tended now, by address.
func (m *Mirror) Troubles() []Trouble {
	m.mu.Lock()
	defer m.mu.Unlock()
	var out []Trouble
	for _, t := range m.trouble {
		if t.Serious {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b Trouble) int {
		return strings.Compare(a.Person.Address.String(), b.Person.Address.String())
	})
	return out
}

// Tended is how many accounts are tended, or tried to.
func (m *Mirror) Tended() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.tenders)
}

var errGone = errors.New("the person has no account here")
