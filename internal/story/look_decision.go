package story

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidepost/store"
)

// decisionLooks compare the archive of decisions, and let people leave.
func decisionLooks() []*form {
	return []*form{
		{example: `D-1 says "We take the blue one"`, pattern: `(?:decision )?D-(\d+) (says|contains|does not say|does not contain) (".*")`, make: makeDecisionSays},
		{example: `D-1 is public`, pattern: `(?:decision )?D-(\d+) is (not )?(filed|published|public|withdrawn|private)`, make: makeDecisionState},
		{example: `D-2 supersedes D-1`, pattern: `(?:decision )?D-(\d+) (?:supersedes|replaces) D-(\d+)`, make: makeSupersedes},
		{example: `there are 2 decisions`, pattern: `there (?:is|are) (no|one|a|\d+) decisions?`, make: makeDecisionCount},
		{example: `Mei sees D-1`, pattern: `WHO (sees|does not see|never sees|has not seen) D-(\d+)(?: saying TEXT)?`, make: makeSees},
	}
}

// decision reads one of the archive.
func (w *world) decision(number int, f func(tx *store.Tx, d store.Decision) error) error {
	return w.server.db.View(context.Background(), func(tx *store.Tx) error {
		d, err := tx.DecisionByNumber(number)
		if errors.Is(err, store.ErrNotFound) {
			return fmt.Errorf("there is no decision D-%d", number)
		}
		if err != nil {
			return err
		}
		return f(tx, d)
	})
}

func makeDecisionSays(_ *builder, m []string) (func(*world) error, error) {
	number, not, words := atoi(m[1]), strings.Contains(m[2], "not"), quotes(m[3])
	return func(w *world) error {
		return w.decision(number, func(_ *store.Tx, d store.Decision) error {
			for _, q := range words {
				if saying(d.Sentence, q) == not {
					return fmt.Errorf("decision D-%d says %q", number, d.Sentence)
				}
			}
			return nil
		})
	}, nil
}

func makeDecisionState(_ *builder, m []string) (func(*world) error, error) {
	number, not, want := atoi(m[1]), m[2] != "", strings.ToLower(m[3])
	return func(w *world) error {
		return w.decision(number, func(_ *store.Tx, d store.Decision) error {
			is := false
			switch want {
			case "public", "published":
				is = d.Public
			case "private":
				is = !d.Public
			default:
				is = string(d.State) == want
			}
			if is == not {
				return fmt.Errorf("decision D-%d is %s, public: %t", number, d.State, d.Public)
			}
			return nil
		})
	}, nil
}

func makeSupersedes(_ *builder, m []string) (func(*world) error, error) {
	return func(w *world) error {
		return w.decision(atoi(m[1]), func(tx *store.Tx, d store.Decision) error {
			older, _, err := tx.DecisionLinks(d.ID)
			if err != nil {
				return err
			}
			var names []string
			for _, o := range older {
				if o.Number == atoi(m[2]) {
					return nil
				}
				names = append(names, fmt.Sprintf("D-%d", o.Number))
			}
			return fmt.Errorf("decision D-%s supersedes %s", m[1], strings.Join(append(names, "nothing else"), ", "))
		})
	}, nil
}

func makeDecisionCount(_ *builder, m []string) (func(*world) error, error) {
	n := atoi(m[1])
	if s := strings.ToLower(m[1]); s == "one" || s == "a" {
		n = 1
	}
	return func(w *world) error {
		have := 0
		err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
			next, err := tx.NextDecisionNumber()
			have = next - 1
			return err
		})
		if err == nil && have != n {
			err = fmt.Errorf("there are %d decisions", have)
		}
		return err
	}, nil
}

// makeSees looks into the shared folder as the person does.
func makeSees(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	b.actor = p
	not, name := m[2] != "sees", "D-"+m[3]
	return func(w *world) error {
		list, err := w.list(p, "Decisions")
		if err != nil {
			return err
		}
		say := fmt.Errorf("%s's Decisions has %s", p.name, seen(list))
		for _, e := range list {
			text, _ := readable(e.raw)
			subject := headerOf(e.raw, "Subject")
			if saying(subject, name) && saying(subject+"\n"+text, m[4]) {
				if not {
					return &absence{say}
				}
				return nil
			}
		}
		if not {
			return nil
		}
		return say
	}, nil
}

// makeLeaver plans that somebody leaves the team, as the command line does.
func makeLeaver(b *builder, m []string) (func(*world) error, error) {
	p, err := b.colleague(m[1])
	if err != nil {
		return nil, err
	}
	at, rest, err := b.readMoment(m[2])
	if err != nil || rest != "" || !at.hasDate || !at.hasYear {
		return nil, b.st.wrong("%q is not a date such as 2026-03-31", m[2])
	}
	var to *member
	if m[3] != "" {
		if to, err = b.colleague(m[3]); err != nil {
			return nil, err
		}
	}
	return func(w *world) error { return w.leaves(p, to, at.at(at.date, p.zone)) }, nil
}

func (w *world) leaves(p, to *member, at time.Time) error {
	if w.outside != nil {
		return w.outside.leave(p, to, at)
	}
	db, err := store.Open(w.dataDir())
	if err != nil {
		return err
	}
	err = db.Update(context.Background(), func(tx *store.Tx) error {
		list, err := tx.People()
		if err != nil {
			return err
		}
		l := store.Leaver{At: at, Created: time.Now()}
		for _, row := range list {
			if row.Address == p.address {
				l.PersonID = row.ID
			}
			if to != nil && row.Address == to.address {
				l.ToID = row.ID
			}
		}
		return tx.PutLeaver(l)
	})
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	return w.server.kick()
}
