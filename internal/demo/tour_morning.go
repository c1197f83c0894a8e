package demo

import (
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"tidepost/people"
)

// headStart is the least time between the change of Mei's hours and her opening.
const headStart = 3 * time.Second

// nextDelivery: what waits can be seen, and taken out early by hand.
func (g *guide) nextDelivery() {
	w := g.world
	invoice := draft{from: "Olga Ivanova <" + olga + ">", to: w.mei.mailbox(), id: "invoice@customer.example", date: time.Now(),
		subject: "Question on the invoice", text: "Dear Mei,\n\nis the second line right?\n\nOlga"}
	photo := invoice
	photo.id, photo.subject, photo.text = "photos@customer.example", "Photos of the harbour", "The photos are on the server."
	for _, d := range []draft{invoice, photo} {
		g.must(w.inbound().send(olga, d.bytes(), w.mei.address))
	}
	g.arrives(g.mei, "Next delivery", "the first mail", byID(invoice.id))
	early := g.arrives(g.mei, "Next delivery", "the second mail", byID(photo.id))
	g.window("Mei's client, folder Next delivery:", invoice.subject+"\n"+photo.subject)
	g.check(early.has(imap.FlagSeen), "both wait in Next delivery, read: looking is allowed, nothing rings")
	g.check(g.absent(g.mei, "INBOX", photo.id) && g.absent(g.mei, "INBOX", invoice.id) && len(g.rings()) == 0, "INBOX is quiet")
	g.must(g.mei.move("Next delivery", early.uid, "INBOX"))
	now := g.arrives(g.mei, "INBOX", "the mail that was dragged", byID(photo.id))
	g.check(!now.has(imap.FlagSeen) && g.absent(g.mei, "Next delivery", photo.id), "dragged to INBOX, the second is delivered now; the first goes on waiting")
	g.rang(1)
	g.waiting = append(g.waiting, invoice.id)
}

// morning: a changed calendar moves what waits.
func (g *guide) morning() {
	w := g.world
	lunch := draft{from: w.ana.mailbox(), to: w.mei.mailbox(), id: "visit@" + domain, date: time.Now().In(w.ana.zone),
		subject: "My visit in spring", text: "Dear Mei,\n\nMarch or April: which month suits you?\n\nAna"}
	g.must(w.submission(&w.ana).send(w.ana.address, lunch.bytes(), w.mei.address))
	g.timetable("2 messages leave later")
	g.waiting = append(g.waiting, lunch.id)

	now := time.Now()
	w.opening = now.Add(headStart).Truncate(time.Minute).Add(time.Minute)
	fields := map[people.Field]string{people.FieldHours: hours(w.opening, w.mei.zone), people.FieldTides: tides(now, w.opening, w.mei.zone)}
	g.line("   Nobody waits all night for a demo, so Mei's hours are changed while Tidepost runs:")
	g.line("   $ tidepost people set %s --hours %q", w.mei.address, fields[people.FieldHours])
	g.must(w.set(g.ctx, &w.mei, fields, now))
	table := g.arrives(g.ana, "Scheduled", "the timetable of the new hours", func(l letter) bool {
		return l.ours() && saysWhen(l.text, w)
	})
	g.window("Ana's client, folder Scheduled, the letter on top:", table.subject())
	g.check(strings.Contains(table.subject(), "2 messages leave later; next "+w.ana.clock(w.opening)+" to Mei"), "what waits is planned anew, for her new opening")
	g.check(len(g.rings()) == 0, "until then nothing rings")
	g.line("   ... %s in Sydney: %.0f seconds to go", time.Now().In(w.mei.zone).Format("15:04:05"), time.Until(w.opening).Seconds())
}

// tide: everything that waited comes in one step.
func (g *guide) tide() {
	w := g.world
	g.await("the tide", w.opening.Add(patience), func() bool { return len(g.rings()) > 0 })
	rung := g.rings()[0]
	inbox := g.letters(g.mei, "INBOX")
	g.check(int(rung.messages) == len(inbox) && !rung.at.Before(w.opening), "at %s the telephone rings once: %d messages in INBOX, 4 more than before",
		rung.at.In(w.mei.zone).Format("15:04:05"), rung.messages)
	batch, digest := inbox[len(inbox)-4:len(inbox)-1], inbox[len(inbox)-1]
	g.window("Mei's client, INBOX, the letter on top:", digest.text)
	g.check(digest.ours() && strings.HasPrefix(digest.subject(), "3 messages from "), "the digest is on top: %q", digest.subject())
	for _, l := range batch {
		g.check(strings.Contains(digest.text, l.subject()) && !l.has(imap.FlagSeen), "the digest names %q, which is there, unread", l.subject())
	}
	g.released(batch)
	g.check(len(g.letters(g.mei, "Next delivery")) == 0, "Next delivery is empty")
	g.check(len(g.rings()) == 1, "all of it was one wave: the telephone has rung once")
	g.timetable("Nothing waits to leave")
	sent := g.arrives(g.ana, "Sent", "the mail sent from a folder", byID(g.budget.id))
	g.check(sent.has(submitted), "Scheduled is empty; what Ana sent from a folder is in Sent, marked %s", submitted)
}

// released looks at what came: all that waited, and no hour of writing in it.
func (g *guide) released(batch []letter) {
	w := g.world
	came := map[string]letter{}
	for _, l := range batch {
		came[l.id()] = l
		at, ok := receivedAt(l)
		g.check(ok && at.Equal(w.opening), "%q carries the time of the tide, %s", l.subject(), at.In(w.mei.zone).Format(clock))
	}
	for _, id := range g.waiting {
		l, ok := came[id]
		date, dated := l.head.Date("Date")
		if strings.HasSuffix(id, domain) {
			g.check(ok && dated && date.Equal(w.opening), "Ana's %q has the Date of its release, as if she had written in Mei's hours", l.subject())
		} else {
			g.check(ok, "Olga's %q is as Olga sent it", l.subject())
		}
	}
}

// receivedAt is the time in the topmost Received field (RFC 5321 §4.4).
func receivedAt(l letter) (time.Time, bool) {
	fields := l.head.All("Received")
	if len(fields) == 0 {
		return time.Time{}, false
	}
	_, stamp, _ := strings.Cut(fields[0], ";")
	at, err := time.Parse(time.RFC1123Z, strings.Join(strings.Fields(stamp), " "))
	if err != nil {
		at, err = time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", strings.Join(strings.Fields(stamp), " "))
	}
	return at, err == nil
}
