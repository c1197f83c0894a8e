package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// An Ask is a place where the author of a mail wants something of a reader. What it
// means when which mail comes is in package clocks.
type Ask struct {
	ID          int64
	MessageID   int64  // the question, as submitted or received
	MID         string // its Message-ID without <>
	ThreadID    int64  // of that message, wherever it is now; 0 if it has none
	Subject     string // what that thread is about
	Number      int    // among the asks of its mail, from 1
	Item        int    // what its author numbered it, 0: nothing
	AskerID     int64  // 0: outside
	Asker       string // address, lower-case
	AskerName   string
	OwnerID     int64  // 0: outside, or nobody
	Owner       string // address, lower-case; "": nobody in particular, and no clock
	OwnerName   string
	Kind        string // as package intent names it
	Class       string // as package threading names it
	Text        string // the sentence
	Said        string // its words for by when, ""
	Private     bool   // it names no cover
	RecipientID int64  // that brings it to its owner, if it left here
	DeliveryID  int64  // the same, if it came from elsewhere
	ShownID     int64  // the message in its owner's mailbox, 0: not there yet
	ShownMID    string // its Message-ID: another one after a hand-over
	AnswerID    int64  // the message that stopped its clock, 0: none did
	Open        bool   // an answer is wanted
	Created     time.Time
	Changed     time.Time // when the ledger last said something of it
	RoleID      int64     // the role it was put to, 0: none; then whoever took it over, or is on duty, is its owner
}

// A Clock is the stored form of an ask's clock. Target, Stated and Promises are JSON
// of package clocks.
type Clock struct {
	State    string
	Target   json.RawMessage
	Stated   json.RawMessage
	Started  time.Time
	Promises json.RawMessage
	Due      time.Time
	Wake     time.Time
	Since    time.Time
	Reason   string    // of the last line of the ledger, "" before the first
	Late     bool      // answered when it was overdue
	Turn     time.Time // when the day begins on which it is due; zero: it has, or nothing is due
}

// A ClockedAsk is an ask with its clock; the clock of one without owner has no State.
type ClockedAsk struct {
	Ask
	Clock Clock
}

// InsertAsk adds an ask with its clock, if that has a State, and sets its ID.
func (tx *Tx) InsertAsk(a *ClockedAsk) error {
	id, err := tx.insert(`INSERT INTO ask (message_id, mid, number, item, asker_id, asker, asker_name, owner_id, owner, owner_name,
		kind, class, text, said, private, recipient_id, delivery_id, shown_id, answer_id, open, created, changed, role_id)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		a.MessageID, a.MID, a.Number, a.Item, nullID(a.AskerID), a.Asker, a.AskerName, nullID(a.OwnerID), a.Owner, a.OwnerName,
		a.Kind, a.Class, a.Text, a.Said, a.Private, nullID(a.RecipientID), nullID(a.DeliveryID), nullID(a.ShownID),
		nullID(a.AnswerID), a.Open, stamp(a.Created), stamp(a.Changed), nullID(a.RoleID))
	if err != nil {
		return fmt.Errorf("insert ask: %w", err)
	}
	if a.ID = id; a.Clock.State == "" {
		return nil
	}
	c := a.Clock
	_, err = tx.exec(`INSERT INTO clock (ask_id, state, target, stated, started, promises, due, wake, since, reason, late, turn)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, c.State, jsonText(c.Target), jsonText(c.Stated), stamp(c.Started),
		jsonText(c.Promises), stamp(c.Due), stamp(c.Wake), stamp(c.Since), c.Reason, c.Late, stamp(c.Turn))
	if err != nil {
		return fmt.Errorf("insert clock of ask %d: %w", id, err)
	}
	return nil
}

