package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// A DeliveryState is where an incoming message for one person stands. The
// transitions are in package inbox.
type DeliveryState string

// The states there are (CHECK delivery_state_valid).
const (
	Waiting   DeliveryState = "waiting"   // for its tide
	Published DeliveryState = "published" // it has a UID in its mailbox
	Withdrawn DeliveryState = "withdrawn" // deleted by its reader while it waited
)

// A Delivery is an incoming message for one person.
type Delivery struct {
	ID          int64
	PersonID    int64
	MessageID   int64
	RecipientID int64 // of our own queue; 0: it came from elsewhere
	ReversePath string
	Target      Kind   // mailbox it goes to
	Reason      string // which line of the first-match list decided
	Outside     bool   // the author is no colleague
	ThreadID    int64
	State       DeliveryState
	Due         time.Time // the tide; zero unless waiting
	Plan        json.RawMessage
	Arrived     time.Time
	Published   time.Time
}

// InsertDelivery adds d, sets d.ID and writes ev.
func (tx *Tx) InsertDelivery(d *Delivery, ev Event) error {
	id, err := tx.insert(`INSERT INTO delivery (person_id, message_id, recipient_id, reverse_path, target, reason,
		outside, thread_id, state, due, plan, arrived, published) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		d.PersonID, d.MessageID, nullID(d.RecipientID), d.ReversePath, string(d.Target), d.Reason, d.Outside,
		nullID(d.ThreadID), string(d.State), stamp(d.Due), jsonText(d.Plan), stamp(d.Arrived), stamp(d.Published))
	if err != nil {
		return fmt.Errorf("insert delivery: %w", err)
	}
	d.ID = id
	return tx.deliveryEvent(*d, ev)
}

// MoveDelivery writes d, whose State is the new one, if the stored state is still
// from. ErrConflict: somebody was faster.
func (tx *Tx) MoveDelivery(d Delivery, from DeliveryState, ev Event) error {
	n, err := tx.exec(`UPDATE delivery SET state = ?, target = ?, due = ?, plan = ?, published = ?, message_id = ?
		WHERE id = ? AND state = ?`,
		string(d.State), string(d.Target), stamp(d.Due), jsonText(d.Plan), stamp(d.Published), d.MessageID, d.ID, string(from))
	if err != nil {
		return fmt.Errorf("delivery %d %s to %s: %w", d.ID, from, d.State, err)
	}
	if n == 0 {
		return fmt.Errorf("delivery %d %s to %s: %w", d.ID, from, d.State, ErrConflict)
	}
	return tx.deliveryEvent(d, ev)
}

func (tx *Tx) deliveryEvent(d Delivery, ev Event) error {
	ev.DeliveryID, ev.PersonID, ev.State = d.ID, d.PersonID, string(d.State)
	return tx.AddEvent(ev)
}

const deliveryColumns = `id, person_id, message_id, recipient_id, reverse_path, target, reason, outside, thread_id,
	state, due, plan, arrived, published`

func scanDelivery(d *Delivery) []any {
	return []any{&d.ID, &d.PersonID, &d.MessageID, (*nullID)(&d.RecipientID), &d.ReversePath, (*string)(&d.Target),
		&d.Reason, &d.Outside, (*nullID)(&d.ThreadID), (*string)(&d.State), (*stamp)(&d.Due), (*[]byte)(&d.Plan),
		(*stamp)(&d.Arrived), (*stamp)(&d.Published)}
}

// Delivery returns one delivery. ErrNotFound.
func (tx *Tx) Delivery(id int64) (Delivery, error) {
	var d Delivery
	err := tx.row(scanDelivery(&d), `SELECT `+deliveryColumns+` FROM delivery WHERE id = ?`, id)
	if err != nil {
		return d, fmt.Errorf("delivery %d: %w", id, err)
	}
	return d, nil
}

// DeliveriesByMessage returns the deliveries of a message, to whomever.
func (tx *Tx) DeliveriesByMessage(message int64) ([]Delivery, error) {
	return all(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM delivery WHERE message_id = ? ORDER BY id`, message)
}

// PersonsDue returns the people who have a delivery that waits until now at the
// latest, the longest due first, at most limit.
func (tx *Tx) PersonsDue(now time.Time, limit int) ([]int64, error) {
	return all(tx, func(id *int64) []any { return []any{id} },
		`SELECT person_id FROM delivery WHERE state = 'waiting' AND due <= ? GROUP BY person_id ORDER BY min(due) LIMIT ?`,
		stamp(now), limit)
}

