package demo

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
)

// answers: one reply to the digest answers two questions and promises an answer to a
// third. Each answer is a mail of its own to whoever asked.
func (g *guide) answers() {
	w := g.world
	g.check(g.holds(g.mei, "Needs reply", 4), "Mei's folder Needs reply holds the four questions that have her name on them")
	g.check(g.holds(g.ana, "Waiting for others", 3), "Ana's folder Waiting for others holds the three that she has asked")
	olgas, anas, promised := g.number("Question on the invoice"), g.number("My visit in spring"), g.number("Budget for the harbour project")
	reply := draft{
		from: w.mei.mailbox(), to: "Tidepost <tidepost@" + domain + ">", id: w.id("answers", domain), date: time.Now().In(w.mei.zone),
		subject: "Re: " + g.digest.subject(), fields: []string{"In-Reply-To: <" + g.digest.id() + ">", "References: <" + g.digest.id() + ">"},
		text: fmt.Sprintf("%d Yes, it is right.\n%d: April, please.\n%d by Friday\n", olgas, anas, promised),
	}
	g.window("Mei replies to the digest:", reply.text)
	g.must(w.submission(&w.mei).send(w.mei.address, reply.bytes(), "tidepost@"+domain))
	did := g.arrives(g.mei, "INBOX", "the confirmation", func(l letter) bool {
		return l.ours() && strings.Contains(l.head.Text("In-Reply-To"), reply.id)
	})
	g.window("Mei's client, INBOX:", paragraphs(did.text, 1))
	toAna := g.arrives(g.ana, "INBOX", "Mei's answer", func(l letter) bool {
		return strings.Contains(l.text, "April, please.")
	})
	g.check(toAna.head.Text("In-Reply-To") == "<"+g.visit.id+">" && strings.HasPrefix(toAna.head.Text("From"), w.mei.first()), "Ana has hers at once, in the thread of her question, from Mei")
	var toOlga outgoing
	g.await("the answer at the smarthost", time.Now().Add(g.patience), func() bool {
		for _, m := range w.outside.mails() {
			if strings.Contains(string(m.data), "Yes, it is right.") {
				toOlga = m
				return true
			}
		}
		return false
	})
	g.check(len(toOlga.to) == 1 && toOlga.to[0] == olga && strings.Contains(string(toOlga.data), "In-Reply-To: <"+g.invoice.id+">"), "the customer has hers, and nothing else")
	g.holds(g.mei, "Needs reply", 2)
	left := g.arrives(g.mei, "Needs reply", "the budget", byID(g.budget.id))
	g.check(!left.has(imap.FlagFlagged), "Needs reply: two are answered; the budget stays, and has time until Friday")
}

// number is what the digest calls the question in a mail of that subject.
func (g *guide) number(subject string) int {
	for _, item := range regexp.MustCompile(`(?m)^\[(\d+)\]`).FindAllStringSubmatchIndex(g.digest.text, -1) {
		text := g.digest.text[item[0]:]
		if end := strings.Index(text[1:], "\n["); end >= 0 {
			text = text[:end+1]
		}
		if strings.Contains(unwrapped(text), subject) {
			var n int
			if _, err := fmt.Sscan(g.digest.text[item[2]:item[3]], &n); err == nil {
				return n
			}
		}
	}
	g.check(false, "the digest numbers the question in “%s”", subject)
	return 0
}

// decided: a line that begins with Decision: has a number and can be found.
func (g *guide) decided() {
	w := g.world
	d := draft{from: w.mei.mailbox(), to: w.ana.mailbox(), id: w.id("pier", domain), date: time.Now().In(w.mei.zone),
		subject: "The old pier", text: "Hello Ana,\n\nwe have talked long enough.\n\nDecision: we keep the old pier and move the crane.\n\nMei"}
	g.must(w.submission(&w.mei).send(w.mei.address, d.bytes(), w.ana.address))
	kept := g.arrives(g.ana, "Decisions", "the decision", func(l letter) bool { return strings.Contains(l.text, "move the crane") })
	g.window("Ana's client, folder Decisions: "+kept.subject(), paragraphs(kept.text, 2))
	g.check(strings.Contains(kept.subject(), "D-1"), "it has a number, D-1, and lies in the folder Decisions of both")
	found, err := g.ana.search("Decisions", "crane")
	g.must(err)
	g.check(len(found) == 1 && found[0] == kept.uid, "a year from now, a search for “crane” finds it")
	err = g.ana.move("Decisions", kept.uid, "Trash")
	back := g.arrives(g.ana, "Decisions", "the decision", byID(kept.id()))
	g.check(err != nil || back.uid != kept.uid, "nobody takes it away by accident: the folder is read-only")
	g.check(g.leaves(g.ana, "Trash", "the decision", kept.id()) && g.holds(g.ana, "Decisions", 1), "and it is there once")
}

// holds waits until a folder holds so many letters.
func (g *guide) holds(r *reader, folder string, n int) bool {
	g.await(fmt.Sprintf("%d letters in %s", n, folder), time.Now().Add(g.patience), func() bool { return len(g.letters(r, folder)) == n })
	return true
}
