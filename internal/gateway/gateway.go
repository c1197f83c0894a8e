// Package gateway puts the parts together and runs them: database, people, queue,
// inbox, relay, the doors and the one timer loop. It decides nothing about mail.
//
// Order of starting: database, people, recovery of what a crash interrupted, control
// socket, listeners, then the loops. Order of stopping: doors first, so that nothing
// new is acknowledged, then timer loop and relay, the database last.
package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/clocks"
	"tidepost/config"
	"tidepost/decisions"
	"tidepost/guard"
	"tidepost/imapd"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/metrics"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/scheduler"
	"tidepost/standing"
	"tidepost/store"
)

// stopTime is what doors and attempts get to end by themselves.
const stopTime = 20 * time.Second

// A Gateway is one running Tidepost.
type Gateway struct {
	cfg     *config.Config
	log     *slog.Logger
	started time.Time

	db        *store.DB
	dir       *people.Directory
	logins    *people.Authenticator
	sessions  *people.Sessions
	beside    bool // works beside a server that may be another process
	throttle  *guard.Logins
	clocks    *clocks.Keeper
	standing  *standing.Desk
	decisions *decisions.Keeper
	inbox     *inbox.Inbox
	queue     *queue.Queue
	alarms    *alarmer // nil: nobody is told
	relay     *routes
	mirror    *mirror.Mirror
	imap      *imapd.Server
	tls       *tls.Config
	reloadTLS func() error
	kick      chan struct{}
	room      *room
	places    *guard.Places
	metrics   *metrics.Set
	reach     *reach
	site      Site
	connector *connector
	passKey   []byte // of marks; nil: mail gets none

	mu    sync.Mutex
	doors map[string]net.Addr
	ready chan struct{}
}

// Open opens the database of cfg and builds everything. Nothing listens yet.
func Open(cfg *config.Config, log *slog.Logger) (*Gateway, error) {
	return OpenAt(Site{}, cfg, log)
}

// OpenAt is Open in other surroundings than this machine.
func OpenAt(site Site, cfg *config.Config, log *slog.Logger) (*Gateway, error) {
	conf, reload, err := tlsConfig(cfg)
	if err != nil {
		return nil, err
	}
	signer, err := dkimSigner(cfg)
	if err != nil {
		return nil, err
	}
	db, err := store.Open(cfg.Server.Data)
	if err != nil {
		return nil, err
	}
	g := &Gateway{
		cfg: cfg, log: log, started: time.Now(), db: db,
		tls: conf, reloadTLS: reload, throttle: guard.NewLogins(),
		kick: make(chan struct{}, 1), doors: map[string]net.Addr{}, ready: make(chan struct{}),
		places:  guard.NewPlaces(placesFor(cfg.Limits.Connections, cfg.Relay.Connections, descriptors())),
		metrics: metrics.New(), reach: &reach{},
		room: &room{dir: cfg.Server.Data, reserve: cfg.Store.Reserve},
		site: site.orMachine(),
	}
	if g.relay, err = newRoutes(cfg, site, newKeeper(cfg, db)); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	if g.alarms, err = g.newAlarmer(); err != nil {
		return nil, errors.Join(err, g.relay.Close(), db.Close())
	}
	if cfg.Listen.Connector != "" {
		if g.passKey, err = loadPassKey(context.Background(), db); err != nil {
			return nil, errors.Join(err, g.relay.Close(), db.Close())
		}
	}
	if err := g.build(signer); err != nil {
		return nil, errors.Join(err, g.relay.Close(), db.Close())
	}
	if err := g.eraseAgain(context.Background(), time.Now()); err != nil {
		return nil, errors.Join(err, g.relay.Close(), db.Close())
	}
	return g, nil
}

