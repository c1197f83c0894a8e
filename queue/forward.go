package queue

import (
	"fmt"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// whyForward is why mail leaves that members of a group outside get.
const whyForward = "forwarded"

// Forward passes a message from elsewhere on to members of a group who are outside, at
// once and unchanged: its author stays in From and the author's signature stays good, so
// that DMARC passes by it. The reverse-path is ours, so that SPF passes too and reports
// come to the owner of the group, not to an author who knows nothing of its members.
func (q *Queue) Forward(tx *store.Tx, f inbox.Forwarding) error {
	head := mail.RemoveFields(f.Message.Head, "Return-Path") // RFC 5321 §4.4: not while it is on its way.
	m := store.Message{Origin: store.OriginRendition, SourceID: f.Message.ID, BodyID: f.Message.BodyID, Head: head,
		Size: f.Message.Size - int64(len(f.Message.Head)-len(head)), MID: f.Message.MID, ThreadID: f.Message.ThreadID, Created: f.Now}
	if err := tx.InsertMessage(&m); err != nil {
		return fmt.Errorf("forward message %d: %w", f.Message.ID, err)
	}
	in := &intake{facts: f.Facts, sum: head}
	sub := store.Submission{MessageID: m.ID, UTF8: f.UTF8, MID: f.Message.MID, Digest: in.digest(), Subject: f.Facts.Subject, Accepted: f.Now,
		Plan: encodeLetter(letterPlan{Protocol: "local"})}
	if sub.MID == "" {
		mid, err := mail.NewMessageID(q.random(), q.o.mainDomain())
		if err != nil {
			return fmt.Errorf("message id: %w", err)
		}
		sub.MID = mid
	}
	if !f.From.IsNull() { // Else nobody is told: it is a report itself.
		back := f.Group.Address
		back.Local += "+" + inbox.TagReports
		sub.ReversePath = back.String()
	}
	if err := tx.InsertSubmission(&sub); err != nil {
		return fmt.Errorf("forward message %d: %w", f.Message.ID, err)
	}
	ev := store.Event{At: f.Now, Kind: evAccepted, SubmissionID: sub.ID, MessageID: m.ID,
		Detail: acceptedDetail{MID: sub.MID, Protocol: "local", Recipients: len(f.To), Size: m.Size}}
	if err := tx.AddEvent(ev); err != nil {
		return err
	}
	plan := Plan{Rule: RuleNow, Why: whyForward, From: f.Now}
	for _, to := range f.To {
		r := store.Recipient{SubmissionID: sub.ID, Address: to.String(), State: store.Held, Due: f.Now, Plan: plan.encode(),
			ORcpt: orcptOf(mail.Recipient{}, f.Group)}
		if err := tx.InsertRecipient(&r, store.Event{At: f.Now, Kind: evHeld, Detail: heldDetail{Due: r.Due, Rule: plan.Rule, Why: plan.Why}}); err != nil {
			return err
		}
		q.wakeAt(tx, r)
	}
	return nil
}

// ownerOf is who hears of mail that was passed on in the name of a group.
func (q *Queue) ownerOf(s store.Submission) *people.Person {
	g, _, ok := q.people.GroupByAddress(addressOfPath(s.ReversePath))
	if !ok || s.AuthorID != 0 {
		return nil
	}
	return g.Owner
}
