package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// Kinds of the events about frozen people.
const (
	EventFrozen   = "person-frozen"
	EventUnfrozen = "person-unfrozen"
)

// ErrFrozen and ErrNotFrozen are returned for somebody who is so already.
var (
	ErrFrozen    = errors.New("is frozen already")
	ErrNotFrozen = errors.New("is not frozen")
)

// A Freeze says what a freeze, or its end, came to: counts, never text.
type Freeze struct {
	Person  *people.Person
	Mails   int    // that wait, stopped; or that go again
	Told    string // second address that was told; "" none
	Untold  error  // why nobody was told there; nil: somebody was, or there is no address
	Admin   string // who else was told: the admin's address; "" nobody
	AppLeft int    // app passwords that stand
}

// Freeze stops everything of the person who has the address who: their account may be in
// a stranger's hands. Nobody logs in as them any more, sessions end, nothing of theirs
// leaves. Mail to them is filed as always. They are told at their second address, and
// the admin gets a line. store.ErrNotFound, ErrFrozen.
func (g *Gateway) Freeze(ctx context.Context, who, by string, now time.Time) (f Freeze, err error) {
	p, err := personAt(g.dir, who)
	if err != nil {
		return f, err
	}
	err = g.db.Update(ctx, func(tx *store.Tx) error {
		changed, err := tx.SetFrozen(p.ID, true)
		if err == nil && !changed {
			err = ErrFrozen
		}
		if err != nil {
			return err
		}
		if err := tx.DropPasswordCode(p.ID); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventFrozen, PersonID: p.ID, Detail: map[string]any{"address": p.Address.String(), "by": by}})
	})
	if err != nil {
		return f, fmt.Errorf("freeze %s: %w", p.Address, err)
	}
	if err := g.announcePeople(ctx, now); err != nil { // Sessions end here.
		return f, err
	}
	if f.Person, err = personAt(g.dir, who); err != nil {
		return f, err
	}
	if f.Mails, err = g.queue.StopAuthor(ctx, p.ID, now); err != nil {
		return f, err
	}
	f.AppLeft = f.Person.AppPasswordsLeft()
	g.log.Info("person frozen", "person", p.Address.String(), "by", by, "stopped", f.Mails)
	g.tellFrozen(ctx, &f, by, now)
	return f, g.kickServer(ctx)
}

// tellFrozen tells the person and the admin. What fails is in f: the freeze stands.
func (g *Gateway) tellFrozen(ctx context.Context, f *Freeze, by string, now time.Time) {
	p := f.Person
	if second := p.Profile.SecondAddress; second != "" {
		f.Told = second
		if f.Untold = g.tellOutside(ctx, mail.Mailbox{Name: p.Name, Address: addressText(second)}, "Your mail account "+p.Address.String()+" is frozen", frozenText(*f, g.cfg.Server.Admin, now), now); f.Untold != nil {
			f.Told = ""
			g.log.Error("tell a frozen person", "person", p.Address.String(), "err", f.Untold)
		}
	}
	line := fmt.Sprintf("%s <%s> was frozen on %s by %s. Sessions ended; %s, stopped; mail to them is filed.\n",
		p.Name, p.Address, fullMoment(now, p), by, waitingMails(f.Mails))
	if err := g.tellAdmin(ctx, p, "Frozen: "+p.Address.String(), line, now); err != nil {
		g.log.Error("tell the admin of a freeze", "err", err)
		return
	}
	f.Admin = g.cfg.Server.Admin
}

func waitingMails(n int) string {
	switch n {
	case 0:
		return "nothing of theirs waits"
	case 1:
		return "1 mail of theirs waits"
	}
	return fmt.Sprintf("%d mails of theirs wait", n)
}

// fullMoment is an instant on a person's clock, for a letter that may be read much later.
func fullMoment(t time.Time, p *people.Person) string {
	return t.In(p.Zone()).Format("Monday, 2 January 2006, 15:04 MST")
}

