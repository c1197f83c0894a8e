package people

import (
	"slices"
	"sync/atomic"
	"time"

	"tidepost/mail"
	"tidepost/scheduler"
	"tidepost/store"
)

// Who may write to a group or a role.
type Senders string

// The senders there are.
const (
	FromTeam      Senders = "team"      // whoever has a login
	FromMembers   Senders = "members"   // those who get it
	FromEverybody Senders = "everybody" // people outside too
)

// A Group is an address of the team behind which there are several, as of one version of
// the directory: a group, or a role such as support@. Its fields must not be changed.
type Group struct {
	ID         int64
	Address    mail.Address // lower-case
	Aliases    []mail.Address
	Name       string
	Role       bool // members may send as it, and one of them answers
	Senders    Senders
	Owner      *Person       // who hears of mail that did not reach a member outside; nil: nobody
	Rota       Rota          // who is on duty; of a role
	FirstReply time.Duration // how long a first reply may take; 0: as configured
	Created    time.Time

	// People are the active members in order, each once, those of groups within too.
	People []*Person
	// Outside are the members elsewhere, each once.
	Outside []mail.Address
	// Inner are the addresses of the groups that are members themselves.
	Inner []mail.Address

	row   store.Shared
	zone  *time.Location
	hours atomic.Pointer[groupHours]
}

// Empty reports whether mail to the group would reach nobody.
func (g *Group) Empty() bool { return len(g.People)+len(g.Outside) == 0 }

// Has reports whether somebody is behind the address.
func (g *Group) Has(person int64) bool {
	return slices.ContainsFunc(g.People, func(p *Person) bool { return p.ID == person })
}

// Kind is what the address is called: "group" or "role".
func (g *Group) Kind() string {
	if g.Role {
		return "role"
	}
	return "group"
}

// Title is the name of the group, or its address.
func (g *Group) Title() string {
	if g.Name != "" {
		return g.Name
	}
	return g.Address.String()
}

// MayWrite reports whether mail to the group is taken of a colleague; nil is anybody
// outside.
func (g *Group) MayWrite(p *Person) bool {
	switch {
	case g.Senders == FromEverybody:
		return true
	case p == nil:
		return false
	case g.Senders == FromMembers:
		return g.Has(p.ID)
	}
	return true
}

// Refusal is what somebody hears who may not write to the group.
func (g *Group) Refusal() string {
	if g.Senders == FromMembers {
		return "Only its members may write to " + g.Address.String()
	}
	return "Only people of the team may write to " + g.Address.String()
}

// Reached are the addresses to which mail of an author goes: not the author's own, unless
// nobody else is there. nil is anybody outside.
func (g *Group) Reached(author *Person) []mail.Address {
	var out []mail.Address
	for _, p := range g.People {
		if author == nil || p.ID != author.ID {
			out = append(out, p.Address)
		}
	}
	out = append(out, g.Outside...)
	if len(out) == 0 && author != nil && g.Has(author.ID) {
		out = append(out, author.Address)
	}
	return out
}

// Zone is in which the days of the group begin: its own, or that of its first member.
func (g *Group) Zone() *time.Location { return g.zone }

// expand fills in who is behind g. groups are all there are, by id; seen are those that g
// stands in, for whoever nested them in a circle past the editor.
func (g *Group) expand(groups map[int64]*Group, byID map[int64]*Person) {
	seenPeople, seenOutside := map[int64]bool{}, map[string]bool{}
	var walk func(row store.Shared, seen []int64)
	walk = func(row store.Shared, seen []int64) {
		seen = append(slices.Clip(seen), row.ID)
		for _, m := range row.Members {
			switch {
			case m.PersonID != 0:
				if p := byID[m.PersonID]; p != nil && p.Active && !seenPeople[p.ID] {
					seenPeople[p.ID] = true
					g.People = append(g.People, p)
				}
			case m.InnerID != 0:
				inner := groups[m.InnerID]
				if inner == nil || slices.Contains(seen, inner.ID) {
					continue
				}
				if row.ID == g.ID {
					g.Inner = append(g.Inner, inner.Address)
				}
				walk(inner.row, seen)
			case !seenOutside[m.Address]:
				seenOutside[m.Address] = true
				g.Outside = append(g.Outside, parseAddress(m.Address))
			}
		}
	}
	walk(g.row, nil)
	if p := byID[g.row.OwnerID]; p != nil && p.Active {
		g.Owner = p
	} else if len(g.People) > 0 {
		g.Owner = g.People[0]
	}
	g.zone = time.UTC
	if z, err := scheduler.LoadZone(g.row.Zone); g.row.Zone != "" && err == nil {
		g.zone = z
	} else if len(g.People) > 0 {
		g.zone = g.People[0].Zone()
	}
}

