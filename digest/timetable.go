package digest

import (
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
)

// MaxLines is how many waiting mails the timetable lists.
const MaxLines = 50

// maxWaiting is how many recipients it lists of each.
const maxWaiting = 10

// A Timetable tells what an author's waiting mail does next.
type Timetable struct {
	Lines []Line // the next to leave first
	Total int    // waiting mails, those that are not in Lines too
}

// A Line is one waiting mail.
type Line struct {
	Subject string
	MID     string
	Frozen  bool // marked as deleted: nothing leaves until it is unmarked
	Stopped bool // the app password it came with was revoked: nothing leaves until it is moved
	Waiting []Waiting
}

// A Waiting is one recipient, with the release time in words for reader and author.
type Waiting struct {
	Name string
	When string // "Tue 09:00 Sydney (Mon 22:00 London)"
	Next string // the same in short, "Tue 09:00"
	Why  string // "the working day is over"
}

// Timetable writes the letter on top of Scheduled. With nothing waiting it says so.
func (w Writer) Timetable(to Reader, t Timetable, now time.Time) mail.Letter {
	t.Total = max(t.Total, len(t.Lines))
	var b strings.Builder
	head := t.headline()
	b.WriteString(wrap(head+".", "") + "\n")
	for i, l := range t.Lines {
		if i == MaxLines {
			break
		}
		b.WriteString("\n" + l.text(i+1))
	}
	if more := t.Total - min(len(t.Lines), MaxLines); more > 0 {
		fmt.Fprintf(&b, "\nand %d more in this folder\n", more)
	}
	if t.Total > 0 {
		b.WriteString("\n" + wrap("To change it: drag a mail to `Scheduled/Send now` to send it at once, "+
			"to `Scheduled/Send tomorrow`, `Scheduled/Send Monday` or `Scheduled/When they start work` for another time, "+
			"or to `Drafts` to cancel it. When you write, a subject that begins with `[now]`, `[urgent]` or "+
			"`[send Fri 9am]` sets the time. *why 1* in reply tells more of the first.", "") + "\n")
	}
	l := w.letter(to, head, b.String())
	l.Date = now.In(to.zone())
	return l
}

// headline is the whole timetable in one line, for the list of mails.
func (t Timetable) headline() string {
	if t.Total == 0 {
		return "Nothing waits to leave"
	}
	head := count(t.Total, "message leaves later", "messages leave later")
	for _, l := range t.Lines {
		if !l.Frozen && !l.Stopped && len(l.Waiting) > 0 {
			first := l.Waiting[0]
			return fmt.Sprintf("%s; next %s to %s", head, line(first.Next, maxName), line(first.Name, maxName))
		}
	}
	return head
}

// text is a waiting mail with the number by which its author can ask why it waits.
func (l Line) text(n int) string {
	var b strings.Builder
	b.WriteString(fit(fmt.Sprintf("[%d] %s", n, subjectLine(l.Subject)), width) + "\n")
	if l.Frozen {
		b.WriteString("  marked as deleted: nothing leaves until you unmark it\n")
	}
	if l.Stopped {
		b.WriteString(wrap("stopped: the app password it came with was revoked; drag it to `Scheduled/Send now` to send it", "  ") + "\n")
		return b.String()
	}
	for i, r := range l.Waiting {
		if i == maxWaiting {
			fmt.Fprintf(&b, "  and %s\n", count(len(l.Waiting)-i, "more recipient", "more recipients"))
			break
		}
		s := fmt.Sprintf("%s: %s", line(r.Name, maxName), line(r.When, maxReply))
		if why := line(r.Why, maxReply); why != "" {
			s += ", because " + why
		}
		b.WriteString(wrap(s, "  ") + "\n")
	}
	return b.String()
}
