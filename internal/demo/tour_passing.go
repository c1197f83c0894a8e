package demo

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/mail"
)

// urgent: it passes at once, and its sender is told what it costs.
func (g *guide) urgent() {
	w := g.world
	d := draft{from: w.ana.mailbox(), to: w.mei.mailbox(), id: w.id("water", domain), date: time.Now().In(w.ana.zone),
		subject: "[urgent] Water in the server room", text: "The pump has stopped. Who has the key?"}
	g.water = d
	s := w.submission(&w.ana)
	s.port, s.implicit = w.doors.Submissions, true
	g.must(s.send(w.ana.address, d.bytes(), w.mei.address))
	l := g.arrives(g.mei, "INBOX", "the urgent mail", byID(d.id))
	cost := g.arrives(g.ana, "INBOX", "the cost note", note("Urgent: "))
	g.window("Mei's telephone:", l.subject())
	g.window("Ana's client, INBOX:", cost.text)
	g.check(l.subject() == "Water in the server room" && time.Since(d.date) < soon, "it is in Mei's INBOX at once, the tag cut off")
	said := unwrapped(cost.text)
	g.check(strings.Contains(said, "Sydney") && strings.Contains(said, "call "+w.mei.phone), "the sender hears what time it is there, and whom to call")
	g.check(strings.Contains(said, "7 left."), "the budget shows: one of 8 this month is used")
	g.rang(1)
}

// passing: what nobody may hold back.
func (g *guide) passing() {
	w, now := g.world, time.Now()
	code := draft{from: "Bank <no-reply@bank.example>", to: w.mei.mailbox(), id: w.id("code", "bank.example"), date: now,
		subject: "Your sign-in code", text: "Your code is 493817. It is valid for 10 minutes. Do not share it."}
	g.must(w.arrives("no-reply@bank.example", code, &w.mei))
	event := now.Add(2 * time.Hour).UTC().Truncate(time.Hour)
	invite := draft{from: "Olga Ivanova <" + olga + ">", to: w.mei.mailbox(), id: w.id("invite", "customer.example"), date: now,
		subject: "Invitation: contract, " + event.In(w.mei.zone).Format(clock), mime: "text/calendar; method=REQUEST; charset=utf-8",
		text: invitation(event, w.mei.address)}
	g.must(w.arrives(olga, invite, &w.mei))
	c := g.arrives(g.mei, "INBOX", "the code", byID(code.id))
	i := g.arrives(g.mei, "INBOX", "the invitation", byID(invite.id))
	took := time.Since(now)
	g.window("Mei's telephone:", c.subject()+"\n"+i.subject())
	g.check(took < soon, "both are in her INBOX at once: codes never wait, and the meeting is before her day begins")
	g.rang(2)
}

// invitation is an iCalendar object (RFC 5545) for an hour from begin.
func invitation(begin time.Time, who string) string {
	const stamp = "20060102T150405Z"
	return strings.Join([]string{
		"BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//customer.example//EN", "METHOD:REQUEST", "BEGIN:VEVENT",
		"UID:contract@customer.example", "DTSTAMP:" + begin.Format(stamp), "DTSTART:" + begin.Format(stamp),
		"DTEND:" + begin.Add(time.Hour).Format(stamp), "SUMMARY:Contract", "ORGANIZER:mailto:" + olga,
		"ATTENDEE;RSVP=TRUE:mailto:" + who, "END:VEVENT", "END:VCALENDAR",
	}, "\n")
}

// toTheOutside: nobody's hours are known, so it leaves; and it shows no hour of
// writing and no blind copy.
func (g *guide) toTheOutside() {
	w, sent := g.world, time.Now()
	const archive = "archive@partner.example"
	d := draft{from: w.ana.mailbox(), to: "Olga Ivanova <" + olga + ">", bcc: archive, id: w.id("offer", domain),
		date: sent.Add(-3 * time.Hour).In(w.ana.zone), subject: "Our offer", text: "Dear Olga,\n\nhere is our offer.\n\nAna"}
	g.must(w.submission(&w.ana).send(w.ana.address, d.bytes(), olga, archive))
	var got []outgoing
	g.await("the mail at the smarthost", sent.Add(g.patience), func() bool {
		got = w.outside.mails()
		return reached(got, olga) && reached(got, archive)
	})
	after := time.Now()
	for _, m := range got {
		head := mail.ParseHeader(headOf(m.data))
		g.check(!head.Has("Bcc") && !strings.Contains(string(m.data), archive), "at the smarthost, to %s: no trace of the blind copy", strings.Join(m.to, ", "))
		date, ok := head.Date("Date")
		g.check(ok && date.Equal(date.Truncate(time.Minute)) && !date.Before(sent.Truncate(time.Minute)) && !date.After(after),
			"its Date is the minute it left (%s), not the %s at which it was written", date.In(w.ana.zone).Format(clock), d.date.Format(clock))
		trace := head.All("Received")
		g.check(len(trace) == 1 && strings.Contains(trace[0], "by "+hostname) && strings.HasSuffix(strings.TrimSpace(trace[0]), date.In(w.ana.zone).Format("15:04:05 -0700")),
			"one Received line, by %s, of the same minute", hostname)
		g.check(strings.HasSuffix(string(m.data), "\r\n\r\nDear Olga,\r\n\r\nhere is our offer.\r\n\r\nAna\r\n"), "the body is as Ana wrote it")
	}
	g.check(after.Sub(sent) >= tourUndo, "it left after the %s in which it could be taken back", tourUndo)
}

func reached(list []outgoing, address string) bool {
	return slices.ContainsFunc(list, func(m outgoing) bool { return slices.Contains(m.to, address) })
}

// headOf is the head of a mail with the empty line.
func headOf(data []byte) []byte {
	head, _, _ := strings.Cut(string(data), "\r\n\r\n")
	return []byte(head + "\r\n\r\n")
}

// rang waits until the phone has shown n more messages, each in the moment it came.
func (g *guide) rang(n int) {
	want := g.stock + uint32(n)
	g.await(fmt.Sprintf("the telephone to ring for %d", n), time.Now().Add(g.patience), func() bool {
		rings := g.rings()
		return len(rings) > 0 && rings[len(rings)-1].messages >= want
	})
	g.stock, g.seen = want, len(g.phone.bell.heard())
}
