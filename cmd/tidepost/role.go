package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/internal/gateway"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// roleCmd is about role addresses such as support@.
type roleCmd struct {
	Add    roleAddCmd    `cmd:"" help:"Add a role such as support@: its members get the mail and answer in its name; whoever answers first owns it."`
	Set    roleSetCmd    `cmd:"" help:"Change a role."`
	List   roleListCmd   `cmd:"" help:"List roles."`
	Show   roleShowCmd   `cmd:"" help:"Show one role, and how many questions to it are open."`
	Who    roleWhoCmd    `cmd:"" help:"Say who is on duty."`
	Remove roleRemoveCmd `cmd:"" help:"Remove a role; its address is free again."`
}

// roleFields are the options that only a role has.
type roleFields struct {
	Rota       *string `help:"Who is on duty: \"mon,tue ana; wed-fri mei\", \"weekly: ana, mei, tom from 2026-03-02\", or none."`
	Zone       *string `help:"IANA time zone in which the days of the rota begin; that of the first member unless set."`
	FirstReply *string `placeholder:"TIME" help:"Working time until the first reply to somebody outside, as in 4h; none for the team's."`
}

func (f roleFields) request(g groupFields) people.GroupRequest {
	r := g.request()
	r.Rota, r.Zone, r.FirstReply = f.Rota, f.Zone, f.FirstReply
	return r
}

// roleAddCmd adds a role.
type roleAddCmd struct {
	Address string `arg:"" help:"Its address, in a domain of the team."`
	groupFields
	roleFields
}

// Run implements the command.
func (c *roleAddCmd) Run(a *app) error {
	r := c.roleFields.request(c.groupFields)
	r.Address = &c.Address
	return a.edit(func(e *people.Editor) error {
		entry, err := e.AddGroup(context.Background(), true, r, a.now)
		if err != nil {
			return err
		}
		return a.showGroup("Added", entry)
	})
}

// roleSetCmd changes a role.
type roleSetCmd struct {
	Address    string   `arg:"" help:"Its address."`
	Change     []string `arg:"" optional:"" help:"+ADDRESS adds a member; -ADDRESS, behind --, takes one away."`
	NewAddress string   `placeholder:"ADDRESS" help:"Give it another address."`
	groupFields
	roleFields
}

// Run implements the command.
func (c *roleSetCmd) Run(a *app) error {
	r := c.roleFields.request(c.groupFields)
	if c.NewAddress != "" {
		r.Address = &c.NewAddress
	}
	if err := changing(&r, c.Change); err != nil {
		return err
	}
	return a.edit(func(e *people.Editor) error {
		entry, err := e.SetGroup(context.Background(), true, c.Address, r, a.now)
		if err != nil {
			return err
		}
		return a.showGroup("Changed", entry)
	})
}

// roleListCmd lists roles.
type roleListCmd struct{}

// Run implements the command.
func (c *roleListCmd) Run(a *app) error { return a.listGroups(true) }

// roleShowCmd shows a role.
type roleShowCmd struct {
	Address string `arg:"" help:"Its address."`
}

// maxRoleAsks bounds how many open questions are counted.
const maxRoleAsks = 10_000

