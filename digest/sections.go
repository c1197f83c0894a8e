package digest

import (
	"fmt"
	"strings"
	"time"

	"tidepost/threading"
)

func (c Content) asksSection(zone *time.Location) section {
	s := section{Title: "Questions for you", More: more(c.MoreAsks, "Needs reply")}
	for _, a := range c.Asks {
		it := item{Mark: fmt.Sprintf("[%d]", a.Number), Head: sentence(a.Text), Where: subjectLine(a.Subject), MID: a.MID}
		if a.Text == "" {
			it.Head, it.Where = "(a question that only those it was sent to can read)", ""
		}
		it.Tone = toneOf(a.State)
		if due := dueWords(a.Due, a.There, zone, c.Tide); due != "" && a.State == threading.Overdue {
			it.Facts = append(it.Facts, "overdue since "+due)
		} else if due != "" {
			it.Facts = append(it.Facts, "by "+due)
		}
		if it.Tone == risk && len(it.Facts) > 0 {
			it.Facts[0] = "at risk: " + it.Facts[0]
		}
		who := "from " + a.Asker.inFull()
		if name := line(a.For, maxName); name != "" {
			who += ", to " + name + ", for whom you stand in"
		}
		if role := line(a.Role, maxName); role != "" {
			who += ", to " + role + ": nobody yet"
		}
		it.Facts = append(it.Facts, who)
		s.Items = append(s.Items, it)
	}
	if len(s.Items) > 0 {
		s.Hint = hint{"To answer, reply to this mail:", c.example(), "Each asker gets their own reply. Numbers count for this digest only."}
	}
	return s
}

// example is how an answer may look, with no more numbers than there are.
func (c Content) example() string {
	all := []string{"1 yes", "2 by Friday", "3 -> anna", "4 not mine"}
	out := ""
	for i, s := range all[:min(len(c.Asks), len(all))] {
		if i > 0 {
			out += " / "
		}
		out += s
	}
	return out
}

func toneOf(s threading.State) tone {
	switch s {
	case threading.Overdue:
		return late
	case threading.AtRisk:
		return risk
	}
	return calm
}

// dueWords is a due time on the reader's clock with the day spelled out, and on the
// other one's clock if that shows another time.
func dueWords(due time.Time, there string, zone *time.Location, now time.Time) string {
	if due.IsZero() {
		return ""
	}
	s := longMoment(due, zone, now)
	if there = line(there, maxName); there != "" {
		s += " (" + there + ")"
	}
	return s
}

func (c Content) mineSection(zone *time.Location) section {
	s := section{Title: "Your questions", More: more(c.MoreMine, "Waiting for others")}
	for _, m := range c.Mine {
		it := item{Head: sentence(m.Text), Facts: m.news(c.Tide, zone), Where: subjectLine(m.Subject), MID: m.MID}
		if m.What == OutcomeOverdue {
			it.Tone = late
		}
		s.Items = append(s.Items, it)
	}
	return s
}

// news is what became of a question, in a line or two.
func (m MineLine) news(now time.Time, zone *time.Location) []string {
	who := m.Owner.full()
	due := dueWords(m.Due, m.There, zone, now)
	switch m.What {
	case OutcomeAnswered:
		if m.Reaches.After(now) {
			return []string{"answered by " + who + ", reaches you " + longMoment(m.Reaches, zone, now)}
		}
		return []string{"answered by " + who}
	case OutcomePromised:
		return []string{who + " said: by " + due}
	case OutcomeClosed:
		return []string{"closed by " + who + " without a mail; a reply opens it again"}
	case OutcomeOverdue:
		return []string{"overdue since " + due, "waits for " + who}
	case OutcomeHanded:
		return []string{"now with " + who}
	case OutcomeLost:
		return []string{"could not be delivered to " + who}
	}
	return []string{m.away(who, now, zone)}
}

func (m MineLine) away(who string, now time.Time, zone *time.Location) string {
	s := who + " is away"
	if !m.Back.IsZero() {
		s = who + " is back " + longDay(m.Back, zone, now)
	}
	if cover := line(m.Cover, maxName); cover != "" {
		s += "; " + cover + " stands in"
	}
	return s
}

