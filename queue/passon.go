package queue

import (
	"context"
	"fmt"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// whyPassed is why mail leaves that the provider handed over and that is nobody's here.
const whyPassed = "passed on"

// whyReport is why a report on such mail leaves.
const whyReport = "report"

// A Passage is mail that goes on at once and unchanged: nobody here is its author, or it
// has passed here before.
type Passage struct {
	Envelope mail.Envelope
	Staged   *store.Staged // taken, or on an error left to the caller
	Peer     Peer
	Now      time.Time
}

// PassOn takes such mail over: with a nil error it is on the disk, and leaves as soon as a
// worker is there. Nothing of it is held, read, answered or signed; if it cannot be
// delivered, a report goes to the reverse-path, whoever that is.
func (q *Queue) PassOn(ctx context.Context, p Passage) (id int64, err error) {
	h := mail.ParseHeader(p.Staged.Head)
	facts := mail.FactsOf(h, p.Staged.Content, p.Envelope.From)
	if facts.Received > maxHops {
		return 0, refuse(554, [3]int{5, 4, 6}, "This mail goes in a circle")
	}
	if len(p.Envelope.Recipients) == 0 {
		return 0, refuse(554, [3]int{5, 5, 1}, "There is no recipient")
	}
	err = q.db.Update(ctx, func(tx *store.Tx) error {
		id, err = q.passOn(tx, p, facts, letterPlan{Protocol: p.Peer.Protocol, Passed: true}, whyPassed)
		return err
	})
	return id, err
}

// reportBack sends a report on mail that was passed on to its reverse-path, the way the
// mail itself went: whoever took mail over must tell of its end (RFC 5321 §6.1).
func (q *Queue) reportBack(tx *store.Tx, s store.Submission, head, body []byte, now time.Time) error {
	staged := store.StageBytes(head, body)
	p := Passage{Staged: staged, Peer: Peer{Protocol: "local"}, Now: now,
		Envelope: mail.Envelope{Recipients: []mail.Recipient{{Address: addressOfPath(s.ReversePath), Notify: "NEVER"}}, UTF8: s.UTF8}}
	facts := mail.FactsOf(mail.ParseHeader(staged.Head), staged.Content, mail.Address{})
	if _, err := q.passOn(tx, p, facts, letterPlan{Protocol: "local"}, whyReport); err != nil {
		return fmt.Errorf("report on submission %d: %w", s.ID, err)
	}
	return nil
}

func (q *Queue) passOn(tx *store.Tx, p Passage, facts mail.Facts, letter letterPlan, why string) (int64, error) {
	now := p.Now.UTC()
	body, err := tx.AddBody(p.Staged, now)
	if err != nil {
		return 0, err
	}
	m := store.Message{Origin: store.OriginSubmitted, BodyID: body, Head: p.Staged.Head, Size: p.Staged.Size(), MID: facts.MessageID, Created: now}
	if err := tx.InsertMessage(&m); err != nil {
		return 0, err
	}
	in := &intake{facts: facts, sum: p.Staged.Sum[:], env: p.Envelope}
	sub := store.Submission{MessageID: m.ID, ReversePath: p.Envelope.From.String(), EnvID: p.Envelope.EnvID, Ret: p.Envelope.Ret, UTF8: p.Envelope.UTF8,
		MID: facts.MessageID, Digest: in.digest(), Subject: facts.Subject, Accepted: now, Plan: encodeLetter(letter)}
	if sub.MID == "" {
		if sub.MID, err = mail.NewMessageID(q.random(), q.o.mainDomain()); err != nil {
			return 0, fmt.Errorf("message id: %w", err)
		}
	}
	if err := tx.InsertSubmission(&sub); err != nil {
		return 0, err
	}
	ev := store.Event{At: now, Kind: evAccepted, SubmissionID: sub.ID, MessageID: m.ID, Detail: acceptedDetail{
		IP: p.Peer.IP, MID: sub.MID, Protocol: p.Peer.Protocol, Recipients: len(p.Envelope.Recipients), Size: m.Size}}
	if err := tx.AddEvent(ev); err != nil {
		return 0, err
	}
	plan := Plan{Rule: RuleNow, Why: why, From: now}
	for _, to := range p.Envelope.Recipients {
		r := store.Recipient{SubmissionID: sub.ID, Address: to.Address.String(), Notify: to.Notify, ORcpt: to.ORcpt, State: store.Held, Due: now, Plan: plan.encode()}
		if err := tx.InsertRecipient(&r, store.Event{At: now, Kind: evHeld, Detail: heldDetail{Due: r.Due, Rule: plan.Rule, Why: plan.Why}}); err != nil {
			return 0, err
		}
		q.wakeAt(tx, r)
	}
	return sub.ID, nil
}
