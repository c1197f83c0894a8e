package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// The kinds of ledger lines that an operator's commands write. Their detail says who.
const (
	EventLook    = "admin.look"    // headers or addresses were shown
	EventRelease = "admin.release" // waiting mail was let go
	EventCancel  = "admin.cancel"  // waiting mail was taken back
)

// whyOperator is the reason that stands in the plan of mail an operator released.
const whyOperator = "operator"

// An Order is what an operator wants done to waiting mail.
type Order struct {
	Submission int64
	Recipient  string // only this address; "" all that wait
	By         string // who wants it, for the ledger
	Now        time.Time
}

// ErrNothingWaits is returned when no recipient of an Order can be released or
// cancelled any more.
var ErrNothingWaits = errors.New("nothing waits: it has left, or was taken back")

// Find returns the newest submission with an id as people copy it from somewhere: 42,
// q42, or a Message-ID with or without <>. store.ErrNotFound.
func Find(tx *store.Tx, id string) (store.Submission, error) {
	if n, err := strconv.ParseInt(strings.TrimPrefix(id, "q"), 10, 64); err == nil {
		return tx.Submission(n)
	}
	list, err := tx.SubmissionsByMID(TrimID(id))
	if err == nil && len(list) == 0 {
		err = store.ErrNotFound
	}
	if err != nil {
		return store.Submission{}, fmt.Errorf("submission %q: %w", id, err)
	}
	return list[len(list)-1], nil
}

// TrimID takes the <> off a Message-ID.
func TrimID(id string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(id), "<"), ">")
}

// Look writes into the ledger that an operator looked at somebody's mail.
func Look(tx *store.Tx, s store.Submission, command, by string, now time.Time) error {
	return tx.AddEvent(store.Event{At: now, Kind: EventLook, SubmissionID: s.ID, PersonID: s.AuthorID,
		Detail: map[string]string{"by": by, "command": command}})
}

// Release lets what waits leave at once: mail that is held, and mail whose next
// attempt is later. It returns the recipients; ErrNothingWaits.
func (d *Desk) Release(ctx context.Context, o Order) (released []store.Recipient, err error) {
	var author *people.Person
	err = d.Update(ctx, func(tx *store.Tx) error {
		s, rcpts, err := o.recipients(tx)
		if err != nil {
			return err
		}
		if s.Frozen {
			return fmt.Errorf("q%d is marked as deleted by its author: nothing leaves until that is taken back", s.ID)
		}
		released, author = nil, d.author(s)
		for _, r := range rcpts {
			if r.State == store.Held {
				r.Plan = planNow(o.Now)
			}
			r.Due = o.Now
			ev := store.Event{At: o.Now, Kind: EventRelease, Detail: map[string]any{"by": o.By, "due": o.Now}}
			if err := tx.MoveRecipient(r, r.State, ev); err != nil {
				return err
			}
			released = append(released, r)
		}
		return nil
	})
	if err != nil || author == nil {
		return released, err
	}
	return released, d.Queue.RefreshTimetable(ctx, author, o.Now)
}

// planNow is the queue's plan of mail that leaves because somebody said so.
func planNow(now time.Time) json.RawMessage {
	b, err := json.Marshal(queue.Plan{Rule: queue.RuleNow, Why: whyOperator, From: now})
	if err != nil { // cannot be: every field is plain
		return json.RawMessage(`{}`)
	}
	return b
}

// Cancel takes back what has not left, as its author would by moving it to Trash: the
// draft lies there, and the author is told. For one of several recipients, and for
// mail between two attempts, only the author is told. It returns the recipients that
// are cancelled; ErrNothingWaits.
func (d *Desk) Cancel(ctx context.Context, o Order) (cancelled []store.Recipient, err error) {
	var author *people.Person
	err = d.Update(ctx, func(tx *store.Tx) error {
		s, rcpts, err := o.recipients(tx)
		if err != nil {
			return err
		}
		cancelled, author = rcpts, d.author(s)
		ev := store.Event{At: o.Now, Kind: EventCancel, SubmissionID: s.ID, PersonID: s.AuthorID, Detail: map[string]string{"by": o.By}}
		if err := tx.AddEvent(ev); err != nil {
			return err
		}
		rest, err := d.cancelWhole(tx, s, author, rcpts, o)
		if err != nil {
			return err
		}
		return d.cancelEach(tx, s, author, rest, o)
	})
	if err != nil || author == nil {
		return cancelled, err
	}
	return cancelled, d.Queue.RefreshTimetable(ctx, author, o.Now)
}

