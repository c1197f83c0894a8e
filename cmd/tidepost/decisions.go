package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"tidepost/decisions"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/store"
)

// decisionsCmd is about the archive of decisions.
type decisionsCmd struct {
	List   decisionsListCmd   `cmd:"" help:"List decisions, the newest first."`
	Show   decisionsShowCmd   `cmd:"" help:"Show one decision."`
	Search decisionsSearchCmd `cmd:"" help:"Find decisions in which all the words occur."`
	Export decisionsExportCmd `cmd:"" help:"Write each decision into a file of its own, as Markdown."`
}

// asPerson is a login: with whose eyes a command looks.
type asPerson struct {
	As           string `placeholder:"ADDRESS" help:"Look as this person, whose password is asked for."`
	PasswordFile string `placeholder:"FILE" help:"Read the password from the first line of a file (- for standard input)."`
}

// A viewer is a login, or the public.
type viewer struct {
	asPerson `embed:""`
	Public   bool `help:"Only what everybody in the team may see; this is the default without --as."`
}

// Validate implements the check of kong.
func (v viewer) Validate() error {
	if v.Public && v.As != "" {
		return errors.New("--public or --as, not both")
	}
	return nil
}

// login returns the person, nil for the public.
func (p asPerson) login(a *app, d *gateway.Desk) (*people.Person, error) {
	if p.As == "" {
		return nil, nil
	}
	password, err := (&personFields{PasswordFile: p.PasswordFile}).password(a)
	if err == nil && p.PasswordFile == "" {
		password, err = askLogin(a)
	}
	if err != nil {
		return nil, err
	}
	who, err := d.Login(context.Background(), p.As, password, a.now)
	if errors.Is(err, people.ErrLogin) {
		return nil, fmt.Errorf("%s: nobody logs in with that address and password", p.As)
	}
	return who, err
}

// askLogin asks once, without echo.
func askLogin(a *app) (string, error) {
	in, ok := a.in.(*os.File)
	if !ok || !term.IsTerminal(int(in.Fd())) {
		return "", errors.New("read password: standard input is no terminal; use --password-file -")
	}
	fmt.Fprint(a.err, "Password: ")
	b, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(a.err)
	if err != nil {
		return "", fmt.Errorf("read password: %w", err)
	}
	return string(b), nil
}

// A lookup finds decisions with somebody's eyes.
type lookup func(tx *store.Tx, k *decisions.Keeper, v store.DecisionView) ([]decisions.Entry, error)

// decided runs a lookup and hands over what it found.
func (a *app) decided(p viewer, what string, find lookup, show func([]decisions.Entry) error) error {
	return a.desk(func(d *gateway.Desk) error {
		who, err := p.login(a, d)
		if err != nil {
			return err
		}
		found, err := d.Decisions(context.Background(), who, what, operator(), a.now, find)
		if err != nil {
			return err
		}
		if found == nil {
			found = []decisions.Entry{}
		}
		return show(found)
	})
}

// showDecisions prints a list.
func (a *app) showDecisions(found []decisions.Entry) error {
	return a.show(found, func(w io.Writer) {
		if len(found) == 0 {
			fmt.Fprintln(w, "No decisions.")
			return
		}
		rows := [][]string{{"DECISION", "FILED", "BY", "SENTENCE"}}
		for _, e := range found {
			text := printable(e.Sentence)
			switch {
			case e.Withdrawn:
				text = "(withdrawn)"
			case len(e.By) > 0:
				text = "(superseded by " + decisions.List(e.By) + ") " + text
			}
			rows = append(rows, []string{e.Name(), e.Filed.Format("2006-01-02"), printable(e.Author), text})
		}
		table(w, rows)
	})
}

// printable leaves out what a terminal would obey.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// decisionsListCmd lists decisions.
type decisionsListCmd struct {
	Who viewer `embed:""`
}

// Run implements the command.
func (c *decisionsListCmd) Run(a *app) error {
	return a.decided(c.Who, "decisions list", func(tx *store.Tx, k *decisions.Keeper, v store.DecisionView) ([]decisions.Entry, error) {
		return k.List(tx, v)
	}, a.showDecisions)
}

// decisionsShowCmd shows one.
type decisionsShowCmd struct {
	Number string `arg:"" help:"Its number: D-12 or 12."`
	Who    viewer `embed:""`
}

// Run implements the command.
func (c *decisionsShowCmd) Run(a *app) error {
	n, ok := decisions.Number(c.Number)
	if !ok {
		return fmt.Errorf("%q is no number of a decision, such as D-12", c.Number)
	}
	return a.decided(c.Who, "decisions show", func(tx *store.Tx, k *decisions.Keeper, v store.DecisionView) ([]decisions.Entry, error) {
		e, err := k.Show(tx, v, n)
		return []decisions.Entry{e}, err
	}, func(found []decisions.Entry) error {
		return a.show(found[0], func(w io.Writer) { fmt.Fprint(w, found[0].Text()) })
	})
}

// decisionsSearchCmd finds decisions.
type decisionsSearchCmd struct {
	Words []string `arg:"" help:"All of them occur, or words that begin so."`
	Who   viewer   `embed:""`
}

// Run implements the command.
func (c *decisionsSearchCmd) Run(a *app) error {
	return a.decided(c.Who, "decisions search", func(tx *store.Tx, k *decisions.Keeper, v store.DecisionView) ([]decisions.Entry, error) {
		return k.Search(tx, v, strings.Join(c.Words, " "))
	}, a.showDecisions)
}

// decisionsExportCmd writes files.
type decisionsExportCmd struct {
	Dir string `arg:"" help:"Directory for the files; it is made if there is none."`
	Who viewer `embed:""`
}

// exported is what export prints as JSON.
type exported struct {
	Dir   string   `json:"dir"`
	Files []string `json:"files"`
}

// Run implements the command.
func (c *decisionsExportCmd) Run(a *app) error {
	return a.decided(c.Who, "decisions export", func(tx *store.Tx, k *decisions.Keeper, v store.DecisionView) ([]decisions.Entry, error) {
		return k.List(tx, v)
	}, func(found []decisions.Entry) error {
		out := exported{Dir: c.Dir, Files: []string{}}
		// Only its owner may read what only some may see.
		if err := os.MkdirAll(c.Dir, 0o700); err != nil {
			return fmt.Errorf("export decisions: %w", err)
		}
		root, err := os.OpenRoot(c.Dir)
		if err != nil {
			return fmt.Errorf("export decisions: %w", err)
		}
		defer root.Close()
		for i := len(found) - 1; i >= 0; i-- {
			if err := root.WriteFile(found[i].FileName(), []byte(found[i].Markdown()), 0o600); err != nil {
				return fmt.Errorf("export %s: %w", found[i].Name(), err)
			}
			out.Files = append(out.Files, found[i].FileName())
		}
		return a.show(out, func(w io.Writer) { fmt.Fprintf(w, "Wrote %d decisions to %s.\n", len(out.Files), c.Dir) })
	})
}
