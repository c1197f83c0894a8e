package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"tidepost/accounts"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/store"
)

const (
	// backOff is how long after trouble the account is tried again, doubled each time.
	backOff    = 2 * time.Second
	backOffMax = 5 * time.Minute
	// workedFor is how long a connection must have lasted for the next one to be tried soon.
	workedFor = time.Minute
	// refusedAgain is how often a refused login is tried, and an account that another
	// Tidepost tends is looked at: servers lock accounts.
	refusedAgain = 15 * time.Minute
	// fullAgain is how often an account that was full is written to.
	fullAgain = 10 * time.Minute
	// patience is how long a connection may be gone before anybody is told.
	patience = 10 * time.Minute
)

// A tender is one account while it is tended. It belongs to one goroutine.
type tender struct {
	m      *Mirror
	id     int64
	s      Session
	log    *slog.Logger
	boxes  map[store.Kind]*folder
	cache  map[store.Kind]*listing
	full   time.Time        // when the account last took no more
	denied map[int64]denial // entries that the account would not have
	watch  watch
	giving bool // the account is being given back: also of who has left
	trial  bool // nothing is changed in the account; see trial.go

	leased   time.Time     // when the letters of the lease were read
	leasedAt remote.Status // their folder then
	marked   time.Time     // when ours was written
	about    remote.Status // their folder, as it was looked at last
	asked    time.Time     // when that was

	gated   time.Time           // since when the script files new mail, zero if it does not
	strange map[place]time.Time // messages that no link knows, with when they were first seen
	again   time.Time           // when one of them has to be looked at again
	past    time.Time           // when mail in Sent has to be looked at again, zero if none has
	known   map[uint32]bool     // UIDs of Next delivery, since it was read last, that have had a link
	emptied time.Time           // when unknown mail was last taken out of Next delivery
}

// tend keeps one account until ctx ends.
func (m *Mirror) tend(ctx context.Context, person int64, kick <-chan struct{}) {
	busy := m.alone(person)
	busy.Lock()
	defer busy.Unlock()
	wait := backOff
	for ctx.Err() == nil {
		began := m.now()
		tried, err := m.o.Accounts.Of(ctx, person, store.SideIMAP)
		if err == nil {
			err = m.once(ctx, tried, kick)
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, errTried) {
			continue
		}
		if m.now().Sub(began) > workedFor {
			wait = backOff // It worked for a while.
		}
		pause := wait/2 + m.spread(wait/2+1)
		wait = min(2*wait, backOffMax)
		var back *standsBack
		if errors.Is(err, remote.ErrAuth) || errors.As(err, &back) {
			pause = refusedAgain
		}
		if errors.Is(err, errClaiming) {
			pause, wait = claimTime+time.Second, backOff
		} else {
			m.complain(ctx, person, err)
		}
		tried.Person = person
		m.pause(ctx, tried, pause, kick)
	}
}

// pause waits before the account is tried again. Only a change of the account itself, as
// a new password is, ends it sooner: whatever else changes in the team must not become
// one more refused login.
func (m *Mirror) pause(ctx context.Context, tried accounts.Account, d time.Duration, kick <-chan struct{}) {
	known, err := m.o.Accounts.Of(ctx, tried.Person, store.SideIMAP)
	if err != nil || !known.Same(tried) {
		return // It was changed while it was tried.
	}
	t := time.NewTimer(d)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
			return
		case <-kick:
		}
		a, err := m.o.Accounts.Of(ctx, tried.Person, store.SideIMAP)
		if err == nil && (!a.Same(known) || !a.Changed.Equal(known.Changed)) {
			return
		}
	}
}

// spread is a random part of a time: accounts of one provider come back one by one.
func (m *Mirror) spread(most time.Duration) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Duration(m.o.Jitter.Int64N(int64(most)))
}

// once is one connection, from the login to its end.
func (m *Mirror) once(ctx context.Context, a accounts.Account, kick <-chan struct{}) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("tending panicked: %v", p)
		}
	}()
	t := &tender{m: m, id: a.Person, log: m.o.Log.With("person", a.Person), cache: map[store.Kind]*listing{}, known: map[uint32]bool{}}
	if _, err := t.person(ctx); err != nil { // Given back while this waited for its turn.
		return err
	}
	if t.s, err = m.dial(ctx, a); err != nil {
		return err
	}
	defer t.s.Close()
	if err := t.start(ctx, a); err != nil {
		return err
	}
	if t.gated, err = t.m.gatedSince(ctx, t.id); err != nil {
		return err
	}
	sub, err := t.subscribe(ctx)
	if err != nil {
		return err
	}
	defer sub.Close()
	for {
		if err := t.lease(ctx); err != nil {
			return err
		}
		atRest, err := t.round(ctx)
		if err != nil {
			return err
		}
		if !atRest && !sleep(ctx, m.o.Look) { // Whatever is wrong, the provider is not to suffer from it.
			return ctx.Err()
		}
		m.well(ctx, t.id)
		t.keepGate(ctx)
		if err := t.rest(ctx, sub, kick); err != nil {
			return err
		}
	}
}

// sleep waits; false if ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}

// person is the one whose account this is, as of now.
func (t *tender) person(ctx context.Context) (*people.Person, error) {
	if err := t.m.o.People.MaybeReload(ctx, t.m.now()); err != nil {
		t.log.Warn("reload people", "err", err)
	}
	p, ok := t.m.o.People.ByID(t.id)
	if !ok || !t.giving && (!p.Active || p.Profile.Inbox != people.MailboxIMAP) {
		return nil, errGone
	}
	return p, nil
}

// subscribe watches all folders of the person in the store.
func (t *tender) subscribe(ctx context.Context) (*store.Subscription, error) {
	var ids []int64
	err := t.m.o.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Mailboxes(t.id)
		for _, b := range list {
			ids = append(ids, b.ID)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return t.m.o.DB.Subscribe(ids...), nil
}

// begin sets the account up when it is tended for the first time: mail that is there is
// left alone, and so are entries of the store that the person has read elsewhere.
func (t *tender) begin(ctx context.Context, account string) error {
	now := t.m.now()
	var known store.Mirror
	err := t.m.o.DB.View(ctx, func(tx *store.Tx) (err error) {
		known, err = tx.Mirror(t.id)
		return err
	})
	switch {
	case err != nil && !errors.Is(err, store.ErrNotFound):
		return err
	case err == nil && known.Account == account:
		return nil
	}
	if err := t.m.o.DB.Update(ctx, func(tx *store.Tx) error { return tx.EnsureMailboxes(t.id, now) }); err != nil {
		return err
	}
	all, err := t.s.List(ctx)
	if err != nil {
		return err
	}
	var names []string
	kinds := map[string]store.Kind{}
	for _, f := range all {
		if k := kindOfRole(f.Role); k != "" && !f.NoSelect {
			names, kinds[f.Name] = append(names, f.Name), k
		}
	}
	st, err := t.s.Statuses(ctx, names)
	if err != nil {
		return err
	}
	return t.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		if err := tx.DropMirror(t.id); err != nil {
			return err
		}
		newest, err := tx.NewestEntry()
		if err != nil {
			return err
		}
		for name, s := range st {
			f := store.MirrorFolder{Kind: kinds[name], Name: name, UIDValidity: s.UIDValidity, UIDNext: uint32(s.UIDNext)}
			if err := tx.PutMirrorFolder(t.id, f); err != nil {
				return err
			}
		}
		return tx.PutMirror(store.Mirror{PersonID: t.id, Account: account, Since: now, Entry: newest, Looked: now})
	})
}
