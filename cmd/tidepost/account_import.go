package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/internal/gateway"
)

// accountImportCmd sets everybody's accounts at once.
type accountImportCmd struct {
	File         string `arg:"" help:"CSV file of mode 0600; its first row names the columns: address, password, and what differs from the options below."`
	IMAP         string `name:"imap" placeholder:"HOST[:PORT]" help:"Where mail is read, for rows that do not say it (port 993)."`
	SMTP         string `name:"smtp" placeholder:"HOST[:PORT]" help:"Where mail is sent through, for rows that do not say it (port 587)."`
	IMAPSecurity string `name:"imap-security" enum:"tls,starttls,none," default:"" help:"tls, starttls, or none (on this machine only); else as the port says."`
	SMTPSecurity string `name:"smtp-security" enum:"tls,starttls,none," default:"" help:"The same for --smtp."`
	Sent         string `enum:"provider,tidepost,client," default:"" help:"Who files a copy in Sent: provider (its SMTP server does), tidepost, or client."`
	DryRun       bool   `help:"Check everything, change nothing."`
}

// Run implements the command.
func (c *accountImportCmd) Run(a *app) error {
	data, err := config.ReadPrivate(c.File) // It holds passwords.
	if err != nil {
		return err
	}
	rows, err := accounts.ReadTable(c.File, data, accounts.Default{IMAP: c.IMAP, SMTP: c.SMTP,
		IMAPSecurity: accounts.Security(c.IMAPSecurity), SMTPSecurity: accounts.Security(c.SMTPSecurity), Sent: accounts.Filer(c.Sent)})
	if err != nil {
		return err
	}
	return a.accounts(func(d *gateway.Desk, k *accounts.Keeper) error {
		all, err := c.owners(d, rows)
		if err != nil {
			return err
		}
		if !c.DryRun {
			if err := k.SetAll(context.Background(), all, a.now); err != nil {
				return err
			}
		}
		set := []accountJSON{}
		for id, list := range all {
			p, _ := d.People.ByID(id)
			for _, s := range list {
				set = append(set, accountOf(p, accounts.Account{Side: s.Side, Addr: s.Addr, Security: s.Security, User: s.User, Sent: s.Sent, State: "new", Changed: a.now}))
			}
		}
		sortAccounts(set)
		return a.show(set, func(w io.Writer) {
			printAccounts(w, set)
			if c.DryRun {
				fmt.Fprintln(w, "Dry run: nothing was changed.")
			} else {
				fmt.Fprintln(w, "Look whether one works: tidepost doctor account ADDRESS")
			}
		})
	})
}

// owners are the people of the rows. All that are missing are told.
func (c *accountImportCmd) owners(d *gateway.Desk, rows []accounts.Row) (map[int64][]accounts.Settings, error) {
	all, lines := map[int64][]accounts.Settings{}, map[int64]int{}
	var problems []error
	for _, r := range rows {
		p, err := whose(d, r.Address)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s:%d: address: %w", c.File, r.Line, err))
			continue
		}
		if first, twice := lines[p.ID]; twice {
			problems = append(problems, fmt.Errorf("%s:%d: address: %s is the person of line %d", c.File, r.Line, r.Address, first))
			continue
		}
		all[p.ID], lines[p.ID] = r.Settings, r.Line
	}
	return all, errors.Join(problems...)
}

// sortAccounts orders accounts by their people, IMAP first.
func sortAccounts(all []accountJSON) {
	slices.SortFunc(all, func(a, b accountJSON) int {
		return cmp.Or(strings.Compare(a.Person, b.Person), strings.Compare(a.Side, b.Side))
	})
}
