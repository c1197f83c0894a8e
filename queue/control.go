package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// ErrLeft says that the mail has left already: the mover lost against the release
// (NO [INUSE]). The author is told by a note.
var ErrLeft = errors.New("the mail has left")

// An ErrCannot says in plain words why a folder refuses what was dropped into it
// (NO [CANNOT]). The person is told by a note too.
type ErrCannot struct{ Reason string }

// Error implements error.
func (e *ErrCannot) Error() string { return e.Reason }

// keepCancelled is how long cancelled mail can be dragged back, keepAppended how long
// its octets are known again when a client appends them, keepLate how long a UID that
// left by release is remembered (PRODUCT, folders), and keepSettled how long octets
// that nobody shows stay after the last recipient has settled.
const (
	keepCancelled = 30 * 24 * time.Hour
	keepAppended  = 7 * 24 * time.Hour
	keepLate      = 30 * 24 * time.Hour
	keepSettled   = 7 * 24 * time.Hour
)

// Cancel withdraws what has not left of a submission. It returns the recipients that
// are cancelled now, and those that were gone: delivered, or on their way.
func (q *Queue) Cancel(tx *store.Tx, author *people.Person, sub int64, now time.Time) (cancelled, left []store.Recipient, err error) {
	s, err := tx.Submission(sub)
	if err != nil {
		return nil, nil, err
	}
	if s.AuthorID != author.ID {
		return nil, nil, fmt.Errorf("submission %d: %w", sub, store.ErrNotFound)
	}
	rcpts, err := tx.Recipients(sub)
	if err != nil {
		return nil, nil, err
	}
	for _, r := range rcpts {
		switch r.State {
		case store.Held:
			r.State, r.Due, r.Settled = store.Cancelled, time.Time{}, now
			if err := tx.MoveRecipient(r, store.Held, store.Event{At: now, Kind: evCancelled, PersonID: author.ID}); err != nil {
				return nil, nil, err
			}
			if err := q.o.Clocks.Failed(tx, r, s.MessageID, now); err != nil {
				return nil, nil, err
			}
			cancelled = append(cancelled, r)
		case store.Sending, store.Deferred, store.Delivered:
			left = append(left, r)
		}
	}
	if s.Frozen {
		s.Frozen = false
		if err := tx.UpdateSubmission(s); err != nil {
			return nil, nil, err
		}
	}
	q.touchTimetable(tx, author.ID, now)
	return cancelled, left, tx.Orphan(s.MessageID, now.Add(keepCancelled))
}

// SetFrozen stops the release of a waiting mail as long as \Deleted is set on its
// entry, and lets it go again. Setting flags is the caller's.
func (q *Queue) SetFrozen(tx *store.Tx, p *people.Person, e store.Entry, frozen bool, now time.Time) error {
	s, ok, err := q.waiting(tx, p, e)
	if err != nil || !ok || s.Frozen == frozen {
		return err
	}
	s.Frozen = frozen
	if err := tx.UpdateSubmission(s); err != nil {
		return err
	}
	q.touchTimetable(tx, p.ID, now)
	ev := store.Event{At: now, Kind: evFrozen, SubmissionID: s.ID, PersonID: p.ID}
	if !frozen {
		ev.Kind = evThawed
		tx.AfterCommit(q.Kick)
	}
	return tx.AddEvent(ev)
}

// waiting returns the submission behind an entry of Scheduled; ok is false for the
// timetable. ErrLeft: it left before.
func (q *Queue) waiting(tx *store.Tx, p *people.Person, e store.Entry) (s store.Submission, ok bool, err error) {
	if e.SubmissionID == 0 {
		return s, false, nil
	}
	if s, err = tx.Submission(e.SubmissionID); err != nil {
		return s, false, err
	}
	if s.AuthorID != p.ID {
		return s, false, fmt.Errorf("submission %d: %w", s.ID, store.ErrNotFound)
	}
	if _, err := tx.EntryByUID(e.MailboxID, e.UID); errors.Is(err, store.ErrNotFound) {
		return s, false, ErrLeft
	}
	return s, true, err
}

// held returns the recipients of a submission that wait; ErrLeft if none does.
func (q *Queue) held(tx *store.Tx, sub int64) ([]store.Recipient, error) {
	rcpts, err := tx.Recipients(sub)
	if err != nil {
		return nil, err
	}
	rcpts = slices.DeleteFunc(rcpts, func(r store.Recipient) bool { return r.State != store.Held })
	if len(rcpts) == 0 {
		return nil, ErrLeft
	}
	return rcpts, nil
}

// wish turns a control folder into a plan; ok is false for Scheduled, which has none
// of its own.
func wish(kind store.Kind, author *people.Person, now time.Time) (p Plan, ok bool) {
	zone := author.Zone()
	today := scheduler.DateOf(now.In(zone))
	p = Plan{From: now, Why: whyFolder, Rule: RuleOpening}
	switch kind {
	case store.KindSendNow:
		return Plan{From: now, Why: whyFolder, Rule: RuleNow}, true
	case store.KindSendTomorrow:
		p.Wall = &scheduler.Wall{Date: today.AddDays(1)}
	case store.KindSendMonday:
		p.Wall = &scheduler.Wall{Date: nextMonday(today)}
	case store.KindSendOpening:
		wall := scheduler.WallOf(now.In(zone))
		p.Wall = &wall
	default:
		return Plan{}, false
	}
	p.Zone = zoneOfWall(author, *p.Wall)
	return p, true
}

// nextMonday is the Monday after the date: on a Monday the next one.
func nextMonday(d scheduler.Date) scheduler.Date {
	ahead := (int(time.Monday) - int(d.Weekday()) + 7) % 7
	if ahead == 0 {
		ahead = 7
	}
	return d.AddDays(ahead)
}

// retime gives waiting recipients the plan of a control folder.
func (q *Queue) retime(tx *store.Tx, s store.Submission, rcpts []store.Recipient, p Plan, now time.Time) error {
	for _, r := range rcpts {
		own := p
		who := q.partyOf(s, r)
		if who.reader == nil && p.Rule == RuleOpening {
			own.Spread = q.spread()
		}
		m := q.moment(own, who, now)
		if err := q.reschedule(tx, r, own.told(m), later(m.At, now), whyFolder, now); err != nil {
			return err
		}
	}
	q.touchTimetable(tx, s.AuthorID, now)
	return nil
}

func encodeLetter(p letterPlan) json.RawMessage {
	b, err := json.Marshal(p)
	if err != nil { // cannot be: every field is plain
		return json.RawMessage(`{}`)
	}
	return b
}

// decodeLetter reads a submission's plan; what cannot be read is nothing special.
func decodeLetter(raw json.RawMessage) letterPlan {
	var p letterPlan
	if json.Unmarshal(raw, &p) != nil {
		return letterPlan{}
	}
	return p
}