// WaitingDeliveries returns what waits for the person, in the order of arrival; with
// a until that is not zero only what is due then at the latest.
func (tx *Tx) WaitingDeliveries(person int64, until time.Time, limit int) ([]Delivery, error) {
	if until.IsZero() {
		return all(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM delivery
			WHERE state = 'waiting' AND person_id = ? ORDER BY id LIMIT ?`, person, limit)
	}
	return all(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM delivery
		WHERE state = 'waiting' AND person_id = ? AND due <= ? ORDER BY id LIMIT ?`, person, stamp(until), limit)
}

// PublishedSince returns what was published for the person since an instant.
func (tx *Tx) PublishedSince(person int64, since time.Time) ([]Delivery, error) {
	return all(tx, scanDelivery, `SELECT `+deliveryColumns+` FROM delivery
		WHERE person_id = ? AND state = 'published' AND published >= ? ORDER BY id`, person, stamp(since))
}

// NextDeliveryDue returns when the next waiting delivery is due.
func (tx *Tx) NextDeliveryDue() (due time.Time, ok bool, err error) {
	return tx.next(`SELECT due FROM delivery WHERE state = 'waiting' ORDER BY due LIMIT 1`)
}

// A Digest is the letter on top of a batch. Content is JSON of package digest.
type Digest struct {
	MID       string
	PersonID  int64
	MessageID int64
	Content   json.RawMessage
	Created   time.Time
}

// AddDigest remembers a digest.
func (tx *Tx) AddDigest(d Digest) error {
	_, err := tx.exec(`INSERT INTO digest (mid, person_id, message_id, content, created) VALUES (?, ?, ?, ?, ?)`,
		d.MID, d.PersonID, d.MessageID, jsonText(d.Content), stamp(d.Created))
	if err != nil {
		return fmt.Errorf("digest %s: %w", d.MID, err)
	}
	return nil
}

// Digest returns the digest with a Message-ID. ErrNotFound.
func (tx *Tx) Digest(mid string) (Digest, error) {
	var d Digest
	err := tx.row([]any{&d.MID, &d.PersonID, &d.MessageID, (*[]byte)(&d.Content), (*stamp)(&d.Created)},
		`SELECT mid, person_id, message_id, content, created FROM digest WHERE mid = ?`, mid)
	return d, err
}

// LastDigest returns the person's newest digest. ErrNotFound.
func (tx *Tx) LastDigest(person int64) (Digest, error) {
	var d Digest
	err := tx.row([]any{&d.MID, &d.PersonID, &d.MessageID, (*[]byte)(&d.Content), (*stamp)(&d.Created)},
		`SELECT mid, person_id, message_id, content, created FROM digest WHERE person_id = ?
		 ORDER BY created DESC, mid DESC LIMIT 1`, person)
	return d, err
}

// FirstDigest returns when the person's first digest was sent; ok is false before.
func (tx *Tx) FirstDigest(person int64) (at time.Time, ok bool, err error) {
	return tx.next(`SELECT created FROM digest WHERE person_id = ? ORDER BY created LIMIT 1`, person)
}

// CountPublished counts what was published for the person since an instant, by the
// kind of mailbox it went to.
func (tx *Tx) CountPublished(person int64, since time.Time) (map[Kind]int, error) {
	type count struct {
		kind Kind
		n    int
	}
	counts, err := all(tx, func(c *count) []any { return []any{(*string)(&c.kind), &c.n} },
		`SELECT target, count(*) FROM delivery WHERE person_id = ? AND state = 'published' AND published > ?
		 GROUP BY target`, person, stamp(since))
	if err != nil {
		return nil, fmt.Errorf("count deliveries: %w", err)
	}
	out := map[Kind]int{}
	for _, c := range counts {
		out[c.kind] = c.n
	}
	return out, nil
}

// FirstPublished is when the first delivery since an instant was published that went to
// a kind of mailbox of the person; zero if there is none.
func (tx *Tx) FirstPublished(person int64, target Kind, since time.Time) (time.Time, error) {
	var first stamp
	err := tx.row([]any{&first}, `SELECT min(published) FROM delivery
		WHERE person_id = ? AND state = 'published' AND target = ? AND published > ?`, person, string(target), stamp(since))
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the first delivery: %w", err)
	}
	return time.Time(first), nil
}

// Correspondents are the colleagues with whom a person has exchanged mail since an
// instant, in either direction.
func (tx *Tx) Correspondents(person int64, since time.Time) ([]int64, error) {
	list, err := all(tx, func(id *int64) []any { return []any{id} },
		`SELECT s.author_id FROM delivery d JOIN recipient r ON r.id = d.recipient_id JOIN submission s ON s.id = r.submission_id
			WHERE d.person_id = ?1 AND d.state = 'published' AND d.published > ?2 AND s.author_id IS NOT NULL
		 UNION SELECT r.person_id FROM submission s JOIN recipient r ON r.submission_id = s.id
			WHERE s.author_id = ?1 AND s.accepted > ?2 AND r.person_id IS NOT NULL`, person, stamp(since))
	if err != nil {
		return nil, fmt.Errorf("correspondents of person %d: %w", person, err)
	}
	return list, nil
}

// CountInThread counts the deliveries of a thread to the person since an instant that
// one line of the first-match list decided.
func (tx *Tx) CountInThread(person, thread int64, reason string, since time.Time) (int, error) {
	var n int
	err := tx.row([]any{&n}, `SELECT count(*) FROM delivery d JOIN message m ON m.id = d.message_id
		WHERE m.thread_id = ? AND d.person_id = ? AND d.reason = ? AND d.arrived >= ?`, thread, person, reason, stamp(since))
	return n, err
}

// PersonsWaiting returns everybody who has a waiting delivery.
func (tx *Tx) PersonsWaiting() ([]int64, error) {
	return all(tx, func(id *int64) []any { return []any{id} },
		`SELECT DISTINCT person_id FROM delivery WHERE state = 'waiting' ORDER BY person_id`)
}
