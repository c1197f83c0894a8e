package store

import (
	"fmt"
	"time"
)

// A CoachMode says how a draft was handed back.
type CoachMode string

// The modes there are (CHECK coaching_mode_valid).
const (
	CoachAdvise CoachMode = "advise" // accepted, advice beside it
	CoachStop   CoachMode = "stop"   // refused; the same mail again passes
	CoachLearn  CoachMode = "learn"  // it had left: nothing waited for its author
)

// A CoachState is where a draft stands that was handed back. The transitions are in
// package queue.
type CoachState string

// The states there are (CHECK coaching_state_valid).
const (
	CoachOpen       CoachState = "open"       // its author may still act
	CoachOverridden CoachState = "overridden" // the author sent it as it was
	CoachRanOut     CoachState = "ran-out"    // it left by itself
	CoachWithdrawn  CoachState = "withdrawn"  // taken back, or refused and not sent again
	CoachReplaced   CoachState = "replaced"   // an edited mail took its place
	CoachTold       CoachState = "told"       // of mode learn: nothing follows
)

// A Verdict says whether a piece of advice was right.
type Verdict string

// The verdicts there are (CHECK advice_verdict_valid).
const (
	VerdictNone       Verdict = ""            // not known
	VerdictHeeded     Verdict = "heeded"      // its author changed or withdrew the draft
	VerdictFalseAlarm Verdict = "false-alarm" // sent as it was, knowingly
	VerdictAskedBack  Verdict = "asked-back"  // sent as it was, and the reader had to ask
	VerdictUnread     Verdict = "unread"      // sent as it was, but nobody had read the advice
)

// A Coaching is a draft that was handed back.
type Coaching struct {
	ID           int64
	PersonID     int64 // the author
	SubmissionID int64 // 0: it was refused
	Mode         CoachMode
	State        CoachState
	Draft        []byte // of recipients and new words
	Note         string // Message-ID of the advice, ""
	Followed     bool   // the next mail in its thread was looked at
	Created      time.Time
	Settled      time.Time // zero while open
}

// An Advice is what one policy said of a draft.
type Advice struct {
	ID         int64
	CoachingID int64
	Policy     string
	Reason     string
	Verdict    Verdict
	Created    time.Time
}

