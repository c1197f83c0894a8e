package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"tidepost/internal/gateway"
)

// asideCmd serves submission without the database.
type asideCmd struct {
	AllowRoot bool `help:"Serve ports below 1024 as root; better: a user of its own with CAP_NET_BIND_SERVICE."`
}

// Run implements the command.
func (c *asideCmd) Run(a *app) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	log := newLogger(cfg.Log, a.err)
	if os.Geteuid() == 0 && !c.AllowRoot && wantsRoot(cfg.Listen) {
		return errRoot
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	context.AfterFunc(ctx, stop) // A second signal ends the program at once.
	s, err := gateway.OpenAside(ctx, cfg, log)
	if err != nil {
		return err
	}
	go reloads(ctx, s, log)
	return s.Run(ctx)
}
