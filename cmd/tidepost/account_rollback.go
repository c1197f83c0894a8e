package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"tidepost/accounts"
	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/store"
)

// accountRollbackCmd leaves accounts at a provider as they were.
type accountRollbackCmd struct {
	Address string `arg:"" optional:"" help:"Any address of the person."`
	All     bool   `help:"Everybody who has an account at a provider."`
	Waiting string `enum:"send,cancel" default:"cancel" help:"Mail that waits to leave: cancel makes drafts of it, send lets it leave now (${default})."`
}

// Validate implements kong's check of the flags.
func (c *accountRollbackCmd) Validate() error {
	if (c.Address == "") != c.All {
		return errors.New("say whose: an address, or --all")
	}
	return nil
}

// Run implements the command. The trouble of one account is not another's.
func (c *accountRollbackCmd) Run(a *app) error {
	ctx, stop := interruptible()
	defer stop()
	var cfg *config.Config
	var who []*people.Person
	err := a.accounts(func(d *gateway.Desk, k *accounts.Keeper) (err error) {
		cfg = d.Config
		who, err = c.who(ctx, d, k)
		return err
	})
	if err != nil {
		return err
	}
	log := newLogger(config.Log{Level: "warn"}, a.err)
	out := []gateway.GivenBack{}
	var errs []error
	for _, p := range who {
		back, err := gateway.GiveBack(ctx, cfg, log, p, mirror.Choice(c.Waiting))
		if err != nil {
			back.Error = err.Error()
			errs = append(errs, err)
		}
		out = append(out, back)
	}
	if err := a.show(out, func(w io.Writer) { printGivenBack(w, out) }); err != nil {
		return err
	}
	return errors.Join(errs...)
}

func (c *accountRollbackCmd) who(ctx context.Context, d *gateway.Desk, k *accounts.Keeper) ([]*people.Person, error) {
	if !c.All {
		p, err := whose(d, c.Address)
		if err != nil {
			return nil, err
		}
		if _, err := k.Of(ctx, p.ID, accounts.IMAP); errors.Is(err, store.ErrNotFound) {
			return nil, fmt.Errorf("%s has no IMAP account: %w", p.Address, err)
		}
		return []*people.Person{p}, nil
	}
	list, err := k.All(ctx)
	if err != nil {
		return nil, err
	}
	var out []*people.Person
	for _, acct := range list {
		if p, ok := d.People.ByID(acct.Person); ok && acct.Side == accounts.IMAP {
			out = append(out, p)
		}
	}
	return out, nil
}

func printGivenBack(w io.Writer, list []gateway.GivenBack) {
	for _, b := range list {
		if b.Error != "" {
			fmt.Fprintf(w, "%s: not given back; run this again. %s\n", b.Person, tameText(b.Error))
			continue
		}
		fmt.Fprintf(w, "%s: the account is as it was. %d delivered, %d sent, %d in Drafts, %d other mails moved to INBOX; %d letters and %d folders of Tidepost removed.\n",
			b.Person, b.Back.Delivered, b.Back.Sent, b.Back.Drafts, b.Back.Moved, b.Back.Removed, b.Back.Folders)
		if len(b.Back.Left) > 0 {
			fmt.Fprintf(w, "    left because they hold something of the person's: %s\n", tameText(strings.Join(b.Back.Left, ", ")))
		}
	}
	if len(list) == 0 {
		fmt.Fprintln(w, "Nobody has an account at a provider.")
	}
}
