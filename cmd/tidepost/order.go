package main

import (
	"context"
	"fmt"
	"io"
	"os/user"
	"strconv"
	"strings"

	"tidepost/internal/gateway"
	"tidepost/store"
)

// queueReleaseCmd lets mail go.
type queueReleaseCmd struct {
	ID        string `arg:"" help:"42, q42, or a Message-ID."`
	Recipient string `placeholder:"ADDRESS" help:"Only to this recipient."`
}

// Run implements the command.
func (c *queueReleaseCmd) Run(a *app) error {
	return a.order(c.ID, c.Recipient, "Released", (*gateway.Desk).Release)
}

// queueCancelCmd takes mail back.
type queueCancelCmd struct {
	ID        string `arg:"" help:"42, q42, or a Message-ID."`
	Recipient string `placeholder:"ADDRESS" help:"Only to this recipient."`
}

// Run implements the command.
func (c *queueCancelCmd) Run(a *app) error {
	return a.order(c.ID, c.Recipient, "Cancelled", (*gateway.Desk).Cancel)
}

// order has something done to one mail and prints to whom.
func (a *app) order(id, recipient, did string, do func(*gateway.Desk, context.Context, gateway.Order) ([]store.Recipient, error)) error {
	return a.desk(func(d *gateway.Desk) error {
		ctx := context.Background()
		var s store.Submission
		err := d.DB.View(ctx, func(tx *store.Tx) (err error) {
			s, err = gateway.Find(tx, id)
			return err
		})
		if err != nil {
			return err
		}
		rcpts, err := do(d, ctx, gateway.Order{Submission: s.ID, Recipient: recipient, By: operator(), Now: a.now})
		if err != nil {
			return err
		}
		var to []string
		for _, r := range rcpts {
			to = append(to, r.Address)
		}
		return a.show(map[string]any{"id": s.ID, strings.ToLower(did): to}, func(w io.Writer) {
			fmt.Fprintf(w, "%s q%d to %s\n", did, s.ID, strings.Join(to, ", "))
		})
	})
}

// operator is who runs the command, for the ledger.
func operator() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	if u.Username == "" {
		return strconv.Quote(u.Uid)
	}
	return u.Username
}
