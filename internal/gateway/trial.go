package gateway

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/accounts"
	"tidepost/digest"
	"tidepost/people"
	"tidepost/store"
)

// A Trial is a person's account at a provider for some time in which nothing is changed:
// every switch runs dry, and at the end person and admin hear what it would have done.
type Trial struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
}

// ErrLive: the account has been tended already, so that it is too late to try.
var ErrLive = errors.New("the account is live")

func trialKey(person int64) string { return fmt.Sprintf("trial/%d", person) }

// trying reports whether a person's switches only run dry.
func (g *Gateway) trying(p *people.Person) bool {
	modes := []people.Switch{
		p.Profile.Hold.Or(people.Switch(g.cfg.Hold.Mode)),
		p.Profile.Batch.Or(people.Switch(g.cfg.Batch.Mode)),
		p.Profile.Coach.Or(people.Switch(g.cfg.Coach.Mode)),
	}
	dry := false
	for _, m := range modes {
		if m == people.On {
			return false
		}
		dry = dry || m == people.DryRun
	}
	return dry
}

// TrialOf returns the trial of a person that has not ended yet; ok is false if there is
// none.
func (d *Desk) TrialOf(ctx context.Context, p *people.Person) (t Trial, ok bool, err error) {
	err = d.DB.View(ctx, func(tx *store.Tx) error {
		t, ok, err = trialOf(tx, p.ID)
		return err
	})
	return t, ok, err
}

func trialOf(tx *store.Tx, person int64) (t Trial, ok bool, err error) {
	text, err := tx.Meta(trialKey(person))
	if err != nil || text == "" {
		return t, false, err
	}
	if err := json.Unmarshal([]byte(text), &t); err != nil {
		return t, false, fmt.Errorf("read the trial of person %d: %w", person, err)
	}
	return t, true, nil
}

// Try has a person's account read for some time, with nothing changed there. Errors:
// ErrLive; store.ErrNotFound if there is no IMAP account.
func (d *Desk) Try(ctx context.Context, p *people.Person, keep *accounts.Keeper, t Trial) error {
	if _, err := keep.Of(ctx, p.ID, accounts.IMAP); err != nil {
		return noAccount(p, err)
	}
	live, err := d.Accounts.Live(ctx, p.ID)
	if err != nil {
		return err
	}
	if live {
		return fmt.Errorf("%w: give it back first with \"tidepost account rollback %s\"", ErrLive, p.Address)
	}
	err = d.set(ctx, p, t.Since, map[people.Field]string{people.FieldInbox: string(people.MailboxIMAP),
		people.FieldHold: string(people.DryRun), people.FieldBatch: string(people.DryRun), people.FieldCoach: string(people.DryRun)})
	if err != nil {
		return err
	}
	text, err := json.Marshal(t)
	if err != nil {
		return fmt.Errorf("write the trial of %s: %w", p.Address, err)
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(trialKey(p.ID), string(text)) })
}

// GoLive ends a trial: the person's switches are those of the team, and hold and batch are
// on. store.ErrNotFound if there is no IMAP account.
func (d *Desk) GoLive(ctx context.Context, p *people.Person, keep *accounts.Keeper, now time.Time) error {
	if _, err := keep.Of(ctx, p.ID, accounts.IMAP); err != nil {
		return noAccount(p, err)
	}
	on := func(team string) string {
		if team == string(people.On) {
			return string(people.Team)
		}
		return string(people.On)
	}
	err := d.set(ctx, p, now, map[people.Field]string{people.FieldInbox: string(people.MailboxIMAP),
		people.FieldHold: on(string(d.Config.Hold.Mode)), people.FieldBatch: on(string(d.Config.Batch.Mode)), people.FieldCoach: string(people.Team)})
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(trialKey(p.ID), "") })
}

