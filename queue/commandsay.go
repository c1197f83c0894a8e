package queue

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/coach"
	"tidepost/commands"
	"tidepost/people"
	"tidepost/scheduler"
)

// colleagueExample is the first name of somebody in the team, for examples.
func (q *Queue) colleagueExample(author *people.Person) string {
	for _, p := range q.people.All() {
		if p.Active && p.ID != author.ID {
			return p.Address.String()
		}
	}
	return "tom@" + q.o.mainDomain()
}

func (q *Queue) colleagueName(author *people.Person) string {
	for _, p := range q.people.All() {
		if p.Active && p.ID != author.ID {
			return p.FirstName()
		}
	}
	return "Tom"
}

// example is a command with the person's own values in it.
func (q *Queue) example(in *intake, p people.Profile, k commands.Kind) string {
	zone := in.zone()
	today := scheduler.DateOf(in.now.In(zone))
	monday := nextMonday(today)
	days := func(first, last scheduler.Date) string {
		if first.Month == last.Month {
			return fmt.Sprintf("%d-%d %s", first.Day, last.Day, first.Month.String()[:3])
		}
		return fmt.Sprintf("%d %s - %d %s", first.Day, first.Month.String()[:3], last.Day, last.Month.String()[:3])
	}
	week := func(f people.Field, otherwise string) string {
		if s := people.FieldOf(p, f); s != "none" && s != "" {
			return s
		}
		return otherwise
	}
	switch k {
	case commands.Away:
		return "away " + days(monday, monday.AddDays(4)) + ", cover " + q.colleagueName(in.author)
	case commands.Cover:
		if p.Cover != "" {
			return "cover " + p.Cover
		}
		return "cover " + q.colleagueName(in.author)
	case commands.Vacation:
		return "vacation text: I am away until {back}."
	case commands.Stay:
		city := "Berlin"
		if p.Calendar.Zone == "Europe/Berlin" {
			city = "London"
		}
		return "in " + city + " " + days(monday, monday.AddDays(4))
	case commands.Zone:
		return "timezone " + p.Calendar.Zone
	case commands.Pause:
		if until := in.now.In(zone).Add(2 * time.Hour); scheduler.DateOf(until) == today {
			return "pause until " + until.Format("15") + ":00"
		}
		return "pause until tomorrow"
	case commands.Always:
		return "always " + q.colleagueName(in.author)
	case commands.Never:
		return "never attachment"
	case commands.Advise:
		return "advise attachment"
	case commands.Deliveries:
		if t := people.FieldOf(p, people.FieldTides); t != "none" && t != "default" {
			return "deliveries " + t
		}
		return "deliveries 9:00 13:00 16:00"
	case commands.Digests:
		return "fewer digests"
	case commands.Focus:
		return "focus " + week(people.FieldFocus, "Tue 9-12")
	case commands.Office:
		return "office hours " + week(people.FieldOfficeHours, "Tue 14-15")
	case commands.Hours:
		return "hours " + week(people.FieldHours, "mon-fri 9-17")
	case commands.Holidays:
		if len(p.HolidayCountries) > 0 {
			return "holidays " + p.HolidayCountries[0]
		}
		return "holidays gb"
	case commands.Hold:
		return "hold off"
	case commands.Batch:
		return "batch off"
	case commands.Coach:
		return "coach off"
	case commands.Phone:
		if p.Phone != "" {
			return "phone " + p.Phone
		}
		return "phone +44 20 7946 0018"
	case commands.Name:
		return "settings"
	case commands.Why:
		return "why 1"
	}
	return string(k)
}

