package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tidepost/archive"
	"tidepost/internal/dossier"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/store"
)

// peopleExportCmd writes everything of a person.
type peopleExportCmd struct {
	Address string `arg:"" help:"Any address of the person."`
	To      string `required:"" type:"path" placeholder:"DIR" help:"Directory to write, or to go on writing after a break."`
}

// Run implements the command.
func (c *peopleExportCmd) Run(a *app) error {
	ctx, stop := interruptible()
	defer stop()
	return a.desk(func(d *gateway.Desk) error {
		p, err := anyPerson(d, c.Address)
		if err != nil {
			return err
		}
		bar := a.folders()
		r, err := exportPerson(ctx, a, d, p, c.To, bar.told)
		bar.end()
		if err != nil {
			return err
		}
		return a.show(r, func(w io.Writer) {
			fmt.Fprintf(w, "Wrote everything of %s into %s: %d messages in %d folders, %d that wait to leave, %d that wait for delivery, %d questions, %d decisions, %d lines of the ledger.\n",
				p.Address, c.To, r.Messages, len(r.Folders), r.Waiting, r.Delivery, r.Asks, r.Decisions, r.Ledger)
			fmt.Fprintln(w, "sha256sum -c SHA256SUMS, in that directory, looks whether it is whole.")
		})
	})
}

// exportPerson writes everything of a person into a directory. The admin takes a copy of
// somebody's mail: that stands in the ledger.
func exportPerson(ctx context.Context, a *app, d *gateway.Desk, p *people.Person, dir string, told func(archive.Folder, int64)) (dossier.Report, error) {
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		return tx.AddEvent(store.Event{At: a.now, Kind: eventExported, PersonID: p.ID, Detail: map[string]any{"format": "everything", "by": operator()}})
	})
	if err != nil {
		return dossier.Report{}, err
	}
	entries, err := people.NewEditor(d.DB, d.Config.Server.Domains, nil).List(ctx, true)
	if err != nil {
		return dossier.Report{}, err
	}
	o := dossier.Options{DB: d.DB, Queue: d.Queue, Person: p, Dir: dir, Now: a.now, Told: told}
	for _, e := range entries {
		if e.ID == p.ID {
			o.Entry = e
		}
	}
	return dossier.Write(ctx, o)
}

// anyPerson finds a person by address, also one who has left. Whose own the address is, or
// was, counts before whoever has it now as a further one: mail to somebody who has left
// may go to somebody else, who is not meant.
func anyPerson(d *gateway.Desk, address string) (*people.Person, error) {
	var rows []store.Person
	err := d.DB.View(context.Background(), func(tx *store.Tx) (err error) {
		rows, err = tx.People()
		return err
	})
	if err != nil {
		return nil, err
	}
	var left *people.Person
	for _, row := range rows {
		if p, ok := d.People.ByID(row.ID); ok && equalAddress(row.Address, address) {
			if p.Active {
				return p, nil
			}
			left = p
		}
	}
	if left != nil {
		return left, nil
	}
	p, err := person(d, address)
	if !errors.Is(err, store.ErrNotFound) {
		return p, err
	}
	for _, row := range rows {
		if p, ok := d.People.ByID(row.ID); ok && anyEqual(row.Aliases, address) {
			return p, nil
		}
	}
	return nil, err
}

func equalAddress(a, b string) bool { return strings.EqualFold(a, strings.TrimSpace(b)) }

func anyEqual(list []string, address string) bool {
	return slices.ContainsFunc(list, func(a string) bool { return equalAddress(a, address) })
}
