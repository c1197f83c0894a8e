package queue

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tidepost/coach"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// adviceDetail is what a note about advice remembers to be answered.
type adviceDetail struct {
	Policies []string `json:"policies,omitempty"`
}

// refuseDraft remembers a draft that is refused, so that the same draft passes when it
// comes again, and returns the refusal. Never 4xx: a client would only try again.
func (q *Queue) refuseDraft(ctx context.Context, in *intake) error {
	b := in.back
	err := q.db.Update(ctx, func(tx *store.Tx) error {
		c := store.Coaching{PersonID: in.author.ID, Mode: store.CoachStop, State: store.CoachOpen, Draft: b.key, Created: in.now}
		if err := tx.InsertCoaching(&c, adviceOf(b.shown)); err != nil {
			return err
		}
		if err := q.countDryRuns(tx, in, 0); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: in.now, Kind: evRefusedDraft, PersonID: in.author.ID,
			Detail: detail{"policies": coach.Policies(b.shown), "reasons": reasonsOf(b.shown)}})
	})
	if err != nil {
		return err
	}
	return refuse(550, [3]int{5, 7, 1}, coach.Refusal(b.shown))
}

func adviceOf(found []policies.Finding) []store.Advice {
	var out []store.Advice
	for _, f := range found {
		out = append(out, store.Advice{Policy: f.Policy, Reason: string(f.Reason)})
	}
	return out
}

func reasonsOf(found []policies.Finding) []string {
	var out []string
	for _, f := range found {
		out = append(out, string(f.Reason))
	}
	return out
}

// countDryRuns writes into the ledger what policies in dry run would have said.
func (q *Queue) countDryRuns(tx *store.Tx, in *intake, sub int64) error {
	for _, f := range coach.Shown(in.back.counted) {
		err := tx.AddEvent(store.Event{At: in.now, Kind: evCoachDryRun, SubmissionID: sub, PersonID: in.author.ID,
			Detail: detail{"policy": f.Policy, "reason": f.Reason, "mode": in.back.mode}})
		if err != nil {
			return err
		}
	}
	return nil
}

// tellCoached files the advice on a mail that was accepted, and what else follows from
// what the coach found.
func (q *Queue) tellCoached(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient) error {
	b := in.back
	if b == nil {
		return nil
	}
	if err := q.countDryRuns(tx, in, sub.ID); err != nil {
		return err
	}
	for _, p := range b.silent {
		if err := q.silence(tx, in.author, p, in.now); err != nil {
			return err
		}
	}
	if b.passed != nil {
		if err := q.tellPassed(tx, in, sub); err != nil {
			return err
		}
	}
	if in.replaced != nil {
		if err := q.tellReplaced(tx, in, sub); err != nil {
			return err
		}
	}
	if len(b.shown) == 0 {
		return nil
	}
	return q.fileAdvice(tx, in, sub, rcpts)
}

// fileAdvice puts the advice on top of INBOX, and beside the draft if that waits.
func (q *Queue) fileAdvice(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient) error {
	b := in.back
	c := store.Coaching{PersonID: in.author.ID, SubmissionID: sub.ID, Mode: b.mode, State: store.CoachOpen, Draft: b.key, Created: in.now}
	if b.mode == store.CoachLearn {
		c.State, c.Settled = store.CoachTold, in.now
	}
	e, mid, err := q.inbox.Put(tx, in.author, store.KindInbox, b.letter, in.now)
	if err != nil {
		return fmt.Errorf("file advice: %w", err)
	}
	c.Note = mid
	if err := tx.InsertCoaching(&c, adviceOf(b.shown)); err != nil {
		return err
	}
	if err := q.addNote(tx, in.author, noteAdvice, sub.ID, mid, adviceDetail{coach.Policies(b.shown)}, in.now); err != nil {
		return err
	}
	if b.mode == store.CoachAdvise {
		box, err := q.beforeBox(tx, in.author.ID, in.now)
		if err != nil {
			return err
		}
		// Read here, so that one advice is not counted as unread twice.
		beside := store.Entry{MailboxID: box.ID, MessageID: e.MessageID, InternalDate: in.now, Flags: store.Seen}
		if err := tx.AddEntry(&beside); err != nil {
			return err
		}
	}
	d := detail{"policies": coach.Policies(b.shown), "reasons": reasonsOf(b.shown), "mode": b.mode, "note": mid}
	if due := firstDue(rcpts); b.mode == store.CoachAdvise && !due.IsZero() {
		d["leaves"] = due
	}
	return tx.AddEvent(store.Event{At: in.now, Kind: evAdvice, SubmissionID: sub.ID, MessageID: e.MessageID, PersonID: in.author.ID, Detail: d})
}

