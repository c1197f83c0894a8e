package queue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

// A reply to all on top of too many others waits for its readers' next delivery, and its
// author is told who truly needs it (PRODUCT, trap 28). Nothing else is done to it: it
// lies in Scheduled, and every way of sending it now is open.

// A storm is what a reply to all comes on top of.
type storm struct {
	replies int      // within the hour, with this one
	people  int      // whom it goes to
	needs   []string // who truly needs it: names
}

// stormAgain is how many more replies pass while a question in the thread is open to
// whoever answers: then the answers are what was asked for.
const stormAgain = 2

// recallStorm counts the replies to all of the thread. An answer by the owner of an open
// question is never part of a storm.
func (q *Queue) recallStorm(tx *store.Tx, in *intake, input *policies.Input, list []store.Message) error {
	many := q.stormPeople()
	asks, err := tx.AsksOfThread(in.thread, true, maxStormAsks)
	if err != nil {
		return err
	}
	limit := policies.StormReplies
	s := storm{replies: 1, people: q.toAll(in)}
	for _, a := range asks {
		if !a.Ask.Open {
			continue
		}
		if a.OwnerID == in.author.ID || a.OwnerID == 0 && in.author.HasAddress(addressOf(a.Owner)) {
			return nil
		}
		limit = policies.StormReplies * stormAgain
		s.need(q.askerName(a.Ask), in.author)
	}
	for _, m := range list {
		f := mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{})
		if slices.Contains(in.facts.InReplyTo, m.MID) && len(f.From) > 0 {
			s.need(q.firstNameOf(f.From[0]), in.author)
		}
		if !f.IsReply || in.now.Sub(m.Created) > policies.StormWindow {
			continue
		}
		if toAll(q.people.AsRead(f)) >= many {
			s.replies++
		}
	}
	input.StormReplies, input.StormLimit = s.replies, limit
	if s.replies >= limit {
		in.storm = &s
	}
	return nil
}

// stormPeople is to how many people a reply counts for a storm.
func (q *Queue) stormPeople() int {
	team := 0
	for _, p := range q.people.All() {
		if p.Active {
			team++
		}
	}
	return policies.StormPeople(team)
}

// maybeStorm reports whether the mail is a reply to as many people as a storm needs.
func (q *Queue) maybeStorm(in *intake) bool {
	return in.facts.IsReply && !in.again && q.toAll(in) >= q.stormPeople()
}

// maxStormAsks bounds the open questions of a thread that are looked at.
const maxStormAsks = 50

func (s *storm) need(name string, author *people.Person) {
	if name != "" && name != author.FirstName() && !slices.Contains(s.needs, name) && len(s.needs) < 3 {
		s.needs = append(s.needs, name)
	}
}

// toAll counts the people a mail names.
func toAll(f mail.Facts) int { return len(f.To) + len(f.Cc) }

// toAll counts the people a mail goes to: a group is its members.
func (q *Queue) toAll(in *intake) int {
	return max(len(in.env.Recipients), toAll(q.people.AsRead(in.facts)))
}

func (q *Queue) askerName(a store.Ask) string {
	if p, ok := q.people.ByID(a.AskerID); ok {
		return p.FirstName()
	}
	return a.AskerName
}

func (q *Queue) firstNameOf(m mail.Mailbox) string {
	if p, _, ok := q.people.ByAddress(m.Address); ok {
		return p.FirstName()
	}
	if m.Name != "" {
		return m.Name
	}
	return m.Address.String()
}

// stormMode says what is done about storms of an author: the same switch as that of the
// advice, which speaks where nothing is held.
func (q *Queue) stormMode(author *people.Person) policies.Mode {
	quiet, _ := q.quiet.get()
	return q.policyModes(author, people.On, quiet)[policies.Storm]
}

// inStorm reports whether the hold of colleagues is that of a storm.
func (q *Queue) inStorm(in *intake) bool {
	return in.storm != nil && q.stormMode(in.author) == policies.On
}

// batch is when a reader's next delivery opens; for who has none an hour passes.
func (q *Queue) batch(p Plan, reader *people.Person, hold time.Duration, now time.Time) scheduler.Moment {
	s := reader.Schedule(now)
	if _, away := q.inbox.FiledAway(reader, now); away || !s.HasHours() {
		return q.opens(reader, hold, now)
	}
	if q.inbox.Batches(reader) && s.HasTides() {
		m := s.Tide(now, hold)
		m.Reason = whyStorm
		return m
	}
	m := q.opens(reader, hold, later(now, p.From.Add(policies.StormWindow)))
	m.Reason = whyStorm
	return m
}

// dropStormAdvice takes out the advice where the hold says the same.
func (in *intake) dropStormAdvice() {
	if slices.ContainsFunc(in.plans, func(p Plan) bool { return p.Rule == RuleBatch }) {
		in.found = slices.DeleteFunc(in.found, func(f policies.Finding) bool { return f.Reason == policies.ReasonStorm })
	}
}

// tellStorm tells the author of a reply that waits in a storm: who needs it, until when it
// waits, how to send it now.
func (q *Queue) tellStorm(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient) (told bool, err error) {
	var held []store.Recipient
	for i, r := range rcpts {
		if i < len(in.plans) && in.plans[i].Rule == RuleBatch && r.State == store.Held && r.Due.After(in.now.Add(q.o.Undo)) {
			held = append(held, r)
		}
	}
	if in.storm == nil || len(held) == 0 {
		return false, nil
	}
	first := slices.MinFunc(held, func(a, b store.Recipient) int { return a.Due.Compare(b.Due) })
	l := q.writer().Storm(readerOf(in.author), q.about(sub, held), digest.Storm{
		Replies: in.storm.replies, People: in.storm.people, Needs: in.storm.needs, When: q.when(first.Due, in.author, first, in.now)})
	return true, q.note(tx, in.author, noteStorm, sub.ID, l, nil, in.now)
}

// leaveStorm sends what waits in a storm, at the word of its author.
func (q *Queue) leaveStorm(tx *store.Tx, in *intake, a *ask) (string, error) {
	rcpts, err := q.held(tx, a.sub.ID)
	if err != nil {
		if errors.Is(err, ErrLeft) {
			return "It has left already.", nil
		}
		return "", err
	}
	if err := q.retime(tx, a.sub, rcpts, Plan{From: in.now, Why: whyFolder, Rule: RuleNow}, in.now); err != nil {
		return "", err
	}
	return fmt.Sprintf("On its way: %s → %s.", a.sub.Subject, strings.Join(q.about(a.sub, rcpts).To, ", ")), nil
}
