package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"tidepost/internal/gateway"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// queueCmd is about outgoing mail. Operators see addresses and headers, never bodies;
// who looks at a header stands in the ledger.
type queueCmd struct {
	List    queueListCmd    `cmd:"" help:"List mail that has not left."`
	Show    queueShowCmd    `cmd:"" help:"Show envelope and header of one mail, never its body; noted in the ledger."`
	Release queueReleaseCmd `cmd:"" help:"Let waiting mail leave now."`
	Cancel  queueCancelCmd  `cmd:"" help:"Take back what has not left; its author is told."`
	Why     queueWhyCmd     `cmd:"" help:"Say why mail waits and until when."`
}

// A queued is one submission as printed.
type queued struct {
	ID         int64           `json:"id"`
	MessageID  string          `json:"message_id"`
	From       string          `json:"from"`
	Accepted   time.Time       `json:"accepted"`
	Urgent     bool            `json:"urgent,omitempty"`
	Frozen     bool            `json:"frozen,omitempty"`
	Stopped    string          `json:"stopped,omitempty"` // author-frozen or credential-revoked: nothing of it leaves
	Recipients []queuedAddress `json:"recipients"`
}

// A queuedAddress is one recipient as printed.
type queuedAddress struct {
	Address  string      `json:"address"`
	Via      string      `json:"via,omitempty"` // the group or role that brought it
	State    store.State `json:"state"`
	Due      *time.Time  `json:"due,omitempty"` // release, or next attempt
	When     string      `json:"when,omitempty"`
	Why      string      `json:"why,omitempty"`
	Attempts int         `json:"attempts,omitempty"`
	Settled  *time.Time  `json:"settled,omitempty"`
	Reply    string      `json:"reply,omitempty"`
	Remote   string      `json:"remote,omitempty"`
}

// frozen reports whether a recipient waits, and for no time.
func (q queued) frozen(r queuedAddress) bool {
	return r.State == store.Held && (q.Frozen || q.Stopped != "") || r.State == store.Deferred && q.Stopped != ""
}

// because is why a recipient stands where it does, in one phrase.
func (r queuedAddress) because() string {
	switch {
	case r.Why != "":
		return r.Why
	case r.Reply != "" && r.Remote != "":
		return fmt.Sprintf("%s said %s", r.Remote, tameText(r.Reply))
	}
	return tameText(r.Reply)
}

// explain turns a submission into what is printed of it.
func explain(tx *store.Tx, d *gateway.Desk, s store.Submission, now time.Time) (queued, error) {
	rcpts, err := tx.Recipients(s.ID)
	if err != nil {
		return queued{}, err
	}
	return explainListed(d, store.Listed{Submission: s, Recipients: rcpts}, now)
}

func explainListed(d *gateway.Desk, l store.Listed, now time.Time) (queued, error) {
	s := l.Submission
	q := queued{ID: s.ID, MessageID: s.MID, From: s.ReversePath, Accepted: s.Accepted, Urgent: s.Urgent, Frozen: s.Frozen, Stopped: s.Stopped.String(),
		Recipients: make([]queuedAddress, 0, len(l.Recipients))}
	if p, ok := d.People.ByID(s.AuthorID); ok {
		q.From = p.Address.String()
	}
	if s.AuthorID == 0 { // Tidepost's own mail has no hours to explain.
		for _, r := range l.Recipients {
			q.Recipients = append(q.Recipients, address(d, r))
		}
		return q, nil
	}
	found, err := d.Queue.Explain(s, l.Recipients, now)
	for _, x := range found {
		r := address(d, x.Recipient)
		if q.frozen(r) && q.Stopped != "" {
			r.Due = nil
		}
		r.When, r.Why = x.When, x.Why
		q.Recipients = append(q.Recipients, r)
	}
	return q, err
}

