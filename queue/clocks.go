package queue

import (
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/clocks"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/policies"
	"tidepost/store"
)

// mayRead reports whether somebody looks at what the mail says: the coach, the clocks.
func (q *Queue) mayRead(in *intake) bool {
	return !in.device && len(in.env.Recipients) > 0 && !in.onlyToSelf() &&
		(in.toTeam() || in.content.TextSize() <= outsideOctets) && q.looks.allow(in.author.ID, in.toTeam(), in.now)
}

// reading reads what the mail says, once, for whoever asks first.
func (q *Queue) reading(in *intake) func() intent.Findings {
	return sync.OnceValue(func() intent.Findings {
		return intent.Read(intent.InputWith(in.words(), q.people.AsRead(in.facts), in.content, in.zone()))
	})
}

// readAsks looks whether the mail asks for something that is to be followed up, outside
// of the transaction. Whatever goes wrong costs the clocks, not the mail.
func (q *Queue) readAsks(in *intake) {
	if q.o.Clocks == nil && q.o.Decisions == nil || in.read == nil {
		return
	}
	in.mute = in.failed || in.silent()
	if in.mute && len(parents(in.facts)) == 0 && !in.facts.IsReply {
		return
	}
	done := make(chan *intent.Findings, 1)
	go func() {
		var found *intent.Findings
		defer func() {
			if p := recover(); p != nil {
				q.o.Log.Error("read asks", "mid", in.facts.MessageID, "panic", p, "stack", string(debug.Stack()))
			}
			done <- found
		}()
		f := in.read()
		found = &f
	}()
	found, ok := inTime(done)
	if !ok || found == nil {
		in.mute = true
		return
	}
	in.findings = *found
	in.asking = q.o.Clocks != nil && q.o.Clocks.Asks(q.clocked(in, store.Message{}, store.Submission{}, nil))
}

// silent reports whether the mail is one that never asks: a machine's, a list's, an
// invitation, one that cannot be read, or on the pass list for everybody.
func (in *intake) silent() bool {
	f := in.facts
	if f.IsAuto || f.IsBounce || f.IsList || f.IsBulk || f.IsCode || f.Calendar.Present || f.HasICS || f.IsEncrypted {
		return true
	}
	return !slices.ContainsFunc(in.verdicts, func(v policies.Verdict) bool { return v.Pass == "" || v.Pass == policies.ReasonObjection })
}

// private reports whether its author marked the mail so, or nobody else can read it.
func (in *intake) private() bool {
	s := strings.ToLower(strings.TrimSpace(mail.ParseHeader(in.head).Get("Sensitivity")))
	return in.facts.IsEncrypted || s == "private" || s == "personal" || s == "company-confidential"
}

// clocked is what the clocks need to know of the mail. rcpts are nil before they are
// stored.
func (q *Queue) clocked(in *intake, msg store.Message, sub store.Submission, rcpts []store.Recipient) *clocks.Mail {
	m := &clocks.Mail{Message: msg, MID: sub.MID, Facts: in.facts, Findings: in.findings, Author: in.author, Urgent: in.urgentSource() != "",
		Private: in.private(), Mute: in.mute || in.read == nil, Settles: in.settles,
		Lines: func() []mail.Line { return mail.LinesOf(in.content) }}
	if in.read != nil {
		m.Words = in.words()
	}
	for i, v := range in.verdicts {
		r := clocks.Reader{Address: v.Address, Person: in.readers[i], Passed: v.Pass != "" && v.Pass != policies.ReasonObjection}
		if g := in.via(i); g != nil && g.Role {
			r.Role = g
		}
		if rcpts != nil {
			r.Recipient = rcpts[i].ID
		}
		m.Readers = append(m.Readers, r)
	}
	return m
}

// follow tells the clocks that the mail was accepted.
func (q *Queue) follow(tx *store.Tx, in *intake, msg store.Message, sub store.Submission, rcpts []store.Recipient) error {
	if q.o.Clocks == nil {
		return nil
	}
	if in.again {
		return q.o.Clocks.Again(tx, *q.clocked(in, msg, sub, rcpts), in.now)
	}
	if in.asking {
		derived, err := in.derived()
		if err == nil {
			err = tx.PutEncoded(msg.ID, derived)
		}
		if err != nil {
			return err
		}
	}
	before, err := q.answeredBefore(tx, in)
	if err != nil {
		return err
	}
	if err := q.o.Clocks.Accepted(tx, *q.clocked(in, msg, sub, rcpts), in.now); err != nil {
		return err
	}
	return q.tellAnswered(tx, in, sub, rcpts, before)
}

// followFate tells the clocks what became of a recipient.
func (q *Queue) followFate(tx *store.Tx, f *flight, id int64, now time.Time) error {
	if q.o.Clocks == nil {
		return nil
	}
	r, err := tx.Recipient(id)
	if err != nil {
		return err
	}
	switch {
	case r.State == store.Delivered && f.letter.Asks:
		err = q.o.Clocks.Sent(tx, r.ID, now)
	case r.State == store.Bounced || r.State == store.Expired:
		err = q.o.Clocks.Failed(tx, r, f.sub.MessageID, now)
	}
	if err != nil {
		return fmt.Errorf("follow recipient %d: %w", id, err)
	}
	return nil
}

// Clocks are those of the team; nil if mail has none.
func (q *Queue) Clocks() *clocks.Keeper { return q.o.Clocks }