func (d *Desk) set(ctx context.Context, p *people.Person, now time.Time, fields map[people.Field]string) error {
	_, err := people.NewEditor(d.DB, d.Config.Server.Domains, rand.Reader).Set(ctx, p.Address.String(), people.Request{Fields: fields}, now)
	return err
}

func noAccount(p *people.Person, err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return fmt.Errorf("%s has no IMAP account; \"tidepost account set %s --imap HOST\" sets one: %w", p.Address, p.Address, err)
	}
	return err
}

// trialLook is how often trials that have ended are looked for.
const trialLook = time.Hour

// endTrials tells person and admin when a trial has ended, until ctx does.
func (g *Gateway) endTrials(ctx context.Context) error {
	tick := time.NewTicker(trialLook)
	defer tick.Stop()
	for {
		for _, p := range g.dir.All() {
			if err := g.endTrial(ctx, p, time.Now()); err != nil && ctx.Err() == nil {
				g.log.Error("end a dry run", "person", p.Address.String(), "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// endTrial tells of one, once. The switches stay as they are.
func (g *Gateway) endTrial(ctx context.Context, p *people.Person, now time.Time) error {
	var t Trial
	ended := false
	err := g.db.View(ctx, func(tx *store.Tx) error {
		found, ok, err := trialOf(tx, p.ID)
		t, ended = found, ok && !now.Before(found.Until)
		return err
	})
	if err != nil || !ended || !p.Active {
		return err
	}
	if !g.trying(p) { // It went live, or was given up.
		return g.db.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(trialKey(p.ID), "") })
	}
	found, err := dryRun(ctx, g.db, p.ID, t.Since, t.Until)
	if err != nil {
		return err
	}
	to := digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}
	letter := g.inbox.Letters().TrialOver(to, digest.Trial{Since: t.Since, Came: tried(found.Batch), Sent: tried(found.Hold), Advice: found.advice()})
	err = g.db.Update(ctx, func(tx *store.Tx) error {
		if again, ok, err := trialOf(tx, p.ID); err != nil || !ok || again != t {
			return err // Somebody began another meanwhile.
		}
		if err := tx.SetMeta(trialKey(p.ID), ""); err != nil {
			return err
		}
		_, err := g.inbox.PutAtWork(tx, p, letter, now)
		return err
	})
	if err != nil {
		return err
	}
	line := fmt.Sprintf("The dry run of %s <%s> since %s is over. They have been told what it would have done; the sums of the team are in \"tidepost report dry-run\".\n\n"+
		"To go live: tidepost account live %s\nTo go on: tidepost account try %[4]s\nTo end it: tidepost account rollback %[4]s\n",
		p.Name, p.Address, stampOf(t.Since), p.Address)
	return g.tellAdmin(ctx, p, "The dry run of "+p.Address.String()+" is over", line, now)
}

// advice is how many drafts would have got some.
func (r DryRun) advice() (n int) {
	for _, a := range r.Coach {
		n += a.Mails
	}
	return n
}

// tried says waits in the words of a letter.
func tried(w Waits) digest.Tried {
	t := digest.Tried{Looked: w.Looked, Would: w.Would}
	if w.Would > 0 {
		t.Half, t.Most = people.Span(w.Half), people.Span(w.Most)
	}
	return t
}

// mine picks the lines of the ledger that are about one person; 0: everybody.
func mine(tx *store.Tx, person int64, e store.Event) (bool, error) {
	var err error
	of := e.PersonID
	switch {
	case person == 0:
		return true, nil
	case !strings.Contains(" held attempt filed coach-dry-run ", " "+e.Kind+" "):
		return false, nil
	case of != 0:
	case e.DeliveryID != 0:
		var dlv store.Delivery
		dlv, err = tx.Delivery(e.DeliveryID)
		of = dlv.PersonID
	case e.SubmissionID != 0:
		var s store.Submission
		s, err = tx.Submission(e.SubmissionID)
		of = s.AuthorID
	}
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && of == person, err
}
