package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strconv"
	"time"

	"tidepost/coach"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

const (
	// unheeded pieces of advice within unheededTime make a policy fall silent.
	unheeded     = 2
	unheededTime = 7 * 24 * time.Hour
	// freshAct is how long after an act of a person Tidepost may write to them outside
	// of their hours (PRODUCT, Never).
	freshAct = 30 * time.Minute
	// refusalTime is how long a refused draft may come again.
	refusalTime = 24 * time.Hour
	// followTime is how long the next mail in a thread is waited for.
	followTime  = 30 * 24 * time.Hour
	followBatch = 50
	// maxFollow is how much of an answer is read.
	maxFollow = 256 << 10
)

// settleDraft ends the coaching of a submission, if it had advice and is still open.
// VerdictNone lets the state say whether the advice was right.
func (q *Queue) settleDraft(tx *store.Tx, author *people.Person, s store.Submission, state store.CoachState, v store.Verdict, how string, now time.Time) error {
	if !decodeLetter(s.Plan).Coached {
		return nil
	}
	c, err := tx.CoachingOf(s.ID)
	if errors.Is(err, store.ErrNotFound) || err == nil && c.State != store.CoachOpen {
		return nil
	}
	if err != nil {
		return err
	}
	if v == store.VerdictNone {
		if v, err = q.verdict(tx, c, state); err != nil {
			return err
		}
	}
	if err := q.endCoaching(tx, author, c, state, v, how, now); err != nil {
		return err
	}
	return q.hideAdvice(tx, c, now)
}

// verdict says what the end of a draft says about its advice.
func (q *Queue) verdict(tx *store.Tx, c store.Coaching, state store.CoachState) (store.Verdict, error) {
	switch state {
	case store.CoachOverridden:
		return store.VerdictFalseAlarm, nil
	case store.CoachRanOut:
		read, err := q.wasRead(tx, c)
		if err != nil || !read {
			return store.VerdictUnread, err
		}
		return store.VerdictFalseAlarm, nil
	}
	return store.VerdictHeeded, nil
}

// wasRead reports whether the author has read the advice in INBOX, or put it away.
func (q *Queue) wasRead(tx *store.Tx, c store.Coaching) (bool, error) {
	box, err := tx.MailboxByKind(c.PersonID, store.KindInbox)
	if err != nil {
		return false, err
	}
	entries, err := tx.EntriesByMID(box.ID, c.Note)
	if err != nil {
		return false, err
	}
	for _, e := range entries {
		if e.Flags&store.Seen == 0 {
			return false, nil
		}
	}
	return true, nil
}

// endCoaching writes the end of a coaching, and what follows for the policies.
func (q *Queue) endCoaching(tx *store.Tx, author *people.Person, c store.Coaching, state store.CoachState, v store.Verdict, how string, now time.Time) error {
	if err := tx.SettleCoaching(c.ID, state, v, now); err != nil {
		return err
	}
	said, err := tx.Advices(c.ID)
	if err != nil {
		return err
	}
	err = tx.AddEvent(store.Event{At: now, Kind: evAdviceEnded, SubmissionID: c.SubmissionID, PersonID: c.PersonID,
		Detail: detail{"policies": policiesOf(said), "end": state, "how": how, "verdict": v}})
	if err != nil {
		return err
	}
	for _, a := range said {
		if v == store.VerdictFalseAlarm {
			if err := q.weigh(tx, author, c, a.Policy, now); err != nil {
				return err
			}
		}
		if err := q.fallSilent(tx, author, c, a.Policy, now); err != nil {
			return err
		}
	}
	return nil
}

// hideAdvice takes the copy of the advice out of Before sending: the draft has gone.
func (q *Queue) hideAdvice(tx *store.Tx, c store.Coaching, now time.Time) error {
	box, err := tx.MailboxByKind(c.PersonID, store.KindBefore)
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	entries, err := tx.EntriesByMID(box.ID, c.Note)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := tx.RemoveEntry(e, store.GoneReplaced, now); err != nil {
			return err
		}
	}
	return nil
}

