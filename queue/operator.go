package queue

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/store"
)

// What the commands of an operator do to mail that waits: one mail or a million, in
// transactions of bounded size, so that mail goes in and out meanwhile. Broken off,
// what was done stands, and the same order does the rest.

// The kinds of ledger lines that an operator's orders write. Their detail says who.
const (
	EventOperatorRelease = "admin.release" // waiting mail was let go
	EventOperatorCancel  = "admin.cancel"  // waiting mail was taken back
)

// EventTakenBack is the kind when authors themselves take back mail that was stopped, by
// a reply. Its detail says how.
const EventTakenBack = "taken-back"

// whyOperator is the reason that stands in the plan of mail an operator released.
const whyOperator = "operator"

// releaseBatch and cancelBatch bound the submissions of one transaction. A release is
// two statements for all of them, a cancel some ten for each.
const (
	releaseBatch = 1000
	cancelBatch  = 100
)

// ErrNothingWaits is returned when no recipient of the submissions that an order names
// can be released or cancelled any more.
var ErrNothingWaits = errors.New("nothing waits: it has left, or was taken back")

// An Order says what an operator wants done to which waiting mail.
type Order struct {
	Submissions []int64         // only these; nil: everything that Selected says
	Selected    store.Selection // which recipients; zero: all that wait
	DryRun      bool            // only count
	By          string          // who wants it, for the ledger
	Now         time.Time
	Progress    func(done, total int) // in submissions; nil: nobody looks
}

// An Outcome says what an order came to.
type Outcome struct {
	Mails      int      `json:"mails"`      // submissions
	Recipients int      `json:"recipients"` // of them
	Frozen     int      `json:"frozen"`     // submissions left alone: their authors mark them as deleted, or they are stopped
	IDs        []int64  `json:"ids"`        // if the order named its submissions
	To         []string `json:"to"`         // the addresses of those
}

// ReleaseNow lets what waits leave at once: mail that is held, and mail whose next
// attempt is later. What its author marked as deleted stays, and what is stopped. store.ErrNotFound,
// ErrNothingWaits.
func (q *Queue) ReleaseNow(ctx context.Context, o Order) (Outcome, error) {
	o.Now = o.Now.UTC()
	ids, done, err := q.chosen(ctx, o, true)
	if err != nil || o.DryRun {
		return done, err
	}
	total := len(ids)
	plan := Plan{Rule: RuleNow, Why: whyOperator, From: o.Now}.encode()
	ev := store.Event{At: o.Now, Kind: EventOperatorRelease, Detail: detail{"by": o.By, "due": o.Now}}
	done.Mails, done.Recipients = 0, 0
	for part := range slices.Chunk(ids, releaseBatch) {
		var left []int64
		err := q.db.Update(ctx, func(tx *store.Tx) (err error) {
			if left, err = tx.ReleaseSelected(part, o.Selected, plan, ev); err != nil || len(left) == 0 {
				return err
			}
			tx.AfterCommit(func() {
				q.next.lower(true, o.Now)
				q.next.lower(false, o.Now)
				q.wake()
			})
			return q.touchTimetables(tx, left, o.Now)
		})
		if err != nil {
			return done, fmt.Errorf("release %d of %d: %w", done.Mails, total, err)
		}
		done.count(left)
		o.progress(done.Mails, total)
	}
	return done, nil
}

// count adds the submissions of recipients that were moved.
func (d *Outcome) count(submissions []int64) {
	d.Recipients += len(submissions)
	slices.Sort(submissions)
	d.Mails += len(slices.Compact(submissions))
}

func (o Order) progress(done, total int) {
	if o.Progress != nil {
		o.Progress(done, total)
	}
}

// chosen returns the submissions of an order, the oldest first, and what there is to
// do, counted without the frozen ones if those are left alone.
func (q *Queue) chosen(ctx context.Context, o Order, skipFrozen bool) (ids []int64, found Outcome, err error) {
	o.Selected.States = []store.State{store.Held, store.Deferred}
	err = q.view(ctx, func(tx *store.Tx) error {
		if o.Submissions != nil {
			ids, found.IDs = o.Submissions, o.Submissions
			return q.named(tx, o, skipFrozen, &found)
		}
		if ids, err = tx.Select(o.Selected); err != nil {
			return err
		}
		found.Mails = len(ids)
		if !skipFrozen {
			return nil
		}
		frozen := o.Selected
		frozen.Frozen = true
		stay, err := tx.Select(frozen)
		found.Frozen, found.Mails = len(stay), len(ids)-len(stay)
		return err
	})
	return ids, found, err
}

// named looks at submissions that were named: each must have something to do.
func (q *Queue) named(tx *store.Tx, o Order, skipFrozen bool, found *Outcome) error {
	for _, id := range o.Submissions {
		s, err := tx.Submission(id)
		if err != nil {
			return err
		}
		if skipFrozen && s.Stopped == store.StopAuthor {
			return fmt.Errorf("q%d is stopped because its author is frozen: it leaves after \"people unfreeze\"", id)
		}
		if skipFrozen && s.Stopped == store.StopCredential {
			return fmt.Errorf("q%d is stopped because the app password it came with was revoked: its author decides", id)
		}
		if skipFrozen && s.Frozen {
			return fmt.Errorf("q%d is marked as deleted by its author: nothing leaves until that is taken back", id)
		}
		rcpts, err := tx.SelectedRecipients(o.of(id))
		if err != nil {
			return err
		}
		if len(rcpts) == 0 {
			return nothingOf(tx, o, id)
		}
		found.Mails++
		found.Recipients += len(rcpts)
		for _, r := range rcpts {
			found.To = append(found.To, r.Address)
		}
	}
	return nil
}

// of narrows the selection to one submission.
func (o Order) of(id int64) store.Selection {
	s := o.Selected
	s.Submission = id
	return s
}

// nothingOf says why a submission has nothing for an order.
func nothingOf(tx *store.Tx, o Order, id int64) error {
	if o.Selected.To != "" {
		rcpts, err := tx.Recipients(id)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(rcpts, func(r store.Recipient) bool { return o.Selected.Names(r.Address) }) {
			return fmt.Errorf("recipient %s of q%d: %w", o.Selected.To, id, store.ErrNotFound)
		}
	}
	return fmt.Errorf("q%d: %w", id, ErrNothingWaits)
}

// touchTimetables has the timetables of all authors of some submissions written anew.
func (q *Queue) touchTimetables(tx *store.Tx, submissions []int64, now time.Time) error {
	authors, err := tx.Authors(submissions)
	for _, id := range authors {
		q.touchTimetable(tx, id, now)
	}
	return err
}

// RefreshTimetables writes the timetables that are out of date at once: for who changed
// waiting mail without Run.
func (q *Queue) RefreshTimetables(ctx context.Context, now time.Time) error {
	for _, id := range q.tables.take() {
		p, ok := q.people.ByID(id)
		if !ok || !p.Active {
			continue
		}
		if err := q.RefreshTimetable(ctx, p, now); err != nil {
			return err
		}
	}
	return nil
}
