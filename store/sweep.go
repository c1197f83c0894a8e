package store

import (
	"errors"
	"fmt"
	"time"
)

// Sweep removes at most limit messages that nothing refers to any more, and whose
// time (Orphan) has come. It returns how many it looked at: fewer than limit means
// that nothing is left to do.
func (tx *Tx) Sweep(now time.Time, limit int) (int, error) {
	ids, err := all(tx, func(id *int64) []any { return []any{id} },
		`SELECT message_id FROM orphan WHERE after <= ? ORDER BY after LIMIT ?`, stamp(now), limit)
	if err != nil {
		return 0, fmt.Errorf("sweep: %w", err)
	}
	for _, id := range ids {
		if err := tx.sweepOne(id); err != nil {
			return 0, fmt.Errorf("sweep message %d: %w", id, err)
		}
	}
	return len(ids), nil
}

// referenced: an entry shows it, a delivery or a digest waits with it, a recipient
// that is not final needs it, or a rendition was made from it.
const referenced = `SELECT
	EXISTS (SELECT 1 FROM entry WHERE message_id = ?1) OR
	EXISTS (SELECT 1 FROM delivery WHERE message_id = ?1 AND state = 'waiting') OR
	EXISTS (SELECT 1 FROM recipient WHERE rendition_id = ?1 AND settled IS NULL) OR
	EXISTS (SELECT 1 FROM submission s JOIN recipient r ON r.submission_id = s.id WHERE s.message_id = ?1 AND r.settled IS NULL)`

// sweepOne strips a message that nothing needs: its text goes, and the body with the
// last message that had it. The row stays for the ledger with an empty head.
func (tx *Tx) sweepOne(id int64) error {
	var used bool
	if err := tx.row([]any{&used}, referenced, id); err != nil {
		return err
	}
	if _, err := tx.exec(`DELETE FROM orphan WHERE message_id = ?`, id); err != nil || used {
		return err
	}
	m, err := tx.Message(id)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, q := range []string{
		`DELETE FROM fts WHERE rowid = ?`,
		`DELETE FROM derived WHERE message_id = ?`,
		`UPDATE message SET head = x'', size = 0 WHERE id = ?`,
	} {
		if _, err := tx.exec(q, id); err != nil {
			return err
		}
	}
	return tx.sweepBody(m.BodyID)
}

// sweepBody removes the octets of a body whose messages are all stripped.
func (tx *Tx) sweepBody(body int64) error {
	if body == emptyBody {
		return nil
	}
	var used bool
	err := tx.row([]any{&used}, `SELECT EXISTS (SELECT 1 FROM message WHERE body_id = ? AND head <> x'')`, body)
	if err != nil || used {
		return err
	}
	return tx.deleteChunks(body)
}

// ForgetUIDs removes what is remembered of UIDs that went before an instant, at most
// limit rows; it returns how many.
func (tx *Tx) ForgetUIDs(before time.Time, limit int) (int64, error) {
	return tx.exec(`DELETE FROM expunged WHERE (mailbox_id, uid) IN
		(SELECT mailbox_id, uid FROM expunged WHERE at < ? ORDER BY at LIMIT ?)`, stamp(before), limit)
}
