package queue

import (
	"fmt"
	"slices"
	"strings"

	"tidepost/commands"
	"tidepost/people"
	"tidepost/scheduler"
)

func (d *doing) away(c commands.Command) error {
	p := d.profile
	if c.Off {
		return d.notAway(c)
	}
	who := ""
	if c.Who != "" {
		m := d.one(c, true)
		if m == nil { // An absence without its cover is not what was asked for, but the dates are sure.
			who = ""
		} else {
			p.Cover, who = m.address, m.person.FirstName()
			d.changes(people.FieldCover)
		}
	}
	same := slices.ContainsFunc(p.Calendar.Leave, func(l scheduler.Leave) bool { return l.First == c.First && l.Last == c.Last })
	p.Calendar.Leave = append(people.CutLeave(p.Calendar.Leave, c.First, c.Last), scheduler.Leave{First: c.First, Last: c.Last})
	d.changes(people.FieldLeave)
	s := "You are away " + d.days(c.First, c.Last) + d.backAtWork(c.Last) + "."
	if same {
		s = "That is so already: you are away " + d.days(c.First, c.Last) + "."
	}
	switch {
	case who != "":
		s += " " + who + " stands in for you."
	case p.Cover == "":
		s += " Nobody stands in for you; *cover NAME* names somebody."
	default:
		s += " " + d.nameOfAddress(p.Cover) + " stands in for you, as before; *no cover* ends that."
	}
	s += " What comes meanwhile waits in `While away`, and the clocks of questions to you stand still."
	if rest := len(p.Calendar.Leave); rest > 1 {
		s += " All your absences: " + d.leaves() + "."
	}
	d.say(s)
	return nil
}

// backAtWork says when work begins again after an absence.
func (d *doing) backAtWork(last scheduler.Date) string {
	s, err := scheduler.Compile(d.profile.Calendar)
	if err != nil {
		return ""
	}
	end := scheduler.Wall{Date: last.AddDays(1)}.Instant(d.zone()).At
	at, ok := s.NextOpening(end)
	if !ok {
		return ""
	}
	return ", and back " + people.Day(at, d.zone(), d.in.now)
}

func (d *doing) leaves() string {
	var out []string
	for _, l := range d.profile.Calendar.Leave {
		if l.First.IsZero() {
			if l.To.After(d.in.now) {
				out = append(out, people.Moment(l.From, d.zone(), d.in.now)+" to "+people.Moment(l.To, d.zone(), d.in.now))
			}
		} else if !l.Last.Before(d.today()) {
			out = append(out, strings.TrimPrefix(strings.TrimPrefix(d.days(l.First, l.Last), "from "), "on "))
		}
	}
	return strings.Join(out, "; ")
}

func (d *doing) nameOfAddress(address string) string {
	if p, _, ok := d.q.people.ByAddress(addressOf(address)); ok {
		return p.FirstName()
	}
	return address
}

// notAway ends the absence that is, or takes one back that is to come.
func (d *doing) notAway(c commands.Command) error {
	p := d.profile
	today := d.today()
	first, last := c.First, c.Last
	if first.IsZero() {
		var now, later []scheduler.Leave
		for _, l := range p.Calendar.Leave {
			f, t := l.First, l.Last
			if f.IsZero() {
				f, t = scheduler.DateOf(l.From.In(d.zone())), scheduler.DateOf(l.To.In(d.zone()))
			}
			switch {
			case t.Before(today):
			case !today.Before(f):
				now = append(now, scheduler.Leave{First: today, Last: t})
			default:
				later = append(later, scheduler.Leave{First: f, Last: t})
			}
		}
		switch {
		case len(now) > 0:
			first, last = now[0].First, now[0].Last
		case len(later) == 0:
			d.say("You are not away, and have no absence to come. Nothing was changed.")
			return nil
		case len(later) > 1 || strings.Contains(strings.ToLower(c.Text), "back"):
			d.back = append(d.back, fmt.Sprintf("You are not away now. To come: %s. To take one back, write its dates, as in *cancel my leave %s*.", d.leaves(), plainDays(later[0].First, later[0].Last)))
			return nil
		default:
			first, last = later[0].First, later[0].Last
		}
	}
	before := len(d.leaves())
	p.Calendar.Leave = people.CutLeave(p.Calendar.Leave, first, last)
	d.changes(people.FieldLeave)
	if len(d.leaves()) == before && before == 0 {
		d.say("You had no absence " + d.days(first, last) + ". Nothing was changed.")
		return nil
	}
	d.say("You are not away any more " + d.days(first, last) + ". Mail and clocks go their usual way from now on.")
	return nil
}