// UpdateAsk writes what changes of an ask: its owner, how it gets there, what answered
// it, whether it is open; and all of its clock. ErrConflict: its clock has another
// state than from by now, "" for one without a clock.
func (tx *Tx) UpdateAsk(a ClockedAsk, from string) error {
	n, err := tx.exec(`UPDATE ask SET message_id = ?, owner_id = ?, owner = ?, owner_name = ?, recipient_id = ?, delivery_id = ?,
		shown_id = ?, answer_id = ?, open = ?, changed = ? WHERE id = ?`,
		a.MessageID, nullID(a.OwnerID), a.Owner, a.OwnerName, nullID(a.RecipientID), nullID(a.DeliveryID), nullID(a.ShownID),
		nullID(a.AnswerID), a.Open, stamp(a.Changed), a.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if c := a.Clock; err == nil && c.State != "" {
		n, err = tx.exec(`UPDATE clock SET state = ?, stated = ?, started = ?, promises = ?, due = ?, wake = ?, since = ?,
			reason = ?, late = ?, turn = ? WHERE ask_id = ? AND state = ?`, c.State, jsonText(c.Stated), stamp(c.Started),
			jsonText(c.Promises), stamp(c.Due), stamp(c.Wake), stamp(c.Since), c.Reason, c.Late, stamp(c.Turn), a.ID, from)
		if err == nil && n == 0 {
			err = ErrConflict
		}
	}
	if err != nil {
		return fmt.Errorf("update ask %d: %w", a.ID, err)
	}
	return nil
}

// DropClock takes the clock off an ask that has no owner any more.
func (tx *Tx) DropClock(ask int64) error {
	if _, err := tx.exec(`DELETE FROM clock WHERE ask_id = ?`, ask); err != nil {
		return fmt.Errorf("drop clock of ask %d: %w", ask, err)
	}
	return nil
}

const askColumns = `a.id, a.message_id, a.mid, m.thread_id, coalesce(t.subject, ''), a.number, a.item, a.asker_id, a.asker, a.asker_name,
	a.owner_id, a.owner, a.owner_name, a.kind, a.class, a.text, a.said, a.private, a.recipient_id, a.delivery_id, a.shown_id,
	a.answer_id, a.open, a.created, a.changed, coalesce(c.state, ''), coalesce(c.target, ''), coalesce(c.stated, ''), c.started,
	coalesce(c.promises, ''), c.due, c.wake, c.since, coalesce(c.reason, ''), coalesce(c.late, 0), c.turn, coalesce(s.mid, ''), a.role_id`

// askJoins leads from ask a to its message, thread, clock and what its owner was shown.
const askJoins = ` JOIN message m ON m.id = a.message_id LEFT JOIN thread t ON t.id = m.thread_id LEFT JOIN clock c ON c.ask_id = a.id
	LEFT JOIN message s ON s.id = a.shown_id `

func scanAsk(a *ClockedAsk) []any {
	return []any{&a.ID, &a.MessageID, &a.MID, (*nullID)(&a.ThreadID), &a.Subject, &a.Number, &a.Item, (*nullID)(&a.AskerID), &a.Asker,
		&a.AskerName, (*nullID)(&a.OwnerID), &a.Owner, &a.OwnerName, &a.Kind, &a.Class, &a.Text, &a.Said, &a.Private,
		(*nullID)(&a.RecipientID), (*nullID)(&a.DeliveryID), (*nullID)(&a.ShownID), (*nullID)(&a.AnswerID), &a.Open,
		(*stamp)(&a.Created), (*stamp)(&a.Changed), &a.Clock.State, (*rawText)(&a.Clock.Target), (*rawText)(&a.Clock.Stated),
		(*stamp)(&a.Clock.Started), (*rawText)(&a.Clock.Promises), (*stamp)(&a.Clock.Due), (*stamp)(&a.Clock.Wake),
		(*stamp)(&a.Clock.Since), &a.Clock.Reason, &a.Clock.Late, (*stamp)(&a.Clock.Turn), &a.ShownMID,
		(*nullID)(&a.RoleID)}
}

// A rawText is a column of JSON text.
type rawText json.RawMessage

// Scan implements sql.Scanner.
func (r *rawText) Scan(src any) error {
	switch v := src.(type) {
	case string:
		*r = rawText(v)
	case []byte:
		*r = append(rawText(nil), v...)
	default:
		return fmt.Errorf("read JSON: unexpected %T", src)
	}
	return nil
}

// asks reads the asks that where chooses, which may begin with joins; ORDER BY and
// LIMIT belong to it.
func (tx *Tx) asks(where string, args ...any) ([]ClockedAsk, error) {
	list, err := all(tx, scanAsk, `SELECT `+askColumns+` FROM ask a`+askJoins+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read asks: %w", err)
	}
	return list, nil
}

// Ask returns one ask. ErrNotFound.
func (tx *Tx) Ask(id int64) (ClockedAsk, error) {
	var a ClockedAsk
	err := tx.row(scanAsk(&a), `SELECT `+askColumns+` FROM ask a`+askJoins+`WHERE a.id = ?`, id)
	if err != nil {
		return a, fmt.Errorf("ask %d: %w", id, err)
	}
	return a, nil
}

// AsksOfThread returns the asks of a thread in the order in which they were made, at
// most limit; with live only those that are open or may be opened again by a mail.
func (tx *Tx) AsksOfThread(thread int64, live bool, limit int) ([]ClockedAsk, error) {
	if live {
		return tx.asks(`WHERE m.thread_id = ? AND (a.open = 1 OR c.state = 'waived') ORDER BY a.id LIMIT ?`, thread, limit)
	}
	return tx.asks(`WHERE m.thread_id = ? ORDER BY a.id LIMIT ?`, thread, limit)
}

// AsksOfMessage returns the asks of one mail, whatever their state.
func (tx *Tx) AsksOfMessage(message int64) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.message_id = ? ORDER BY a.number, a.id`, message)
}

// AsksByMID returns the asks of the mails with a Message-ID.
func (tx *Tx) AsksByMID(mid string) ([]ClockedAsk, error) {
	if mid == "" {
		return nil, nil
	}
	return tx.asks(`WHERE a.mid = ? ORDER BY a.id`, mid)
}

// AsksByRecipient returns the asks that a recipient of an outgoing mail brings to
// their owner.
func (tx *Tx) AsksByRecipient(recipient int64) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.recipient_id = ? ORDER BY a.id`, recipient)
}

