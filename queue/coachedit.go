package queue

import (
	"bytes"
	"errors"
	"slices"

	"tidepost/coach"
	"tidepost/mail"
	"tidepost/policies"
	"tidepost/store"
)

// maxOpenDrafts is how many coached drafts of an author an incoming mail is compared
// with.
const maxOpenDrafts = 20

// knownOf looks up what is known of a mail before advice is given: that the same draft
// was handed back before, that it is an edited one, that its author does not want to
// hear this.
func (q *Queue) knownOf(tx *store.Tx, in *intake, b *handback) error {
	var old store.Coaching
	if b.mode != store.CoachLearn {
		var err error
		if old, err = q.editedFrom(tx, in, b); err != nil {
			return err
		}
	}
	before, err := tx.CoachedDraft(in.author.ID, b.key)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	same := err == nil
	if same && before.State == store.CoachOpen && before.Mode == store.CoachStop {
		b.passed = &before
	}
	if old.ID != 0 || b.passed != nil {
		b.verdict = store.VerdictHeeded
		if in.saysAsIs() || same && len(b.shown) > 0 {
			b.verdict = store.VerdictFalseAlarm
		}
	}
	switch {
	case same:
		b.shown = nil // Never twice for the same draft.
	case old.ID != 0:
		return q.notAgain(tx, old, b)
	}
	return q.unwanted(tx, in, b)
}

// notAgain takes out what was said of the draft before it was edited: its author knows.
func (q *Queue) notAgain(tx *store.Tx, old store.Coaching, b *handback) error {
	said, err := tx.Advices(old.ID)
	if err != nil {
		return err
	}
	b.shown = slices.DeleteFunc(b.shown, func(f policies.Finding) bool {
		return slices.ContainsFunc(said, func(a store.Advice) bool { return a.Policy == f.Policy })
	})
	return nil
}

// unwanted takes out the policies that have fallen silent for the author.
func (q *Queue) unwanted(tx *store.Tx, in *intake, b *handback) error {
	for _, p := range coach.Policies(b.shown) {
		ignored, err := q.ignored(tx, in.author.ID, p, in.now)
		if err != nil {
			return err
		}
		if ignored {
			b.silent = append(b.silent, p)
		}
	}
	b.shown = slices.DeleteFunc(b.shown, func(f policies.Finding) bool { return slices.Contains(b.silent, f.Policy) })
	return nil
}

// saysAsIs reports whether the author wrote that the mail shall leave as it is.
func (in *intake) saysAsIs() bool {
	return slices.ContainsFunc(in.found, func(f policies.Finding) bool { return f.Action == policies.AsIs })
}

// editedFrom finds the one waiting draft of which this mail is an edited version. If
// there are several, none: in doubt all of them leave.
func (q *Queue) editedFrom(tx *store.Tx, in *intake, b *handback) (found store.Coaching, err error) {
	open, err := tx.OpenCoachings(in.author.ID, maxOpenDrafts)
	if err != nil || len(open) == 0 {
		return found, err
	}
	edited := draftOf(in.facts, in.words())
	digest := in.digest()
	for _, c := range open {
		if c.SubmissionID == 0 {
			continue
		}
		s, err := tx.Submission(c.SubmissionID)
		if err != nil {
			return found, err
		}
		if bytes.Equal(s.Digest, digest) && !in.saysAsIs() {
			continue // The client repeats itself.
		}
		old, waits, err := q.waitingDraft(tx, s)
		if err != nil {
			return found, err
		}
		if !waits || !coach.Replaces(old, edited) {
			continue
		}
		if found.ID != 0 {
			b.replaces = 0
			return store.Coaching{}, nil
		}
		found, b.replaces = c, s.ID
	}
	return found, nil
}

func draftOf(f mail.Facts, words string) coach.Draft {
	d := coach.Draft{Subject: f.BaseSubject, Words: words}
	if len(f.From) > 0 {
		d.From = f.From[0].Address.Key()
	}
	for _, m := range f.To {
		d.To = append(d.To, m.Address.Key())
	}
	if len(f.InReplyTo) > 0 {
		d.Parent = f.InReplyTo[0]
	}
	return d
}

