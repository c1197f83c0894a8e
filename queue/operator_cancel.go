package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// CancelFor takes back what has not left, as its author would by moving it to Trash:
// the draft lies there, and the author is told, once for all of an order. For one of
// several recipients, and for mail between two attempts, the author is only told.
// store.ErrNotFound, ErrNothingWaits.
func (q *Queue) CancelFor(ctx context.Context, o Order) (Outcome, error) {
	o.Now = o.Now.UTC()
	ids, done, err := q.chosen(ctx, o, false)
	if err != nil || o.DryRun {
		return done, err
	}
	total := len(ids)
	done.Mails, done.Recipients = 0, 0
	told := map[int64]tally{}
	for part := range slices.Chunk(ids, cancelBatch) {
		var did cancelling
		err := q.db.Update(ctx, func(tx *store.Tx) error {
			did = cancelling{q: q, tx: tx, o: o, of: map[int64]tally{}, alone: total == 1}
			for _, id := range part {
				if err := did.one(id); err != nil {
					return fmt.Errorf("q%d: %w", id, err)
				}
			}
			return did.tell(told)
		})
		if err != nil {
			return done, fmt.Errorf("cancel %d of %d: %w", done.Mails, total, err)
		}
		for author, t := range did.of {
			told[author] = t
		}
		done.count(did.moved)
		o.progress(done.Mails, total)
	}
	return done, nil
}

// A tally is what an author is told of an order that cancelled more than one mail.
type tally struct {
	mails int
	first []string // lines of the first maxTold
	entry store.Entry
}

// maxTold bounds the mails that a note of a large order names.
const maxTold = 50

// A cancelling is one transaction of CancelFor.
type cancelling struct {
	q     *Queue
	tx    *store.Tx
	o     Order
	alone bool
	own   bool            // its author does it, by a reply
	of    map[int64]tally // by author, of this transaction
	moved []int64         // the submission of each recipient that was cancelled
}

// one cancels the selected recipients of one submission.
func (c *cancelling) one(id int64) error {
	s, err := c.tx.Submission(id)
	if err != nil {
		return err
	}
	sel := c.o.of(id)
	sel.States = []store.State{store.Held, store.Deferred}
	rcpts, err := c.tx.SelectedRecipients(sel)
	if err != nil || len(rcpts) == 0 {
		return err
	}
	ev := c.event(s)
	ev.SubmissionID = id
	if err := c.tx.AddEvent(ev); err != nil {
		return err
	}
	author, _ := c.q.people.ByID(s.AuthorID)
	cancelled, err := c.whole(s, author, rcpts)
	if err != nil {
		return err
	}
	for _, r := range rcpts {
		if slices.ContainsFunc(cancelled, func(x store.Recipient) bool { return x.ID == r.ID }) {
			continue
		}
		from := r.State
		r.State, r.Due, r.Settled = store.Cancelled, time.Time{}, c.o.Now
		if err := c.tx.MoveRecipient(r, from, c.event(s)); err != nil {
			return err
		}
		if err := c.q.o.Clocks.Failed(c.tx, r, s.MessageID, c.o.Now); err != nil {
			return err
		}
		cancelled = append(cancelled, r)
	}
	for range cancelled {
		c.moved = append(c.moved, id)
	}
	return c.note(s, author, cancelled)
}

// event is the line of the ledger that says who took mail back.
func (c *cancelling) event(s store.Submission) store.Event {
	if c.own {
		return store.Event{At: c.o.Now, Kind: EventTakenBack, PersonID: s.AuthorID, Detail: detail{"how": "reply"}}
	}
	return store.Event{At: c.o.Now, Kind: EventOperatorCancel, PersonID: s.AuthorID, Detail: detail{"by": c.o.By}}
}

// whole moves the entry of waiting mail to Trash if all that is held shall be cancelled,
// and returns the recipients that are cancelled by it.
func (c *cancelling) whole(s store.Submission, author *people.Person, rcpts []store.Recipient) ([]store.Recipient, error) {
	if author == nil {
		return nil, nil
	}
	held, err := c.tx.SelectedRecipients(store.Selection{Submission: s.ID, States: []store.State{store.Held}})
	if err != nil || len(held) == 0 {
		return nil, err
	}
	for _, r := range held {
		if !slices.ContainsFunc(rcpts, func(x store.Recipient) bool { return x.ID == r.ID }) {
			return nil, nil
		}
	}
	entries, err := c.q.waitingEntries(c.tx, s)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	trash, err := c.tx.MailboxByKind(author.ID, store.KindTrash)
	if err != nil {
		return nil, err
	}
	_, cancelled, _, err := c.q.takeBack(c.tx, author, s, entries[0], &trash, c.o.Now)
	return cancelled, err
}

// note tells the author of a single mail at once, and remembers one of many for tell.
func (c *cancelling) note(s store.Submission, author *people.Person, cancelled []store.Recipient) error {
	if author == nil || !author.Active {
		return nil
	}
	if c.alone {
		return c.q.tellCancelled(c.tx, author, s, cancelled, nil, c.o.Now)
	}
	t := c.of[author.ID]
	t.mails++
	if len(t.first) < maxTold {
		about := c.q.about(s, cancelled)
		t.first = append(t.first, fmt.Sprintf("  %s, to %s", about.Subject, strings.Join(about.To, ", ")))
	}
	c.of[author.ID] = t
	return nil
}

// tell writes to each author of this transaction what the order has come to so far, in
// the place of what the transaction before said: after a crash there is a true note,
// after the last transaction just one.
func (c *cancelling) tell(before map[int64]tally) error {
	for id, t := range c.of {
		author, ok := c.q.people.ByID(id)
		if !ok {
			continue
		}
		old := before[id]
		if old.entry.ID != 0 {
			if err := c.tx.RemoveEntry(old.entry, store.GoneReplaced, c.o.Now); err != nil && !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		t.mails += old.mails
		t.first = append(slices.Clone(old.first), t.first...)
		t.first = t.first[:min(len(t.first), maxTold)]
		text := fmt.Sprintf("An administrator took back %d of your waiting mails. They lie in Trash as drafts; move one to Scheduled to send it all the same.\n\n%s",
			t.mails, strings.Join(t.first, "\n"))
		if n := t.mails - len(t.first); n > 0 {
			text += fmt.Sprintf("\n  and %d more", n)
		}
		l := c.q.plain(author, fmt.Sprintf("Taken back: %d waiting mails", t.mails), text, "")
		var err error
		if t.entry, _, err = c.q.inbox.Put(c.tx, author, store.KindInbox, l, c.o.Now); err != nil {
			return err
		}
		c.of[id] = t
	}
	return nil
}
