package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// keyThreads says in meta whether the threads are those of the mail: "stale" after a
// migration or a salvage that could not look into the heads.
const keyThreads = "threads"

const threadsStale = "stale"

// ThreadsStale reports whether the threads must be computed again.
func (tx *Tx) ThreadsStale() (bool, error) {
	v, err := tx.Meta(keyThreads)
	return v == threadsStale, err
}

// ThreadsComputed says that they were.
func (tx *Tx) ThreadsComputed() error {
	_, err := tx.exec(`DELETE FROM meta WHERE key = ?`, keyThreads)
	return err
}

// A ThreadedHead is what the thread of a message is computed from.
type ThreadedHead struct {
	ID      int64
	Origin  Origin
	Head    []byte
	MID     string // the one it left with, if it came without
	Thread  int64
	Created time.Time
	Junk    bool // it was filed as junk
}

// ThreadedHeads returns messages that are in threads and whose head is still here,
// above an id, in their order, at most limit.
func (tx *Tx) ThreadedHeads(above int64, limit int) ([]ThreadedHead, error) {
	list, err := all(tx, func(h *ThreadedHead) []any {
		return []any{&h.ID, (*string)(&h.Origin), &h.Head, &h.MID, &h.Thread, (*stamp)(&h.Created), &h.Junk}
	}, `SELECT id, origin, head, CASE WHEN mid = '' THEN coalesce((SELECT max(mid) FROM submission WHERE message_id = message.id), '') ELSE mid END,
			thread_id, created, EXISTS (SELECT 1 FROM delivery WHERE message_id = message.id AND target = 'junk')
		FROM message WHERE id > ? AND thread_id IS NOT NULL AND head <> x'' AND origin IN ('submitted', 'received', 'composed')
		ORDER BY id LIMIT ?`, above, limit)
	if err != nil {
		return nil, fmt.Errorf("read heads: %w", err)
	}
	return list, nil
}

// AllRefs returns what is remembered of Message-IDs above one, in their order, at most
// limit.
func (tx *Tx) AllRefs(above string, limit int) ([]Ref, error) {
	rows, err := tx.q.QueryContext(tx.ctx, `SELECT `+refColumns+`, subject, written, people, bare FROM thread_ref WHERE mid > ? ORDER BY mid LIMIT ?`, above, limit)
	if err != nil {
		return nil, fmt.Errorf("read message ids: %w", mapError(err))
	}
	defer rows.Close()
	var out []Ref
	for rows.Next() {
		var r Ref
		var subject *string
		var people []byte
		var t Told
		if err := rows.Scan(append(scanRef(&r), &subject, (*stamp)(&t.Written), &people, &t.Bare)...); err != nil {
			return nil, fmt.Errorf("read message ids: %w", mapError(err))
		}
		if subject != nil {
			var p toldPeople
			if err := json.Unmarshal(people, &p); err != nil {
				return nil, fmt.Errorf("people of %s: %w", r.MID, err)
			}
			t.Subject, t.From, t.To = *subject, p.From, p.To
			r.Told = &t
		}
		out = append(out, r)
	}
	return out, mapError(rows.Err())
}

// ShiftMessages puts messages that have no Message-ID into a thread.
func (tx *Tx) ShiftMessages(ids []int64, into int64) error {
	for _, id := range ids {
		queries := []string{`UPDATE message SET thread_id = ?2 WHERE id = ?1`}
		for _, table := range threaded() {
			queries = append(queries, `UPDATE `+table+` SET thread_id = ?2 WHERE message_id = ?1 AND thread_id IS NOT NULL`)
		}
		for _, q := range queries {
			if _, err := tx.exec(q, id, into); err != nil {
				return fmt.Errorf("move message %d to thread %d: %w", id, into, err)
			}
		}
	}
	return nil
}

// AlignThreads puts every message into the thread of its Message-ID, and what names a
// message into that of the message.
func (tx *Tx) AlignThreads() error {
	queries := []string{
		`UPDATE message SET thread_id = r.thread_id FROM thread_ref r
			WHERE r.mid = message.mid AND message.mid <> '' AND message.thread_id <> r.thread_id`,
		`UPDATE message SET thread_id = r.thread_id FROM thread_ref r JOIN submission s ON s.mid = r.mid
			WHERE message.id = s.message_id AND message.mid = '' AND message.thread_id <> r.thread_id`,
	}
	for _, table := range threaded() {
		queries = append(queries, `UPDATE `+table+` SET thread_id = m.thread_id FROM message m
			WHERE m.id = `+table+`.message_id AND `+table+`.thread_id <> m.thread_id`)
	}
	for _, q := range queries {
		if _, err := tx.exec(q); err != nil {
			return fmt.Errorf("align threads: %w", err)
		}
	}
	return nil
}

// checkThreads looks that what belongs together names one thread, and a living one.
func (tx *Tx) checkThreads(rep *LedgerReport) error {
	queries := []struct{ what, text string }{
		{"Message-IDs are in a thread that was merged away", `SELECT count(*) FROM thread_ref r JOIN thread t ON t.id = r.thread_id WHERE t.merged_into IS NOT NULL`},
		{"messages are not in the thread of their Message-ID", `SELECT count(*) FROM message m JOIN thread_ref r ON r.mid = m.mid
			WHERE m.mid <> '' AND m.thread_id <> r.thread_id`},
		{"messages have a Message-ID that no thread knows", `SELECT count(*) FROM message m WHERE mid <> '' AND thread_id IS NOT NULL
			AND NOT EXISTS (SELECT 1 FROM thread_ref WHERE mid = m.mid)`},
	}
	for _, table := range threaded() {
		queries = append(queries, struct{ what, text string }{"rows of " + table + " are not in the thread of their message",
			`SELECT count(*) FROM ` + table + ` x JOIN message m ON m.id = x.message_id WHERE x.thread_id <> m.thread_id`})
	}
	for _, q := range queries {
		var n int64
		if err := tx.row([]any{&n}, q.text); err != nil {
			return fmt.Errorf("check threads: %w", err)
		}
		if n > 0 {
			rep.Findings = append(rep.Findings, Finding{What: fmt.Sprintf("%d %s; tidepost rebuild puts it right", n, q.what)})
		}
	}
	return nil
}
