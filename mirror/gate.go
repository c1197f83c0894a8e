package mirror

import (
	"context"
	"errors"
	"net"
	"strings"
	"time"

	"tidepost/accounts"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/sieve"
	"tidepost/store"
)

// The times of the script that keeps new mail from INBOX (package sieve).
const (
	gateFor     = 26 * time.Hour   // from then on it does nothing unless it was renewed
	gateAgain   = 4 * time.Hour    // renewed
	gateRefused = 24 * time.Hour   // a server that cannot is asked again
	gateLost    = 15 * time.Minute // one that cannot be reached
	gateTime    = time.Minute      // for one conversation with the server
)

// managePort is where ManageSieve listens (RFC 5804 §1.8).
const managePort = "4190"

// Scripts is what a gate needs of a ManageSieve server: remote.Scripts.
type Scripts interface {
	Install(ctx context.Context, r sieve.Rules) error
	Remove(ctx context.Context) error
	Close() error
}

// A gate is the script of one account.
type gate struct {
	open bool      // there is a script of ours
	why  string    // there is none, because
	next time.Time // when it is looked at again
	key  string    // what it was made of
}

// keepGate installs the script, renews it, or takes it away, when that is due. Nothing
// here stops the tending: without a script new mail is moved after it arrived.
func (t *tender) keepGate(ctx context.Context) {
	names, ok := t.s.(interface {
		ServerName(name string) (string, error)
	})
	box := t.boxes[store.KindNextDelivery]
	if t.m.o.Scripts == nil || !ok || box == nil {
		return
	}
	p, err := t.person(ctx)
	if err != nil {
		return // The round says it.
	}
	folder, err := names.ServerName(box.Name)
	if err != nil {
		return // The server could not have made the folder.
	}
	now := t.m.now()
	rules := t.m.rules(p, folder, now)
	key := strings.Join(append(append(append([]string{folder}, rules.Senders...), rules.Domains...), rules.Words...), "\n")
	_, paused := t.m.o.People.Paused(p, now)
	want := t.m.o.Inbox.Batches(p) && !paused
	g := t.m.gateOf(t.id)
	if now.Before(g.next) && (g.open == want && (!want || g.key == key) || g.why != "") {
		return
	}
	g.key, g.next = key, now.Add(gateAgain)
	err = t.m.withScripts(ctx, t.id, func(ctx context.Context, c Scripts) error {
		if !want {
			return c.Remove(ctx)
		}
		return c.Install(ctx, rules)
	})
	g.open, g.why = want && err == nil, ""
	if err != nil {
		g.why, g.next = err.Error(), now.Add(gateRefused)
		if errors.Is(err, remote.ErrLost) || errors.Is(err, remote.ErrTry) {
			g.next = now.Add(gateLost)
		}
		t.log.Info("no Sieve script: new mail is moved after it arrived", "why", err)
	}
	t.m.setGate(t.id, g)
}

// rules are what a person's script is made of.
func (m *Mirror) rules(p *people.Person, folder string, now time.Time) sieve.Rules {
	pass := m.o.Inbox.PassList(p)
	return sieve.Rules{Folder: folder, Until: now.Add(gateFor), Senders: pass.Senders, Domains: pass.Domains, Words: pass.Words}
}

// withScripts does something at a person's ManageSieve server.
func (m *Mirror) withScripts(ctx context.Context, person int64, do func(ctx context.Context, c Scripts) error) error {
	ctx, cancel := context.WithTimeout(ctx, gateTime)
	defer cancel()
	a, err := m.o.Accounts.Of(ctx, person, store.SideIMAP)
	if err != nil {
		return err
	}
	conf, err := m.login(ctx, a)
	if err != nil {
		return err
	}
	host, _, err := net.SplitHostPort(a.Addr)
	if err != nil {
		return err
	}
	conf.Addr = net.JoinHostPort(host, managePort)
	if a.Security != accounts.None {
		conf.Security = remote.StartTLS // RFC 5804 knows no other.
	}
	c, err := m.o.Scripts(ctx, conf)
	if err != nil {
		return err
	}
	defer c.Close()
	return do(ctx, c)
}

// openGate takes the script away for good. Where there is no ManageSieve there is none.
func (m *Mirror) openGate(ctx context.Context, person int64) error {
	if m.o.Scripts == nil {
		return nil
	}
	g := m.gateOf(person)
	m.setGate(person, gate{})
	err := m.withScripts(ctx, person, func(ctx context.Context, c Scripts) error { return c.Remove(ctx) })
	if err != nil && !g.open && errors.Is(err, remote.ErrLost) {
		return nil
	}
	return err
}

func (m *Mirror) gateOf(person int64) gate {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.gates[person]
}

func (m *Mirror) setGate(person int64, g gate) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.gates[person] = g
}
