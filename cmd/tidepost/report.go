package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/store"
)

// reportCmd is about what Tidepost does for people.
type reportCmd struct {
	Me     reportMeCmd     `cmd:"" help:"Show your own figures; it asks for your password."`
	Team   reportTeamCmd   `cmd:"" help:"Show sums of the team, of at least five people."`
	Admin  reportAdminCmd  `cmd:"" help:"Show how the installation does: counts, and who has never opened their folders."`
	Bypass reportBypassCmd `cmd:"" help:"Show how much of what people send passes here, and with which programs it does not."`
	DryRun reportDryRunCmd `cmd:"" name:"dry-run" help:"Show what the switches in dry run would have done."`
}

// reportDryRunCmd shows a dry run.
type reportDryRunCmd struct {
	Week bool          `help:"The last seven days; this is the default."`
	Last time.Duration `placeholder:"TIME" help:"Another time up to now, such as 24h."`
}

// dryRunReport is what report dry-run prints as JSON.
type dryRunReport struct {
	gateway.DryRun
	Switches map[string]string     `json:"switches"` // hold, batch and coach of the team
	Policies []gateway.PolicyState `json:"policies"`
}

// Run implements the command.
func (c *reportDryRunCmd) Run(a *app) error {
	span := 7 * 24 * time.Hour
	if c.Last > 0 && !c.Week {
		span = c.Last
	}
	return a.reading(func(d *gateway.Desk) error {
		found, err := d.DryRun(context.Background(), a.now.Add(-span), a.now)
		if err != nil {
			return err
		}
		rep := dryRunReport{DryRun: found, Switches: map[string]string{
			"hold": string(d.Config.Hold.Mode), "batch": string(d.Config.Batch.Mode), "coach": string(d.Config.Coach.Mode)}}
		if rep.Policies, err = d.Policies(context.Background()); err != nil {
			return err
		}
		return a.show(rep, func(w io.Writer) { printDryRun(w, rep) })
	})
}

func printDryRun(w io.Writer, r dryRunReport) {
	fmt.Fprintf(w, "%s to %s UTC\n\n", r.Since.Format("Mon 2 Jan 15:04"), r.Until.Format("Mon 2 Jan 15:04"))
	for _, x := range []struct {
		name, what, how string
		waits           gateway.Waits
	}{
		{"hold", "outgoing mails to a reader", "would have waited for their hours", r.Hold},
		{"batch", "incoming mails", "would have come with a delivery", r.Batch},
	} {
		switch {
		case x.waits.Looked == 0:
			fmt.Fprintf(w, "%-6s nothing in dry run (the team's switch is %s)\n", x.name, r.Switches[x.name])
		case x.waits.Would == 0:
			fmt.Fprintf(w, "%-6s none of %d %s %s\n", x.name, x.waits.Looked, x.what, x.how)
		default:
			fmt.Fprintf(w, "%-6s %d of %d %s %s: half of them less than %s, the longest %s\n", x.name, x.waits.Would, x.waits.Looked, x.what, x.how,
				people.Span(x.waits.Half), people.Span(x.waits.Most))
		}
	}
	if len(r.Coach) == 0 {
		fmt.Fprintf(w, "%-6s no advice in dry run (the team's switch is %s)\n", "coach", r.Switches["coach"])
	} else {
		fmt.Fprintf(w, "%-6s would have given advice, shown to nobody:\n\n", "coach")
		rows := [][]string{{"  POLICY", "REASON", "MAILS"}}
		for _, x := range r.Coach {
			rows = append(rows, []string{"  " + x.Policy, x.Reason, fmt.Sprint(x.Mails)})
		}
		table(w, rows)
	}
	for _, p := range r.Policies {
		if !p.Quiet.IsZero() {
			fmt.Fprintf(w, "\nPolicy %s went to dry run by itself on %s: too many of its last advices were false alarms.\n\"tidepost policy wake %s\" ends that.\n",
				p.Policy, p.Quiet.Format("Mon 2 Jan"), p.Policy)
		}
	}
}

// policyCmd is about the policies of the coach.
type policyCmd struct {
	List policyListCmd `cmd:"" help:"List the policies of the coach, and how often they were wrong."`
	Wake policyWakeCmd `cmd:"" help:"End the dry run that a policy went to by itself."`
}

// policyListCmd lists policies.
type policyListCmd struct{}

// Run implements the command.
func (c *policyListCmd) Run(a *app) error {
	return a.reading(func(d *gateway.Desk) error {
		list, err := d.Policies(context.Background())
		if err != nil {
			return err
		}
		return a.show(list, func(w io.Writer) {
			rows := [][]string{{"POLICY", "MODE", "FALSE ALARMS", "WHAT IT LOOKS FOR"}}
			for _, p := range list {
				mode, rate := p.Mode, fmt.Sprintf("%d of %d", p.FalseAlarms, p.Judged)
				if !p.Quiet.IsZero() {
					mode = "dry-run since " + p.Quiet.Format("2 Jan")
				}
				rows = append(rows, []string{p.Policy, mode, rate, p.Doc})
			}
			table(w, rows)
		})
	})
}

// policyWakeCmd wakes a policy.
type policyWakeCmd struct {
	Policy string `arg:"" help:"Its name."`
}

// Run implements the command.
func (c *policyWakeCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		list, err := d.Policies(context.Background())
		if err != nil {
			return err
		}
		known := false
		for _, p := range list {
			known = known || p.Policy == c.Policy
		}
		if !known {
			return fmt.Errorf("policy %q: %w", c.Policy, store.ErrNotFound)
		}
		was, err := d.WakePolicy(context.Background(), c.Policy, a.now)
		if err != nil {
			return err
		}
		return a.show(map[string]any{"policy": c.Policy, "woken": was}, func(w io.Writer) {
			if was {
				fmt.Fprintf(w, "Policy %s gives advice again. What it said before does not count any more.\n", c.Policy)
			} else {
				fmt.Fprintf(w, "Policy %s was not in a dry run of its own.\n", c.Policy)
			}
		})
	})
}