// AsksByDelivery returns the asks that came from elsewhere with a delivery.
func (tx *Tx) AsksByDelivery(delivery int64) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.delivery_id = ? ORDER BY a.id`, delivery)
}

// AsksAnsweredBy returns the asks whose clock a mail stopped.
func (tx *Tx) AsksAnsweredBy(message int64) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.answer_id = ? ORDER BY a.id`, message)
}

// OpenAsksOfOwner returns what a person has to answer, the most pressing first: what
// has a due time by it, then what has none.
func (tx *Tx) OpenAsksOfOwner(person int64, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.owner_id = ? AND a.open = 1 ORDER BY c.due IS NULL, c.due, a.id LIMIT ?`, person, limit)
}

// OpenAsksOfAsker returns what a person waits for, in the same order.
func (tx *Tx) OpenAsksOfAsker(person int64, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.asker_id = ? AND a.open = 1 ORDER BY c.due IS NULL, c.due, a.id LIMIT ?`, person, limit)
}

// OpenAsks returns open asks with an id above after, in order.
func (tx *Tx) OpenAsks(after int64, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.open = 1 AND a.id > ? ORDER BY a.id LIMIT ?`, after, limit)
}

// AsksChangedSince returns a person's own asks of which the ledger has said something
// since an instant, in that order.
func (tx *Tx) AsksChangedSince(asker int64, since time.Time, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.asker_id = ? AND a.changed >= ? ORDER BY a.changed, a.id LIMIT ?`, asker, stamp(since), limit)
}

// ShownAsks returns the open asks on a person that one message in their mailbox shows.
func (tx *Tx) ShownAsks(person, message int64) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.owner_id = ? AND a.open = 1 AND a.shown_id = ? ORDER BY a.id`, person, message)
}

// DueClocks returns the asks whose clock time changes at now at the latest, or whose
// day of being due has begun by then, the earliest first.
func (tx *Tx) DueClocks(now time.Time, limit int) ([]int64, error) {
	return all(tx, func(id *int64) []any { return []any{id} }, `SELECT ask_id FROM
		(SELECT ask_id, wake AS at FROM clock WHERE wake <= ?1 UNION SELECT ask_id, turn FROM clock WHERE turn <= ?1)
		GROUP BY ask_id ORDER BY min(at), ask_id LIMIT ?2`, stamp(now), limit)
}

// NextClock returns when DueClocks has something next.
func (tx *Tx) NextClock() (due time.Time, ok bool, err error) {
	return tx.next(`SELECT at FROM (SELECT * FROM (SELECT wake AS at FROM clock WHERE wake IS NOT NULL ORDER BY wake LIMIT 1)
		UNION ALL SELECT * FROM (SELECT turn FROM clock WHERE turn IS NOT NULL ORDER BY turn LIMIT 1)) ORDER BY at LIMIT 1`)
}

// EventsOfAsk returns the ledger of an ask. Detail is a *json.RawMessage.
func (tx *Tx) EventsOfAsk(id int64) ([]Event, error) {
	return all(tx, scanEvent, `SELECT `+eventColumns+` FROM event WHERE ask_id = ? ORDER BY id`, id)
}

// An AnswerOnItsWay is a mail that answers an ask, as far as its asker is concerned.
type AnswerOnItsWay struct {
	MID      string
	AuthorID int64
	Held     time.Time // when it leaves; zero: it has
	Waits    time.Time // when it appears; zero: it has, or it has not left
}

// AnswerTo returns how a submitted message gets to a person. ErrNotFound: it does not
// come from here, or not to that person.
func (tx *Tx) AnswerTo(message, person int64) (AnswerOnItsWay, error) {
	var a AnswerOnItsWay
	err := tx.row([]any{&a.MID, (*nullID)(&a.AuthorID), (*stamp)(&a.Held), (*stamp)(&a.Waits)},
		`SELECT s.mid, s.author_id, CASE r.state WHEN 'held' THEN r.due END, CASE d.state WHEN 'waiting' THEN d.due END
		 FROM submission s JOIN recipient r ON r.submission_id = s.id LEFT JOIN delivery d ON d.recipient_id = r.id
		 WHERE s.message_id = ? AND r.person_id = ? ORDER BY r.id LIMIT 1`, message, person)
	return a, err
}

// GotMessage reports whether a mail with a Message-ID came to a person.
func (tx *Tx) GotMessage(person int64, mid string) (bool, error) {
	var got bool
	err := tx.row([]any{&got}, `SELECT EXISTS (SELECT 1 FROM message m CROSS JOIN delivery d ON d.message_id = m.id
		WHERE m.mid = ? AND m.mid <> '' AND d.person_id = ?)`, mid, person)
	return got, err
}