// addGroups puts the groups into a snapshot whose people are complete.
func (s *snapshot) addGroups(rows []store.Shared) {
	s.groupByID = make(map[int64]*Group, len(rows))
	s.groupByAddress = make(map[string]*Group, len(rows))
	for _, row := range rows {
		rota, err := decodeRota(row.Rota)
		if err != nil {
			rota = Rota{} // Then everybody is asked; nobody's mail is lost by it.
		}
		g := &Group{ID: row.ID, Address: parseAddress(row.Address), Name: row.Name, Role: row.Role, Senders: Senders(row.Senders),
			Rota: rota, FirstReply: row.FirstReply, Created: row.Created, row: row}
		s.groups = append(s.groups, g)
		s.groupByID[g.ID], s.groupByAddress[g.Address.Key()] = g, g
		for _, a := range row.Aliases {
			g.Aliases = append(g.Aliases, parseAddress(a))
			s.groupByAddress[a] = g
		}
	}
	for _, g := range s.groups {
		g.expand(s.groupByID, s.byID)
	}
}

// GroupByAddress returns the group or role an address belongs to, in any case, and its
// plus tag: support+now@ is support@ with the tag "now".
func (d *Directory) GroupByAddress(a mail.Address) (g *Group, tag string, ok bool) {
	s := d.current.Load()
	if g, ok := s.groupByAddress[a.Key()]; ok {
		return g, "", true
	}
	base, tag := a.Tag()
	if base == a {
		return nil, "", false
	}
	g, ok = s.groupByAddress[base.Key()]
	return g, tag, ok
}

// GroupByID returns a group or a role.
func (d *Directory) GroupByID(id int64) (*Group, bool) {
	g, ok := d.current.Load().groupByID[id]
	return g, ok
}

// Groups returns all groups and roles in the order in which they came.
func (d *Directory) Groups() []*Group { return slices.Clone(d.current.Load().groups) }

// RolesOf returns the roles that somebody is a member of.
func (d *Directory) RolesOf(person int64) []*Group {
	var out []*Group
	for _, g := range d.current.Load().groups {
		if g.Role && g.Has(person) {
			out = append(out, g)
		}
	}
	return out
}

// IsRole reports whether an address is that of a role.
func (d *Directory) IsRole(a mail.Address) bool {
	g, _, ok := d.GroupByAddress(a)
	return ok && g.Role
}

// MaySendAs reports whether an address may stand in From of a person: one of their own, or
// that of a role they belong to, plus-addresses included.
func (d *Directory) MaySendAs(p *Person, a mail.Address) bool {
	if p.HasAddress(a) {
		return true
	}
	g, _, ok := d.GroupByAddress(a)
	return ok && g.Role && g.Has(p.ID)
}

// Everybody reports whether the whole team is behind an address.
func (d *Directory) Everybody(a mail.Address) bool {
	g, _, ok := d.GroupByAddress(a)
	if !ok || g.Role {
		return false
	}
	all := d.All()
	return len(all) > 1 && !slices.ContainsFunc(all, func(p *Person) bool { return !g.Has(p.ID) })
}

// ExpandNames replaces groups among those whom a field names by who is behind them, each
// once: a group is as many people. Roles stay.
func (d *Directory) ExpandNames(list []mail.Mailbox) []mail.Mailbox { return d.expand(list, false) }

// ExpandAll is ExpandNames with roles too.
func (d *Directory) ExpandAll(list []mail.Mailbox) []mail.Mailbox { return d.expand(list, true) }

func (d *Directory) expand(list []mail.Mailbox, roles bool) []mail.Mailbox {
	if !slices.ContainsFunc(list, func(m mail.Mailbox) bool {
		g, _, ok := d.GroupByAddress(m.Address)
		return ok && (roles || !g.Role)
	}) {
		return list
	}
	var out []mail.Mailbox
	put := func(m mail.Mailbox) {
		if !slices.ContainsFunc(out, func(have mail.Mailbox) bool { return have.Address.Key() == m.Address.Key() }) {
			out = append(out, m)
		}
	}
	for _, m := range list {
		g, _, ok := d.GroupByAddress(m.Address)
		if !ok || g.Role && !roles {
			put(m)
			continue
		}
		for _, p := range g.People {
			put(mail.Mailbox{Name: p.Name, Address: p.Address})
		}
		for _, a := range g.Outside {
			put(mail.Mailbox{Address: a})
		}
	}
	return out
}

