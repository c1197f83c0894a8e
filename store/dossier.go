package store

import (
	"fmt"
	"time"
)

// AsksOfPerson returns the asks with an id above after that a person asked or is to
// answer, closed ones too, in order, at most limit.
func (tx *Tx) AsksOfPerson(person, after int64, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.id > ? AND (a.asker_id = ? OR a.owner_id = ?) ORDER BY a.id LIMIT ?`, after, person, person, limit)
}

// EventsOfPerson returns the lines of the ledger with an id above after that are about a
// person, or about mail that they sent, in order, at most limit. Detail is a
// *json.RawMessage.
func (tx *Tx) EventsOfPerson(person, after int64, limit int) ([]Event, error) {
	return all(tx, scanEvent, `SELECT `+eventColumns+` FROM event WHERE id > ?1 AND (person_id = ?2 OR submission_id IN
		(SELECT id FROM submission WHERE author_id = ?2)) ORDER BY id LIMIT ?3`, after, person, limit)
}

// A WaitingRow is an incoming message that waits for its reader.
type WaitingRow struct {
	Delivery
	MID  string
	Head []byte
}

// WaitingMail returns what waits for a person's tide, with the heads, in order of
// arrival, with an id above after, at most limit.
func (tx *Tx) WaitingMail(person, after int64, limit int) ([]WaitingRow, error) {
	list, err := all(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM delivery
		WHERE state = 'waiting' AND person_id = ? AND id > ? ORDER BY id LIMIT ?`, person, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read waiting mail: %w", err)
	}
	out := make([]WaitingRow, len(list))
	for i, d := range list {
		m, err := tx.Message(d.MessageID)
		if err != nil {
			return nil, err
		}
		out[i] = WaitingRow{d, m.MID, m.Head}
	}
	return out, nil
}

// WaitingCounts says for everybody how much waits: mail to leave, and incoming mail.
type WaitingCounts struct {
	PersonID         int64
	Held, Deliveries int
	Frozen           int       // of Held: marked as deleted by the author, or stopped
	First            time.Time // when the first of Held leaves; zero: none
}

// CountsWaiting counts what waits for each person for whom anything does.
func (tx *Tx) CountsWaiting() ([]WaitingCounts, error) {
	list, err := all(tx, func(c *WaitingCounts) []any {
		return []any{&c.PersonID, &c.Held, &c.Frozen, &c.Deliveries, (*stamp)(&c.First)}
	}, `SELECT person, sum(held), sum(frozen), sum(deliveries), min(first) FROM (
		SELECT coalesce(s.author_id, 0) AS person, count(DISTINCT s.id) AS held,
			count(DISTINCT CASE WHEN s.frozen = 1 OR s.stopped <> 0 THEN s.id END) AS frozen, 0 AS deliveries, min(r.due) AS first
			FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE r.state = 'held' GROUP BY 1
		UNION ALL SELECT person_id, 0, 0, count(*), NULL FROM delivery WHERE state = 'waiting' GROUP BY person_id)
		GROUP BY person ORDER BY person`)
	if err != nil {
		return nil, fmt.Errorf("count what waits: %w", err)
	}
	return list, nil
}

// Unfinished counts recipients of mail that is on its way: due now or being sent, and
// tried again later.
type Unfinished struct{ Now, Later int }

// Unfinished counts what is on its way at now. Mail that its author marked as deleted, or
// that is stopped, is on no way.
func (tx *Tx) Unfinished(now time.Time) (u Unfinished, err error) {
	err = tx.row([]any{&u.Now, &u.Later}, `SELECT
		(SELECT count(*) FROM recipient WHERE state = 'sending') + (SELECT count(*) FROM recipient r JOIN submission s ON s.id = r.submission_id
			WHERE r.state IN ('held', 'deferred') AND r.due <= ?1 AND s.frozen = 0 AND s.stopped = 0),
		(SELECT count(*) FROM recipient WHERE state IN ('held', 'deferred') AND state = 'deferred' AND due > ?1)`, stamp(now))
	if err != nil {
		return u, fmt.Errorf("count what is on its way: %w", err)
	}
	return u, nil
}
