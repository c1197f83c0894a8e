package clocks

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

const (
	// maxAsks bounds the asks of one mail; nobody answers more.
	maxAsks = 50
	// maxSentence bounds the octets that are kept of a sentence, maxSaid those of its
	// words for by when.
	maxSentence = 500
	maxSaid     = 100
)

// mid is the Message-ID of the mail, "" without mail.
func (m *Mail) mid() string {
	switch {
	case m == nil:
		return ""
	case m.MID != "":
		return m.MID
	}
	return m.Message.MID
}

// Asks reports whether a mail asks anything that would be kept. It is pure; whoever
// accepts mail may look before there is a transaction.
func (k *Keeper) Asks(m *Mail) bool { return k != nil && len(k.safely(m, time.Time{})) > 0 }

// Accepted takes a mail: first what it means for open asks of its thread, then its own
// asks. m.Message is stored, with the recipients or deliveries of m.Readers.
func (k *Keeper) Accepted(tx *store.Tx, m Mail, now time.Time) error {
	if k == nil {
		return nil
	}
	now = now.UTC()
	if err := k.means(tx, &m, now); err != nil {
		return fmt.Errorf("follow the answers of %s: %w", m.mid(), err)
	}
	if err := k.keep(tx, &m, k.safely(&m, now), now); err != nil {
		return fmt.Errorf("follow the asks of %s: %w", m.mid(), err)
	}
	return nil
}

// keep writes the asks of a mail down. A mail that was taken back, or failed, and is
// accepted again has the asks it had.
func (k *Keeper) keep(tx *store.Tx, m *Mail, asks []Item, now time.Time) error {
	if len(asks) == 0 {
		return nil
	}
	known, err := itemsOf(tx.AsksByMID(m.mid()))
	if err != nil {
		return err
	}
	for n := range asks {
		i := &asks[n]
		if again, err := k.again(tx, m, i, known, now); err != nil || again {
			if err != nil {
				return err
			}
			continue
		}
		if err := k.goesOn(tx, i, now); err != nil {
			return err
		}
		if once, err := remindsOf(tx, i); err != nil || once {
			if err != nil {
				return err
			}
			continue
		}
		row, err := i.row()
		if err != nil {
			return err
		}
		if err := tx.InsertAsk(&row); err != nil {
			return err
		}
		i.Ask = row.Ask
		if err := putMembers(tx, i); err != nil {
			return err
		}
		ev := store.Event{At: now, Kind: EventAsked, MessageID: m.Message.ID, PersonID: i.Ask.OwnerID, AskID: i.Ask.ID, State: string(i.Clock.State),
			Detail: lineDetail{Owner: i.Ask.Owner}}
		if err := tx.AddEvent(ev); err != nil {
			return err
		}
		if err := k.show(tx, i, *i, now); err != nil {
			return err
		}
	}
	return k.arrived(tx, m, now)
}

// arrived starts the clocks of mail from elsewhere that is in its reader's window
// already.
func (k *Keeper) arrived(tx *store.Tx, m *Mail, now time.Time) error {
	for _, r := range m.Readers {
		if r.Delivery.State == store.Published {
			if err := k.Delivered(tx, r.Delivery, now); err != nil {
				return err
			}
		}
	}
	return nil
}

// remindsOf reports whether an ask only asks for the answer to one before it in the
// thread: that one goes on.
func remindsOf(tx *store.Tx, i *Item) (bool, error) {
	if i.Ask.ThreadID == 0 || !reminds(i.Ask.Text) {
		return false, nil
	}
	live, err := itemsOf(tx.AsksOfThread(i.Ask.ThreadID, true, maxLive))
	if err != nil {
		return false, err
	}
	return slices.ContainsFunc(live, func(before Item) bool {
		return before.Ask.Open && before.Ask.MessageID != i.Ask.MessageID && before.Ask.Asker == i.Ask.Asker && sameOwner(before.Ask, i.Ask)
	}), nil
}

