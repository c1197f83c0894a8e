package gateway

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/relay"
	"tidepost/secrets"
	"tidepost/store"
)

// A way is one smarthost that mail may take: the team's, that of a domain, or that of a
// person.
type way struct {
	route  string // for the queue; "" is the team's
	via    string // for alarms; "" is the team's
	sent   accounts.Filer
	client *relay.Client
	person int64 // whose own it is; 0: nobody's

	mu      sync.Mutex
	account accounts.Account
	refused relay.Result // of the last login
	until   time.Time    // no login is tried before
	told    bool         // the person knows of a refusal, and not yet that it is over
}

// loginRest is how long a smarthost that refused a person's login is left alone: each try
// counts with those providers that lock accounts.
const loginRest = 10 * time.Minute

// routes choose the way of each mail: the author's own account, else that of the domain
// that it is from, else the team's.
type routes struct {
	cfg    *config.Config
	site   Site
	keeper *accounts.Keeper
	team   *way
	domain map[string]*way // by sender's domain
	all    []*way          // team and domains

	mu     sync.RWMutex
	people map[int64]*way
}

// noRoutes are those of somebody who sends nothing.
func noRoutes() *routes {
	w := &way{client: relay.New(relay.Options{})}
	return &routes{team: w, all: []*way{w}}
}

// newRoutes makes the ways that the configuration names; those of people come with look.
func newRoutes(cfg *config.Config, site Site, keeper *accounts.Keeper) (*routes, error) {
	r := &routes{cfg: cfg, site: site, keeper: keeper, domain: map[string]*way{}, people: map[int64]*way{}}
	var err error
	if r.team, err = r.open("", "relay", cfg.Relay); err != nil {
		return nil, err
	}
	for i, p := range cfg.Relay.Providers {
		name := fmt.Sprintf("relay.provider[%d]", i+1)
		w, err := r.open(p.Host, name, p.Relay)
		if err != nil {
			return nil, errors.Join(err, r.Close())
		}
		for _, d := range p.Domains {
			r.domain[d] = w
		}
	}
	return r, nil
}

// open makes a way of the configuration. via is how the queue and alarms call it.
func (r *routes) open(via, section string, c config.Relay) (*way, error) {
	o, err := routeOptions(r.cfg, section, c)
	if err != nil {
		return nil, err
	}
	if file := []byte(c.OAuth.Reveal()); c.OAuthFile != "" {
		if _, err := accounts.ParseOAuth(file); err != nil {
			return nil, fmt.Errorf("%s.oauth_file: %w", section, err)
		}
		o.Login = func(ctx context.Context, refused relay.Secret) (relay.Credential, error) {
			cred, err := r.keeper.RouteLogin(ctx, section+" "+c.Host+" "+c.User, c.User, file, string(refused), time.Now())
			return credential(cred), loginError(err)
		}
	}
	w := &way{route: via, via: via, sent: accounts.Filer(c.Sent), client: relay.New(r.reach(o))}
	r.all = append(r.all, w)
	return w, nil
}

// reach sets how servers are connected to.
func (r *routes) reach(o relay.Options) relay.Options {
	o.Dial = r.site.Dial
	return o
}

func credential(c accounts.Credential) relay.Credential {
	return relay.Credential{User: c.User, Password: relay.Secret(c.Password), Token: relay.Secret(c.Token)}
}

// loginError says in the relay's words whether waiting helps.
func loginError(err error) error {
	for _, final := range []error{accounts.ErrRefused, secrets.ErrNoKey, secrets.ErrKey, secrets.ErrDamaged} {
		if errors.Is(err, final) {
			return fmt.Errorf("%w: %w", relay.ErrRefused, err)
		}
	}
	return err
}