// build makes the parts that stand on the database.
func (g *Gateway) build(signer queue.Signer) error {
	cfg := g.cfg
	g.dir = people.NewDirectory(g.db, cfg.Server.Domains)
	var bad *people.ProfileError
	if err := g.dir.Reload(context.Background()); errors.As(err, &bad) {
		g.log.Error("a profile cannot be read; its person is reachable at any time", "err", err)
	} else if err != nil {
		return err
	}
	g.logins = people.NewAuthenticator(g.dir, people.AuthOptions{
		Tries: cfg.Limits.LoginTries, Lockout: cfg.Limits.LoginLockout, Inside: cfg.Limits.InsideNetworks,
	})
	g.sessions = people.NewSessions(g.dir)
	g.clocks = clocks.New(g.db, g.dir, g.clockOptions())
	g.standing = standing.New(g.db, g.dir, g.clocks, g.standingOptions())
	g.decisions = decisions.New(g.db, g.dir, g.decisionOptions())
	g.inbox = inbox.New(g.db, g.dir, g.inboxOptions())
	g.decisions.Letters(g.inbox.Put)
	g.queue = queue.New(g.db, g.dir, g.inbox, sender{g}, g.queueOptions(signer))
	g.mirror = mirror.New(g.mirrorOptions())
	if cfg.Listen.Connector != "" {
		var err error
		if g.connector, err = g.newConnector(); err != nil {
			return err
		}
	}
	g.imap = imapd.New(g.imapOptions())
	g.dir.OnChange(g.peopleChanged)
	return g.lookAtAccounts(context.Background())
}

// Run listens and serves until ctx ends or the database fails, then stops everything
// in order and closes the database.
func (g *Gateway) Run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, g.relay.Close(), g.db.Close()) }()
	control, err := g.site.Control(g.cfg.Server.Data)
	if err != nil {
		return err
	}
	defer control.Close() // From here on this is the one process that serves.
	if err := g.db.RemoveStaged(ctx); err != nil {
		return err
	}
	if err := g.mirror.Arrive(ctx); err != nil {
		return err
	}
	debug, err := g.openDebug()
	if err != nil {
		return err
	}
	monitor, err := g.openMonitor()
	if err != nil {
		return errors.Join(err, shut(debug))
	}
	doors, err := g.open()
	if err != nil {
		return errors.Join(err, shut(debug), shut(monitor))
	}
	front, stopFront := context.WithCancel(context.Background())
	back, stopBack := context.WithCancel(context.Background())
	defer stopFront()
	defer stopBack()

	var loops errgroup.Group
	loops.Go(func() error { return g.queue.Run(back) })
	loops.Go(func() error { return g.inbox.Run(back) })
	loops.Go(func() error { return g.mirror.Run(back) })
	loops.Go(func() error { return g.planAnew(back) })
	loops.Go(func() error { return g.checkDaily(back) })
	loops.Go(func() error { return g.endTrials(back) })
	loops.Go(func() error { return g.tellWeekly(back) })
	loops.Go(func() error { g.alarms.run(back); return nil })
	loops.Go(func() error {
		scheduler.Run(back, g.log, g.kick, yielding{g.queue, g.mirror}, g.clocks, g.decisions, g.standing, g.inbox, &watcher{g: g})
		return nil
	})
	var fronts errgroup.Group
	g.serveControl(front, control, &fronts)
	if debug != nil {
		g.serveDebug(front, debug, &fronts)
	}
	if monitor != nil {
		if err := g.serveMonitor(front, monitor, &fronts); err != nil {
			g.log.Error("no figures", "err", err)
		}
	}
	for _, d := range doors {
		fronts.Go(func() error { return d.serve(front) })
	}
	close(g.ready)
	notify("READY=1")
	cause := g.wait(ctx)
	notify("STOPPING=1")
	g.log.Info("stopping")
	stopFront()
	ferr := fronts.Wait()
	stopBack()
	lerr := loops.Wait()
	g.alarms.last(cause)
	return errors.Join(cause, ferr, lerr)
}

// shut closes a listener that may not be there.
func shut(l net.Listener) error {
	if l == nil {
		return nil
	}
	return l.Close()
}