// Run implements the command.
func (c *roleShowCmd) Run(a *app) error {
	e, err := a.group(true, c.Address)
	if err != nil {
		return err
	}
	return a.reading(func(d *gateway.Desk) error {
		said := struct {
			people.GroupEntry
			OnDuty string `json:"on_duty,omitempty"`
			Open   int    `json:"open"`   // questions
			Nobody int    `json:"nobody"` // of these, those that nobody has taken
		}{GroupEntry: e}
		if g, ok := d.People.GroupByID(e.ID); ok {
			if p, _ := g.OnDuty(a.now); p != nil {
				said.OnDuty = p.Address.String()
			}
		}
		err := d.DB.View(context.Background(), func(tx *store.Tx) error {
			list, err := tx.OpenRoleAsks(e.ID, maxRoleAsks)
			for _, ask := range list {
				if said.Open++; ask.OwnerID == 0 {
					said.Nobody++
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		return a.show(said, func(w io.Writer) {
			printGroup(w, "", e)
			if said.OnDuty != "" {
				fmt.Fprintf(w, "  %-13s %s\n", "on duty", said.OnDuty)
			}
			fmt.Fprintf(w, "  %-13s %d open, %d of them with nobody yet\n", "questions", said.Open, said.Nobody)
		})
	})
}

// roleWhoCmd says who is on duty.
type roleWhoCmd struct {
	Address string `arg:"" help:"Its address."`
	At      string `placeholder:"TIME" help:"At that time instead of now: 2026-12-24T10:00 or \"Fri 9am\" on the role's clock, or RFC 3339."`
}

// Run implements the command.
func (c *roleWhoCmd) Run(a *app) error {
	e, err := a.group(true, c.Address)
	if err != nil {
		return err
	}
	return a.reading(func(d *gateway.Desk) error {
		g, ok := d.People.GroupByID(e.ID)
		if !ok {
			return fmt.Errorf("role %s: %w", c.Address, store.ErrNotFound)
		}
		at, err := c.at(a.now, g)
		if err != nil {
			return fmt.Errorf("--at: %w", err)
		}
		p, until := g.OnDuty(at)
		said := map[string]any{"role": g.Address.String(), "at": at.UTC(), "on_duty": nil}
		if p != nil {
			said["on_duty"], said["until"] = p.Address.String(), until.UTC()
		}
		return a.show(said, func(w io.Writer) {
			if p == nil {
				fmt.Fprintf(w, "Nobody in particular: mail to %s asks all of its members.\n", g.Address)
				return
			}
			fmt.Fprintf(w, "%s <%s>, until %s\n", p.Name, p.Address, people.Both(until, p.Zone(), g.Zone(), at))
		})
	})
}

func (c *roleWhoCmd) at(now time.Time, g *people.Group) (time.Time, error) {
	if c.At == "" {
		return now, nil
	}
	if t, err := time.Parse(time.RFC3339, c.At); err == nil {
		return t, nil
	}
	for _, at := range []string{c.At, c.At + ":00"} {
		if wall, err := scheduler.ParseWall(strings.Replace(at, " ", "T", 1)); err == nil {
			return wall.Instant(g.Zone()).At, nil
		}
	}
	w, err := scheduler.ParseWhen(c.At, now, g.Zone(), nil)
	return w.At, err
}

// roleRemoveCmd removes a role.
type roleRemoveCmd struct {
	Address string `arg:"" help:"Its address."`
	To      string `placeholder:"ADDRESS" help:"Who takes over the open questions that nobody has answered."`
}

// Run implements the command.
func (c *roleRemoveCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		ctx := context.Background()
		at, err := mail.ParsePath(c.Address, true)
		if err != nil {
			return fmt.Errorf("%q is not an address", c.Address)
		}
		g, _, ok := d.People.GroupByAddress(at)
		if !ok || !g.Role {
			return fmt.Errorf("there is no role %q: %w", c.Address, store.ErrNotFound)
		}
		var to *people.Person
		if c.To != "" {
			if to, err = personOf(d, c.To); err != nil {
				return fmt.Errorf("--to: %w", err)
			}
		}
		passed, err := d.RemoveRole(ctx, g, to, a.now)
		if err != nil {
			return err
		}
		return a.show(map[string]any{"removed": g.Address.String(), "passed_on": passed}, func(w io.Writer) {
			fmt.Fprintf(w, "Removed %s: mail to it bounces. Its address is free.\n", g.Address)
			if passed > 0 {
				fmt.Fprintf(w, "%d open questions passed to %s.\n", passed, to.Name)
			}
		})
	})
}
