package dsn

import (
	"fmt"
	"strings"

	"tidepost/mail"
)

// subject says in the fewest words what happened to which mail.
func (r *Report) subject(original mail.Header) string {
	what := "Passed on"
	switch {
	case r.failed():
		what = "Not delivered"
	case r.Recipients[0].Action == Delayed:
		what = "Still trying"
	case r.Recipients[0].Action == Delivered:
		what = "Delivered"
	}
	subject := clean(original.Text("Subject"), 120)
	if subject == "" {
		subject = "(no subject)"
	}
	return what + ": " + subject
}

// words is the part for people: what happened, to whom, what was said, what to
// do.
func (r *Report) words(original mail.Header) string {
	var b strings.Builder
	paragraph(&b, "", r.opening())
	b.WriteByte('\n')
	fmt.Fprintf(&b, "  Subject: %s\n", clean(original.Text("Subject"), 200))
	if !r.Arrival.IsZero() {
		fmt.Fprintf(&b, "  Sent:    %s\n", clock(r.Arrival, r.Now.Location()))
	}
	b.WriteString("\nWhat happened\n")
	advised := map[string]bool{}
	var advice []string
	for _, x := range r.Recipients {
		fmt.Fprintf(&b, "\n  %s\n", clean(x.Address.String(), maxQuoted))
		why, do := x.explain()
		paragraph(&b, "    ", why)
		switch {
		case x.Said && x.Reply.Code != 0:
			paragraph(&b, "    ", clean(x.Remote, 255)+" said: "+said(x.Reply))
		case x.Reply.Text != "":
			paragraph(&b, "    ", "Found here: "+clean(x.Reply.Text, maxQuoted))
		}
		if x.Action == Delayed && !x.RetryTo.IsZero() {
			paragraph(&b, "    ", "It is tried again until "+clock(x.RetryTo, r.Now.Location())+".")
		}
		if !advised[do] {
			advised[do] = true
			advice = append(advice, do)
		}
	}
	b.WriteString("\nWhat to do\n\n")
	for _, do := range advice {
		paragraph(&b, "  ", do)
	}
	return b.String()
}

func (r *Report) opening() string {
	one := len(r.Recipients) == 1
	who := "some of its readers"
	if one {
		who = "one reader"
	}
	switch {
	case r.failed():
		return "Your mail could not be delivered to " + who + "."
	case r.Recipients[0].Action == Delayed:
		return "Your mail has not reached " + who + " yet. It is still being tried; nothing is lost."
	case r.Recipients[0].Action == Delivered:
		return "Your mail has been delivered to " + who + "."
	}
	return "Your mail has been passed on for " + who + "."
}

// nothing to do is the advice of all good news.
const nothing = "Nothing."

// explain says in plain words why, and what the author can do.
func (x *Recipient) explain() (why, do string) {
	switch x.Action {
	case Delayed:
		return "The other side cannot take the mail at the moment.", "Nothing. If it is urgent, reach the reader another way; you will hear if the mail has to be given up."
	case Delivered:
		return "Delivered.", nothing
	case Relayed:
		return "Passed on to a server that sends no delivery reports of its own.", nothing
	case Expanded:
		return "Passed on to the members of a list.", nothing
	case Expired:
		return "It was tried again and again and never worked, so it has been given up.", "Ask the reader for another address, or send the mail again later."
	}
	return x.failure()
}

// failure words the statuses of RFC 3463 that people meet.
func (x *Recipient) failure() (why, do string) {
	const again = "Send the mail again when this is mended."
	switch e := x.Reply.Enhanced; {
	case e[1] == 1 && (e[2] == 1 || e[2] == 0 || e[2] == 3 || e[2] == 6):
		return "There is no such address there.", "Look for a slip in the address and send the mail again, or ask the reader for the right one."
	case e[1] == 1 && e[2] == 2:
		return "The part of the address behind the @ does not exist.", "Look for a slip in the address behind the @ and send the mail again."
	case e[1] == 1 && e[2] == 10:
		return "The domain of this address takes no mail at all.", "Ask the reader for another address."
	case e[1] == 2 && e[2] == 1:
		return "The mailbox is closed.", "Ask the reader for another address."
	case e[1] == 2 && e[2] == 2:
		return "The mailbox is full.", "Tell the reader another way. " + again
	case e[1] == 2 && e[2] == 3, e[1] == 3 && e[2] == 4:
		return "The mail is too big for the other side.", "Send it without the large attachments, or share a link to them."
	case e[1] == 4 && e[2] == 6:
		return "The mail would have gone in a circle.", "Tell the people who run your mail server."
	case e[1] == 6 && (e[2] == 7 || e[2] == 3):
		return "The other side does not take mail with these characters.", "Ask the reader for an address in plain letters."
	case e[1] == 7:
		return "The other side refuses the mail by its rules.", "Read what it said, above. If it makes no sense, tell the people who run your mail server."
	}
	return "The other side refuses the mail for good.", "Read what it said, above, or reach the reader another way."
}

// paragraph writes text wrapped to 72 columns behind indent.
func paragraph(b *strings.Builder, indent, text string) {
	column := 0
	for word := range strings.FieldsSeq(text) {
		n := len([]rune(word))
		switch {
		case column == 0:
			b.WriteString(indent)
			column = len(indent)
		case column+1+n > 72:
			b.WriteString("\n" + indent)
			column = len(indent)
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += n
	}
	if column > 0 {
		b.WriteByte('\n')
	}
}
