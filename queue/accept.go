package queue

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/policies"
	"tidepost/store"
	"tidepost/threading"
)

// accept writes a message, its envelope and its recipients: what the 250 promises.
// It returns the submission; for a repeat that is the one that was there before.
func (q *Queue) accept(tx *store.Tx, in *intake) (int64, error) {
	if len(in.env.Recipients) == 0 {
		return 0, nil // To Tidepost alone.
	}
	if err := q.replaceDraft(tx, in); err != nil {
		return 0, err
	}
	before, err := q.dropRepeats(tx, in)
	if err != nil || len(in.env.Recipients) == 0 {
		return before, err
	}
	sub, err := q.submissionOf(in)
	if err != nil {
		return 0, err
	}
	msg, err := q.putMessage(tx, in, sub)
	if err != nil {
		return 0, err
	}
	if err := q.putSubmission(tx, in, msg, &sub); err != nil {
		return 0, err
	}
	rcpts, err := q.putRecipients(tx, in, sub)
	if err != nil {
		return 0, err
	}
	if err := q.showWaiting(tx, in, msg, sub, rcpts); err != nil {
		return 0, err
	}
	if err := q.follow(tx, in, msg, sub, rcpts); err != nil {
		return 0, err
	}
	if err := q.followDecisions(tx, in, msg, sub, rcpts); err != nil {
		return 0, err
	}
	return sub.ID, q.tellAccepted(tx, in, sub, rcpts)
}

// putMessage stores head and body, or a head that shares a stored body.
func (q *Queue) putMessage(tx *store.Tx, in *intake, sub store.Submission) (store.Message, error) {
	msg := store.Message{Origin: store.OriginSubmitted, BodyID: in.source.BodyID, Head: in.head, Size: in.size,
		MID: in.facts.MessageID, Created: in.now}
	if in.staged != nil {
		body, err := tx.AddBody(in.staged, in.now)
		if err != nil {
			return msg, err
		}
		msg.BodyID = body
	}
	var err error
	if msg.ThreadID, err = q.putThread(tx, in, sub); err != nil {
		return msg, err
	}
	return msg, tx.InsertMessage(&msg)
}

// putThread joins the thread or begins one, and remembers every id that was named.
func (q *Queue) putThread(tx *store.Tx, in *intake, sub store.Submission) (int64, error) {
	id, err := inbox.PlaceThread(tx, in.threaded(sub), in.now)
	if err == nil && in.blocked {
		err = markBlocked(tx, id)
	}
	if err != nil || in.urgentSource() == "" {
		return id, err
	}
	t, err := tx.Thread(id)
	if err != nil {
		return 0, err
	}
	t.Urgent = true
	return id, tx.UpdateThread(t)
}

// threaded is what threading needs to know: the mail under the Message-ID it leaves with.
func (in *intake) threaded(sub store.Submission) threading.Message {
	m := inbox.Threaded(in.facts, in.now)
	m.ID = sub.MID
	return m
}

// firstRef is what is remembered of mail that begins a thread.
func (in *intake) firstRef(sub store.Submission) store.Ref { return inbox.FirstRef(in.threaded(sub)) }

func (q *Queue) putSubmission(tx *store.Tx, in *intake, msg store.Message, sub *store.Submission) error {
	sub.MessageID = msg.ID
	if err := tx.InsertSubmission(sub); err != nil {
		return err
	}
	ev := in.accepted(*sub)
	ev.SubmissionID, ev.MessageID = sub.ID, msg.ID
	return tx.AddEvent(ev)
}

// filesSent reports whether the release puts a copy into the author's Sent.
func (q *Queue) filesSent(in *intake) bool {
	return in.folder || q.o.FilesSent != nil && q.o.FilesSent(in.author.ID)
}

