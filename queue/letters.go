package queue

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

// The kinds of letters that may be answered with a word.
const (
	noteHold      = "hold"
	noteChosen    = "chosen"
	noteStuck     = "stuck"
	noteRepeat    = "repeat"
	noteUrgent    = "urgent"
	noteCancelled = "cancelled"
	noteTooLate   = "too-late"
	noteRefused   = "refused"
	noteAnswer    = "answer"
	noteStorm     = "storm"
	noteAdvice    = "advice"
	noteReplaced  = "replaced"
	noteSilenced  = "silenced"
	noteStopped   = "stopped"
	noteDevice    = "device"
)

const (
	// firstHolds is how many of a person's holds are explained.
	firstHolds = 3
	// maxNamed bounds how many recipients a note names.
	maxNamed = 10
)

// note files a letter of Tidepost's in a person's INBOX, to be answered with a word.
func (q *Queue) note(tx *store.Tx, to *people.Person, kind string, sub int64, l mail.Letter, d any, now time.Time) error {
	_, mid, err := q.inbox.Put(tx, to, store.KindInbox, l, now)
	if err != nil {
		return fmt.Errorf("note %s: %w", kind, err)
	}
	return q.addNote(tx, to, kind, sub, mid, d, now)
}

// addNote remembers a letter that may be answered.
func (q *Queue) addNote(tx *store.Tx, to *people.Person, kind string, sub int64, mid string, d any, now time.Time) (err error) {
	n := store.Note{MID: mid, PersonID: to.ID, Kind: kind, SubmissionID: sub, Created: now}
	if d != nil {
		if n.Detail, err = json.Marshal(d); err != nil {
			return fmt.Errorf("note %s: %w", kind, err)
		}
	}
	return tx.AddNote(n)
}

func (q *Queue) writer() digest.Writer { return digest.Writer{Domain: q.o.mainDomain()} }

func readerOf(p *people.Person) digest.Reader {
	return digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}
}

// about is what a note says of the mail it is about.
func (q *Queue) about(s store.Submission, rcpts []store.Recipient) digest.About {
	a := digest.About{Subject: s.Subject, MID: s.MID}
	for i, r := range rcpts {
		if i == maxNamed {
			a.To = append(a.To, fmt.Sprintf("%d more", len(rcpts)-i))
			break
		}
		a.To = append(a.To, q.nameOf(r))
	}
	return a
}

// nameOf is how a recipient is called: the first name of a colleague, else the
// address.
func (q *Queue) nameOf(r store.Recipient) string {
	if p, ok := q.people.ByID(r.PersonID); ok {
		return p.FirstName()
	}
	return r.Address
}

// when is how an instant reads to the author, and on the reader's clock.
func (q *Queue) when(t time.Time, author *people.Person, r store.Recipient, now time.Time) string {
	zone := author.Schedule(now).Zone() // Person.Zone reads the zone data.
	if p, ok := q.people.ByID(r.PersonID); ok {
		return people.Both(t, p.Schedule(now).Zone(), zone, now)
	}
	return people.Moment(t, zone, now)
}

// lefts lists recipients with the moment at(r).
func (q *Queue) lefts(author *people.Person, rcpts []store.Recipient, now time.Time, at func(store.Recipient) time.Time) []digest.Left {
	var out []digest.Left
	for _, r := range rcpts[:min(len(rcpts), maxNamed)] {
		out = append(out, digest.Left{Name: q.nameOf(r), When: q.when(at(r), author, r, now)})
	}
	return out
}

func releasedAt(r store.Recipient) time.Time { return r.Released }
func dueAt(r store.Recipient) time.Time      { return r.Due }

// tellAccepted writes the notes that a new message asks for.
func (q *Queue) tellAccepted(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient) error {
	if in.failed {
		err := tx.AddEvent(store.Event{At: in.now, Kind: evStale, SubmissionID: sub.ID, PersonID: in.author.ID})
		if err != nil {
			return err
		}
		return q.note(tx, in.author, noteStuck, sub.ID, q.writer().Stuck(readerOf(in.author), q.about(sub, rcpts)), nil, in.now)
	}
	if err := q.tellUnread(tx, in, sub); err != nil {
		return err
	}
	if err := q.tellChosen(tx, in, sub, rcpts); err != nil {
		return err
	}
	if err := q.countUrgent(tx, in, sub, rcpts); err != nil {
		return err
	}
	if err := q.tellAway(tx, in, sub); err != nil {
		return err
	}
	if err := q.inbox.Answered(tx, in.author.ID, parents(in.facts), in.now); err != nil {
		return err
	}
	if err := q.tellCoached(tx, in, sub, rcpts); err != nil || in.back.advises() || in.confirmed {
		return err
	}
	if told, err := q.tellStorm(tx, in, sub, rcpts); told || err != nil {
		return err
	}
	return q.tellFirstHold(tx, in, sub, rcpts)
}

// tellAway tells the author now which readers are on leave: at the release it would
// be old news. Machines are not told (RFC 3834 §2).
func (q *Queue) tellAway(tx *store.Tx, in *intake, sub store.Submission) error {
	if f := in.facts; f.IsAuto || f.IsBulk || f.IsList || f.IsBounce {
		return nil
	}
	about := digest.About{Subject: sub.Subject, MID: sub.MID}
	for _, reader := range in.readers {
		if reader == nil {
			continue
		}
		if err := q.inbox.TellAway(tx, reader, in.author, about, in.now); err != nil {
			return err
		}
	}
	return nil
}

