package people

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"tidepost/mail"
	"tidepost/store"
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
	behind    sync.WaitGroup

	mu       sync.Mutex
	verified map[holder]verified
	used     map[int64]string // app passwords, with the day that stands in the database
}

// A holder is a person's own password (credential 0) or one of their app passwords.
type holder struct{ person, credential int64 }

// A verified is the last good password of a holder, and the one before it, which a
// forgotten phone may go on to send. See mark.
type verified struct {
	stored, before   string // hashes
	mark, markBefore [sha256.Size]byte
}

// NewAuthenticator returns an Authenticator for the people of d.
func NewAuthenticator(d *Directory, o AuthOptions) *Authenticator {
	a := &Authenticator{directory: d, cores: make(chan struct{}, max(o.Cores, 1)),
		limits: newLimiter(max(o.Tries, freeTries+1), o.Lockout, o.Inside), decoy: decoy(),
		verified: map[holder]verified{}, used: map[int64]string{}}
	rand.Read(a.key[:]) // Never fails (crypto/rand).
	return a
}

// A Login is who has logged in, and with what.
type Login struct {
	Person     *Person
	Credential int64 // of the app password, 0: the person's own password
	Device     bool  // a machine: its mail is never held, coached or clocked, and it steers nothing
}

// A claim is what somebody who logs in says to be: against whose hash the password is
// checked, and under which name wrong ones are counted.
type claim struct {
	person   *Person            // nil: nobody
	app      *store.AppPassword // nil: the person's own password
	stored   string             // hash; "": nothing can match
	password string             // as it is checked
	user     string             // counted
}

func (c claim) holder() holder {
	h := holder{person: c.person.ID}
	if c.app != nil {
		h.credential = c.app.ID
	}
	return h
}

func (c claim) login() Login {
	l := Login{Person: c.person}
	if c.app != nil {
		l.Credential, l.Device = c.app.ID, c.app.Kind == store.KindDevice
	}
	return l
}

// Authenticate returns the login of the person whose address is user and whose
// password, or app password, it is. A user without a domain is one of the main domain:
// many clients ask for a name only. The answer to a wrong password comes late, later
// with every further one. from may be the zero Addr on a unix socket.
//
// Errors: ErrLogin; a *LockedError; the error of ctx. The first two are for the
// peer to see as one and the same. ErrStale is an ErrLogin too.
func (a *Authenticator) Authenticate(ctx context.Context, user, password string, from netip.Addr, now time.Time) (Login, error) {
	c := a.claim(user, password)
	if wait := a.limits.blocked(c.user, from, now); wait > 0 {
		return Login{}, &LockedError{For: wait}
	}
	ok, err := a.check(ctx, c)
	if err != nil {
		return Login{}, err
	}
	if ok {
		a.limits.succeeded(c.user, from, now)
		a.noteUse(ctx, c, now)
		return c.login(), nil
	}
	if a.stale(c) {
		if err := wait(ctx, staleDelay); err != nil {
			return Login{}, err
		}
		return Login{}, ErrStale
	}
	if err := wait(ctx, a.limits.failed(c.user, from, now)); err != nil {
		return Login{}, err
	}
	return Login{}, ErrLogin
}

// CountedAs is the name under which wrong passwords of a user are counted: an app
// password that the person has, or had, counts by itself, so that a scanner that does
// not know that it was revoked cannot lock out its owner.
func (a *Authenticator) CountedAs(user, password string) string { return a.claim(user, password).user }

// claim finds out who somebody who logs in says to be. An app password is known by its
// tag; the tag of one that was revoked stays known, so that it is never tried as the
// person's own password.
func (a *Authenticator) claim(user, password string) claim {
	user = a.directory.qualify(strings.ToLower(user))
	c := claim{person: a.find(user), password: password, user: user}
	if c.person == nil {
		return c
	}
	c.user = c.person.Address.Key() // Aliases must not multiply the tries.
	c.stored = c.person.row.Password
	letters, ok := readGroups(password, appGroups)
	if !ok {
		return c
	}
	for i := range c.person.row.AppPasswords {
		if app := &c.person.row.AppPasswords[i]; app.Tag == letters[:groupSize] {
			c.app, c.stored, c.password = app, app.Hash, letters
			c.user += " " + app.Tag
		}
	}
	return c
}

// find returns the active person with the address user who may log in, or nil. A
// plus-address is no user name.
func (a *Authenticator) find(user string) *Person {
	i := strings.LastIndexByte(user, '@')
	if i < 0 {
		return nil
	}
	p, tag, ok := a.directory.ByAddress(mail.Address{Local: user[:i], Domain: user[i+1:]})
	if !ok || tag != "" || p.Frozen {
		return nil
	}
	return p
}

