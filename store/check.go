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
	AskID        int64
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
// the state the recipient is in; every delivery and every ask likewise.
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
		if err = tx.checkDeliveries(&rep); err != nil {
			return err
		}
		if err = tx.checkAsks(&rep); err != nil {
			return err
		}
		return tx.checkThreads(&rep)
	})
	return rep, err
}

// A step is one transition of a recipient in the ledger; now is the state it is in.
type step struct {
	recipient, submission int64
	kind                  string
	state, now            State
}

// checkRecipients walks all transitions in the order of recipients.
func (tx *Tx) checkRecipients(rep *LedgerReport) error {
	rows, err := tx.q.QueryContext(tx.ctx, `SELECT e.recipient_id, e.submission_id, e.kind, e.state, coalesce(r.state, '')
		FROM event e LEFT JOIN recipient r ON r.id = e.recipient_id
		WHERE e.recipient_id IS NOT NULL AND e.state <> '' ORDER BY e.recipient_id, e.id`)
	if err != nil {
		return fmt.Errorf("read ledger: %w", mapError(err))
	}
	defer rows.Close()
	var last step
	next, first := follows(), 0
	for rows.Next() {
		var s step
		if err := rows.Scan(&s.recipient, (*nullID)(&s.submission), &s.kind, (*string)(&s.state), (*string)(&s.now)); err != nil {
			return fmt.Errorf("read ledger: %w", mapError(err))
		}
		if s.recipient != last.recipient {
			rep.end(last)
			last, first = step{}, len(rep.Findings)
			rep.Accepted++
		}
		if s.kind == EventSalvaged { // Lines before it may be lost: the proof begins here.
			rep.Findings = rep.Findings[:first]
		} else if !slices.Contains(next[last.state], s.state) {
			rep.wrong(s, "%q cannot follow %q", s.state, last.state)
		}
		last = s
	}
	rep.end(last)
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read ledger: %w", mapError(err))
	}
	unknown, err := all(tx, func(f *Finding) []any { return []any{&f.RecipientID} }, `SELECT id FROM recipient r WHERE NOT EXISTS
		(SELECT 1 FROM event WHERE submission_id = r.submission_id AND recipient_id = r.id AND state <> '')`)
	if err != nil {
		return fmt.Errorf("read recipients: %w", err)
	}
	for _, f := range unknown {
		f.What = "no line of the ledger says that it was accepted"
		rep.Findings = append(rep.Findings, f)
	}
	return nil
}

// end compares the last step of a recipient with the state it is in.
func (rep *LedgerReport) end(s step) {
	switch {
	case s.recipient == 0:
	case s.now == "":
		rep.wrong(s, "the ledger names a recipient that does not exist")
	case s.now != s.state:
		rep.wrong(s, "the ledger ends in %q, the recipient is %q", s.state, s.now)
	}
}

func (rep *LedgerReport) wrong(s step, format string, args ...any) {
	rep.Findings = append(rep.Findings, Finding{SubmissionID: s.submission, RecipientID: s.recipient, What: fmt.Sprintf(format, args...)})
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
