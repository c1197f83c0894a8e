package standing

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"tidepost/clocks"
	"tidepost/digest"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
	"tidepost/threading"
)

const (
	// backWithin is how long after a return its letter is still written: a profile may
	// come with leave that is long over, and an outage ends.
	backWithin = 3 * 24 * time.Hour
	// shortLeave takes nobody a day of mail: a letter is written only if some came.
	shortLeave = 20 * time.Hour
	// earlyWithin is how far back mail of a leave is looked for that was cancelled while it
	// ran.
	earlyWithin = 60 * 24 * time.Hour
)

// An absence is leave with a return.
type absence struct {
	start, at time.Time
	short     bool // less than a day
}

// absences are the leaves of a person that have begun or are planned, each with the
// first working moment after it. Leaves with no work between them are one.
func absences(p *people.Person, now time.Time) []absence {
	s, zone := p.Schedule(now), p.Zone()
	var out []absence
	for _, l := range p.Profile.Calendar.Leave {
		start, end := span(l, zone)
		if end.Before(now.Add(-backWithin - 30*24*time.Hour)) {
			continue
		}
		short := end.Sub(start) < shortLeave
		at, ok := s.NextOpening(end.Add(-time.Nanosecond))
		if s.Deliverable(end) {
			at, ok = end, true
		}
		if !ok || !s.HasHours() {
			continue
		}
		if n := slices.IndexFunc(out, func(a absence) bool { return a.at.Equal(at) }); n < 0 {
			out = append(out, absence{start, at, short})
		} else {
			out[n].start, out[n].short = earlier(out[n].start, start), out[n].short && short
		}
	}
	return out
}

// span is when leave begins and ends.
func span(l scheduler.Leave, zone *time.Location) (start, end time.Time) {
	if l.First.IsZero() {
		return l.From, l.To
	}
	midnight := func(d scheduler.Date) time.Time { return scheduler.Wall{Date: d}.Instant(zone).At }
	return midnight(l.First), midnight(l.Last.AddDays(1))
}

// backAt is when the letter after leave is due to a person: in the past if it is due
// now, or was written. ok is false if there is none.
func (d *Desk) backAt(p *people.Person, now time.Time) (at time.Time, ok bool) {
	for _, a := range absences(p, now) {
		if now.Sub(a.at) < backWithin && (!ok || a.at.Before(at)) {
			at, ok = a.at, true
		}
	}
	return at, ok
}

// tellBack writes the letters after leave that are due and were not written.
func (d *Desk) tellBack(tx *store.Tx, p *people.Person, now time.Time) error {
	for _, a := range absences(p, now) {
		if a.at.After(now) || now.Sub(a.at) >= backWithin {
			continue
		}
		notes, err := tx.NotesSince(p.ID, noteBack, a.at)
		if err != nil {
			return err
		}
		told := slices.ContainsFunc(notes, func(n store.Note) bool {
			var t toldNote
			return json.Unmarshal(n.Detail, &t) == nil && t.At.Equal(a.at)
		})
		if told {
			continue
		}
		r, err := d.happened(tx, p, a, now)
		if err != nil {
			return err
		}
		if r.Empty() || a.short && r.Mail == 0 {
			continue
		}
		if err := d.tell(tx, p, noteBack, d.letters.Back(reader(p), r), toldNote{At: a.at}, now); err != nil {
			return err
		}
	}
	return nil
}

// tellEarly writes the letter after a leave that its owner or an operator cancelled: it
// stands in no profile any more, but its mail lies in While away, and nobody else would
// say so.
func (d *Desk) tellEarly(tx *store.Tx, p *people.Person, now time.Time) error {
	if isAway(p, now) || slices.ContainsFunc(absences(p, now), func(a absence) bool { return !a.start.After(now) && a.at.After(now) }) {
		return nil // The letter comes when they are back.
	}
	since := now.Add(-earlyWithin)
	notes, err := tx.NotesSince(p.ID, noteBack, since)
	if err != nil {
		return err
	}
	if len(notes) > 0 {
		since = notes[0].Created
	}
	first, err := tx.FirstPublished(p.ID, store.KindAway, since)
	if err != nil || first.IsZero() {
		return err
	}
	r, err := d.happened(tx, p, absence{start: first.Add(-time.Millisecond), at: now}, now)
	if err != nil || r.Mail == 0 {
		return err
	}
	return d.tell(tx, p, noteBack, d.letters.Back(reader(p), r), toldNote{At: now}, now)
}

