package gateway

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"tidepost/config"
	"tidepost/guard"
	"tidepost/inbox"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/relay"
	"tidepost/standing"
	"tidepost/store"
)

// A Desk is a gateway without doors and loops: what the commands of an operator work
// with, beside a running server on the same database or without one.
type Desk struct {
	Config *config.Config
	DB     *store.DB
	People *people.Directory
	Inbox  *inbox.Inbox
	Queue  *queue.Queue

	// Accounts are mailboxes at providers.
	Accounts *mirror.Mirror

	// Standing says how conversations stand.
	Standing *standing.Desk

	gateway *Gateway
}

// OpenDesk opens the database of cfg. The caller must Close the desk.
func OpenDesk(cfg *config.Config, log *slog.Logger) (*Desk, error) {
	db, err := store.Open(cfg.Server.Data)
	if err != nil {
		return nil, err
	}
	return newDesk(cfg, log, db)
}

// OpenReading is OpenDesk for commands that change nothing: it is there at once,
// whatever the database holds.
func OpenReading(cfg *config.Config, log *slog.Logger) (*Desk, error) {
	db, err := store.OpenReader(cfg.Server.Data)
	if errors.Is(err, store.ErrOtherSchema) || errors.Is(err, os.ErrNotExist) {
		return OpenDesk(cfg, log)
	}
	if err != nil {
		return nil, err
	}
	return newDesk(cfg, log, db)
}

func newDesk(cfg *config.Config, log *slog.Logger, db *store.DB) (*Desk, error) {
	g := &Gateway{
		beside: true, cfg: cfg, log: log, started: time.Now(), db: db, relay: noRoutes(),
		throttle: guard.NewLogins(), kick: make(chan struct{}, 1), reach: &reach{}, site: Site{}.orMachine(),
	}
	if err := g.build(queue.Signer{}); err != nil {
		return nil, errors.Join(err, g.relay.Close(), db.Close())
	}
	return &Desk{Config: cfg, DB: db, People: g.dir, Inbox: g.inbox, Queue: g.queue, Accounts: g.mirror, Standing: g.standing, gateway: g}, nil
}

// Close closes the database.
func (d *Desk) Close() error { return errors.Join(d.gateway.relay.Close(), d.DB.Close()) }

// Update runs fn in a transaction and then tells the running server, if there is one,
// that the database has changed.
func (d *Desk) Update(ctx context.Context, fn func(tx *store.Tx) error) error {
	if err := d.DB.Update(ctx, fn); err != nil {
		return err
	}
	return forgive(Kick(ctx, d.Config.Server.Data))
}

// Announce has the running server, if there is one, read people again; else the roll is
// written anew.
func (d *Desk) Announce(ctx context.Context) error {
	return d.gateway.announcePeople(ctx, time.Now())
}

// forgive forgives that no server is running: then nobody has to be told.
func forgive(err error) error {
	if errors.Is(err, ErrNotRunning) {
		return nil
	}
	return err
}

// CheckSmarthost opens a session with a smarthost of the configuration, login included, and
// closes it. section is "relay", or "relay.provider[N]" with N from 1; db is where its tokens
// are kept: without one a login by token is not tried.
func CheckSmarthost(ctx context.Context, cfg *config.Config, db *store.DB, section string, c config.Relay) (relay.Result, error) {
	if c.OAuthFile == "" || db == nil {
		return checkRoute(ctx, cfg, func(cfg *config.Config) (relay.Options, error) { return routeOptions(cfg, section, c) })
	}
	w, err := (&routes{cfg: cfg, keeper: newKeeper(cfg, db)}).open("", section, c)
	if err != nil {
		return relay.Result{}, err
	}
	r := w.client.Check(ctx)
	return r, w.client.Close()
}

// CheckAlarmRoute is CheckSmarthost for the second route.
func CheckAlarmRoute(ctx context.Context, cfg *config.Config) (relay.Result, error) {
	return checkRoute(ctx, cfg, alarmOptions)
}

func checkRoute(ctx context.Context, cfg *config.Config, options func(*config.Config) (relay.Options, error)) (relay.Result, error) {
	o, err := options(cfg)
	if err != nil {
		return relay.Result{}, err
	}
	client := relay.New(o)
	r := client.Check(ctx)
	return r, client.Close()
}
