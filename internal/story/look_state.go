package story

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"tidepost/store"
)

// stateLooks compare what the queue knows: where a mail is for each reader, and what
// the ledger says.
func stateLooks() []*form {
	return []*form{
		{example: `"Budget" waits for Mei until Tue 09:00`, pattern: `TEXT (waits|is held|does not wait) for (.+?)(?: until (.+))?`, make: func(b *builder, m []string) (func(*world) error, error) {
			if strings.Contains(m[2], "not") {
				return b.recipient(m[1], m[3], "!held", "", "")
			}
			return b.recipient(m[1], m[3], "held", "until", m[4])
		}},
		{example: `"Budget" leaves for Mei at Tue 09:00`, pattern: `TEXT (?:leaves|left|has left) for (.+?)(?: at (.+))?`, make: func(b *builder, m []string) (func(*world) error, error) {
			return b.recipient(m[1], m[2], "left", "at", m[3])
		}},
		{example: `"Budget" to Mei is delivered`, pattern: `TEXT (?:to|for) (.+?) is(?: now)? (not )?(held|waiting|sending|deferred|delivered|bounced|cancelled|canceled|expired)(?: (until|at) (.+))?`, make: func(b *builder, m []string) (func(*world) error, error) {
			state := strings.ToLower(m[4])
			if state == "waiting" {
				state = "held"
			}
			if state == "canceled" {
				state = "cancelled"
			}
			if m[3] != "" {
				state = "!" + state
			}
			return b.recipient(m[1], m[2], state, m[5], m[6])
		}},
		{example: `the ledger of "Budget" has released, delivered`, pattern: `the ledger of TEXT (?:has|says|shows|lists)( no| not| in order)? (.+)`, make: makeLedger},
		{example: `the ledger has ask-open twice`, pattern: `the ledger (?:has|says|shows|lists)( no)? ([a-z][a-z.-]*)(?: (once|twice|\d+ times))?`, make: makeLedgerCount},
		{example: `the ledger balances`, pattern: `the (?:ledger|books) balances?`, make: func(*builder, []string) (func(*world) error, error) {
			return func(w *world) error { return w.balance() }, nil
		}},
	}
}

// recipientsOf are the rows of a mail for somebody, of all its submissions, oldest first.
func (w *world) recipientsOf(name, address string) ([]store.Recipient, error) {
	var out []store.Recipient
	mail, ok := w.mails[name]
	if !ok {
		return nil, fmt.Errorf("%q has not been sent yet", name)
	}
	err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
		subs, err := tx.SubmissionsByMID(mail.mid)
		if err != nil {
			return err
		}
		slices.SortFunc(subs, func(a, b store.Submission) int { return int(a.ID - b.ID) })
		for _, s := range subs {
			list, err := tx.Recipients(s.ID)
			if err != nil {
				return err
			}
			for _, r := range list {
				if strings.EqualFold(r.Address, address) {
					out = append(out, r)
				}
			}
		}
		return nil
	})
	return out, err
}

func (b *builder) recipient(name, who, state, how, when string) (func(*world) error, error) {
	b.mail(name)
	address := strings.ToLower(strings.Trim(who, `"`))
	p, ok := b.who(who)
	switch {
	case ok:
		address = p.address
	case !strings.Contains(who, "@"):
		_, err := b.somebody(who)
		return nil, err
	}
	var at moment
	zone := b.zone
	if when != "" {
		var err error
		if at, zone, err = b.momentOf(when, p); err != nil {
			return nil, err
		}
	}
	if how == "at" && when != "" {
		return func(w *world) error {
			return w.happens(at, zone, func() ([]time.Time, string, error) { return w.reached(name, address, state) })
		}, nil
	}
	return func(w *world) error {
		list, err := w.recipientsOf(name, address)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fmt.Errorf("%q was not accepted for %s", name, address)
		}
		r := list[len(list)-1]
		is := string(r.State)
		if state == "left" && !r.Released.IsZero() {
			is = "left"
		}
		want, not := strings.CutPrefix(state, "!")
		if (is == want) == not {
			return fmt.Errorf("%q is %s for %s%s", name, r.State, address, dueWords(r, zone))
		}
		if when != "" && !at.is(r.Due, time.Now(), zone) {
			return &absence{fmt.Errorf("%q is %s for %s%s", name, r.State, address, dueWords(r, zone))}
		}
		return nil
	}, nil
}

