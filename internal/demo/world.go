package demo

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

const (
	domain   = "team.example"
	hostname = "mail.team.example"
	olga     = "olga@customer.example"

	liveUndo  = 10 * time.Second
	liveGrace = time.Minute
	tourUndo  = 2 * time.Second
	tourGrace = time.Second
)

// A pace is what a demo shortens, so that something can be seen.
type pace struct {
	undo, grace time.Duration
	outside     string // how mail from outside comes: "hours" or "tide"
}

// A resident is one of the two people.
type resident struct {
	name, address, city string
	zone                *time.Location
	zoneName            string
	phone               string
	password            string
}

// A world is everything that there is in a demo.
type world struct {
	dir      string // holds tidepost.toml, certificate, data and log
	data     string
	doors    Ports
	ana, mei resident
	tag      string    // of this demo, in the Message-IDs
	opening  time.Time // when Mei's day begins
	trust    *tls.Config
	gateway  *gateway.Gateway
	outside  *smarthost
	db       *store.DB // as another run of the program has it
	team     *people.Editor
	log      *os.File

	elsewhere *Provider // where the mailboxes are; nil: here
	shelves   map[string]shelf
	cfg       *config.Config
	filed     bool // new mail is filed before INBOX sees it
	back      bool // the accounts have been given back
}

// open builds a world in dir. Nothing runs yet.
func open(ctx context.Context, dir string, o Options, p pace) (w *world, err error) {
	w = &world{dir: dir, data: filepath.Join(dir, "data"), doors: o.Ports, elsewhere: o.Provider, filed: o.Provider == nil,
		tag: strconv.FormatInt(time.Now().Unix(), 36)}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	now := time.Now()
	if err := w.lookThere(); err != nil {
		return w, err
	}
	if w.outside, err = newSmarthost(o.Ports.Smarthost); err != nil {
		return w, err
	}
	if w.cfg, err = w.configure(p, now); err != nil {
		return w, err
	}
	if err := w.invite(ctx, now); err != nil {
		return w, err
	}
	if w.log, err = os.OpenFile(filepath.Join(dir, "tidepost.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
		return w, fmt.Errorf("open the log of the demo: %w", err)
	}
	w.gateway, err = gateway.Open(w.cfg, slog.New(slog.NewTextHandler(w.log, nil)))
	return w, err
}

// configure writes certificate and tidepost.toml, and reads them as anybody would.
func (w *world) configure(p pace, now time.Time) (*config.Config, error) {
	cert, key := filepath.Join(w.dir, "tidepost.crt"), filepath.Join(w.dir, "tidepost.key")
	if err := gateway.SelfSigned(cert, key, []string{"localhost", hostname, "127.0.0.1"}, now); err != nil {
		return nil, err
	}
	pem, err := os.ReadFile(cert)
	if err != nil {
		return nil, fmt.Errorf("read certificate: %w", err)
	}
	if w.trust, err = trust(pem); err != nil {
		return nil, err
	}
	if err := os.Mkdir(w.data, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	c := config.Default()
	c.Server = config.Server{Hostname: hostname, Domains: []string{domain}, Data: w.data}
	c.Listen = config.Listen{
		Submission: loopback(w.doors.Submission), Submissions: loopback(w.doors.Submissions), Inbound: loopback(w.doors.Inbound),
		IMAP: loopback(w.doors.IMAP), IMAPS: loopback(w.doors.IMAPS),
	}
	c.TLS.Cert, c.TLS.Key = cert, key
	c.Relay.Host, c.Relay.Port, c.Relay.TLS = "127.0.0.1", portOf(w.outside.listener.Addr()), "none"
	c.Hold.Undo, c.Hold.Grace, c.Hold.Spread = p.undo, p.grace, 0
	c.Batch.DigestEveryTide, c.Batch.Outside = true, p.outside
	c.Store.Reserve = 1 << 20
	if w.elsewhere != nil {
		c.Accounts.CAFile = w.elsewhere.CAFile
	}
	file := filepath.Join(w.dir, "tidepost.toml")
	if err := os.WriteFile(file, config.Template(c), 0o600); err != nil {
		return nil, fmt.Errorf("write configuration: %w", err)
	}
	return config.Load(file)
}

// trust is how a mail client connects that was told to trust just this certificate.
func trust(pem []byte) (*tls.Config, error) {
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("read certificate: there is none")
	}
	return &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12}, nil
}

