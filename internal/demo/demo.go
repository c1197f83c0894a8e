// Package demo shows Tidepost on one machine: a real gateway on loopback ports, Ana
// in London and Mei in Sydney, of whom one is always asleep, and an outside world of
// one smarthost and one correspondent. It either runs until it is stopped, for
// anybody with a mail client, or tells its story by itself and checks each sentence
// of it (the tour).
//
// Invariants:
//   - Nothing is faked but the people and the outside world: the gateway is that of
//     `tidepost serve`, read from a tidepost.toml that other runs of the program can
//     use beside it, and time is real.
//   - Every check of the tour is about what came over the wire, by SMTP or IMAP with
//     TLS, as a mail client would see it.
//   - Every listener is on loopback.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Options say how a demo runs.
type Options struct {
	Out   io.Writer
	Dir   string // must be empty or not exist; "": a temporary one, removed at the end
	Tour  bool   // tell the story and return, instead of running until ctx ends
	Ports Ports
	// Provider is where the two have their mailboxes; nil: in Tidepost's own store.
	Provider *Provider
}

// Run starts everything and returns when ctx ends or, on a tour, when the story has
// been told. The error of a tour names the check that did not hold; its temporary
// directory is then left behind, with the log in it.
func Run(ctx context.Context, o Options) (err error) {
	if !o.Tour {
		o.Ports = o.Ports.orDefault()
	}
	if err := o.Ports.free(); err != nil {
		return err
	}
	dir, remove, err := folder(o.Dir)
	if err != nil {
		return err
	}
	show := newScreen(o.Out)
	defer func() {
		if err != nil && ctx.Err() == nil {
			show.line("")
			show.line("The log and the data are in %s", dir)
			return
		}
		err = errors.Join(err, remove())
	}()
	setup := pace{undo: liveUndo, grace: liveGrace, outside: "tide"}
	if o.Tour {
		setup = pace{undo: tourUndo, grace: tourGrace, outside: "hours"}
	}
	w, err := open(ctx, dir, o, setup)
	if err != nil {
		return err
	}
	story := live
	if o.Tour {
		story = tour
	}
	err = w.run(ctx, func(ctx context.Context) error { return story(ctx, w, show) })
	return errors.Join(err, w.giveBack(context.WithoutCancel(ctx)), w.close())
}

// folder prepares the directory of a demo; remove takes away what it made itself.
func folder(dir string) (path string, remove func() error, err error) {
	if dir == "" {
		if path, err = os.MkdirTemp("", "tidepost-demo-"); err != nil {
			return "", nil, fmt.Errorf("make a folder for the demo: %w", err)
		}
		return path, func() error { return os.RemoveAll(path) }, nil
	}
	if path, err = filepath.Abs(dir); err != nil {
		return "", nil, fmt.Errorf("find the folder of the demo: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return "", nil, fmt.Errorf("make a folder for the demo: %w", err)
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", nil, fmt.Errorf("look into the folder of the demo: %w", err)
	}
	if len(entries) > 0 {
		return "", nil, fmt.Errorf("%s is not empty: the demo begins anew each time; name another folder with --dir", path)
	}
	return path, func() error { return nil }, nil
}
