package gateway

import (
	"context"
	"net/netip"
	"time"

	"tidepost/decisions"
	"tidepost/people"
	"tidepost/reports"
	"tidepost/store"
)

// Login returns the person whose address and password these are. An operator has to have
// them for what is nobody else's business: there is no other way to read as somebody.
func (d *Desk) Login(ctx context.Context, user, password string, now time.Time) (*people.Person, error) {
	login, err := d.gateway.logins.Authenticate(ctx, user, password, netip.Addr{}, now)
	if err == nil && login.Credential != 0 { // A device's password must not open what only its owner may see.
		return nil, people.ErrLogin
	}
	return login.Person, err
}

// Decisions runs look on the archive with the eyes of p, or, if p is nil, with those of
// the public, and writes into the ledger who looked, and how much there was to see.
func (d *Desk) Decisions(ctx context.Context, p *people.Person, what, by string, now time.Time,
	look func(tx *store.Tx, k *decisions.Keeper, v store.DecisionView) ([]decisions.Entry, error)) (found []decisions.Entry, err error) {
	v, who := store.DecisionView{}, int64(0)
	if p != nil {
		v.Person, who = p.ID, p.ID
	}
	err = d.Update(ctx, func(tx *store.Tx) (err error) {
		if found, err = look(tx, d.gateway.decisions, v); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: decisions.EventLooked, PersonID: who,
			Detail: map[string]any{"by": by, "what": what, "public": p == nil, "decisions": len(found)}})
	})
	return found, err
}

// Report reckons the figures of p, who has logged in, or, if p is nil, those of the team,
// and writes into the ledger who asked.
func (d *Desk) Report(ctx context.Context, p *people.Person, by string, since, now time.Time) (f reports.Figures, err error) {
	what, who := "report team", int64(0)
	if p != nil {
		what, who = "report me", p.ID
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if p != nil {
			f, err = reports.Of(tx, p, since, now)
		} else {
			f, err = reports.Team(tx, d.People.All(), since, now)
		}
		if err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventLook, PersonID: who, Detail: map[string]any{"by": by, "what": what}})
	})
	return f, err
}
