package queue

import (
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

const (
	// threadLook is how many messages of a thread are looked at.
	threadLook = 30
	// teamRate and outsideRate are how many mails a minute of one author are looked at,
	// to colleagues and to people elsewhere only: who sends more is a program, or merges
	// a letter with a list.
	teamRate    = 300
	outsideRate = 60
	// outsideOctets is how much text of a mail to people elsewhere is looked at: reading
	// 100 KB takes a quarter of a second, and nobody wrote them by hand.
	outsideOctets = 16 << 10
)

// readForCoach fills in what the policies of the coach need, unless this mail is none
// of theirs.
func (q *Queue) readForCoach(in *intake, input *policies.Input, view func(func(*store.Tx) error) error) error {
	mode := q.coachSwitch(in.author)
	if _, paused := q.people.Paused(in.author, in.now); paused {
		mode = people.Off
	}
	coached := mode != people.Off && !in.asIs
	if !coached && q.o.Clocks == nil && q.o.Decisions == nil || !q.mayRead(in) {
		return nil
	}
	if in.read = q.reading(in); !coached {
		return nil
	}
	quiet, known := q.quiet.get()
	if !known {
		err := view(func(tx *store.Tx) error {
			list, err := tx.QuietPolicies()
			if err == nil {
				quiet = q.quiet.set(list)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	input.NewWords = in.words()
	input.Modes = q.policyModes(in.author, mode, quiet)
	input.Read = in.read
	input.FirstSees = q.firstSees(in)
	input.OfficeHours = map[string]string{}
	for i, p := range in.readers {
		if p == nil {
			continue
		}
		if h := officeHours(p, in.zone(), in.now); h != "" {
			input.OfficeHours[in.env.Recipients[i].Address.Key()] = h
			input.OfficeHours[p.Address.Key()] = h
		}
	}
	for _, p := range q.people.All() {
		if p.Active && in.toTeam() {
			input.Names = append(input.Names, p.FirstName())
		}
	}
	return nil
}

// onlyToSelf: a note to oneself needs no context.
func (in *intake) onlyToSelf() bool {
	return !slices.ContainsFunc(in.readers, func(p *people.Person) bool { return p == nil || p.ID != in.author.ID })
}

// coachSwitch is the author's switch, or the team's.
func (q *Queue) coachSwitch(p *people.Person) people.Switch {
	if _, back := q.people.RolledBack(); back || p.Profile.CoachMode == people.CoachOff {
		return people.Off
	}
	return p.Profile.Coach.Or(q.o.Coach)
}

// policyModes is the mode of every policy of the coach for a person: their own, the
// team's, or the policy's; never more than the switch above, and dry run for a policy
// that cried wolf.
func (q *Queue) policyModes(p *people.Person, above people.Switch, quiet []string) map[string]policies.Mode {
	out := policies.Defaults()
	for name, mode := range out {
		if m, ok := q.o.CoachPolicies[name]; ok {
			mode = m
		}
		if s, ok := p.Profile.CoachPolicies[name]; ok {
			mode = policies.Mode(s)
		}
		if mode == policies.On && (above == people.DryRun || slices.Contains(quiet, name)) {
			mode = policies.DryRun
		}
		out[name] = mode
	}
	return out
}

// firstSees says when each colleague would first see the mail, as far as that can be
// told before the policies have spoken: not if its author names a time, and a reply
// may come at once.
func (q *Queue) firstSees(in *intake) map[string]time.Time {
	if _, _, tagged := mail.SubjectTag(in.facts.Subject); tagged || in.facts.IsReply {
		return nil
	}
	out := map[string]time.Time{}
	for i, p := range in.readers {
		if p == nil || p.ID == in.author.ID {
			continue
		}
		if _, tag := in.env.Recipients[i].Address.Tag(); tag != "" {
			continue
		}
		leaves := in.now
		switch {
		case !in.env.HoldUntil.IsZero():
			leaves = in.env.HoldUntil
		case q.holdsNow(in.author, in.now):
			leaves = p.Schedule(in.now).Release(in.now, q.o.Grace, q.o.Cap).At
		}
		seen := q.inbox.Appears(p, leaves)
		out[in.env.Recipients[i].Address.Key()], out[p.Address.Key()] = seen, seen
	}
	return out
}

// holdsNow reports whether new mail of an author waits for its readers' hours.
func (q *Queue) holdsNow(author *people.Person, now time.Time) bool {
	_, paused := q.people.Paused(author, now)
	return !paused && q.holdMode(author) == people.On
}

// officeHours are a person's next two office hours within a week: "Tue 14:00-15:00
// Sydney (Tue 03:00 London)". "" if there are none.
func officeHours(p *people.Person, other *time.Location, now time.Time) string {
	s := p.Schedule(now)
	zone := s.Zone()
	var out []string
	today := scheduler.DateOf(now.In(zone))
	for day := range 8 {
		for _, h := range s.OfficeHours(today.AddDays(day)) {
			if len(out) == 2 || !h.End.After(now) {
				continue
			}
			text := h.Start.In(zone).Format("Mon 15:04") + "-" + h.End.In(zone).Format("15:04")
			_, here := h.Start.In(zone).Zone()
			_, there := h.Start.In(other).Zone()
			if here != there {
				text += " " + people.CityAt(zone, h.Start) + " (" + h.Start.In(other).Format("Mon 15:04") + " " + people.CityAt(other, h.Start) + ")"
			}
			out = append(out, text)
		}
	}
	return strings.Join(out, ", ")
}

// recallThread fills in what the coach needs to know of the thread.
func (q *Queue) recallThread(tx *store.Tx, in *intake, input *policies.Input) error {
	if in.thread == 0 {
		input.ThreadLength = len(in.facts.References)
		return nil
	}
	mayStorm := q.maybeStorm(in)
	if input.Read == nil && !mayStorm {
		return nil
	}
	list, total, err := tx.ThreadMail(in.thread, threadLook)
	if err != nil {
		return err
	}
	if mayStorm {
		if err := q.recallStorm(tx, in, input, list); err != nil {
			return err
		}
	}
	if input.Read == nil {
		return nil
	}
	input.ThreadLength = max(total, len(in.facts.References))
	t := threadView{in: in, known: map[string]bool{}}
	for _, m := range list {
		f := mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{})
		t.add(f)
	}
	for _, m := range in.facts.To {
		if !t.known[m.Address.Key()] && len(list) > 0 {
			input.Newcomers = append(input.Newcomers, m.Address)
		}
	}
	input.Rounds, input.OnlyOther = t.rounds+1, t.onlyOther()
	return nil
}

// A threadView is who took part in a thread, read from the newest mail back.
type threadView struct {
	in     *intake
	known  map[string]bool // address
	last   string          // author of the mail before
	other  string          // the one the author of in takes turns with
	rounds int             // turns before in
	broken bool            // somebody else took part
}

func (t *threadView) add(f mail.Facts) {
	for _, list := range [][]mail.Mailbox{f.From, f.To, f.Cc} {
		for _, m := range list {
			t.known[m.Address.Key()] = true
		}
	}
	if len(f.From) == 0 || t.broken {
		return
	}
	from := f.From[0].Address
	key := from.Key()
	if t.in.author.HasAddress(from) {
		key = t.in.author.Address.Key()
	}
	if t.last == "" {
		t.last = t.in.author.Address.Key()
	}
	switch {
	case key == t.last:
	case key == t.in.author.Address.Key() || t.other == "" || key == t.other:
		if key != t.in.author.Address.Key() {
			t.other = key
		}
		t.last = key
		t.rounds++
	default:
		t.broken = true
	}
}

// onlyOther: nobody but the author and the sole recipient was ever in the thread.
func (t *threadView) onlyOther() bool {
	if len(t.in.env.Recipients) != 1 {
		return false
	}
	for key := range t.known {
		a := addressOf(key)
		if t.in.author.HasAddress(a) || t.in.env.Recipients[0].Address.Key() == key {
			continue
		}
		if p := t.in.readers[0]; p == nil || !p.HasAddress(a) {
			return false
		}
	}
	return true
}

// A lookLimiter counts the mails that were looked at, by author and minute.
type lookLimiter struct {
	mu     sync.Mutex
	minute int64
	n      map[looked]int
}

// looked is whose mail was looked at, and whether it went to colleagues.
type looked struct {
	author int64
	team   bool
}

func (l *lookLimiter) allow(author int64, team bool, now time.Time) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if minute := now.Unix() / 60; minute != l.minute || l.n == nil {
		l.minute, l.n = minute, map[looked]int{}
	}
	key, most := looked{author, team}, outsideRate
	if team {
		most = teamRate
	}
	l.n[key]++
	return l.n[key] <= most
}