// meaning is what a command does, in a line.
func meaning(k commands.Kind) string {
	switch k {
	case commands.Away:
		return "you are on leave, somebody stands in"
	case commands.Cover:
		return "who stands in when you are away"
	case commands.Vacation:
		return "what people outside are told while you are away (*no vacation reply*, *vacation text default*)"
	case commands.Stay:
		return "your clock is another one for some days"
	case commands.Zone:
		return "your time zone, for good"
	case commands.Pause:
		return "nothing new waits, until then"
	case commands.Resume:
		return "ends a pause"
	case commands.Release:
		return "lets go what waits"
	case commands.Always:
		return "a sender's mail always comes at once; \"not always\" and the name ends it"
	case commands.Never:
		return "no more advice of a kind"
	case commands.Advise:
		return "advice of a kind again"
	case commands.Deliveries:
		return "when your mail comes (*no deliveries*: as it comes)"
	case commands.Digests:
		return "one digest a day (*more digests*, *no digests*)"
	case commands.Focus:
		return "hours without deliveries (*no focus*)"
	case commands.Office:
		return "when a chat is welcome (*no office hours*)"
	case commands.Hours:
		return "your working hours"
	case commands.Holidays:
		return "your country's holidays, or dates"
	case commands.Hold:
		return "your mail does not wait (*hold on*, *hold dry run*)"
	case commands.Batch:
		return "mail to you comes as it comes (*batch on*, *batch dry run*)"
	case commands.Coach:
		return "no advice on drafts (*coach on*, *coach dry run*)"
	case commands.Phone:
		return "the number shown when something is urgent (*no phone*)"
	case commands.Settings:
		return "everything of yours, and how to change it"
	case commands.Report:
		return "what Tidepost did for you"
	case commands.Why:
		return "why a mail waits: by its number in the timetable or digest, its Message-ID or \"subject\"; or reply *why* to the mail"
	case commands.Undo:
		return "takes back what you changed last; or reply it to an answer of mine"
	case commands.Help:
		return "this list"
	}
	return ""
}

// help lists every command with an example that can be sent as it stands.
func (q *Queue) help(in *intake, p people.Profile) string {
	var b strings.Builder
	b.WriteString("Write to me in plain words, one line for each thing, in the subject or below. For example:\n\n")
	for _, k := range commands.Kinds() {
		if m := meaning(k); m != "" {
			fmt.Fprintf(&b, "- *%s*: %s\n", q.example(in, p, k), m)
		}
	}
	b.WriteString("\nI answer what changed and how to undo it. What I do not understand comes back, and nothing is guessed. Passwords never go by mail.")
	return b.String()
}

// backWords are what comes back of a sentence, with the commands it may have meant.
func (q *Queue) backWords(in *intake, p people.Profile, b commands.Back) string {
	text := b.Text
	if r := []rune(text); len(r) > 120 {
		text = string(r[:120]) + "…"
	}
	s := fmt.Sprintf("I do not understand %q, and did nothing of it.", text)
	if b.Why != "" {
		s = fmt.Sprintf("%q was not done: %s.", text, b.Why)
	}
	s += " Nearest to it:\n"
	for _, k := range b.Nearest {
		m := meaning(k)
		if m == "" {
			s += "- a password never goes by mail; ask your administrator\n"
			continue
		}
		s += fmt.Sprintf("- *%s*: %s\n", q.example(in, p, k), m)
	}
	return s + "*help* lists everything."
}

// digestsSay says how often a digest comes.
func digestsSay(p people.Pace) string {
	switch p {
	case people.PaceTide:
		return "with every delivery that has something to tell"
	case people.PaceDay:
		return "one a day"
	case people.PaceOff:
		return "none"
	}
	return "as your team has it"
}

