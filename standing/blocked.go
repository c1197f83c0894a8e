package standing

import (
	"slices"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

const (
	maxBlocked = 20 // conversations that are told; the rest is counted
	maxHelpers = 30 // people of a conversation who are asked for their hours
)

// Blocked returns the conversations that a reader is on, or that were sent to blocked@,
// in which an answer is overdue or at risk: the one that waits longest first, and how
// many more there are. What only the reader is asked is left out, unless it was sent to
// blocked@: it stands among the questions to the reader. It belongs in the first digest
// of a day.
func (d *Desk) Blocked(tx *store.Tx, p *people.Person, now time.Time) (lines []digest.BlockedLine, more int, err error) {
	if d == nil {
		return nil, 0, nil
	}
	list, err := clocks.Late(tx, p.ID)
	if err != nil {
		return nil, 0, err
	}
	var order []int64
	of := map[int64][]clocks.Item{}
	for _, i := range list {
		if i.Ask.Private && i.Ask.OwnerID != p.ID && i.Ask.AskerID != p.ID {
			continue
		}
		if of[i.Ask.ThreadID] == nil {
			order = append(order, i.Ask.ThreadID)
		}
		of[i.Ask.ThreadID] = append(of[i.Ask.ThreadID], i)
	}
	order = slices.DeleteFunc(order, func(thread int64) bool {
		return !slices.ContainsFunc(of[thread], func(i clocks.Item) bool { return i.Ask.OwnerID != p.ID })
	})
	for _, thread := range order[:min(len(order), maxBlocked)] {
		l, err := d.blockedLine(tx, p, of[thread], now)
		if err != nil {
			return nil, 0, err
		}
		lines = append(lines, l)
	}
	return lines, max(len(order)-maxBlocked, 0), nil
}

// blockedLine tells of one conversation; list is not empty.
func (d *Desk) blockedLine(tx *store.Tx, p *people.Person, list []clocks.Item, now time.Time) (digest.BlockedLine, error) {
	first := list[0].Ask
	l := digest.BlockedLine{Thread: first.ThreadID, Subject: first.Subject, Since: list[0].Clock.Due}
	var helpers []*people.Person
	for _, i := range list {
		has, err := tx.HasMessage(p.ID, i.Ask.MID)
		if err != nil {
			return l, err
		}
		n := digest.Needed{From: d.author(i.Ask.OwnerID, i.Ask.OwnerName, i.Ask.Owner), To: d.author(i.Ask.AskerID, i.Ask.AskerName, i.Ask.Asker),
			Overdue: i.Clock.State == threading.Overdue}
		if has {
			n.Text = i.Ask.Text
			if l.MID == "" {
				l.MID = i.Ask.MID
			}
		}
		if owner, ok := d.dir.ByID(i.Ask.OwnerID); ok && owner.Active {
			helpers = addPerson(helpers, owner)
		}
		if cover := d.clocks.Cover(i, now); cover != nil {
			n.Cover = cover.Name
			helpers = addPerson(helpers, cover)
		}
		l.Needed = append(l.Needed, n)
	}
	var err error
	if helpers, err = d.others(tx, first.ThreadID, helpers, p); err != nil {
		return l, err
	}
	l.Awake = awake(helpers, p, now)
	return l, nil
}

// others adds the colleagues of a conversation, but for the reader.
func (d *Desk) others(tx *store.Tx, thread int64, list []*people.Person, reader *people.Person) ([]*people.Person, error) {
	parties, err := d.parties(tx, thread)
	if err != nil {
		return nil, err
	}
	for _, a := range parties {
		if a.Outside || len(list) >= maxHelpers {
			continue
		}
		for _, p := range d.dir.All() {
			if p.Address.String() == a.Address {
				list = addPerson(list, p)
			}
		}
	}
	return slices.DeleteFunc(list, func(p *people.Person) bool { return p.ID == reader.ID }), nil
}

func addPerson(list []*people.Person, p *people.Person) []*people.Person {
	if slices.ContainsFunc(list, func(q *people.Person) bool { return q.ID == p.ID }) {
		return list
	}
	return append(list, p)
}
