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
	l := w.letter(to, c.headline(), c.text(to.zone()))
	l.Date = c.Tide.In(to.zone())
	l.HTML = c.html(to.zone())
	w.list(&l, "digest", "Tidepost digest", "fewer%20digests")
	return &l
}

// headline is the subject: what came, and from whom.
func (c Content) headline() string {
	n := c.messages()
	if n == 0 {
		return "Settings changed"
	}
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
	if len(who) == 0 {
		return count(n, "message", "messages")
	}
	return count(n, "message", "messages") + " from " + names(who)
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
	s := a.show()
	if address := line(a.Address, maxName); address != "" && address != s {
		s += " <" + address + ">"
	}
	return s + " (outside)"
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

// mark tells that an earlier digest has told of the entry.
func (e Entry) mark(c Content, zone *time.Location) string {
	if !e.Since.Before(c.Tide) {
		return ""
	}
	return "still unread since " + clock(e.Since, zone, c.Tide)
}

// remarks are the lines below the entries.
func (c Content) remarks() []string {
	var out []string
	if s := c.Counts.line(); s != "" {
		out = append(out, s)
	}
	for i, sender := range c.Confirmed {
		if i == MaxEntries {
			out = append(out, fmt.Sprintf("And mail from %s.", count(len(c.Confirmed)-i, "other sender", "other senders")))
			break
		}
		out = append(out, "Mail from "+line(sender, maxSubject)+" now always goes to INBOX.")
	}
	return out
}

func (c Content) missed(zone *time.Location) string {
	if c.Missed.IsZero() {
		return ""
	}
	return "This delivery is late: Tidepost was not running at " + clock(c.Missed, zone, c.Tide) + "."
}

func moreLine(n int) string { return fmt.Sprintf("and %d more in INBOX", n) }

// text is the digest as plain text.
func (c Content) text(zone *time.Location) string {
	var b strings.Builder
	fmt.Fprintf(&b, "Delivery of %s\n", moment(c.Tide, zone))
	if s := c.missed(zone); s != "" {
		b.WriteString(wrap(s, "") + "\n")
	}
	entries, more := c.shown()
	for _, e := range entries {
		b.WriteString("\n" + e.text(c, zone))
	}
	if more > 0 {
		b.WriteString("\n" + moreLine(more) + "\n")
	}
	for i, s := range c.remarks() {
		if i == 0 {
			b.WriteByte('\n')
		}
		b.WriteString(wrap(s, "") + "\n")
	}
	return b.String()
}

// text is one entry: number, subject and time on a line, then who, what, where.
func (e Entry) text(c Content, zone *time.Location) string {
	const indent = "     "
	var b strings.Builder
	b.WriteString(beside(fmt.Sprintf("%3d  %s", e.Number, subjectLine(e.Subject)), clock(e.At, zone, c.Tide)) + "\n")
	b.WriteString(wrap(e.byline(), indent) + "\n")
	if s := e.mark(c, zone); s != "" {
		b.WriteString(indent + s + "\n")
	}
	if s := line(e.Preview, maxPreview); s != "" {
		b.WriteString(wrap(s, indent) + "\n")
	}
	if s := link(e.MID); s != "" {
		b.WriteString(indent + s + "\n")
	}
	return b.String()
}