// wait returns when it is time to stop; with an error if the database has failed.
func (g *Gateway) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return nil
	case <-g.db.Failed():
		return fmt.Errorf("the database has failed; start again when the disk is well: %w", store.ErrFailed)
	}
}

// Ready is closed when everything listens.
func (g *Gateway) Ready() <-chan struct{} { return g.ready }

// Addr returns where a door listens: "submission", "submissions", "inbound", "lmtp",
// "imap", "imaps" or "web"; nil if it is shut.
func (g *Gateway) Addr(door string) net.Addr {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.doors[door]
}

// Status returns what this server says of itself.
func (g *Gateway) Status() Status {
	version, source := scheduler.ZoneDataVersion()
	s := Status{Hostname: g.cfg.Server.Hostname, PID: os.Getpid(), Started: g.started,
		Zones: version + " (" + source + ")", Listen: map[string]string{}}
	g.mu.Lock()
	defer g.mu.Unlock()
	for name, addr := range g.doors {
		s.Listen[name] = addr.String()
	}
	return s
}

// Kick is called when another process has changed the database: everything that is
// remembered of it is looked up again.
func (g *Gateway) Kick() {
	g.db.AnnounceAll()
	if err := g.lookAtAccounts(context.Background()); err != nil {
		g.log.Error("read accounts again", "err", err)
	}
	g.queue.Kick()
	g.clocks.Kick()
	g.standing.Kick()
	g.decisions.Kick()
	g.inbox.Kick()
	g.mirror.Kick()
	g.wake()
}

// wake makes the timer loop look.
func (g *Gateway) wake() {
	select {
	case g.kick <- struct{}{}:
	default: // It has been told and has not looked yet.
	}
}

// Reload reads certificate and people again. What was in use stays in use if the new
// cannot be read.
func (g *Gateway) Reload(ctx context.Context) error {
	notifyReloading()
	defer notify("READY=1")
	var err error
	if g.reloadTLS != nil {
		err = g.reloadTLS()
	}
	var bad *people.ProfileError
	rerr := g.dir.Reload(ctx)
	if errors.As(rerr, &bad) {
		g.log.Error("a profile cannot be read; its person is reachable at any time", "err", rerr)
		rerr = nil
	}
	g.Kick()
	return errors.Join(err, rerr)
}

// peopleChanged computes anew what hangs on the calendars of the people who changed.
func (g *Gateway) peopleChanged(changes []people.Change) {
	ctx, now := context.Background(), time.Now()
	g.decisions.Kick()
	g.mirror.Kick()
	for _, c := range changes {
		if c.New == nil {
			continue
		}
		if err := g.queue.Replan(ctx, c.New, now); err != nil {
			g.log.Error("plan releases anew", "person", c.New.Address.String(), "err", err)
		}
		if err := g.inbox.Replan(ctx, c.New.ID, now); err != nil {
			g.log.Error("plan deliveries anew", "person", c.New.Address.String(), "err", err)
		}
		if err := g.clocks.Recalculate(ctx, c.New.ID, now); err != nil {
			g.log.Error("reckon due times anew", "person", c.New.Address.String(), "err", err)
		}
	}
}

// jitter is the randomness of back-off: spread, not secrecy.
func jitter() *rand.Rand { return rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())) } //nolint:gosec // see above

// dkimSigner loads the key that signs released mail, if one is configured.
func dkimSigner(cfg *config.Config) (queue.Signer, error) {
	d := cfg.DKIM
	if d.KeyFile == "" {
		return queue.Signer{}, nil
	}
	key, err := readKey(d.KeyFile)
	if err != nil {
		return queue.Signer{}, err
	}
	return queue.Signer{Domain: d.Domain, Selector: d.Selector, Key: key}, nil
}

// postmaster is who takes mail to postmaster if nobody has that address.
func (g *Gateway) postmaster() mail.Address {
	a, err := mail.ParsePath(g.cfg.Server.Admin, true)
	if err != nil {
		return mail.Address{}
	}
	if _, _, ok := g.dir.ByAddress(a); !ok {
		return mail.Address{}
	}
	return a
}
