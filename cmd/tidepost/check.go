package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/internal/check"
	"tidepost/scheduler"
)

// checkCmd looks at mail in files.
type checkCmd struct {
	Path     []string `arg:"" help:"A message, an mbox file, a directory of .eml files, or - for standard input."`
	Zone     string   `placeholder:"ZONE" help:"Time zone of the author, such as Europe/London; else that of the Date field."`
	ExitCode bool     `help:"End with exit code 4 if there is advice on any message."`
}

// errUnread is returned when messages could not be looked at; each was named.
var errUnread = errors.New("not everything could be read")

// Run implements the command. It needs no configuration.
func (c *checkCmd) Run(a *app) error {
	var zone *time.Location
	if c.Zone != "" {
		var err error
		if zone, err = scheduler.LoadZone(c.Zone); err != nil {
			return fmt.Errorf("--zone: %w", err)
		}
	}
	enc := json.NewEncoder(a.out)
	enc.SetEscapeHTML(false)
	messages, advised, unread := 0, 0, 0
	err := check.Each(c.Path, a.in, zone, func(r check.Report) error {
		messages++
		if r.Advice {
			advised++
		}
		if r.Error != "" {
			unread++
			fmt.Fprintf(a.err, "tidepost: %s: %s\n", r.Source, r.Error)
		}
		switch {
		case a.json && r.Error != "":
			return enc.Encode(map[string]string{"source": r.Source, "error": r.Error})
		case a.json:
			return enc.Encode(r)
		case r.Error != "":
			return nil
		}
		if messages > 1 {
			fmt.Fprintln(a.out)
		}
		return printCheck(a.out, r)
	})
	if err != nil {
		return err
	}
	if !a.json && messages > 1 {
		fmt.Fprintf(a.out, "\n%d messages, advice on %d, %d not read.\n", messages, advised, unread)
	}
	switch {
	case unread > 0:
		return errUnread
	case c.ExitCode && advised > 0:
		return errFindings
	}
	return nil
}

// printCheck prints what there is to say of a message for people.
func printCheck(w io.Writer, r check.Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %q from %s", r.Source, r.Subject, orNobody(r.From))
	if len(r.To) > 0 {
		fmt.Fprintf(&b, " to %s", strings.Join(r.To[:min(len(r.To), 5)], ", "))
	}
	fmt.Fprintf(&b, "\n  %s, %s\n", orUnknown(r.Language), r.Kind)
	for _, x := range r.Asks {
		fmt.Fprintf(&b, "  ask       %s: %s%s  (%s, because: %s)\n", ownersOf(x), x.Text, dueOf(x.Due), x.Kind, x.Because)
	}
	for _, x := range r.Promises {
		fmt.Fprintf(&b, "  promise   %s%s  (because: %s)\n", x.Text, dueOf(x.Due), x.Because)
	}
	for _, x := range r.Decisions {
		fmt.Fprintf(&b, "  decision  %s  (because: %s)\n", x.Text, x.Because)
	}
	if x := r.Lazy; x != nil {
		fmt.Fprintf(&b, "  silence   %s%s  (because: %s)\n", x.Text, dueOf(x.Due), x.Because)
	}
	for _, x := range r.Dates {
		fmt.Fprintf(&b, "  date      %s = %s\n", x.Text, x.At)
	}
	for _, x := range r.Findings {
		if x.DryRun {
			fmt.Fprintf(&b, "  dry run   %s (%s): %s\n", x.Policy, x.Reason, x.Says)
		} else {
			fmt.Fprintf(&b, "  advice    %s (%s)\n", x.Policy, x.Reason)
		}
	}
	for line := range strings.Lines(r.Text()) {
		b.WriteString(strings.TrimRight("    | "+line, " \n") + "\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func ownersOf(a check.Ask) string {
	switch {
	case a.All:
		return "all"
	case len(a.Owners) == 0:
		return "somebody"
	}
	return strings.Join(a.Owners, ", ")
}

func dueOf(d *check.Due) string {
	switch {
	case d == nil:
		return ""
	case d.At == "":
		return ", due " + d.Text
	}
	return ", due " + d.At
}

func orNobody(s string) string {
	if s == "" {
		return "nobody"
	}
	return s
}

func orUnknown(language string) string {
	if language == "" {
		return "a language that is not read"
	}
	return language
}
