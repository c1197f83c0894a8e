package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/internal/gateway"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/standing"
	"tidepost/store"
)

// threadCmd is about conversations. It shows headers and clocks, never a sentence of a
// mail; who looks stands in the ledger.
type threadCmd struct {
	List threadListCmd `cmd:"" help:"List conversations: what is open in them, and for whom they wait."`
	Show threadShowCmd `cmd:"" help:"Show how one conversation stands."`
}

// A threadJSON is how a conversation stands.
type threadJSON struct {
	ID       string        `json:"id"` // t42
	State    standing.Word `json:"state"`
	Subject  string        `json:"subject"`
	Urgent   bool          `json:"urgent"`
	Messages int           `json:"messages"`
	Last     time.Time     `json:"last"`
	LastMID  string        `json:"last_message_id"`
	People   []string      `json:"people"`
	Open     []openJSON    `json:"open"`
	Settled  int           `json:"settled"`
	Closed   *time.Time    `json:"closed,omitempty"`
}

// An openJSON is an open question, without its words.
type openJSON struct {
	Asker         string     `json:"asker"`
	Owner         string     `json:"owner"` // "" for nobody in particular
	Class         string     `json:"class"`
	State         string     `json:"state"` // "open" without a clock
	Due           *time.Time `json:"due,omitempty"`
	Since         time.Time  `json:"since"`
	WorkedMinutes int        `json:"worked_minutes"` // working time since then
	Cover         string     `json:"cover,omitempty"`
}

func threadOf(s standing.State) threadJSON {
	out := threadJSON{ID: fmt.Sprintf("t%d", s.Thread.ID), State: s.Word, Subject: s.Thread.Subject, Urgent: s.Thread.Urgent, Messages: s.Messages,
		Last: s.Last, LastMID: s.LastMID, People: []string{}, Open: []openJSON{}, Settled: s.Settled, Closed: moment(s.Closed)}
	for _, p := range s.Parties {
		out.People = append(out.People, p.Address)
	}
	for _, a := range s.Asks {
		state := string(a.Clock.State)
		if state == "" {
			state = "open"
		}
		out.Open = append(out.Open, openJSON{Asker: a.Asker.Address, Owner: a.Owner.Address, Class: a.Ask.Class, State: state, Due: moment(a.Clock.Due),
			Since: a.Since, WorkedMinutes: int(a.Worked / time.Minute), Cover: a.Cover})
	}
	return out
}

// threadListCmd lists conversations.
type threadListCmd struct {
	Open   bool   `help:"Only those in which something is open."`
	Person string `placeholder:"ADDRESS" help:"Only those this person is on."`
	Since  string `placeholder:"TIME" help:"Only those with mail since: RFC 3339, or a length of time back such as 48h."`
	Limit  int    `default:"100" help:"At most so many, those with the newest mail first."`
}

// Run implements the command.
func (c *threadListCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		q := store.ThreadQuery{Open: c.Open, Limit: max(c.Limit, 1)}
		if c.Person != "" {
			p, err := personOf(d, c.Person)
			if err != nil {
				return err
			}
			q.Person = p.ID
		}
		if c.Since != "" {
			var err error
			if q.Since, err = sinceWhen(c.Since, a.now); err != nil {
				return err
			}
		}
		list := []threadJSON{}
		// In one transaction: nobody sees a subject without a line in the ledger.
		err := d.DB.Update(context.Background(), func(tx *store.Tx) error {
			threads, err := tx.Threads(q)
			if err != nil {
				return err
			}
			var ids []int64
			list = list[:0]
			for _, t := range threads {
				s, err := d.Standing.Of(tx, t.ID, nil, a.now)
				if err != nil {
					return err
				}
				list, ids = append(list, threadOf(s)), append(ids, t.ID)
			}
			return gateway.LookAtThreads(tx, ids, "thread list", operator(), a.now)
		})
		if err != nil {
			return err
		}
		return a.show(list, func(w io.Writer) {
			rows := [][]string{{"ID", "STATE", "LAST", "MAIL", "OPEN", "WAITS FOR", "SUBJECT"}}
			for _, t := range list {
				rows = append(rows, []string{t.ID, string(t.State), t.Last.UTC().Format("2006-01-02 15:04"), fmt.Sprint(t.Messages),
					fmt.Sprint(len(t.Open)), strings.Join(t.waitsFor(), ", "), tameText(t.Subject)})
			}
			table(w, rows)
		})
	})
}

