package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"tidepost/internal/demo"
)

// demoCmd shows everything on one machine.
type demoCmd struct {
	Tour bool   `help:"Tell the story by itself in under 90 seconds, check each step, and end."`
	Dir  string `placeholder:"DIR" help:"Where its files go; must be empty or not exist (default: a temporary one)."`

	SubmissionPort  int `placeholder:"PORT" help:"Port for sending with STARTTLS."`
	SubmissionsPort int `placeholder:"PORT" help:"Port for sending inside TLS."`
	InboundPort     int `placeholder:"PORT" help:"Port for mail from outside."`
	ImapPort        int `placeholder:"PORT" help:"Port for reading with STARTTLS."`
	ImapsPort       int `placeholder:"PORT" help:"Port for reading inside TLS."`
	SmarthostPort   int `placeholder:"PORT" help:"Port of the outside world."`
}

// Run implements the command.
func (c *demoCmd) Run(a *app) error {
	if a.json {
		return errors.New("the demo is for people: it has no --json")
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return demo.Run(ctx, demo.Options{Out: a.out, Dir: c.Dir, Tour: c.Tour, Ports: demo.Ports{
		Submission: c.SubmissionPort, Submissions: c.SubmissionsPort, Inbound: c.InboundPort,
		IMAP: c.ImapPort, IMAPS: c.ImapsPort, Smarthost: c.SmarthostPort,
	}})
}
