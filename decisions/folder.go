package decisions

import (
	"fmt"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// A RefusedError says in plain words why a mail cannot be filed as a decision.
type RefusedError struct{ Reason string }

// Error implements error.
func (e *RefusedError) Error() string { return e.Reason }

// FromFolder files what a mail decides that its author put into Decisions: its line
// "Decision: ...", the sentence that reads like one, or else its subject. m is the mail
// as Accepted saw it; its Submission and Recipients are looked up by its Message-ID. A
// *RefusedError: it is not the person's own, or was filed before.
func (k *Keeper) FromFolder(tx *store.Tx, p *people.Person, m Mail, now time.Time) error {
	sub, err := k.submitted(tx, p, m.Facts.MessageID)
	if err != nil {
		return err
	}
	before, err := tx.DecisionsOf(sub.ID)
	if err != nil {
		return err
	}
	for _, d := range before {
		switch d.State {
		case store.DecisionFiled, store.DecisionWithdrawn:
			return &RefusedError{fmt.Sprintf("This mail is decision D-%d already", d.Number)}
		case store.DecisionOpen, store.DecisionPending:
			return &RefusedError{"This mail is on its way to Decisions already"}
		case store.DecisionCandidate:
			if err := k.drop(tx, &d, WhyReplaced, now); err != nil {
				return err
			}
		}
	}
	m.Submission, m.Author = sub, p
	if m.Recipients, err = tx.Recipients(sub.ID); err != nil {
		return err
	}
	d := store.Decision{State: store.DecisionPending, Made: store.MadeByFolder, AuthorID: p.ID, SubmissionID: sub.ID, MID: sub.MID,
		Public: k.isPublic(m), Created: now, Wake: now, Sentence: m.best()}
	if d.Sentence == "" {
		return &RefusedError{"This mail has no sentence that decides and no subject; write a line \"Decision: ...\""}
	}
	if err := k.begin(tx, &d, m, Supersedes(m.Words)); err != nil {
		return err
	}
	return k.stepPending(tx, d, store.NoteDecisionFiled, now)
}

// best is the sentence of a mail that is a decision because its author says so.
func (m Mail) best() string {
	if lines := m.lines(); len(lines) > 0 {
		return lines[0]
	}
	if len(m.Findings.Decisions) > 0 {
		if s := fold(m.Findings.Decisions[0].Text); s != "" {
			return s
		}
	}
	return fold(m.Facts.BaseSubject)
}

// submitted finds the newest submission of a mail by its author.
func (k *Keeper) submitted(tx *store.Tx, p *people.Person, mid string) (store.Submission, error) {
	if mid != "" {
		list, err := tx.SubmissionsByMID(mid)
		if err != nil {
			return store.Submission{}, err
		}
		for i := len(list) - 1; i >= 0; i-- {
			if list[i].AuthorID == p.ID {
				return list[i], nil
			}
		}
	}
	return store.Submission{}, &RefusedError{"Only mail that you sent yourself can be filed as a decision; ask its author"}
}
