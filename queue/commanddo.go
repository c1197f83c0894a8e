package queue

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/coach"
	"tidepost/commands"
	"tidepost/people"
	"tidepost/reports"
	"tidepost/scheduler"
	"tidepost/store"
)

// do carries one command out on the profile, and says what it did.
func (d *doing) do(c commands.Command) error {
	switch c.Kind {
	case commands.Away:
		return d.away(c)
	case commands.Cover:
		return d.cover(c)
	case commands.Stay:
		return d.stay(c)
	case commands.Pause, commands.Resume:
		return d.pause(c)
	case commands.Release:
		return d.release()
	case commands.Always:
		return d.always(c)
	case commands.Never, commands.Advise:
		return d.policy(c)
	case commands.Hold, commands.Batch, commands.Coach:
		return d.toggle(c)
	case commands.Settings:
		d.say(d.q.settings(d.in, *d.profile))
	case commands.Help:
		d.say(d.q.help(d.in, *d.profile))
	case commands.Report:
		return d.report()
	case commands.Why:
		return d.why(c)
	case commands.Vacation:
		return d.vacation(c)
	case commands.Name:
		d.say(fmt.Sprintf("Your name is kept by your administrator. Ask them to make it %s.", c.Value))
	case commands.Password:
		d.say("A password is never asked for, changed or told by mail. If you know yours, change it in your mail program's account settings or ask your administrator for a new one; " +
			"if you have just written yours to me, please have it changed. I have not kept it.")
	case commands.Undo:
		d.say("To undo something, reply *undo* to the answer that told you of it, and write nothing else.")
	default:
		return d.field(c)
	}
	return nil
}

func (d *doing) say(format string) { d.said = append(d.said, strings.TrimRight(format, "\n")) }

// changes remembers for the ledger which field a command changed.
func (d *doing) changes(f people.Field) {
	if !slices.Contains(d.fields, f) {
		d.fields = append(d.fields, f)
	}
}

func (d *doing) zone() *time.Location { return d.in.zone() }

func (d *doing) today() scheduler.Date { return scheduler.DateOf(d.in.now.In(d.zone())) }

func (d *doing) day(date scheduler.Date) string { return people.DayOf(date, d.zone(), d.in.now) }

// days is "Mon 3 Aug to Fri 14 Aug".
func (d *doing) days(first, last scheduler.Date) string {
	if first == last {
		return "on " + d.day(first)
	}
	return "from " + d.day(first) + " to " + d.day(last)
}

// one is who a name means; nil, and said what to write, if that is not one.
func (d *doing) one(c commands.Command, colleague bool) *match {
	list := d.a.heard.who[c.Who]
	if colleague {
		list = slices.DeleteFunc(slices.Clone(list), func(m match) bool { return m.person == nil || m.person.ID == d.in.author.ID })
	}
	verb := "always"
	if c.Kind != commands.Always {
		verb = "cover"
	}
	switch {
	case len(list) == 1:
		return &list[0]
	case len(list) == 0 && colleague:
		d.back = append(d.back, fmt.Sprintf("I know no colleague %q. Write the address, as in *cover %s*.", c.Who, d.q.colleagueExample(d.in.author)))
	case len(list) == 0:
		d.back = append(d.back, fmt.Sprintf("I know nobody called %q among your colleagues and the people you have written to. Write the address or the domain, as in *%s %s@example.com* or *%s @example.com*.",
			c.Who, verb, strings.ToLower(strings.Fields(c.Who + " x")[0]), verb))
	default:
		lines := []string{fmt.Sprintf("Which %s? Nothing was changed for that. Write one of these:", c.Who)}
		for _, m := range list[:min(len(list), maxNamed)] {
			line := "- *" + verb + " " + m.address + "*"
			if m.name != "" {
				line += " (" + m.name + ")"
			}
			lines = append(lines, line)
		}
		d.back = append(d.back, strings.Join(lines, "\n"))
	}
	return nil
}