// plainDays writes dates as a command takes them.
func plainDays(first, last scheduler.Date) string {
	if first == last {
		return first.String()
	}
	return first.String() + ".." + last.String()
}

func (d *doing) cover(c commands.Command) error {
	if c.Off {
		d.profile.Cover = ""
		d.changes(people.FieldCover)
		d.say("Nobody stands in for you any more.")
		return nil
	}
	m := d.one(c, true)
	if m == nil {
		return nil
	}
	d.profile.Cover = m.address
	d.changes(people.FieldCover)
	d.say(fmt.Sprintf("%s stands in for you when you are away, from now on. *no cover* ends that.", m.person.FirstName()))
	return nil
}

func (d *doing) stay(c commands.Command) error {
	p := d.profile
	home := people.City(p.Calendar.Zone)
	today := d.today()
	if c.Off {
		var open []scheduler.Stay
		for _, s := range p.Calendar.Stays {
			if !s.Last.Before(today) {
				open = append(open, s)
			}
		}
		if len(open) == 0 {
			d.say("You are on the clock of " + home + " already, and no stay elsewhere is planned. Nothing was changed.")
			return nil
		}
		if today.Before(open[0].First) && len(open) > 1 {
			d.back = append(d.back, "Several stays are planned: "+d.stays()+". Say which days you are at home, as in *in "+home+" "+plainDays(open[0].First, open[0].Last)+"*.")
			return nil
		}
		from := open[0].First
		if from.Before(today) {
			from = today
		}
		p.Calendar.Stays = scheduler.WithoutDates(p.Calendar.Stays, from, open[0].Last)
		d.changes(people.FieldStays)
		d.say("Your clock is that of " + home + " again, from " + d.day(from) + " on.")
		return nil
	}
	d.changes(people.FieldStays)
	if c.Zone == p.Calendar.Zone {
		p.Calendar.Stays = scheduler.WithoutDates(p.Calendar.Stays, c.First, c.Last)
		d.say("You are at home in " + home + " " + d.days(c.First, c.Last) + ".")
		return nil
	}
	p.Calendar.Stays = scheduler.WithStay(p.Calendar.Stays, scheduler.Stay{Zone: c.Zone, First: c.First, Last: c.Last})
	if err := p.Validate(); err != nil {
		return err
	}
	city := people.City(c.Zone)
	s := fmt.Sprintf("Your clock is that of %s %s, and that of %s again afterwards, by itself. Your hours, deliveries and due times follow: ", city, d.days(c.First, c.Last), home)
	noon := scheduler.Wall{Date: c.First, Hour: 9}
	zone, err := scheduler.LoadZone(c.Zone)
	if err != nil {
		return err
	}
	own, err := scheduler.LoadZone(p.Calendar.Zone)
	if err != nil {
		return err
	}
	at := noon.Instant(zone).At
	s += fmt.Sprintf("09:00 is then %s %s (%s %s).", at.In(zone).Format("15:04"), city, at.In(own).Format("15:04"), home)
	d.say(s)
	return nil
}

func (d *doing) stays() string {
	var out []string
	for _, s := range d.profile.Calendar.Stays {
		if !s.Last.Before(d.today()) {
			out = append(out, people.City(s.Zone)+" "+d.days(s.First, s.Last))
		}
	}
	return strings.Join(out, "; ")
}