// submissionOf is the envelope as it is stored, with a Message-ID in any case.
func (q *Queue) submissionOf(in *intake) (store.Submission, error) {
	tag := policies.Tag(in.found)
	subject := in.facts.Subject
	if _, rest, ok := mail.SubjectTag(subject); ok && tag != "" {
		subject = rest
	}
	if in.handed && tag != "" && slices.ContainsFunc(in.facts.DKIMSigned, func(s mail.SignedFields) bool { return s.Fields["subject"] }) {
		tag = "" // It is obeyed; to cut it off would break the provider's signature.
	}
	sub := store.Submission{
		AuthorID: in.author.ID, ReversePath: in.env.From.String(), EnvID: in.env.EnvID, Ret: in.env.Ret,
		UTF8: in.env.UTF8, MID: in.facts.MessageID, Digest: in.digest(), Subject: subject, Urgent: in.urgentSource() != "",
		FileSent: q.filesSent(in), Accepted: in.now,
		Plan: encodeLetter(letterPlan{Tag: tag, Protocol: in.peer.Protocol,
			Coached: in.back.advises(), Asks: in.asking, Credential: in.with}),
	}
	if ids := parents(in.facts); len(ids) > 0 {
		sub.InReplyTo = ids[0]
	}
	if sub.MID == "" {
		mid, err := mail.NewMessageID(q.random(), q.o.mainDomain())
		if err != nil {
			return sub, fmt.Errorf("message id: %w", err)
		}
		sub.MID = mid
	}
	return sub, nil
}

// accepted is the first line of the ledger, without ids of rows.
func (in *intake) accepted(sub store.Submission) store.Event {
	return store.Event{At: in.now, Kind: evAccepted, PersonID: in.author.ID, Detail: acceptedDetail{
		IP: in.peer.IP, MID: sub.MID, Protocol: in.peer.Protocol, Recipients: len(in.env.Recipients), Size: in.size}}
}

// putRecipients stores every recipient as held until its release time, which may be
// now.
func (q *Queue) putRecipients(tx *store.Tx, in *intake, sub store.Submission) ([]store.Recipient, error) {
	out, why := q.recipientsOf(in)
	for i := range out {
		out[i].SubmissionID = sub.ID
		if err := tx.InsertRecipient(&out[i], store.Event{At: in.now, Kind: evHeld, Detail: why[i]}); err != nil {
			return nil, err
		}
		q.wakeAt(tx, out[i])
	}
	return out, nil
}

