// Package accounts keeps where people's mail is elsewhere: per person the IMAP account it
// is read from and the SMTP account it is sent through, with what logs in there.
//
// Invariants:
//   - A password or token is sealed before it reaches the database (package secrets) and
//     bound to person, side, server and user: a row changed by hand opens nothing.
//   - What another process changed holds at the next question; nothing is remembered but
//     access tokens, and those by what they were made from.
//   - A refresh token that the provider exchanged is stored before the new access token
//     is used: a crash loses no login.
//   - No error, log line or JSON of this package holds a secret.
//
// It is not responsible for talking SMTP or IMAP, nor for telling people: it says when
// there is news (Refused, Works).
package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"tidepost/secrets"
	"tidepost/store"
)

// The sides of somebody's mail.
const (
	IMAP = store.SideIMAP
	SMTP = store.SideSMTP
)

// A Security is how the connection is protected. Certificates are verified.
type Security string

// The securities. A login crosses nothing but loopback in clear.
const (
	TLS      Security = "tls"      // from the first octet (RFC 8314)
	StartTLS Security = "starttls" // or nothing
	None     Security = "none"     // on this machine only
)

// A Filer says who puts a copy of what was sent into the folder Sent: one copy is wanted.
type Filer string

// The filers.
const (
	Provider Filer = "provider" // its SMTP server does, as Gmail's and Exchange's do
	Tidepost Filer = "tidepost" // nobody else does
	Client   Filer = "client"   // the mail program does, and Tidepost what it composed itself
)

// An Account is one side of a person's mail elsewhere. It holds no secret.
type Account struct {
	ID       int64
	Person   int64
	Side     store.Side
	Addr     string // host:port
	Security Security
	User     string
	OAuth    bool // logs in with a token, not a password
	Sent     Filer
	State    store.AccountState
	Trouble  string // what the server said when it refused
	Changed  time.Time
	Sieve    string // where ManageSieve is: host:port, NoSieve, or "" to look for it

	sealed []byte
}

// What a Sieve may be besides host:port.
const (
	NoSieve   = "none" // the provider's scripts are not to be used
	FindSieve = "auto" // SetSieve: look for it again
)

// Same reports whether b is a as it was set: what became of the logins does not count.
func (a Account) Same(b Account) bool {
	return a.ID == b.ID && a.Addr == b.Addr && a.Security == b.Security && a.User == b.User && a.OAuth == b.OAuth && a.Sent == b.Sent &&
		(a.OAuth || bytes.Equal(a.sealed, b.sealed)) // A token is sealed anew with each renewal, and asked for each time.
}

// Host is the name in the server's certificate.
func (a Account) Host() string {
	host, _, err := net.SplitHostPort(a.Addr)
	if err != nil {
		return a.Addr
	}
	return host
}

// Port is where it listens; 0 cannot be.
func (a Account) Port() int {
	_, port, err := net.SplitHostPort(a.Addr)
	n, perr := strconv.Atoi(port)
	if err != nil || perr != nil {
		return 0
	}
	return n
}

// purpose is what the secret is bound to.
func (a Account) purpose() string {
	return fmt.Sprintf("account %d %s %s %s", a.Person, a.Side, a.Addr, a.User)
}

// Settings are what an admin says of an account.
type Settings struct {
	Side     store.Side
	Addr     string   // host, or host:port; the usual port without one
	Security Security // "": as the port says
	User     string
	Password string // or OAuth
	OAuth    *OAuth
	Sent     Filer  // "": as the host says
	Sieve    string // ManageSieve of an IMAP account: host, host:port or NoSieve; "": as it was at this server, else look for it
}

// ErrInvalid is wrapped by what Set refuses.
var ErrInvalid = errors.New("not possible")

func invalid(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrInvalid, fmt.Sprintf(format, args...))
}

