package story

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tidepost/mirror"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/store"
)

// providerForms are about mailboxes that are at a provider.
func providerForms() []*form {
	return []*form{
		{example: `"Contract" has long been in Ana's Archive`, pattern: `TEXT has long been in WHOSE (.+)`, make: makeOld},
		{example: `Ana's provider is down`, pattern: `WHOSE provider (is down|is up|refuses the login|takes the login|has no room|has room)(?: again| left)?`, act: true, make: makeProvider},
		{example: `the password at Ana's provider has changed`, pattern: `the password at WHOSE provider has changed`, act: true, make: func(b *builder, m []string) (func(*world) error, error) {
			return makeProvider(b, []string{"", m[1], "refuses the login"})
		}},
		{example: `Ana's folder "Projects" is deleted`, pattern: `WHOSE folder TEXT is (deleted|renamed to TEXT|numbered anew)`, act: true, make: makeFolderChange},
		{example: `Ana's account is given back`, pattern: `WHOSE account is given back(, sending what waits)?`, act: true, make: makeGiveBack},
		{example: `Ana's account is as it was`, pattern: `WHOSE account is as it was`, make: makeAsItWas},
		{example: `Ana's provider has the script`, pattern: `WHOSE provider has (the|no) script`, make: makeHasScript},
		{example: `by webmail Ana replies to "Budget" saying "Yes, Thursday."`, pattern: `by webmail,? WHO (replies to|answers) (".*)`, details: mailDetails, body: true, act: true, make: makePast},
		{example: `by webmail Ana sends "Offer" to Mei, Tom cc Otto`, pattern: `by webmail,? WHO (sends|writes) (".*)`, details: mailDetails, body: true, act: true, make: makePast},
		{example: `1 mail went past Tidepost with "Roundcube Webmail"`, pattern: `(nothing|\d+ mails?) went past Tidepost(?: with TEXT)?`, make: makeWentPast},
		{example: `"Budget" is back in Mei's INBOX within 5s`, pattern: `TEXT (?:was|is)(?: back)? in WHOSE (.+?) within (.+)`, make: makeWithin},
	}
}

// account is the account of somebody who has one.
func (b *builder) account(name string) (*member, error) {
	p, err := b.colleague(name)
	if err == nil && p.host == nil {
		err = b.st.wrong("%s's mailbox is here; write inbox: imap below %s", p.name, p.name)
	}
	if err == nil {
		b.actor = p
	}
	return p, err
}

func makeOld(b *builder, m []string) (func(*world) error, error) {
	p, err := b.account(m[2])
	if err != nil {
		return nil, err
	}
	folder := strings.Trim(m[3], `"`)
	b.mails[m[1]] = b.st.line
	p.host.old = append(p.host.old, func(w *world) { w.oldMail(p, m[1], folder) })
	return nil, nil
}

func makeProvider(b *builder, m []string) (func(*world) error, error) {
	p, err := b.account(m[1])
	if err != nil {
		return nil, err
	}
	return func(w *world) error {
		h := w.hosts[p.address]
		switch strings.ToLower(m[2]) {
		case "is down":
			h.SetDown(true)
		case "is up":
			h.SetDown(false)
		case "refuses the login":
			h.SetDown(true)
			h.SetRefuse(remote.ErrAuth)
		case "takes the login":
			h.SetDown(false)
		case "has no room":
			h.SetRoom(0)
		case "has room":
			h.SetRoom(-1)
		}
		return nil
	}, nil
}

func makeFolderChange(b *builder, m []string) (func(*world) error, error) {
	p, err := b.account(m[1])
	if err != nil {
		return nil, err
	}
	return func(w *world) error {
		h := w.hosts[p.address]
		folder := there(h, m[2])
		if h.Folder(folder) == nil {
			return fmt.Errorf("%s has no folder %s", p.name, folder)
		}
		switch {
		case m[4] != "":
			h.RenameFolder(folder, m[4])
		case strings.EqualFold(m[3], "deleted"):
			h.DropFolder(folder)
		default:
			h.Renumber(folder)
		}
		return nil
	}, nil
}

