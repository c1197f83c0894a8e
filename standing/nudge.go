package standing

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// Kinds of the notes that say what was told.
const (
	noteStandIn = "overdue-cover"
	noteUrgent  = "overdue-urgent"
	noteBack    = "return-letter"
	noteHanded  = "hand-over"
	noteLeft    = "colleague-left"
)

// toldBack is how long it is remembered what was told of a question.
const toldBack = 400 * 24 * time.Hour

// A toldNote is the detail of a note.
type toldNote struct {
	Asks []int64   `json:"asks,omitempty"`
	Who  int64     `json:"who,omitempty"`
	At   time.Time `json:"at,omitzero"`
}

// nudges are the notes that overdue questions make: to whom, of what.
type nudges struct {
	standIn map[int64][]clocks.Item // by cover
	urgent  map[int64][]clocks.Item // by asker
}

// overdue finds what is overdue and whom that concerns, without what was told.
func (d *Desk) overdue(tx *store.Tx, now time.Time) (n nudges, err error) {
	n = nudges{map[int64][]clocks.Item{}, map[int64][]clocks.Item{}}
	list, err := clocks.Overdue(tx)
	if err != nil || len(list) == 0 {
		return n, err
	}
	told := map[string]bool{}
	look := func(p int64, kind string, i clocks.Item, into map[int64][]clocks.Item) error {
		key := fmt.Sprint(p, kind)
		if !told[key] {
			told[key] = true
			notes, err := tx.NotesSince(p, kind, now.Add(-toldBack))
			if err != nil {
				return err
			}
			for _, note := range notes {
				var t toldNote
				if json.Unmarshal(note.Detail, &t) == nil {
					for _, ask := range t.Asks {
						told[fmt.Sprint(key, " ", ask)] = true
					}
				}
			}
		}
		if !told[fmt.Sprint(key, " ", i.Ask.ID)] {
			into[p] = append(into[p], i)
		}
		return nil
	}
	for _, i := range list {
		if cover := d.clocks.Cover(i, now); cover != nil && cover.ID != i.Ask.AskerID {
			if err := look(cover.ID, noteStandIn, i, n.standIn); err != nil {
				return n, err
			}
		}
		if asker, ok := d.dir.ByID(i.Ask.AskerID); ok && asker.Active && i.Ask.Class == string(threading.Urgent) {
			if err := look(asker.ID, noteUrgent, i, n.urgent); err != nil {
				return n, err
			}
		}
	}
	return n, nil
}

// nudge writes the notes of those who are at work, and returns when somebody else begins
// who has to be told.
func (d *Desk) nudge(tx *store.Tx, now time.Time) (next time.Time, err error) {
	n, err := d.overdue(tx, now)
	if err != nil {
		return next, err
	}
	for _, kind := range []struct {
		of    map[int64][]clocks.Item
		write func(*store.Tx, *people.Person, []clocks.Item, time.Time) error
	}{{n.standIn, d.tellCover}, {n.urgent, d.tellAsker}} {
		for id, list := range kind.of {
			p, ok := d.dir.ByID(id)
			if !ok || !p.Active {
				continue
			}
			if at, ok := whenAt(p, now); !ok {
				continue
			} else if at.After(now) {
				next = earlier(next, at)
				continue
			}
			if err := kind.write(tx, p, list, now); err != nil {
				return next, err
			}
		}
	}
	return next, nil
}

// whenAt is when a letter may appear for a person: now, or when they begin to work.
func whenAt(p *people.Person, now time.Time) (time.Time, bool) {
	s := p.Schedule(now)
	if !s.HasHours() || s.Deliverable(now) {
		return now, true
	}
	return s.NextOpening(now)
}

// earlier is the earlier of two times of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// tellCover: see digest.Writer.StandIn. A cover reads the sentence only of mail that
// came to them.
func (d *Desk) tellCover(tx *store.Tx, p *people.Person, list []clocks.Item, now time.Time) error {
	var qs []digest.Question
	for _, i := range list {
		has, err := tx.HasMessage(p.ID, i.Ask.MID)
		if err != nil {
			return err
		}
		q := d.question(i, p, has, now)
		if !has {
			q.Subject = ""
			q.Remark = "The words are for " + q.Owner.Name + " alone; ask " + firstOf(q.Asker) + " for them."
		}
		qs = append(qs, q)
	}
	return d.tell(tx, p, noteStandIn, d.letters.StandIn(reader(p), qs), toldNote{Asks: idsOf(list)}, now)
}

// tellAsker writes one note for each urgent question.
func (d *Desk) tellAsker(tx *store.Tx, p *people.Person, list []clocks.Item, now time.Time) error {
	for _, i := range list {
		var helpers []*people.Person
		if owner, ok := d.dir.ByID(i.Ask.OwnerID); ok && owner.Active {
			helpers = addPerson(helpers, owner)
		}
		if cover := d.clocks.Cover(i, now); cover != nil {
			helpers = addPerson(helpers, cover)
		}
		if !i.Ask.Private {
			var err error
			if helpers, err = d.others(tx, i.Ask.ThreadID, helpers, p); err != nil {
				return err
			}
		}
		l := d.letters.UrgentLate(reader(p), d.question(i, p, true, now), awake(helpers, p, now))
		if err := d.tell(tx, p, noteUrgent, l, toldNote{Asks: []int64{i.Ask.ID}}, now); err != nil {
			return err
		}
	}
	return nil
}

// question words an ask for a reader.
func (d *Desk) question(i clocks.Item, p *people.Person, may bool, now time.Time) digest.Question {
	q := digest.Question{Asker: d.author(i.Ask.AskerID, i.Ask.AskerName, i.Ask.Asker)}
	if i.Ask.Owner != "" {
		q.Owner = d.author(i.Ask.OwnerID, i.Ask.OwnerName, i.Ask.Owner)
	}
	if !i.Clock.Due.IsZero() && i.Clock.State != threading.Paused {
		q.When = "wanted by " + people.Moment(i.Clock.Due, p.Zone(), now)
	}
	if may {
		q.Text, q.Subject, q.MID = i.Ask.Text, i.Ask.Subject, i.Ask.MID
	}
	return q
}

func firstOf(a digest.Author) string {
	if a.Name != "" {
		return a.Name
	}
	return a.Address
}

func idsOf(list []clocks.Item) []int64 {
	var out []int64
	for _, i := range list {
		out = append(out, i.Ask.ID)
	}
	slices.Sort(out)
	return out
}
