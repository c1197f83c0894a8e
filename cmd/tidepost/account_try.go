package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tidepost/accounts"
	"tidepost/internal/gateway"
)

// accountTryCmd begins a dry run of an account.
type accountTryCmd struct {
	Address string `arg:"" help:"Any address of the person."`
	Days    int    `default:"7" help:"How long, in days; then person and admin are told what would have happened."`
}

// maxTrial is how many days a dry run may take.
const maxTrial = 90

// Validate implements kong's check of the flags.
func (c *accountTryCmd) Validate() error {
	if c.Days < 1 || c.Days > maxTrial {
		return fmt.Errorf("--days is 1 to %d", maxTrial)
	}
	return nil
}

// Run implements the command.
func (c *accountTryCmd) Run(a *app) error {
	return a.accounts(func(d *gateway.Desk, k *accounts.Keeper) error {
		p, err := whose(d, c.Address)
		if err != nil {
			return err
		}
		t := gateway.Trial{Since: a.now.UTC().Round(0), Until: a.now.UTC().Round(0).AddDate(0, 0, c.Days)}
		switch err := d.Try(context.Background(), p, k, t); {
		case errors.Is(err, gateway.ErrLive):
			return fmt.Errorf("%s: %w", p.Address, err)
		case err != nil:
			return err
		}
		return a.show(map[string]any{"person": p.Address.String(), "since": t.Since, "until": t.Until}, func(w io.Writer) {
			fmt.Fprintf(w, "Until %s the account of %s is read and nothing is changed in it; then they and you are told what would have happened.\n", t.Until.In(p.Zone()).Format("Mon 2 Jan 15:04"), p.Address)
			fmt.Fprintf(w, "Meanwhile: tidepost report dry-run\nLive:      tidepost account live %s\n", p.Address)
		})
	})
}

// accountLiveCmd turns Tidepost on for an account.
type accountLiveCmd struct {
	Address string `arg:"" help:"Any address of the person."`
}

// Run implements the command.
func (c *accountLiveCmd) Run(a *app) error {
	return a.accounts(func(d *gateway.Desk, k *accounts.Keeper) error {
		p, err := whose(d, c.Address)
		if err != nil {
			return err
		}
		if err := d.GoLive(context.Background(), p, k, time.Now()); err != nil {
			return err
		}
		return a.show(map[string]any{"person": p.Address.String(), "live": true}, func(w io.Writer) {
			fmt.Fprintf(w, "%s is live: mail is held and batched from now on. Back again: tidepost account rollback %s\n", p.Address, p.Address)
		})
	})
}
