package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/config"
	"tidepost/internal/gateway"
)

// reportAdminCmd says how the installation does, for whoever looks after it.
type reportAdminCmd struct {
	Last time.Duration `default:"168h" placeholder:"TIME" help:"How far it looks back (${default})."`
}

// Run implements the command.
func (c *reportAdminCmd) Run(a *app) error {
	return a.reading(func(d *gateway.Desk) error {
		r, err := d.AdminReport(context.Background(), a.now.Add(-c.Last), a.now)
		if err != nil {
			return err
		}
		return a.show(r, func(w io.Writer) { printAdmin(w, r) })
	})
}

func printAdmin(w io.Writer, r gateway.AdminReport) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(w, "%-20s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintf(w, "%s to %s UTC\n\n", r.Since.Format("Mon 2 Jan 15:04"), r.Until.Format("Mon 2 Jan 15:04"))
	line("People", "%d, of whom %d sent mail", r.People, r.Mail.Senders)
	line("Mail sent", "%d (%d urgent); recipients: %d delivered, %d bounced, %d taken back, %d given up", r.Mail.Accepted, r.Mail.Urgent, r.Mail.Delivered, r.Mail.Bounced, r.Mail.Cancelled, r.Mail.Expired)
	line("Mail received", "%d", r.Mail.Incoming)
	line("Waits now", "%d to leave, %d tried again, %d for a delivery", r.Held, r.Deferred, r.Waiting)
	if r.Bypassed > 0 {
		line("Past Tidepost", "%d (tidepost report bypass)", r.Bypassed)
	}
	line("Decisions", "%d", r.Mail.Decisions)
	var asks []string
	for _, q := range r.Questions {
		asks = append(asks, fmt.Sprintf("%d %s", q.Count, strings.ReplaceAll(q.State, "-", " ")))
	}
	if len(asks) == 0 {
		asks = []string{"not shown: fewer than five people have any"}
	}
	line("Questions", "%s", strings.Join(asks, ", "))
	for _, p := range r.Policies {
		if p.Given > 0 {
			line("Advice: "+p.Policy, "%d times, %d false alarms", p.Given, p.FalseAlarms)
		}
	}
	switch {
	case r.Backup == nil:
		line("Backup", "none is known")
	default:
		line("Backup", "the newest is of %s UTC", r.Backup.Format("Mon 2 Jan 15:04"))
	}
	line("Database", "%s, and %s of log beside it", config.ShowSize(r.Size), config.ShowSize(r.Log))
	if r.Paused != "" {
		line("Paused", "%s", r.Paused)
	}
	if len(r.NeverOpened) > 0 {
		fmt.Fprintf(w, "\nThey send mail but have never opened their folders, so they do not see what waits (set-up: docs/clients.md):\n")
		for _, p := range r.NeverOpened {
			fmt.Fprintf(w, "  %s\n", p)
		}
	}
}
