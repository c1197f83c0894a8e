package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"tidepost/config"
	"tidepost/internal/dossier"
	"tidepost/internal/gateway"
	"tidepost/mirror"
	"tidepost/people"
	"tidepost/queue"
)

// rollbackCmd goes back to a plain server. By itself it only says what it would do.
type rollbackCmd struct {
	Send   bool          `help:"Let all mail that waits leave now."`
	Export string        `type:"path" placeholder:"DIR" help:"Write everything of everybody into DIR, a directory for each person: mail as mbox, questions, decisions and schedules as JSON."`
	Yes    bool          `short:"y" help:"Do it: without this nothing is changed."`
	Undo   bool          `help:"Go on as before: the settings of hold, batch and coach count again."`
	Wait   time.Duration `default:"1m" help:"With --send: how long to wait for mail to leave (${default})."`
}

// Validate implements kong's check of the flags.
func (c *rollbackCmd) Validate() error {
	switch {
	case c.Undo && (c.Send || c.Export != ""):
		return errors.New("--undo stands alone")
	case c.Yes && !c.Undo && !c.Send && c.Export == "":
		return errors.New("say what becomes of the mail that waits: --send, --export DIR, or both")
	case c.Wait < 0:
		return errors.New("--wait must not be negative")
	}
	return nil
}

// A rolledBack is what came of it, for programs.
type rolledBack struct {
	Waits     []gateway.PersonWaits `json:"waits"`
	PutBack   []string              `json:"put_back"`
	DryRun    bool                  `json:"dry_run"`
	Exported  []dossier.Report      `json:"exported,omitempty"`
	Released  int                   `json:"released"`
	Delivered int                   `json:"delivered"`
	Sending   int                   `json:"sending"` // recipients that have not left after --wait
	Later     int                   `json:"later"`   // recipients whose server is tried again later
	Seconds   float64               `json:"seconds"`
	Accounts  []gateway.GivenBack   `json:"accounts,omitempty"` // at providers, as they were

	running bool
}

// Run implements the command.
func (c *rollbackCmd) Run(a *app) error {
	ctx, stop := interruptible()
	defer stop()
	return a.desk(func(d *gateway.Desk) error {
		if c.Undo {
			return c.undo(ctx, a, d)
		}
		waits, err := d.WhatWaits(ctx)
		if err != nil {
			return err
		}
		out := rolledBack{Waits: waits, PutBack: gateway.PutBack(d.Config), DryRun: !c.Yes}
		if c.Yes {
			if err := c.do(ctx, a, d, &out); err != nil {
				return err
			}
		}
		return a.show(out, func(w io.Writer) { c.print(w, a, d, out) })
	})
}

func (c *rollbackCmd) undo(ctx context.Context, a *app, d *gateway.Desk) error {
	since, back := d.People.RolledBack()
	if back && c.Yes {
		if err := d.RollBack(ctx, true, a.now, operator()); err != nil {
			return err
		}
	}
	return a.show(map[string]any{"was_rolled_back": back, "dry_run": !c.Yes}, func(w io.Writer) {
		switch {
		case !back:
			fmt.Fprintln(w, "Hold, batch and coach are as they are set.")
		case !c.Yes:
			fmt.Fprintf(w, "Hold, batch and coach are off since %s; --yes has the settings count again.\n", people.Moment(since, time.Local, a.now)) //nolint:gosmopolitan // the admin's clock
		default:
			fmt.Fprintln(w, "Hold, batch and coach are as they are set again, for new mail.")
		}
	})
}

// do goes back: first nothing new waits any more, then what waits is dealt with. Broken
// off, it goes on where it was when it is said again.
func (c *rollbackCmd) do(ctx context.Context, a *app, d *gateway.Desk, out *rolledBack) error {
	began := time.Now()
	if err := d.RollBack(ctx, false, a.now, operator()); err != nil {
		return err
	}
	_, err := gateway.ReadStatus(ctx, d.Config.Server.Data)
	out.running = err == nil
	if c.Export != "" {
		if err := c.export(ctx, a, d, out); err != nil {
			return err
		}
	}
	log := newLogger(config.Log{Level: "warn"}, a.err)
	order := func(do string) (queue.Outcome, error) {
		step, end := a.progress(do)
		defer end()
		return gateway.Operate(ctx, d.Config, log, gateway.Order{Do: do, By: operator()}, time.Now(), step)
	}
	if c.Send {
		o, err := order(gateway.DoRelease)
		if err != nil {
			return err
		}
		out.Released = o.Mails
	}
	o, err := order(gateway.DoOpen)
	out.Delivered = o.Mails
	if err != nil {
		return err
	}
	if c.Send && out.running {
		err = c.drain(ctx, d, out)
	} else {
		out.Sending, out.Later, err = d.Drained(ctx, time.Now())
	}
	if err == nil {
		err = c.giveBack(ctx, d, log, out)
	}
	out.Seconds = time.Since(began).Seconds()
	return err
}

// atProvider are the people whose mailbox is an account elsewhere.
func atProvider(d *gateway.Desk) []*people.Person {
	return slices.DeleteFunc(slices.Clone(d.People.All()), func(p *people.Person) bool { return !p.Active || p.Profile.Inbox != people.MailboxIMAP })
}