// weigh sends a policy to dry run that was wrong too often of late, and says so: to the
// admin, and to the author whose draft it was wrong about last.
func (q *Queue) weigh(tx *store.Tx, author *people.Person, c store.Coaching, policy string, now time.Time) error {
	judged, wrong, err := tx.Judged(policy, coach.RateWindow)
	if err != nil {
		return err
	}
	rate := coach.Rate{Judged: judged, FalseAlarms: wrong}
	if !rate.TooMany() {
		return nil
	}
	isNew, err := tx.QuietPolicy(policy, now)
	if err != nil || !isNew {
		return err
	}
	tx.AfterCommit(func() {
		q.quiet.forget()
		q.alarm("coach "+policy, fmt.Sprintf("policy %s went to dry run: %d of its last %d advices were false alarms; \"tidepost policy wake %s\" ends that",
			policy, wrong, judged, policy))
	})
	err = tx.AddEvent(store.Event{At: now, Kind: evPolicyQuiet, Detail: detail{"policy": policy, "judged": judged, "false_alarms": wrong}})
	if err != nil || !mayTell(author, c, now) {
		return err
	}
	text := fmt.Sprintf("%d of the last %d pieces of advice on %s were false alarms, in the whole team. Nobody is given any more; "+
		"what there would have been is counted, and your admin can end that.", wrong, judged, coach.About(policy))
	l := q.plain(author, "Advice on "+coach.About(policy)+" rests", coach.Wrap(text), "")
	return q.note(tx, author, noteAnswer, 0, l, nil, now)
}

// mayTell reports whether the author of a draft may be written to: at work, or just
// after an act of theirs (PRODUCT, Never).
func mayTell(author *people.Person, c store.Coaching, now time.Time) bool {
	return author != nil && author.Active && (now.Sub(c.Created) <= freshAct || author.Schedule(now).Working(now))
}

// fallSilent switches a policy off for an author for whom it changed nothing twice. At
// night, when the mail left by itself, that is put off to the next draft.
func (q *Queue) fallSilent(tx *store.Tx, author *people.Person, c store.Coaching, policy string, now time.Time) error {
	if !mayTell(author, c, now) {
		return nil
	}
	ignored, err := q.ignored(tx, author.ID, policy, now)
	if err != nil || !ignored {
		return err
	}
	return q.silence(tx, author, policy, now)
}

// ignored reports whether two pieces of advice of a policy to a person changed nothing
// within a week.
func (q *Queue) ignored(tx *store.Tx, person int64, policy string, now time.Time) (bool, error) {
	since, err := q.wanted(tx, person, policy)
	if err != nil {
		return false, err
	}
	n, err := tx.Unheeded(person, policy, later(since, now.Add(-unheededTime)))
	return n >= unheeded, err
}

// wanted is since when a person has wanted the advice of a policy again, or has been
// told that it is silent: what was before does not count twice.
func (q *Queue) wanted(tx *store.Tx, person int64, policy string) (time.Time, error) {
	s, err := tx.Meta(wantedKey(person, policy))
	if err != nil || s == "" {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s: %w", wantedKey(person, policy), err)
	}
	return t, nil
}

func wantedKey(person int64, policy string) string {
	return "coach_wanted." + strconv.FormatInt(person, 10) + "." + policy
}

// Follow looks what became of drafts that left as they were: if the next mail in the
// thread asked back, the advice was right. Drafts that were refused and never came
// again were changed, or dropped.
func (q *Queue) Follow(ctx context.Context, now time.Time) error {
	for after := int64(0); ; {
		var list, stale []store.Coaching
		err := q.view(ctx, func(tx *store.Tx) (err error) {
			if after == 0 {
				if stale, err = tx.StaleRefusals(now.Add(-refusalTime), followBatch); err != nil {
					return err
				}
			}
			list, err = tx.UnfollowedCoachings(now.Add(-followTime), after, followBatch)
			return err
		})
		if err != nil {
			return fmt.Errorf("follow advice: %w", err)
		}
		for _, c := range stale {
			err := q.db.Update(ctx, func(tx *store.Tx) error {
				author, _ := q.people.ByID(c.PersonID)
				return q.endCoaching(tx, author, c, store.CoachWithdrawn, store.VerdictHeeded, "not sent again", now)
			})
			if err != nil && !errors.Is(err, store.ErrConflict) {
				return err
			}
		}
		for _, c := range list {
			after = c.ID
			if err := q.followOne(ctx, c); err != nil {
				return err
			}
		}
		if len(list) < followBatch {
			return nil
		}
	}
}

