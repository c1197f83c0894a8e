package story

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/digest"
	"tidepost/store"
)

// the part of a pattern that names an ask: its number or its words, its mail, its owner.
const theAsk = `the (?:ask|question|clock)(?: #?(\d+))?(?: TEXT)? (?:in|of) TEXT(?: (?:to|for|on) (\S+?))?`

// askLooks compare questions and their clocks.
func askLooks() []*form {
	return []*form{
		{example: `"Budget" has 2 asks`, pattern: `TEXT (?:has|holds|makes|asks) (\d+|no|one|nothing)(?: (?:asks?|questions?))?`, make: makeAskCount},
		{example: `the ask in "Budget" is due Thu 10:00`, pattern: theAsk + ` is due (.+)`, make: func(b *builder, m []string) (func(*world) error, error) {
			return makeAskState(b, append(slices.Clone(m[:5]), "", "", m[5]))
		}},
		{example: `the ask in "Budget" is not due`, pattern: theAsk + ` (?:has no due time|is not due(?: yet)?)`, make: func(b *builder, m []string) (func(*world) error, error) {
			return makeAskState(b, append(slices.Clone(m[:5]), "", "", "never"))
		}},
		{example: `the ask in "Budget" belongs to Mei`, pattern: theAsk + ` (?:belongs to|is owned by|is answered by) (\S+)`, make: makeAskOwner},
		{example: `the ask in "Budget" to Mei is running, due Thu 10:00`, pattern: theAsk + ` is(?: now| still)? (not )?([a-z -]+?)(?:,? (?:and )?due (.+))?`, make: makeAskState},
		{example: `the ledger of the ask in "Budget" has clock-started, clock-answered`, pattern: `the ledger of ` + theAsk + ` (?:has|says|shows)( no| not| in order)? (.+)`, make: makeAskLedger},
	}
}

// An askOf says which ask is meant.
type askOf struct {
	mail   string
	number int
	words  string
	owner  *member
}

// askOf reads the parts of theAsk.
func (b *builder) askOf(m []string) (askOf, error) {
	a := askOf{number: atoi(m[0]), words: m[1], mail: b.mail(m[2])}
	if m[3] != "" {
		p, err := b.somebody(m[3])
		if err != nil {
			return a, err
		}
		a.owner = p
	}
	return a, nil
}

// asks are those that are meant.
func (w *world) asks(a askOf) (out []store.ClockedAsk, all []store.ClockedAsk, err error) {
	mail, ok := w.mails[a.mail]
	if !ok {
		return nil, nil, fmt.Errorf("%q has not been sent yet", a.mail)
	}
	err = w.server.db.View(context.Background(), func(tx *store.Tx) error {
		all, err = tx.AsksByMID(mail.mid)
		return err
	})
	for _, x := range all {
		if (a.number == 0 || x.Number == a.number) && (a.words == "" || saying(x.Text, a.words)) &&
			(a.owner == nil || strings.EqualFold(x.Owner, a.owner.address)) {
			out = append(out, x)
		}
	}
	return out, all, err
}

// one is the only ask that is meant.
func (w *world) one(a askOf) (store.ClockedAsk, error) {
	list, all, err := w.asks(a)
	if err == nil && len(list) != 1 {
		err = fmt.Errorf("%d asks fit; %s", len(list), w.askWords(all))
	}
	if err != nil {
		return store.ClockedAsk{}, err
	}
	return list[0], nil
}

// askWords describes asks.
func (w *world) askWords(list []store.ClockedAsk) string {
	if len(list) == 0 {
		return "the mail has no asks"
	}
	var out []string
	for _, x := range list {
		state := x.Clock.State
		if state == "" {
			state = map[bool]string{true: "open without a clock", false: "closed without a clock"}[x.Open]
		}
		due := ""
		if !x.Clock.Due.IsZero() {
			due = ", due " + show(x.Clock.Due, w.zoneOfAddress(x.Owner))
		}
		out = append(out, fmt.Sprintf("ask %d of %s: %q, %s, %s%s", x.Number, x.Owner, x.Text, x.Class, state, due))
	}
	return strings.Join(out, "\n")
}

func (w *world) zoneOfAddress(address string) *time.Location {
	for _, p := range w.story.cast.order {
		if strings.EqualFold(p.address, address) && p.zone != nil {
			return p.zone
		}
	}
	return w.zone
}

func makeAskCount(b *builder, m []string) (func(*world) error, error) {
	name := b.mail(m[1])
	n := atoi(m[2])
	if strings.EqualFold(m[2], "one") {
		n = 1
	}
	return func(w *world) error {
		_, all, err := w.asks(askOf{mail: name})
		if err == nil && len(all) != n {
			err = errors.New(w.askWords(all))
		}
		return err
	}, nil
}

// states are the words for the states of clocks.
func states() map[string]string {
	return map[string]string{
		"waiting": "waiting", "waiting for delivery": "waiting", "running": "running", "promised": "promised", "paused": "paused", "at risk": "at-risk",
		"at-risk": "at-risk", "overdue": "overdue", "answered": "answered", "withdrawn": "withdrawn", "waived": "waived",
		"open": "open", "closed": "closed", "open without a clock": "no clock", "without a clock": "no clock", "without an owner": "no clock",
	}
}