// InsertCoaching adds c with what each policy said, and sets c.ID.
func (tx *Tx) InsertCoaching(c *Coaching, said []Advice) error {
	id, err := tx.insert(`INSERT INTO coaching (person_id, submission_id, mode, state, draft, note, followed, created, settled)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, c.PersonID, nullID(c.SubmissionID), string(c.Mode), string(c.State), c.Draft,
		c.Note, c.Followed, stamp(c.Created), stamp(c.Settled))
	if err != nil {
		return fmt.Errorf("insert coaching: %w", err)
	}
	c.ID = id
	for _, a := range said {
		if _, err := tx.insert(`INSERT INTO advice (coaching_id, policy, reason, verdict, created) VALUES (?, ?, ?, ?, ?)`,
			id, a.Policy, a.Reason, string(a.Verdict), stamp(c.Created)); err != nil {
			return fmt.Errorf("insert advice of %s: %w", a.Policy, err)
		}
	}
	return nil
}

const coachingColumns = `id, person_id, submission_id, mode, state, draft, note, followed, created, settled`

func scanCoaching(c *Coaching) []any {
	return []any{&c.ID, &c.PersonID, (*nullID)(&c.SubmissionID), (*string)(&c.Mode), (*string)(&c.State), &c.Draft, &c.Note,
		&c.Followed, (*stamp)(&c.Created), (*stamp)(&c.Settled)}
}

// CoachingOf returns how a submission was handed back, the newest if it was so twice.
// ErrNotFound: it was not.
func (tx *Tx) CoachingOf(submission int64) (Coaching, error) {
	var c Coaching
	err := tx.row(scanCoaching(&c), `SELECT `+coachingColumns+` FROM coaching
		WHERE submission_id = ? AND submission_id IS NOT NULL ORDER BY id DESC LIMIT 1`, submission)
	return c, err
}

// CoachedDraft returns the newest coaching of the same draft by the same author.
// ErrNotFound: there was none.
func (tx *Tx) CoachedDraft(person int64, draft []byte) (Coaching, error) {
	var c Coaching
	err := tx.row(scanCoaching(&c), `SELECT `+coachingColumns+` FROM coaching
		WHERE person_id = ? AND draft = ? ORDER BY id DESC LIMIT 1`, person, draft)
	return c, err
}

// OpenCoachings returns the drafts of a person that were handed back and may still be
// acted upon, the newest first, at most limit.
func (tx *Tx) OpenCoachings(person int64, limit int) ([]Coaching, error) {
	return all(tx, scanCoaching, `SELECT `+coachingColumns+` FROM coaching
		WHERE person_id = ? AND state = 'open' ORDER BY id DESC LIMIT ?`, person, limit)
}

// StaleRefusals returns drafts that were refused before an instant and never came
// again, at most limit.
func (tx *Tx) StaleRefusals(before time.Time, limit int) ([]Coaching, error) {
	return all(tx, scanCoaching, `SELECT `+coachingColumns+` FROM coaching
		WHERE state = 'open' AND submission_id IS NULL AND created < ? ORDER BY id LIMIT ?`, stamp(before), limit)
}

// UnfollowedCoachings returns drafts that left as they were since an instant, and the
// next mail of whose thread has not been looked at, at most limit, above an id.
func (tx *Tx) UnfollowedCoachings(since time.Time, after int64, limit int) ([]Coaching, error) {
	return all(tx, scanCoaching, `SELECT `+coachingColumns+` FROM coaching WHERE followed = 0
		AND state IN ('overridden', 'ran-out') AND settled >= ? AND id > ? ORDER BY id LIMIT ?`, stamp(since), after, limit)
}

// SettleCoaching ends an open coaching and gives all its advice a verdict: a
// compare-and-set. ErrConflict: it was not open any more.
func (tx *Tx) SettleCoaching(id int64, state CoachState, v Verdict, now time.Time) error {
	n, err := tx.exec(`UPDATE coaching SET state = ?, settled = ? WHERE id = ? AND state = 'open'`, string(state), stamp(now), id)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err == nil {
		_, err = tx.exec(`UPDATE advice SET verdict = ? WHERE coaching_id = ?`, string(v), id)
	}
	if err != nil {
		return fmt.Errorf("settle coaching %d: %w", id, err)
	}
	return nil
}

// FollowCoaching remembers that the next mail in the thread was looked at, and whether
// it asked back: then the advice was right after all.
func (tx *Tx) FollowCoaching(id int64, askedBack bool) error {
	_, err := tx.exec(`UPDATE coaching SET followed = 1 WHERE id = ?`, id)
	if err == nil && askedBack {
		_, err = tx.exec(`UPDATE advice SET verdict = 'asked-back' WHERE coaching_id = ? AND verdict IN ('false-alarm', 'unread')`, id)
	}
	if err != nil {
		return fmt.Errorf("follow coaching %d: %w", id, err)
	}
	return nil
}

// Advices returns what was said of a draft.
func (tx *Tx) Advices(coaching int64) ([]Advice, error) {
	return all(tx, scanAdvice, `SELECT id, coaching_id, policy, reason, verdict, created FROM advice WHERE coaching_id = ? ORDER BY id`, coaching)
}

func scanAdvice(a *Advice) []any {
	return []any{&a.ID, &a.CoachingID, &a.Policy, &a.Reason, (*string)(&a.Verdict), (*stamp)(&a.Created)}
}

// Unheeded counts the advice of one policy to one person since an instant that changed
// nothing: the draft left as it was, and nobody asked back.
func (tx *Tx) Unheeded(person int64, policy string, since time.Time) (n int, err error) {
	err = tx.row([]any{&n}, `SELECT count(*) FROM coaching c JOIN advice a ON a.coaching_id = c.id
		WHERE c.person_id = ? AND a.policy = ? AND a.created >= ? AND a.verdict IN ('false-alarm', 'unread')`, person, policy, stamp(since))
	if err != nil {
		return 0, fmt.Errorf("count unheeded advice of %s: %w", policy, err)
	}
	return n, nil
}

// Judged counts the last advices of a policy that are known to be right or wrong, at
// most limit, since the policy was woken last: how many there are, and how many were
// false alarms. Nobody's name is in it.
func (tx *Tx) Judged(policy string, limit int) (judged, falseAlarms int, err error) {
	err = tx.row([]any{&judged, &falseAlarms}, `SELECT count(*), coalesce(sum(verdict = 'false-alarm'), 0) FROM (
		SELECT verdict FROM advice WHERE policy = ?1 AND verdict IN ('heeded', 'false-alarm', 'asked-back')
		AND created >= coalesce((SELECT woken FROM coach_policy WHERE policy = ?1), '')
		ORDER BY id DESC LIMIT ?2)`, policy, limit)
	if err != nil {
		return 0, 0, fmt.Errorf("judge advice of %s: %w", policy, err)
	}
	return judged, falseAlarms, nil
}

// A QuietPolicy is a policy that went to dry run by itself.
type QuietPolicy struct {
	Policy string
	Since  time.Time
}

// QuietPolicies returns the policies that went to dry run by themselves.
func (tx *Tx) QuietPolicies() ([]QuietPolicy, error) {
	return all(tx, func(p *QuietPolicy) []any { return []any{&p.Policy, (*stamp)(&p.Since)} },
		`SELECT policy, quiet FROM coach_policy WHERE quiet IS NOT NULL ORDER BY policy`)
}

// QuietPolicy sends a policy to dry run. It reports whether it was not so before.
func (tx *Tx) QuietPolicy(policy string, now time.Time) (bool, error) {
	n, err := tx.exec(`INSERT INTO coach_policy (policy, quiet) VALUES (?, ?)
		ON CONFLICT (policy) DO UPDATE SET quiet = excluded.quiet WHERE quiet IS NULL`, policy, stamp(now))
	if err != nil {
		return false, fmt.Errorf("quiet policy %s: %w", policy, err)
	}
	return n > 0, nil
}

// WakePolicy ends the dry run of a policy; what it said before does not count any
// more. It reports whether it was quiet.
func (tx *Tx) WakePolicy(policy string, now time.Time) (bool, error) {
	n, err := tx.exec(`UPDATE coach_policy SET quiet = NULL, woken = ? WHERE policy = ? AND quiet IS NOT NULL`, stamp(now), policy)
	if err != nil {
		return false, fmt.Errorf("wake policy %s: %w", policy, err)
	}
	return n > 0, nil
}

// NextInThread returns the first message of a thread after one, which another author
// wrote: it was received, or submitted by somebody else. ErrNotFound: there is none.
func (tx *Tx) NextInThread(thread, after, author int64) (Message, error) {
	var id int64
	err := tx.row([]any{&id}, `SELECT m.id FROM message m LEFT JOIN submission s ON s.message_id = m.id
		WHERE m.thread_id = ?1 AND m.thread_id IS NOT NULL AND m.id > ?2
		AND (m.origin = 'received' OR m.origin = 'submitted' AND s.author_id IS NOT ?3)
		ORDER BY m.id LIMIT 1`, thread, after, author)
	if err != nil {
		return Message{}, err
	}
	return tx.Message(id)
}

// FirstEventSince returns the id of the first line of the ledger at or after an
// instant, 0 if there is none. Ids and times rise together, so it halves its way.
func (tx *Tx) FirstEventSince(since time.Time) (int64, error) {
	var lo, hi int64 // the line is above lo, at hi at the latest
	err := tx.row([]any{&lo, &hi}, `SELECT coalesce(min(id), 1) - 1, coalesce(max(id), 0) FROM event`)
	if err != nil || hi == 0 {
		return 0, err
	}
	at := func(id int64) (found int64, before bool, err error) {
		err = tx.row([]any{&found, &before}, `SELECT id, at < ?2 FROM event WHERE id >= ?1 ORDER BY id LIMIT 1`, id, stamp(since))
		return found, before, err
	}
	if _, before, err := at(hi); err != nil || before {
		return 0, err
	}
	for lo+1 < hi {
		mid := lo + (hi-lo)/2
		_, before, err := at(mid)
		if err != nil {
			return 0, err
		}
		if before {
			lo = mid
		} else {
			hi = mid
		}
	}
	found, _, err := at(hi)
	return found, err
}
