package main

import (
	"fmt"
	"io"

	"tidepost/store"
)

// schemaCmd shows or changes the version of the database.
type schemaCmd struct {
	To int `placeholder:"N" help:"Bring the database to this version: the newest, or one step back for the release before. Stop the server first."`
}

// Run implements the command.
func (c *schemaCmd) Run(a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	newest, err := store.NewestSchema()
	if err != nil {
		return err
	}
	version := c.To
	if c.To == 0 {
		if version, err = store.FileSchema(cfg.Server.Data); err != nil {
			return err
		}
	} else if _, err := store.MigrateTo(cfg.Server.Data, c.To); err != nil {
		return err
	}
	return a.show(map[string]int{"schema": version, "newest": newest}, func(w io.Writer) {
		fmt.Fprintf(w, "The database has schema %d, this program works with %d.\n", version, newest)
	})
}
