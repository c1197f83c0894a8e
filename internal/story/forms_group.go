package story

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// groupForms are about addresses behind which there are several.
func groupForms() []*form {
	keys := "name aliases who_may_send owner rota zone first_reply"
	return []*form{
		{example: `group all@ is Ana, Mei, Tom`, pattern: `group (\S+@\S*) (?:is|has|are) REST`, details: keys, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.newGroup(false, m[1], m[2])
		}},
		{example: `role support@ is Ana, Mei, Tom`, pattern: `role (\S+@\S*) (?:is|has|are) REST`, details: keys, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.newGroup(true, m[1], m[2])
		}},
		{example: `the members of support@ become Ana, Mei`, pattern: `the (members|aliases|rota|first reply|senders|owner|zone) of (\S+@\S*) (?:becomes?|is now|are now) REST`, act: true, make: makeGroupChange},
		{example: `support@ is removed`, pattern: `(\S+@\S*) is removed`, act: true, make: func(_ *builder, m []string) (func(*world) error, error) {
			return func(w *world) error {
				return w.editGroups(func(e *people.Editor, g people.GroupEntry) error {
					return e.RemoveGroup(context.Background(), g.Kind == "role", g.Address, time.Now(), nil)
				}, m[1])
			}, nil
		}},
		{example: `Mei is on duty for support@`, pattern: `WHO is on duty (?:for|of) (\S+@\S*)`, make: makeOnDuty},
	}
}

// teamAddress completes an address without a domain.
func teamAddress(s string) string {
	if strings.HasSuffix(s, "@") {
		s += teamDomain
	}
	return strings.ToLower(s)
}

// membersIn writes a list of people and addresses as package people reads it.
func (b *builder) membersIn(s string) string {
	var out []string
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' }) {
		sign := ""
		if strings.HasPrefix(w, "+") || strings.HasPrefix(w, "-") {
			sign, w = w[:1], w[1:]
		}
		if p, ok := b.who(w); ok {
			w = p.address
		} else if strings.Contains(w, "@") {
			w = teamAddress(w)
		}
		out = append(out, sign+w)
	}
	return strings.Join(out, " ")
}

// aliasesIn completes the addresses of a list of aliases.
func aliasesIn(s string) string {
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ',' || r == ' ' })
	for i, w := range words {
		words[i] = teamAddress(w)
	}
	return strings.Join(words, " ")
}

// newGroup adds a group or a role as the story begins.
func (b *builder) newGroup(role bool, address, members string) (func(*world) error, error) {
	address = teamAddress(address)
	list := b.membersIn(members)
	r := people.GroupRequest{Address: &address, Members: &list}
	for _, d := range b.st.details {
		setGroup(&r, d.key, d.value, b)
	}
	return func(w *world) error {
		return w.withEditor(func(e *people.Editor) error {
			_, err := e.AddGroup(context.Background(), role, r, time.Now())
			return err
		})
	}, nil
}

// setGroup takes one thing that is said of a group into a request.
func setGroup(r *people.GroupRequest, key, value string, b *builder) {
	switch strings.ReplaceAll(strings.ToLower(key), " ", "_") {
	case "members":
		value = b.membersIn(value)
		r.Members = &value
	case "name":
		r.Name = &value
	case "aliases":
		value = aliasesIn(value)
		r.Aliases = &value
	case "who_may_send", "senders":
		r.Senders = &value
	case "owner":
		value = b.membersIn(value)
		r.Owner = &value
	case "rota":
		r.Rota = &value
	case "zone":
		if z, ok := zoneNamed(value); ok {
			value = z.String()
		}
		r.Zone = &value
	case "first_reply":
		r.FirstReply = &value
	}
}

func makeGroupChange(b *builder, m []string) (func(*world) error, error) {
	var r people.GroupRequest
	setGroup(&r, m[1], m[3], b)
	return func(w *world) error {
		return w.editGroups(func(e *people.Editor, g people.GroupEntry) error {
			_, err := e.SetGroup(context.Background(), g.Kind == "role", g.Address, r, time.Now())
			return err
		}, m[2])
	}, nil
}

// editGroups finds a group or a role and changes it.
func (w *world) editGroups(fn func(*people.Editor, people.GroupEntry) error, address string) error {
	return w.withEditor(func(e *people.Editor) error {
		for _, role := range []bool{false, true} {
			g, err := e.Group(context.Background(), role, teamAddress(address))
			if err == nil {
				return fn(e, g)
			}
			if !errors.Is(err, store.ErrNotFound) {
				return err
			}
		}
		return fmt.Errorf("there is no group or role %s", address)
	})
}

// withEditor changes people as the command line does beside the running server.
func (w *world) withEditor(fn func(*people.Editor) error) error {
	db, err := store.Open(w.dataDir())
	if err != nil {
		return err
	}
	err = fn(people.NewEditor(db, []string{teamDomain}, rand.Reader))
	if err = errors.Join(err, db.Close()); err != nil || w.server == nil {
		return err
	}
	return w.server.reload()
}

func makeOnDuty(b *builder, m []string) (func(*world) error, error) {
	want := ""
	if !strings.EqualFold(m[1], "nobody") {
		p, err := b.colleague(m[1])
		if err != nil {
			return nil, err
		}
		want = p.address
	}
	return func(w *world) error {
		dir := people.NewDirectory(w.server.db, []string{teamDomain})
		if err := dir.Reload(context.Background()); err != nil {
			return err
		}
		a, err := mail.ParsePath(teamAddress(m[2]), true)
		if err != nil {
			return err
		}
		g, _, ok := dir.GroupByAddress(a)
		if !ok {
			return fmt.Errorf("there is no role %s", m[2])
		}
		got := ""
		if p, _ := g.OnDuty(time.Now()); p != nil {
			got = p.Address.String()
		}
		if got != want {
			return fmt.Errorf("on duty is %q", got)
		}
		return nil
	}, nil
}
