package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// peopleLeaveCmd plans that somebody leaves the team.
type peopleLeaveCmd struct {
	Address string `arg:"" help:"Any address of the person."`
	On      string `placeholder:"DATE" help:"The first day without them, such as 2026-12-31; it begins on their clock."`
	To      string `placeholder:"ADDRESS" help:"Who takes over: mail, open questions, and a hand-over letter. Without it mail bounces."`
	Cancel  bool   `help:"They stay: forget what was planned."`
}

// Validate implements kong's check of the flags.
func (c *peopleLeaveCmd) Validate() error {
	if c.Cancel == (c.On != "") {
		return errors.New("say --on DATE, or --cancel")
	}
	return nil
}

// Run implements the command.
func (c *peopleLeaveCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		p, err := personOf(d, c.Address)
		if err != nil {
			return err
		}
		if c.Cancel {
			if err := d.Update(context.Background(), func(tx *store.Tx) error { return tx.DropLeaver(p.ID) }); err != nil {
				return err
			}
			return a.show(map[string]string{"stays": p.Address.String()}, func(w io.Writer) { fmt.Fprintf(w, "%s stays.\n", p.Name) })
		}
		l, to, err := c.plan(d, p, a.now)
		if err != nil {
			return err
		}
		if err := d.Update(context.Background(), func(tx *store.Tx) error { return tx.PutLeaver(l) }); err != nil {
			return err
		}
		said := map[string]any{"leaves": p.Address.String(), "at": l.At, "to": nil}
		if to != nil {
			said["to"] = to.Address.String()
		}
		return a.show(said, func(w io.Writer) {
			fmt.Fprintf(w, "%s leaves on %s.\n", p.Name, people.Moment(l.At, p.Zone(), a.now))
			if to == nil {
				fmt.Fprintln(w, "Nobody takes over: from then on their mail bounces, and their open questions are closed.")
				return
			}
			fmt.Fprintf(w, "%s takes over: mail, open questions and a hand-over letter, at the first working moment of that day.\n", to.Name)
			fmt.Fprintln(w, "Private questions pass to nobody; who asked them is told. Mail that waits to leave goes out as planned.")
		})
	})
}

func (c *peopleLeaveCmd) plan(d *gateway.Desk, p *people.Person, now time.Time) (l store.Leaver, to *people.Person, err error) {
	day, err := scheduler.ParseDate(c.On)
	if err != nil {
		return l, nil, fmt.Errorf("--on: %w", err)
	}
	l = store.Leaver{PersonID: p.ID, At: scheduler.Wall{Date: day}.Instant(p.Zone()).At, Created: now}
	if c.To != "" {
		if to, err = personOf(d, c.To); err != nil {
			return l, nil, fmt.Errorf("--to: %w", err)
		}
		if to.ID == p.ID {
			return l, nil, errors.New("--to: they cannot take over from themselves")
		}
		l.ToID = to.ID
	}
	return l, to, nil
}