func makeGiveBack(b *builder, m []string) (func(*world) error, error) {
	p, err := b.account(m[1])
	if err != nil {
		return nil, err
	}
	choice := mirror.KeepWaiting
	if m[2] != "" {
		choice = mirror.SendWaiting
	}
	return func(w *world) error {
		if err := w.edit(p, map[people.Field]string{people.FieldInbox: "store"}); err != nil {
			return err
		}
		if w.server == nil {
			return errors.New("the server is down")
		}
		in, ok := w.server.life.(*inner)
		if !ok {
			return errors.New("only a gateway within this process knows accounts of a story")
		}
		who, err := in.person(p)
		if err == nil {
			_, err = in.gateway.Mailboxes().Rollback(context.Background(), who, choice)
		}
		return err
	}, nil
}

// person finds somebody in the server's directory.
func (s *inner) person(p *member) (*people.Person, error) {
	for _, who := range s.gateway.People().All() {
		if strings.EqualFold(who.Address.String(), p.address) {
			return who, nil
		}
	}
	return nil, fmt.Errorf("the server does not know %s", p.name)
}

func makeAsItWas(b *builder, m []string) (func(*world) error, error) {
	p, err := b.account(m[1])
	return func(w *world) error { return w.kept[p.address].differs(w.hosts[p.address]) }, err
}

func makeHasScript(b *builder, m []string) (func(*world) error, error) {
	p, err := b.account(m[1])
	return func(w *world) error {
		if h := w.hosts[p.address]; h.HasScript() != strings.EqualFold(m[2], "the") {
			return fmt.Errorf("it has a script: %t", h.HasScript())
		}
		return nil
	}, err
}

// makeWithin compares when a mail came into a folder, for the last time, with when it was
// sent.
func makeWithin(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[2])
	if err != nil {
		return nil, err
	}
	name, folder := b.mail(m[1]), folderOf(m[3])
	limit, rest, ok := duration(m[4])
	if !ok || rest != "" {
		return nil, b.st.wrong("%q is not a duration such as 5s", m[4])
	}
	return func(w *world) error {
		s, ok := w.mails[name]
		if !ok {
			return fmt.Errorf("%q has not been sent yet", name)
		}
		w.sleepUntil(s.at.Add(limit))
		list, err := w.entries(p, folder)
		if err != nil {
			return err
		}
		for _, e := range list {
			if e.mail == nil || e.mail.name != name {
				continue
			}
			if late := e.came.Sub(s.at); late > limit {
				return &absence{fmt.Errorf("it came %s after it was sent", late)}
			}
			return nil
		}
		return &absence{fmt.Errorf("%s's %s has %s", p.name, folder, seen(list))}
	}, nil
}

// movingIn makes the accounts as they were before Tidepost, and remembers them.
func (w *world) movingIn() {
	for _, p := range w.story.cast.order {
		if p.host == nil {
			continue
		}
		for _, put := range p.host.old {
			put(w)
		}
		w.kept[p.address] = keep(w.hosts[p.address])
	}
}

// makePast is mail that somebody sends by the provider alone.
func makePast(b *builder, m []string) (func(*world) error, error) {
	if _, err := b.account(m[1]); err != nil {
		return nil, err
	}
	l, err := b.newLetter(m[1], "")
	if err != nil {
		return nil, err
	}
	l.past = true
	rest := m[3]
	if strings.HasPrefix(strings.ToLower(m[2]), "repl") || strings.HasPrefix(strings.ToLower(m[2]), "answ") {
		parent, after, _ := strings.Cut(rest[1:], `"`)
		l.answers, rest = b.mail(parent), strings.TrimSpace(after)
	}
	if err := b.fill(l, rest); err != nil {
		return nil, err
	}
	if l.name == "" && l.subject == "" {
		l.name = "Re: " + l.answers
	}
	return b.send(l), nil
}

// makeWentPast compares how many mails were counted that never passed here.
func makeWentPast(b *builder, m []string) (func(*world) error, error) {
	want := 0
	if n, err := strconv.Atoi(strings.Fields(m[1])[0]); err == nil {
		want = n
	}
	return func(w *world) error {
		if w.server == nil {
			return errors.New("the server is down")
		}
		got := 0
		err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
			list, err := tx.PassagesSince(time.Now().Add(-joined))
			for _, p := range list {
				if p.Kind == store.PassageBypass && (m[2] == "" || p.Client == m[2]) {
					got += p.N
				}
			}
			return err
		})
		if err == nil && got != want {
			err = fmt.Errorf("%d did", got)
		}
		return err
	}, nil
}
