package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"tidepost/internal/gateway"
	"tidepost/store"
)

// welcome greets people who were added just now. They are in the team, whatever becomes
// of the letter: trouble is told and is no failure.
func (a *app) welcome(addresses []string) {
	if len(addresses) == 0 {
		return
	}
	err := a.desk(func(d *gateway.Desk) error {
		return d.Update(context.Background(), func(tx *store.Tx) error {
			for _, p := range d.People.All() {
				if !p.Active || !slices.ContainsFunc(addresses, func(s string) bool { return strings.EqualFold(s, p.Address.String()) }) {
					continue
				}
				if _, err := d.Queue.Welcome(tx, p, a.now); err != nil {
					return err
				}
			}
			return nil
		})
	})
	if err != nil {
		fmt.Fprintf(a.err, "the welcome letter was not written: %v\n", err)
	}
}
