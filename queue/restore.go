package queue

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// MoveIn is what moving an entry of any folder into Scheduled or one of its four
// folders does: waiting mail gets another time, cancelled mail waits again with the
// envelope it had, an unsent draft is sent. The source entry is removed. content is
// that of the entry's message. It returns the entry in Scheduled, nil if nothing
// waits. ErrLeft, *ErrCannot.
func (q *Queue) MoveIn(tx *store.Tx, p *people.Person, e store.Entry, content *mail.Content, kind store.Kind, now time.Time) (*store.Entry, error) {
	box, err := tx.Mailbox(e.MailboxID)
	if err != nil {
		return nil, err
	}
	if box.PersonID != p.ID {
		return nil, fmt.Errorf("entry %d: %w", e.UID, store.ErrNotFound)
	}
	if box.Kind == store.KindScheduled || box.Kind == store.KindBefore {
		return q.moveInside(tx, p, e, kind, now)
	}
	m, err := tx.Message(e.MessageID)
	if err != nil {
		return nil, err
	}
	if _, err := tx.EntryByUID(e.MailboxID, e.UID); errors.Is(err, store.ErrNotFound) {
		return nil, fmt.Errorf("entry %d: %w", e.UID, store.ErrConflict)
	} else if err != nil {
		return nil, err
	}
	in := &intake{author: p, now: now, source: m, head: m.Head, size: m.Size, content: content}
	if in.sum, err = tx.BodySum(m); err != nil {
		return nil, err
	}
	out, err := q.enter(tx, in, e.SubmissionID, e.Flags, kind)
	if err != nil {
		return nil, q.refused(in, kind, err)
	}
	// A copy that was filed in Sent is back there: resend was faster.
	if err := tx.RemoveEntry(e, store.GoneMoved, now); err != nil && !errors.Is(err, store.ErrNotFound) {
		return nil, err
	}
	return out, nil
}

// AppendIn is APPEND to Scheduled or one of its four folders: octets that left
// Scheduled within seven days wait again, a draft is sent. staged is taken over when
// the error is nil. It returns the entry in Scheduled, nil if nothing waits.
func (q *Queue) AppendIn(tx *store.Tx, p *people.Person, staged *store.Staged, flags store.Flags, kind store.Kind, now time.Time) (*store.Entry, error) {
	in := &intake{author: p, now: now, staged: staged, head: staged.Head, size: staged.Size(), sum: staged.Sum[:], content: staged.Content}
	from, err := q.leftBefore(tx, in)
	if err != nil {
		return nil, err
	}
	out, err := q.enter(tx, in, from, flags, kind)
	if err != nil {
		return nil, q.refused(in, kind, err)
	}
	return out, nil
}

// moveInside retimes waiting mail. Its entry gets a new UID: the old one was moved. A
// draft with advice beside it leaves that behind, and then waits like any other.
func (q *Queue) moveInside(tx *store.Tx, p *people.Person, e store.Entry, kind store.Kind, now time.Time) (*store.Entry, error) {
	s, ok, err := q.waiting(tx, p, e)
	if err != nil {
		return nil, q.lost(p, s, err, now)
	}
	if !ok {
		return nil, &ErrCannot{"the timetable is written by Tidepost and stays in Scheduled"}
	}
	if s.Stopped == store.StopCredential { // Whoever moves it says that it is theirs.
		if err := q.resume(tx, s, &queueing{now: now}); err != nil {
			return nil, err
		}
		s.Stopped = store.Going
	}
	rcpts, err := q.held(tx, s.ID)
	if err != nil {
		return nil, q.lost(p, s, err, now)
	}
	if err := q.override(tx, p, s, rcpts, kind, now); err != nil {
		return nil, err
	}
	if plan, ok := wish(kind, p, now); ok {
		if err := q.retime(tx, s, rcpts, plan, now); err != nil {
			return nil, err
		}
	}
	if err := q.comeBack(tx, s, e, now); err != nil {
		return nil, err
	}
	return q.scheduledEntry(tx, s)
}

// scheduledEntry finds a submission's entry in Scheduled, nil if it has none.
func (q *Queue) scheduledEntry(tx *store.Tx, s store.Submission) (*store.Entry, error) {
	box, err := tx.MailboxByKind(s.AuthorID, store.KindScheduled)
	if err != nil {
		return nil, err
	}
	entries, err := tx.EntriesOfSubmission(s.ID)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.MailboxID == box.ID {
			return &e, nil
		}
	}
	return nil, nil
}

