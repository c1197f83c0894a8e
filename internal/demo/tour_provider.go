package demo

import (
	"context"
	"time"
)

// settleIn waits until Tidepost tends both accounts.
func (g *guide) settleIn() {
	w := g.world
	g.line("   Their mailboxes are at %s. Tidepost keeps its folders there, below %s/; whoever reads", w.elsewhere.IMAP, below)
	g.line("   or drags here is a mail client of the provider's, which knows nothing of Tidepost.")
	g.await("both accounts", time.Now().Add(g.patience), func() bool {
		ok, err := w.tended(context.Background())
		g.must(err)
		return ok
	})
	if w.filed {
		g.line("   A script at the provider files new mail before INBOX sees it.")
	} else {
		g.line("   No script files mail before INBOX sees it: it is moved right after it came, and the")
		g.line("   telephone may ring before. That it does not ring is not checked.")
	}
}

// tooLateThere: a provider says nothing about mail that is not there any more, and Tidepost
// does not hear of it. What has left has left, once.
func (g *guide) tooLateThere(err error) {
	if err != nil {
		g.line("   The provider says: %s", harmless(err.Error()))
	}
	g.check(g.absent(g.ana, "Scheduled", g.visit.id) && g.absent(g.ana, "Drafts", g.visit.id), "the move finds nothing: what has left is not in Scheduled any more")
	n := 0
	for _, l := range g.letters(g.mei, "INBOX") {
		if l.id() == g.visit.id {
			n++
		}
	}
	g.check(n == 1, "Mei has it, once")
}

// goodbye gives the accounts back, as ` + "`tidepost rollback`" + ` does.
func (g *guide) goodbye() {
	w := g.world
	had := len(g.letters(g.mei, "INBOX"))
	waits := draft{from: w.ana.mailbox(), to: w.mei.mailbox(), id: w.id("bye", domain), date: time.Now().In(w.ana.zone),
		subject: "[send tomorrow 9am] For tomorrow", text: "Hello Mei,\n\nuntil tomorrow.\n\nAna"}
	g.must(w.submission(&w.ana).send(w.ana.address, waits.bytes(), w.mei.address))
	g.arrives(g.ana, "Scheduled", "a mail that waits", byID(waits.id))
	began := time.Now()
	g.must(w.giveBack(context.Background()))
	took := time.Since(began)
	var left []string
	for _, r := range []*reader{g.ana, g.mei} {
		at, err := shelve(r.client)
		g.must(err)
		left = append(left, at.ours()...)
	}
	g.check(len(left) == 0, "no folder of Tidepost's is left, %.1f seconds later", took.Seconds())
	g.check(!g.absent(g.ana, "Drafts", waits.id), "what waited to leave is in Ana's Drafts")
	g.check(len(g.letters(g.mei, "INBOX")) >= had, "what came is in INBOX")
	late := draft{from: "Olga Ivanova <" + olga + ">", to: w.mei.mailbox(), id: w.id("after", "customer.example"), date: time.Now(),
		subject: "After Tidepost", text: "Dear Mei,\n\ngood morning.\n\nOlga"}
	g.must(w.arrives(olga, late, &w.mei))
	g.arrives(g.mei, "INBOX", "mail from outside", byID(late.id))
	g.check(true, "new mail goes where it went before")
}
