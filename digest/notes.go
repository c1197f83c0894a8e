package digest

import (
	"fmt"
	"strings"

	"tidepost/mail"
)

// In all notes When is a moment in words, for those who must understand it, with the
// place where clocks differ: "Tue 09:00 Sydney (Mon 22:00 London)".

// A Left is a recipient whom a mail has reached, or has gone to.
type Left struct {
	Name string
	When string
}

func lefts(list []Left) string {
	var out []string
	for _, l := range list {
		out = append(out, line(l.When, maxName)+" to "+line(l.Name, maxName))
	}
	return strings.Join(out, ", ")
}

// Cancelled confirms to the author that a mail was taken back from About.To. left
// are those whom it had reached before. The way back is open for 30 days.
func (w Writer) Cancelled(to Reader, about About, left []Left) mail.Letter {
	what := subjectLine(about.Subject)
	body := fmt.Sprintf("Not sent: %s → %s. Drag it back to `Scheduled` to send after all. That works for 30 days.", what, names(about.To))
	gone := ""
	if len(left) > 0 {
		gone = "It had left before: " + lefts(left) + "."
	}
	copied := ""
	if about.Unsent {
		copied = "The copy in `Sent` lies in `Trash`, and comes back with the mail."
	}
	return w.note(to, about, "Not sent: "+what, body, gone, copied)
}

// TooLate tells the author that what should be cancelled or changed has left.
func (w Writer) TooLate(to Reader, about About, left []Left) mail.Letter {
	what := subjectLine(about.Subject)
	return w.note(to, about, "Too late: "+what,
		fmt.Sprintf("Too late: left %s. Reply *correct* to send a follow-up.", lefts(left)), "Mail: "+what)
}

// An Urgent is what urgent mail costs.
type Urgent struct {
	Reached []Reached
	Awake   []Awake // colleagues at work now who were not asked
	Budget  int     // urgent mails a month
	Used    int     // with this one
}

// A Reached is a recipient of urgent mail.
type Reached struct {
	Name   string
	Clock  string // local time, "03:10"
	City   string // "Sydney"; "" for recipients whose zone is not known
	Phone  string
	Asleep bool // outside working time
}

// An Awake is a colleague who is at work now.
type Awake struct {
	Name  string
	City  string
	Clock string
	Word  string // the answer that adds them, "ana"
}

// Urgent tells the author at once what an urgent mail did and what would be better.
func (w Writer) Urgent(to Reader, about About, u Urgent) mail.Letter {
	var blocks []string
	for _, r := range u.Reached {
		blocks = append(blocks, r.sentence())
	}
	if len(u.Awake) > 0 {
		var who []string
		for _, a := range u.Awake {
			name := line(a.Name, maxName)
			who = append(who, fmt.Sprintf("%s (%s %s); reply *%s* to add %s", name, line(a.City, maxName), a.Clock, line(a.Word, maxName), name))
		}
		blocks = append(blocks, "Awake now: "+strings.Join(who, ". ")+".")
	}
	blocks = append(blocks, u.budget())
	return w.note(to, about, "Urgent: "+subjectLine(about.Subject), blocks...)
}

func (r Reached) sentence() string {
	name := line(r.Name, maxName)
	if r.City == "" {
		return "Sent to " + name + " at once."
	}
	s := fmt.Sprintf("Delivered %s %s to %s", line(r.Clock, maxName), line(r.City, maxName), name)
	switch phone := phoneNumber(r.Phone); {
	case !r.Asleep:
		return s + "."
	case phone == "":
		return s + "; e-mail may not wake " + name + "."
	default:
		return s + "; e-mail may not wake " + name + ": call " + phone + "."
	}
}

// phoneNumber keeps a number on one line.
func phoneNumber(s string) string { return strings.ReplaceAll(line(s, maxName), " ", "\u00a0") }

func (u Urgent) budget() string {
	if left := u.Budget - u.Used; left >= 0 {
		return fmt.Sprintf("%d left.", left)
	}
	return fmt.Sprintf("It was sent all the same: %d of %d urgent mails this month.", u.Used, u.Budget)
}

