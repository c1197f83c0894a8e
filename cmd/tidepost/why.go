package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tidepost/inbox"
	"tidepost/internal/gateway"
	"tidepost/people"
	"tidepost/store"
)

// whyCmd says where a mail is, on its way out or in, and why. It names addresses and
// folders and never shows a body; each look stands in the ledger.
type whyCmd struct {
	ID     string `arg:"" help:"A Message-ID, 42 or q42 (outgoing), d42 (incoming)."`
	Person string `placeholder:"ADDRESS" help:"Only what this person sent or got."`
}

// A reason is one line of the answer.
type reason struct {
	ID      string     `json:"id"` // q42 or d42
	Person  string     `json:"person"`
	To      string     `json:"to,omitempty"` // of outgoing mail
	State   string     `json:"state"`
	Folder  string     `json:"folder,omitempty"` // of incoming mail: where it is, or goes
	Reason  string     `json:"reason,omitempty"` // the line of the first-match list
	Because string     `json:"because,omitempty"`
	Due     *time.Time `json:"due,omitempty"`
	Settled *time.Time `json:"settled,omitempty"`

	sentence string
}

// Run implements the command.
func (c *whyCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		list := []reason{}
		err := d.DB.Update(context.Background(), func(tx *store.Tx) (err error) {
			list, err = c.look(tx, d, a.now)
			return err
		})
		if err != nil {
			return err
		}
		return a.show(list, func(w io.Writer) {
			for _, r := range list {
				fmt.Fprintln(w, tameText(r.sentence))
			}
		})
	})
}

// look finds everything the id may mean, and writes into the ledger that somebody did.
func (c *whyCmd) look(tx *store.Tx, d *gateway.Desk, now time.Time) ([]reason, error) {
	var who *people.Person
	if c.Person != "" {
		var err error
		if who, err = person(d, c.Person); err != nil {
			return nil, err
		}
	}
	subs, came, err := c.find(tx, d, who, now)
	if err != nil {
		return nil, err
	}
	list := []reason{}
	for _, s := range subs {
		if who != nil && s.AuthorID != who.ID {
			continue
		}
		q, err := explain(tx, d, s, now)
		if err != nil {
			return nil, err
		}
		for _, r := range q.Recipients {
			list = append(list, reason{ID: fmt.Sprintf("q%d", s.ID), Person: q.From, To: r.Address, State: string(r.State), Because: r.because(),
				Due: r.Due, Settled: r.Settled, sentence: fmt.Sprintf("q%d from %s to %s %s", s.ID, q.From, r.Address, r.sentence(q))})
		}
		if err := gateway.Look(tx, s, "why", operator(), now); err != nil {
			return nil, err
		}
	}
	for _, w := range came {
		r := reason{ID: fmt.Sprintf("d%d", w.Delivery.ID), State: string(w.Delivery.State), Folder: w.Folder, Reason: w.Delivery.Reason,
			Because: w.Because, Due: moment(w.Delivery.Due), Settled: moment(w.Delivery.Published), sentence: fmt.Sprintf("d%d: %s", w.Delivery.ID, w.Sentence(false))}
		if w.Person != nil {
			r.Person = w.Person.Address.String()
		}
		list = append(list, r)
		if err := gateway.LookAtDelivery(tx, w.Delivery, "why", operator(), now); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("message %q: %w", c.ID, store.ErrNotFound)
	}
	return list, nil
}

// find reads the id.
func (c *whyCmd) find(tx *store.Tx, d *gateway.Desk, who *people.Person, now time.Time) (subs []store.Submission, came []inbox.Whereabouts, err error) {
	mid := gateway.TrimID(c.ID)
	if n, err := strconv.ParseInt(strings.TrimPrefix(c.ID, "d"), 10, 64); err == nil && strings.HasPrefix(c.ID, "d") {
		del, err := tx.Delivery(n)
		if err != nil {
			return nil, nil, fmt.Errorf("delivery %s: %w", c.ID, err)
		}
		m, err := tx.Message(del.MessageID)
		if err != nil {
			return nil, nil, err
		}
		w, err := d.Inbox.WhyDelivery(tx, del, m, now)
		return nil, []inbox.Whereabouts{w}, err
	}
	if n, err := strconv.ParseInt(strings.TrimPrefix(c.ID, "q"), 10, 64); err == nil {
		s, err := tx.Submission(n)
		if err != nil {
			return nil, nil, fmt.Errorf("submission %s: %w", c.ID, err)
		}
		subs, mid = append(subs, s), s.MID
	} else if subs, err = tx.SubmissionsByMID(mid); err != nil {
		return nil, nil, err
	}
	came, err = d.Inbox.Why(tx, who, mid, now)
	return subs, came, err
}