func makeAskState(b *builder, m []string) (func(*world) error, error) {
	a, err := b.askOf(m[1:5])
	if err != nil {
		return nil, err
	}
	not := m[5] != ""
	want := ""
	if m[6] != "" {
		var ok bool
		if want, ok = states()[strings.ToLower(strings.TrimSpace(m[6]))]; !ok {
			return nil, b.st.wrong("%q is no state of a clock: waiting, running, promised, paused, at risk, overdue, answered, withdrawn, waived; or open, closed, open without a clock", m[6])
		}
	}
	var due *moment
	var zone *time.Location
	if m[7] != "" && m[7] != "never" {
		at, z, err := b.momentOf(m[7], a.owner)
		if err != nil {
			return nil, err
		}
		if due = &at; at.place != nil || at.person != "" || a.owner != nil {
			zone = z
		}
	}
	return func(w *world) error {
		x, err := w.one(a)
		if err != nil {
			return err
		}
		say := errors.New(w.askWords([]store.ClockedAsk{x}))
		if want != "" && inState(x, want) == not {
			return say
		}
		z := zone
		if z == nil {
			z = w.zoneOfAddress(x.Owner)
		}
		if due != nil && (x.Clock.Due.IsZero() || !due.is(x.Clock.Due, time.Now(), z)) || m[7] == "never" && !x.Clock.Due.IsZero() {
			return say
		}
		return nil
	}, nil
}

func inState(x store.ClockedAsk, want string) bool {
	switch want {
	case "open":
		return x.Open
	case "closed":
		return !x.Open
	case "no clock":
		return x.Open && x.Clock.State == ""
	}
	return x.Clock.State == want
}

func makeAskOwner(b *builder, m []string) (func(*world) error, error) {
	a, err := b.askOf(m[1:5])
	if err != nil {
		return nil, err
	}
	owner := ""
	if strings.Contains(m[5], "@") { // A role, whose address it is.
		owner = teamAddress(m[5])
	} else if !strings.EqualFold(m[5], "nobody") {
		p, err := b.somebody(m[5])
		if err != nil {
			return nil, err
		}
		owner = p.address
	}
	return func(w *world) error {
		x, err := w.one(a)
		if err == nil && !strings.EqualFold(x.Owner, owner) {
			err = errors.New(w.askWords([]store.ClockedAsk{x}))
		}
		return err
	}, nil
}

func makeAskLedger(b *builder, m []string) (func(*world) error, error) {
	a, err := b.askOf(m[1:5])
	if err != nil {
		return nil, err
	}
	how, want := strings.TrimSpace(strings.ToLower(m[5])), listed(m[6])
	return func(w *world) error {
		x, err := w.one(a)
		if err != nil {
			return err
		}
		var got []string
		err = w.server.db.View(context.Background(), func(tx *store.Tx) error {
			events, err := tx.EventsOfAsk(x.ID)
			for _, e := range events {
				got = append(got, e.Kind)
			}
			return err
		})
		if err != nil {
			return err
		}
		return compareLedger(got, want, how)
	}, nil
}

// compareLedger looks for kinds of lines: some, none of them, or some in their order.
func compareLedger(got, want []string, how string) error {
	say := fmt.Errorf("the ledger has %s", strings.Join(got, ", "))
	from := 0
	for _, k := range want {
		i := slices.Index(got[from:], k)
		switch {
		case how == "no" || how == "not":
			if i >= 0 {
				return &absence{say}
			}
		case i < 0:
			return say
		case how == "in order":
			from += i + 1
		}
	}
	return nil
}

// contentOf is what the latest digest of somebody says, as it is kept.
func (w *world) contentOf(p *member) (digest.Content, error) {
	var c digest.Content
	err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
		list, err := tx.People()
		if err != nil {
			return err
		}
		for _, row := range list {
			if row.Address != p.address {
				continue
			}
			d, err := tx.LastDigest(row.ID)
			if errors.Is(err, store.ErrNotFound) {
				return fmt.Errorf("%s has got no digest", p.name)
			}
			if err != nil {
				return err
			}
			return json.Unmarshal(d.Content, &c)
		}
		return fmt.Errorf("%s is not in the team", p.name)
	})
	return c, err
}

func makeDigestCount(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	n := atoi(m[3])
	if strings.EqualFold(m[3], "one") {
		n = 1
	}
	return func(w *world) error {
		c, err := w.contentOf(p)
		if err == nil && len(c.Asks) != n {
			err = errors.New(askLines(c, p))
		}
		return err
	}, nil
}

func askLines(c digest.Content, p *member) string {
	if len(c.Asks) == 0 {
		return "the digest asks nothing"
	}
	var out []string
	for _, l := range c.Asks {
		line := fmt.Sprintf("%d  %q of %s <%s> in %q", l.Number, l.Text, l.Asker.Name, l.Asker.Address, l.Subject)
		if !l.Due.IsZero() {
			line += ", due " + show(l.Due, p.zone)
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n")
}

func makeDigestAsk(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	number, words := atoi(m[2]), m[3]
	var asker *member
	if m[4] != "" {
		if asker, err = b.somebody(strings.TrimRight(m[4], ",")); err != nil {
			return nil, err
		}
	}
	var due *moment
	zone := p.zone
	if m[5] != "" {
		at, z, err := b.momentOf(m[5], p)
		if err != nil {
			return nil, err
		}
		due, zone = &at, z
	}
	return func(w *world) error {
		c, err := w.contentOf(p)
		if err != nil {
			return err
		}
		for _, l := range c.Asks {
			if (number == 0 || l.Number == number) && (saying(l.Text, words) || saying(l.Subject, words)) &&
				(asker == nil || strings.EqualFold(l.Asker.Address, asker.address)) &&
				(due == nil || !l.Due.IsZero() && due.is(l.Due, time.Now(), zone)) {
				return nil
			}
		}
		return errors.New(askLines(c, p))
	}, nil
}
