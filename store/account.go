package store

import (
	"fmt"
	"time"
)

// A Side says which half of somebody's mail an account is for.
type Side string

// The sides.
const (
	SideIMAP Side = "imap" // mail is read from there
	SideSMTP Side = "smtp" // mail is sent through there
)

// An AccountState says how the last login went.
type AccountState string

// The states: an account that is refused is left alone until somebody changes it, but for
// a try now and then.
const (
	AccountNew     AccountState = "new"
	AccountWorks   AccountState = "works"
	AccountRefused AccountState = "refused"
)

// An Account is where a person's mail is elsewhere, as stored. Secret is sealed.
type Account struct {
	ID, Person int64
	Side       Side
	Addr       string // host:port
	Security   string // "tls", "starttls" or "none"
	User       string
	Auth       string // "password" or "oauth"
	Secret     []byte
	Sent       string // who files what was sent: "provider", "tidepost" or "client"
	State      AccountState
	Trouble    string
	Changed    time.Time
	Sieve      string // host:port of ManageSieve, "none", or "" to look for it
}

const accountColumns = `id, person_id, side, addr, security, user, auth, secret, sent, state, trouble, changed, sieve`

func (a *Account) fields() []any {
	return []any{&a.ID, &a.Person, (*string)(&a.Side), &a.Addr, &a.Security, &a.User, &a.Auth, &a.Secret, &a.Sent,
		(*string)(&a.State), &a.Trouble, (*stamp)(&a.Changed), &a.Sieve}
}

// PutAccount writes all of a, in place of what the person had on that side. It sets a.ID,
// which stays what it was, and keeps where the scripts of the same server are if a does not
// say so.
func (tx *Tx) PutAccount(a *Account) error {
	err := tx.row([]any{&a.ID, &a.Sieve}, `INSERT INTO account (person_id, side, addr, security, user, auth, secret, sent, state, trouble, changed, sieve)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (person_id, side) DO UPDATE SET addr = excluded.addr, security = excluded.security, user = excluded.user,
			auth = excluded.auth, secret = excluded.secret, sent = excluded.sent, state = excluded.state,
			trouble = excluded.trouble, changed = excluded.changed,
			sieve = iif(excluded.sieve = '' AND addr = excluded.addr, sieve, excluded.sieve)
		RETURNING id, sieve`,
		a.Person, string(a.Side), a.Addr, a.Security, a.User, a.Auth, a.Secret, a.Sent, string(a.State), a.Trouble, stamp(a.Changed), a.Sieve)
	if err != nil {
		return fmt.Errorf("put %s account of %d: %w", a.Side, a.Person, err)
	}
	return nil
}

// Accounts returns all accounts, those of one person together.
func (tx *Tx) Accounts() ([]Account, error) {
	out, err := all(tx, (*Account).fields, `SELECT `+accountColumns+` FROM account ORDER BY person_id, side`)
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return out, nil
}

// Account returns a person's account on one side. ErrNotFound.
func (tx *Tx) Account(person int64, side Side) (Account, error) {
	var a Account
	err := tx.row(a.fields(), `SELECT `+accountColumns+` FROM account WHERE person_id = ? AND side = ?`, person, string(side))
	if err != nil {
		return a, fmt.Errorf("read %s account of %d: %w", side, person, err)
	}
	return a, nil
}

// RemoveAccount forgets a person's account on one side. ErrNotFound.
func (tx *Tx) RemoveAccount(person int64, side Side) error {
	n, err := tx.exec(`DELETE FROM account WHERE person_id = ? AND side = ?`, person, string(side))
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("remove %s account of %d: %w", side, person, err)
	}
	return nil
}

// SetAccountState notes how a login went, if it is news. changed is false if it was known,
// or if somebody else noted it first: then nobody need be told again.
func (tx *Tx) SetAccountState(id int64, to AccountState, trouble string, now time.Time) (changed bool, err error) {
	n, err := tx.exec(`UPDATE account SET state = ?, trouble = ?, changed = ? WHERE id = ? AND state <> ?`,
		string(to), trouble, stamp(now), id, string(to))
	if err != nil {
		return false, fmt.Errorf("set state of account %d: %w", id, err)
	}
	return n == 1, nil
}

// SetAccountSieve says where the scripts of a person's IMAP account are. ErrNotFound.
func (tx *Tx) SetAccountSieve(person int64, sieve string, now time.Time) error {
	n, err := tx.exec(`UPDATE account SET sieve = ?, changed = ? WHERE person_id = ? AND side = 'imap'`, sieve, stamp(now), person)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set sieve of account of %d: %w", person, err)
	}
	return nil
}

// SetAccountSecret exchanges the sealed secret of an account for a newer form, if it is
// still the one it was. ErrConflict.
func (tx *Tx) SetAccountSecret(id int64, from, to []byte) error {
	n, err := tx.exec(`UPDATE account SET secret = ? WHERE id = ? AND secret = ?`, to, id, from)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("set secret of account %d: %w", id, err)
	}
	return nil
}

// A RouteToken is the newest OAuth token of a route of the configuration, sealed.
type RouteToken struct {
	Route  string
	Secret []byte
}

// RouteTokens returns the tokens of all routes.
func (tx *Tx) RouteTokens() ([]RouteToken, error) {
	out, err := all(tx, func(r *RouteToken) []any { return []any{&r.Route, &r.Secret} },
		`SELECT route, secret FROM route_token ORDER BY route`)
	if err != nil {
		return nil, fmt.Errorf("read tokens of routes: %w", err)
	}
	return out, nil
}

// PutRouteToken remembers the newest token of a route.
func (tx *Tx) PutRouteToken(r RouteToken, now time.Time) error {
	_, err := tx.exec(`INSERT INTO route_token (route, secret, changed) VALUES (?, ?, ?)
		ON CONFLICT (route) DO UPDATE SET secret = excluded.secret, changed = excluded.changed`, r.Route, r.Secret, stamp(now))
	if err != nil {
		return fmt.Errorf("put token of route %s: %w", r.Route, err)
	}
	return nil
}
