package inbox

import (
	"slices"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
)

const (
	changeDays = 3        // how long before clocks change a digest says so
	officeTime = 9*60 + 0 // the time of day that is the example, in minutes
	maxOthers  = 50       // colleagues of a digest whose zones are looked at
)

// clockChanges tells of clocks that change in the next days: p's own, and those of the
// colleagues whom the digest names, if the distance between them and p changes.
func (b *Inbox) clockChanges(p *people.Person, c digest.Content, now time.Time) []digest.ClockChange {
	var out []digest.ClockChange
	if ch, ok := p.Schedule(now).NextChange(now, changeDays); ok {
		out = append(out, digest.ClockChange{Day: scheduler.DateOf(ch.At.In(p.Zone())), Forward: ch.Forward()})
	}
	var seen []string
	for _, other := range b.colleaguesIn(c) {
		zone := other.ZoneName(now)
		if slices.Contains(seen, zone) || zone == p.ZoneName(now) {
			continue
		}
		seen = append(seen, zone)
		ch, ok := other.Schedule(now).NextChange(now, changeDays)
		if !ok {
			continue
		}
		next := digest.ClockChange{Cities: []string{people.City(zone)}, Day: scheduler.DateOf(ch.At.In(other.Zone())), Forward: ch.Forward()}
		next.There, next.Before, next.After = example(next.Day, other.Zone(), p.Zone())
		if next.Before != next.After {
			out = addChange(out, next)
		}
	}
	return out
}

// addChange puts places where the same happens into one line.
func addChange(list []digest.ClockChange, next digest.ClockChange) []digest.ClockChange {
	for i, have := range list {
		if len(have.Cities) > 0 && have.Day == next.Day && have.Forward == next.Forward && have.Before == next.Before && have.After == next.After {
			list[i].Cities = append(list[i].Cities, next.Cities...)
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