// FirstHold explains one of a person's first three holds in one line.
func (w Writer) FirstHold(to Reader, about About, waits []Left) mail.Letter {
	var lines []string
	for _, l := range waits {
		lines = append(lines, fmt.Sprintf("Waits until %s for %s. `[now]` sends it.", line(l.When, maxReply), line(l.Name, maxName)))
	}
	return w.note(to, about, "Waits: "+subjectLine(about.Subject), strings.Join(lines, "\n"),
		"It lies in the folder `Scheduled`: drag it to `Scheduled/Send now`, or to `Drafts` to take it back.")
}

// Repeat tells the author that mail with this Message-ID has been delivered before
// and was not sent again.
func (w Writer) Repeat(to Reader, about About, before []Left) mail.Letter {
	what := subjectLine(about.Subject)
	return w.note(to, about, "Already sent: "+what,
		fmt.Sprintf("Already sent: left %s. It was not sent again; reply *again* to repeat.", lefts(before)))
}

// A Chosen is an explicit time that the clocks do not show, or show twice.
type Chosen struct {
	Asked string // as the author wrote it, "Sun 2:30"
	When  string // the instant chosen
	Gap   bool   // true: that time does not exist; false: it exists twice
}

// Chosen confirms which instant was chosen for an explicit time on a day when the
// clocks change.
func (w Writer) Chosen(to Reader, about About, c Chosen) mail.Letter {
	why := "comes twice, because the clocks go back; it leaves at the first"
	if c.Gap {
		why = "does not exist, because the clocks go forward; it leaves at the first minute after"
	}
	return w.note(to, about, "Leaves "+line(c.When, maxName)+": "+subjectLine(about.Subject),
		fmt.Sprintf("%s %s: %s.", line(c.Asked, maxName), why, line(c.When, maxReply)),
		"To change it, drag the mail in `Scheduled` to another time.")
}

// An Absence is who is away.
type Absence struct {
	Name  string // first name
	Back  string // "Mon 4 Jan"; "" if no end is known
	Cover string // first name of who stands in, or ""
}

// Away tells a colleague that the reader of their mail is on leave.
func (w Writer) Away(to Reader, about About, a Absence) mail.Letter {
	name := line(a.Name, maxName)
	s := name + " is away"
	if a.Back != "" {
		s = name + " is back " + line(a.Back, maxName)
	}
	if cover := line(a.Cover, maxName); cover != "" {
		s += "; " + cover + " covers"
	}
	s += "; `[now]` reaches " + name + " anyway."
	l := w.note(to, about, name+" is away: "+subjectLine(about.Subject), s,
		"Your mail waits in a folder for the return. You are told this once in four days.")
	l.Extra[0].Value = "auto-replied" // RFC 3834 §5
	return l
}

// Refused tells that what was dropped into a folder cannot be done, and why.
func (w Writer) Refused(to Reader, about About, folder, reason string) mail.Letter {
	what := subjectLine(about.Subject)
	return w.note(to, about, "Not done: "+what,
		fmt.Sprintf("Not done: %s was dropped into `%s`, but %s.", what, line(folder, maxSubject), line(reason, maxReply)),
		"Nothing was sent, and the mail is where it was.")
}

// Stuck tells the author that mail waits because Tidepost could not work out what to
// do with it. It leaves when somebody drags it.
func (w Writer) Stuck(to Reader, about About) mail.Letter {
	what := subjectLine(about.Subject)
	return w.note(to, about, "Waits: "+what,
		fmt.Sprintf("%s → %s is safe but waits: Tidepost failed while looking at it. The admin has been told.", what, names(about.To)),
		"Drag it from `Scheduled` to `Scheduled/Send now` to send it as it is.")
}

// Full tells the reader that there is little room left, or none.
func (w Writer) Full(to Reader, percent int, limit string) mail.Letter {
	what := fmt.Sprintf("Your mailbox is %d%% full: you may keep %s.", percent, line(limit, maxSubject))
	if percent >= 100 {
		what = fmt.Sprintf("Your mailbox is full: you may keep %s. Mail from elsewhere waits at its senders' servers, for some days. Mail of colleagues still comes.", line(limit, maxSubject))
	}
	return w.note(to, About{}, "Little room is left", what,
		"Delete what you do not need, and empty Trash; or ask your administrator for more room.")
}