func (d *doing) pause(c commands.Command) error {
	p, now := d.profile, d.in.now
	d.changes(people.FieldPausedUntil)
	if c.Kind == commands.Resume {
		if !p.PausedUntil.After(now) {
			d.say("You have no pause. Nothing was changed.")
			return nil
		}
		p.PausedUntil = time.Time{}
		d.say("The pause is over: your new mail waits for its readers' hours again, and mail to you comes with your deliveries. What waits keeps its times.")
		return nil
	}
	until := people.Endless()
	switch {
	case c.Until != nil:
		until = c.Until.Instant(d.zone()).At
	case !c.Day.IsZero():
		until = scheduler.Wall{Date: c.Day}.Instant(d.zone()).At
		if at, ok := d.in.author.Schedule(now).NextOpening(until); ok {
			until = at
		}
	}
	if !until.After(now) {
		d.back = append(d.back, "That moment has passed. Write a time to come, as in *pause until "+now.Add(2*time.Hour).In(d.zone()).Format("15:04")+"*.")
		return nil
	}
	p.PausedUntil = until.UTC().Truncate(time.Second)
	when := "until " + people.Moment(until, d.zone(), now)
	if people.IsEndless(until) {
		when = "until you write *resume*"
	}
	d.say("Paused " + when + ", from now on: your new mail leaves at once and without advice, and mail to you comes as it comes. What waits already keeps its times; *release* lets it go. *resume* ends the pause.")
	return nil
}

func (d *doing) always(c commands.Command) error {
	p := d.profile
	if c.Off {
		return d.notAlways(c)
	}
	m := d.one(c, false)
	if m == nil {
		return nil
	}
	if slices.Contains(p.Pass, m.address) {
		d.say("That is so already: mail from " + m.String() + " always comes at once.")
		return nil
	}
	if err := people.SetField(p, people.FieldPass, "+"+m.address); err != nil {
		d.back = append(d.back, fmt.Sprintf("%q is neither an address nor a domain. Nothing was changed for that.", c.Who))
		return nil
	}
	d.changes(people.FieldPass)
	d.say("From now on mail from " + m.String() + " always comes at once, whatever the hour, and mail to them never waits. *not always " + m.address + "* ends that.")
	return nil
}

func (d *doing) notAlways(c commands.Command) error {
	p := d.profile
	var have []match
	for _, m := range d.a.heard.who[c.Who] {
		if slices.Contains(p.Pass, m.address) {
			have = append(have, m)
		}
	}
	if len(have) == 0 { // A name that is not known any more may still stand in the list.
		for _, address := range p.Pass {
			if named(strings.ToLower(c.Who), "", addressOf(address).Local) {
				have = append(have, match{address: address})
			}
		}
	}
	switch {
	case len(have) == 1:
		p.Pass = slices.DeleteFunc(slices.Clone(p.Pass), func(s string) bool { return s == have[0].address })
		d.changes(people.FieldPass)
		d.say("Mail from " + have[0].String() + " comes with your deliveries again.")
	case len(p.Pass) == 0:
		d.say("Nobody's mail always comes at once. Nothing was changed.")
	default:
		d.back = append(d.back, fmt.Sprintf("Which one? Always at once comes mail from %s. Write for example *not always %s*.", strings.Join(p.Pass, ", "), p.Pass[0]))
	}
	return nil
}

func (d *doing) policy(c commands.Command) error {
	p := d.profile
	to, say := people.Off, fmt.Sprintf("No more advice on %s for you, from now on. To have it again, write *advise %s* to me.", coach.About(c.Value), c.Value)
	if c.Kind == commands.Advise {
		to, say = people.Team, fmt.Sprintf("Advice on %s again, from now on. To stop it, write *never %s* to me.", coach.About(c.Value), c.Value)
		if err := d.tx.SetMeta(wantedKey(d.in.author.ID, c.Value), d.in.now.UTC().Format(time.RFC3339Nano)); err != nil {
			return err
		}
	}
	if err := people.SetField(p, people.FieldCoachPolicy, c.Value+"="+orTeam(to)); err != nil {
		return err
	}
	d.changes(people.FieldCoachPolicy)
	d.say(say)
	return nil
}

func orTeam(s people.Switch) string {
	if s == people.Team {
		return "team"
	}
	return string(s)
}

