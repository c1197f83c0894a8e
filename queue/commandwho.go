package queue

import (
	"fmt"
	"slices"
	"strings"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// mailedLook is how many recipients of a person's latest mail are looked at for a name.
const mailedLook = 1000

// A match is somebody whom a name may mean.
type match struct {
	name    string // "" if only the address is known
	address string // or "@domain"
	person  *people.Person
}

func (m match) String() string {
	if m.name == "" || m.name == m.address {
		return m.address
	}
	return m.name + " <" + m.address + ">"
}

// match finds whom a name means: an address or a domain means itself; a name means a
// colleague of that name, and, if outside, everybody of that name elsewhere whom the
// person has written to.
func (q *Queue) match(tx *store.Tx, author *people.Person, who string, outside bool) ([]match, error) {
	who = strings.ToLower(strings.Trim(who, "<>"))
	if local, domain, ok := strings.Cut(who, "@"); ok || strings.Contains(who, ".") && !strings.Contains(who, " ") {
		if !ok {
			domain = who
		}
		if local == "" || !ok {
			return []match{{address: "@" + domain}}, nil
		}
		if p, _, ok := q.people.ByAddress(mail.Address{Local: local, Domain: domain}); ok && p.Active {
			return []match{{p.Name, p.Address.String(), p}}, nil
		}
		return []match{{address: who}}, nil
	}
	var out []match
	add := func(m match) {
		if !slices.ContainsFunc(out, func(o match) bool { return o.address == m.address }) {
			out = append(out, m)
		}
	}
	for _, p := range q.people.All() {
		if p.Active && p.ID != author.ID && named(who, p.Name, p.Address.Local) {
			add(match{p.Name, p.Address.String(), p})
		}
	}
	if !outside {
		return out, nil
	}
	list, err := tx.MailedBy(author.ID, mailedLook)
	if err != nil {
		return nil, fmt.Errorf("whom %s has written to: %w", author.Address, err)
	}
	for _, m := range list {
		a := addressOf(m.Address)
		if p, _, ok := q.people.ByAddress(a); ok && (p.Active || p.ID == author.ID) || q.isOwn(a) {
			continue
		}
		name := nameIn(m)
		if named(who, name, a.Local) {
			add(match{name: name, address: strings.ToLower(m.Address)})
		}
	}
	return out, nil
}

// nameIn is how the author of a mail wrote the name of its recipient.
func nameIn(m store.Mailed) string {
	if len(m.Head) == 0 {
		return ""
	}
	key := addressOf(m.Address).Key()
	h := mail.ParseHeader(m.Head)
	for _, field := range []string{"To", "Cc"} {
		for _, b := range h.Addresses(field) {
			if b.Address.Key() == key {
				return b.Name
			}
		}
	}
	return ""
}

// named reports whether who is somebody's first name, last name, or both; or, without a
// name, a part of the address.
func named(who, name, local string) bool {
	name = strings.ToLower(name)
	if name == who {
		return true
	}
	words := strings.Fields(strings.NewReplacer(",", " ", ".", " ", "\"", " ").Replace(name))
	want := strings.Fields(who)
	if len(words) == 0 {
		words = strings.FieldsFunc(strings.ToLower(local), func(r rune) bool { return strings.ContainsRune("._-+", r) })
	}
	if len(want) == 0 {
		return false
	}
	for _, w := range want {
		if !slices.Contains(words, w) {
			return false
		}
	}
	return true
}
