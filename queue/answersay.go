package queue

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/answers"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// show is an answer as its author wrote it, for what comes back.
func (act *answerAct) show() string { return fmt.Sprintf("%d: %s", act.Number, act.Said) }

// whyBack says why a passage of a reply comes back.
func whyBack(b answers.Leftover) string {
	switch b.Why {
	case answers.WhyUnknown:
		return fmt.Sprintf("this digest has no number %d", b.Number)
	case answers.WhyTwice:
		return fmt.Sprintf("number %d stands at two places", b.Number)
	case answers.WhyUnclear:
		return "a number in it may be that of a question, or belong to the text"
	case answers.WhyEmpty:
		return fmt.Sprintf("nothing stands under %d", b.Number)
	case answers.WhyName:
		return fmt.Sprintf("is that the answer, or who should answer? Write \"%d -> name\", or a sentence", b.Number)
	}
	if b.Why == answers.WhyQuoted {
		return fmt.Sprintf("it stands inside the quotation, behind question %d; write above or between quotations", b.Number)
	}
	return "no number says which question it answers"
}

// whyNot says how a question stands that is not the author's to answer any more.
func (q *Queue) whyNot(act *answerAct) string {
	i := act.item
	switch {
	case i.Open() && i.Ask.OwnerID == 0:
		return "that question is open to everybody now"
	case i.Open():
		return "that question is with " + q.ownerName(act) + " now"
	case i.Clock.State == threading.Withdrawn:
		return "that question was withdrawn before"
	case i.Clock.State == threading.Waived:
		return "that question was closed before"
	}
	return "that question was answered before"
}

func (q *Queue) ownerName(act *answerAct) string {
	if p, ok := q.people.ByID(act.item.Ask.OwnerID); ok {
		return p.FirstName()
	}
	if act.item.Ask.OwnerName != "" {
		return act.item.Ask.OwnerName
	}
	return act.item.Ask.Owner
}

// confirmAnswers tells the author in one line what the reply did, and below it what
// comes back.
func (q *Queue) confirmAnswers(tx *store.Tx, in *intake, r *digestReply, back []backLine) error {
	if len(back) == 0 && len(r.acts) == 0 && len(r.reading.Courtesy) == 0 {
		back = []backLine{{"(nothing)", "no words of yours could be read in it"}}
	}
	var b strings.Builder
	b.WriteString(q.didLine(in, r))
	b.WriteString("\n")
	if len(back) > 0 {
		b.WriteString("\nNot done, because it was not clear or not possible:\n")
		for _, l := range back {
			b.WriteString("\n" + quote(l.text) + "\n(" + l.why + ")\n")
		}
		b.WriteString("\n" + possibleAnswers(r) + "\n")
	}
	subject := in.facts.Subject
	if !strings.HasPrefix(strings.ToLower(subject), "re:") {
		subject = "Re: " + subject
	}
	l := q.plain(in.author, subject, strings.TrimRight(b.String(), "\n"), in.facts.MessageID)
	l.References = []string{r.digest.MID}
	if in.facts.MessageID != "" {
		l.References = append(l.References, in.facts.MessageID)
	}
	if err := q.note(tx, in.author, noteAnswers, 0, l, answersDetail{Digest: r.digest.MID}, in.now); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: in.now, Kind: evAnswers, PersonID: in.author.ID, MessageID: r.digest.MessageID,
		Detail: detail{"answers": len(r.acts), "mails": len(r.mails), "back": len(back)}})
}

// didLine is what was done, in one line.
func (q *Queue) didLine(in *intake, r *digestReply) string {
	var parts []string
	for _, kind := range []struct {
		kind  answers.Kind
		lead  string
		words func(*answerAct) string
	}{
		{answers.Reply, "Answered: ", func(a *answerAct) string { return q.sentTo(in, a) }},
		{answers.Promise, "Promised: ", func(a *answerAct) string { return q.promisedTo(in, a) }},
		{answers.HandOver, "Handed over: ", func(a *answerAct) string { return q.sentTo(in, a) }},
		{answers.NotMine, "Not yours, and open again: ", func(a *answerAct) string {
			if a.mail == nil {
				return fmt.Sprintf("%d, for the others of %s", a.Number, q.o.Clocks.RoleOf(a.item))
			}
			return q.sentTo(in, a)
		}},
		{answers.Waive, "Closed without a mail: ", func(a *answerAct) string { return fmt.Sprint(a.Number) }},
	} {
		var list []string
		for _, act := range r.acts {
			if act.Kind != kind.kind || !act.done && act.note == "" {
				continue
			}
			s := kind.words(act)
			if act.note != "" {
				s += " (" + act.note + "; sent all the same)"
			}
			list = append(list, s)
		}
		if len(list) > 0 {
			parts = append(parts, kind.lead+strings.Join(list, ", ")+".")
		}
	}
	if len(parts) == 0 {
		return "Nothing was done with your reply."
	}
	return strings.Join(parts, " ")
}

// sentTo is "2 → Tom (leaves Tue 09:00 New York (Tue 14:00 London))".
func (q *Queue) sentTo(in *intake, act *answerAct) string {
	m := act.mail
	var who []string
	for i, r := range m.rcpts {
		if i == maxNamed {
			who = append(who, fmt.Sprintf("%d more", len(m.rcpts)-i))
			break
		}
		who = append(who, q.nameOf(r))
	}
	s := fmt.Sprintf("%d → %s", act.Number, strings.Join(who, ", "))
	if len(m.rcpts) == 0 {
		return s + q.nobody(act)
	}
	if due := m.rcpts[0].Due; due.Sub(in.now) > time.Minute {
		s += " (leaves " + q.when(due, in.author, m.rcpts[0], in.now) + ")"
	}
	return s
}

func (q *Queue) nobody(act *answerAct) string {
	if p, ok := q.people.ByID(act.item.Ask.AskerID); ok {
		return p.FirstName()
	}
	return act.item.Ask.Asker
}

func (q *Queue) promisedTo(in *intake, act *answerAct) string {
	s := q.sentTo(in, act)
	if !act.Due.OK {
		return s + " (names no day, so the clock goes on)"
	}
	return s + " by " + people.Day(act.Due.At, in.zone(), in.now)
}

// possibleAnswers says what can be written, with numbers that there are.
func possibleAnswers(r *digestReply) string {
	var numbers []int
	for _, l := range r.content.Asks {
		numbers = append(numbers, l.Number)
	}
	if len(numbers) == 0 {
		return "That digest asks you nothing."
	}
	slices.Sort(numbers)
	n := numbers[0]
	which := fmt.Sprintf("The numbers of that digest go from %d to %d.", n, numbers[len(numbers)-1])
	if len(numbers) == 1 {
		which = fmt.Sprintf("The only number of that digest is %d.", n)
	}
	return fmt.Sprintf("Reply to this note to try again: \"%d: yes\", \"%d by Friday\", \"%d -> anna\", \"%d not mine\", \"%d no answer needed\". %s",
		n, n, n, n, n, which)
}
