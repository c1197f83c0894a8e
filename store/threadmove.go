package store

import (
	"errors"
	"fmt"
	"time"
)

// threaded are the tables that name the thread of a message beside the table message
// itself: they have the columns message_id and thread_id, and an index of the former.
func threaded() []string { return []string{"delivery"} }

// ShiftThread makes everything of one thread part of another. The empty thread stays,
// and resolves to the other.
func (tx *Tx) ShiftThread(from, into int64) error {
	queries := []string{
		`UPDATE thread_ref SET origin_id = coalesce(origin_id, thread_id), thread_id = ?2 WHERE thread_id = ?1`,
		`UPDATE message SET thread_id = ?2 WHERE thread_id = ?1`,
	}
	for _, table := range threaded() {
		queries = append(queries, `UPDATE `+table+` SET thread_id = ?2 WHERE message_id IN (SELECT id FROM message WHERE thread_id = ?2) AND thread_id = ?1`)
	}
	queries = append(queries,
		`UPDATE thread SET merged_into = NULL, urgent = max(urgent, (SELECT urgent FROM thread WHERE id = ?1)),
			blocked = max(blocked, (SELECT blocked FROM thread WHERE id = ?1)),
			updated = max(updated, (SELECT updated FROM thread WHERE id = ?1)) WHERE id = ?2`,
		`UPDATE thread SET merged_into = ?2 WHERE id = ?1`)
	for _, q := range queries {
		if _, err := tx.exec(q, from, into); err != nil {
			return fmt.Errorf("merge thread %d into %d: %w", from, into, err)
		}
	}
	return nil
}

// ShiftRefs makes messages, by their ids, leave whatever thread they are in for
// another, which lives again if it was merged away.
func (tx *Tx) ShiftRefs(mids []string, into int64) error {
	const moved = `SELECT id FROM message WHERE mid IN (SELECT value FROM json_each(?1)) AND thread_id IS NOT NULL
		UNION SELECT message_id FROM submission WHERE mid IN (SELECT value FROM json_each(?1)) AND mid <> ''`
	queries := []string{
		`UPDATE thread SET merged_into = NULL, urgent = max(urgent, coalesce((SELECT max(urgent) FROM thread WHERE id IN
			(SELECT thread_id FROM thread_ref WHERE mid IN (SELECT value FROM json_each(?1)))), 0)) WHERE id = ?2`,
		`UPDATE thread_ref SET origin_id = coalesce(origin_id, thread_id), thread_id = ?2 WHERE mid IN (SELECT value FROM json_each(?1))`,
	}
	for _, table := range threaded() {
		queries = append(queries, `UPDATE `+table+` SET thread_id = ?2 WHERE message_id IN (`+moved+`) AND thread_id IS NOT NULL`)
	}
	queries = append(queries, `UPDATE message SET thread_id = ?2 WHERE id IN (`+moved+`)`)
	for _, q := range queries {
		if _, err := tx.exec(q, listOf(mids), into); err != nil {
			return fmt.Errorf("move messages to thread %d: %w", into, err)
		}
	}
	return nil
}

// ResolveThread returns the thread that a thread has become part of, or itself.
// ErrNotFound.
func (tx *Tx) ResolveThread(id int64) (int64, error) {
	var living int64
	err := tx.row([]any{&living}, `WITH RECURSIVE up (id) AS (VALUES (?) UNION SELECT merged_into FROM thread JOIN up USING (id) WHERE merged_into IS NOT NULL)
		SELECT id FROM up JOIN thread USING (id) WHERE merged_into IS NULL`, id)
	if err != nil {
		return 0, fmt.Errorf("resolve thread %d: %w", id, err)
	}
	return living, nil
}

// TouchThread says that a thread has a new message.
func (tx *Tx) TouchThread(id int64, now time.Time) error {
	_, err := tx.exec(`UPDATE thread SET updated = max(updated, ?) WHERE id = ?`, stamp(now), id)
	return err
}

// SubjectOfRefs returns the base subject of the oldest message of some, "" if none of
// them was told.
func (tx *Tx) SubjectOfRefs(mids []string) (string, error) {
	var subject string
	err := tx.row([]any{&subject}, `SELECT subject FROM thread_ref WHERE mid IN (SELECT value FROM json_each(?)) AND subject IS NOT NULL
		ORDER BY written, mid LIMIT 1`, listOf(mids))
	if errors.Is(err, ErrNotFound) {
		return "", nil
	}
	return subject, err
}
