package queue

import (
	"context"
	"sync"
	"time"

	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// Mail that waits and of which its author need not be told anything is written past the
// ordinary transaction, together with all other such mail of the moment (store.Hold).
// What is derived from its text is computed behind, or by whoever looks at it first.
// Whatever is not plain goes the ordinary way by accept, which is always right.

// mayHold reports whether accepting the mail writes nothing but the mail itself, and
// that it waits.
func (q *Queue) mayHold(in *intake) bool {
	if in.atOnce() || in.failed || in.control || in.blocked || q.filesSent(in) || in.again || in.back != nil || in.asking || in.decides || in.urgentSource() != "" ||
		in.facts.MessageID == "" || in.facts.IsReply || len(parents(in.facts)) != 0 ||
		in.staged == nil || !in.staged.InMemory() || len(in.env.Recipients) == 0 || len(in.env.Recipients) > maxExpress {
		return false
	}
	for _, f := range in.found {
		if f.Reason == policies.ReasonTagUnread {
			return false // tellUnread
		}
	}
	for i, p := range in.plans {
		if p.Gap || p.Overlap { // tellChosen
			return false
		}
		if r := in.readers[i]; r != nil && q.inbox.Away(r, in.author, in.now) { // tellAway
			return false
		}
	}
	return true
}

// hold accepts the mail. store.ErrKnown: it has to go the ordinary way.
func (q *Queue) hold(ctx context.Context, in *intake) (int64, error) {
	rcpts, why := q.recipientsOf(in)
	waits := false
	for _, r := range rcpts {
		waits = waits || r.Due.After(in.now)
	}
	if !waits || !q.explained.has(in.author.ID) && len(q.byPolicy(in, rcpts)) > 0 {
		return 0, store.ErrKnown
	}
	box, err := q.scheduledBox(ctx, in.author)
	if err != nil {
		return 0, err
	}
	sub, err := q.submissionOf(in)
	if err != nil {
		return 0, err
	}
	h := &store.Holding{Submission: sub, Thread: in.facts.Topic, Ref: in.firstRef(sub), Head: in.head, Body: in.staged.Body(), Sum: in.staged.Sum,
		Recipients: rcpts, Accepted: in.accepted(sub),
		Entry: store.Entry{MailboxID: box, Flags: store.Seen, Keywords: []string{keywordPending}}}
	for _, w := range why {
		h.Held = append(h.Held, store.Event{At: in.now, Kind: evHeld, Detail: w})
	}
	h.After = func() {
		sooner := false
		for _, r := range rcpts {
			sooner = q.next.lower(r.PersonID != 0, r.Due) || sooner
		}
		if sooner {
			q.wake()
		}
		q.tables.touch(in.author.ID)
	}
	err = q.db.Hold(ctx, h)
	return h.Submission.ID, err
}

// byPolicy are the recipients who wait because a policy says so, for long enough that
// an author wonders.
func (q *Queue) byPolicy(in *intake, rcpts []store.Recipient) []store.Recipient {
	var held []store.Recipient
	for i, r := range rcpts {
		policy := in.plans[i].Rule == RuleHours || in.plans[i].Rule == RuleTogether || in.plans[i].Rule == RuleAuthor
		if policy && r.Due.After(in.now.Add(q.o.Undo+time.Minute)) {
			held = append(held, r)
		}
	}
	return held
}

// scheduledBox returns the id of a person's Scheduled, which never changes.
func (q *Queue) scheduledBox(ctx context.Context, p *people.Person) (int64, error) {
	if id, ok := q.boxes.Load(p.ID); ok {
		return id.(int64), nil
	}
	var box store.Mailbox
	err := q.view(ctx, func(tx *store.Tx) (err error) {
		box, err = tx.MailboxByKind(p.ID, store.KindScheduled)
		return err
	})
	if err == nil {
		q.boxes.Store(p.ID, box.ID)
	}
	return box.ID, err
}

// A personSet remembers people.
type personSet struct{ ids sync.Map }

func (s *personSet) add(id int64) { s.ids.Store(id, true) }

func (s *personSet) has(id int64) bool {
	_, ok := s.ids.Load(id)
	return ok
}