// personal makes the way of a person's own account.
func (r *routes) personal(a accounts.Account) (*way, error) {
	o := relay.Options{
		Mode: relay.ModeSmarthost, Host: a.Host(), Port: a.Port(), ServerName: a.Host(), HeloName: r.cfg.Server.Hostname,
		Self: r.cfg.Server.Domains, MaxConns: personalConnections, TLS: relay.TLSMode(a.Security), ClearAuth: a.Security == accounts.None,
		Login: func(ctx context.Context, refused relay.Secret) (relay.Credential, error) {
			cred, err := r.keeper.Login(ctx, a, string(refused), time.Now())
			return credential(cred), loginError(err)
		},
	}
	var err error
	if o.RootCAs, err = authorities(r.cfg.Accounts.CAFile, "accounts.ca_file"); err != nil {
		return nil, err
	}
	if err := o.Validate(); err != nil {
		return nil, err
	}
	return &way{route: fmt.Sprintf("account %d", a.ID), via: a.Addr, sent: a.Sent, client: relay.New(r.reach(o)), person: a.Person, account: a}, nil
}

// personalConnections is how many connections one account has: providers close the door
// to those that open many.
const personalConnections = 3

// authorities reads a file of certificates; "" is nil, the system's.
func authorities(path, key string) (*x509.CertPool, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // None is what tls.Config calls the system's.
	}
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", key, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read %s: %s holds no certificate", key, path)
	}
	return pool, nil
}

// lookAtAccounts takes over what changed in people's accounts.
func (g *Gateway) lookAtAccounts(ctx context.Context) error {
	if g.relay.keeper == nil {
		return nil // A desk sends nothing.
	}
	return g.relay.look(ctx)
}

// noLogin stands where a token will be asked for.
func noLogin(context.Context, relay.Secret) (relay.Credential, error) {
	return relay.Credential{}, errors.New("tokens are renewed by the running server only")
}

// look reads people's accounts anew. Ways that did not change keep their connections.
func (r *routes) look(ctx context.Context) error {
	all, err := r.keeper.All(ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	fresh := map[int64]*way{}
	var bad error
	for _, a := range all {
		if a.Side != accounts.SMTP {
			continue
		}
		old := r.people[a.Person]
		if old != nil && old.known().Same(a) {
			old.know(a)
			fresh[a.Person] = old
			continue
		}
		w, err := r.personal(a)
		if err != nil {
			bad = errors.Join(bad, fmt.Errorf("account of person %d: %w", a.Person, err))
			continue
		}
		w.told = old != nil && old.hasTold()
		fresh[a.Person] = w
	}
	for id, w := range r.people {
		if fresh[id] != w {
			go w.client.Close() //nolint:errcheck // It ends idle connections; mail on the way ends its own.
		}
	}
	r.people = fresh
	return bad
}

// know takes over what the database says of the last login. Settings that were entered
// anew are tried at once: a token does not show that it is another one.
func (w *way) know(a accounts.Account) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.account.State == store.AccountRefused && a.State == store.AccountNew {
		w.told, w.until = true, time.Time{}
	}
	w.account = a
}

// hasTold reports whether the person knows that the login was refused.
func (w *way) hasTold() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.told || w.account.State == store.AccountRefused
}

func (w *way) known() accounts.Account {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.account
}

// of is the way of mail by an author with a reverse-path.
func (r *routes) of(author int64, from mail.Address) *way {
	if author != 0 {
		r.mu.RLock()
		w := r.people[author]
		r.mu.RUnlock()
		if w != nil {
			return w
		}
	}
	if w := r.domain[strings.ToLower(from.Domain)]; w != nil && !from.IsNull() {
		return w
	}
	return r.team
}

// Send hands on mail of nobody here: by the domain that it is from, or the team's way.
func (r *routes) Send(ctx context.Context, job relay.Job) []relay.Result {
	return r.of(0, job.From).client.Send(ctx, job)
}