func (c Content) decisionsSection() section {
	s := section{Title: "Decided", More: more(c.MoreDecisions, "Decisions")}
	for _, d := range c.Decisions {
		it := item{Head: sentence(d.Text), MID: d.MID}
		label := line(d.Label, maxName)
		switch d.What {
		case DecisionWithdrawn:
			it.Head = "withdrawn"
		case DecisionSilent:
			it.Facts = append(it.Facts, "nobody objected in time")
			if len(d.Away) > 0 {
				it.Facts = append(it.Facts, "away, not asked: "+names(d.Away))
			}
		case DecisionToConfirm:
			it.Facts = append(it.Facts, "is this a decision? Then answer this digest with the word decision")
		}
		if replaces := line(d.Replaces, maxName); replaces != "" {
			it.Facts = append(it.Facts, "in place of "+replaces)
		}
		if len(d.Who) > 0 {
			it.Facts = append(it.Facts, names(d.Who))
		}
		if len(it.Facts) > 1 {
			it.Facts = []string{strings.Join(it.Facts, " · ")}
		}
		if label != "" {
			it.Head = label + " " + it.Head
		}
		s.Items = append(s.Items, it)
	}
	return s
}

func (c Content) blockedSection(zone *time.Location) section {
	s := section{Title: "Blocked"}
	if c.MoreBlocked > 0 {
		s.More = fmt.Sprintf("and %s", count(c.MoreBlocked, "more conversation", "more conversations"))
	}
	for _, l := range c.Blocked {
		it := item{Head: subjectLine(l.Subject), MID: l.MID}
		for i, n := range l.Needed {
			if i == maxNeeded {
				it.Facts = append(it.Facts, "and "+count(len(l.Needed)-i, "more answer", "more answers"))
				break
			}
			it.Facts = append(it.Facts, n.line())
		}
		if !l.Since.IsZero() {
			it.Facts = append(it.Facts, "waits since "+longMoment(l.Since, zone, c.Tide))
			if l.Since.After(c.Tide) {
				it.Facts[len(it.Facts)-1] = "wanted by " + longMoment(l.Since, zone, c.Tide)
			}
		}
		if awake := l.Awake[:min(len(l.Awake), maxAwake)]; len(awake) > 0 {
			it.Facts = append(it.Facts, "can help: "+names(awake))
		}
		s.Items = append(s.Items, it)
	}
	return s
}

func (n Needed) line() string {
	s := "needed: an answer from " + n.From.show()
	if n.Text != "" { // Else it is not for the reader.
		s = "needed: “" + sentence(n.Text) + "” from " + n.From.show()
	}
	if cover := line(n.Cover, maxName); cover != "" {
		s += " (" + cover + " stands in)"
	}
	return s + ", for " + n.To.show()
}

func (c Content) restSection(zone *time.Location) section {
	s := section{Title: "New mail"}
	if len(c.Asks)+len(c.Mine)+len(c.Decisions)+len(c.Blocked) == 0 {
		s.Title = ""
	}
	entries, left := c.shown()
	for _, e := range entries {
		s.Items = append(s.Items, item{
			Head: subjectLine(e.Subject), Facts: []string{e.byline()}, MID: e.MID, Right: e.when(c.Tide, zone), Short: true,
		})
	}
	s.More = more(left, "INBOX")
	return s
}

// remarks are the lines below the sections.
func (c Content) remarks() []string {
	var out []string
	if s := c.Counts.line(); s != "" {
		out = append(out, s)
	}
	if c.NotUrgent > 0 {
		out = append(out, count(c.NotUrgent, "time", "times")+" last month a reader filed urgent mail of yours as not urgent. Only you are told.")
	}
	for i, sender := range c.Confirmed {
		if i == maxSettings {
			out = append(out, fmt.Sprintf("So does mail from %s.", count(len(c.Confirmed)-i, "other sender", "other senders")))
			break
		}
		out = append(out, "Mail from "+line(sender, maxSubject)+" now always goes to INBOX.")
	}
	return out
}
