package inbox

import (
	"context"
	"slices"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// TagReports is the tag of the reverse-path under which mail from elsewhere is passed on to
// members of a group outside: all+bounces@team.example. Reports that come there are for the
// owner of the group.
const TagReports = "bounces"

// A Forwarding is a message from elsewhere for members of a group or role who are outside.
type Forwarding struct {
	Group   *people.Group
	Message store.Message // stored
	Facts   mail.Facts
	From    mail.Address // reverse-path it came with
	UTF8    bool
	To      []mail.Address
	Now     time.Time
}

// An addressee is one who gets a message from elsewhere.
type addressee struct {
	person *people.Person
	role   *people.Group // that brought it; nil: none did
}

// An addressing is who gets a message from elsewhere, each once.
type addressing struct {
	to      []addressee
	forward []Forwarding // without the message
	seen    map[string]bool
}

func (a *addressing) people() []*people.Person {
	var out []*people.Person
	for _, t := range a.to {
		out = append(out, t.person)
	}
	return out
}

// put adds a person. Who is named besides gets it as named, not as one of a role.
func (a *addressing) put(p *people.Person, role *people.Group) {
	i := slices.IndexFunc(a.to, func(t addressee) bool { return t.person.ID == p.ID })
	switch {
	case i < 0:
		a.to = append(a.to, addressee{p, role})
	case role == nil:
		a.to[i].role = nil
	}
}

// behind adds who is behind a group or a role.
func (a *addressing) behind(g *people.Group) {
	role := g
	if !g.Role {
		role = nil
	}
	for _, p := range g.People {
		a.put(p, role)
	}
	f := Forwarding{Group: g}
	for _, o := range g.Outside {
		if !a.seen[o.Key()] {
			a.seen[o.Key()] = true
			f.To = append(f.To, o)
		}
	}
	if len(f.To) > 0 {
		a.forward = append(a.forward, f)
	}
}

// recipients are those behind the forward-paths, each once: two addresses of one person
// are one delivery.
func (b *Inbox) recipients(env mail.Envelope) (addressing, error) {
	out := addressing{seen: map[string]bool{}}
	for _, r := range env.Recipients {
		if p, _, ok := b.dir.ByAddress(r.Address); ok {
			out.put(p, nil)
			continue
		}
		g, tag, ok := b.dir.GroupByAddress(r.Address)
		switch {
		case ok && env.From.IsNull() && strings.EqualFold(tag, TagReports):
			if g.Owner != nil {
				out.put(g.Owner, nil)
			}
		case ok && !g.Empty():
			out.behind(g)
		default:
			// RCPT knew them; they left in between. Trying again tells who.
			return out, &mail.Reply{Code: 451, Enhanced: [3]int{4, 2, 1}, Text: "A recipient has just left, try again"}
		}
	}
	return out, nil
}

// reportsToAuthor gives a report that comes to a role to the one of its people who wrote
// the mail it is about, if that is known.
func (b *Inbox) reportsToAuthor(ctx context.Context, a *addressing, lost string) {
	if lost == "" || !slices.ContainsFunc(a.to, func(t addressee) bool { return t.role != nil }) {
		return
	}
	var author int64
	err := b.db.View(ctx, func(tx *store.Tx) error {
		list, err := tx.SubmissionsByMID(lost)
		if err == nil && len(list) > 0 {
			author = list[0].AuthorID
		}
		return err
	})
	if err != nil {
		b.o.Log.Error("look whose mail a report is about", "mid", lost, "err", err)
		return // Then all of them read it.
	}
	if slices.ContainsFunc(a.to, func(t addressee) bool { return t.person.ID == author }) {
		a.to = slices.DeleteFunc(a.to, func(t addressee) bool { return t.role != nil && t.person.ID != author })
	}
}

// quietFor reports whether mail to a role comes read for somebody: another one is on duty.
func quietFor(t addressee, now time.Time) bool {
	if t.role == nil {
		return false
	}
	duty, _ := t.role.OnDuty(now)
	return duty != nil && duty.ID != t.person.ID
}

// passOn has a message go on to members outside. What is junk does not: it would be ours.
func (b *Inbox) passOn(tx *store.Tx, to addressing, m store.Message, f mail.Facts, env mail.Envelope, junk Reason, now time.Time) error {
	for _, fw := range to.forward {
		if b.o.Forward == nil || junk != "" {
			if err := tx.AddEvent(store.Event{At: now, Kind: EventNotPassedOn, MessageID: m.ID,
				Detail: map[string]any{"group": fw.Group.Address.String(), "recipients": len(fw.To), "why": string(junk)}}); err != nil {
				return err
			}
			continue
		}
		fw.Message, fw.Facts, fw.From, fw.UTF8, fw.Now = m, f, env.From, env.UTF8, now
		if err := b.o.Forward(tx, fw); err != nil {
			return err
		}
	}
	return nil
}

// EventNotPassedOn is the line of the ledger when mail to a group does not go on to its
// members outside.
const EventNotPassedOn = "not-passed-on"
