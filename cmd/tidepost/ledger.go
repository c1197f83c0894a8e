package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"tidepost/store"
)

// ledgerCmd is about the ledger.
type ledgerCmd struct {
	Check ledgerCheckCmd `cmd:"" help:"Prove that every accepted recipient is accounted for; exit code 4 if not."`
}

// ledgerCheckCmd proves the conservation law.
type ledgerCheckCmd struct{}

// ledgerReport is what ledger check prints as JSON.
type ledgerReport struct {
	OK       bool                  `json:"ok"`
	Accepted int64                 `json:"accepted"`
	Now      map[store.State]int64 `json:"now"`
	Findings []ledgerFinding       `json:"findings"`
}

type ledgerFinding struct {
	Submission int64  `json:"submission,omitempty"`
	Recipient  int64  `json:"recipient,omitempty"`
	Delivery   int64  `json:"delivery,omitempty"`
	Ask        int64  `json:"ask,omitempty"`
	What       string `json:"what"`
}

// Run implements the command.
func (c *ledgerCheckCmd) Run(a *app) error {
	_, db, err := a.open()
	if err != nil {
		return err
	}
	defer db.Close()
	found, err := db.CheckLedger(context.Background())
	if err != nil {
		return err
	}
	rep := ledgerReport{Accepted: found.Accepted, Now: found.Now, Findings: []ledgerFinding{}}
	var sum int64
	for _, n := range found.Now {
		sum += n
	}
	for _, f := range found.Findings {
		rep.Findings = append(rep.Findings, ledgerFinding{f.SubmissionID, f.RecipientID, f.DeliveryID, f.AskID, f.What})
	}
	if sum != found.Accepted {
		rep.Findings = append(rep.Findings, ledgerFinding{What: fmt.Sprintf("%d recipients were accepted, %d are accounted for", found.Accepted, sum)})
	}
	rep.OK = len(rep.Findings) == 0
	if err := a.show(rep, func(w io.Writer) { printLedger(w, rep) }); err != nil {
		return err
	}
	if !rep.OK {
		return errFindings
	}
	return nil
}

func printLedger(w io.Writer, rep ledgerReport) {
	for _, f := range rep.Findings {
		var where []string
		for _, p := range []struct {
			prefix string
			id     int64
		}{{"q", f.Submission}, {"recipient ", f.Recipient}, {"d", f.Delivery}, {"ask ", f.Ask}} {
			if p.id != 0 {
				where = append(where, fmt.Sprint(p.prefix, p.id))
			}
		}
		fmt.Fprintf(w, "WRONG  %s: %s\n", strings.Join(where, " "), f.What)
	}
	var sum []string
	for _, s := range []store.State{store.Delivered, store.Bounced, store.Cancelled, store.Expired, store.Held, store.Deferred, store.Sending} {
		sum = append(sum, fmt.Sprintf("%d %s", rep.Now[s], s))
	}
	fmt.Fprintf(w, "accepted %d = %s\n", rep.Accepted, strings.Join(sum, " + "))
	if rep.OK {
		fmt.Fprintln(w, "Every recipient and every delivery is accounted for.")
	}
}
