package demo

import (
	"context"
	"errors"
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
	invoice := draft{from: "Olga Ivanova <" + olga + ">", to: w.mei.mailbox(), id: w.id("invoice", "customer.example"), date: time.Now(),
		subject: "Question on the invoice", text: "Dear Mei,\n\nis the second line right?\n\nOlga"}
	photo := invoice
	photo.id, photo.subject, photo.text = w.id("photos", "customer.example"), "Photos of the harbour", "The photos are on the server."
	for _, d := range []draft{invoice, photo} {
		g.must(w.arrives(olga, d, &w.mei))
	}
	late := g.kept(g.mei, "Next delivery", "the first mail", invoice.id, imap.FlagSeen, true)
	early := g.kept(g.mei, "Next delivery", "the second mail", photo.id, imap.FlagSeen, true)
	g.window("Mei's client, folder Next delivery:", late.subject()+"\n"+early.subject())
	g.check(late.has(imap.FlagSeen) && early.has(imap.FlagSeen), "both wait in Next delivery, read: looking is allowed, nothing rings")
	g.check(g.absent(g.mei, "INBOX", photo.id) && g.absent(g.mei, "INBOX", invoice.id) && g.quiet(), "INBOX is quiet")
	g.hush()
	g.must(g.mei.move("Next delivery", early.uid, "INBOX"))
	now := g.kept(g.mei, "INBOX", "the mail that was dragged", photo.id, imap.FlagSeen, false)
	g.check(!now.has(imap.FlagSeen) && g.absent(g.mei, "Next delivery", photo.id), "dragged to INBOX, the second is delivered now; the first goes on waiting")
	g.rang(1)
	g.invoice, g.photo = invoice, photo
	g.waiting = append(g.waiting, invoice.id)
}

// morning: a changed calendar moves what waits.
func (g *guide) morning() {
	w := g.world
	lunch := draft{from: w.ana.mailbox(), to: w.mei.mailbox(), id: w.id("visit", domain), date: time.Now().In(w.ana.zone),
		subject: "My visit in spring", text: "Dear Mei,\n\nMarch or April: which month suits you?\n\nAna"}
	g.must(w.submission(&w.ana).send(w.ana.address, lunch.bytes(), w.mei.address))
	g.timetable("2 messages leave later")
	g.visit = lunch
	g.left = g.arrives(g.ana, "Scheduled", "the mail", byID(lunch.id)).uid
	g.waiting = append(g.waiting, lunch.id)

	now := time.Now()
	w.opening = now.Add(headStart).Truncate(time.Minute).Add(time.Minute)
	fields := map[people.Field]string{people.FieldHours: hours(w.opening, w.mei.zone), people.FieldTides: tides(now, w.opening, w.mei.zone)}
	g.line("   Nobody waits all night for a demo, so Mei's hours and deliveries are changed while Tidepost runs:")
	g.line("   $ tidepost people set %s --hours %q", w.mei.address, fields[people.FieldHours])
	g.must(w.set(context.Background(), &w.mei, fields, now))
	table := g.arrives(g.ana, "Scheduled", "the timetable of the new hours", func(l letter) bool {
		return l.ours() && saysWhen(l.text, w)
	})
	g.window("Ana's client, folder Scheduled, the letter on top:", table.subject())
	g.check(strings.Contains(table.subject(), "2 messages leave later; next "+people.Moment(w.opening, w.ana.zone, now)+" to Mei"), "what waits is planned anew, for her new opening")
	g.check(g.quiet(), "until then nothing rings")
	g.line("   ... %.0f seconds to go", time.Until(w.opening).Seconds())
}

// tide: everything that waited comes in one step.
func (g *guide) tide() {
	w := g.world
	before := len(g.letters(g.mei, "INBOX"))
	g.hush()
	g.sleep(w.opening)
	g.await("the tide", w.opening.Add(g.patience), func() bool { return len(g.rings()) > 0 })
	rung := g.rings()[0]
	inbox := g.letters(g.mei, "INBOX")
	g.check(rung.messages == g.stock+4 && len(inbox) == before+4 && !rung.at.Before(w.opening),
		"at %s the telephone rings: 4 messages more, in one step", rung.at.In(w.mei.zone).Format("15:04:05"))
	batch, digest := inbox[before:before+3], inbox[before+3]
	g.window("Mei's client, INBOX, the letter on top: "+digest.subject(), digest.text)
	g.digest = digest
	g.check(digest.ours() && digest.subject() == "4 questions for you, 3 messages", "the digest is on top")
	g.released(batch, digest)
	g.check(len(g.letters(g.mei, "Next delivery")) == 0, "Next delivery is empty")
	g.await("an empty Scheduled", time.Now().Add(g.patience), func() bool { return len(g.letters(g.ana, "Scheduled")) == 0 })
	sent := g.kept(g.ana, "Sent", "the mail sent from a folder", g.budget.id, submitted, true)
	g.check(!sent.has(pending), "Ana's Scheduled is empty; what she sent from a folder is in Sent, marked %s", submitted)
	g.check(len(g.rings()) == 1, "the telephone has rung once")
}

// released looks at what came: all that waited, and no hour of writing in it.
func (g *guide) released(batch []letter, digest letter) {
	opening, stamped, told := g.world.opening, true, true
	came := map[string]letter{}
	for _, l := range batch {
		at, ok := receivedAt(l)
		stamped = stamped && ok && at.Equal(opening)
		told = told && strings.Contains(digest.text, l.subject()) && !l.has(imap.FlagSeen)
		came[l.id()] = l
	}
	g.check(told, "it names the three mails, which are there, unread")
	if g.world.elsewhere == nil { // What comes at a provider is moved, octet by octet as it is.
		g.check(stamped, "their newest Received line carries the time of the tide, %s", opening.In(g.world.mei.zone).Format(clock))
	}
	hidden := len(came) == len(g.waiting)
	for _, id := range g.waiting {
		l := came[id]
		date, ok := l.head.Date("Date")
		hidden = hidden && ok && (date.Equal(opening) || !strings.HasSuffix(id, "@"+domain))
	}
	g.check(hidden, "they are the three that waited; Ana's bear the minute of their release, not the hour of writing")
}

// tooLate: a telephone that was offline wants back what has left.
func (g *guide) tooLate() {
	err := g.ana.move("Scheduled", g.left, "Drafts")
	if g.world.elsewhere != nil {
		g.tooLateThere(err)
		return
	}
	var no *imap.Error
	g.check(errors.As(err, &no) && no.Code == imap.ResponseCode("INUSE"), "the server says no")
	g.line("   Ana's telephone: %s", harmless(no.Text))
	late := g.arrives(g.ana, "INBOX", "the note", note("Too late: "))
	g.window("Ana's client, INBOX:", paragraphs(late.text, 1))
	g.check(strings.Contains(unwrapped(late.text), "left "+people.Both(g.world.opening, g.world.mei.zone, g.world.ana.zone, time.Now())), "she hears at once when it left")
}

// receivedAt is the time in the topmost Received field (RFC 5321 §4.4).
func receivedAt(l letter) (time.Time, bool) {
	fields := l.head.All("Received")
	if len(fields) == 0 {
		return time.Time{}, false
	}
	_, stamp, _ := strings.Cut(fields[0], ";")
	at, err := time.Parse("Mon, 2 Jan 2006 15:04:05 -0700", strings.Join(strings.Fields(stamp), " "))
	return at, err == nil
}