// waitsFor names whose answers are wanted, each once.
func (t threadJSON) waitsFor() []string {
	var out []string
	seen := map[string]bool{}
	for _, o := range t.Open {
		if o.Owner != "" && !seen[o.Owner] {
			seen[o.Owner] = true
			out = append(out, o.Owner)
		}
	}
	return out
}

// sinceWhen reads an instant, or a length of time back.
func sinceWhen(s string, now time.Time) (time.Time, error) {
	if back, err := time.ParseDuration(s); err == nil {
		return now.Add(-back), nil
	}
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return t, fmt.Errorf("--since: write an instant such as 2026-11-23T09:00:00Z, or a length of time such as 48h")
	}
	return t, nil
}

func personOf(d *gateway.Desk, address string) (*people.Person, error) {
	at, err := mail.ParsePath(address, true)
	if err != nil {
		return nil, fmt.Errorf("%q is no address", address)
	}
	p, _, ok := d.People.ByAddress(at)
	if !ok {
		return nil, fmt.Errorf("%s: %w", address, store.ErrNotFound)
	}
	return p, nil
}

// threadShowCmd shows one conversation.
type threadShowCmd struct {
	ID string `arg:"" help:"42, t42, or the Message-ID of a mail in it."`
}

// Run implements the command.
func (c *threadShowCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		var s standing.State
		err := d.DB.Update(context.Background(), func(tx *store.Tx) error {
			id, err := gateway.FindThread(tx, c.ID)
			if err != nil {
				return fmt.Errorf("%s: %w", c.ID, err)
			}
			if s, err = d.Standing.Of(tx, id, nil, a.now); err != nil {
				return err
			}
			return gateway.LookAtThreads(tx, []int64{s.Thread.ID}, "thread show", operator(), a.now)
		})
		if err != nil {
			return err
		}
		t := threadOf(s)
		return a.show(t, func(w io.Writer) { t.print(w, s, a.now) })
	})
}

func (t threadJSON) print(w io.Writer, s standing.State, now time.Time) {
	fmt.Fprintf(w, "%s  %s  %q\n", t.ID, t.State, tameText(t.Subject))
	fmt.Fprintf(w, "%d messages, the last %s\n", t.Messages, t.Last.UTC().Format(time.RFC3339))
	for _, x := range s.Asks {
		line := fmt.Sprintf("  open   %s asks %s", who(x.Asker), who(x.Owner))
		if x.Clock.State != "" {
			line += ", " + string(x.Clock.State)
		}
		if !x.Clock.Due.IsZero() {
			line += ", wanted by " + x.Clock.Due.UTC().Format(time.RFC3339)
		}
		if x.Cover != "" {
			line += ", " + tameText(x.Cover) + " stands in"
		}
		fmt.Fprintf(w, "%s; waits since %s (%s of working time)\n", line, x.Since.UTC().Format(time.RFC3339), people.Span(x.Worked))
	}
	if t.Settled > 0 {
		fmt.Fprintf(w, "  %d settled\n", t.Settled)
	}
	if !s.Closed.IsZero() {
		fmt.Fprintf(w, "  closed %s, %s ago\n", s.Closed.UTC().Format(time.RFC3339), people.Span(now.Sub(s.Closed)))
	}
	for _, p := range s.Parties {
		fmt.Fprintf(w, "  with   %s\n", who(p))
	}
}

// who is somebody on one line.
func who(a digest.Author) string {
	switch {
	case a.Address == "":
		return "nobody in particular"
	case a.Name == "":
		return tameText(a.Address)
	}
	return fmt.Sprintf("%s <%s>", tameText(a.Name), tameText(a.Address))
}