// sameOwner reports whether two asks are put to the same one, or to the same role.
func sameOwner(a, b store.Ask) bool {
	return a.Owner == b.Owner || a.RoleID != 0 && a.RoleID == b.RoleID
}

// again finds the same ask of a mail with the same Message-ID. If it never reached its
// owner it waits for this mail now.
func (k *Keeper) again(tx *store.Tx, m *Mail, i *Item, known []Item, now time.Time) (bool, error) {
	for n := range known {
		old := &known[n]
		if old.Ask.Number != i.Ask.Number || old.Ask.Asker != i.Ask.Asker || !sameOwner(old.Ask, i.Ask) {
			continue
		}
		if old.Ask.Open || old.Reason != threading.BecauseUndelivered && old.Clock.State != "" {
			return true, nil
		}
		done, err := k.step(tx, old, threading.Event{Kind: threading.OnRestore, At: now}, m, func(a *store.Ask) {
			a.MessageID, a.RecipientID, a.DeliveryID, a.ShownID = m.Message.ID, i.Ask.RecipientID, i.Ask.DeliveryID, 0
		})
		if err == nil && done {
			i.Ask.ID = old.Ask.ID
			err = putMembers(tx, i)
		}
		if err != nil || done {
			return done, err
		}
	}
	return false, nil
}

// safely is asksOf with a net below: whatever the words of a mail do to it, the mail is
// accepted.
func (k *Keeper) safely(m *Mail, now time.Time) (asks []Item) {
	defer k.caught(m, func() { asks = nil })
	return k.asksOf(m, now)
}

// caught is deferred where words are read.
func (k *Keeper) caught(m *Mail, forget func()) {
	if r := recover(); r != nil {
		k.o.Log.Error("following a mail panicked", "mid", m.mid(), "panic", r, "stack", string(debug.Stack()))
		forget()
	}
}

// Again takes a mail that was accepted before and is sent once more, unread: what it
// asks of a reader who never got it waits for this one.
func (k *Keeper) Again(tx *store.Tx, m Mail, now time.Time) error {
	if k == nil {
		return nil
	}
	known, err := itemsOf(tx.AsksByMID(m.mid()))
	if err != nil {
		return err
	}
	for n := range known {
		i := &known[n]
		r := m.readerOf(i.Ask)
		if i.Ask.Open || i.Reason != threading.BecauseUndelivered || r == nil || m.Author == nil || m.Author.ID != i.Ask.AskerID {
			continue
		}
		_, err := k.step(tx, i, threading.Event{Kind: threading.OnRestore, At: now.UTC()}, &m, func(a *store.Ask) {
			a.MessageID, a.RecipientID, a.DeliveryID, a.ShownID = m.Message.ID, r.Recipient, 0, 0
		})
		if err != nil {
			return fmt.Errorf("follow %s once more: %w", m.mid(), err)
		}
	}
	return nil
}

// asksOf reads the asks of a mail that are kept: those of somebody who gets it.
func (k *Keeper) asksOf(m *Mail, now time.Time) []Item {
	if m.Mute || len(m.Findings.Asks) == 0 || len(m.Facts.From) != 1 {
		return nil
	}
	from := m.Facts.From[0]
	asker := store.Ask{MessageID: m.Message.ID, MID: m.mid(), ThreadID: m.Message.ThreadID, Asker: from.Address.Key(), AskerName: from.Name,
		Private: m.Private, Open: true, Created: now, Changed: now}
	if m.Author != nil {
		asker.AskerID, asker.Asker, asker.AskerName = m.Author.ID, m.Author.Address.Key(), m.Author.Name
	} else if k.dir.IsLocalDomain(from.Address.Domain) {
		return nil // It says that a colleague wrote it, and nothing proves that.
	}
	found := threading.AsksOf(m.Findings, threading.Setting{Urgent: m.Urgent, Outside: m.Author == nil, IsRole: k.o.IsRole,
		Author: from.Address, ReplyBy: m.Facts.ReplyBy})
	var out []Item
	for n, f := range found {
		if len(out) == maxAsks {
			break
		}
		f = k.toRole(m, f)
		i := Item{Ask: asker}
		i.Ask.Number, i.Ask.Kind, i.Ask.Class, i.Ask.Text = n+1, f.Kind, string(f.Class), cut(f.Text, maxSentence)
		said := m.Findings.Asks[n]
		if said.Due != nil {
			i.Ask.Said = cut(said.Due.Text, maxSaid)
		}
		if !said.InSubject {
			i.Ask.Item = itemAt(m.Words, said.Start)
		}
		if k.own(m, &i, f, now) {
			out = append(out, i)
		}
	}
	return out
}