// frozenText is what a frozen person reads at another address.
func frozenText(f Freeze, admin string, now time.Time) string {
	p := f.Person
	var b strings.Builder
	fmt.Fprintf(&b, "Your account %s was frozen on %s.\n\n", p.Address, fullMoment(now, p))
	b.WriteString("Nobody can log in with it, you neither, and nothing is sent from it.\n")
	switch f.Mails {
	case 0:
	case 1:
		b.WriteString("One mail that had not left yet is stopped.\n")
	default:
		fmt.Fprintf(&b, "%d mails that had not left yet are stopped.\n", f.Mails)
	}
	b.WriteString("Mail to you is kept, and nothing is lost.\n\n")
	b.WriteString("This is done when an account may be in a stranger's hands.\nIf you used its password elsewhere, change it there.\n\n")
	if admin != "" {
		fmt.Fprintf(&b, "Ask %s for a new password.\n", admin)
	} else {
		b.WriteString("Ask your administrator for a new password.\n")
	}
	return b.String()
}

// tellAdmin sends a line to the admin: over the second route if the address is outside,
// else into the INBOX of whoever has it, at work.
func (g *Gateway) tellAdmin(ctx context.Context, about *people.Person, subject, line string, now time.Time) error {
	at, err := mail.ParsePath(g.cfg.Server.Admin, true)
	if err != nil {
		return nil //nolint:nilerr // There is none; check-config says so.
	}
	if !slices.Contains(g.cfg.Server.Domains, strings.ToLower(at.Domain)) {
		return g.tellOutside(ctx, mail.Mailbox{Address: at}, subject, line, now)
	}
	p, _, ok := g.dir.ByAddress(at)
	if !ok || p.ID == about.ID {
		return nil
	}
	return g.db.Update(ctx, func(tx *store.Tx) error {
		_, err := g.inbox.PutAtWork(tx, p, mail.Letter{
			From:    mail.Mailbox{Name: "Tidepost", Address: mail.Address{Local: "tidepost", Domain: g.cfg.Server.Domains[0]}},
			To:      []mail.Mailbox{{Name: p.Name, Address: p.Address}},
			Subject: subject, Text: line,
			Extra: []mail.Extra{{Name: "Auto-Submitted", Value: "auto-generated", Raw: true}, {Name: "X-Auto-Response-Suppress", Value: "All", Raw: true}},
		}, now)
		return err
	})
}

// addressText reads an address that was checked when it was set.
func addressText(s string) mail.Address {
	a, err := mail.ParsePath(s, true)
	if err != nil {
		return mail.Address{Local: s}
	}
	return a
}

// Unfreeze lets a frozen person log in again, with a new password unless password is "",
// and lets their mail go: what is still to come at its time, what is due one after the
// other, what is long past in its reader's hours. store.ErrNotFound, ErrNotFrozen.
func (g *Gateway) Unfreeze(ctx context.Context, who, password string, revokeApps bool, by string, now time.Time) (f Freeze, err error) {
	p, err := personAt(g.dir, who)
	if err != nil {
		return f, err
	}
	if !p.Frozen {
		goOn, err := g.brokenOff(ctx, p.ID)
		if err == nil && !goOn {
			err = ErrNotFrozen
		}
		if err != nil {
			return f, fmt.Errorf("unfreeze %s: %w", p.Address, err)
		}
	}
	if password != "" { // Before the doors open.
		if _, err := people.NewEditor(g.db, g.cfg.Server.Domains, rand.Reader).SetPassword(ctx, p.Address.String(), password, now); err != nil {
			return f, err
		}
	}
	err = g.db.Update(ctx, func(tx *store.Tx) error {
		if revokeApps {
			gone, err := people.RevokeAppPasswords(tx, p.ID, "", now)
			if err != nil {
				return err
			}
			if _, err := g.queue.StopCredentials(tx, p, gone, now); err != nil {
				return err
			}
		}
		if _, err := tx.SetFrozen(p.ID, false); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventUnfrozen, PersonID: p.ID,
			Detail: map[string]any{"address": p.Address.String(), "by": by, "new_password": password != ""}})
	})
	if err != nil {
		return f, fmt.Errorf("unfreeze %s: %w", p.Address, err)
	}
	if err := g.announcePeople(ctx, now); err != nil {
		return f, err
	}
	if f.Person, err = personAt(g.dir, who); err != nil {
		return f, err
	}
	f.AppLeft = f.Person.AppPasswordsLeft()
	if f.Mails, err = g.queue.ResumeAuthor(ctx, p.ID, now); err != nil {
		return f, err
	}
	return f, g.kickServer(ctx)
}