// tellUnread says that a tag looked like a time but was none: the mail waits for
// nothing, and its author must know while it can still be taken back.
func (q *Queue) tellUnread(tx *store.Tx, in *intake, sub store.Submission) error {
	for _, f := range in.found {
		if f.Reason != policies.ReasonTagUnread || f.Recipient != policies.Everybody {
			continue
		}
		text := "[" + f.Text + "] names no time that could be read, so it stayed in the subject and nothing waits for it. " +
			"Write for example [send Fri 9am], [send tomorrow] or [send in 2h]."
		return q.note(tx, in.author, noteAnswer, sub.ID, q.plain(in.author, "Not a time: "+sub.Subject, text, sub.MID), nil, in.now)
	}
	return nil
}

// tellChosen confirms an explicit time that the clocks do not show, or show twice.
func (q *Queue) tellChosen(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient) error {
	for i, p := range in.plans {
		if !p.Gap && !p.Overlap || p.Wall == nil {
			continue
		}
		zone := zoneOf(p.Zone)
		w := p.Wall
		asked := fmt.Sprintf("%s %02d:%02d", w.Date.Weekday().String()[:3], w.Hour, w.Minute)
		c := digest.Chosen{Asked: asked, When: people.Both(rcpts[i].Due, zone, q.readerZone(rcpts[i], zone), in.now), Gap: p.Gap}
		return q.note(tx, in.author, noteChosen, sub.ID, q.writer().Chosen(readerOf(in.author), q.about(sub, rcpts), c), nil, in.now)
	}
	return nil
}

func (q *Queue) readerZone(r store.Recipient, otherwise *time.Location) *time.Location {
	if p, ok := q.people.ByID(r.PersonID); ok {
		return p.Zone()
	}
	return otherwise
}

// tellFirstHold explains a person's first three holds.
func (q *Queue) tellFirstHold(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient) error {
	held := q.byPolicy(in, rcpts)
	if len(held) == 0 {
		return nil
	}
	key := "holds_told." + strconv.FormatInt(in.author.ID, 10)
	s, err := tx.Meta(key)
	if err != nil {
		return err
	}
	told, _ := strconv.Atoi(s) // Nothing written yet is none.
	if told >= firstHolds {
		tx.AfterCommit(func() { q.explained.add(in.author.ID) })
		return nil
	}
	if err := tx.SetMeta(key, strconv.Itoa(told+1)); err != nil {
		return err
	}
	l := q.writer().FirstHold(readerOf(in.author), q.about(sub, held), q.lefts(in.author, held, in.now, dueAt))
	return q.note(tx, in.author, noteHold, sub.ID, l, nil, in.now)
}

// tellRepeat says that delivered mail was not sent again.
func (q *Queue) tellRepeat(tx *store.Tx, author *people.Person, sub store.Submission, gone []store.Recipient, now time.Time) error {
	ids := make([]int64, len(gone))
	for i, r := range gone {
		ids[i] = r.ID
	}
	l := q.writer().Repeat(readerOf(author), q.about(sub, gone), q.lefts(author, gone, now, releasedAt))
	return q.note(tx, author, noteRepeat, sub.ID, l, noteDetail{Recipients: ids}, now)
}

// tellCancelled confirms that mail was taken back.
func (q *Queue) tellCancelled(tx *store.Tx, author *people.Person, sub store.Submission, cancelled, left []store.Recipient, now time.Time) error {
	about := q.about(sub, cancelled)
	moved, err := tx.Meta(unsentKey(sub))
	if err != nil {
		return err
	}
	about.Unsent = moved != ""
	l := q.writer().Cancelled(readerOf(author), about, q.lefts(author, left, now, releasedAt))
	return q.note(tx, author, noteCancelled, sub.ID, l, nil, now)
}

// tellTooLate says that what should be changed has left.
func (q *Queue) tellTooLate(tx *store.Tx, author *people.Person, sub store.Submission, left []store.Recipient, now time.Time) error {
	l := q.writer().TooLate(readerOf(author), q.about(sub, left), q.lefts(author, left, now, releasedAt))
	return q.note(tx, author, noteTooLate, sub.ID, l, nil, now)
}

// plain is a short letter without a form of its own.
func (q *Queue) plain(to *people.Person, subject, text, about string) mail.Letter {
	l := mail.Letter{
		From:    q.writer().From(),
		To:      []mail.Mailbox{{Name: to.Name, Address: to.Address}},
		Subject: subject,
		Extra: []mail.Extra{
			{Name: "Auto-Submitted", Value: "auto-replied", Raw: true}, // RFC 3834 §5
			{Name: "X-Auto-Response-Suppress", Value: "All", Raw: true},
			{Name: digest.LoopField, Value: q.o.mainDomain(), Raw: true},
		},
		Text: text + "\n",
	}
	if about != "" {
		l.InReplyTo, l.References = about, []string{about}
	}
	return l
}

// told fills in what the calendar answered.
func (p Plan) told(m scheduler.Moment) Plan {
	p.Capped = m.Capped
	if p.Why == "" || m.Reason == whyCoach {
		p.Why = string(m.Reason)
	}
	return p
}

// noteDetail is what a note remembers to be answered.
type noteDetail struct {
	Recipients []int64 `json:"recipients,omitempty"`
}
