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

// pauseCmd has hold, batch and coach leave new mail alone for a while.
type pauseCmd struct {
	Until  string        `placeholder:"TIME" help:"When it ends by itself: \"15:00\", \"Fri 9am\", \"2026-12-24 12:00\" or RFC 3339, on the clock of the person, or of this machine."`
	For    time.Duration `placeholder:"2h" help:"How long."`
	Person string        `placeholder:"ADDRESS" help:"Only this person; without it everybody."`
	DryRun bool          `help:"Change nothing; say what would be."`
}

// Validate implements kong's check of the flags.
func (c *pauseCmd) Validate() error {
	switch {
	case c.Until != "" && c.For != 0:
		return errors.New("say --until or --for, not both")
	case c.For < 0:
		return errors.New("--for must be positive")
	}
	return nil
}

// Run implements the command.
func (c *pauseCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		who, zone, err := paused(d, c.Person)
		if err != nil {
			return err
		}
		until, err := c.end(a.now, who, zone)
		if err != nil {
			return err
		}
		waits, err := waiting(d, who)
		if err != nil {
			return err
		}
		if !c.DryRun {
			if err := setPause(d, who, until, a.now); err != nil {
				return err
			}
		}
		said := map[string]any{"until": until, "endless": people.IsEndless(until), "person": addressOrNil(who), "waits": waits, "dry_run": c.DryRun}
		return a.show(said, func(w io.Writer) {
			verb := "is paused"
			if c.DryRun {
				verb = "would be paused"
			}
			fmt.Fprintf(w, "%s %s %s: new mail leaves and comes at once, without advice.\n", nameOf(who), verb, people.Until(until, zone, a.now))
			fmt.Fprintf(w, "What waits (%s) keeps its times; tidepost queue release lets it go. tidepost resume ends the pause.\n", mails(waits))
		})
	})
}

// end is when the pause ends; it lies ahead.
func (c *pauseCmd) end(now time.Time, who *people.Person, zone *time.Location) (time.Time, error) {
	switch {
	case c.For > 0:
		return now.Add(c.For).UTC().Truncate(time.Second), nil
	case c.Until == "":
		return people.Endless(), nil
	}
	at, err := time.Parse(time.RFC3339, c.Until)
	if err != nil {
		var hours *scheduler.Schedule
		if who != nil {
			hours = who.Schedule(now)
		}
		w, err := scheduler.ParseWhen(c.Until, now, zone, hours)
		if err != nil {
			return at, fmt.Errorf("--until: %w", err)
		}
		at = w.At
	}
	if !at.After(now) {
		return at, errors.New("--until: is in the past")
	}
	return at.UTC(), nil
}

// resumeCmd ends a pause.
type resumeCmd struct {
	Person string `placeholder:"ADDRESS" help:"Only this person; without it the pause of the team."`
	DryRun bool   `help:"Change nothing; say what would be."`
}

// Run implements the command.
func (c *resumeCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		who, zone, err := paused(d, c.Person)
		if err != nil {
			return err
		}
		until, was := d.People.TeamPaused(a.now)
		if who != nil {
			until = who.Profile.PausedUntil
			was = until.After(a.now)
		}
		if was && !c.DryRun {
			if err := setPause(d, who, time.Time{}, a.now); err != nil {
				return err
			}
		}
		teamUntil, team := d.People.TeamPaused(a.now)
		own := d.People.PausedPeople(a.now)
		said := map[string]any{"was_paused": was, "person": addressOrNil(who), "dry_run": c.DryRun}
		return a.show(said, func(w io.Writer) {
			switch {
			case !was:
				fmt.Fprintf(w, "%s is not paused.\n", nameOf(who))
			case c.DryRun:
				fmt.Fprintf(w, "%s is paused %s; that would end.\n", nameOf(who), people.Until(until, zone, a.now))
			default:
				fmt.Fprintf(w, "%s is not paused any more: new mail waits as before. Nothing that waits was moved.\n", nameOf(who))
			}
			if who != nil && team {
				fmt.Fprintf(w, "The team is still paused %s.\n", people.Until(teamUntil, zone, a.now))
			}
			for _, p := range own {
				if who == nil {
					fmt.Fprintf(w, "%s still has a pause of their own %s.\n", p.Name, people.Until(p.Profile.PausedUntil, p.Zone(), a.now))
				}
			}
		})
	})
}

// paused finds whom a pause is about, nil for everybody, and on whose clock it is told.
func paused(d *gateway.Desk, address string) (*people.Person, *time.Location, error) {
	if address == "" {
		return nil, time.Local, nil //nolint:gosmopolitan // the clock of who types the command
	}
	p, err := person(d, address)
	if err != nil {
		return nil, nil, err
	}
	return p, p.Zone(), nil
}

// setPause writes the pause, zero for none, and has the running server hear of it.
func setPause(d *gateway.Desk, who *people.Person, until, now time.Time) error {
	ctx := context.Background()
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		switch {
		case who != nil && until.IsZero():
			return people.Resume(tx, who.ID, now)
		case who != nil:
			return people.Pause(tx, who.ID, until, now)
		case until.IsZero():
			return people.ResumeTeam(tx, now, operator())
		}
		return people.PauseTeam(tx, until, now, operator())
	})
	if err != nil {
		return err
	}
	return d.Announce(ctx)
}

// waiting counts outgoing mail that waits: of a person, or all.
func waiting(d *gateway.Desk, who *people.Person) (n int, err error) {
	author := int64(0)
	if who != nil {
		author = who.ID
	}
	err = d.DB.View(context.Background(), func(tx *store.Tx) error {
		n, err = tx.CountHeld(author)
		return err
	})
	return n, err
}

func nameOf(who *people.Person) string {
	if who == nil {
		return "The team"
	}
	return who.Name
}

func addressOrNil(who *people.Person) any {
	if who == nil {
		return nil
	}
	return who.Address.String()
}