// giveBack leaves the accounts at providers as they were. The trouble of one is not
// another's; all of it is told.
func (c *rollbackCmd) giveBack(ctx context.Context, d *gateway.Desk, log *slog.Logger, out *rolledBack) error {
	waiting := mirror.KeepWaiting
	if c.Send {
		waiting = mirror.SendWaiting
	}
	var errs []error
	for _, p := range atProvider(d) {
		back, err := gateway.GiveBack(ctx, d.Config, log, p, waiting)
		if err != nil {
			back.Error = err.Error()
			errs = append(errs, fmt.Errorf("account of %s: %w", p.Address, err))
		}
		out.Accounts = append(out.Accounts, back)
	}
	return errors.Join(errs...)
}

// drainLook is how often rollback looks whether everything has left.
const drainLook = 200 * time.Millisecond

// drain waits until all mail has left that can, --wait at most.
func (c *rollbackCmd) drain(ctx context.Context, d *gateway.Desk, out *rolledBack) (err error) {
	end := time.Now().Add(c.Wait)
	tick := time.NewTicker(drainLook)
	defer tick.Stop()
	for {
		out.Sending, out.Later, err = d.Drained(ctx, time.Now())
		if err != nil || out.Sending == 0 || !time.Now().Before(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// export writes everybody's export; one that is complete is left as it is.
func (c *rollbackCmd) export(ctx context.Context, a *app, d *gateway.Desk, out *rolledBack) error {
	if err := os.MkdirAll(c.Export, 0o700); err != nil {
		return fmt.Errorf("export: %w", err)
	}
	everybody := d.People.All()
	step, end := a.progress("export")
	defer end()
	for i, p := range everybody {
		r, err := exportPerson(ctx, a, d, p, filepath.Join(c.Export, p.Address.String()), nil)
		if err != nil && !errors.Is(err, dossier.ErrComplete) {
			return err
		}
		if err == nil {
			out.Exported = append(out.Exported, r)
		}
		step(i+1, len(everybody))
	}
	return nil
}

func (c *rollbackCmd) print(w io.Writer, a *app, d *gateway.Desk, out rolledBack) {
	c.printWaits(w, a, out)
	fmt.Fprintln(w)
	if out.DryRun {
		fmt.Fprintln(w, "Nothing was changed. With --yes:")
		fmt.Fprintln(w, "  hold, batch and coach are off for everything new, whatever the settings are;")
		if c.Export != "" {
			fmt.Fprintf(w, "  everything of %d people is written into %s;\n", len(d.People.All()), c.Export)
		}
		switch {
		case c.Send:
			fmt.Fprintf(w, "  all mail that waits leaves now, over %d connections at most;\n", d.Config.Relay.Connections)
		case c.Export != "":
			fmt.Fprintln(w, "  mail that waits keeps its times;")
		default:
			fmt.Fprintln(w, "  all mail that waits leaves now (--send), or is written out and keeps its times (--export DIR);")
		}
		fmt.Fprintln(w, "  everything in Next delivery appears now, without digests.")
		if n := len(atProvider(d)); n > 0 {
			fmt.Fprintf(w, "  accounts at providers (%d) become as they were before Tidepost%s.\n", n, map[bool]string{false: "; their mail that waits becomes drafts"}[c.Send])
		}
	} else {
		c.printDone(w, d, out)
		if len(out.Accounts) > 0 {
			printGivenBack(w, out.Accounts)
		}
	}
	fmt.Fprintln(w, "\nTo put back by hand, in this order:")
	for i, s := range out.PutBack {
		fmt.Fprintf(w, "%3d. %s\n", i+1, s)
	}
}

func (c *rollbackCmd) printWaits(w io.Writer, a *app, out rolledBack) {
	if len(out.Waits) == 0 {
		fmt.Fprintln(w, "Nothing waits.")
		return
	}
	rows := [][]string{{"PERSON", "TO LEAVE", "THE FIRST", "NEXT DELIVERY"}}
	held, deliveries, frozen := 0, 0, 0
	for _, x := range out.Waits {
		first := ""
		if !x.First.IsZero() {
			first = people.Moment(x.First, time.Local, a.now) //nolint:gosmopolitan // the admin's clock
		}
		name := x.Address
		if name == "" {
			name = "Tidepost itself"
		}
		rows = append(rows, []string{name, fmt.Sprint(x.Held), first, fmt.Sprint(x.Deliveries)})
		held, deliveries, frozen = held+x.Held, deliveries+x.Deliveries, frozen+x.Frozen
	}
	rows = append(rows, []string{"all", fmt.Sprint(held), "", fmt.Sprint(deliveries)})
	table(w, rows)
	if frozen > 0 {
		fmt.Fprintf(w, "%s of them stay: their authors marked them as deleted in Scheduled, or they are stopped.\n", mails(frozen))
	}
}

func (c *rollbackCmd) printDone(w io.Writer, d *gateway.Desk, out rolledBack) {
	fmt.Fprintln(w, "Hold, batch and coach are off for everything new. tidepost rollback --undo --yes has the settings count again.")
	if len(out.Exported) > 0 {
		fmt.Fprintf(w, "Written into %s: everything of %d people.\n", c.Export, len(out.Exported))
	}
	fmt.Fprintf(w, "%s released, %d messages of Next delivery delivered, in %.1f s.\n", mails(out.Released), out.Delivered, out.Seconds)
	switch {
	case !out.running && out.Sending > 0:
		fmt.Fprintf(w, "No server is running: what was released leaves when it does (%d recipients).\n", out.Sending)
	case out.Sending > 0:
		fmt.Fprintf(w, "%d recipients are still on their way: tidepost queue list.\n", out.Sending)
	}
	if out.Later > 0 {
		fmt.Fprintf(w, "%d recipients are tried again later, as their servers asked: keep Tidepost running until they have it.\n", out.Later)
	}
}