// recipientsOf are the recipients, held, with what the ledger says of each.
func (q *Queue) recipientsOf(in *intake) (out []store.Recipient, why []heldDetail) {
	for i, e := range in.env.Recipients {
		m := q.moment(in.plans[i], in.party(i), in.now)
		p := in.plans[i].told(m)
		r := store.Recipient{Address: in.verdicts[i].Address.String(), Notify: e.Notify, ORcpt: e.ORcpt,
			State: store.Held, Due: later(m.At, in.now), Plan: p.encode()}
		if in.readers[i] != nil && !in.away {
			r.PersonID = in.readers[i].ID
		}
		out, why = append(out, r), append(why, heldDetail{Due: r.Due, Rule: p.Rule, Why: p.Why, DryRun: p.DryRun})
	}
	return out, why
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// showWaiting puts the message into the author's Scheduled unless everything leaves
// at once: the very octets that were submitted, and a date that never changes,
// because clients cache both.
func (q *Queue) showWaiting(tx *store.Tx, in *intake, msg store.Message, sub store.Submission, rcpts []store.Recipient) error {
	waits := false
	for _, r := range rcpts {
		waits = waits || r.Due.After(in.now)
	}
	if !waits {
		return nil
	}
	derived, err := in.derived()
	if err == nil {
		err = tx.PutEncoded(msg.ID, derived)
	}
	if err != nil {
		return err
	}
	_, err = q.addWaiting(tx, sub, in.back.advises(), in.now)
	return err
}

// addWaiting gives a submission its entry in the author's Scheduled, or in Before
// sending if advice lies beside it.
func (q *Queue) addWaiting(tx *store.Tx, sub store.Submission, coached bool, now time.Time) (e store.Entry, err error) {
	var box store.Mailbox
	if coached {
		box, err = q.beforeBox(tx, sub.AuthorID, now)
	} else {
		box, err = tx.MailboxByKind(sub.AuthorID, store.KindScheduled)
	}
	if err != nil {
		return e, err
	}
	e = store.Entry{MailboxID: box.ID, MessageID: sub.MessageID, SubmissionID: sub.ID, InternalDate: sub.Accepted,
		Flags: store.Seen, Keywords: []string{keywordPending}}
	if err := tx.AddEntry(&e); err != nil {
		return e, err
	}
	q.touchTimetable(tx, sub.AuthorID, now)
	return e, nil
}

// dropRepeats takes out the recipients to whom the same mail (Message-ID and body)
// is on its way, or has gone. It returns the submission they belong to.
func (q *Queue) dropRepeats(tx *store.Tx, in *intake) (int64, error) {
	if in.again || in.facts.MessageID == "" {
		return 0, nil
	}
	earlier, err := q.earlier(tx, in)
	if err != nil || len(earlier) == 0 {
		return 0, err
	}
	last := map[string]store.Recipient{}
	for _, s := range earlier {
		rcpts, err := tx.Recipients(s.ID)
		if err != nil {
			return 0, err
		}
		for _, r := range rcpts {
			last[repeatKey(r.PersonID, r.Address)] = r // The newest says how it stands.
		}
	}
	var gone []store.Recipient
	keep := 0
	for i := range in.env.Recipients {
		id := int64(0)
		if in.readers[i] != nil {
			id = in.readers[i].ID
		}
		r, known := last[repeatKey(id, in.verdicts[i].Address.String())]
		switch {
		case known && r.State == store.Delivered:
			gone = append(gone, r)
		case known && !r.State.Final():
			// A repeat: 250, one copy.
		default:
			in.move(keep, i)
			keep++
		}
	}
	if keep == len(in.env.Recipients) {
		return 0, nil
	}
	in.cut(keep)
	old := earlier[len(earlier)-1]
	if err := q.refill(tx, in, old, len(gone) > 0); err != nil {
		return 0, err
	}
	err = tx.AddEvent(store.Event{At: in.now, Kind: evRepeat, SubmissionID: old.ID, PersonID: in.author.ID,
		Detail: detail{"mid": old.MID, "delivered": len(gone)}})
	if err == nil && len(gone) > 0 {
		err = q.tellRepeat(tx, in.author, old, gone, in.now)
	}
	return old.ID, err
}

// refill gives a submission whose text is not kept any more the text of its repeat: the
// author may ask to have it sent again.
func (q *Queue) refill(tx *store.Tx, in *intake, old store.Submission, asked bool) error {
	m, err := tx.Message(old.MessageID)
	if err != nil || !asked || !m.Stripped() {
		return err
	}
	m.BodyID, m.Head, m.Size = in.source.BodyID, in.head, in.size
	if in.staged != nil {
		if m.BodyID, err = tx.AddBody(in.staged, in.now); err != nil {
			return err
		}
	}
	if err := tx.RefillMessage(m); err != nil {
		return err
	}
	return tx.Orphan(m.ID, in.now.Add(keepSettled))
}

// earlier finds the author's submissions of the same mail, oldest first.
func (q *Queue) earlier(tx *store.Tx, in *intake) ([]store.Submission, error) {
	list, err := tx.SubmissionsByMID(in.facts.MessageID)
	if err != nil {
		return nil, err
	}
	digest := string(in.digest())
	var out []store.Submission
	for _, s := range list {
		if s.AuthorID == in.author.ID && string(s.Digest) == digest {
			out = append(out, s)
		}
	}
	return out, nil
}

func repeatKey(person int64, address string) string {
	if person != 0 {
		return fmt.Sprint("person ", person)
	}
	return addressOf(address).Key()
}

// move and cut keep the parallel lists of an intake in step.
func (in *intake) move(to, from int) {
	in.env.Recipients[to] = in.env.Recipients[from]
	in.readers[to] = in.readers[from]
	in.verdicts[to] = in.verdicts[from]
	in.plans[to] = in.plans[from]
}

func (in *intake) cut(n int) {
	in.env.Recipients, in.readers, in.verdicts, in.plans = in.env.Recipients[:n], in.readers[:n], in.verdicts[:n], in.plans[:n]
}

// urgentSource returns how the mail became urgent for a colleague, "" if for none:
// elsewhere urgent mail only leaves at once, and costs nobody's sleep here.
func (in *intake) urgentSource() policies.Source {
	for i, v := range in.verdicts {
		if v.Urgent != "" && in.readers[i] != nil {
			return v.Urgent
		}
	}
	return ""
}

// isGone reports whether an error says that somebody was faster.
func isGone(err error) bool {
	return errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrNotFound)
}
