package queue

import (
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/people"
	"tidepost/store"
)

// maxAwake bounds how many colleagues a cost note names.
const maxAwake = 5

// countUrgent writes the use into the budget and tells the author what it costs.
// Past the budget it goes all the same, and is counted.
func (q *Queue) countUrgent(tx *store.Tx, in *intake, sub store.Submission, rcpts []store.Recipient) error {
	source := in.urgentSource()
	if source == "" {
		return nil
	}
	if err := tx.AddUrgentUse(in.author.ID, sub.ID, string(source), in.now); err != nil {
		return err
	}
	budget := q.budget(in.author)
	used, err := tx.UrgentUses(in.author.ID, "", monthStart(in.now, in.author.Zone()))
	if err != nil {
		return err
	}
	err = tx.AddEvent(store.Event{At: in.now, Kind: evUrgent, SubmissionID: sub.ID, PersonID: in.author.ID,
		Detail: detail{"source": source, "used": used, "budget": budget}})
	if err != nil {
		return err
	}
	cost := digest.Urgent{Budget: budget, Used: used}
	asked := map[int64]bool{in.author.ID: true}
	for i, r := range in.readers {
		if r == nil || in.verdicts[i].Urgent == "" {
			continue
		}
		asked[r.ID] = true
		cost.Reached = append(cost.Reached, reached(r, in.now))
	}
	cost.Awake = q.awake(asked, in.now)
	about := q.about(sub, rcpts)
	return q.note(tx, in.author, noteUrgent, sub.ID, q.writer().Urgent(readerOf(in.author), about, cost), nil, in.now)
}

func (q *Queue) budget(p *people.Person) int {
	if p.Profile.UrgentBudget != nil {
		return *p.Profile.UrgentBudget
	}
	return q.o.Budget
}

// monthStart is when the month of now began on the author's clock.
func monthStart(now time.Time, zone *time.Location) time.Time {
	y, m, _ := now.In(zone).Date()
	return time.Date(y, m, 1, 0, 0, 0, 0, zone)
}

func reached(p *people.Person, now time.Time) digest.Reached {
	return digest.Reached{Name: p.FirstName(), Clock: now.In(p.Zone()).Format("15:04"), City: people.CityAt(p.Zone(), now),
		Phone: p.Profile.Phone, Asleep: !p.Schedule(now).Working(now)}
}

// awake lists colleagues at work now who were not asked.
func (q *Queue) awake(asked map[int64]bool, now time.Time) []digest.Awake {
	var out []digest.Awake
	for _, p := range q.people.All() {
		if len(out) == maxAwake {
			break
		}
		if asked[p.ID] || !p.Schedule(now).Working(now) {
			continue
		}
		out = append(out, digest.Awake{Name: p.FirstName(), City: people.CityAt(p.Zone(), now),
			Clock: now.In(p.Zone()).Format("15:04"), Word: q.word(p)})
	}
	return out
}

// word is the answer that names a colleague: the first name if only one person has
// it, else the whole address.
func (q *Queue) word(p *people.Person) string {
	name := strings.ToLower(p.FirstName())
	for _, other := range q.people.All() {
		if other.ID != p.ID && strings.EqualFold(other.FirstName(), name) {
			return p.Address.String()
		}
	}
	return name
}

// colleague finds whom a word names; nil if nobody, or more than one.
func (q *Queue) colleague(word string) *people.Person {
	var found *people.Person
	for _, p := range q.people.All() {
		if strings.EqualFold(p.FirstName(), word) || strings.EqualFold(p.Address.String(), word) || strings.EqualFold(p.Address.Local, word) {
			if found != nil {
				return nil
			}
			found = p
		}
	}
	return found
}
