package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/term"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/queue"
)

// An orderCmd is what release and cancel have in common.
type orderCmd struct {
	IDs    []string `arg:"" optional:"" name:"id" help:"42, q42, or a Message-ID; several."`
	All    bool     `help:"All mail that waits."`
	Author string   `placeholder:"ADDRESS" help:"All that waits of this person."`
	To     string   `aliases:"recipient" placeholder:"ADDRESS" help:"Only what goes to this address, or to anybody at @DOMAIN."`
	Before string   `name:"due-before" placeholder:"TIME" help:"All that would leave before: RFC 3339, or from now on such as 2h."`
	Yes    bool     `short:"y" help:"Do not ask."`
	DryRun bool     `help:"Only count."`
}

// Validate implements kong's check of the flags.
func (c *orderCmd) Validate() error {
	many := c.All || c.Author != "" || c.Before != ""
	switch {
	case len(c.IDs) > 0 && many:
		return errors.New("name mail by id, or by --all, --author and --due-before, not both")
	case len(c.IDs) == 0 && !many && c.To == "":
		return errors.New("name the mail: by id, or by --author, --to or --due-before, or say --all")
	}
	return nil
}

// queueReleaseCmd lets mail go.
type queueReleaseCmd struct{ orderCmd }

// Run implements the command.
func (c *queueReleaseCmd) Run(a *app) error {
	return c.run(a, gateway.DoRelease, "Release", "Released")
}

// queueCancelCmd takes mail back.
type queueCancelCmd struct{ orderCmd }

// Run implements the command.
func (c *queueCancelCmd) Run(a *app) error {
	return c.run(a, gateway.DoCancel, "Take back", "Cancelled")
}

// run has something done to mail and prints what came of it.
func (c *orderCmd) run(a *app, do, will, did string) error {
	cfg, err := a.load()
	if err != nil {
		return err
	}
	o := gateway.Order{Do: do, IDs: c.IDs, Author: c.Author, To: c.To, By: operator(), DryRun: c.DryRun}
	if o.Before, err = instant(c.Before, a.now); err != nil {
		return fmt.Errorf("--due-before: %w", err)
	}
	if ok, err := c.confirmed(a, cfg, o, will); err != nil || !ok {
		return err
	}
	ctx, stop := interruptible()
	defer stop()
	step, end := a.progress(do)
	out, err := gateway.Operate(ctx, cfg, newLogger(config.Log{Level: "warn"}, a.err), o, a.now, step)
	end()
	if err != nil {
		return err
	}
	return a.show(orderJSON(out, did, c), func(w io.Writer) { printOrder(w, out, did, c) })
}

// confirmed asks on a terminal before an order touches mail that it does not name.
func (c *orderCmd) confirmed(a *app, cfg *config.Config, o gateway.Order, will string) (bool, error) {
	in, ok := a.in.(*os.File)
	if len(c.IDs) > 0 || c.Yes || c.DryRun || !ok || !term.IsTerminal(int(in.Fd())) {
		return true, nil
	}
	ctx, stop := interruptible()
	defer stop()
	o.DryRun = true
	found, err := gateway.Operate(ctx, cfg, newLogger(config.Log{Level: "warn"}, a.err), o, a.now, nil)
	if err != nil || found.Mails == 0 {
		return err == nil, err
	}
	fmt.Fprintf(a.err, "%s %s? [y/N] ", will, mails(found.Mails))
	answer, err := bufio.NewReader(in).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return false, fmt.Errorf("read the answer: %w", err)
	}
	yes := strings.EqualFold(strings.TrimSpace(answer), "y") || strings.EqualFold(strings.TrimSpace(answer), "yes")
	if !yes {
		fmt.Fprintln(a.err, "Nothing was changed.")
	}
	return yes, nil
}

// orderJSON is the outcome for programs.
func orderJSON(out queue.Outcome, did string, c *orderCmd) map[string]any {
	v := map[string]any{"mails": out.Mails, "recipients": out.Recipients, "frozen": out.Frozen, "dry_run": c.DryRun}
	if len(c.IDs) > 0 {
		v["ids"], v[strings.ToLower(did)] = out.IDs, out.To
	}
	return v
}

func printOrder(w io.Writer, out queue.Outcome, did string, c *orderCmd) {
	switch {
	case c.DryRun:
		fmt.Fprintf(w, "%s would be %s.\n", mails(out.Mails), strings.ToLower(did))
	case len(out.IDs) == 1:
		fmt.Fprintf(w, "%s q%d to %s\n", did, out.IDs[0], strings.Join(out.To, ", "))
	case out.Mails == 0:
		fmt.Fprintln(w, "Nothing waits.")
	default:
		fmt.Fprintf(w, "%s %s to %d recipients.\n", did, mails(out.Mails), out.Recipients)
	}
	if out.Frozen > 0 {
		fmt.Fprintf(w, "%s left alone: they are frozen, or their authors marked them as deleted in Scheduled.\n", mails(out.Frozen))
	}
}

func mails(n int) string {
	if n == 1 {
		return "1 mail"
	}
	return fmt.Sprintf("%d mails", n)
}

// operator is who runs the command, for the ledger.
func operator() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	if u.Username == "" {
		return strconv.Quote(u.Uid)
	}
	return u.Username
}
