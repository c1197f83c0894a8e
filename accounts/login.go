package accounts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"tidepost/store"
)

// A secret is what is sealed: one of the two.
type secret struct {
	Password string `json:"password,omitempty"`
	OAuth    *OAuth `json:"oauth,omitempty"`
	File     string `json:"file,omitempty"` // routes: a hash of the file the token came from
}

func (s secret) encode() ([]byte, error) {
	plain, err := json.Marshal(s)
	if err != nil {
		return nil, errors.New("the secret cannot be stored")
	}
	return plain, nil
}

// A Credential is what logs in: a password or an access token. It is never printed.
type Credential struct {
	User     string
	Password string
	Token    string // for XOAUTH2 and OAUTHBEARER (RFC 7628)
}

// String keeps it out of every log.
func (c Credential) String() string { return c.User + " (secret)" }

// GoString is the same for %#v.
func (c Credential) GoString() string { return c.String() }

// A turn lets one refresh of a token happen at a time.
type turn struct {
	mu sync.Mutex
	// broke and until keep a token endpoint that does not answer from being asked by every
	// mail that waits.
	broke error
	until time.Time
	of    string // with which secret it was asked: another one may be better
}

// patience is how long a token endpoint that failed is left alone.
const patience = 30 * time.Second

func (k *Keeper) turn(name string) *turn {
	k.mu.Lock()
	defer k.mu.Unlock()
	t := k.turns[name]
	if t == nil {
		t = &turn{}
		k.turns[name] = t
	}
	return t
}

// Login returns what logs in to an account. refused is an access token that the server did
// not take, "" if there was none: unless there is a newer one already, one is fetched.
// ErrRefused: the token endpoint wants somebody to log in again.
func (k *Keeper) Login(ctx context.Context, a Account, refused string, now time.Time) (Credential, error) {
	c := Credential{User: a.User}
	if !a.OAuth {
		s, err := k.open(a.purpose(), a.sealed)
		c.Password = s.Password
		return c, err
	}
	t := k.turn(a.purpose())
	t.mu.Lock()
	defer t.mu.Unlock()
	// What another process or another mail fetched meanwhile is as good.
	a, err := k.Of(ctx, a.Person, a.Side)
	if err != nil {
		return c, err
	}
	s, err := k.open(a.purpose(), a.sealed)
	if err != nil {
		return c, err
	}
	if s.OAuth == nil {
		return Credential{User: a.User, Password: s.Password}, nil // It was changed meanwhile.
	}
	c.Token, err = k.renew(ctx, t, s.OAuth, string(a.sealed), refused, now, func(o OAuth) error {
		return k.db.Update(ctx, func(tx *store.Tx) error {
			fresh, err := k.seal(a.purpose(), secret{OAuth: &o})
			if err != nil {
				return err
			}
			return tx.SetAccountSecret(a.ID, a.sealed, fresh)
		})
	})
	return c, err
}

// RouteLogin is Login for a route that the configuration names, with the content of its
// OAuth file. A new file begins anew.
func (k *Keeper) RouteLogin(ctx context.Context, route, user string, file []byte, refused string, now time.Time) (Credential, error) {
	c := Credential{User: user}
	o, err := ParseOAuth(file)
	if err != nil {
		return c, err
	}
	sum := sha256.Sum256(file)
	from := hex.EncodeToString(sum[:])
	purpose := routePurpose(route)
	t := k.turn(purpose)
	t.mu.Lock()
	defer t.mu.Unlock()
	var rows []store.RouteToken
	if err := k.db.View(ctx, func(tx *store.Tx) (err error) { rows, err = tx.RouteTokens(); return err }); err != nil {
		return c, err
	}
	for _, r := range rows {
		if r.Route != route {
			continue
		}
		// What cannot be opened is made again from the file.
		if s, err := k.open(purpose, r.Secret); err == nil && s.File == from && s.OAuth != nil {
			o = s.OAuth
		}
	}
	c.Token, err = k.renew(ctx, t, o, from, refused, now, func(o OAuth) error {
		return k.db.Update(ctx, func(tx *store.Tx) error {
			fresh, err := k.seal(purpose, secret{OAuth: &o, File: from})
			if err != nil {
				return err
			}
			return tx.PutRouteToken(store.RouteToken{Route: route, Secret: fresh}, now)
		})
	})
	return c, err
}

func routePurpose(route string) string { return "route " + route }

// renew returns the access token of o, a new one if it ends soon or was refused. of tells
// the settings that o is from.
func (k *Keeper) renew(ctx context.Context, t *turn, o *OAuth, of, refused string, now time.Time, keep func(OAuth) error) (string, error) {
	if o.fresh(now) && o.AccessToken != refused {
		return o.AccessToken, nil
	}
	if t.broke != nil && t.of == of && now.Before(t.until) {
		return "", t.broke
	}
	fresh, err := o.refresh(ctx, k.http, now)
	if err != nil {
		if ctx.Err() == nil {
			t.broke, t.until, t.of = err, now.Add(patience), of
		}
		return "", err
	}
	t.broke = nil
	if err := keep(fresh); err != nil {
		// A settings change came between: the new settings hold from the next mail on.
		return "", fmt.Errorf("keep the new token: %w", err)
	}
	return fresh.AccessToken, nil
}

func (k *Keeper) seal(purpose string, s secret) ([]byte, error) {
	plain, err := s.encode()
	if err != nil {
		return nil, err
	}
	return k.box.Seal(purpose, plain)
}

func (k *Keeper) open(purpose string, sealed []byte) (s secret, err error) {
	plain, err := k.box.Open(purpose, sealed)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(plain, &s); err != nil {
		return s, errors.New("open a secret: it is of a newer version")
	}
	return s, nil
}
