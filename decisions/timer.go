package decisions

import (
	"errors"
	"time"

	"tidepost/store"
	"tidepost/threading"
)

const (
	// lookLatest is the longest time between two looks at mail that is on its way, and
	// at a silence: calendars change. lookSoonest is the shortest.
	lookLatest  = time.Hour
	lookSoonest = 10 * time.Second
	// silenceMax is how long a proposal waits for somebody who could object.
	silenceMax = 60 * 24 * time.Hour
)

// step takes a decision further whose time has come.
func (k *Keeper) step(tx *store.Tx, id int64, now time.Time) error {
	d, err := tx.Decision(id)
	if err != nil {
		return err
	}
	if d.Wake.IsZero() || d.Wake.After(now) {
		return nil
	}
	switch d.State {
	case store.DecisionCandidate:
		if d.Why == asked {
			return k.drop(tx, &d, WhyUnanswered, now)
		}
		return k.drop(tx, &d, WhyUnasked, now)
	case store.DecisionPending:
		return k.stepPending(tx, d, store.NoteDecisionFiled, now)
	case store.DecisionOpen:
		return k.stepOpen(tx, d, now)
	case store.DecisionFiled:
		if err := k.show(tx, &d, now); err != nil {
			return err
		}
	}
	return k.rest(tx, d, now)
}

// stepPending files what is decided in a mail as soon as that mail cannot be taken back.
// note is what its author is told then.
func (k *Keeper) stepPending(tx *store.Tx, d store.Decision, note store.DecisionNote, now time.Time) error {
	arrivals, err := tx.Arrivals(d.SubmissionID)
	if err != nil {
		return err
	}
	left, waits := false, false
	for _, a := range arrivals {
		left = left || a.Left
		waits = waits || !a.Left && !a.Failed
	}
	switch {
	case left:
		d.Note = note
		return k.file(tx, &d, now)
	case !waits:
		return k.drop(tx, &d, WhyTakenBack, now)
	}
	return k.sleep(tx, d, nextLook(arrivals, now))
}

// nextLook is when the next of several mails goes on.
func nextLook(arrivals []store.Arrival, now time.Time) time.Time {
	next := now.Add(lookLatest)
	for _, a := range arrivals {
		if a.Failed || !a.Got.IsZero() {
			continue
		}
		at := now.Add(time.Minute) // Somebody is working at it.
		if !a.Next.IsZero() {
			at = a.Next.Add(time.Second)
		}
		if at.Before(now.Add(lookSoonest)) {
			at = now.Add(lookSoonest)
		}
		if at.Before(next) {
			next = at
		}
	}
	return next
}

// sleep sets the next look of a decision that stays as it is.
func (k *Keeper) sleep(tx *store.Tx, d store.Decision, until time.Time) error {
	d.Wake = until
	if err := tx.UpdateDecision(d); err != nil {
		return err
	}
	k.wakeFor(tx, d)
	return nil
}

// stepOpen looks whether silence has lasted long enough.
func (k *Keeper) stepOpen(tx *store.Tx, d store.Decision, now time.Time) error {
	arrivals, err := tx.Arrivals(d.SubmissionID)
	if err != nil {
		return err
	}
	readers, reached := k.readers(d, arrivals, now)
	if !reached {
		return k.drop(tx, &d, WhyTakenBack, now)
	}
	s := threading.Until(d.Stated, readers, now)
	d.Away = s.Away
	if !s.OK {
		d.Ends = time.Time{}
		if now.Sub(d.Created) > silenceMax {
			return k.drop(tx, &d, WhyNobody, now)
		}
		return k.sleep(tx, d, nextLook(arrivals, now))
	}
	if !s.Ends.After(now) {
		d.Ends, d.Note = s.Ends, ""
		return k.file(tx, &d, now)
	}
	if d.Ends.IsZero() {
		if err := tx.AddEvent(store.Event{At: now, Kind: EventTimer, SubmissionID: d.SubmissionID, PersonID: d.AuthorID,
			Detail: map[string]any{"decision": d.ID, "ends": s.Ends.UTC(), "away": len(s.Away)}}); err != nil {
			return err
		}
		d.Note = store.NoteTimerRuns
	}
	d.Ends = s.Ends
	next := now.Add(lookLatest)
	if s.Ends.Before(next) {
		next = s.Ends
	}
	if d.Note != "" {
		at, err := k.tell(tx, &d, now)
		if err != nil {
			return err
		}
		if !at.IsZero() && at.Before(next) {
			next = at
		}
	}
	return k.sleep(tx, d, next)
}

// readers are those who may object. reached is false if the proposal reaches nobody: it
// was taken back, or refused everywhere. People outside have no calendar here; theirs is
// reckoned as the proposer's.
func (k *Keeper) readers(d store.Decision, arrivals []store.Arrival, now time.Time) (out []threading.Reader, reached bool) {
	author, ok := k.dir.ByID(d.AuthorID)
	if !ok {
		return nil, false
	}
	for _, a := range arrivals {
		if a.Failed && (a.Cancelled || !a.Left || a.Got.IsZero()) {
			continue
		}
		reached = true
		r := threading.Reader{Name: a.Address, Schedule: author.Schedule(now), Got: a.Got}
		if a.PersonID != 0 {
			p, ok := k.dir.ByID(a.PersonID)
			if !ok || !p.Active || p.ID == d.AuthorID {
				continue
			}
			r.Name, r.Schedule = p.Name, p.Schedule(now)
		}
		out = append(out, r)
	}
	return out, reached
}

// rest writes the letter that is due and says when to look again: for as long as
// somebody has not got the mail, or a letter waits.
func (k *Keeper) rest(tx *store.Tx, d store.Decision, now time.Time) error {
	d.Wake = time.Time{}
	if d.State == store.DecisionFiled && !d.Public {
		arrivals, err := tx.Arrivals(d.SubmissionID)
		if err != nil {
			return err
		}
		for _, a := range arrivals {
			if a.PersonID != 0 && !a.Failed && a.Got.IsZero() {
				d.Wake = nextLook(arrivals, now)
			}
		}
	}
	if d.Note != "" {
		at, err := k.tell(tx, &d, now)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if !at.IsZero() && (d.Wake.IsZero() || at.Before(d.Wake)) {
			d.Wake = at
		}
	}
	return k.sleep(tx, d, d.Wake)
}

// Left says that mail has left, or begins to, perhaps earlier than it was planned: what is
// decided in it need not wait for the next look. It costs nothing while nothing waits.
func (k *Keeper) Left(tx *store.Tx, submission int64, now time.Time) error {
	if !k.Waits() {
		return nil
	}
	list, err := tx.DecisionsOf(submission)
	if err != nil {
		return err
	}
	soon := now.Add(lookSoonest)
	for _, d := range list {
		if d.Wake.After(soon) && (d.State == store.DecisionPending || d.State == store.DecisionOpen) {
			if err := k.sleep(tx, d, soon); err != nil {
				return err
			}
		}
	}
	return nil
}

// Waits reports whether a decision is to be looked at again; false of nil.
func (k *Keeper) Waits() bool {
	if k == nil {
		return false
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.idle
}
