package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/store"
)

// show prints v as JSON, or calls text for people.
func (a *app) show(v any, text func(w io.Writer)) error {
	if a.json {
		enc := json.NewEncoder(a.out)
		enc.SetIndent("", "  ")
		return enc.Encode(v)
	}
	text(a.out)
	return nil
}

// table prints rows with aligned columns.
func table(w io.Writer, rows [][]string) {
	tw := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(tw, "\t")
			}
			fmt.Fprint(tw, cell)
		}
		fmt.Fprintln(tw)
	}
	tw.Flush()
}

// progress returns a function that draws a bar on a terminal and nothing elsewhere,
// and one that ends the line.
func (a *app) progress(what string) (step func(done, total int), end func()) {
	f, ok := a.err.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return func(int, int) {}, func() {}
	}
	const width = 30
	var last time.Time
	return func(done, total int) {
			if total == 0 || (time.Since(last) < 100*time.Millisecond && done < total) {
				return
			}
			last = time.Now()
			n := min(width, done*width/total)
			fmt.Fprintf(f, "\r%s [%-*s] %3d%% %d/%d", what, width, "=============================="[:n], done*100/total, done, total)
		}, func() {
			if !last.IsZero() {
				fmt.Fprintln(f)
			}
		}
}

// A configError says that the configuration cannot be used: exit code 3.
type configError struct{ error }

// Unwrap returns the cause.
func (e configError) Unwrap() error { return e.error }

// load reads the configuration.
func (a *app) load() (*config.Config, error) {
	cfg, err := config.Load(a.config)
	if err != nil {
		return nil, configError{err}
	}
	return cfg, nil
}

// desk runs fn with the parts of the gateway that commands work with, beside a running
// server or without.
func (a *app) desk(fn func(*gateway.Desk) error) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	d, err := gateway.OpenDesk(cfg, newLogger(config.Log{Level: "warn"}, a.err))
	if err != nil {
		return err
	}
	return errors.Join(fn(d), d.Close())
}

// reading is desk for commands that change nothing.
func (a *app) reading(fn func(*gateway.Desk) error) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	d, err := gateway.OpenReading(cfg, newLogger(config.Log{Level: "warn"}, a.err))
	if err != nil {
		return err
	}
	return errors.Join(fn(d), d.Close())
}

// open opens the database of the configuration, beside a running server or without.
func (a *app) open() (*config.Config, *store.DB, error) {
	cfg, err := a.load()
	if err != nil {
		return nil, nil, err
	}
	db, err := store.Open(cfg.Server.Data)
	if err != nil {
		return nil, nil, err
	}
	return cfg, db, nil
}
