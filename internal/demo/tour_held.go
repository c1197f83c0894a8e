package demo

import (
	"bytes"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"

	"tidepost/people"
)

const (
	pending   imap.Flag = "$SubmitPending"
	submitted imap.Flag = "$Submitted"
)

// held: what is sent to somebody asleep waits, byte for byte, and says why.
func (g *guide) held() {
	w := g.world
	g.budget = draft{
		from: w.ana.mailbox(), to: w.mei.mailbox(), id: w.id("budget-1", domain), date: time.Now().In(w.ana.zone),
		subject: "Budget for the harbour project",
		text:    "Hello Mei,\n\nhere are the figures. Which of the two do you want to keep?\n\nAna",
		fields:  []string{"X-Odd:  two spaces,\r\n\tand a folded line "},
	}
	raw := g.budget.bytes()
	g.must(w.submission(&w.ana).send(w.ana.address, raw, w.mei.address))
	l := g.kept(g.ana, "Scheduled", "the mail", g.budget.id, pending, true)
	table := g.timetable("message leaves later")
	g.window("Ana's client, folder Scheduled, the letter on top:", paragraphs(table, 2))
	g.check(bytes.Equal(l.raw, raw), "the mail waits in Scheduled, byte for byte as it was sent (%d octets)", len(raw))
	g.check(l.has(pending), "it is marked %s", pending)
	g.check(saysWhen(table, w), "the timetable says when on both clocks, and why")
	hold := g.arrives(g.ana, "INBOX", "the note about the first hold", note("Waits: "))
	g.window("Ana's client, INBOX:", paragraphs(hold.text, 1))
	g.check(g.absent(g.mei, "INBOX", g.budget.id) && g.quiet(), "nothing rings in Sydney")
}

// takenBack: dragging it to Drafts is taking it back.
func (g *guide) takenBack() {
	l := g.arrives(g.ana, "Scheduled", "the mail", byID(g.budget.id))
	g.must(g.ana.move("Scheduled", l.uid, "Drafts"))
	confirmed := g.arrives(g.ana, "INBOX", "the confirmation", note("Not sent: "))
	g.window("Ana's client, INBOX:", paragraphs(confirmed.text, 1))
	g.check(strings.Contains(unwrapped(confirmed.text), "Not sent: "+g.budget.subject+" → Mei."), "one line confirms it and names the way back")
	g.check(g.leaves(g.ana, "Scheduled", "the mail", g.budget.id), "Scheduled holds it no more")
	d := g.kept(g.ana, "Drafts", "the draft", g.budget.id, imap.FlagDraft, true)
	g.check(d.has(imap.FlagDraft) && bytes.Equal(d.raw, g.budget.bytes()), "the draft has kept its octets")
}

// sentAgain: editing as a telephone does it, without any SMTP.
func (g *guide) sentAgain() {
	w := g.world
	old := g.arrives(g.ana, "Drafts", "the draft", byID(g.budget.id))
	g.budget.id, g.budget.date = w.id("budget-2", domain), time.Now().In(w.ana.zone)
	g.budget.text = strings.Replace(g.budget.text, "Which of the two", "I propose B, by Friday. Which of the two", 1)
	g.must(g.ana.save("Drafts", g.budget.bytes(), imap.FlagDraft, imap.FlagSeen))
	g.must(g.ana.remove("Drafts", old.uid))
	edited := g.arrives(g.ana, "Drafts", "the edited draft", byID(g.budget.id))
	g.must(g.ana.move("Drafts", edited.uid, "Scheduled"))
	l := g.arrives(g.ana, "Scheduled", "the edited mail", byID(g.budget.id))
	g.check((l.has(pending) || w.elsewhere != nil) && strings.Contains(l.text, "I propose B"), "the edited mail waits in Scheduled")
	g.check(g.leaves(g.ana, "Drafts", "the draft", g.budget.id), "it has left Drafts: entering the folder is the act")
	g.check(saysWhen(g.timetable("1 message leaves later"), w), "the timetable has it")
	g.waiting = append(g.waiting, g.budget.id)
}

// advised: a draft that would cost Mei a round trip comes back with advice; it would
// leave by itself, but Ana thinks again.
func (g *guide) advised() {
	w := g.world
	d := draft{from: w.ana.mailbox(), to: w.mei.mailbox(), id: w.id("chat-1", domain), date: time.Now().In(w.ana.zone),
		subject: "Project", text: "Can we chat about the project?"}
	g.must(w.submission(&w.ana).send(w.ana.address, d.bytes(), w.mei.address))
	l := g.arrives(g.ana, "Before sending", "the draft", byID(d.id))
	advice := g.arrives(g.ana, "INBOX", "the advice", note("Before sending: "))
	g.window("Ana's client, INBOX:", paragraphs(advice.text, 3))
	g.check(bytes.Equal(l.raw, d.bytes()), "the draft lies in Before sending, byte for byte as it was sent")
	leaves := "It leaves " + people.Both(w.opening, w.mei.zone, w.ana.zone, time.Now()) + " unless you act."
	g.check(strings.Contains(unwrapped(advice.text), leaves), "the advice says what Mei would have to ask, and when the draft leaves by itself")
	g.must(g.ana.move("Before sending", l.uid, "Drafts"))
	kept := g.arrives(g.ana, "Drafts", "the draft", byID(d.id))
	g.check(g.leaves(g.ana, "Before sending", "the draft", d.id), "Ana drags it to Drafts: it is not sent")
	g.must(g.ana.remove("Drafts", kept.uid))
}

// timetable waits until the letter on top of Scheduled has this headline.
func (g *guide) timetable(headline string) string {
	return g.arrives(g.ana, "Scheduled", "the timetable \""+headline+"\"", func(l letter) bool {
		return l.ours() && strings.Contains(l.subject(), headline)
	}).text
}

// saysWhen looks for Mei's opening on both clocks and a reason.
func saysWhen(table string, w *world) bool {
	return strings.Contains(unwrapped(table), people.Both(w.opening, w.mei.zone, w.ana.zone, time.Now())+", because ")
}

// unwrapped is text as one line.
func unwrapped(text string) string { return strings.Join(strings.Fields(text), " ") }

// paragraphs are the first n of a letter.
func paragraphs(text string, n int) string {
	parts := strings.SplitN(strings.TrimSpace(text), "\n\n", n+1)
	return strings.Join(parts[:min(n, len(parts))], "\n\n")
}
