package store

import (
	"errors"
	"fmt"
	"time"
)

// A Thread is a conversation.
type Thread struct {
	ID      int64
	Subject string // as it was written in the first mail, without Re: and the like
	Urgent  bool
	Blocked bool // mail of it was sent to blocked@
	Created time.Time
	Updated time.Time
}

// InsertThread adds t and sets t.ID.
func (tx *Tx) InsertThread(t *Thread) error {
	id, err := tx.insert(`INSERT INTO thread (subject, urgent, created, updated) VALUES (?, ?, ?, ?)`,
		t.Subject, t.Urgent, stamp(t.Created), stamp(t.Updated))
	if err != nil {
		return fmt.Errorf("insert thread: %w", err)
	}
	t.ID = id
	return nil
}

const threadColumns = `id, subject, urgent, blocked, created, updated`

func scanThread(t *Thread) []any {
	return []any{&t.ID, &t.Subject, &t.Urgent, &t.Blocked, (*stamp)(&t.Created), (*stamp)(&t.Updated)}
}

// Thread returns one thread. ErrNotFound.
func (tx *Tx) Thread(id int64) (Thread, error) {
	var t Thread
	err := tx.row(scanThread(&t), `SELECT `+threadColumns+` FROM thread WHERE id = ?`, id)
	if err != nil {
		return t, fmt.Errorf("thread %d: %w", id, err)
	}
	return t, nil
}

// UpdateThread writes Urgent, Blocked and Updated.
func (tx *Tx) UpdateThread(t Thread) error {
	_, err := tx.exec(`UPDATE thread SET urgent = ?, blocked = ?, updated = ? WHERE id = ?`, t.Urgent, t.Blocked, stamp(t.Updated), t.ID)
	return err
}

// ThreadOf returns the thread of a Message-ID, 0 if it was never seen.
func (tx *Tx) ThreadOf(mid string) (int64, error) {
	var id int64
	err := tx.row([]any{&id}, `SELECT thread_id FROM thread_ref WHERE mid = ?`, mid)
	if errors.Is(err, ErrNotFound) {
		return 0, nil
	}
	return id, err
}

// MessagesOfThread returns the messages of a thread, oldest first, at most limit.
func (tx *Tx) MessagesOfThread(id int64, limit int) ([]Message, error) {
	return all(tx, scanMessage, `SELECT `+messageColumns+` FROM message WHERE thread_id = ? ORDER BY id LIMIT ?`, id, limit)
}

// ThreadMail returns the newest messages of a thread that people wrote, at most limit,
// the newest first, and how many there are.
func (tx *Tx) ThreadMail(id int64, limit int) (list []Message, total int, err error) {
	const where = ` FROM message WHERE thread_id = ?1 AND origin IN ('submitted', 'received') AND head <> x''`
	if err := tx.row([]any{&total}, `SELECT count(*)`+where, id); err != nil {
		return nil, 0, fmt.Errorf("mail of thread %d: %w", id, err)
	}
	list, err = all(tx, scanMessage, `SELECT `+messageColumns+where+` ORDER BY id DESC LIMIT ?2`, id, limit)
	return list, total, err
}