// enter decides what mail that enters a control folder is.
func (q *Queue) enter(tx *store.Tx, in *intake, submission int64, flags store.Flags, kind store.Kind) (*store.Entry, error) {
	if submission != 0 {
		s, err := tx.Submission(submission)
		if err != nil {
			return nil, err
		}
		if s.AuthorID == in.author.ID {
			return q.reenter(tx, in, s, kind)
		}
	}
	if flags&store.Draft == 0 {
		return nil, &ErrCannot{"only your own drafts can be sent from a folder"}
	}
	return q.sendDraft(tx, in, kind)
}

// reenter handles mail that has been in Scheduled before: a copy of what still waits
// changes its time, what was cancelled waits again.
func (q *Queue) reenter(tx *store.Tx, in *intake, s store.Submission, kind store.Kind) (*store.Entry, error) {
	rcpts, err := tx.Recipients(s.ID)
	if err != nil {
		return nil, err
	}
	var held, cancelled []store.Recipient
	for _, r := range rcpts {
		switch {
		case r.State == store.Held:
			held = append(held, r)
		case r.State == store.Cancelled && in.now.Sub(r.Settled) <= keepCancelled:
			cancelled = append(cancelled, r)
		}
	}
	switch {
	case len(held) > 0:
		if err := q.outOfBefore(tx, in.author, s, held, kind, in.now); err != nil {
			return nil, err
		}
		if plan, ok := wish(kind, in.author, in.now); ok {
			if err := q.retime(tx, s, held, plan, in.now); err != nil {
				return nil, err
			}
		}
		return q.scheduledEntry(tx, s)
	case len(cancelled) > 0:
		return q.restore(tx, in, s, cancelled, kind)
	}
	return nil, &ErrCannot{"this mail has been sent already, or was cancelled more than 30 days ago"}
}

// restore makes cancelled recipients wait again, with the envelope they had and the
// octets that were submitted.
func (q *Queue) restore(tx *store.Tx, in *intake, s store.Submission, rcpts []store.Recipient, kind store.Kind) (*store.Entry, error) {
	m, err := tx.Message(s.MessageID)
	if err != nil {
		return nil, err
	}
	in.head, in.size = m.Head, in.size+int64(len(m.Head)-len(in.head))
	in.folder, in.asIs = s.FileSent, true
	in.peer.Protocol = decodeLetter(s.Plan).Protocol
	in.envelopeOf(s, rcpts)
	if err := q.inspect(in); err != nil {
		return nil, err
	}
	if err := q.examine(in, within(tx)); err != nil {
		return nil, err
	}
	plans, err := oldPlans(rcpts)
	if err != nil {
		return nil, err
	}
	if len(plans) == len(in.plans) {
		for i, p := range plans {
			if p.explicit() && q.moment(p, in.party(i), in.now).At.After(in.now) {
				in.plans[i] = p
			}
		}
	}
	out, err := q.admit(tx, in, kind, store.Event{At: in.now, Kind: evRestored, PersonID: in.author.ID, Detail: detail{"from": s.ID}})
	if err != nil {
		return nil, err
	}
	return out, q.resend(tx, s, in.now)
}