// firstDue is when the first colleague gets the mail.
func firstDue(rcpts []store.Recipient) (due time.Time) {
	for _, r := range rcpts {
		if r.PersonID != 0 && r.State == store.Held && (due.IsZero() || r.Due.Before(due)) {
			due = r.Due
		}
	}
	return due
}

// beforeBox is the person's Before sending, which appears when it is first needed.
func (q *Queue) beforeBox(tx *store.Tx, person int64, now time.Time) (store.Mailbox, error) {
	box, err := tx.EnsureMailbox(person, store.KindBefore, now)
	if err != nil || box.Visible {
		return box, err
	}
	return box, tx.ShowMailbox(box.ID)
}

// tellPassed says that a draft which was refused has passed now.
func (q *Queue) tellPassed(tx *store.Tx, in *intake, sub store.Submission) error {
	c := *in.back.passed
	if err := q.endCoaching(tx, in.author, c, store.CoachOverridden, in.back.verdict, "again", in.now); err != nil {
		if errors.Is(err, store.ErrConflict) {
			return nil // Sent twice at once: the other one says it.
		}
		return err
	}
	said, err := tx.Advices(c.ID)
	if err != nil {
		return err
	}
	text := "Sent, as you wish: you sent the same mail again. Reply *never* for no more advice on " + aboutAll(said) + "."
	l := q.plain(in.author, "Sent as it is: "+sub.Subject, coach.Wrap(text), sub.MID)
	return q.note(tx, in.author, noteAdvice, sub.ID, l, adviceDetail{policiesOf(said)}, in.now)
}

func policiesOf(said []store.Advice) []string {
	var out []string
	for _, a := range said {
		out = append(out, a.Policy)
	}
	return out
}

// aboutAll names what several policies look at.
func aboutAll(said []store.Advice) string {
	var out []string
	for _, a := range said {
		out = append(out, coach.About(a.Policy))
	}
	return coach.And(out)
}

// silence switches a policy off for its author, and says so with the way back.
func (q *Queue) silence(tx *store.Tx, p *people.Person, policy string, now time.Time) error {
	if err := q.setPolicy(tx, p, policy, people.Off, now); err != nil {
		return err
	}
	if err := tx.SetMeta(wantedKey(p.ID, policy), now.UTC().Format(time.RFC3339Nano)); err != nil {
		return err
	}
	text := "Two pieces of advice on " + coach.About(policy) + " changed nothing within a week, so there will be none for you any more. " +
		"Reply *undo* to have it again, or write *advise " + policy + "* to me at any time."
	l := q.plain(p, "No more advice on "+coach.About(policy), coach.Wrap(text), "")
	return q.note(tx, p, noteSilenced, 0, l, adviceDetail{[]string{policy}}, now)
}

// setPolicy writes a person's own setting of a policy; people.Team removes it.
func (q *Queue) setPolicy(tx *store.Tx, p *people.Person, policy string, to people.Switch, now time.Time) error {
	err := people.EditProfile(tx, p.ID, []people.Field{people.FieldCoachPolicy}, now, func(profile *people.Profile) error {
		own := map[string]people.Switch{}
		for name, s := range profile.CoachPolicies {
			own[name] = s
		}
		own[policy] = to
		if to == people.Team {
			delete(own, policy)
		}
		profile.CoachPolicies = own
		return nil
	})
	if err != nil {
		return fmt.Errorf("set policy %s: %w", policy, err)
	}
	return nil
}
