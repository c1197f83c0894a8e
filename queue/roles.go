package queue

import (
	"slices"
	"time"

	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// noteParallel says that somebody else of a role has answered already.
const noteParallel = "answered-before"

// parallelFor is how long after the first answer another one is taken to be a second one, and
// not the next mail of a conversation.
const parallelFor = 24 * time.Hour

// answeredBefore are the questions to a role that the mail replies to and that somebody else
// of the role has answered: one for each who did.
func (q *Queue) answeredBefore(tx *store.Tx, in *intake) ([]store.ClockedAsk, error) {
	ids := parents(in.facts)
	if len(ids) == 0 || len(q.people.RolesOf(in.author.ID)) == 0 {
		return nil, nil
	}
	list, err := tx.AsksByMID(ids[0])
	return slices.DeleteFunc(list, func(a store.ClockedAsk) bool {
		g, ok := q.people.GroupByID(a.RoleID)
		answered := a.Clock.State == string(threading.Answered) && a.AnswerID != 0 && in.now.Sub(a.Changed) < parallelFor
		return !ok || !g.Has(in.author.ID) || !answered || a.OwnerID == 0 || a.OwnerID == in.author.ID || !q.goesTo(in, a)
	}), err
}

// goesTo reports whether the asker of a question gets the mail.
func (q *Queue) goesTo(in *intake, a store.ClockedAsk) bool {
	for i, r := range in.env.Recipients {
		if p := in.readers[i]; p != nil && p.ID == a.AskerID || p == nil && a.AskerID == 0 && r.Address.Key() == a.Asker {
			return true
		}
	}
	return false
}

// tellAnswered tells the author, who answered in parallel, that somebody was faster.
func (q *Queue) tellAnswered(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient, before []store.ClockedAsk) error {
	if len(before) == 0 || in.confirmed {
		return nil
	}
	a := before[0]
	first, ok := q.people.ByID(a.OwnerID)
	if !ok {
		return nil
	}
	waits := slices.ContainsFunc(rcpts, func(r store.Recipient) bool { return r.State == store.Held && r.Due.After(in.now) })
	l := q.writer().AnsweredBefore(readerOf(in.author), q.about(sub, rcpts), first.FirstName(), clockOf(a.Changed, in.author, in.now), a.Text, waits)
	return q.note(tx, in.author, noteParallel, sub.ID, l, nil, in.now)
}

// clockOf is a moment on somebody's clock: the time of day alone, if it is today.
func clockOf(t time.Time, p *people.Person, now time.Time) string {
	zone := p.Schedule(now).Zone()
	if here := t.In(zone); here.Format(time.DateOnly) == now.In(zone).Format(time.DateOnly) {
		return here.Format("15:04")
	}
	return people.Moment(t, zone, now)
}