// followOne looks for the next mail in the thread of a draft that left as it was.
func (q *Queue) followOne(ctx context.Context, c store.Coaching) error {
	var next store.Message
	err := q.view(ctx, func(tx *store.Tx) error {
		s, err := tx.Submission(c.SubmissionID)
		if err != nil {
			return err
		}
		m, err := tx.Message(s.MessageID)
		if err != nil {
			return err
		}
		next, err = tx.NextInThread(m.ThreadID, m.ID, c.PersonID)
		return err
	})
	if errors.Is(err, store.ErrNotFound) {
		return nil // Not yet.
	}
	if err != nil {
		return fmt.Errorf("follow coaching %d: %w", c.ID, err)
	}
	asked := q.asksBack(ctx, next)
	return q.db.Update(ctx, func(tx *store.Tx) error { return tx.FollowCoaching(c.ID, asked) })
}

// asksBack reads an answer. What cannot be read asks nothing.
func (q *Queue) asksBack(ctx context.Context, m store.Message) (asked bool) {
	defer func() {
		if p := recover(); p != nil {
			q.o.Log.Error("read an answer", "mid", m.MID, "panic", p, "stack", string(debug.Stack()))
			asked = false
		}
	}()
	body := q.db.OpenBody(ctx, m)
	defer body.Close()
	scan := mail.NewScanner(m.Head)
	if _, err := io.Copy(scan, io.LimitReader(body, maxFollow)); err != nil {
		q.o.Log.Warn("read an answer", "mid", m.MID, "err", err)
		return false
	}
	content, head := scan.Finish(), mail.ParseHeader(m.Head)
	var from mail.Address // The reverse-path is not kept; a null one would be a machine's.
	if list := head.Addresses("From"); len(list) > 0 {
		from = list[0].Address
	}
	facts := mail.FactsOf(head, content, from)
	return coach.AskedBack(intent.Read(intent.InputOf(facts, content, nil)))
}

// withdrawDraft ends the coaching of a draft that its author takes back: the advice was
// right.
func (q *Queue) withdrawDraft(tx *store.Tx, author *people.Person, s store.Submission, now time.Time) error {
	is, err := q.coached(tx, s)
	if err != nil || !is {
		return err
	}
	return q.settleDraft(tx, author, s, store.CoachWithdrawn, store.VerdictNone, "taken back", now)
}

// coached reports whether a submission waits with advice beside it.
func (q *Queue) coached(tx *store.Tx, s store.Submission) (bool, error) {
	if !decodeLetter(s.Plan).Coached {
		return false, nil
	}
	c, err := tx.CoachingOf(s.ID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil && c.State == store.CoachOpen, err
}

// override is an author who sends a draft on as it is: the advice was wrong. It then
// waits as it would have without it. The entry is the caller's.
func (q *Queue) override(tx *store.Tx, author *people.Person, s store.Submission, held []store.Recipient, kind store.Kind, now time.Time) error {
	is, err := q.coached(tx, s)
	if err != nil || !is {
		return err
	}
	if err := q.settleDraft(tx, author, s, store.CoachOverridden, store.VerdictNone, string(kind), now); err != nil {
		return err
	}
	for i, r := range held {
		p, err := decodePlan(r.Plan)
		if err != nil {
			return err
		}
		if p.Coach.IsZero() {
			continue
		}
		p.Coach = time.Time{}
		if p.Why == whyCoach {
			p.Why = ""
		}
		m := q.moment(p, q.partyOf(s, r), now)
		p = p.told(m)
		if err := q.reschedule(tx, r, p, later(m.At, now), whyFolder, now); err != nil {
			return err
		}
		held[i].Plan, held[i].Due = p.encode(), later(m.At, now)
	}
	return nil
}

// outOfBefore does the same for a draft of which a copy was sent on, and moves its
// entry to Scheduled.
func (q *Queue) outOfBefore(tx *store.Tx, author *people.Person, s store.Submission, held []store.Recipient, kind store.Kind, now time.Time) error {
	is, err := q.coached(tx, s)
	if err != nil || !is {
		return err
	}
	if err := q.override(tx, author, s, held, kind, now); err != nil {
		return err
	}
	entries, err := q.waitingEntries(tx, s)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if err := q.comeBack(tx, s, e, now); err != nil {
			return err
		}
	}
	return nil
}
