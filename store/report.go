package store

import (
	"fmt"
	"time"
)

// A Came is a mail that stands in a person's INBOX: when it would have come without
// Tidepost, and when it came.
type Came struct{ Would, Came time.Time }

// CameTo returns what came into a person's INBOX in some time, in that order. What its
// author or a folder gave another time would have come when it left.
func (tx *Tx) CameTo(person int64, since, until time.Time) ([]Came, error) {
	return all(tx, func(c *Came) []any { return []any{(*stamp)(&c.Would), (*stamp)(&c.Came)} },
		`SELECT CASE WHEN json_extract(r.plan, '$.rule') IN ('hours', 'together') THEN s.accepted ELSE d.arrived END, d.published
		FROM delivery d LEFT JOIN recipient r ON r.id = d.recipient_id LEFT JOIN submission s ON s.id = r.submission_id
		WHERE d.person_id = ? AND d.state = 'published' AND d.published >= ? AND d.published < ? AND d.target = 'inbox'
		ORDER BY d.published, d.id`, person, stamp(since), stamp(until))
}

// An AskCount is how many questions were answered in time, answered late, and not
// answered although they were due.
type AskCount struct{ InTime, Late, Unanswered int }

// AsksOn counts the questions that were a person's to answer: those answered in some
// time, and those overdue at its end. Withdrawn and waived ones count for nothing.
func (tx *Tx) AsksOn(owner int64, since, until time.Time) (c AskCount, err error) {
	err = tx.row([]any{&c.InTime, &c.Late, &c.Unanswered}, `SELECT
		coalesce(sum(c.state = 'answered' AND c.late = 0), 0), coalesce(sum(c.state = 'answered' AND c.late = 1), 0), coalesce(sum(c.state = 'overdue'), 0)
		FROM ask a JOIN clock c ON c.ask_id = a.id WHERE a.owner_id = ?1 AND
		(c.state = 'answered' AND c.since >= ?2 AND c.since < ?3 OR c.state = 'overdue' AND c.due < ?3)`, owner, stamp(since), stamp(until))
	if err != nil {
		return c, fmt.Errorf("count asks: %w", err)
	}
	return c, nil
}

// AdviceTo counts the advice on a person's drafts that was judged in some time, and how
// much of it was a false alarm.
func (tx *Tx) AdviceTo(person int64, since, until time.Time) (judged, falseAlarms int, err error) {
	err = tx.row([]any{&judged, &falseAlarms}, `SELECT count(*), coalesce(sum(a.verdict = 'false-alarm'), 0)
		FROM advice a JOIN coaching c ON c.id = a.coaching_id
		WHERE c.person_id = ? AND a.verdict IN ('heeded', 'false-alarm', 'asked-back') AND c.settled >= ? AND c.settled < ?`, person, stamp(since), stamp(until))
	if err != nil {
		return 0, 0, fmt.Errorf("count advice: %w", err)
	}
	return judged, falseAlarms, nil
}
