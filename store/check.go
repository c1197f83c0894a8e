package store

import (
	"context"
	"fmt"
	"slices"
)

// A Finding is one thing that the ledger check found wrong.
type Finding struct {
	SubmissionID int64
	RecipientID  int64
	DeliveryID   int64
	What         string
}

// A LedgerReport is the outcome of a check. Accepted counts recipients ever
// accepted; Now counts them by the state they are in.
type LedgerReport struct {
	Accepted int64
	Now      map[State]int64
	Findings []Finding
}

// follows says which state may follow which; "" is the state before accept.
func follows() map[State][]State {
	return map[State][]State{
		"":       {Held, Sending, Delivered, Bounced},
		Held:     {Held, Sending, Delivered, Cancelled, Bounced, Expired},
		Sending:  {Delivered, Deferred, Bounced, Expired},
		Deferred: {Sending, Deferred, Bounced, Expired, Cancelled},
		// After a cancel the author may put the mail back.
		Cancelled: {Held},
	}
}

// CheckLedger proves, or refutes, that accepted = delivered + bounced + cancelled +
// expired + held + deferred (+ sending, while an attempt runs): every recipient has a
// ledger that starts with its accept, whose steps follow each other, and which ends in
// the state the recipient is in; every delivery likewise.
func (db *DB) CheckLedger(ctx context.Context) (LedgerReport, error) {
	var rep LedgerReport
	err := db.View(ctx, func(tx *Tx) error {
		var err error
		if rep.Now, err = tx.CountRecipients(); err != nil {
			return err
		}
		if err = tx.checkRecipients(&rep); err != nil {
			return err
		}
		return tx.checkDeliveries(&rep)
	})
	return rep, err
}

// checkRecipients walks all transitions in the order of recipients.
func (tx *Tx) checkRecipients(rep *LedgerReport) error {
	type step struct {
		recipient, submission int64
		state, now            State
	}
	steps, err := all(tx, func(s *step) []any {
		return []any{&s.recipient, (*nullID)(&s.submission), (*string)(&s.state), (*string)(&s.now)}
	}, `SELECT e.recipient_id, e.submission_id, e.state, coalesce(r.state, '') FROM event e
		LEFT JOIN recipient r ON r.id = e.recipient_id
		WHERE e.recipient_id IS NOT NULL AND e.state <> '' ORDER BY e.recipient_id, e.id`)
	if err != nil {
		return fmt.Errorf("read ledger: %w", err)
	}
	next := follows()
	seen := map[int64]bool{}
	for i, s := range steps {
		var before State
		if i > 0 && steps[i-1].recipient == s.recipient {
			before = steps[i-1].state
		}
		wrong := func(format string, args ...any) {
			rep.Findings = append(rep.Findings, Finding{SubmissionID: s.submission, RecipientID: s.recipient, What: fmt.Sprintf(format, args...)})
		}
		if before == "" {
			rep.Accepted++
			seen[s.recipient] = true
		}
		if !slices.Contains(next[before], s.state) {
			wrong("%q cannot follow %q", s.state, before)
		}
		if last := i == len(steps)-1 || steps[i+1].recipient != s.recipient; last {
			if s.now == "" {
				wrong("the ledger names a recipient that does not exist")
			} else if s.now != s.state {
				wrong("the ledger ends in %q, the recipient is %q", s.state, s.now)
			}
		}
	}
	ids, err := all(tx, func(id *int64) []any { return []any{id} }, `SELECT id FROM recipient`)
	for _, id := range ids {
		if !seen[id] {
			rep.Findings = append(rep.Findings, Finding{RecipientID: id, What: "no line of the ledger says that it was accepted"})
		}
	}
	return err
}

// checkDeliveries looks that the last line of each delivery is its state, and that
// what is published or waits can be read.
func (tx *Tx) checkDeliveries(rep *LedgerReport) error {
	found, err := all(tx, func(f *Finding) []any { return []any{&f.DeliveryID, &f.What} },
		`SELECT d.id, 'the ledger ends in "' || coalesce(e.state, '') || '", the delivery is "' || d.state || '"'
		 FROM delivery d LEFT JOIN event e ON e.id = (SELECT max(id) FROM event WHERE delivery_id = d.id AND state <> '')
		 WHERE e.state IS NOT d.state
		 UNION ALL
		 SELECT d.id, 'waits but does not show in Next delivery' FROM delivery d
		 WHERE d.state = 'waiting' AND NOT EXISTS (SELECT 1 FROM entry WHERE delivery_id = d.id)
		 UNION ALL
		 SELECT d.id, 'waits but its octets are gone' FROM delivery d JOIN message m ON m.id = d.message_id
		 JOIN body b ON b.id = m.body_id WHERE d.state = 'waiting' AND b.size > 0
		 AND NOT EXISTS (SELECT 1 FROM chunk WHERE id = b.id << 16)`)
	if err != nil {
		return fmt.Errorf("read deliveries: %w", err)
	}
	rep.Findings = append(rep.Findings, found...)
	return nil
}
