package queue

import (
	"fmt"
	"slices"
	"strings"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// Mail to a group or a role goes to who is behind it: each is an ordinary recipient with a
// time of their own, once, however often the mail names them. The head stays as it is. What
// brought somebody is remembered in ORCPT, as RFC 3461 §5.2.7.1 has it for an alias, so
// that reports name the address that the author wrote to.

// orcptOf is the ORCPT of who stands behind an address.
func orcptOf(r mail.Recipient, g *people.Group) string {
	if r.ORcpt != "" {
		return r.ORcpt
	}
	kind := "rfc822"
	if strings.IndexFunc(g.Address.String(), func(c rune) bool { return c >= 0x80 }) >= 0 {
		kind = "utf-8" // RFC 6533 §3
	}
	return kind + ";" + g.Address.String()
}

// viaOf finds the group or role that brought a recipient; nil if none did.
func (q *Queue) viaOf(orcpt string) *people.Group {
	_, a, ok := strings.Cut(orcpt, ";")
	if !ok {
		return nil
	}
	address, err := mail.ParsePath(a, true)
	if err != nil {
		return nil
	}
	g, _, _ := q.people.GroupByAddress(address)
	return g
}

// Via is the address of the group or role that brought a recipient, "" if none did.
func (q *Queue) Via(r store.Recipient) string {
	if g := q.viaOf(r.ORcpt); g != nil && g.Address.Key() != addressOf(r.Address).Key() {
		return g.Address.String()
	}
	return ""
}

// expand puts who is behind a group or a role in its place. Who is named besides is not
// brought a second time, and the author gets a copy only if there is nobody else.
func (q *Queue) expand(in *intake) error {
	named := map[int64]bool{}
	groups := false
	for _, r := range in.env.Recipients {
		if p, _, ok := q.people.ByAddress(r.Address); ok {
			named[p.ID] = true
		} else if _, _, ok := q.people.GroupByAddress(r.Address); ok {
			groups = true
		}
	}
	if !groups {
		return nil
	}
	var out []mail.Recipient
	for _, r := range in.env.Recipients {
		_, _, person := q.people.ByAddress(r.Address)
		g, tag, ok := q.people.GroupByAddress(r.Address)
		switch {
		case person || !ok:
			out = append(out, r)
			continue
		case in.handed && (g.Empty() || !g.MayWrite(in.author)):
			out = append(out, r) // A refusal would come back as a bounce of the whole mail; the provider judges.
			continue
		case !g.MayWrite(in.author):
			return refuse(550, [3]int{5, 7, 1}, g.Refusal())
		case g.Empty():
			return refuse(550, [3]int{5, 1, 1}, fmt.Sprintf("Nobody is behind %s at the moment", g.Address))
		}
		out = append(out, membersOf(r, g, tag, in.author, named)...)
	}
	in.env.Recipients = out
	return nil
}

// membersOf are the recipients that one group brings.
func membersOf(r mail.Recipient, g *people.Group, tag string, author *people.Person, named map[int64]bool) []mail.Recipient {
	var out []mail.Recipient
	put := func(a mail.Address) {
		out = append(out, mail.Recipient{Address: a, Notify: r.Notify, ORcpt: orcptOf(r, g)})
	}
	alone := len(g.Outside) == 0 && !slices.ContainsFunc(g.People, func(p *people.Person) bool { return p.ID != author.ID })
	for _, p := range g.People {
		if named[p.ID] || p.ID == author.ID && !alone {
			continue
		}
		a := p.Address
		if tag != "" {
			a.Local += "+" + tag // What it wishes is wished of each.
		}
		put(a)
	}
	for _, a := range g.Outside {
		put(a)
	}
	return out
}

// namedBy reports whether the head names the group or role that brought a recipient.
func (q *Queue) namedBy(named map[string]bool, r store.Recipient) bool {
	g := q.viaOf(r.ORcpt)
	return g != nil && named[g.Address.Key()]
}

// quietFor reports whether mail of a colleague to a role comes read for a recipient:
// another one was on duty when it was sent.
func (q *Queue) quietFor(s store.Submission, r store.Recipient) bool {
	g := q.viaOf(r.ORcpt)
	if g == nil || !g.Role {
		return false
	}
	duty, _ := g.OnDuty(s.Accepted)
	return duty != nil && duty.ID != r.PersonID
}