func oldPlans(rcpts []store.Recipient) ([]Plan, error) {
	var out []Plan
	for _, r := range rcpts {
		p, err := decodePlan(r.Plan)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// envelopeOf takes the envelope of a stored submission over, for some recipients.
func (in *intake) envelopeOf(s store.Submission, rcpts []store.Recipient) {
	in.env = mail.Envelope{From: addressOfPath(s.ReversePath), EnvID: s.EnvID, Ret: s.Ret, UTF8: s.UTF8}
	for _, r := range rcpts {
		in.env.Recipients = append(in.env.Recipients, mail.Recipient{Address: addressOf(r.Address), Notify: r.Notify, ORcpt: r.ORcpt})
	}
}

// sendDraft sends a draft: From is the login's, the recipients stand in To, Cc and
// Bcc.
func (q *Queue) sendDraft(tx *store.Tx, in *intake, kind store.Kind) (*store.Entry, error) {
	in.folder = true
	h := mail.ParseHeader(in.head)
	if from := h.Addresses("From"); len(from) == 1 {
		in.env.From = from[0].Address
	}
	for _, field := range []string{"To", "Cc", "Bcc"} {
		for _, m := range h.Addresses(field) {
			a, err := mail.ParsePath(m.Address.String(), true)
			if err != nil {
				return nil, &ErrCannot{fmt.Sprintf("the address %s cannot be written to", m.Address)}
			}
			in.env.UTF8 = in.env.UTF8 || hasEightBit([]byte(a.String()))
			in.env.Recipients = append(in.env.Recipients, mail.Recipient{Address: a})
		}
	}
	if len(in.env.Recipients) == 0 {
		return nil, &ErrCannot{"the draft has no recipient"}
	}
	if err := q.inspect(in); err != nil {
		return nil, err
	}
	if in.control {
		return nil, &ErrCannot{"mail to Tidepost itself is sent the ordinary way"}
	}
	if err := q.examine(in, within(tx)); err != nil {
		return nil, err
	}
	return q.admit(tx, in, kind, store.Event{})
}

// admit accepts mail from a folder with the time that the folder means, and writes
// ev about it if ev has a kind.
func (q *Queue) admit(tx *store.Tx, in *intake, kind store.Kind, ev store.Event) (*store.Entry, error) {
	if p, ok := wish(kind, in.author, in.now); ok {
		in.back.mute()
		for i := range in.plans {
			in.plans[i] = p
			if in.readers[i] == nil && p.Rule == RuleOpening {
				in.plans[i].Spread = q.spread()
			}
		}
	}
	id, err := q.accept(tx, in)
	if err != nil {
		return nil, err
	}
	if ev.Kind != "" {
		ev.SubmissionID = id
		if err := tx.AddEvent(ev); err != nil {
			return nil, err
		}
	}
	s, err := tx.Submission(id)
	if err != nil {
		return nil, err
	}
	return q.scheduledEntry(tx, s)
}

// leftBefore finds the cancelled submission whose octets a client appends again, 0 if
// there is none.
func (q *Queue) leftBefore(tx *store.Tx, in *intake) (int64, error) {
	in.facts = mail.FactsOf(mail.ParseHeader(in.head), in.content, mail.Address{})
	if in.facts.MessageID == "" {
		return 0, nil
	}
	list, err := q.earlier(tx, in)
	if err != nil {
		return 0, err
	}
	for _, s := range slices.Backward(list) {
		m, err := tx.Message(s.MessageID)
		if err != nil {
			return 0, err
		}
		rcpts, err := tx.Recipients(s.ID)
		if err != nil {
			return 0, err
		}
		lately := slices.ContainsFunc(rcpts, func(r store.Recipient) bool {
			return r.State == store.Cancelled && in.now.Sub(r.Settled) <= keepAppended
		})
		if lately && sameHead(m.Head, in.head) {
			return s.ID, nil
		}
	}
	return 0, nil
}

// refused turns a refusal into the reason for the client, and a note, because most
// clients do not show it. Other errors pass.
func (q *Queue) refused(in *intake, kind store.Kind, err error) error {
	var cannot *ErrCannot
	var reply *mail.Reply
	switch {
	case errors.As(err, &cannot):
	case errors.As(err, &reply):
		cannot = &ErrCannot{reply.Text}
	default:
		return err
	}
	f := mail.FactsOf(mail.ParseHeader(in.head), nil, mail.Address{})
	s := store.Submission{Subject: f.Subject, MID: f.MessageID}
	q.afterwards(func(tx *store.Tx) error {
		box, err := tx.MailboxByKind(in.author.ID, kind)
		if err != nil {
			return err
		}
		l := q.writer().Refused(readerOf(in.author), q.about(s, nil), box.Name, cannot.Reason)
		return q.note(tx, in.author, noteRefused, 0, l, nil, in.now)
	})
	return cannot
}

// clone lets a closure that is run again start afresh.
func (in *intake) clone() *intake {
	c := *in
	c.env.Recipients = slices.Clone(in.env.Recipients)
	c.readers = slices.Clone(in.readers)
	c.verdicts = slices.Clone(in.verdicts)
	c.plans = slices.Clone(in.plans)
	return &c
}

// direct gives every recipient of an intake the same plan, without policies.
func (in *intake) direct(p Plan) {
	in.verdicts, in.plans = nil, nil
	for _, r := range in.env.Recipients {
		in.verdicts = append(in.verdicts, policies.Verdict{Address: r.Address})
		in.plans = append(in.plans, p)
	}
}
