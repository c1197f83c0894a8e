package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"tidepost/store"
)

// salvageCmd reads what is left of a damaged database.
type salvageCmd struct {
	From    string `arg:"" help:"Damaged database, or its data directory; it is only read."`
	To      string `arg:"" help:"Database to write; it must not exist."`
	Pieces  string `placeholder:"DIR" help:"Where what is left of damaged messages is written (TO.pieces)."`
	NewUIDs bool   `name:"new-uids" help:"Give every mailbox a new UIDVALIDITY: the -wal file is lost, or the file is an old copy."`
}

// lossesShown is how many lines of the list are printed as text; --json has all.
const lossesShown = 200

// Run implements the command.
func (c *salvageCmd) Run(a *app) error {
	from := c.From
	if info, err := os.Stat(from); err == nil && info.IsDir() {
		from = filepath.Join(from, store.File)
	}
	if c.Pieces == "" {
		c.Pieces = c.To + ".pieces"
	}
	ctx, stop := interruptible()
	defer stop()
	step, end := a.progress("salvage")
	rep, err := store.Salvage(ctx, from, c.To, store.SalvageOptions{NewUIDs: c.NewUIDs, Pieces: c.Pieces, Progress: step, Now: a.now})
	end()
	if err != nil {
		return err
	}
	if err := a.show(rep, func(w io.Writer) { printSalvage(w, c.To, rep) }); err != nil {
		return err
	}
	if len(rep.Lost) > 0 {
		return errFindings
	}
	return nil
}

func printSalvage(w io.Writer, to string, rep *store.SalvageReport) {
	fmt.Fprintf(w, "Wrote %s: %d messages, %d people, %d recipients, %d lines of the ledger.\n", to,
		rep.Messages, rep.Rows["person"], rep.Rows["recipient"], rep.Rows["event"])
	for _, line := range rep.Repaired {
		fmt.Fprintf(w, "Put right: %s.\n", line)
	}
	if len(rep.Lost) == 0 {
		fmt.Fprintln(w, "Nothing is lost.")
		return
	}
	fmt.Fprintf(w, "%d pages could not be read. Lost:\n", rep.Unreadable)
	rows := [][]string{}
	for _, l := range rep.Lost[:min(len(rep.Lost), lossesShown)] {
		rows = append(rows, []string{l.What, numbers(l), strconv.Quote(l.MessageID), strconv.Quote(l.Detail)})
	}
	table(w, rows)
	if n := len(rep.Lost) - lossesShown; n > 0 {
		fmt.Fprintf(w, "and %d more: --json lists all\n", n)
	}
}

func numbers(l store.Loss) string {
	switch {
	case l.First == 0:
		return ""
	case l.Last == 0:
		return fmt.Sprintf("%d-", l.First)
	case l.Last == l.First:
		return strconv.FormatInt(l.First, 10)
	}
	return fmt.Sprintf("%d-%d", l.First, l.Last)
}

// errDamagedHint is said with an error of a damaged database.
const errDamagedHint = `Restore a backup, or read what is left: tidepost salvage FROM TO (see tidepost(8)).`

// hint adds what to do to an error that needs an operator.
func hint(err error) string {
	if errors.Is(err, store.ErrDamaged) {
		return errDamagedHint
	}
	return ""
}
