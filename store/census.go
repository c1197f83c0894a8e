package store

import (
	"errors"
	"fmt"
	"time"
)

// A Census counts what waits in the whole database. It is reckoned from indexes and
// takes about a second for a million waiting recipients.
type Census struct {
	Recipients map[State]Group          // held, deferred, sending; the others are over
	Deliveries Group                    // waiting for their tide
	Advice     map[string]Verdicts      // by policy
	Questions  map[string]OpenQuestions // by how they stand
}

// A Group is some of the same kind.
type Group struct {
	Count  int
	Oldest time.Time // when the oldest was accepted; zero without any
	Due    time.Time // the earliest due time; zero if they have none
}

// Verdicts count the lines of advice of a policy.
type Verdicts struct{ Given, FalseAlarms int }

// Octets is how large the database is as this transaction sees it: every page of it, those
// that stand only in the write-ahead log so far included. The file alone says less, or
// nothing at all, until the log is copied into it.
func (tx *Tx) Octets() (int64, error) {
	var pages, size int64
	if err := tx.row([]any{&pages}, `PRAGMA page_count`); err != nil {
		return 0, fmt.Errorf("count pages: %w", err)
	}
	if err := tx.row([]any{&size}, `PRAGMA page_size`); err != nil {
		return 0, fmt.Errorf("size of a page: %w", err)
	}
	return pages * size, nil
}

// Census counts.
func (tx *Tx) Census() (Census, error) {
	c := Census{Recipients: map[State]Group{}, Advice: map[string]Verdicts{}}
	type row struct {
		state    string
		group    Group
		oldestID int64
	}
	rows, err := all(tx, func(r *row) []any {
		return []any{&r.state, &r.group.Count, &r.oldestID, (*stamp)(&r.group.Due)}
	}, `SELECT state, count(*), min(id), min(due) FROM recipient WHERE state IN ('held', 'deferred') GROUP BY state
		UNION ALL SELECT 'sending', count(*), coalesce(min(id), 0), NULL FROM recipient WHERE state = 'sending'`)
	if err != nil {
		return c, fmt.Errorf("count recipients: %w", err)
	}
	for _, r := range rows {
		err := tx.row([]any{(*stamp)(&r.group.Oldest)}, `SELECT s.accepted FROM submission s JOIN recipient r ON r.submission_id = s.id WHERE r.id = ?`, r.oldestID)
		if err != nil && !errors.Is(err, ErrNotFound) {
			return c, fmt.Errorf("oldest recipient: %w", err)
		}
		c.Recipients[State(r.state)] = r.group
	}
	err = tx.row([]any{&c.Deliveries.Count, (*stamp)(&c.Deliveries.Due)}, `SELECT count(*), min(due) FROM delivery WHERE state = 'waiting'`)
	if err != nil {
		return c, fmt.Errorf("count deliveries: %w", err)
	}
	type given struct {
		policy string
		v      Verdicts
	}
	advice, err := all(tx, func(g *given) []any { return []any{&g.policy, &g.v.Given, &g.v.FalseAlarms} },
		`SELECT policy, count(*), count(*) FILTER (WHERE verdict = 'false-alarm') FROM advice GROUP BY policy`)
	if err != nil {
		return c, fmt.Errorf("count advice: %w", err)
	}
	for _, g := range advice {
		c.Advice[g.policy] = g.v
	}
	if c.Questions, err = tx.Questions(); err != nil {
		return c, err
	}
	return c, nil
}