// toggle sets hold, batch or coach.
func (d *doing) toggle(c commands.Command) error {
	f := people.Field(c.Kind)
	if err := people.SetField(d.profile, f, c.Value); err != nil {
		return err
	}
	if c.Kind == commands.Coach && (c.Value == string(people.On) || c.Value == string(people.DryRun)) && d.profile.CoachMode == people.CoachOff {
		d.profile.CoachMode = ""
	}
	d.changes(f)
	what := map[commands.Kind][3]string{
		commands.Hold:  {"your new mail leaves at once, whatever the hour of its reader", "your new mail waits for its readers' hours", "your new mail leaves at once; your report counts what would have waited"},
		commands.Batch: {"mail to you comes as it comes", "mail to you comes with your deliveries", "mail to you comes as it comes; your report counts what would have come with a delivery"},
		commands.Coach: {"your drafts get no advice", "a draft that would cost a round trip comes back to you first", "your drafts get no advice; your report counts what there would have been"},
	}[c.Kind]
	said := map[string]string{"off": what[0], "on": what[1], "dry-run": what[2], "team": "as your team has it: " + d.teamSwitch(c.Kind)}[c.Value]
	d.say(fmt.Sprintf("*%s* is %s for you, from now on: %s. *%s default* leaves it to your team again.", c.Kind, strings.ReplaceAll(c.Value, "-", " "), said, c.Kind))
	return nil
}

func (d *doing) teamSwitch(k commands.Kind) string {
	switch k {
	case commands.Hold:
		return string(d.q.o.Mode)
	case commands.Coach:
		return string(d.q.o.Coach)
	}
	return "its setting"
}

// field sets what is a field of the profile, in the syntax that people write.
func (d *doing) field(c commands.Command) error {
	var f people.Field
	value := c.Value
	switch c.Kind {
	case commands.Deliveries:
		f = people.FieldTides
	case commands.Focus:
		f = people.FieldFocus
	case commands.Office:
		f = people.FieldOfficeHours
	case commands.Hours:
		f = people.FieldHours
	case commands.Holidays:
		f, value = people.FieldHolidays, d.holidays(c.Value)
	case commands.Phone:
		f = people.FieldPhone
		if c.Off {
			value = ""
		}
	case commands.Digests:
		f = people.FieldDigests
	case commands.Zone:
		f, value = people.FieldZone, c.Zone
	default:
		return fmt.Errorf("command %q is not carried out", c.Kind)
	}
	before := people.FieldOf(*d.profile, f)
	if err := people.SetField(d.profile, f, value); err != nil {
		var wrong *people.FieldError
		why := err.Error()
		if errors.As(err, &wrong) {
			why = wrong.Err.Error()
		}
		d.back = append(d.back, fmt.Sprintf("Not done: %q: %s.", c.Text, why))
		return nil
	}
	d.changes(f)
	said := d.fieldWords(c, f)
	if people.FieldOf(*d.profile, f) == before {
		said = "That is so already. " + said
	}
	d.say(said)
	return nil
}

// holidays adds dates to those there are; a country takes the place of the countries.
func (d *doing) holidays(value string) string {
	words := strings.Fields(value)
	dates := slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w[0] < '0' || w[0] > '9' })
	if len(dates) == len(words) {
		return "+" + strings.Join(dates, " +")
	}
	for _, h := range d.profile.Calendar.Holidays {
		words = append(words, people.FormatHoliday(h))
	}
	return strings.Join(words, " ")
}

func (d *doing) fieldWords(c commands.Command, f people.Field) string {
	now := people.FieldOf(*d.profile, f)
	switch c.Kind {
	case commands.Deliveries:
		switch {
		case now == "none":
			return "You have no deliveries any more, from now on: mail comes as it comes. *deliveries default* brings them back."
		default:
			return "From now on your mail comes " + d.tideWords() + ", on your clock. *deliveries default* means your opening, 13:00 and 16:00."
		}
	case commands.Focus:
		if now == "none" {
			return "You have no focus time any more, from now on."
		}
		return "Your focus time is " + now + ", from now on: nothing is delivered then but what is urgent. *no focus* ends that."
	case commands.Office:
		if now == "none" {
			return "You have no office hours any more, from now on."
		}
		return "Your office hours are " + now + ", from now on. They are shown to colleagues who ask you for a chat. *no office hours* ends that."
	case commands.Hours:
		return "Your working hours are " + now + ", from now on. What waits for you follows."
	case commands.Holidays:
		return "Your holidays are now: " + now + "."
	case commands.Phone:
		if c.Off {
			return "Your phone number is deleted."
		}
		return "Your phone number is " + now + ", from now on. It is shown to a colleague whose urgent mail may not wake you. *no phone* deletes it."
	case commands.Zone:
		return "Your time zone is " + now + " for good, from now on; what waits for you follows. For some days only, write *in " + people.City(now) + " until Fri*."
	case commands.Digests:
		return map[string]string{
			"day":  "From now on you get one digest a day. *more digests* brings one with every delivery again, *no digests* ends them.",
			"tide": "From now on you get a digest with every delivery that has something to tell. *fewer digests* makes it one a day.",
			"off":  "You get no digests any more. Questions to you stand in `Needs reply`. *more digests* brings them back, *fewer digests* one a day.",
		}[c.Value]
	}
	return string(f) + " is now " + now + "."
}