// A groupHours is the working time of a group's people around one day.
type groupHours struct {
	day      scheduler.Date
	schedule *scheduler.Schedule
}

// hoursAhead is for how many days from the day before on the hours of a group are
// computed: the horizon of 400 days, and a little.
const hoursAhead = 405

// Schedule is when somebody of the group is at work: the hours of its people together,
// less their holidays and leave, on the clock of its zone.
func (g *Group) Schedule(now time.Time) *scheduler.Schedule {
	today := scheduler.DateOf(now.In(g.zone))
	if h := g.hours.Load(); h != nil && h.day == today {
		return h.schedule
	}
	s := g.together(now, today)
	g.hours.Store(&groupHours{day: today, schedule: s})
	return s
}

// together computes the hours of g as hours of single days: people of several zones have
// no common week.
func (g *Group) together(now time.Time, today scheduler.Date) *scheduler.Schedule {
	if len(g.People) == 1 {
		return g.People[0].Schedule(now)
	}
	var all []scheduler.Period
	for _, p := range g.People {
		s := p.Schedule(now)
		for n := -2; n <= hoursAhead; n++ {
			all = append(all, s.WorkingTime(today.AddDays(n))...)
		}
	}
	c := scheduler.Calendar{Zone: g.zone.String(), Holidays: days(joinPeriods(all), g.zone)}
	s, err := scheduler.Compile(c)
	if err != nil {
		return alwaysOpen() // In doubt a clock runs.
	}
	return s
}

// joinPeriods sorts periods and joins those that touch.
func joinPeriods(all []scheduler.Period) []scheduler.Period {
	slices.SortFunc(all, func(a, b scheduler.Period) int { return a.Start.Compare(b.Start) })
	var out []scheduler.Period
	for _, p := range all {
		if n := len(out); n > 0 && !p.Start.After(out[n-1].End) {
			if p.End.After(out[n-1].End) {
				out[n-1].End = p.End
			}
			continue
		}
		out = append(out, p)
	}
	return out
}

// days writes periods as the hours of single dates in a zone, cut at midnight.
func days(list []scheduler.Period, zone *time.Location) []scheduler.Holiday {
	var out []scheduler.Holiday
	for _, p := range list {
		for at := p.Start; at.Before(p.End); {
			local := at.In(zone)
			date := scheduler.DateOf(local)
			midnight := scheduler.Wall{Date: date.AddDays(1)}.Instant(zone).At
			end := p.End
			if midnight.Before(end) {
				end = midnight
			}
			i := scheduler.Interval{Start: clockOf(local), End: 24 * 60}
			if end.Before(midnight) {
				i.End = clockOf(end.In(zone))
			}
			if i.End > i.Start {
				if n := len(out); n > 0 && out[n-1].Date == date {
					out[n-1].Hours = append(out[n-1].Hours, i)
				} else {
					out = append(out, scheduler.Holiday{Date: date, Hours: []scheduler.Interval{i}})
				}
			}
			at = end
		}
	}
	return out
}

func clockOf(t time.Time) scheduler.Clock { return scheduler.Clock(t.Hour()*60 + t.Minute()) }

// AsRead is who a mail is put to, for whoever reads what it asks: groups are as many people
// as are behind them, and the people of a role may be named although only the role stands
// in To.
func (d *Directory) AsRead(f mail.Facts) mail.Facts {
	if len(d.current.Load().groups) == 0 {
		return f
	}
	to := d.ExpandNames(f.To)
	cc := d.ExpandNames(f.Cc)
	for _, m := range f.To {
		g, _, ok := d.GroupByAddress(m.Address)
		if !ok || !g.Role {
			continue
		}
		for _, p := range g.People {
			if !slices.ContainsFunc(slices.Concat(to, cc), func(have mail.Mailbox) bool { return p.HasAddress(have.Address) }) {
				cc = append(slices.Clip(cc), mail.Mailbox{Name: p.Name, Address: p.Address})
			}
		}
	}
	f.To, f.Cc = to, cc
	return f
}