func address(d *gateway.Desk, r store.Recipient) queuedAddress {
	return queuedAddress{Address: r.Address, Via: d.Queue.Via(r), State: r.State, Due: moment(r.Due), Attempts: r.Attempts,
		Settled: moment(r.Settled), Reply: r.Reply, Remote: r.Remote}
}

// moment is t for JSON, nil for no time.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// queueShowCmd shows one mail.
type queueShowCmd struct {
	ID string `arg:"" help:"42, q42, or a Message-ID."`
}

// Run implements the command.
func (c *queueShowCmd) Run(a *app) error {
	return a.desk(func(d *gateway.Desk) error {
		type shown struct {
			queued
			Size   int64             `json:"size"`
			Header []headerFieldJSON `json:"header"`
		}
		var s shown
		// In one transaction: nobody sees a header without a line in the ledger.
		err := d.DB.Update(context.Background(), func(tx *store.Tx) error {
			sub, err := gateway.Find(tx, c.ID)
			if err != nil {
				return err
			}
			if s.queued, err = explain(tx, d, sub, a.now); err != nil {
				return err
			}
			m, err := tx.Message(sub.MessageID)
			if err != nil {
				return err
			}
			s.Size, s.Header = m.Size, fields(m.Head)
			return gateway.Look(tx, sub, "queue show", operator(), a.now)
		})
		if err != nil {
			return err
		}
		return a.show(s, func(w io.Writer) {
			new(queueTable).print(w, []queued{s.queued})
			fmt.Fprintf(w, "\nAccepted %s, %d octets\n\n", s.Accepted.UTC().Format(time.RFC3339), s.Size)
			for _, f := range s.Header {
				fmt.Fprintf(w, "%s: %s\n", f.Name, tameText(f.Value))
			}
		})
	})
}

type headerFieldJSON struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// fields are the header fields of a message, unfolded.
func fields(head []byte) []headerFieldJSON {
	h := mail.ParseHeader(head)
	out := []headerFieldJSON{}
	for _, f := range h.Fields {
		out = append(out, headerFieldJSON{f.Name, f.Value()})
	}
	return out
}

// queueWhyCmd explains.
type queueWhyCmd struct {
	ID string `arg:"" help:"42, q42, or a Message-ID."`
}

// Run implements the command.
func (c *queueWhyCmd) Run(a *app) error {
	return a.reading(func(d *gateway.Desk) error {
		var q queued
		err := d.DB.View(context.Background(), func(tx *store.Tx) error {
			s, err := gateway.Find(tx, c.ID)
			if err == nil {
				q, err = explain(tx, d, s, a.now)
			}
			return err
		})
		if err != nil {
			return err
		}
		return a.show(q, func(w io.Writer) {
			for _, r := range q.Recipients {
				fmt.Fprintf(w, "q%d to %s %s\n", q.ID, by(r.Address, r.Via), r.sentence(q))
			}
		})
	})
}

// sentence says where a recipient stands.
func (r queuedAddress) sentence(q queued) string {
	var s string
	switch {
	case q.frozen(r) && q.Stopped != "":
		return "is frozen: " + r.because()
	case q.frozen(r):
		return "waits: its author marked it as deleted in Scheduled"
	case r.State == store.Held:
		s = "is held until " + r.When
	case r.State == store.Deferred:
		s = "is tried again " + r.When
	case r.State == store.Sending:
		s = "is being sent"
	default:
		s = "is " + string(r.State)
		if r.Settled != nil {
			s += " since " + r.Settled.UTC().Format("2006-01-02 15:04:05Z")
		}
	}
	if why := r.because(); why != "" {
		s += ": " + why
	}
	return s
}

// person finds whose address it is.
func person(d *gateway.Desk, s string) (*people.Person, error) {
	at, err := mail.ParsePath(s, true)
	if err != nil {
		return nil, fmt.Errorf("%q is not an address", s)
	}
	p, _, ok := d.People.ByAddress(at)
	if !ok {
		return nil, fmt.Errorf("person %s: %w", s, store.ErrNotFound)
	}
	return p, nil
}
