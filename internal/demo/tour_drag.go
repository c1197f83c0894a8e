package demo

import (
	"strings"
	"time"
)

// draggedAway: two folders of Mei's, and what leaving the one and entering the other says.
func (g *guide) draggedAway() {
	water := g.arrives(g.mei, "Needs reply", "the question about the key", byID(g.water.id))
	g.must(g.mei.move("Needs reply", water.uid, "Trash"))
	g.check(g.holds(g.mei, "Needs reply", 1), "out of Needs reply, to wherever: no answer needed")
	g.check(g.leaves(g.ana, "Waiting for others", "the question", g.water.id), "Ana waits for it no more; her digest will say why")
	photo := g.arrives(g.mei, "INBOX", "the photos", byID(g.photo.id))
	g.must(g.mei.move("INBOX", photo.uid, "Remind me/Tomorrow"))
	g.arrives(g.mei, "Remind me/Tomorrow", "the photos", byID(g.photo.id))
	g.check(g.leaves(g.mei, "INBOX", "the mail", g.photo.id), "the photos are out of the way, and come back tomorrow, on top and unread")
}

// draggedOut: mail with a time of its own, which is dragged to where it leaves at once, and
// to where it does not leave at all.
func (g *guide) draggedOut() {
	w := g.world
	now := draft{from: w.ana.mailbox(), to: w.mei.mailbox(), id: w.id("crane", domain), date: time.Now().In(w.ana.zone),
		subject: "[send tomorrow 9am] The crane", text: "Hello Mei,\n\nthe crane is ordered.\n\nAna"}
	never := now
	never.id, never.subject, never.text = w.id("rope", domain), "[send tomorrow 9am] The rope", "Hello Mei,\n\nthe rope is ordered, too.\n\nAna"
	for _, d := range []draft{now, never} {
		g.must(w.submission(&w.ana).send(w.ana.address, d.bytes(), w.mei.address))
	}
	sooner := g.arrives(g.ana, "Scheduled", "the first mail", byID(now.id))
	later := g.arrives(g.ana, "Scheduled", "the second mail", byID(never.id))
	g.check(strings.Contains(g.timetable("2 messages leave later"), "9"), "both wait for the time in the subject")
	g.must(g.ana.move("Scheduled", sooner.uid, "Scheduled/Send now"))
	g.must(g.ana.move("Scheduled", later.uid, "Trash"))
	g.await("the mail at Mei's", time.Now().Add(g.patience), func() bool {
		return !g.absent(g.mei, "Next delivery", now.id) || !g.absent(g.mei, "INBOX", now.id)
	})
	g.check(g.leaves(g.ana, "Scheduled/Send now", "the mail", now.id) && g.leaves(g.ana, "Scheduled", "the mail", now.id),
		"one has left, and is on its way into Mei's next delivery")
	kept := g.arrives(g.ana, "Trash", "the other", byID(never.id))
	told := g.arrives(g.ana, "INBOX", "the confirmation", note("Not sent: "+strings.TrimPrefix(kept.subject(), "[send tomorrow 9am] ")))
	g.window("Ana's client, INBOX:", paragraphs(told.text, 1))
	g.check(g.absent(g.mei, "Next delivery", never.id) && g.absent(g.mei, "INBOX", never.id), "the other has not, and never will")
	g.check(g.holds(g.ana, "Scheduled", 0), "Scheduled is empty again")
}