// check does the work of one password whether there is somebody or nobody, something
// to check against or nothing.
func (a *Authenticator) check(ctx context.Context, c claim) (bool, error) {
	if len(c.password) > maxPassword {
		// Nobody has such a password, whoever the user is: no work, and nothing to
		// learn from that.
		return false, nil
	}
	var against stored = a.decoy
	known := false
	if c.stored != "" {
		if parsed, err := parseStored(c.stored); err == nil {
			against, known = parsed, true
		}
	}
	if known && a.remembered(c) {
		return true, nil
	}
	select {
	case a.cores <- struct{}{}:
		defer func() { <-a.cores }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	if known && a.remembered(c) {
		return true, nil // Another connection of the same client was first.
	}
	if !against.verify(c.password) || !known {
		return false, nil
	}
	a.remember(c)
	if _, imported := against.(foreign); imported {
		// The login stands if this fails; the next one tries again.
		a.afterwards(ctx, func(ctx context.Context) error { return a.adopt(ctx, c.person, c.password) })
	}
	return true, nil
}

// afterwards does what a login need not wait for, and that is done at the next one if
// it fails.
func (a *Authenticator) afterwards(ctx context.Context, f func(context.Context) error) {
	ctx = context.WithoutCancel(ctx)
	a.behind.Add(1)
	go func() {
		defer a.behind.Done()
		_ = f(ctx)
	}()
}

// noteUse writes down the day on which an app password was used. Nothing finer: whoever
// looks for one that nobody needs any more need not know when somebody was there.
func (a *Authenticator) noteUse(ctx context.Context, c claim, now time.Time) {
	if c.app == nil {
		return
	}
	id, day := c.app.ID, now.UTC().Format(time.DateOnly)
	a.mu.Lock()
	known := a.used[id] == day
	a.used[id] = day
	a.mu.Unlock()
	if known {
		return
	}
	a.afterwards(ctx, func(ctx context.Context) error {
		return a.directory.db.Update(ctx, func(tx *store.Tx) error { return tx.UseAppPassword(id, day) })
	})
}

// remembered reports whether a password is the last good one of its holder. Mail
// clients log in for every message and folder; argon2 each time would cost 20 ms of a
// core.
func (a *Authenticator) remembered(c claim) bool {
	mark := a.mark(c, c.stored)
	a.mu.Lock()
	defer a.mu.Unlock()
	last, ok := a.verified[c.holder()]
	return ok && last.stored == c.stored && hmac.Equal(last.mark[:], mark[:])
}

func (a *Authenticator) remember(c claim) {
	mark := a.mark(c, c.stored)
	a.mu.Lock()
	defer a.mu.Unlock()
	last, ok := a.verified[c.holder()]
	if ok && last.stored != c.stored {
		last.before, last.markBefore = last.stored, last.mark
	}
	last.stored, last.mark = c.stored, mark
	a.verified[c.holder()] = last
}

// ErrStale is the ErrLogin of a password that was good until it was changed or revoked.
// Nobody guesses here: it is a device that has not been told, and it is not counted.
var ErrStale = fmt.Errorf("%w: it was good before", ErrLogin)

// staleDelay slows down a device that goes on to send a password of the past.
const staleDelay = 2 * time.Second

// stale reports whether a password that was not good is one of the past: of an app
// password that was revoked, or the last that this process saw before a change.
func (a *Authenticator) stale(c claim) bool {
	if c.person == nil {
		return false
	}
	if c.app != nil && c.app.Hash == "" {
		return true
	}
	a.mu.Lock()
	last, ok := a.verified[c.holder()]
	a.mu.Unlock()
	if !ok {
		return false
	}
	was := func(stored string, mark [sha256.Size]byte) bool {
		got := a.mark(c, stored)
		return stored != "" && stored != c.stored && hmac.Equal(got[:], mark[:])
	}
	return was(last.stored, last.mark) || was(last.before, last.markBefore)
}

// mark stands for a good password in memory. The key dies with the process, and
// the stored string is part of it: a changed password is not remembered any more
// as soon as the directory knows of it.
func (a *Authenticator) mark(c claim, stored string) [sha256.Size]byte {
	h := hmac.New(sha256.New, a.key[:])
	who := c.holder()
	fmt.Fprintf(h, "%d\x00%d\x00%s\x00%s", who.person, who.credential, stored, c.password)
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
