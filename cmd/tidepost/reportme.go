package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"tidepost/internal/gateway"
	"tidepost/reports"
)

// reportMeCmd shows a person's own figures. The password is what makes them one's own:
// whoever runs the server is a colleague or a superior too.
type reportMeCmd struct {
	Who  asPerson      `embed:""`
	Last time.Duration `placeholder:"TIME" help:"Another time up to now than four weeks, such as 168h."`
}

// Run implements the command.
func (c *reportMeCmd) Run(a *app) error {
	if c.Who.As == "" {
		return errors.New("say who you are: --as ADDRESS; or write the word report to Tidepost")
	}
	return a.desk(func(d *gateway.Desk) error {
		p, err := c.Who.login(a, d)
		if err != nil {
			return err
		}
		f, err := d.Report(context.Background(), p, operator(), a.now.Add(-span(c.Last)), a.now)
		if err != nil {
			return err
		}
		return a.show(f, func(w io.Writer) { fmt.Fprint(w, f.Text(p.Zone())) })
	})
}

// reportTeamCmd shows the sums of the team.
type reportTeamCmd struct {
	Last time.Duration `placeholder:"TIME" help:"Another time up to now than four weeks, such as 168h."`
}

// Run implements the command.
func (c *reportTeamCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		f, err := d.Report(context.Background(), nil, operator(), a.now.Add(-span(c.Last)), a.now)
		if err != nil {
			return err
		}
		return a.show(f, func(w io.Writer) { fmt.Fprint(w, f.Text(time.UTC)) })
	})
}

func span(last time.Duration) time.Duration {
	if last > 0 {
		return last
	}
	return reports.Span
}
