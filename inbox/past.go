package inbox

import (
	"fmt"
	"runtime/debug"
	"time"

	"tidepost/clocks"
	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A Past is mail of a person that left by their provider without passing here, as it
// stands in their own Sent.
type Past struct {
	Author *people.Person
	Staged *store.Staged
	Facts  mail.Facts
	words  string
	found  intent.Findings
}

// ReadPast reads what such mail may answer; nil: nothing.
func (b *Inbox) ReadPast(author *people.Person, staged *store.Staged, f mail.Facts) (p *Past) {
	if b.o.Clocks == nil || f.IsAuto || f.IsBounce || len(parents(f)) == 0 {
		return nil
	}
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("reading what a sent message answers panicked", "mid", f.MessageID, "panic", r, "stack", string(debug.Stack()))
			p = nil
		}
	}()
	p = &Past{Author: author, Staged: staged, Facts: f}
	if staged.Content.TextSize() <= maxRead { // Else it answers unread.
		p.words = mail.NewWords(staged.Content)
		p.found = intent.Read(intent.InputWith(p.words, b.dir.AsRead(f), staged.Content, nil))
	}
	return p
}

// Answers reports whether something that a person may answer is open in a conversation
// that such mail belongs to.
func (p *Past) Answers(tx *store.Tx) (bool, error) {
	for _, id := range parents(p.Facts) {
		thread, err := tx.ThreadOf(id)
		if err != nil || thread == 0 {
			if err != nil {
				return false, err
			}
			continue
		}
		live, err := tx.AsksOfThread(thread, true, 1)
		if err != nil || len(live) > 0 {
			return len(live) > 0, err
		}
	}
	return false, nil
}

// AcceptPast takes such mail for an answer, as if its author had sent it through Tidepost
// at now. What it asks has no clock: nobody knows when it reaches its readers. m is
// stored, with its thread.
func (b *Inbox) AcceptPast(tx *store.Tx, p *Past, m store.Message, now time.Time) error {
	c := p.Staged.Content
	said := clocks.Mail{Message: m, MID: m.MID, Facts: p.Facts, Words: p.words, Findings: p.found, Author: p.Author, Mute: true,
		Private: private(p.Staged.Head, p.Facts), Lines: func() []mail.Line { return mail.LinesOf(c) }}
	for _, list := range [][]mail.Mailbox{p.Facts.To, p.Facts.Cc, p.Facts.Bcc} {
		for _, to := range list {
			said.Readers = append(said.Readers, b.readersAt(to.Address)...)
		}
	}
	if err := b.o.Clocks.Accepted(tx, said, now); err != nil {
		return fmt.Errorf("take %s of Sent: %w", m.MID, err)
	}
	return nil
}

// readersAt are those who get mail to an address.
func (b *Inbox) readersAt(a mail.Address) []clocks.Reader {
	if p, _, ok := b.dir.ByAddress(a); ok {
		return []clocks.Reader{{Address: p.Address, Person: p}}
	}
	g, _, ok := b.dir.GroupByAddress(a)
	if !ok {
		return []clocks.Reader{{Address: a}}
	}
	var out []clocks.Reader
	for _, p := range g.People {
		out = append(out, clocks.Reader{Address: p.Address, Person: p})
	}
	for _, a := range g.Outside {
		out = append(out, clocks.Reader{Address: a})
	}
	return out
}
