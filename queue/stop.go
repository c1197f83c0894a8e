package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// Mail that is stopped: its author was frozen, or the app password it came with was
// revoked. Nothing of it leaves, held or between two attempts, whatever else happens: no
// query for what is due finds it, and its recipients' times are put far away, so that
// they cost nothing. What was being sent at that instant may end. The plans stay, and
// the times are computed anew from them when it may go again.

const (
	// stopBatch bounds the submissions of one transaction.
	stopBatch = 200
	// resumeStep is how far apart mail leaves that was stopped and is due, and
	// resumeSpread how long all of it takes at most.
	resumeStep   = 2 * time.Second
	resumeSpread = time.Hour
	// resumeLook is what a person who was frozen has to look through what waits: it may
	// be a stranger's.
	resumeLook = time.Hour
)

// never is the time of a recipient whose mail is stopped.
func never() time.Time { return time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC) }

// StopAuthor stops everything of an author that has not left: they are frozen. It returns
// how many mails it stopped.
func (q *Queue) StopAuthor(ctx context.Context, author int64, now time.Time) (mails int, err error) {
	now = now.UTC()
	for after := int64(0); ; {
		n := 0
		err := q.db.Update(ctx, func(tx *store.Tx) error {
			list, err := tx.Unstopped(author, after, stopBatch)
			if err != nil {
				return err
			}
			n = len(list)
			for _, s := range list {
				after = s.ID
				if err := q.stop(tx, s, store.StopAuthor, now); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return mails, fmt.Errorf("stop mail of person %d: %w", author, err)
		}
		mails += n
		if n < stopBatch {
			return mails, nil
		}
	}
}

// StopCredentials stops what came with some app passwords of a person and has not left,
// and tells the person, who may let it go. It returns how many mails it stopped.
func (q *Queue) StopCredentials(tx *store.Tx, p *people.Person, revoked []people.AppPassword, now time.Time) (mails int, err error) {
	now = now.UTC()
	var stopped []store.Submission
	for after := int64(0); ; {
		list, err := tx.Unstopped(p.ID, after, stopBatch)
		if err != nil {
			return 0, err
		}
		for _, s := range list {
			after = s.ID
			with := decodeLetter(s.Plan).Credential
			if with == 0 || !slices.ContainsFunc(revoked, func(a people.AppPassword) bool { return a.ID == with }) {
				continue
			}
			if err := q.stop(tx, s, store.StopCredential, now); err != nil {
				return 0, err
			}
			stopped = append(stopped, s)
		}
		if len(list) < stopBatch {
			break
		}
	}
	if len(stopped) == 0 || p.Frozen {
		return len(stopped), nil
	}
	return len(stopped), q.tellStopped(tx, p, revoked, stopped, now)
}

// stop stops one submission.
func (q *Queue) stop(tx *store.Tx, s store.Submission, why store.Stop, now time.Time) error {
	if err := tx.SetStopped(s.ID, why); err != nil {
		return err
	}
	rcpts, err := tx.Recipients(s.ID)
	if err != nil {
		return err
	}
	for _, r := range rcpts {
		if r.State != store.Held && r.State != store.Deferred {
			continue
		}
		r.Due = never()
		if err := tx.MoveRecipient(r, r.State, store.Event{At: now, Kind: evStopped, PersonID: s.AuthorID, Detail: detail{"why": why.String()}}); err != nil {
			return err
		}
	}
	q.touchTimetable(tx, s.AuthorID, now)
	return nil
}

// ResumeAuthor lets go what was stopped because its author was frozen, not within an
// hour: the author is told of it and may take back what is a stranger's. Times that are
// still to come stay; what should have left long ago leaves in its reader's hours, and
// what is due does so one after the other. It returns how many mails wait again.
func (q *Queue) ResumeAuthor(ctx context.Context, author int64, now time.Time) (mails int, err error) {
	now = now.UTC()
	due := &queueing{now: now, first: now.Add(resumeLook), step: resumeStep}
	var resumed []store.Submission
	for after := int64(0); ; {
		n := 0
		err := q.db.Update(ctx, func(tx *store.Tx) error {
			list, err := tx.Stopped(author, after, stopBatch)
			if err != nil {
				return err
			}
			n = len(list)
			for _, s := range list {
				after = s.ID
				if s.Stopped != store.StopAuthor {
					continue
				}
				mails++
				if len(resumed) < maxResumed {
					resumed = append(resumed, s)
				}
				if err := q.resume(tx, s, due); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return mails, fmt.Errorf("let mail of person %d go: %w", author, err)
		}
		if n < stopBatch {
			break
		}
	}
	p, ok := q.people.ByID(author)
	if !ok || len(resumed) == 0 {
		return mails, nil
	}
	return mails, q.db.Update(ctx, func(tx *store.Tx) error { return q.tellResumed(tx, p, resumed, due.first) })
}

// maxResumed bounds the mails that the word in answer to a letter takes back; whoever
// has more has an operator.
const maxResumed = 1000

// tellResumed tells somebody who was frozen what goes its way again, and from when on.
func (q *Queue) tellResumed(tx *store.Tx, p *people.Person, resumed []store.Submission, first time.Time) error {
	now := first.Add(-resumeLook)
	var b strings.Builder
	fmt.Fprintf(&b, "Your account is open again. %s had not left when it was closed; not before %s, it goes its way:\n\n",
		countOf(len(resumed), "mail"), people.Both(first, p.Zone(), p.Zone(), now))
	d, err := q.listStopped(tx, &b, resumed)
	if err != nil {
		return err
	}
	b.WriteString("\nIs that not yours? Reply *cancel*, and nothing of it leaves. Single mails can be taken out of `Scheduled`.\n")
	return q.note(tx, p, noteStopped, 0, q.plain(p, "Open again: "+countOf(len(resumed), "mail")+" of yours will leave", b.String(), ""), d, now)
}

// listStopped writes down what mail a note is about, and for whom it is.
func (q *Queue) listStopped(tx *store.Tx, b *strings.Builder, mails []store.Submission) (d stoppedDetail, err error) {
	for i, s := range mails {
		d.Submissions = append(d.Submissions, s.ID)
		if i >= maxNamed {
			continue
		}
		rcpts, err := tx.Recipients(s.ID)
		if err != nil {
			return d, err
		}
		fmt.Fprintf(b, "- %s → %s\n", s.Subject, strings.Join(q.about(s, rcpts).To, ", "))
	}
	if more := len(mails) - maxNamed; more > 0 {
		fmt.Fprintf(b, "- and %d more\n", more)
	}
	return d, nil
}

// A queueing spreads what is due at once.
type queueing struct {
	now   time.Time
	first time.Time // nothing leaves before
	step  time.Duration
	last  time.Duration
}

// next is when the next mail that is due leaves.
func (s *queueing) next() time.Time {
	at := s.first.Add(s.last % resumeSpread)
	s.last += s.step
	return at
}

// resume lets one submission go again.
func (q *Queue) resume(tx *store.Tx, s store.Submission, due *queueing) error {
	if err := tx.SetStopped(s.ID, store.Going); err != nil {
		return err
	}
	rcpts, err := tx.Recipients(s.ID)
	if err != nil {
		return err
	}
	at := time.Time{} // One mail leaves at one time.
	for _, r := range rcpts {
		switch r.State {
		case store.Held:
			r.Due = q.anew(s, r, due.now)
		case store.Deferred:
			r.Due = due.now
		default:
			continue
		}
		if !r.Due.After(due.first) {
			if at.IsZero() {
				at = due.next()
			}
			r.Due = at
		}
		if err := tx.MoveRecipient(r, r.State, store.Event{At: due.now, Kind: evResumed, PersonID: s.AuthorID, Detail: detail{"due": r.Due}}); err != nil {
			return err
		}
		q.wakeAt(tx, r)
	}
	q.touchTimetable(tx, s.AuthorID, due.now)
	return nil
}

// anew computes when a held recipient is due. A time that passed long ago is no time for
// the reader any more: the hours decide, even if its author had named it.
func (q *Queue) anew(s store.Submission, r store.Recipient, now time.Time) time.Time {
	p, err := decodePlan(r.Plan)
	if err != nil {
		q.o.Log.Error("read plan", "recipient", r.ID, "err", err)
		return now
	}
	who := q.partyOf(s, r)
	m := q.moment(p, who, now)
	if now.Sub(m.At) <= q.o.Late || s.Urgent {
		return later(m.At, now)
	}
	again := Plan{Rule: RuleHours, From: p.From, Spread: p.Spread}
	if who.reader == nil {
		again.Rule = RuleAuthor
	}
	return later(q.moment(again, who, now).At, now)
}

// isFrozen reports whether nothing of an author's may leave, whatever the tables say:
// they were frozen while it was on its way in.
func (q *Queue) isFrozen(author int64) bool {
	p, ok := q.people.ByID(author)
	return ok && p.Frozen
}

// refuseFrozen is the answer to a session that has not heard yet that its person is
// frozen: the words for any login that is over.
func refuseFrozen() error { return refuse(535, [3]int{5, 7, 8}, "This account is closed") }

// A stoppedDetail is what the note about stopped mail remembers.
type stoppedDetail struct {
	Submissions []int64 `json:"submissions"`
}

// tellStopped tells a person that mail of a revoked app password waits for their word.
func (q *Queue) tellStopped(tx *store.Tx, p *people.Person, revoked []people.AppPassword, stopped []store.Submission, now time.Time) error {
	var names []string
	for _, a := range revoked {
		names = append(names, "\""+a.Name+"\"")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "The app password %s was revoked. %s that came with it had not left, and was stopped:\n\n",
		strings.Join(names[:min(len(names), maxNamed)], ", "), countOf(len(stopped), "mail"))
	d, err := q.listStopped(tx, &b, stopped)
	if err != nil {
		return err
	}
	b.WriteString("\nReply *release* if it is yours: it then leaves as planned. Reply *cancel* if it is not. Until then nothing of it leaves.\n")
	return q.note(tx, p, noteStopped, 0, q.plain(p, "Stopped: "+countOf(len(stopped), "mail")+" of a revoked app password", b.String(), ""), d, now)
}

// stoppedWords say why nothing of a mail leaves, to stand after "because".
func stoppedWords(s store.Stop) string {
	if s == store.StopCredential {
		return "the app password it came with was revoked"
	}
	return "its author is frozen"
}

func countOf(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// actOnStopped does what the answer to a note about stopped mail says; "" if it says
// something else.
func (q *Queue) actOnStopped(tx *store.Tx, in *intake, a *ask) (string, error) {
	if !a.known || a.note.Kind != noteStopped || a.word != wordRelease && a.word != wordCancel {
		return "", nil
	}
	var d stoppedDetail
	if err := json.Unmarshal(a.note.Detail, &d); err != nil {
		return "", fmt.Errorf("note %s: %w", a.note.MID, err)
	}
	due := &queueing{now: in.now, first: in.now, step: resumeStep}
	done := 0
	for _, id := range d.Submissions {
		s, err := tx.Submission(id)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return "", err
		}
		if s.AuthorID != in.author.ID || s.Stopped != store.StopCredential && (s.Stopped != store.Going || a.word != wordCancel) {
			continue // Mail of somebody who was frozen goes by itself.
		}
		acted := true
		if a.word == wordRelease {
			err = q.resume(tx, s, due)
		} else {
			acted, err = q.cancelStopped(tx, s, in.now)
		}
		if err != nil {
			return "", err
		}
		if acted {
			done++
		}
	}
	switch {
	case done == 0:
		return "Nothing of that is stopped any more.", nil
	case a.word == wordRelease:
		return countOf(done, "mail") + " goes its way again, as planned. `Scheduled` says when.", nil
	}
	return countOf(done, "mail") + " taken back. Nothing more of it leaves.", nil
}

// cancelStopped takes back what has not left of a submission, as its author would.
func (q *Queue) cancelStopped(tx *store.Tx, s store.Submission, now time.Time) (bool, error) {
	c := cancelling{q: q, tx: tx, o: Order{Now: now}, own: true, of: map[int64]tally{}}
	if err := c.one(s.ID); err != nil {
		return false, err
	}
	return len(c.moved) > 0, tx.SetStopped(s.ID, store.Going)
}

// sayDevice answers mail of a device to Tidepost itself: it changes nothing. Machines
// that say they are get no answer (RFC 3834 §2), and the others one a day.
func (q *Queue) sayDevice(tx *store.Tx, in *intake) error {
	if in.facts.IsAuto || in.facts.IsBounce || in.facts.AutoSubmitted != "" && in.facts.AutoSubmitted != "no" {
		return nil
	}
	before, err := tx.NotesSince(in.author.ID, noteDevice, in.now.Add(-deviceQuiet))
	if err != nil || len(before) > 0 {
		return err
	}
	subject := in.facts.Subject
	if !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	l := q.plain(in.author, subject, "This came with the app password of a device. A device can send mail for you, but not steer Tidepost, so nothing was changed.\n\n"+
		"Write to me from your mail program, and I do what you say: *help* lists what I understand.\n", in.facts.MessageID)
	return q.note(tx, in.author, noteDevice, 0, l, nil, in.now)
}

// deviceQuiet is how long a device is not answered again.
const deviceQuiet = 24 * time.Hour