func dueWords(r store.Recipient, zone *time.Location) string {
	if r.Due.IsZero() {
		return ", it left " + show(r.Released, zone)
	}
	return " until " + show(r.Due, zone)
}

// reached lists when a mail came into a state.
func (w *world) reached(name, address, state string) ([]time.Time, string, error) {
	list, err := w.recipientsOf(name, address)
	if err != nil {
		return nil, "", err
	}
	var out []time.Time
	what := "it was not accepted for " + address
	for _, r := range list {
		what = fmt.Sprintf("it is %s%s", r.State, dueWords(r, w.zone))
		switch {
		case state == "left" && !r.Released.IsZero():
			out = append(out, r.Released)
		case state == string(r.State) && !r.Settled.IsZero():
			out = append(out, r.Settled)
		}
	}
	return out, what, nil
}

// ledgerOf lists the kinds of the lines of a mail, in order.
func (w *world) ledgerOf(name string) ([]string, error) {
	mail, ok := w.mails[name]
	if !ok {
		return nil, fmt.Errorf("%q has not been sent yet", name)
	}
	var out []string
	err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
		subs, err := tx.SubmissionsByMID(mail.mid)
		if err != nil {
			return err
		}
		for _, s := range subs {
			events, err := tx.EventsOfSubmission(s.ID)
			if err != nil {
				return err
			}
			for _, e := range events {
				out = append(out, e.Kind)
			}
		}
		messages, err := tx.MessagesByMID(mail.mid)
		if err != nil {
			return err
		}
		for _, m := range messages {
			deliveries, err := tx.DeliveriesByMessage(m.ID)
			if err != nil {
				return err
			}
			for _, d := range deliveries {
				if d.RecipientID != 0 {
					continue // It is among those of its submission.
				}
				events, err := tx.EventsOfDelivery(d.ID)
				if err != nil {
					return err
				}
				for _, e := range events {
					out = append(out, e.Kind)
				}
			}
		}
		return nil
	})
	return out, err
}

func makeLedger(b *builder, m []string) (func(*world) error, error) {
	name, want := b.mail(m[1]), listed(m[3])
	how := strings.TrimSpace(strings.ToLower(m[2]))
	return func(w *world) error {
		got, err := w.ledgerOf(name)
		if err != nil {
			return err
		}
		return compareLedger(got, want, how)
	}, nil
}

func makeLedgerCount(_ *builder, m []string) (func(*world) error, error) {
	kind := m[2]
	want := map[string]int{"once": 1, "twice": 2}[strings.ToLower(m[3])]
	if want == 0 && m[3] != "" {
		want = atoi(strings.Fields(m[3])[0])
	}
	return func(w *world) error {
		n, have := 0, map[string]bool{}
		err := w.server.db.View(context.Background(), func(tx *store.Tx) error {
			for last := int64(0); ; {
				events, err := tx.EventsAfter(last, 1000)
				if err != nil || len(events) == 0 {
					return err
				}
				for _, e := range events {
					have[e.Kind] = true
					if e.Kind == kind {
						n++
					}
				}
				last = events[len(events)-1].ID
			}
		})
		var names []string
		for k := range have {
			names = append(names, k)
		}
		slices.Sort(names)
		switch {
		case err != nil:
			return err
		case m[1] != "" && n > 0:
			return &absence{fmt.Errorf("the ledger has %d lines %s", n, kind)}
		case m[1] == "" && (n == 0 || want > 0 && n != want):
			return errors.New("the ledger has " + fmt.Sprint(n) + " lines " + kind + "; kinds there are: " + strings.Join(names, ", "))
		}
		return nil
	}, nil
}
