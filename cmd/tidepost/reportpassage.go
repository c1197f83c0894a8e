package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"tidepost/internal/gateway"
	"tidepost/store"
)

// reportBypassCmd shows how much of what people send passes here.
type reportBypassCmd struct {
	Last time.Duration `placeholder:"TIME" help:"Another time up to now than a week, such as 24h; whole days."`
}

// Run implements the command.
func (c *reportBypassCmd) Run(a *app) error {
	span := 7 * 24 * time.Hour
	if c.Last > 0 {
		span = c.Last
	}
	type client struct {
		Client string `json:"client"`
		Mails  int    `json:"mails"`
	}
	out := struct {
		Held     int      `json:"held"`
		Unproved int      `json:"unproved"`
		Again    int      `json:"again"`
		Bypassed int      `json:"bypassed"`
		Clients  []client `json:"clients"`
	}{Clients: []client{}}
	return a.reading(func(d *gateway.Desk) error {
		var found []store.Passages
		err := d.DB.View(context.Background(), func(tx *store.Tx) (err error) {
			found, err = tx.PassagesSince(a.now.Add(-span))
			return err
		})
		if err != nil {
			return err
		}
		for _, p := range found {
			switch p.Kind {
			case store.PassageHeld:
				out.Held += p.N
			case store.PassageUnproved:
				out.Unproved += p.N
			case store.PassageAgain:
				out.Again += p.N
			case store.PassageBypass:
				out.Bypassed += p.N
				out.Clients = append(out.Clients, client{p.Client, p.N})
			}
		}
		return a.show(out, func(w io.Writer) {
			fmt.Fprintf(w, "Since %s:\n", a.now.Add(-span).UTC().Format("Mon 2 Jan"))
			fmt.Fprintf(w, "%6d  came by the connector and were treated as mail of their authors\n", out.Held)
			fmt.Fprintf(w, "%6d  came by it and were passed on as they were: nothing proved the author\n", out.Unproved)
			fmt.Fprintf(w, "%6d  came by it a second time: the provider's rule is too wide\n", out.Again)
			fmt.Fprintf(w, "%6d  went past Tidepost\n", out.Bypassed)
			for _, x := range out.Clients {
				name := x.Client
				if name == "" {
					name = "a program that does not say its name (webmail, phones)"
				}
				fmt.Fprintf(w, "        %6d  with %s\n", x.Mails, tameText(name))
			}
		})
	})
}