// brokenOff reports whether an unfreezing was broken off before the mail was let go.
func (g *Gateway) brokenOff(ctx context.Context, person int64) (is bool, err error) {
	err = g.db.View(ctx, func(tx *store.Tx) error {
		list, err := tx.Stopped(person, 0, 1000)
		is = slices.ContainsFunc(list, func(s store.Submission) bool { return s.Stopped == store.StopAuthor })
		return err
	})
	return is, err
}

// Revoke ends the app password of a person that has the name or id which, or, if which
// is "", all of them. Its sessions end, and what it submitted and has not left is
// stopped until the person says what is to become of it. It returns how many mails that
// are. store.ErrNotFound.
func (g *Gateway) Revoke(ctx context.Context, who, which string, now time.Time) (gone []people.AppPassword, mails int, err error) {
	p, err := personAt(g.dir, who)
	if err != nil {
		return nil, 0, err
	}
	stop := func(tx *store.Tx) (n int, err error) { return g.queue.StopCredentials(tx, p, gone, now) }
	err = g.db.Update(ctx, func(tx *store.Tx) (err error) {
		if gone, err = people.RevokeAppPasswords(tx, p.ID, which, now); err == nil {
			mails, err = stop(tx)
		}
		return err
	})
	if err != nil || len(gone) == 0 {
		return gone, 0, err
	}
	if err := g.announcePeople(ctx, now); err != nil { // From here on nothing more comes with them.
		return gone, mails, err
	}
	late := 0
	err = g.db.Update(ctx, func(tx *store.Tx) (err error) {
		late, err = stop(tx)
		return err
	})
	mails += late
	if err != nil {
		return gone, mails, err
	}
	return gone, mails, g.kickServer(ctx)
}

// announcePeople has everybody who remembers people read them again: this process, the
// server if it is another one, and the roll, if there is one and nobody else writes it.
func (g *Gateway) announcePeople(ctx context.Context, now time.Time) error {
	if g.beside {
		return announce(ctx, g.cfg, g.dir, now)
	}
	var bad *people.ProfileError
	if err := g.dir.Reload(ctx); err != nil && !errors.As(err, &bad) {
		return err
	}
	return rewriteRoll(g.cfg, g.dir, now)
}

// kickServer tells the server, if it is another process, that the queue has changed.
func (g *Gateway) kickServer(ctx context.Context) error {
	if !g.beside {
		g.Kick()
		return nil
	}
	return forgive(Kick(ctx, g.cfg.Server.Data))
}

// Freeze is Gateway.Freeze beside a running server, or without one.
func (d *Desk) Freeze(ctx context.Context, who, by string, now time.Time) (Freeze, error) {
	return d.gateway.Freeze(ctx, who, by, now)
}

// Unfreeze is Gateway.Unfreeze beside a running server, or without one.
func (d *Desk) Unfreeze(ctx context.Context, who, password string, revokeApps bool, by string, now time.Time) (Freeze, error) {
	return d.gateway.Unfreeze(ctx, who, password, revokeApps, by, now)
}

// Revoke is Gateway.Revoke beside a running server, or without one.
func (d *Desk) Revoke(ctx context.Context, who, which string, now time.Time) ([]people.AppPassword, int, error) {
	return d.gateway.Revoke(ctx, who, which, now)
}

// TellSecond sends a letter to the second address of a person, past their mailbox.
func (d *Desk) TellSecond(ctx context.Context, p *people.Person, subject, text string, now time.Time) error {
	if p.Profile.SecondAddress == "" {
		return fmt.Errorf("%s has no second address: tidepost people set %s --second-address ADDRESS", p.Address, p.Address)
	}
	return d.gateway.tellOutside(ctx, mail.Mailbox{Name: p.Name, Address: addressText(p.Profile.SecondAddress)}, subject, text, now)
}
