package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/internal/doctor"
	"tidepost/internal/gateway"
)

// doctorCmd makes all checks.
type doctorCmd struct {
	About   []string `arg:"" optional:"" placeholder:"account ADDRESS" help:"\"account ADDRESS\": walk through a person's accounts elsewhere."`
	Brief   bool     `help:"One line for monitoring; exit code 0: well, 1: somebody should look, 2: something is wrong."`
	NoProbe bool     `help:"Do not send the probe mail."`
	Deep    bool     `help:"Look at every page of the database, which takes minutes if it is large."`
	Offline bool     `help:"Ask nothing beyond this machine: neither DNS nor smarthost."`
}

// Run implements the command.
func (c *doctorCmd) Run(a *app) error {
	if len(c.About) > 0 {
		if len(c.About) != 2 || c.About[0] != "account" {
			return errors.New("doctor knows \"account ADDRESS\", or nothing behind it")
		}
		return checkAccount(a, c.About[1])
	}
	cfg, err := a.load()
	if err != nil {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	o := doctor.Options{Config: cfg, NoProbe: c.NoProbe, Deep: c.Deep, Offline: c.Offline, Known: c.Brief}
	if !a.json && !c.Brief {
		o.Told = func(f doctor.Finding) { printFinding(a.out, f) }
	}
	found := doctor.Run(ctx, o)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	worst := doctor.Worst(found)
	err = a.show(map[string]any{"level": worst, "checks": found}, func(w io.Writer) {
		if c.Brief {
			fmt.Fprintln(w, brief(worst, found))
			return
		}
		fmt.Fprintf(w, "\n%s\n", summary(found))
	})
	if err != nil {
		return err
	}
	switch {
	case c.Brief:
		return briefCode(worst)
	case worst == doctor.Fail:
		return errFindings
	}
	return nil
}

// A plainCode is an exit code of its own: what it means has been printed.
type plainCode int

// Error implements error.
func (c plainCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// briefCode is what monitoring understands, by the convention of its plugins.
func briefCode(worst doctor.Level) error {
	switch worst {
	case doctor.Warn:
		return plainCode(1)
	case doctor.Fail:
		return plainCode(2)
	}
	return nil
}

// printFinding prints one check as soon as it was made: some take seconds.
func printFinding(w io.Writer, f doctor.Finding) {
	fmt.Fprintf(w, "%-4s  %-18s  %s\n", f.Level, f.Check, tameText(f.Text))
	if f.Do != "" {
		fmt.Fprintf(w, "%-4s  %-18s  → %s\n", "", "", f.Do)
	}
}

// summary counts the findings.
func summary(found []doctor.Finding) string {
	n := map[doctor.Level]int{}
	for _, f := range found {
		n[f.Level]++
	}
	return fmt.Sprintf("%d ok, %d to look at, %d wrong", n[doctor.OK], n[doctor.Warn], n[doctor.Fail])
}

// brief is one line: the level and the names of what is not well.
func brief(worst doctor.Level, found []doctor.Finding) string {
	var bad []string
	for _, f := range found {
		if f.Level == worst && worst != doctor.OK {
			bad = append(bad, f.Check+": "+tameText(f.Text))
		}
	}
	if len(bad) == 0 {
		return "ok: " + summary(found)
	}
	return fmt.Sprintf("%s: %s", worst, strings.Join(bad, "; "))
}

// checkAccount walks through a person's accounts elsewhere.
func checkAccount(a *app, address string) error {
	ctx, stop := interruptible()
	defer stop()
	return a.desk(func(d *gateway.Desk) error {
		p, err := whose(d, address)
		if err != nil {
			return err
		}
		o := doctor.Options{Config: d.Config, Now: time.Now}
		if !a.json {
			o.Told = func(f doctor.Finding) { printFinding(a.out, f) }
		}
		found, err := doctor.Account(ctx, o, d, p)
		if err != nil {
			return err
		}
		worst := doctor.Worst(found)
		err = a.show(map[string]any{"level": worst, "checks": found}, func(w io.Writer) { fmt.Fprintf(w, "\n%s\n", summary(found)) })
		if err == nil && worst == doctor.Fail {
			return errFindings
		}
		return err
	})
}