// WithDefaults fills in port, security and who files Sent, and says what cannot work.
func (s Settings) WithDefaults() (Settings, error) {
	if s.Side != IMAP && s.Side != SMTP {
		return s, invalid("side %q, want imap or smtp", s.Side)
	}
	var err error
	if s.Addr, err = serverAddress(s.Addr, map[store.Side]string{IMAP: "993", SMTP: "587"}[s.Side]); err != nil {
		return s, err
	}
	host, port, _ := net.SplitHostPort(s.Addr)
	if s.Security == "" {
		s.Security = StartTLS
		if port == "993" || port == "465" {
			s.Security = TLS
		}
	}
	if s.Sent == "" {
		s.Sent = Client
		if filesSent(host) {
			s.Sent = Provider
		}
	}
	switch {
	case !slices.Contains([]Security{TLS, StartTLS, None}, s.Security):
		return s, invalid("security %q, want tls, starttls or none", s.Security)
	case s.Security == None && !loopback(host):
		return s, invalid("security none would send the login in clear text to %s; it is for this machine only", host)
	case !slices.Contains([]Filer{Provider, Tidepost, Client}, s.Sent):
		return s, invalid("sent %q, want provider, tidepost or client", s.Sent)
	case s.User == "" || len(s.User) > 320 || strings.ContainsFunc(s.User, unicode.IsControl):
		return s, invalid("the user must have 1 to 320 characters and no control characters")
	case (s.Password == "") == (s.OAuth == nil):
		return s, invalid("give either a password or an OAuth token")
	case len(s.Password) > 1024 || strings.ContainsRune(s.Password, 0) || !utf8.ValidString(s.Password):
		return s, invalid("the password must be UTF-8 of at most 1024 octets, and without NUL")
	}
	if s.Sieve, err = sieveAddress(s.Sieve); err != nil {
		return s, err
	}
	if s.Sieve == FindSieve {
		s.Sieve = ""
	}
	if s.OAuth != nil {
		return s, s.OAuth.Validate()
	}
	return s, nil
}

// sievePort is where ManageSieve listens (RFC 5804 §1.8).
const sievePort = "4190"

// sieveAddress completes host to host:port.
func sieveAddress(s string) (string, error) {
	if s == "" || s == NoSieve || s == FindSieve {
		return s, nil
	}
	return serverAddress(s, sievePort)
}

