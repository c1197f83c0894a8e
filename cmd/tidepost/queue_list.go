package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"tidepost/config"
	"tidepost/internal/gateway"
	"tidepost/scheduler"
	"tidepost/store"
)

// queueListCmd lists mail, however much it is: it is read and printed a page at a time.
type queueListCmd struct {
	All    bool     `help:"Mail that has left, or was taken back, too; the newest first."`
	Author string   `placeholder:"ADDRESS" help:"Only mail of this person."`
	To     string   `placeholder:"ADDRESS" help:"Only mail to this address, or to anybody at @DOMAIN."`
	State  []string `enum:"held,deferred,sending,frozen" placeholder:"STATE" help:"Only what is held, deferred, sending, or frozen: by its author, with its author, or with the app password it came with."`
	Before string   `placeholder:"TIME" help:"Only what leaves before: RFC 3339, or from now on such as 2h."`
	After  string   `placeholder:"TIME" help:"Only what leaves then or later."`
	Limit  int      `default:"0" help:"At most so many mails; 0: all."`
}

// Validate implements kong's check of the flags.
func (c *queueListCmd) Validate() error {
	if c.All && (c.To != "" || len(c.State) > 0 || c.Before != "" || c.After != "") {
		return errors.New("--all goes with --author and --limit only")
	}
	return nil
}

// listPage is how many mails are read, and then printed, at a time: the database is
// not kept open for a slow terminal.
const listPage = 500

// listAhead is how many pages are read while one is printed.
const listAhead = 2

// Run implements the command.
func (c *queueListCmd) Run(a *app) error {
	return a.reading(func(d *gateway.Desk) error {
		sel, err := c.selection(d, a.now)
		if err != nil {
			return err
		}
		ctx, stop := interruptible()
		defer stop()
		pages := make(chan listed, listAhead)
		read := make(chan error, 1)
		go func() {
			defer close(pages)
			read <- c.pages(ctx, d, sel, pages)
		}()
		err = a.printPages(d, pages)
		if err != nil {
			stop() // Whoever reads the list has gone.
			for page := range pages {
				<-page
			}
		}
		return errors.Join(err, <-read)
	})
}

// A listed is a page that is being read: it brings one answer.
type listed chan answered

type answered struct {
	page []store.Listed
	err  error
}

// selection reads the flags.
func (c *queueListCmd) selection(d *gateway.Desk, now time.Time) (sel store.Selection, err error) {
	if c.Author != "" {
		p, err := person(d, c.Author)
		if err != nil {
			return sel, err
		}
		sel.Author = p.ID
	}
	sel.To = c.To
	for _, s := range c.State {
		if s == "frozen" {
			sel.Frozen, s = true, string(store.Held)
			sel.States = append(sel.States, store.Deferred)
		}
		sel.States = append(sel.States, store.State(s))
	}
	if sel.Before, err = instant(c.Before, now); err != nil {
		return sel, fmt.Errorf("--before: %w", err)
	}
	if sel.After, err = instant(c.After, now); err != nil {
		return sel, fmt.Errorf("--after: %w", err)
	}
	return sel, nil
}

// instant reads a time as an operator writes it: RFC 3339, a date and time in UTC, or
// how long from now.
func instant(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, err := time.Parse(time.RFC3339, s); err == nil {
		return t.UTC(), nil
	}
	if wall, err := scheduler.ParseWall(s); err == nil {
		return wall.Instant(time.UTC).At, nil
	}
	d, err := config.ParseDuration(s)
	if err != nil {
		return time.Time{}, fmt.Errorf("%q is neither a time such as 2026-11-24T09:00:00Z nor one from now such as 2h", s)
	}
	return now.UTC().Add(d), nil
}

