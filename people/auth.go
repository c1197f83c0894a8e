package people

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"time"

	"tidepost/mail"
)

// ErrLogin is the one answer to a wrong password, an unknown user and somebody who
// cannot log in: the peer must not learn which (RFC 4954 §6).
var ErrLogin = errors.New("user or password is wrong")

// A LockedError refuses an attempt unseen, after too many wrong passwords.
type LockedError struct{ For time.Duration }

// Error says how long the refusal lasts.
func (e *LockedError) Error() string {
	return fmt.Sprintf("too many wrong passwords: refused for %s", e.For.Round(time.Second))
}

// AuthOptions are the limits of an Authenticator.
type AuthOptions struct {
	Cores   int            // passwords checked at the same time; each takes 19 MiB
	Tries   int            // wrong passwords before a lock-out
	Lockout time.Duration  // how long it lasts
	Inside  []netip.Prefix // networks that are not locked out as a whole
}

// An Authenticator checks passwords. It is safe for concurrent use.
type Authenticator struct {
	directory *Directory
	cores     chan struct{} // semaphore: a flood of logins cannot eat memory
	limits    *limiter
	decoy     phc
	key       [32]byte // of this process, for the cache
	adoptions sync.WaitGroup

	mu       sync.Mutex
	verified map[int64][sha256.Size]byte // by person: the last good password, see mark
}

// NewAuthenticator returns an Authenticator for the people of d.
func NewAuthenticator(d *Directory, o AuthOptions) *Authenticator {
	a := &Authenticator{directory: d, cores: make(chan struct{}, max(o.Cores, 1)),
		limits: newLimiter(max(o.Tries, freeTries+1), o.Lockout, o.Inside), decoy: decoy(), verified: map[int64][sha256.Size]byte{}}
	rand.Read(a.key[:]) // Never fails (crypto/rand).
	return a
}

// A Login is who has logged in, and with what.
type Login struct {
	Person     *Person
	Credential int64 // of the app password, 0: the person's own password
	Device     bool  // a machine: its mail is never held, coached or clocked, and it steers nothing
}

// Authenticate returns the login of the person whose address is user and whose
// password, or app password, it is. A user without a domain is one of the main domain: many clients ask for a name only.
// The answer to a wrong password comes late, later with every further one. from may
// be the zero Addr on a unix socket.
//
// Errors: ErrLogin; a *LockedError; the error of ctx. The first two are for the
// peer to see as one and the same.
func (a *Authenticator) Authenticate(ctx context.Context, user, password string, from netip.Addr, now time.Time) (Login, error) {
	user = a.directory.qualify(strings.ToLower(user))
	p := a.find(user)
	if p != nil {
		user = p.Address.Key() // Aliases must not multiply the tries.
	}
	if wait := a.limits.blocked(user, from, now); wait > 0 {
		return Login{}, &LockedError{For: wait}
	}
	ok, err := a.check(ctx, p, password)
	if err != nil {
		return Login{}, err
	}
	if ok {
		a.limits.succeeded(user, from, now)
		return Login{Person: p}, nil
	}
	if err := wait(ctx, a.limits.failed(user, from, now)); err != nil {
		return Login{}, err
	}
	return Login{}, ErrLogin
}

// find returns the active person with the address user, or nil. A plus-address is
// no user name.
func (a *Authenticator) find(user string) *Person {
	i := strings.LastIndexByte(user, '@')
	if i < 0 {
		return nil
	}
	p, tag, ok := a.directory.ByAddress(mail.Address{Local: user[:i], Domain: user[i+1:]})
	if !ok || tag != "" {
		return nil
	}
	return p
}

// check does the work of one password whether p is somebody or nil.
func (a *Authenticator) check(ctx context.Context, p *Person, password string) (bool, error) {
	if len(password) > maxPassword {
		// Nobody has such a password, whoever the user is: no work, and nothing to
		// learn from that.
		return false, nil
	}
	var against stored = a.decoy
	known := false
	if p != nil {
		if parsed, err := parseStored(p.row.Password); err == nil {
			against, known = parsed, true
		}
	}
	if known && a.remembered(p, password) {
		return true, nil
	}
	select {
	case a.cores <- struct{}{}:
		defer func() { <-a.cores }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if known && a.remembered(p, password) {
		return true, nil // Another connection of the same client was first.
	}
	if !against.verify(password) || !known {
		return false, nil
	}
	a.remember(p, password)
	if _, imported := against.(foreign); imported {
		// The login stands if this fails; the next one tries again.
		a.adoptions.Add(1)
		go func() {
			defer a.adoptions.Done()
			_ = a.adopt(context.WithoutCancel(ctx), p, password)
		}()
	}
	return true, nil
}

// remembered reports whether password is the last good one of p. Mail clients log
// in for every message and folder; argon2 each time would cost 20 ms of a core.
func (a *Authenticator) remembered(p *Person, password string) bool {
	mark := a.mark(p, password)
	a.mu.Lock()
	defer a.mu.Unlock()
	last, ok := a.verified[p.ID]
	return ok && hmac.Equal(last[:], mark[:])
}

func (a *Authenticator) remember(p *Person, password string) {
	mark := a.mark(p, password)
	a.mu.Lock()
	defer a.mu.Unlock()
	a.verified[p.ID] = mark
}

// mark stands for a good password in memory. The key dies with the process, and
// the stored string is part of it: a changed password is not remembered any more
// as soon as the directory knows of it.
func (a *Authenticator) mark(p *Person, password string) [sha256.Size]byte {
	h := hmac.New(sha256.New, a.key[:])
	h.Write([]byte(strconv.FormatInt(p.ID, 10) + "\x00" + p.row.Password + "\x00" + password))
	var sum [sha256.Size]byte
	h.Sum(sum[:0])
	return sum
}

// wait sleeps for d, or until ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
