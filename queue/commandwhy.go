package queue

import (
	"fmt"
	"strings"

	"tidepost/commands"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// why says of a mail why it waits: of one's own that is held, of one to oneself that
// comes with a delivery. The mail is named, or the one that is replied to.
func (d *doing) why(c commands.Command) error {
	mids := parents(d.in.facts)
	if c.Value != "" {
		mids = []string{strings.Trim(c.Value, "<>")}
	}
	for _, mid := range mids {
		found, err := d.whyMail(mid)
		if err != nil || found {
			return err
		}
	}
	if len(mids) == 0 {
		d.back = append(d.back, "Which mail? Reply to it, to me alone, with the word *why*; or write *why* and its Message-ID. The timetable on top of `Scheduled` gives the reason for each mail that waits.")
		return nil
	}
	d.back = append(d.back, "I know no mail of yours with that Message-ID that waits or waited here.")
	return nil
}

// whyMail answers for one Message-ID. Only mail of the person is known: what they sent,
// and what was sent to them.
func (d *doing) whyMail(mid string) (bool, error) {
	subs, err := d.tx.SubmissionsByMID(mid)
	if err != nil {
		return false, err
	}
	found := false
	for _, s := range subs {
		if s.AuthorID != d.in.author.ID {
			continue
		}
		list, err := d.q.Why(d.tx, s.ID, d.in.now)
		if err != nil {
			return false, err
		}
		var lines []string
		for _, x := range list {
			line := "- " + d.q.nameOf(x.Recipient) + ": "
			switch {
			case x.Recipient.State == store.Held && x.Why != "":
				line += "leaves " + x.When + ", because " + x.Why + "."
			case x.When != "":
				line += string(x.Recipient.State) + ", next " + x.When + "."
			case !x.Recipient.Released.IsZero():
				line += string(x.Recipient.State) + "; left " + people.Moment(x.Recipient.Released, d.zone(), d.in.now) + "."
			default:
				line += string(x.Recipient.State) + "."
			}
			lines = append(lines, line)
		}
		d.say(fmt.Sprintf("%s:\n%s\nTo send what waits at once, drag it to `Scheduled/Send now`.", s.Subject, strings.Join(lines, "\n")))
		found = true
	}
	if found {
		return true, nil
	}
	return d.whyArrived(mid)
}

// whyArrived answers for mail that was sent to the person.
func (d *doing) whyArrived(mid string) (bool, error) {
	list, err := d.tx.MessagesByMID(mid)
	if err != nil {
		return false, err
	}
	for _, m := range list {
		deliveries, err := d.tx.DeliveriesByMessage(m.ID)
		if err != nil {
			return false, err
		}
		for _, v := range deliveries {
			if v.PersonID != d.in.author.ID {
				continue
			}
			subject := mail.ParseHeader(m.Head).Text("Subject")
			switch {
			case v.State == store.Waiting:
				d.say(fmt.Sprintf("%s waits in `Next delivery` until %s, because %s. To have it now, drag it to `INBOX`.", subject, people.Moment(v.Due, d.zone(), d.in.now), whyWaits(v.Reason)))
			default:
				d.say(fmt.Sprintf("%s does not wait: it came %s.", subject, people.Moment(v.Published, d.zone(), d.in.now)))
			}
			return true, nil
		}
	}
	return false, nil
}

// whyWaits words why a delivery waits.
func whyWaits(reason string) string {
	switch inbox.Reason(reason) {
	case inbox.ReasonLetter:
		return "letters of mine come within your hours"
	case inbox.ReasonOutside:
		return "mail from outside comes within your hours"
	case inbox.ReasonCalendar:
		return "the event it is about is not near"
	}
	return "mail comes with your deliveries"
}
