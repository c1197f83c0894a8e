package inbox

import (
	"fmt"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A Whereabouts is where a mail that came for a person is, when it comes, and which line of
// the first-match list decided that.
type Whereabouts struct {
	Person   *people.Person // nil: they have left
	Delivery store.Delivery
	Subject  string
	Folder   string // as the person sees it: where it was put, or where it goes
	Because  string // to stand after "because"
	When     string // on the person's clock: when it comes, or came
	Now      string // how to have it now, or otherwise from now on; a sentence, may be ""
}

// Why tells of all deliveries of a Message-ID to a person, oldest first; nil: to anybody,
// for operators. A Message-ID that is not known gives none.
func (b *Inbox) Why(tx *store.Tx, p *people.Person, mid string, now time.Time) ([]Whereabouts, error) {
	if mid == "" {
		return nil, nil
	}
	messages, err := tx.MessagesByMID(mid)
	if err != nil {
		return nil, fmt.Errorf("why %s: %w", mid, err)
	}
	var out []Whereabouts
	for _, m := range messages {
		deliveries, err := tx.DeliveriesByMessage(m.ID)
		if err != nil {
			return nil, fmt.Errorf("why %s: %w", mid, err)
		}
		for _, d := range deliveries {
			if p != nil && d.PersonID != p.ID {
				continue
			}
			w, err := b.whereabouts(tx, d, m, now)
			if err != nil {
				return nil, fmt.Errorf("why %s: %w", mid, err)
			}
			out = append(out, w)
		}
	}
	return out, nil
}

// WhyDelivery is Why for one delivery of a message.
func (b *Inbox) WhyDelivery(tx *store.Tx, d store.Delivery, m store.Message, now time.Time) (Whereabouts, error) {
	return b.whereabouts(tx, d, m, now)
}

func (b *Inbox) whereabouts(tx *store.Tx, d store.Delivery, m store.Message, now time.Time) (Whereabouts, error) {
	w := Whereabouts{Delivery: d, Subject: mail.ParseHeader(m.Head).Text("Subject"), Because: Reason(d.Reason).String()}
	zone := time.UTC
	if p, ok := b.dir.ByID(d.PersonID); ok {
		w.Person, zone = p, p.Zone()
	}
	box, err := tx.MailboxByKind(d.PersonID, d.Target)
	if err != nil {
		return w, err
	}
	w.Folder = box.Name
	pl := planOf(d)
	switch {
	case d.State == store.Waiting:
		w.When = people.Moment(d.Due, zone, now)
		w.Now = "To have it now, drag it from `Next delivery` to `INBOX`."
		switch {
		case d.Target == store.KindAway:
			w.Because = ReasonAway.String()
		case pl.Wait == waitTide && w.Person != nil && !w.Person.Schedule(now).HasTides():
			w.When += ", when your hours begin"
		}
		if !pl.Missed.IsZero() {
			w.Because += "; the delivery of " + people.Moment(pl.Missed, zone, now) + " was missed"
		}
	case d.State == store.Withdrawn:
		w.When, w.Because = people.Moment(d.Arrived, zone, now), "its reader deleted it before it was delivered"
	default:
		w.When = people.Moment(d.Published, zone, now)
		w.Now = otherwise(d.Target)
	}
	return w, nil
}

// otherwise says how mail of the kind can be had differently from now on.
func otherwise(target store.Kind) string {
	switch target {
	case store.KindNotifications:
		return "Move it from `Notifications` to `INBOX`, and its sender always comes there."
	case store.KindLists, store.KindSocial:
		return "*always ADDRESS*, said to Tidepost, has a sender delivered to `INBOX` at once."
	case store.KindJunk:
		return "Move it to `INBOX` if it is none."
	case store.KindAway:
		return "Codes, urgent mail, `[now]` of a colleague, and senders named with *always ADDRESS* come into `INBOX` during leave."
	}
	return ""
}

// Sentence is all of it in one: "Order waits for Mei in Next delivery until Tue 13:00
// (goes to INBOX), because …". you addresses the person.
func (w Whereabouts) Sentence(you bool) string {
	who := ""
	if !you {
		who = " for somebody who has left"
		if w.Person != nil {
			who = " for " + w.Person.FirstName()
		}
	}
	subject := w.Subject
	if subject == "" {
		subject = "(no subject)"
	}
	var s string
	switch w.Delivery.State {
	case store.Waiting:
		s = fmt.Sprintf("%s waits%s in `Next delivery` and comes into `%s` %s, because %s.", subject, who, w.Folder, w.When, w.Because)
	case store.Withdrawn:
		s = fmt.Sprintf("%s came%s %s and lies in `Trash`, because %s.", subject, who, w.When, w.Because)
	default:
		s = fmt.Sprintf("%s was put%s into `%s` %s, because %s.", subject, who, w.Folder, w.When, w.Because)
	}
	if you && w.Now != "" {
		s += " " + w.Now
	}
	return s
}

// String says the line of the first-match list in words, to stand after "because".
func (r Reason) String() string {
	switch r {
	case ReasonJunk:
		return "a filter calls it spam"
	case ReasonForged:
		return "it names an address of the team as its author, and that is not true"
	case ReasonDMARC:
		return "its author's domain wants mail away that fails its checks (DMARC)"
	case ReasonOff:
		return "deliveries are switched off, so that everything comes at once"
	case ReasonDryRun:
		return "deliveries only run dry, so that everything comes at once"
	case ReasonCode:
		return "it is a sign-in code, a reset or a verification, which never waits"
	case ReasonCalendar:
		return "it is an invitation: at once if the event is near, else when the reader's hours begin"
	case ReasonBounce:
		return "it reports on mail of the reader's own"
	case ReasonNamed:
		return "the reader or the team named its sender, whose mail never waits"
	case ReasonUrgent:
		return "it is urgent"
	case ReasonObjects:
		return "it objects to what silence would decide"
	case ReasonKept:
		return "the reader moved mail of this sender to INBOX before"
	case ReasonSocial:
		return "a social network sent it"
	case ReasonList:
		return "it is list mail"
	case ReasonAuto:
		return "a machine sent it"
	case ReasonQuick:
		return "it answers a mail of the last hour, and both are at work"
	case ReasonMine:
		return "it answers, from outside, in a conversation that the reader began"
	case ReasonStorm:
		return "it is one of many replies to all"
	case ReasonOutside:
		return "it comes from outside the team, and so as soon as the reader is at work"
	case ReasonTide:
		return "mail of colleagues comes with the reader's next delivery"
	case ReasonAway:
		return "the reader is on leave"
	case ReasonFailed:
		return "it could not be looked at, and in doubt everything comes at once"
	case ReasonLetter:
		return "letters of Tidepost's own come within the reader's hours"
	}
	return string(r)
}
