package people

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// checkEvery is how often MaybeReload asks the database for changes.
const checkEvery = time.Second

// A Change is one person who differs between two versions of the directory. Old is
// nil for somebody new; New has Active false for somebody removed.
type Change struct{ Old, New *Person }

// A Directory holds everybody in memory. It is safe for concurrent use: readers
// take the current snapshot without a lock, reloading holds mu.
type Directory struct {
	db       *store.DB
	domains  []string // lower-case, the main one first
	current  atomic.Pointer[snapshot]
	checked  atomic.Int64 // unix nanoseconds of the last look at the version
	mu       sync.Mutex   // one reload at a time; guards onChange
	onChange []func([]Change)
}

// A snapshot is one version of the directory. It never changes.
type snapshot struct {
	version   int64
	all       []*Person
	byID      map[int64]*Person
	byAddress map[string]*Person // by lower-case address; active people only
	paused    time.Time          // until when the team is paused; zero: it is not
	back      time.Time          // since when hold, batch and coach are off for good; zero: they are not

	groups         []*Group
	groupByID      map[int64]*Group
	groupByAddress map[string]*Group // by lower-case address
}

// A ProfileError says whose profile cannot be read. That person is reachable at
// any time until it is put right.
type ProfileError struct {
	Address string
	Err     error
}

// Error names the person.
func (e *ProfileError) Error() string { return "profile of " + e.Address + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *ProfileError) Unwrap() error { return e.Err }

// NewDirectory returns an empty directory of the team that has the given mail
// domains, the main one first. Reload fills it.
func NewDirectory(db *store.DB, domains []string) *Directory {
	d := &Directory{db: db}
	for _, name := range domains {
		d.domains = append(d.domains, strings.ToLower(name))
	}
	d.current.Store(&snapshot{version: -1})
	return d
}

// Version is that of the people in memory; it grows with every change of anybody.
func (d *Directory) Version() int64 { return d.current.Load().version }

// OnChange has f called after every reload in which somebody changed, so that
// release times can be computed again. f runs in the goroutine that reloads, after
// the new snapshot is in place, and must not reload. The first load calls nobody.
func (d *Directory) OnChange(f func([]Change)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.onChange = append(d.onChange, f)
}

// Reload reads everybody anew. An error that is only *ProfileError leaves the
// directory up to date.
func (d *Directory) Reload(ctx context.Context) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.reload(ctx)
}

// MaybeReload reloads if somebody changed since. It asks the database at most once
// a second and costs nothing in between, so every session may call it. A clock
// that went back counts as a second that has passed.
func (d *Directory) MaybeReload(ctx context.Context, now time.Time) error {
	last, at := d.checked.Load(), now.UnixNano()
	if at >= last && at-last < int64(checkEvery) && last != 0 {
		return nil
	}
	if !d.checked.CompareAndSwap(last, at) {
		return nil // Somebody else is asking.
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	var version int64
	err := d.db.View(ctx, func(tx *store.Tx) (err error) {
		version, err = tx.PeopleVersion()
		return err
	})
	if err != nil {
		d.checked.Store(0)
		return fmt.Errorf("look for changed people: %w", err)
	}
	if version == d.current.Load().version {
		return nil
	}
	return d.reload(ctx)
}

// reload runs with mu held.
func (d *Directory) reload(ctx context.Context) error {
	var version int64
	var rows []store.Person
	var paused, back time.Time
	var shared []store.Shared
	err := d.db.View(ctx, func(tx *store.Tx) (err error) {
		if version, err = tx.PeopleVersion(); err != nil {
			return err
		}
		if paused, err = tx.TeamPause(); err != nil {
			return err
		}
		if back, err = tx.RolledBack(); err != nil {
			return err
		}
		if rows, err = tx.People(); err != nil {
			return err
		}
		shared, err = tx.SharedAddresses()
		return err
	})
	if err != nil {
		return fmt.Errorf("reload people: %w", err)
	}
	old := d.current.Load()
	next, changes, err := old.with(version, rows)
	next.paused, next.back = paused, back
	next.addGroups(shared)
	d.current.Store(next)
	if len(changes) > 0 && old.version >= 0 {
		for _, f := range d.onChange {
			f(changes)
		}
	}
	return err
}

// with builds the snapshot of rows. People who did not change keep their Person,
// and with it their compiled calendar.
func (s *snapshot) with(version int64, rows []store.Person) (*snapshot, []Change, error) {
	next := &snapshot{version: version, byID: make(map[int64]*Person, len(rows)), byAddress: make(map[string]*Person, len(rows))}
	var changes []Change
	var errs []error
	for _, row := range rows {
		old := s.byID[row.ID]
		p := old
		if old == nil || !sameRow(old.row, row) {
			var err error
			if p, err = newPerson(row); err != nil {
				errs = append(errs, &ProfileError{Address: row.Address, Err: err})
			}
			changes = append(changes, Change{Old: old, New: p})
		}
		next.add(p)
	}
	return next, changes, errors.Join(errs...)
}

func (s *snapshot) add(p *Person) {
	s.all = append(s.all, p)
	s.byID[p.ID] = p
	if !p.Active {
		return
	}
	for _, a := range append([]mail.Address{p.Address}, p.Aliases...) {
		s.byAddress[a.Key()] = p
	}
}

// ByAddress returns the active person an address belongs to, in any case. An
// address with a plus tag that is nobody's own resolves to the address before the
// plus sign, and tag is what follows it: ana+now@ is Ana with the tag "now".
// <postmaster> without a domain is postmaster of the main domain (RFC 5321 §4.5.1).
func (d *Directory) ByAddress(a mail.Address) (p *Person, tag string, ok bool) {
	if a.Domain == "" && strings.EqualFold(a.Local, "postmaster") && len(d.domains) > 0 {
		a.Domain = d.domains[0]
	}
	s := d.current.Load()
	if p, ok := s.byAddress[a.Key()]; ok {
		return p, "", true
	}
	base, tag := a.Tag()
	if base == a {
		return nil, "", false
	}
	if p, ok := s.byAddress[base.Key()]; ok {
		return p, tag, true
	}
	return nil, "", false
}

// ByID returns a person, removed people too: the ledger still names them.
func (d *Directory) ByID(id int64) (*Person, bool) {
	p, ok := d.current.Load().byID[id]
	return p, ok
}

// All returns the active people in the order in which they came.
func (d *Directory) All() []*Person {
	all := slices.Clone(d.current.Load().all)
	return slices.DeleteFunc(all, func(p *Person) bool { return !p.Active })
}

// Domains returns the mail domains of the team, the main one first.
func (d *Directory) Domains() []string { return slices.Clone(d.domains) }

// qualify puts the main domain behind a bare local part.
func (d *Directory) qualify(user string) string {
	if user == "" || strings.Contains(user, "@") || len(d.domains) == 0 {
		return user
	}
	return user + "@" + d.domains[0]
}

// IsLocalDomain reports whether mail for domain stays here.
func (d *Directory) IsLocalDomain(domain string) bool {
	return slices.Contains(d.domains, strings.ToLower(domain))
}