// pages reads the list, each page in a transaction of its own and some of them at a time,
// and gives them away in order.
func (c *queueListCmd) pages(ctx context.Context, d *gateway.Desk, sel store.Selection, pages chan<- listed) error {
	next, err := c.ids(ctx, d, sel)
	if err != nil {
		return err
	}
	for left := c.Limit; ; {
		ids, err := next(ctx)
		if err != nil {
			return err
		}
		if c.Limit > 0 {
			ids = ids[:min(len(ids), left)]
			left -= len(ids)
		}
		if len(ids) == 0 {
			return nil
		}
		page := make(listed, 1)
		select {
		case pages <- page:
		case <-ctx.Done():
			return nil
		}
		go func() {
			var a answered
			a.err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
				a.page, err = tx.List(ids)
				return err
			})
			page <- a
		}()
	}
}

// ids returns what gives the ids of the pages. Those of waiting mail are looked up
// once: eight octets a mail.
func (c *queueListCmd) ids(ctx context.Context, d *gateway.Desk, sel store.Selection) (next func(context.Context) ([]int64, error), err error) {
	if c.All {
		last := int64(0)
		return func(ctx context.Context) (ids []int64, err error) {
			if last < 0 {
				return nil, nil
			}
			err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
				ids, err = tx.SubmissionsBelow(sel.Author, last, listPage)
				return err
			})
			last = -1
			if len(ids) > 0 {
				last = ids[len(ids)-1]
			}
			return ids, err
		}, nil
	}
	var all []int64
	err = d.DB.View(ctx, func(tx *store.Tx) (err error) {
		all, err = tx.Select(sel)
		return err
	})
	return func(context.Context) ([]int64, error) {
		page := all[:min(len(all), listPage)]
		all = all[len(page):]
		return page, nil
	}, err
}

// printPages prints what comes, as a table or as one JSON array with a mail a line.
func (a *app) printPages(d *gateway.Desk, pages <-chan listed) error {
	w := bufio.NewWriterSize(a.out, 1<<16)
	var t queueTable
	between := "["
	for page := range pages {
		read := <-page
		if read.err != nil {
			return read.err
		}
		list := make([]queued, 0, len(read.page))
		for _, l := range read.page {
			q, err := explainListed(d, l, a.now)
			if err != nil {
				return err
			}
			list = append(list, q)
		}
		if !a.json {
			t.print(w, list)
		}
		for i := 0; a.json && i < len(list); i++ {
			line, err := json.Marshal(list[i])
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "%s%s", between, line) // An error comes back from Flush.
			between = ",\n"
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	switch {
	case a.json && between == "[":
		fmt.Fprintln(w, "[]")
	case a.json:
		fmt.Fprintln(w, "]")
	case !t.begun:
		fmt.Fprintln(w, "Nothing waits.")
	}
	return w.Flush()
}

// A queueTable prints mail with aligned columns, page by page: a column that needed
// more room keeps it.
type queueTable struct {
	begun  bool
	widths [5]int
}

func (t *queueTable) print(w io.Writer, list []queued) {
	rows := make([][6]string, 0, len(list)+1)
	if !t.begun {
		rows = append(rows, [6]string{"ID", "FROM", "TO", "STATE", "WHEN", "BECAUSE"})
		t.begun = true
	}
	for _, q := range list {
		id, from := fmt.Sprintf("q%d", q.ID), q.From
		for _, r := range q.Recipients {
			state := string(r.State)
			if q.frozen(r) {
				state = "frozen"
			}
			rows = append(rows, [6]string{id, from, r.Address, state, r.When, r.because()})
			id, from = "", ""
		}
	}
	for _, row := range rows {
		for i := range t.widths {
			t.widths[i] = max(t.widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		for i, width := range t.widths {
			b.WriteString(row[i])
			b.WriteString(strings.Repeat(" ", width-utf8.RuneCountInString(row[i])+2))
		}
		b.WriteString(row[5])
		b.WriteByte('\n')
	}
	// An error comes back from the flush behind.
	_, _ = io.WriteString(w, b.String())
}
