package clocks

import (
	"slices"
	"time"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// Which reply answers which ask. A mail of the owner answers, in this order:
//
//  1. exactly the asks that Mail.Settles names;
//  2. what the mail that it replies to asks of its author;
//  3. if that asks nothing of them: what the nearest mail before it in the thread does
//     that still waits for them, unless it only says thanks;
//  4. if it names no mail that asks, or none at all: what the only mail of the thread
//     asks that waits for them; if there are several, nothing.
//
// Of 2 to 4 only what its asker gets to read, and of several asks of one mail only those
// that the reply takes up, if its form shows that (parts.go). The mail of a cover counts
// as the owner's while the owner is on leave or late. An ask of nobody in particular is
// answered by anybody whose reply answers no ask of their own. The asker's mail, to
// whom it concerns, withdraws, settles or opens again by the same rule.

// maxLive bounds how many asks of a thread are looked at.
const maxLive = 500

// A meaning is what a mail means for one ask.
type meaning struct {
	item   *Item
	event  threading.Event
	change func(*store.Ask)
}

// means takes to the asks before it what a mail means for them.
func (k *Keeper) means(tx *store.Tx, m *Mail, now time.Time) error {
	list, err := k.meanings(tx, m, now)
	if err != nil {
		return err
	}
	for _, x := range list {
		x.event.At = now
		done, err := k.step(tx, x.item, x.event, m, x.change)
		if err != nil {
			return err
		}
		if done && x.event.Kind == threading.OnAnswer && x.event.By != threading.Another {
			if err := markAnswered(tx, *x.item, m.Author); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *Keeper) meanings(tx *store.Tx, m *Mail, now time.Time) (list []meaning, err error) {
	defer k.caught(m, func() { list, err = nil, nil })
	w, ok := k.writerOf(m)
	if !ok {
		return nil, nil
	}
	if len(m.Settles) > 0 {
		return k.settled(tx, m, w, now)
	}
	if m.Message.ThreadID == 0 || !m.Facts.IsReply && len(chain(m.Facts)) == 0 {
		return nil, nil
	}
	live, err := itemsOf(tx.AsksOfThread(m.Message.ThreadID, true, maxLive))
	if err != nil || len(live) == 0 {
		return nil, err
	}
	var own, mine, nobodys []*Item
	for n := range live {
		i := &live[n]
		switch {
		case w.is(i.Ask.AskerID, i.Ask.Asker):
			own = append(own, i)
		case !i.Ask.Open:
		case i.Ask.Owner == "":
			nobodys = append(nobodys, i)
		case k.answerer(i, w, now) != "":
			mine = append(mine, i)
		}
	}
	said, err := k.askerMeans(tx, m, own)
	if err != nil || slices.ContainsFunc(said, func(x meaning) bool { return x.event.Kind == threading.OnWithdrawal }) {
		return said, err
	}
	answered, err := k.ownerMeans(tx, m, w, mine, nobodys, now)
	if len(answered) > 0 { // Who answers does not ask again.
		said = slices.DeleteFunc(said, func(x meaning) bool { return x.event.Kind == threading.OnReopening })
	}
	return append(said, answered...), err
}

// settled is what a mail means that names the asks it answers.
func (k *Keeper) settled(tx *store.Tx, m *Mail, w writer, now time.Time) ([]meaning, error) {
	var out []meaning
	seen := map[int64]bool{}
	for _, s := range m.Settles {
		if s.Keep || seen[s.Ask] {
			continue
		}
		seen[s.Ask] = true
		i, err := item(tx, s.Ask)
		if err != nil {
			return nil, err
		}
		by := k.answerer(&i, w, now)
		if by == "" {
			continue // It has another owner by now.
		}
		e := threading.Event{Kind: threading.OnAnswer, By: by}
		if !s.Promise.Date.IsZero() || !s.Promise.Time.IsZero() {
			e = threading.Event{Kind: threading.OnPromise, Promise: s.Promise}
		}
		x, err := k.takes(tx, m, m.answer(&i, e))
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// answer remembers what answered.
func (m *Mail) answer(i *Item, e threading.Event) meaning {
	x := meaning{item: i, event: e}
	if e.Kind == threading.OnAnswer {
		x.change = func(a *store.Ask) { a.AnswerID = m.Message.ID }
	}
	return x
}

// ownerMeans is what the reply of an owner, or of whoever could answer what nobody in
// particular was asked, means.
func (k *Keeper) ownerMeans(tx *store.Tx, m *Mail, w writer, mine, nobodys []*Item, now time.Time) ([]meaning, error) {
	if m.Facts.IsForward && !m.Facts.IsReply {
		return nil, nil
	}
	chosen, err := choose(tx, m, w, mine)
	if err == nil && len(chosen) == 0 {
		chosen, err = choose(tx, m, w, nobodys)
	}
	if err != nil || len(chosen) == 0 {
		return nil, err
	}
	e, ok := threading.OwnerSays(m.Findings, m.Words)
	if !ok {
		return nil, nil
	}
	var out []meaning
	for _, p := range takenUp(m, chosen, e) {
		gets, err := k.gets(tx, m, p.item)
		if err != nil {
			return nil, err
		}
		if !gets {
			continue
		}
		if p.event.Kind == threading.OnAnswer {
			p.event.By = k.answerer(p.item, w, now)
		}
		x, err := k.takes(tx, m, m.answer(p.item, p.event))
		if err != nil {
			return nil, err
		}
		out = append(out, x)
	}
	return out, nil
}

// chain is what a mail replies to, the nearest first.
func chain(f mail.Facts) []string {
	out := slices.Clone(f.InReplyTo)
	for _, id := range slices.Backward(f.References) {
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// choose picks the asks that a reply may answer, by rules 2 to 4.
func choose(tx *store.Tx, m *Mail, w writer, list []*Item) ([]*Item, error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := chain(m.Facts)
	for n, id := range ids {
		found := askedIn(list, id)
		switch {
		case n == 0 && len(found) > 0:
			return found, nil
		case n == 0:
			before, err := itemsOf(tx.AsksByMID(id))
			if err != nil {
				return nil, err
			}
			// It was answered before: this says more about it, and nothing of others.
			if slices.ContainsFunc(before, func(i Item) bool { return w.is(i.Ask.OwnerID, i.Ask.Owner) }) {
				return nil, nil
			}
		case len(found) > 0:
			return unlessThanks(tx, m, found)
		}
	}
	for _, i := range list[1:] {
		if i.Ask.MID != list[0].Ask.MID {
			return nil, nil
		}
	}
	return unlessThanks(tx, m, list)
}

// unlessThanks: who only thanks somebody else in the thread, and not the asker for
// having asked once more, has answered nothing.
func unlessThanks(tx *store.Tx, m *Mail, list []*Item) ([]*Item, error) {
	if m.Findings.Kind != intent.KindAck {
		return list, nil
	}
	ids := chain(m.Facts)
	if len(ids) == 0 {
		return nil, nil
	}
	before, err := tx.MessagesByMID(ids[0])
	if err != nil || len(before) == 0 {
		return nil, err
	}
	from := mail.ParseHeader(before[0].Head).Addresses("From")
	return slices.DeleteFunc(list, func(i *Item) bool { return len(from) != 1 || from[0].Address.Key() != i.Ask.Asker }), nil
}

// askedIn are the asks of one mail.
func askedIn(list []*Item, mid string) []*Item {
	var out []*Item
	for _, i := range list {
		if i.Ask.MID == mid || i.Ask.ShownMID == mid {
			out = append(out, i)
		}
	}
	return out
}

// gets reports whether the asker of an ask gets the mail: at any address of a person,
// and outside also at one to which the question wanted its answer.
func (k *Keeper) gets(tx *store.Tx, m *Mail, i *Item) (bool, error) {
	for _, r := range m.Readers {
		if r.Person != nil && r.Person.ID == i.Ask.AskerID || r.Person == nil && i.Ask.AskerID == 0 && r.Address.Key() == i.Ask.Asker {
			return true, nil
		}
	}
	if i.Ask.AskerID != 0 {
		return false, nil
	}
	q, err := tx.Message(i.Ask.MessageID)
	if err != nil {
		return false, err
	}
	for _, to := range mail.ParseHeader(q.Head).Addresses("Reply-To") {
		if slices.ContainsFunc(m.Readers, func(r Reader) bool { return r.Address.Key() == to.Address.Key() }) {
			return true, nil
		}
	}
	return false, nil
}

// markAnswered sets \Answered on whatever shows its owner the mail that is answered, in
// every folder, so that all clients see it at once. Who answered from a client has it
// there already.
func markAnswered(tx *store.Tx, i Item, author *people.Person) error {
	if author == nil || i.Ask.OwnerID != author.ID || i.Ask.ShownID == 0 {
		return nil
	}
	list, err := tx.EntriesOfMessage(i.Ask.ShownID)
	if err != nil {
		return err
	}
	for _, e := range list {
		box, err := tx.Mailbox(e.MailboxID)
		if err != nil {
			return err
		}
		if box.PersonID != author.ID {
			continue
		}
		if err := tx.SetFlags(&e, e.Flags|store.Answered, e.Keywords); err != nil {
			return err
		}
	}
	return nil
}