// A Delay is mail that another server has not taken yet.
type Delay struct {
	Since  string // when it was first tried
	GiveUp string // until when it is tried
	Reply  string // last word of the other server
}

// Delayed tells the author that mail has not arrived yet.
func (w Writer) Delayed(to Reader, about About, d Delay) mail.Letter {
	what := subjectLine(about.Subject)
	reply := ""
	if r := line(d.Reply, maxReply); r != "" {
		reply = "The other server said: " + r
	}
	return w.note(to, about, "Delayed: "+what,
		fmt.Sprintf("Delayed: %s → %s. Tried since %s, and tried until %s. You need not do anything.",
			what, names(about.To), line(d.Since, maxName), line(d.GiveUp, maxName)), reply)
}

// Failed tells the author in plain words that mail will not arrive; the report for
// machines (RFC 3464) is package dsn's.
func (w Writer) Failed(to Reader, about About, reply string) mail.Letter {
	what := subjectLine(about.Subject)
	said := ""
	if r := line(reply, maxReply); r != "" {
		said = "The other server said: " + r
	}
	return w.note(to, about, "Not delivered: "+what,
		fmt.Sprintf("Not delivered: %s → %s. It will not be tried again.", what, names(about.To)), said)
}

// Reminder is the pointer on top of a mail that comes back from `Remind me`.
func (w Writer) Reminder(to Reader, about About, from, asked string) mail.Letter {
	what := subjectLine(about.Subject)
	l := w.note(to, about, "Reminder: "+what,
		fmt.Sprintf("You asked on %s to see this again: %s, from %s.", line(asked, maxName), what, line(from, maxName)),
		link(about.MID))
	return l
}

// Talk hints that a fourth quick reply in a row may be a conversation.
func (w Writer) Talk(to Reader, about About, name, phone, when string) mail.Letter {
	name = line(name, maxName)
	s := fmt.Sprintf("Three quick rounds with %s already: this reply arrives %s. Talking may be faster", name, line(when, maxName))
	if p := phoneNumber(phone); p != "" {
		s += ": " + p
	}
	return w.note(to, about, "Talk? "+subjectLine(about.Subject), s+".")
}

// A Newcomer is what a new person must know of how the team works.
type Newcomer struct {
	Waits   bool   // what they send waits for its readers' hours
	Batches bool   // what they get comes with deliveries
	Trying  bool   // neither does yet: it is only reckoned what would
	Tides   string // "09:00, 13:00 and 16:00"; "" for none
}

// Welcome greets a new person in ten lines: what waits, where it lies, by when answers are
// expected, and how to change all that.
func (w Writer) Welcome(to Reader, n Newcomer) mail.Letter {
	sent := "What you send to colleagues leaves at once."
	if n.Waits {
		sent = "What you send to colleagues leaves in their working hours; until then it lies in `Scheduled`. Drag it to `Scheduled/Send now`, or begin the subject with `[now]`, and it leaves at once; `[urgent]` also wakes the reader."
	}
	got := "What you get comes as it comes."
	if tides := line(n.Tides, maxSubject); n.Batches && tides != "" {
		got = "What you get comes at " + tides + ", a digest on top; until then it lies in `Next delivery`. Codes, invitations and urgent mail never wait."
	}
	begin := "Your mail works as before, and there is nothing to install."
	if n.Trying {
		begin = "Your mail works as before. Your team is trying Tidepost out: nothing waits yet."
	}
	return w.note(to, About{}, "Welcome to Tidepost", begin, sent, got,
		"Nobody expects an answer at once: a question has until the same time of your next working day.",
		"Write *help* or *settings* to "+w.From().Address.String()+" to change any of this.")
}

// link is a line that leads to a message, or "".
func link(mid string) string {
	if u := midURL(mid); u != "" {
		return "<" + u + ">"
	}
	return ""
}