// own gives an ask its owner and its clock. false: whom it is put to does not get the
// mail, or meets the pass list.
func (k *Keeper) own(m *Mail, i *Item, f threading.Ask, now time.Time) bool {
	if f.Owner.IsNull() {
		return slices.ContainsFunc(m.Readers, func(r Reader) bool { return !r.Passed })
	}
	if g, _, ok := k.dir.GroupByAddress(f.Owner); ok && g.Role {
		return k.ownRole(m, i, g, f, now)
	}
	r := m.reader(k.dir, f.Owner)
	if r == nil || r.Passed || r.Person == nil && m.Author == nil {
		return false
	}
	i.Ask.Owner, i.Ask.OwnerName, i.Ask.RecipientID, i.Ask.DeliveryID = r.Address.Key(), nameIn(m.Facts, f.Owner), r.Recipient, r.Delivery.ID
	if p := r.Person; p != nil {
		if p.ID == i.Ask.AskerID {
			return false
		}
		i.Ask.OwnerID, i.Ask.Owner, i.Ask.OwnerName = p.ID, p.Address.Key(), p.Name
		if r.Role != nil && m.Author == nil && f.Class != threading.Urgent { // Named in mail to a role.
			i.Ask.Class = string(threading.FirstReply)
			i.Clock = threading.NewClock(i.Ask.Owner, k.target(r.Role, threading.FirstReply), f.Wanted, now)
			return true
		}
	}
	i.Clock = threading.NewClock(i.Ask.Owner, k.o.Targets.Of(f.Class), f.Wanted, now)
	return true
}

// reader is the one whom an address means; nil if that one does not get the mail.
func (m *Mail) reader(dir *people.Directory, a mail.Address) *Reader {
	p, _, _ := dir.ByAddress(a)
	base, _ := a.Tag()
	for n := range m.Readers {
		r := &m.Readers[n]
		if r.Person != nil && p != nil && r.Person.ID == p.ID || r.Person == nil && p == nil && (r.Address.Key() == a.Key() || r.Address.Key() == base.Key()) {
			return r
		}
	}
	return nil
}

// nameIn is how the head names an address.
func nameIn(f mail.Facts, a mail.Address) string {
	for _, m := range slices.Concat(f.To, f.Cc) {
		if m.Address.Key() == a.Key() {
			return m.Name
		}
	}
	return ""
}

// numbered is the beginning of a line that its author numbered: "2.", "(3)", "4:", "> 1)".
var numbered = regexp.MustCompile(`^[\s>*#-]*\(?([0-9]{1,2})[.):](?:\s|$)`)

// numberOf reads the number at the beginning of a line, 0 if there is none.
func numberOf(line string) int {
	m := numbered.FindStringSubmatch(line)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		return 0
	}
	return n
}

// itemAt is the number that the author gave to the line with an offset in a text.
func itemAt(text string, at int) int {
	if at < 0 || at > len(text) {
		return 0
	}
	begin := strings.LastIndexByte(text[:at], '\n') + 1
	line, _, _ := strings.Cut(text[begin:], "\n")
	return numberOf(line)
}

// cut shortens a text to whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}