// cancelWhole moves the entry in Scheduled to Trash if all that is held shall be
// cancelled. It returns the recipients that are left to cancel.
func (d *Desk) cancelWhole(tx *store.Tx, s store.Submission, author *people.Person, rcpts []store.Recipient, o Order) ([]store.Recipient, error) {
	held, err := tx.Recipients(s.ID)
	if err != nil || author == nil {
		return rcpts, err
	}
	wanted := map[int64]bool{}
	for _, r := range rcpts {
		wanted[r.ID] = true
	}
	any := false
	for _, r := range held {
		if r.State != store.Held {
			continue
		}
		if !wanted[r.ID] {
			return rcpts, nil
		}
		any = true
	}
	if !any {
		return rcpts, nil
	}
	entry, ok, err := scheduled(tx, s)
	if err != nil || !ok {
		return rcpts, err
	}
	trash, err := tx.MailboxByKind(author.ID, store.KindTrash)
	if err != nil {
		return rcpts, err
	}
	if _, err := d.Queue.MoveOut(tx, author, entry, trash, o.Now); err != nil {
		return rcpts, err
	}
	var rest []store.Recipient
	for _, r := range rcpts {
		if r.State != store.Held {
			rest = append(rest, r)
		}
	}
	return rest, nil
}

// cancelEach cancels single recipients and tells the author.
func (d *Desk) cancelEach(tx *store.Tx, s store.Submission, author *people.Person, rcpts []store.Recipient, o Order) error {
	if len(rcpts) == 0 {
		return nil
	}
	about := digest.About{Subject: s.Subject, MID: s.MID}
	for _, r := range rcpts {
		from := r.State
		r.State, r.Due, r.Settled = store.Cancelled, time.Time{}, o.Now
		ev := store.Event{At: o.Now, Kind: EventCancel, PersonID: s.AuthorID, Detail: map[string]string{"by": o.By}}
		if err := tx.MoveRecipient(r, from, ev); err != nil {
			return err
		}
		about.To = append(about.To, r.Address)
	}
	if author == nil {
		return nil
	}
	reader := digest.Reader{Name: author.Name, Address: author.Address, Zone: author.Zone()}
	_, _, err := d.Inbox.Put(tx, author, store.KindInbox, d.Inbox.Letters().Cancelled(reader, about, nil), o.Now)
	return err
}

// recipients returns those that the order is about and that still wait.
func (o Order) recipients(tx *store.Tx) (store.Submission, []store.Recipient, error) {
	s, err := tx.Submission(o.Submission)
	if err != nil {
		return s, nil, err
	}
	all, err := tx.Recipients(o.Submission)
	if err != nil {
		return s, nil, err
	}
	var named, waiting []store.Recipient
	for _, r := range all {
		if o.Recipient != "" && !strings.EqualFold(r.Address, o.Recipient) {
			continue
		}
		named = append(named, r)
		if r.State == store.Held || r.State == store.Deferred {
			waiting = append(waiting, r)
		}
	}
	switch {
	case len(named) == 0:
		return s, nil, fmt.Errorf("recipient %s of q%d: %w", o.Recipient, s.ID, store.ErrNotFound)
	case len(waiting) == 0:
		return s, nil, fmt.Errorf("q%d: %w", s.ID, ErrNothingWaits)
	}
	return s, waiting, nil
}

func (d *Desk) author(s store.Submission) *people.Person {
	if p, ok := d.People.ByID(s.AuthorID); ok {
		return p
	}
	return nil
}

// scheduled finds the entry of a submission in its author's Scheduled.
func scheduled(tx *store.Tx, s store.Submission) (e store.Entry, ok bool, err error) {
	box, err := tx.MailboxByKind(s.AuthorID, store.KindScheduled)
	if err != nil {
		return e, false, err
	}
	entries, err := tx.EntriesOfSubmission(s.ID)
	for _, e := range entries {
		if e.MailboxID == box.ID {
			return e, true, err
		}
	}
	return e, false, err
}
