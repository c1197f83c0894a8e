package clocks

import (
	"slices"
	"strings"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/store"
	"tidepost/threading"
)

// askerMeans is what a further mail of an asker means for the own asks in its thread:
// those of the mail it replies to, else of the nearest one before it.
func (k *Keeper) askerMeans(tx *store.Tx, m *Mail, own []*Item) ([]meaning, error) {
	var chosen []*Item
	for _, id := range chain(m.Facts) {
		if chosen = askedIn(own, id); len(chosen) > 0 {
			break
		}
	}
	if len(chosen) == 0 {
		return nil, nil
	}
	other, err := k.toAnother(tx, m, chosen)
	if err != nil {
		return nil, err
	}
	e, says := threading.AskerSays(m.Findings, m.Words, other)
	if says && e.Kind == threading.OnAnswer && slices.ContainsFunc(chosen, func(i *Item) bool { return i.Ask.MID != chosen[0].Ask.MID }) {
		says = false // Thanks for which of them?
	}
	var out []meaning
	for _, i := range chosen {
		r := m.readerOf(i.Ask)
		switch {
		case says && (e.Kind == threading.OnAnswer || r != nil || i.Ask.Owner == ""):
			out = append(out, meaning{item: i, event: e})
		case !says && i.Clock.State == threading.Waived && r != nil && m.Findings.Kind != intent.KindAck:
			out = append(out, meaning{item: i, event: threading.Event{Kind: threading.OnReopening}, change: func(a *store.Ask) {
				a.RecipientID, a.DeliveryID, a.ShownID = r.Recipient, r.Delivery.ID, 0
			}})
		}
	}
	return out, nil
}

// readerOf is the owner of an ask, if the mail goes there too.
func (m *Mail) readerOf(a store.Ask) *Reader {
	for n := range m.Readers {
		r := &m.Readers[n]
		if r.Person != nil && r.Person.ID == a.OwnerID || r.Person == nil && a.OwnerID == 0 && r.Address.Key() == a.Owner {
			return r
		}
	}
	if a.RoleID != 0 {
		for n := range m.Readers {
			if r := &m.Readers[n]; r.Role != nil && r.Role.ID == a.RoleID {
				return r
			}
		}
	}
	return nil
}

// toAnother reports whether the mail answers somebody who is neither its author nor the
// owner, or the owner's cover, of the asks.
func (k *Keeper) toAnother(tx *store.Tx, m *Mail, asks []*Item) (bool, error) {
	ids := chain(m.Facts)
	if len(ids) == 0 {
		return false, nil
	}
	list, err := tx.MessagesByMID(ids[0])
	if err != nil || len(list) == 0 {
		return false, err
	}
	from := mail.ParseHeader(list[0].Head).Addresses("From")
	if len(from) != 1 {
		return false, nil
	}
	w := writer{address: from[0].Address.Key()}
	if p, _, ok := k.dir.ByAddress(from[0].Address); ok {
		w = writer{person: p}
	}
	for _, i := range asks {
		owner := k.person(i.Ask.OwnerID)
		covers := owner != nil && w.person != nil && k.coverOf(owner) != nil && k.coverOf(owner).ID == w.person.ID
		if covers || w.is(i.Ask.AskerID, i.Ask.Asker) || w.is(i.Ask.OwnerID, i.Ask.Owner) {
			return false, nil
		}
	}
	return true, nil
}

// reminders are how a mail begins or ends that asks for an answer once more, lower-case.
var reminders = []string{
	"any news", "any update", "any progress", "reminder", "following up", "follow up on", "follow-up on", "did you get a chance",
	"have you had a chance", "had a chance to look", "still waiting", "did you see my", "have you seen my", "get back to me", "ping",
	"gibt es schon", "gibt's schon", "gibt es neuigkeiten", "erinnerung", "nachhaken",
	"des nouvelles", "alguna novedad", "alguma novidade", "al nieuws",
}

// maxReminder is how many words a sentence has that only reminds: a longer one wants
// something of its own.
const maxReminder = 15

// reminds reports whether a sentence only asks for the answer to one before it.
func reminds(sentence string) bool {
	if len(strings.Fields(sentence)) > maxReminder {
		return false
	}
	sentence = strings.ToLower(strings.ReplaceAll(sentence, "’", "'"))
	return slices.ContainsFunc(reminders, func(r string) bool {
		at := strings.Index(sentence, r)
		return at == 0 || at > 0 && !letter(sentence[at-1])
	})
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= 0x80 }
