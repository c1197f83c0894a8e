package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// An Event is one line of the ledger. Ids that are 0 are absent. State is the state
// that was entered, "" for events that are no transition. Detail becomes JSON; nil is
// {}. It must hold no body and no secret.
type Event struct {
	ID           int64
	At           time.Time
	Kind         string
	SubmissionID int64
	RecipientID  int64
	DeliveryID   int64
	MessageID    int64
	PersonID     int64
	AskID        int64
	State        string
	Detail       any
}

// AddEvent writes a line into the ledger.
func (tx *Tx) AddEvent(e Event) error {
	detail := []byte("{}")
	if e.Detail != nil {
		var err error
		if detail, err = json.Marshal(e.Detail); err != nil {
			return fmt.Errorf("ledger %s: %w", e.Kind, err)
		}
	}
	_, err := tx.exec(`INSERT INTO event (at, kind, submission_id, recipient_id, delivery_id, message_id, person_id, ask_id, state, detail)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, stamp(e.At), e.Kind, nullID(e.SubmissionID), nullID(e.RecipientID),
		nullID(e.DeliveryID), nullID(e.MessageID), nullID(e.PersonID), nullID(e.AskID), e.State, string(detail))
	if err != nil {
		return fmt.Errorf("ledger %s: %w", e.Kind, err)
	}
	return nil
}

const eventColumns = `id, at, kind, submission_id, recipient_id, delivery_id, message_id, person_id, ask_id, state, detail`

// scanEvent leaves Detail a json.RawMessage.
func scanEvent(e *Event) []any {
	raw := &json.RawMessage{}
	e.Detail = raw
	return []any{&e.ID, (*stamp)(&e.At), &e.Kind, (*nullID)(&e.SubmissionID), (*nullID)(&e.RecipientID),
		(*nullID)(&e.DeliveryID), (*nullID)(&e.MessageID), (*nullID)(&e.PersonID), (*nullID)(&e.AskID), &e.State, (*[]byte)(raw)}
}

// EventsOfSubmission returns the ledger of a submission and of the deliveries its
// recipients became, in the order written. Detail is a *json.RawMessage.
func (tx *Tx) EventsOfSubmission(id int64) ([]Event, error) {
	return all(tx, scanEvent, `SELECT `+eventColumns+` FROM event WHERE submission_id = ?1 OR delivery_id IN
		(SELECT d.id FROM delivery d JOIN recipient r ON d.recipient_id = r.id WHERE r.submission_id = ?1) ORDER BY id`, id)
}

// EventsOfDelivery returns the ledger of a delivery.
func (tx *Tx) EventsOfDelivery(id int64) ([]Event, error) {
	return all(tx, scanEvent, `SELECT `+eventColumns+` FROM event WHERE delivery_id = ? ORDER BY id`, id)
}

// NewestEvent returns the last line of the ledger. ErrNotFound: it is empty.
func (tx *Tx) NewestEvent() (Event, error) {
	var e Event
	err := tx.row(scanEvent(&e), `SELECT `+eventColumns+` FROM event ORDER BY id DESC LIMIT 1`)
	return e, err
}

// EventsAfter returns at most limit events with an id above after, in order.
func (tx *Tx) EventsAfter(after int64, limit int) ([]Event, error) {
	return all(tx, scanEvent, `SELECT `+eventColumns+` FROM event WHERE id > ? ORDER BY id LIMIT ?`, after, limit)
}
