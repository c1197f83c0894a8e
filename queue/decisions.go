package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"time"

	"tidepost/decisions"
	"tidepost/digest"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// decided is the mail as package decisions wants to know it.
func (q *Queue) decided(in *intake, thread int64, sub store.Submission, rcpts []store.Recipient) decisions.Mail {
	return decisions.Mail{Submission: sub, Thread: thread, Facts: in.facts, Words: in.words(), Findings: in.findings, Author: in.author, Recipients: rcpts}
}

// recallDecisions fills in what the policies need to know of decisions: whether the mail
// objects to what silence would decide, and which decisions hold no longer.
func (q *Queue) recallDecisions(in *intake, input *policies.Input, view func(func(*store.Tx) error) error) error {
	k := q.o.Decisions
	if k == nil || in.read == nil {
		return nil
	}
	reply := in.facts.IsReply || len(parents(in.facts)) > 0
	if !reply && (input.Read == nil || k.NoneSuperseded()) {
		return nil
	}
	return view(func(tx *store.Tx) (err error) {
		if reply {
			if input.Objection, err = k.Objection(tx, q.decided(in, in.thread, store.Submission{}, nil)); err != nil {
				return err
			}
		}
		old, err := k.Superseded(tx, in.author.ID)
		for _, s := range old {
			input.PastDecisions = append(input.PastDecisions, policies.PastDecision{Number: s.Number, By: s.By, Sentence: s.Sentence})
		}
		return err
	})
}

// readDecisions looks whether the mail decides something, or lets silence decide: then it
// goes the ordinary way.
func (q *Queue) readDecisions(in *intake) {
	in.decides = q.o.Decisions != nil && in.read != nil && !in.failed && !in.again && decisions.Decides(q.decided(in, 0, store.Submission{}, nil))
}

// followDecisions tells of the accepted mail whoever keeps decisions.
func (q *Queue) followDecisions(tx *store.Tx, in *intake, msg store.Message, sub store.Submission, rcpts []store.Recipient) error {
	if q.o.Decisions == nil || in.again || in.device || !in.decides && !in.facts.IsReply && len(parents(in.facts)) == 0 {
		return nil
	}
	return q.o.Decisions.Accepted(tx, q.decided(in, msg.ThreadID, sub, rcpts), in.now)
}

// actOnDecision does what a word says of decisions; said is "" if it is about something
// else.
func (q *Queue) actOnDecision(tx *store.Tx, in *intake, a *ask) (said string, err error) {
	if q.o.Decisions == nil {
		return "", nil
	}
	first, _, _ := strings.Cut(a.text, "\n")
	w := decisions.Word{Text: first}
	if a.known {
		w.Note = &a.note
	}
	if a.word == decisions.WordDecision {
		if w.Asked, err = questionOf(tx, in.author, parents(in.facts)); err != nil {
			return "", err
		}
	}
	said, _, err = q.o.Decisions.Answer(tx, in.author, w, in.now)
	if err != nil {
		return "", fmt.Errorf("answer about decisions: %w", err)
	}
	return said, nil
}

// confirms reports whether all that is said is the word that a digest asks for.
func (a *ask) confirms() bool { return a.word == decisions.WordDecision && a.rest == "" }

// questionOf is the sentence that a digest asks about, of which somebody says that it is
// a decision; 0: the mail answers no such digest of theirs.
func questionOf(tx *store.Tx, p *people.Person, answered []string) (int64, error) {
	for _, mid := range answered {
		d, err := tx.Digest(mid)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return 0, err
		}
		var c digest.Content
		if d.PersonID != p.ID || json.Unmarshal(d.Content, &c) != nil {
			continue
		}
		for _, line := range c.Decisions {
			if line.What == digest.DecisionToConfirm {
				return line.Decision, nil
			}
		}
	}
	return 0, nil
}

// Decide files what a mail decides that its author put into the folder Decisions.
// *ErrCannot: it cannot be, and why.
func (q *Queue) Decide(tx *store.Tx, p *people.Person, message int64, content *mail.Content, now time.Time) error {
	if q.o.Decisions == nil {
		return &ErrCannot{"Decisions is filled by Tidepost"}
	}
	m, err := tx.Message(message)
	if err != nil {
		return err
	}
	in := &intake{author: p, now: now.UTC(), head: m.Head, content: content, facts: mail.FactsOf(mail.ParseHeader(m.Head), content, p.Address)}
	in.readLater()
	in.findings = q.readSafely(in)
	err = q.o.Decisions.FromFolder(tx, p, q.decided(in, m.ThreadID, store.Submission{}, nil), now.UTC())
	var refused *decisions.RefusedError
	if errors.As(err, &refused) {
		return &ErrCannot{refused.Reason}
	}
	return err
}

// readSafely reads a mail of a folder; one that panics the reader says nothing.
func (q *Queue) readSafely(in *intake) (f intent.Findings) {
	defer func() {
		if p := recover(); p != nil {
			q.o.Log.Error("read mail", "mid", in.facts.MessageID, "panic", p, "stack", string(debug.Stack()))
			f = intent.Findings{}
		}
	}()
	return q.reading(in)()
}
