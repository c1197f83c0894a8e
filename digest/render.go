package digest

import (
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
)

// Digest writes the letter on top of a tide, or nil if there is nothing to tell.
// Its Date is the tide.
func (w Writer) Digest(to Reader, c Content) *mail.Letter {
	if c.Empty() {
		return nil
	}
	v := c.view(to.zone())
	l := w.letter(to, c.headline(), v.text())
	l.Date = c.Tide.In(to.zone())
	l.HTML = v.html()
	w.list(&l, "digest", "Tidepost digest", "fewer%20digests")
	return &l
}

// headline is the subject: what is wanted and what came; if it is only mail, from
// whom. The letter does not say it again: a list of mails shows both.
func (c Content) headline() string {
	parts := c.news()
	if n := c.messages(); n > 0 {
		s := count(n, "message", "messages")
		if who := c.authors(); len(parts) == 0 && len(who) > 0 {
			s += " from " + names(who)
		}
		parts = append(parts, s)
	}
	switch {
	case len(parts) > 0:
	case len(c.Confirmed) == 0 && len(c.Clocks) > 0:
		return fmt.Sprintf("Clocks change on %s", c.Clocks[0].Day.Weekday())
	default:
		return "Settings changed"
	}
	return commas(parts)
}

// news counts what is more than mail.
func (c Content) news() []string {
	var out []string
	if n := len(c.Asks) + c.MoreAsks; n > 0 {
		out = append(out, count(n, "question for you", "questions for you"))
	}
	answered, overdue, other := 0, 0, c.MoreMine
	for _, m := range c.Mine {
		switch m.What {
		case OutcomeAnswered:
			answered++
		case OutcomeOverdue:
			overdue++
		default:
			other++
		}
	}
	if answered > 0 {
		out = append(out, count(answered, "answer", "answers"))
	}
	if overdue > 0 {
		out = append(out, fmt.Sprintf("%d of yours overdue", overdue))
	}
	decided := c.MoreDecisions
	for _, d := range c.Decisions {
		if d.What != DecisionToConfirm {
			decided++
		}
	}
	if decided > 0 {
		out = append(out, count(decided, "decision", "decisions"))
	}
	if len(out) == 0 && other > 0 {
		out = append(out, "News of "+count(other, "question", "questions"))
	}
	return out
}

// authors are those who wrote what the digest tells of, each once.
func (c Content) authors() []string {
	var who []string
	seen := map[string]bool{}
	for _, e := range c.Entries {
		for _, a := range e.Authors {
			if name := a.show(); !seen[name] {
				seen[name] = true
				who = append(who, name)
			}
		}
	}
	return who
}

// show is the author's name, or the address if there is none.
func (a Author) show() string {
	if name := line(a.Name, maxName); name != "" {
		return name
	}
	if address := line(a.Address, maxName); address != "" {
		return address
	}
	return "somebody"
}

// full is the author as an entry shows it: one from outside always with the
// address, because a name is what its owner likes it to be.
func (a Author) full() string {
	if !a.Outside {
		return a.show()
	}
	return a.inFull()
}

// inFull is the author with name, address, and where from.
func (a Author) inFull() string {
	s := a.show()
	if address := line(a.Address, maxName); address != "" && address != s {
		s += " <" + address + ">"
	}
	if a.Outside {
		s += " (outside)"
	}
	return s
}

// byline names the authors of an entry and how many messages there are.
func (e Entry) byline() string {
	const show = 3
	var who []string
	for i, a := range e.Authors {
		if i == show {
			who = append(who, count(len(e.Authors)-show, "other", "others"))
			break
		}
		who = append(who, a.full())
	}
	s := commas(who)
	if e.Messages > 1 {
		s += fmt.Sprintf(" (%d messages)", e.Messages)
	}
	return s
}

// when is the time of the newest message; one that an earlier digest has told of
// carries a sign that it still waits to be read.
func (e Entry) when(now time.Time, zone *time.Location) string {
	s := clock(e.At, zone, now)
	if e.Since.Before(now) {
		s = "unread, " + s
	}
	return s
}

// line says when clocks change, and what becomes of a time of day.
func (ch ClockChange) line() string {
	way, by := "forward", ch.Forward
	if by < 0 {
		way, by = "back", -by
	}
	amount := fmt.Sprintf("%d minutes", int(by.Minutes()))
	if by == time.Hour {
		amount = "an hour"
	}
	day := longDate(ch.Day)
	if len(ch.Cities) == 0 {
		return fmt.Sprintf("Your clocks go %s %s on %s.", way, amount, day)
	}
	s := fmt.Sprintf("Clocks change on %s in %s: %s %s.", day, names(ch.Cities), amount, way)
	if ch.There != "" && ch.Before != ch.After {
		s += fmt.Sprintf(" %s there is then %s for you, not %s.", line(ch.There, maxName), line(ch.After, maxName), line(ch.Before, maxName))
	}
	return s
}

// sentence is a question or a decision as it is shown.
func sentence(s string) string {
	if s = line(s, maxSentence); s == "" {
		return "(no words)"
	}
	return strings.TrimSpace(s)
}
