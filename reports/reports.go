// Package reports reckons what Tidepost does for people: interruptions spared, nights
// kept quiet, questions answered in time, false alarms of the coach. docs/reports.md
// says what each figure means.
//
// Invariants:
//   - The figures of a person are for that person: Of is only called for whoever has
//     shown that they are it.
//   - Nothing is stored. There is no table of figures, and none that could be sorted.
//   - A figure of the team is a sum over at least Least people who have something to
//     add to it; else it is not there. It has no list of people, and so no order.
package reports

import (
	"fmt"
	"strings"
	"time"

	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

// Least is how many people a figure of the team is made of at least.
const Least = 5

// Span is the time that a report looks back, unless somebody asks for another.
const Span = 28 * 24 * time.Hour

// together is how near mails come that interrupt once.
const together = 5 * time.Minute

// Figures are those of one person, or the sums of a team.
type Figures struct {
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`

	Mail   *Mail   `json:"mail,omitempty"`
	Nights *Nights `json:"nights,omitempty"`
	Asks   *Asks   `json:"asks,omitempty"`
	Coach  *Coach  `json:"coach,omitempty"`
}

// Mail says how often mail interrupts.
type Mail struct {
	Mails  int `json:"mails"`  // that came into INBOX
	Would  int `json:"would"`  // moments at which they would have come
	Came   int `json:"came"`   // moments at which they came
	Spared int `json:"spared"` // the difference
}

// Nights says how much rest there was.
type Nights struct {
	Written int `json:"written"` // nights, weekends and days off in which mail would have come
	Quiet   int `json:"quiet"`   // those in which none came
}

// Asks says how questions were answered, in working time.
type Asks struct {
	InTime     int `json:"in_time"`
	Late       int `json:"late"`
	Unanswered int `json:"unanswered"` // overdue
}

// Coach says how advice did.
type Coach struct {
	Judged      int `json:"judged"`
	FalseAlarms int `json:"false_alarms"`
}

// Of reckons the figures of one person.
func Of(tx *store.Tx, p *people.Person, since, until time.Time) (Figures, error) {
	f := Figures{Since: since.UTC(), Until: until.UTC()}
	came, err := tx.CameTo(p.ID, since, until)
	if err != nil {
		return f, err
	}
	f.Mail, f.Nights = interruptions(came), nights(p.Schedule(until), came)
	asks, err := tx.AsksOn(p.ID, since, until)
	if err != nil {
		return f, err
	}
	f.Asks = &Asks{asks.InTime, asks.Late, asks.Unanswered}
	f.Coach = &Coach{}
	f.Coach.Judged, f.Coach.FalseAlarms, err = tx.AdviceTo(p.ID, since, until)
	return f, err
}

// interruptions counts moments: mails that come within minutes of each other are one.
func interruptions(came []store.Came) *Mail {
	m := &Mail{Mails: len(came)}
	would, was := make([]time.Time, 0, len(came)), make([]time.Time, 0, len(came))
	for _, c := range came {
		would, was = append(would, c.Would), append(was, c.Came)
	}
	m.Would, m.Came = moments(would), moments(was)
	m.Spared = max(m.Would-m.Came, 0)
	return m
}

// nights counts the times between work in which mail would have come, and those in which
// none did. Each is known by the opening that ends it.
func nights(s *scheduler.Schedule, came []store.Came) *Nights {
	if !s.HasHours() {
		return &Nights{} // Whoever is always at work has no nights here.
	}
	written, loud := map[time.Time]bool{}, map[time.Time]bool{}
	for _, c := range came {
		if end, ok := night(s, c.Would); ok {
			written[end] = true
		}
		if end, ok := night(s, c.Came); ok {
			loud[end] = true
		}
	}
	n := &Nights{Written: len(written)}
	for end := range written {
		if !loud[end] {
			n.Quiet++
		}
	}
	return n
}

func night(s *scheduler.Schedule, t time.Time) (end time.Time, ok bool) {
	if s.Working(t) {
		return end, false
	}
	end, ok = s.NextOpening(t)
	return end.UTC(), ok
}

// Team reckons the sums of a team. A figure to which fewer than Least people have
// something to add is nil.
func Team(tx *store.Tx, all []*people.Person, since, until time.Time) (Figures, error) {
	sum := Figures{Since: since.UTC(), Until: until.UTC(), Mail: &Mail{}, Nights: &Nights{}, Asks: &Asks{}, Coach: &Coach{}}
	var mail, rest, asks, coach int // people
	for _, p := range all {
		if !p.Active {
			continue
		}
		f, err := Of(tx, p, since, until)
		if err != nil {
			return sum, err
		}
		mail += sum.Mail.add(*f.Mail)
		rest += sum.Nights.add(*f.Nights)
		asks += sum.Asks.add(*f.Asks)
		coach += sum.Coach.add(*f.Coach)
	}
	if mail < Least {
		sum.Mail = nil
	}
	if rest < Least {
		sum.Nights = nil
	}
	if asks < Least {
		sum.Asks = nil
	}
	if coach < Least {
		sum.Coach = nil
	}
	return sum, nil
}

func (m *Mail) add(o Mail) (has int) {
	m.Mails, m.Would, m.Came, m.Spared = m.Mails+o.Mails, m.Would+o.Would, m.Came+o.Came, m.Spared+o.Spared
	return something(o.Mails)
}

func (n *Nights) add(o Nights) (has int) {
	n.Written, n.Quiet = n.Written+o.Written, n.Quiet+o.Quiet
	return something(o.Written)
}

func (a *Asks) add(o Asks) (has int) {
	a.InTime, a.Late, a.Unanswered = a.InTime+o.InTime, a.Late+o.Late, a.Unanswered+o.Unanswered
	return something(o.InTime + o.Late + o.Unanswered)
}

func (c *Coach) add(o Coach) (has int) {
	c.Judged, c.FalseAlarms = c.Judged+o.Judged, c.FalseAlarms+o.FalseAlarms
	return something(o.Judged)
}

func something(n int) int { return min(n, 1) }

// Text is a report in words, a line a figure. zone is that of its reader.
func (f Figures) Text(zone *time.Location) string {
	var b strings.Builder
	day := "Mon 2 Jan 2006"
	fmt.Fprintf(&b, "%s to %s\n\n", f.Since.In(zone).Format(day), f.Until.In(zone).Format(day))
	few := fmt.Sprintf("not shown: fewer than %d people", Least)
	line := func(name, text string) { fmt.Fprintf(&b, "%-22s %s\n", name, text) }
	switch m := f.Mail; {
	case m == nil:
		line("Interruptions spared", few)
	default:
		line("Interruptions spared", fmt.Sprintf("%d: %d mails would have come at %d moments, and came at %d", m.Spared, m.Mails, m.Would, m.Came))
	}
	switch n := f.Nights; {
	case n == nil:
		line("Nights kept quiet", few)
	default:
		line("Nights kept quiet", fmt.Sprintf("%d of %d in which mail was written", n.Quiet, n.Written))
	}
	switch a := f.Asks; {
	case a == nil:
		line("Answered in time", few)
	default:
		line("Answered in time", fmt.Sprintf("%d of %d questions; %d late, %d not answered yet", a.InTime, a.InTime+a.Late+a.Unanswered, a.Late, a.Unanswered))
	}
	switch c := f.Coach; {
	case c == nil:
		line("False alarms", few)
	default:
		line("False alarms", fmt.Sprintf("%d of %d pieces of advice", c.FalseAlarms, c.Judged))
	}
	return b.String()
}