// tideWords is "at 09:00, 13:00 and 16:00".
func (d *doing) tideWords() string {
	words := strings.Fields(people.FieldOf(*d.profile, people.FieldTides))
	for i, w := range words {
		switch w {
		case "opening":
			words[i] = "your opening"
		case "default":
			return "at your opening, 13:00 and 16:00"
		}
	}
	return "at " + coach.And(words)
}

func (d *doing) report() error {
	f, err := reports.Of(d.tx, d.in.author, d.in.now.Add(-reports.Span), d.in.now)
	if err != nil {
		return fmt.Errorf("report: %w", err)
	}
	if err := d.tx.AddEvent(store.Event{At: d.in.now, Kind: evReported, PersonID: d.in.author.ID, Detail: detail{"by": "mail"}}); err != nil {
		return err
	}
	d.say("What Tidepost did for you, for your eyes only. Nothing of this is kept.\n\n" + f.Text(d.zone()))
	return nil
}

// mailsLeave is "1 mail leaves now", "2 mails leave now".
func mailsLeave(n int) string {
	if n == 1 {
		return "1 mail leaves now"
	}
	return countOf(n, "mail") + " leave now"
}

// release lets go what waits by rule: what has a time its author chose, and drafts with
// advice, stay.
func (d *doing) release() error {
	ids, err := d.tx.Select(store.Selection{Author: d.in.author.ID, States: []store.State{store.Held}})
	if err != nil {
		return err
	}
	plan := Plan{Rule: RuleNow, Why: whyFolder, From: d.in.now}
	var gone []string
	chosen, advised, left := 0, 0, 0
	for _, id := range ids {
		s, err := d.tx.Submission(id)
		if err != nil {
			return err
		}
		if s.Frozen || s.Stopped != store.Going {
			continue
		}
		held, err := d.q.held(d.tx, id)
		if errors.Is(err, ErrLeft) {
			continue
		}
		if err != nil {
			return err
		}
		is, err := d.q.coached(d.tx, s)
		if err != nil {
			return err
		}
		if is {
			advised++
			continue
		}
		all := len(held)
		held = slices.DeleteFunc(held, func(r store.Recipient) bool {
			p, err := decodePlan(r.Plan)
			return err != nil || p.explicit() && p.Rule != RuleNow || p.Rule == RuleOpening
		})
		if len(held) < all {
			chosen++
		}
		if len(held) == 0 {
			continue
		}
		if err := d.q.retime(d.tx, s, held, plan, d.in.now); err != nil {
			return err
		}
		left++
		if len(gone) < maxNamed {
			gone = append(gone, "- "+s.Subject+" → "+coach.And(d.q.about(s, held).To))
		}
	}
	switch {
	case left == 0:
		d.say("Nothing waits that could be released.")
	default:
		if left > len(gone) {
			gone = append(gone, fmt.Sprintf("- and %d more", left-len(gone)))
		}
		d.say(fmt.Sprintf("Released, %s:\n%s\nWhat has left cannot be called back.", mailsLeave(left), strings.Join(gone, "\n")))
	}
	if chosen > 1 {
		d.say(countOf(chosen, "mail") + " with a time that you chose yourself keep it: drag them from `Scheduled` to `Scheduled/Send now`.")
	} else if chosen == 1 {
		d.say(countOf(chosen, "mail") + " with a time that you chose yourself keeps it: drag it from `Scheduled` to `Scheduled/Send now`.")
	}
	if advised > 1 {
		d.say(countOf(advised, "draft") + " with advice lie in `Before sending`, and leave by themselves as their advice says.")
	} else if advised == 1 {
		d.say(countOf(advised, "draft") + " with advice lies in `Before sending`, and leaves by itself as its advice says.")
	}
	return nil
}
