package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/store"
)

// peopleEraseCmd erases somebody who has left.
type peopleEraseCmd struct {
	Address string `arg:"" help:"Any address of the person, who has left or was removed."`
	Yes     bool   `short:"y" help:"Do it: without this nothing is changed."`
}

// A heldBackup is a copy that still holds somebody.
type heldBackup struct {
	gateway.Backup
	There bool       `json:"there"` // the file is where it was written
	Until *time.Time `json:"until,omitempty"`
}

// smallDatabase is how large a database may be to be written anew beside the running
// server: longer than five seconds nobody waits for the other.
const smallDatabase = 256 << 20

// Run implements the command.
func (c *peopleEraseCmd) Run(a *app) error {
	ctx, stop := interruptible()
	defer stop()
	return a.desk(func(d *gateway.Desk) error {
		p, err := anyPerson(d, c.Address)
		if err != nil {
			return err
		}
		backups, err := holding(d, a.now)
		if err != nil {
			return err
		}
		if p.Active {
			return fmt.Errorf("%s %w", p.Address, gateway.ErrStillHere)
		}
		if !c.Yes {
			return c.plan(ctx, a, d, p, backups)
		}
		step, end := a.progress("erase")
		err = d.Erase(ctx, p, operator(), a.now, func(done int) { step(done, 0) })
		end()
		if err != nil {
			return err
		}
		scrubbed, err := c.scrub(ctx, d)
		if err != nil {
			return err
		}
		said := map[string]any{"erased": p.ID, "scrubbed": scrubbed, "backups": backups}
		return a.show(said, func(w io.Writer) {
			fmt.Fprintf(w, "Person %d is erased: mail that nobody else has, folders, questions, notes, settings and name. Others keep what was sent to them, and what the team decided stays, without the name.\n", p.ID)
			if !scrubbed {
				fmt.Fprintln(w, "What was deleted still lies in free pages of the database. Restart the server when it suits: it writes the file anew before it serves.")
			}
			printHolding(w, backups, a.now)
		})
	})
}

// scrub writes the file anew, unless that would keep a running server waiting.
func (c *peopleEraseCmd) scrub(ctx context.Context, d *gateway.Desk) (bool, error) {
	if _, err := gateway.ReadStatus(ctx, d.Config.Server.Data); err == nil {
		info, err := os.Stat(d.DB.Path())
		if err != nil {
			return false, err
		}
		if info.Size() > smallDatabase {
			return false, nil
		}
	}
	err := d.Scrub(ctx, time.Now())
	if errors.Is(err, store.ErrBusy) {
		return false, nil // Somebody reads: the next start does it.
	}
	return err == nil, err
}

func (c *peopleEraseCmd) plan(ctx context.Context, a *app, d *gateway.Desk, p *people.Person, backups []heldBackup) error {
	messages, folders := 0, 0
	err := d.DB.View(ctx, func(tx *store.Tx) error {
		boxes, err := tx.Mailboxes(p.ID)
		for _, b := range boxes {
			n, err := tx.Count(b.ID, false)
			if err != nil {
				return err
			}
			if messages += int(n.Messages); n.Messages > 0 {
				folders++
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	return a.show(map[string]any{"person": p.ID, "messages": messages, "folders": folders, "backups": backups, "dry_run": true}, func(w io.Writer) {
		fmt.Fprintf(w, "Would erase %s (person %d): %d messages in %d folders, as far as nobody else has them; questions, notes, digests, settings, credentials and the name.\n", p.Address, p.ID, messages, folders)
		fmt.Fprintln(w, "Others keep what was sent to them; decisions of the team stay, without the name; the ledger keeps ids.")
		fmt.Fprintln(w, "It cannot be taken back. tidepost people export writes everything out first; --yes erases.")
		printHolding(w, backups, a.now)
	})
}

// holding are the copies that hold everybody who is here now.
func holding(d *gateway.Desk, now time.Time) ([]heldBackup, error) {
	list, err := gateway.Backups(d.Config.Server.Data)
	if err != nil {
		return nil, err
	}
	out := []heldBackup{}
	for _, b := range list {
		h := heldBackup{Backup: b}
		_, err := os.Stat(b.File)
		h.There = err == nil
		if until := b.Until(); until.After(now) {
			h.Until = &until
		}
		out = append(out, h)
	}
	return out, nil
}

func printHolding(w io.Writer, list []heldBackup, now time.Time) {
	if len(list) == 0 {
		fmt.Fprintln(w, "No backup is known that holds the person.")
		return
	}
	fmt.Fprintln(w, "Backups that still hold the person; a database restored from one erases again before it is served:")
	for _, b := range list {
		line := fmt.Sprintf("  %s  %s, %s", b.At.UTC().Format(time.RFC3339), b.File, config.FormatSize(b.Size))
		switch {
		case !b.There:
			line += ", not there any more: moved, or removed"
		case b.Until != nil:
			line += ", until about " + people.Moment(*b.Until, time.UTC, now) + " UTC, when the rotation removes it"
		default:
			line += ", until somebody removes it"
		}
		fmt.Fprintln(w, line)
	}
}