// isAway reports whether a person is on leave at the next opening that there would be
// without it.
func isAway(p *people.Person, now time.Time) bool {
	s := p.Schedule(now)
	plain, ok := s.OpeningWithoutLeave(now)
	if !ok {
		return false
	}
	back, ok := s.NextOpening(now)
	return !ok || scheduler.DateOf(plain.In(p.Zone())).Before(scheduler.DateOf(back.In(p.Zone())))
}

// happened collects what a letter after leave says.
func (d *Desk) happened(tx *store.Tx, p *people.Person, a absence, now time.Time) (r digest.Return, err error) {
	r.From = people.Day(a.start, p.Zone(), now)
	counts, err := tx.CountPublished(p.ID, a.start)
	if err != nil {
		return r, err
	}
	r.Mail = counts[store.KindAway]
	decided, err := tx.FreshDecisions(p.ID, a.start, maxDecisions)
	if err != nil {
		return r, err
	}
	r.Decided = decisionLines(decided)
	if r.Open, err = d.costly(tx, p, now); err != nil {
		return r, err
	}
	changed, err := clocks.OnMeSince(tx, p.ID, a.start)
	if err != nil {
		return r, err
	}
	for _, i := range changed {
		if i.Open() {
			continue
		}
		q := d.question(i, p, true, now)
		q.When = ""
		switch i.Reason {
		case threading.BecauseCovered:
			q.Remark = "Your stand-in has answered."
		case threading.BecauseSettled:
			q.Remark = "Somebody else has answered."
		case threading.BecauseWithdrawn:
			q.Remark = "It needs no answer any more."
		default:
			continue
		}
		r.Settled = append(r.Settled, q)
	}
	return r, nil
}

// costly are the open questions to a person, those first that have cost their askers
// most: the working time that they have waited, which counts twice if it is urgent.
func (d *Desk) costly(tx *store.Tx, p *people.Person, now time.Time) ([]digest.Question, error) {
	list, err := clocks.OnMe(tx, p.ID)
	if err != nil {
		return nil, err
	}
	type open struct {
		cost time.Duration
		q    digest.Question
	}
	var all []open
	for _, i := range list {
		who := p // Somebody outside is reckoned to work when the reader does.
		if asker, ok := d.dir.ByID(i.Ask.AskerID); ok {
			who = asker
		}
		q := d.question(i, p, true, now)
		cost := worked(who.Schedule(now), i.Ask.Created, now)
		if cost >= time.Hour {
			q.Remark = firstOf(q.Asker) + " has waited " + hours(cost) + " of working time, since " + people.Day(i.Ask.Created, p.Zone(), now) + "."
		}
		if i.Ask.Class == string(threading.Urgent) {
			cost *= 2
		}
		all = append(all, open{cost, q})
	}
	slices.SortStableFunc(all, func(a, b open) int { return cmp.Compare(b.cost, a.cost) })
	var out []digest.Question
	for _, o := range all {
		out = append(out, o.q)
	}
	return out, nil
}

// hours is a length of working time in words: a day of it has no fixed length.
func hours(d time.Duration) string {
	if n := int(d / time.Hour); n > 1 {
		return strconv.Itoa(n) + " hours"
	} else if n == 1 {
		return "1 hour"
	}
	return people.Span(d)
}

func decisionLines(list []store.Decision) []digest.DecisionLine {
	var out []digest.DecisionLine
	for _, x := range list {
		if x.State == store.DecisionFiled {
			out = append(out, digest.DecisionLine{Label: "D-" + strconv.Itoa(x.Number), Text: x.Sentence, At: x.Filed, MID: x.MID})
		}
	}
	return out
}