// invite adds the two people, the one awake and the other asleep.
func (w *world) invite(ctx context.Context, now time.Time) error {
	db, err := store.Open(w.data)
	if err != nil {
		return err
	}
	w.db, w.team = db, people.NewEditor(db, []string{domain}, rand.Reader)
	awake, asleep := shifts(now)
	w.opening = asleep
	for _, r := range []struct {
		who  *resident
		self resident
		open time.Time
	}{
		{&w.ana, resident{name: "Ana Silva", address: "ana@" + domain, city: "London", zoneName: "Europe/London", phone: "+44 20 7946 0123"}, awake},
		{&w.mei, resident{name: "Mei Chen", address: "mei@" + domain, city: "Sydney", zoneName: "Australia/Sydney", phone: "+61 2 5550 0147"}, asleep},
	} {
		*r.who = r.self
		if err := w.settle(ctx, r.who, r.open, now); err != nil {
			return err
		}
	}
	return nil
}

// settle gives a resident a zone, a password and a place in the team.
func (w *world) settle(ctx context.Context, r *resident, open, now time.Time) (err error) {
	if r.zone, err = scheduler.LoadZone(r.zoneName); err != nil {
		return err
	}
	if r.password, err = people.GeneratePassword(rand.Reader); err != nil {
		return err
	}
	fields := map[people.Field]string{
		people.FieldName: r.name, people.FieldAddress: r.address, people.FieldZone: r.zoneName, people.FieldPhone: r.phone,
		people.FieldHours: hours(open, r.zone), people.FieldTides: tides(now, open, r.zone),
	}
	if w.elsewhere != nil {
		fields[people.FieldInbox] = string(people.MailboxIMAP)
	}
	e, err := w.team.Add(ctx, people.Request{Password: r.password, Fields: fields}, now)
	if err != nil || w.elsewhere == nil {
		return err
	}
	return w.register(ctx, e.ID, r, now)
}

// id is a Message-ID, without <>, that no other demo has used: a mailbox at a provider may
// have seen more than one.
func (w *world) id(what, host string) string { return what + "." + w.tag + "@" + host }

// set changes a person of the running gateway, as `tidepost people set` does.
func (w *world) set(ctx context.Context, who *resident, fields map[people.Field]string, now time.Time) error {
	if _, err := w.team.Set(ctx, who.address, people.Request{Fields: fields}, now); err != nil {
		return err
	}
	return gateway.Reload(ctx, w.data)
}

// run runs gateway and outside world, calls story when both take connections, and
// stops everything when it returns, the context ends or one of the two fails.
func (w *world) run(ctx context.Context, story func(context.Context) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return w.outside.serve(ctx) })
	group.Go(func() error { return w.gateway.Run(ctx) })
	group.Go(func() error {
		defer stop()
		select {
		case <-w.gateway.Ready():
		case <-ctx.Done():
			return nil // Whoever failed says why.
		}
		w.lookAround()
		return story(ctx)
	})
	return group.Wait()
}

// lookAround notes which ports were given where any would do.
func (w *world) lookAround() {
	for name, port := range map[string]*int{
		"submission": &w.doors.Submission, "submissions": &w.doors.Submissions, "inbound": &w.doors.Inbound,
		"imap": &w.doors.IMAP, "imaps": &w.doors.IMAPS,
	} {
		*port = portOf(w.gateway.Addr(name))
	}
	w.doors.Smarthost = portOf(w.outside.listener.Addr())
}

// close closes what run does not.
func (w *world) close() error {
	var errs []error
	if w.gateway == nil && w.outside != nil {
		errs = append(errs, w.outside.listener.Close())
	}
	if w.db != nil {
		errs = append(errs, w.db.Close())
	}
	if w.log != nil {
		errs = append(errs, w.log.Close())
	}
	return errors.Join(errs...)
}
