package queue

import (
	"context"
	"fmt"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// replanBatch bounds the recipients that one transaction looks at.
const replanBatch = 500

// Replan computes the release times of waiting mail anew, in batches: for what
// depends on a person whose profile changed, or for everything (nil) when the zone
// data changed. Nothing moves that was not planned by a calendar or a wall time.
func (q *Queue) Replan(ctx context.Context, changed *people.Person, now time.Time) error {
	now = now.UTC()
	for after := int64(0); ; {
		n, last := 0, after
		err := q.db.Update(ctx, func(tx *store.Tx) error {
			list, err := tx.HeldAfter(after, replanBatch)
			if err != nil {
				return err
			}
			n = len(list)
			for _, r := range list {
				last = r.ID
				if err := q.replanOne(tx, r, changed, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return fmt.Errorf("replan: %w", err)
		}
		if n < replanBatch {
			return nil
		}
		after = last
	}
}

func (q *Queue) replanOne(tx *store.Tx, r store.Recipient, changed *people.Person, now time.Time) error {
	p, err := decodePlan(r.Plan)
	if err != nil {
		q.o.Log.Error("read plan", "recipient", r.ID, "err", err)
		return nil // It keeps its due time.
	}
	switch p.Rule {
	case RuleHours, RuleBatch, RuleAuthor, RuleTogether, RuleTime, RuleOpening:
	default:
		return nil
	}
	s, err := tx.Submission(r.SubmissionID)
	if err != nil {
		return err
	}
	who := q.partyOf(s, r)
	if changed != nil && !p.dependsOn(changed.ID, who) {
		return nil
	}
	m := q.moment(p, who, now)
	due := later(m.At, now)
	// A release that is due anyway is not put off by looking at it.
	if due.Equal(r.Due) || !r.Due.After(now) {
		return nil
	}
	if p.Rule != RuleTime && p.Rule != RuleOpening {
		p.Why = ""
	}
	q.touchTimetable(tx, s.AuthorID, now)
	return q.reschedule(tx, r, p.told(m), due, "replan", now)
}

// dependsOn reports whether a person's profile has a say in the plan.
func (p Plan) dependsOn(id int64, who party) bool {
	for _, w := range p.With {
		if w == id {
			return true
		}
	}
	return who.reader != nil && who.reader.ID == id ||
		who.reader == nil && who.author != nil && who.author.ID == id && p.Rule != RuleTime
}

// FreeParents releases waiting mail at once whose answer has come from outside:
// answered are the Message-IDs that it names, to whom it goes. The original must not
// arrive after its answer.
func (q *Queue) FreeParents(ctx context.Context, answered []string, to []*people.Person, now time.Time) error {
	if len(answered) == 0 || len(to) == 0 {
		return nil
	}
	now = now.UTC()
	return q.db.Update(ctx, func(tx *store.Tx) error {
		for _, mid := range answered {
			for _, p := range to {
				if err := q.freeParent(tx, mid, p, now); err != nil {
					return fmt.Errorf("free %s: %w", mid, err)
				}
			}
		}
		return nil
	})
}

func (q *Queue) freeParent(tx *store.Tx, mid string, p *people.Person, now time.Time) error {
	held, err := tx.HeldParents(mid, p.ID, p.Address.String())
	if err != nil {
		return err
	}
	for _, r := range held {
		if !r.Due.After(now) {
			continue
		}
		plan, err := decodePlan(r.Plan)
		if err != nil {
			return err
		}
		plan.Rule, plan.Why, plan.From, plan.Coach = RuleNow, "answered", now, time.Time{}
		if err := q.reschedule(tx, r, plan, now, "answered", now); err != nil {
			return err
		}
		s, err := tx.Submission(r.SubmissionID)
		if err != nil {
			return err
		}
		q.touchTimetable(tx, s.AuthorID, now)
	}
	return nil
}
