package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// Scripts is what a gate needs of a ManageSieve server: remote.Scripts.
type Scripts interface {
	Install(ctx context.Context, r sieve.Rules) error
	Remove(ctx context.Context) error
	Close() error
}

// A gate is the script of one account.
type gate struct {
	open  bool      // there is a script of ours
	why   string    // there is none, because
	since time.Time // since when there is none that should be
	next  time.Time // when it is looked at again
	key   string    // what it was made of
	until time.Time // there is none because of a pause that ends then
}

// due reports whether it is time to look at the script, whatever else happens.
func (g gate) due(now time.Time) bool {
	return !g.next.IsZero() && !now.Before(g.next) || !g.until.IsZero() && !now.Before(g.until)
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
	a, err := t.m.o.Accounts.Of(ctx, t.id, store.SideIMAP)
	if err != nil {
		return // The next login says it.
	}
	now := t.m.now()
	rules := t.m.rules(p, folder, now)
	key := strings.Join(slices.Concat([]string{a.Sieve, folder}, rules.Senders, rules.Domains, rules.Words), "\n")
	until, paused := t.m.o.People.Paused(p, now)
	want := t.m.o.Inbox.Batches(p) && !paused && a.Sieve != accounts.NoSieve
	g := t.m.gateOf(t.id)
	if g.until = (time.Time{}); paused {
		g.until = until
	}
	t.m.setGate(t.id, g)
	if now.Before(g.next) && (g.open == want && (!want || g.key == key) || g.why != "" && g.key == key) {
		return
	}
	g.key, g.next = key, now.Add(gateAgain)
	err = t.m.withScripts(ctx, t.id, func(ctx context.Context, c Scripts) error {
		if !want {
			return c.Remove(ctx)
		}
		return c.Install(ctx, rules)
	})
	if ctx.Err() != nil {
		return // It stops: what did not come to an end is no trouble.
	}
	wasOpen := g.open
	g.open, g.why = want && err == nil, ""
	if err != nil {
		g.why, g.next = err.Error(), now.Add(gateRefused)
		lost := errors.Is(err, remote.ErrLost) || errors.Is(err, remote.ErrTry)
		if lost && (want || wasOpen) { // Else there is most likely nothing to take away.
			g.next = now.Add(gateLost)
		}
		if g.since.IsZero() {
			g.since = now
		}
		t.log.Info("no Sieve script: new mail is moved after it arrived", "why", err)
		if want && (!lost || now.Sub(g.since) >= patience) { // What passes is nobody's business.
			t.m.tellNoScript(ctx, p, a, err)
		}
	} else {
		g.since = time.Time{}
	}
	t.m.setGate(t.id, g)
	if err == nil && want == t.gated.IsZero() { // One that cannot be reached is still there.
		t.noteGate(ctx, want)
	}
}

// noteGate remembers since when there is a script, beyond the end of the program.
func (t *tender) noteGate(ctx context.Context, open bool) {
	since, text := time.Time{}, ""
	if open {
		since = t.m.now().Truncate(time.Second).Add(time.Second)
		text = since.Format(time.RFC3339)
	}
	err := t.m.o.DB.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(gateKey(t.id), text) })
	if err != nil {
		t.log.Warn("note a script", "err", err)
		return
	}
	t.gated = since
}

func gateKey(person int64) string { return fmt.Sprintf("mirror.gate.%d", person) }

// gatedSince reads what noteGate wrote.
func (m *Mirror) gatedSince(ctx context.Context, person int64) (since time.Time, err error) {
	err = m.o.DB.View(ctx, func(tx *store.Tx) error {
		text, err := tx.Meta(gateKey(person))
		if err != nil || text == "" {
			return err
		}
		since, err = time.Parse(time.RFC3339, text)
		return err
	})
	return since, err
}

// tellNoScript tells the admin, once, that and why new mail of a person is moved after it
// arrived: once a server where it is the server's, and again only for another reason.
func (m *Mirror) tellNoScript(ctx context.Context, p *people.Person, a accounts.Account, why error) {
	if m.o.Tell == nil {
		return
	}
	no := remote.WhyNoScript(why)
	about := a.Host()
	if a.Sieve != "" {
		about = a.Sieve
	}
	what, key := "Sieve at "+about, "mirror.noscript."+about
	if no.Person {
		what, key = "Sieve of "+p.Address.String(), fmt.Sprintf("mirror.noscript.%d", p.ID)
	}
	news := false
	err := m.o.DB.Update(ctx, func(tx *store.Tx) error {
		last, err := tx.Meta(key)
		if news = err == nil && last != no.Kind; !news {
			return err
		}
		return tx.SetMeta(key, no.Kind)
	})
	if err != nil && ctx.Err() == nil {
		m.o.Log.Error("remember who was told of Sieve", "person", p.ID, "err", err)
	}
	if !news {
		return
	}
	m.o.Tell(what, fmt.Sprintf("no script for %s: %s (%v). New mail works, but is moved right after it arrived, and a phone may ring before that. %s",
		p.Address, no.Why, why, strings.ReplaceAll(no.Do, "ADDRESS", p.Address.String())))
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
	conf.Addr = a.Sieve
	if a.Sieve == "" || a.Sieve == accounts.NoSieve { // There may be one from before somebody said none.
		conf.Addr = remote.ScriptsAt(ctx, m.o.LookupSRV, a.Host(), a.User).Addr
	}
	if conf.Addr == "" {
		return remote.ErrNoScripts
	}
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
	if err := m.o.DB.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(gateKey(person), "") }); err != nil {
		return err
	}
	err := m.withScripts(ctx, person, func(ctx context.Context, c Scripts) error { return c.Remove(ctx) })
	if err != nil && !g.open && errors.Is(err, remote.ErrLost) {
		return nil
	}
	return err
}

// leave takes the script of an account away that is not tended any more: it would go on
// filing new mail where nobody looks.
func (m *Mirror) leave(ctx context.Context, person int64) {
	if !m.gateOf(person).open {
		return
	}
	if err := m.openGate(ctx, person); err != nil {
		m.o.Log.Warn("the Sieve script of an account that is not tended any more stays until it ends by itself", "person", person, "err", err)
	}
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

// Filed reports whether a script at the provider files a person's new mail before INBOX
// sees it; asked is false as long as nobody has looked.
func (m *Mirror) Filed(person int64) (open, asked bool) {
	g := m.gateOf(person)
	return g.open, g.open || g.why != "" || !g.next.IsZero()
}