// serverAddress completes host to host:port.
func serverAddress(addr, usual string) (string, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		host, port = strings.Trim(addr, "[]"), usual
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	n, err := strconv.ParseUint(port, 10, 16)
	_, ipErr := netip.ParseAddr(host)
	if err != nil || n == 0 || host == "" || len(host) > 253 ||
		ipErr != nil && strings.Trim(host, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		return "", invalid("%q is no server, write host or host:port", addr)
	}
	return net.JoinHostPort(host, port), nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

// filesSent knows the providers that put what goes through their SMTP server into Sent by
// themselves.
func filesSent(host string) bool {
	for _, h := range []string{"gmail.com", "googlemail.com", "google.com", "office365.com", "outlook.com"} {
		if host == h || strings.HasSuffix(host, "."+h) {
			return true
		}
	}
	return false
}

// Options are what a Keeper works with.
type Options struct {
	DB   *store.DB
	Box  *secrets.Box
	HTTP *http.Client // for token endpoints; nil: one with a time limit and no redirects
	Log  *slog.Logger
}

// A Keeper answers for accounts. It is safe for concurrent use.
type Keeper struct {
	db   *store.DB
	box  *secrets.Box
	http *http.Client
	log  *slog.Logger

	mu    sync.Mutex
	turns map[string]*turn // by purpose or route: one refresh at a time
}

// New returns a keeper.
func New(o Options) *Keeper {
	if o.HTTP == nil {
		o.HTTP = &http.Client{Timeout: refreshTime, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse // A redirect would carry the refresh token elsewhere.
		}}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{db: o.DB, box: o.Box, http: o.HTTP, log: o.Log, turns: map[string]*turn{}}
}

// Set writes a person's account on one side, in place of what there was.
func (k *Keeper) Set(ctx context.Context, person int64, s Settings, now time.Time) (a Account, err error) {
	err = k.db.Update(ctx, func(tx *store.Tx) error {
		a, err = k.set(tx, person, s, now)
		return err
	})
	return a, err
}

// SetAll writes accounts of many people: all of them or none.
func (k *Keeper) SetAll(ctx context.Context, all map[int64][]Settings, now time.Time) error {
	return k.db.Update(ctx, func(tx *store.Tx) error {
		for _, person := range slices.Sorted(maps.Keys(all)) {
			for _, s := range all[person] {
				if _, err := k.set(tx, person, s, now); err != nil {
					return fmt.Errorf("account of person %d: %w", person, err)
				}
			}
		}
		return nil
	})
}

func (k *Keeper) set(tx *store.Tx, person int64, s Settings, now time.Time) (Account, error) {
	s, err := s.WithDefaults()
	if err != nil {
		return Account{}, err
	}
	a := Account{Person: person, Side: s.Side, Addr: s.Addr, Security: s.Security, User: s.User, OAuth: s.OAuth != nil,
		Sent: s.Sent, Sieve: s.Sieve, State: store.AccountNew, Changed: now}
	plain, err := secret{Password: s.Password, OAuth: s.OAuth}.encode()
	if err != nil {
		return a, err
	}
	if a.sealed, err = k.box.Seal(a.purpose(), plain); err != nil {
		return a, err
	}
	row := a.row()
	err = tx.PutAccount(&row)
	a.ID, a.Sieve = row.ID, row.Sieve
	return a, err
}

// SetSieve says where the scripts of a person's IMAP account are, without its login.
// store.ErrNotFound.
func (k *Keeper) SetSieve(ctx context.Context, person int64, sieve string, now time.Time) error {
	sieve, err := sieveAddress(sieve)
	if err != nil {
		return err
	}
	if sieve == FindSieve {
		sieve = ""
	}
	return k.db.Update(ctx, func(tx *store.Tx) error { return tx.SetAccountSieve(person, sieve, now) })
}

// Of returns a person's account on one side. store.ErrNotFound.
func (k *Keeper) Of(ctx context.Context, person int64, side store.Side) (a Account, err error) {
	err = k.db.View(ctx, func(tx *store.Tx) error {
		row, err := tx.Account(person, side)
		a = account(row)
		return err
	})
	return a, err
}

// All returns all accounts, those of one person together.
func (k *Keeper) All(ctx context.Context) (out []Account, err error) {
	err = k.db.View(ctx, func(tx *store.Tx) error {
		rows, err := tx.Accounts()
		for _, r := range rows {
			out = append(out, account(r))
		}
		return err
	})
	return out, err
}

// Remove forgets a person's account on one side. store.ErrNotFound.
func (k *Keeper) Remove(ctx context.Context, person int64, side store.Side) error {
	return k.db.Update(ctx, func(tx *store.Tx) error { return tx.RemoveAccount(person, side) })
}

// Works notes that a login went well. News is true if it had not before.
func (k *Keeper) Works(ctx context.Context, a Account, now time.Time) (news bool, err error) {
	return k.note(ctx, a, store.AccountWorks, "", now)
}

// Refused notes that the server does not let us in, and what it said. News is true the
// first time: then the person and the admin are to be told.
func (k *Keeper) Refused(ctx context.Context, a Account, said string, now time.Time) (news bool, err error) {
	return k.note(ctx, a, store.AccountRefused, tame(said), now)
}

func (k *Keeper) note(ctx context.Context, a Account, to store.AccountState, said string, now time.Time) (news bool, err error) {
	if a.State == to {
		return false, nil
	}
	err = k.db.Update(ctx, func(tx *store.Tx) error {
		news, err = tx.SetAccountState(a.ID, to, said, now)
		return err
	})
	return news, err
}

// tame bounds and cleans what a server said.
func tame(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
	if r := []rune(s); len(r) > 300 {
		s = string(r[:300]) + "…"
	}
	return s
}

// Rotate seals everything with a new key and forgets the old one. It returns how many
// secrets there are.
func (k *Keeper) Rotate(ctx context.Context, now time.Time) (n int, err error) {
	err = k.box.Rotate(func(current func([]byte) bool) error {
		return k.db.Update(ctx, func(tx *store.Tx) error {
			n, err = k.reseal(tx, current, now)
			return err
		})
	})
	return n, err
}

func (k *Keeper) reseal(tx *store.Tx, current func([]byte) bool, now time.Time) (n int, err error) {
	again := func(purpose string, sealed []byte, put func([]byte) error) error {
		n++
		if current(sealed) {
			return nil
		}
		plain, err := k.box.Open(purpose, sealed)
		if err != nil {
			return fmt.Errorf("%s: %w", purpose, err)
		}
		fresh, err := k.box.Seal(purpose, plain)
		if err != nil {
			return err
		}
		return put(fresh)
	}
	rows, err := tx.Accounts()
	if err != nil {
		return 0, err
	}
	for _, r := range rows {
		err := again(account(r).purpose(), r.Secret, func(fresh []byte) error { return tx.SetAccountSecret(r.ID, r.Secret, fresh) })
		if err != nil {
			return 0, err
		}
	}
	routes, err := tx.RouteTokens()
	if err != nil {
		return 0, err
	}
	for _, r := range routes {
		err := again(routePurpose(r.Route), r.Secret, func(fresh []byte) error {
			return tx.PutRouteToken(store.RouteToken{Route: r.Route, Secret: fresh}, now)
		})
		if err != nil {
			return 0, err
		}
	}
	return n, nil
}

func account(r store.Account) Account {
	return Account{ID: r.ID, Person: r.Person, Side: r.Side, Addr: r.Addr, Security: Security(r.Security), User: r.User,
		OAuth: r.Auth == "oauth", Sent: Filer(r.Sent), State: r.State, Trouble: r.Trouble, Changed: r.Changed, Sieve: r.Sieve, sealed: r.Secret}
}

func (a Account) row() store.Account {
	auth := "password"
	if a.OAuth {
		auth = "oauth"
	}
	return store.Account{ID: a.ID, Person: a.Person, Side: a.Side, Addr: a.Addr, Security: string(a.Security), User: a.User,
		Auth: auth, Secret: a.sealed, Sent: string(a.Sent), State: a.State, Trouble: a.Trouble, Changed: a.Changed, Sieve: a.Sieve}
}