// waitingDraft reads a coached draft back; waits is false once a colleague has it, or
// nobody waits for it any more.
func (q *Queue) waitingDraft(tx *store.Tx, s store.Submission) (d coach.Draft, waits bool, err error) {
	rcpts, err := tx.Recipients(s.ID)
	held := func(r store.Recipient) bool { return r.State == store.Held }
	if err != nil || !slices.ContainsFunc(rcpts, held) || slices.ContainsFunc(rcpts, func(r store.Recipient) bool { return r.PersonID != 0 && !held(r) }) {
		return d, false, err
	}
	m, err := tx.Message(s.MessageID)
	if err != nil {
		return d, false, err
	}
	derived, err := tx.Derived(s.MessageID)
	if errors.Is(err, store.ErrNotFound) {
		return d, false, nil // Then both leave.
	}
	return draftOf(mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{}), derived.NewWords), true, err
}

// replaceDraft cancels the draft whose place the mail takes, unless it has left
// meanwhile: then both leave.
func (q *Queue) replaceDraft(tx *store.Tx, in *intake) error {
	if in.back == nil || in.back.replaces == 0 {
		return nil
	}
	s, err := tx.Submission(in.back.replaces)
	if err != nil {
		return err
	}
	if _, waits, err := q.waitingDraft(tx, s); err != nil || !waits {
		return err
	}
	cancelled, _, err := q.Cancel(tx, in.author, s.ID, in.now)
	if err != nil || len(cancelled) == 0 {
		return err
	}
	trash, err := tx.MailboxByKind(in.author.ID, store.KindTrash)
	if err != nil {
		return err
	}
	entries, err := q.waitingEntries(tx, s)
	if err != nil {
		return err
	}
	for i, e := range entries {
		if i == 0 {
			if _, err := q.fileCopy(tx, s, e, trash, in.now); err != nil {
				return err
			}
		}
		if err := tx.RemoveEntry(e, store.GoneReplaced, in.now); err != nil {
			return err
		}
	}
	if err := tx.Orphan(s.MessageID, in.now.Add(keepCancelled)); err != nil {
		return err
	}
	if _, err := q.unsend(tx, s, in.now); err != nil {
		return err
	}
	in.replaced = &s
	return q.settleDraft(tx, in.author, s, store.CoachReplaced, in.back.verdict, "edited", in.now)
}

// waitingEntries are those of a submission in Scheduled and in Before sending.
func (q *Queue) waitingEntries(tx *store.Tx, s store.Submission) ([]store.Entry, error) {
	entries, err := tx.EntriesOfSubmission(s.ID)
	if err != nil || len(entries) == 0 {
		return nil, err
	}
	var out []store.Entry
	for _, kind := range []store.Kind{store.KindScheduled, store.KindBefore} {
		box, err := tx.MailboxByKind(s.AuthorID, kind)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.MailboxID == box.ID {
				out = append(out, e)
			}
		}
	}
	return out, nil
}

// tellReplaced says that an older version stays, and how to send it all the same.
func (q *Queue) tellReplaced(tx *store.Tx, in *intake, sub store.Submission) error {
	rcpts, err := tx.Recipients(in.replaced.ID)
	if err != nil {
		return err
	}
	if err := tx.AddEvent(store.Event{At: in.now, Kind: evReplaced, SubmissionID: in.replaced.ID, PersonID: in.author.ID,
		Detail: detail{"by": queueID(sub.ID)}}); err != nil {
		return err
	}
	what := q.about(*in.replaced, rcpts)
	text := "The version before this one was replaced; reply *both* to send both. It lies in `Trash`."
	l := q.plain(in.author, "Replaced: "+what.Subject, coach.Wrap(text), sub.MID)
	return q.note(tx, in.author, noteReplaced, in.replaced.ID, l, nil, in.now)
}

// sendBoth sends a draft that was replaced, as it would have left without advice.
func (q *Queue) sendBoth(tx *store.Tx, in *intake, a *ask) (string, error) {
	rcpts, err := tx.Recipients(a.sub.ID)
	if err != nil {
		return "", err
	}
	rcpts = slices.DeleteFunc(rcpts, func(r store.Recipient) bool { return r.State != store.Cancelled })
	if len(rcpts) == 0 || in.now.Sub(rcpts[0].Settled) > keepCancelled {
		return "That version was not replaced, or too long ago.", nil
	}
	out := q.stored(in, a)
	out.again = false // Asked for twice, it is sent once.
	if out.sum, err = tx.BodySum(a.message); err != nil {
		return "", err
	}
	if _, err := q.restore(tx, out, a.sub, rcpts, store.KindScheduled); err != nil {
		return "", err
	}
	return "Both leave: the version before is on its way too, " + a.sub.Subject + " → " + coach.And(q.about(a.sub, rcpts).To) + ".", nil
}
