package store

import (
	"fmt"
	"math"
	"time"
)

// A gapRule says which rows of a table are missed: rows of dense tables are never
// deleted, so that a number that is not there was lost.
type gapRule struct {
	table string
	dense bool
	// highest is a query for the highest id that other tables name.
	highest string
}

func gapRules() []gapRule {
	return []gapRule{
		{"person", true, `SELECT max((SELECT coalesce(max(person_id), 0) FROM mailbox), (SELECT coalesce(max(person_id), 0) FROM address))`},
		{"thread", true, `SELECT coalesce(max(thread_id), 0) FROM message`},
		{"message", true, `SELECT max((SELECT coalesce(max(message_id), 0) FROM entry), (SELECT coalesce(max(message_id), 0) FROM submission),
			(SELECT coalesce(max(message_id), 0) FROM delivery), (SELECT coalesce(max(rendition_id), 0) FROM recipient))`},
		{"submission", true, `SELECT max((SELECT coalesce(max(submission_id), 0) FROM event), (SELECT coalesce(max(submission_id), 0) FROM recipient),
			(SELECT coalesce(max(id), 0) FROM express))`},
		{"recipient", true, `SELECT coalesce(max(recipient_id), 0) FROM event`},
		{"delivery", true, `SELECT coalesce(max(delivery_id), 0) FROM event`},
		{"urgent_use", true, `SELECT 0`},
		{"event", true, `SELECT 0`},
		{"mailbox", false, `SELECT coalesce(max(mailbox_id), 0) FROM entry`},
		{"entry", false, `SELECT 0`},
		{"express", false, `SELECT 0`},
	}
}

// gaps lists the rows that did not come back. Bodies and chunks are proved by their
// checksums instead, derived data is computed again.
func (v *salvager) gaps() error {
	for _, rule := range gapRules() {
		t := v.src.cat.table(rule.table)
		highest := v.src.cat.sequence[rule.table]
		known := highest > 0
		if !known {
			if err := v.tx.row([]any{&highest}, rule.highest); err != nil {
				return fmt.Errorf("look for gaps in %s: %w", rule.table, err)
			}
		}
		for _, hole := range t.holes {
			if err := v.gap(rule, hole, highest, known); err != nil {
				return err
			}
		}
	}
	for _, t := range v.src.cat.tables {
		if !t.rowid && len(t.holes) > 0 {
			v.rep.lose(Loss{What: t.name, Detail: fmt.Sprintf("%d pages of rows cannot be read", t.pages)})
		}
	}
	return nil
}

// gap lists what is missing in one hole.
func (v *salvager) gap(rule gapRule, hole span, highest int64, known bool) error {
	lo := max(hole.lo, 0)
	hi := min(hole.hi, max(highest, 0))
	open := hole.hi == math.MaxInt64 && !known
	next := lo + 1
	err := each(v.tx, func(id int64) error {
		if id > next {
			v.missed(rule, next, id-1)
		}
		next = max(next, id+1)
		return nil
	}, `SELECT id FROM `+rule.table+` WHERE id > ? AND id <= ? ORDER BY id`, lo, hole.hi)
	if err != nil {
		return fmt.Errorf("look for gaps in %s: %w", rule.table, err)
	}
	if next <= hi {
		v.missed(rule, next, hi)
		next = hi + 1
	}
	if open {
		v.rep.lose(Loss{What: rule.table, First: next, Detail: "rows from here on may be lost; how many is not known"})
	}
	return nil
}

func (v *salvager) missed(rule gapRule, first, last int64) {
	detail := "lost"
	if !rule.dense {
		detail = "lost, if they were not deleted before"
	}
	v.rep.lose(Loss{What: rule.table, First: first, Last: last, Detail: detail})
}

// each streams the first column of a query.
func each(tx *Tx, fn func(id int64) error, query string, args ...any) error {
	rows, err := tx.q.QueryContext(tx.ctx, query, args...)
	if err != nil {
		return mapError(err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return mapError(err)
		}
		if err := fn(id); err != nil {
			return err
		}
	}
	return mapError(rows.Err())
}

// at is the time of what Salvage writes.
func (v *salvager) at() stamp { return stamp(v.o.Now.UTC().Truncate(time.Millisecond)) }
