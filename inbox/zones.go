package inbox

import (
	"slices"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

const (
	changeDays  = 10       // how long before clocks change a digest says so: over a weekend and holidays
	officeTime  = 9*60 + 0 // the time of day that is the example, in minutes
	maxOthers   = 50       // colleagues of a digest whose zones are looked at
	maxChanges  = 5        // lines about places
	smallTeam   = 12       // people who all work with each other
	workedSince = 30 * 24 * time.Hour
)

// clockChanges tells of clocks that change before the reader's next working day: p's own,
// and those of the colleagues p works with, if the distance between them and p changes. So
// it is told once, in the first digest of the last working day before; there is one then.
func (b *Inbox) clockChanges(tx *store.Tx, p *people.Person, c digest.Content, now time.Time) ([]digest.ClockChange, error) {
	s := p.Schedule(now)
	soon := func(ch scheduler.ZoneChange, ok bool) bool { return ok && !b.nextDay(s, now).Before(ch.At) }
	var out []digest.ClockChange
	if ch, ok := s.NextChange(now, changeDays); soon(ch, ok) {
		out = append(out, digest.ClockChange{Day: scheduler.DateOf(ch.At.In(p.Zone())), Forward: ch.Forward()})
	}
	own := len(out)
	seen := []string{p.Zone().String()}
	others, err := b.worksWith(tx, p, c, now)
	if err != nil {
		return nil, err
	}
	for _, other := range others {
		zone := other.Zone().String()
		if slices.Contains(seen, zone) {
			continue
		}
		seen = append(seen, zone)
		ch, ok := other.Schedule(now).NextChange(now, changeDays)
		if !soon(ch, ok) {
			continue
		}
		next := digest.ClockChange{Cities: []string{people.City(zone)}, Day: scheduler.DateOf(ch.At.In(other.Zone())), Forward: ch.Forward()}
		next.There, next.Before, next.After = example(next.Day, other.Zone(), p.Zone())
		if next.Before != next.After {
			out = addChange(out, next)
		}
	}
	return out[:min(len(out), own+maxChanges)], nil
}

// nextDay is when the reader's next working day begins, leave and holidays left out.
func (b *Inbox) nextDay(s *scheduler.Schedule, now time.Time) time.Time {
	tomorrow := scheduler.Wall{Date: scheduler.DateOf(now.In(s.Zone())).AddDays(1)}.Instant(s.Zone()).At
	if at, ok := s.NextOpening(tomorrow); ok {
		return at
	}
	return tomorrow
}

// worksWith are the colleagues of p who may matter, those first whom the digest names: in
// a small team everybody, else with whom p has exchanged mail within a month.
func (b *Inbox) worksWith(tx *store.Tx, p *people.Person, c digest.Content, now time.Time) ([]*people.Person, error) {
	out := b.colleaguesIn(c)
	var team []*people.Person
	for _, other := range b.dir.All() {
		if other.Active && other.ID != p.ID {
			team = append(team, other)
		}
	}
	if len(team) < smallTeam {
		return append(out, team...), nil
	}
	ids, err := tx.Correspondents(p.ID, now.Add(-workedSince))
	if err != nil {
		return nil, err
	}
	for _, other := range team {
		if slices.Contains(ids, other.ID) {
			out = append(out, other)
		}
	}
	return out, nil
}

// addChange puts places where the same happens into one line.
func addChange(list []digest.ClockChange, next digest.ClockChange) []digest.ClockChange {
	for i, have := range list {
		if len(have.Cities) > 0 && have.Day == next.Day && have.Forward == next.Forward && have.Before == next.Before && have.After == next.After {
			for _, c := range next.Cities { // A traveller's clock is one of its own with the same name.
				if !slices.Contains(have.Cities, c) {
					list[i].Cities = append(list[i].Cities, c)
				}
			}
			return list
		}
	}
	return append(list, next)
}

// example is a time of day there, and what clocks here show then on the day before and
// on the day after the change.
func example(day scheduler.Date, there, here *time.Location) (at, before, after string) {
	show := func(d scheduler.Date) (string, string) {
		t := time.Date(d.Year, d.Month, d.Day, 0, officeTime, 0, 0, there)
		return t.Format("15:04"), t.In(here).Format("15:04")
	}
	at, before = show(day.AddDays(-1))
	_, after = show(day.AddDays(1))
	return at, before, after
}

// colleaguesIn are the people whom a digest names.
func (b *Inbox) colleaguesIn(c digest.Content) []*people.Person {
	var out []*people.Person
	add := func(a digest.Author) {
		address, err := mail.ParsePath(a.Address, true)
		if err != nil || len(out) >= maxOthers {
			return
		}
		if p, _, ok := b.dir.ByAddress(address); ok && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	for _, a := range c.Asks {
		add(a.Asker)
	}
	for _, m := range c.Mine {
		add(m.Owner)
	}
	for _, e := range c.Entries {
		for _, a := range e.Authors {
			add(a)
		}
	}
	return out
}
