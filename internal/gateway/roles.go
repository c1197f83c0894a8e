package gateway

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"tidepost/clocks"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// maxPassed bounds how many open questions of a role are passed on at once.
const maxPassed = 1000

// RemoveRole forgets a role. Open questions to it that nobody has taken pass to somebody; an
// error if there are some and nobody takes over. It returns how many did, and tells the
// running server.
func (d *Desk) RemoveRole(ctx context.Context, g *people.Group, to *people.Person, now time.Time) (passed int, err error) {
	edit := people.NewEditor(d.DB, d.Config.Server.Domains, rand.Reader)
	err = edit.RemoveGroup(ctx, true, g.Address.String(), now, func(tx *store.Tx, role int64) error {
		passed = 0
		list, err := tx.OpenRoleAsks(role, maxPassed)
		if err != nil {
			return err
		}
		for _, a := range list {
			if a.OwnerID != 0 {
				continue
			}
			if to == nil {
				return errors.New("open questions to it have no owner yet: name who takes them over with --to")
			}
			if err := d.Standing.HandOverRole(tx, a.ID, to, now); err != nil && !errors.Is(err, clocks.ErrNotOpen) {
				return err
			}
			passed++
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return passed, d.Announce(ctx)
}

// WhenAll is When for an address that may be that of a group or a role: one estimate for
// each who is behind it.
func (d *Desk) WhenAll(author *people.Person, to mail.Address, tag string, at time.Time) ([]Estimate, error) {
	_, _, person := d.People.ByAddress(to)
	g, own, ok := d.People.GroupByAddress(to)
	if person || !ok {
		e, err := d.When(author, to, tag, at)
		return []Estimate{e}, err
	}
	if !g.MayWrite(author) {
		return nil, fmt.Errorf("%s: %s", to, g.Refusal())
	}
	if tag == "" {
		tag = own
	}
	var out []Estimate
	for _, a := range g.Reached(author) {
		e, err := d.When(author, a, tag, at)
		if err != nil {
			return nil, err
		}
		e.Via = g.Address.String()
		out = append(out, e)
	}
	return out, nil
}