// Close ends all unused connections.
func (r *routes) Close() error {
	var err error
	for _, w := range r.all {
		err = errors.Join(err, w.client.Close())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.people {
		err = errors.Join(err, w.client.Close())
	}
	return err
}

// Route implements queue.Router.
func (s sender) Route(author int64, from, to mail.Address) string {
	w := s.g.relay.of(author, from)
	if w.route != "" {
		return w.route
	}
	return w.client.Route(to)
}

// rests answers for a smarthost that refused the login a moment ago.
func (w *way) rests(job relay.Job, now time.Time) ([]relay.Result, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.person == 0 || !now.Before(w.until) {
		return nil, false
	}
	out := make([]relay.Result, len(job.Recipients))
	for i := range out {
		out[i] = w.refused
		out[i].Recipient = job.Recipients[i].Address
	}
	return out, true
}

// saw notes how the login of a person's account went, and tells who must know.
func (s sender) saw(w *way, results []relay.Result, now time.Time) {
	if w.person == 0 || len(results) == 0 {
		return
	}
	w.mu.Lock()
	a := w.account
	for _, r := range results {
		switch {
		case r.Refused:
			w.refused, w.until = r, now.Add(loginRest)
			w.mu.Unlock()
			s.tell(w, a, store.AccountRefused, r.Reply.Text, now)
			return
		case r.Delivered, r.Said:
			w.until = time.Time{}
			w.mu.Unlock()
			s.tell(w, a, store.AccountWorks, "", now)
			return
		}
	}
	w.mu.Unlock()
}

// tell tells the person and the admin of news of an account, once.
func (s sender) tell(w *way, a accounts.Account, to store.AccountState, said string, now time.Time) {
	if a.State == to {
		return
	}
	ctx := context.Background()
	note, told := s.g.relay.keeper.Works, w.hasTold()
	if to == store.AccountRefused {
		note = func(ctx context.Context, a accounts.Account, now time.Time) (bool, error) {
			return s.g.relay.keeper.Refused(ctx, a, said, now)
		}
	}
	news, err := note(ctx, a, now)
	if err != nil {
		s.g.log.Error("note how a login went", "account", a.Addr, "err", err)
		return
	}
	a.State = to
	w.mu.Lock()
	w.account, w.told = a, false
	w.mu.Unlock()
	p, ok := s.g.dir.ByID(a.Person)
	if !news || !ok {
		return
	}
	writer, reader := s.g.inbox.Letters(), digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}
	about := digest.Account{Host: a.Host(), User: a.User, Said: said}
	letter := writer.SendingRefused(reader, about)
	switch {
	case to == store.AccountRefused:
		s.g.alarm("account of "+p.Address.String(), fmt.Sprintf("%s refuses the login of %s, whose mail waits: %s. Enter the new password with \"tidepost account set\".", a.Addr, a.User, said))
	case told:
		letter = writer.SendingWorks(reader, about)
	default:
		return // The first login that went well is no news to anybody.
	}
	err = s.g.db.Update(ctx, func(tx *store.Tx) error {
		_, err := s.g.inbox.PutAtWork(tx, p, letter, now)
		return err
	})
	if err != nil {
		s.g.log.Error("tell of an account", "person", p.Address.String(), "err", err)
	}
}

// newKeeper keeps people's accounts for the server.
func newKeeper(cfg *config.Config, db *store.DB) *accounts.Keeper {
	return accounts.New(accounts.Options{DB: db, Box: secrets.Open(cfg.Server.Data, rand.Reader)})
}

// filesSent reports whether Tidepost puts what a person sends into Sent, because neither
// their client nor the server it goes through does.
func (g *Gateway) filesSent(author int64) bool {
	p, ok := g.dir.ByID(author)
	return ok && g.relay.of(author, p.Address).sent == accounts.Tidepost
}

// AccountAuthorities are those that people's accounts are verified by; nil: the system's.
func AccountAuthorities(cfg *config.Config) (*x509.CertPool, error) {
	return authorities(cfg.Accounts.CAFile, "accounts.ca_file")
}

// CheckAccount opens a session with the server that a person's mail is sent through, login
// included, and closes it.
func CheckAccount(ctx context.Context, cfg *config.Config, k *accounts.Keeper, a accounts.Account) (relay.Result, error) {
	w, err := (&routes{cfg: cfg, keeper: k}).personal(a)
	if err != nil {
		return relay.Result{}, err
	}
	res := w.client.Check(ctx)
	return res, w.client.Close()
}