// settings shows everything of a person, each with how to change it.
func (q *Queue) settings(in *intake, p people.Profile) string {
	d := &doing{q: q, in: in, profile: &p}
	field := func(f people.Field) string {
		if s := people.FieldOf(p, f); s != "" {
			return s
		}
		return "none"
	}
	toggled := func(s, team people.Switch) string {
		if s == people.Team {
			if team == "" {
				return "as your team has it"
			}
			return "as your team has it: " + strings.ReplaceAll(string(team), "-", " ")
		}
		return strings.ReplaceAll(string(s), "-", " ")
	}
	none := func(s string) string {
		if s == "" {
			return "none"
		}
		return s
	}
	paused := "no"
	if p.PausedUntil.After(in.now) {
		paused = people.Until(p.PausedUntil, in.zone(), in.now)
	}
	cover := none(p.Cover)
	deliveries := "none: mail comes as it comes"
	if len(p.Tides) > 0 {
		deliveries = d.tideWords()
	}
	lines := [][3]string{
		{"Time zone", p.Calendar.Zone, q.example(in, p, commands.Zone)},
		{"Elsewhere", none(d.stays()), q.example(in, p, commands.Stay)},
		{"Working hours", field(people.FieldHours), q.example(in, p, commands.Hours)},
		{"Holidays", field(people.FieldHolidays), q.example(in, p, commands.Holidays)},
		{"Away", none(d.leaves()), q.example(in, p, commands.Away)},
		{"Stand-in", cover, q.example(in, p, commands.Cover)},
		{"Vacation reply, to people outside", vacationShort(p), q.example(in, p, commands.Vacation)},
		{"Deliveries", deliveries, q.example(in, p, commands.Deliveries)},
		{"Digests", digestsSay(p.Digests), q.example(in, p, commands.Digests)},
		{"Focus", field(people.FieldFocus), q.example(in, p, commands.Focus)},
		{"Office hours", field(people.FieldOfficeHours), q.example(in, p, commands.Office)},
		{"Pause", paused, q.example(in, p, commands.Pause)},
		{"Hold (what you send waits)", toggled(p.Hold, q.o.Mode), q.example(in, p, commands.Hold)},
		{"Batch (what you get comes with deliveries)", toggled(p.Batch, ""), q.example(in, p, commands.Batch)},
		{"Coach (advice on drafts)", toggled(p.Coach, q.o.Coach), q.example(in, p, commands.Coach)},
		{"Single kinds of advice", none(field(people.FieldCoachPolicy)), q.example(in, p, commands.Never)},
		{"Always at once", none(strings.Join(p.Pass, ", ")), q.example(in, p, commands.Always)},
		{"Phone", none(p.Phone), q.example(in, p, commands.Phone)},
	}
	var b strings.Builder
	b.WriteString("Your settings, and what to write to me to change each:\n\n")
	for _, l := range lines {
		fmt.Fprintf(&b, "- %s: %s. *%s*\n", l[0], l[1], l[2])
	}
	b.WriteString("\nName, addresses, quota and password are kept by your administrator.")
	return b.String()
}

// editWords says in a line what is as it was again.
func (q *Queue) editWords(in *intake, before, after people.Profile, e people.Edit) string {
	d := &doing{q: q, in: in, profile: &after}
	var out []string
	add := func(name, value string) {
		if value == "" {
			value = "none"
		}
		out = append(out, name+" "+value)
	}
	for _, key := range sortedKeys(e) {
		switch key {
		case "calendar.leave":
			add("Away:", d.leaves())
		case "calendar.stays":
			add("Elsewhere:", d.stays())
		case "cover":
			add("Stand-in:", after.Cover)
		case "paused_until":
			if after.PausedUntil.After(in.now) {
				add("Pause:", people.Until(after.PausedUntil, in.zone(), in.now))
			} else {
				add("Pause:", "no")
			}
		case "tides":
			add("Deliveries:", people.FieldOf(after, people.FieldTides))
		case "pass":
			add("Always at once:", coach.And(after.Pass))
		case "calendar.zone":
			add("Time zone:", after.Calendar.Zone)
		case "calendar.holidays", "holiday_countries":
			add("Holidays:", people.FieldOf(after, people.FieldHolidays))
		default:
			f := people.Field(strings.TrimPrefix(key, "calendar."))
			name := strings.ReplaceAll(string(f), "_", " ")
			add(strings.ToUpper(name[:1])+name[1:]+":", people.FieldOf(after, f))
		}
	}
	out = slices.Compact(out)
	if len(out) == 0 {
		return ""
	}
	return "Now again: " + strings.Join(out, "; ") + "."
}

func sortedKeys(e people.Edit) []string {
	var keys []string
	for k := range e.Before {
		keys = append(keys, k)
	}
	for k := range e.After {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}
