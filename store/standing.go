package store

import (
	"errors"
	"fmt"
	"time"
)

// onThread says in SQL that mail of the thread of message m came to a person, or was
// written by that person.
const onThread = `(EXISTS (SELECT 1 FROM message o CROSS JOIN delivery d ON d.message_id = o.id
		WHERE o.thread_id = m.thread_id AND d.person_id = ?1 AND d.state = 'published')
	OR EXISTS (SELECT 1 FROM message o CROSS JOIN submission s ON s.message_id = o.id
		WHERE o.thread_id = m.thread_id AND s.author_id = ?1))`

// LateAsks returns the open asks whose clock is at risk or overdue, in threads that a
// person is on or of which mail went to blocked@: the earliest due first, at most limit.
func (tx *Tx) LateAsks(person int64, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.open = 1 AND a.id IN (SELECT ask_id FROM clock WHERE state IN ('at-risk', 'overdue'))
		AND (t.blocked = 1 OR `+onThread+`) ORDER BY c.due, a.id LIMIT ?2`, person, limit)
}

// OverdueAsks returns the open asks that are overdue, the earliest first.
func (tx *Tx) OverdueAsks(limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.open = 1 AND a.id IN (SELECT ask_id FROM clock WHERE state IN ('at-risk', 'overdue'))
		AND c.state = 'overdue' ORDER BY c.due, a.id LIMIT ?`, limit)
}

// OwnerAsksChangedSince returns what was asked of a person and of which the ledger has
// said something since an instant, in that order.
func (tx *Tx) OwnerAsksChangedSince(owner int64, since time.Time, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.owner_id = ? AND a.changed >= ? ORDER BY a.changed, a.id LIMIT ?`, owner, stamp(since), limit)
}

// HasMessage reports whether a mail with a Message-ID is known to a person: it came to
// them, or they wrote it.
func (tx *Tx) HasMessage(person int64, mid string) (bool, error) {
	var has bool
	err := tx.row([]any{&has}, `SELECT EXISTS (SELECT 1 FROM message m CROSS JOIN delivery d ON d.message_id = m.id
			WHERE m.mid = ?2 AND m.mid <> '' AND d.person_id = ?1 AND d.state = 'published')
		OR EXISTS (SELECT 1 FROM submission WHERE mid = ?2 AND author_id = ?1)`, person, mid)
	return has, err
}

// OnThread reports whether mail of a thread came to a person, or was written by them.
func (tx *Tx) OnThread(person, thread int64) (bool, error) {
	var on bool
	err := tx.row([]any{&on}, `SELECT EXISTS (SELECT 1 FROM message m WHERE m.thread_id = ?2 AND `+onThread+`)`, person, thread)
	return on, err
}

// A ThreadSpan is how much of a thread people wrote, and when.
type ThreadSpan struct {
	Messages    int
	First, Last time.Time
	LastMID     string
}

// ThreadSpan measures a thread.
func (tx *Tx) ThreadSpan(id int64) (ThreadSpan, error) {
	var s ThreadSpan
	err := tx.row([]any{&s.Messages, (*stamp)(&s.First), (*stamp)(&s.Last), &s.LastMID},
		`SELECT count(DISTINCT CASE mid WHEN '' THEN id ELSE mid END), min(created), max(created),
			coalesce((SELECT mid FROM message WHERE thread_id = ?1 AND origin IN ('submitted', 'received') ORDER BY created DESC, id DESC LIMIT 1), '')
		 FROM message WHERE thread_id = ?1 AND origin IN ('submitted', 'received')`, id)
	if err != nil {
		return s, fmt.Errorf("measure thread %d: %w", id, err)
	}
	return s, nil
}

// ThreadQuery chooses threads.
type ThreadQuery struct {
	Person int64     // on which this person is; 0: all
	Open   bool      // in which something is asked
	Since  time.Time // with mail since
	Limit  int
}

// Threads returns threads in which people wrote, those with the newest mail first.
func (tx *Tx) Threads(q ThreadQuery) ([]Thread, error) {
	list, err := all(tx, scanThread, `SELECT `+threadColumns+` FROM thread t WHERE merged_into IS NULL AND updated >= coalesce(?2, '')
		AND EXISTS (SELECT 1 FROM message m WHERE m.thread_id = t.id AND m.origin IN ('submitted', 'received') AND (?1 = 0 OR `+onThread+`))
		AND (NOT ?3 OR EXISTS (SELECT 1 FROM message m CROSS JOIN ask a ON a.message_id = m.id WHERE m.thread_id = t.id AND a.open = 1))
		ORDER BY updated DESC, id DESC LIMIT ?4`, q.Person, stamp(q.Since), q.Open, q.Limit)
	if err != nil {
		return nil, fmt.Errorf("list threads: %w", err)
	}
	return list, nil
}

// A Leaver says that somebody leaves the team.
type Leaver struct {
	PersonID int64
	At       time.Time
	ToID     int64 // 0: nobody
	Done     time.Time
	Created  time.Time
}

// PutLeaver plans a departure, in place of one that is still to come. ErrConflict: it
// has come.
func (tx *Tx) PutLeaver(d Leaver) error {
	n, err := tx.exec(`INSERT INTO departure (person_id, at, to_id, created) VALUES (?, ?, ?, ?)
		ON CONFLICT (person_id) DO UPDATE SET at = excluded.at, to_id = excluded.to_id, created = excluded.created WHERE done IS NULL`,
		d.PersonID, stamp(d.At), nullID(d.ToID), stamp(d.Created))
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("plan departure of person %d: %w", d.PersonID, err)
	}
	return nil
}

// DropLeaver forgets a departure that has not come. ErrNotFound: there is none.
func (tx *Tx) DropLeaver(person int64) error {
	n, err := tx.exec(`DELETE FROM departure WHERE person_id = ? AND done IS NULL`, person)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("forget departure of person %d: %w", person, err)
	}
	return nil
}

// EndLeaver says that everything was done.
func (tx *Tx) EndLeaver(person int64, now time.Time) error {
	_, err := tx.exec(`UPDATE departure SET done = ? WHERE person_id = ? AND done IS NULL`, stamp(now), person)
	return err
}

// Leaver returns that of one person. ErrNotFound.
func (tx *Tx) Leaver(person int64) (Leaver, error) {
	var d Leaver
	err := tx.row(scanLeaver(&d), `SELECT `+leaverColumns+` FROM departure WHERE person_id = ?`, person)
	return d, err
}

// DueLeavers returns those that have come and are not done.
func (tx *Tx) DueLeavers(now time.Time) ([]Leaver, error) {
	return all(tx, scanLeaver, `SELECT `+leaverColumns+` FROM departure WHERE done IS NULL AND at <= ? ORDER BY at`, stamp(now))
}

// NextLeaver returns when the next one comes.
func (tx *Tx) NextLeaver() (at time.Time, ok bool, err error) {
	err = tx.row([]any{(*stamp)(&at)}, `SELECT at FROM departure WHERE done IS NULL ORDER BY at LIMIT 1`)
	if errors.Is(err, ErrNotFound) {
		return at, false, nil
	}
	return at, err == nil, err
}

const leaverColumns = `person_id, at, to_id, done, created`

func scanLeaver(d *Leaver) []any {
	return []any{&d.PersonID, (*stamp)(&d.At), (*nullID)(&d.ToID), (*stamp)(&d.Done), (*stamp)(&d.Created)}
}

// GiveAddresses gives all addresses of one person to another as aliases; the other then
// gets that mail.
func (tx *Tx) GiveAddresses(from, to int64) error {
	if _, err := tx.exec(`UPDATE address SET person_id = ? WHERE person_id = ?`, to, from); err != nil {
		return fmt.Errorf("give addresses of person %d to %d: %w", from, to, err)
	}
	return tx.bumpPeople()
}

// PassAsk gives an open ask another asker. ErrConflict: it is closed.
func (tx *Tx) PassAsk(ask, asker int64, address, name string, now time.Time) error {
	n, err := tx.exec(`UPDATE ask SET asker_id = ?, asker = ?, asker_name = ?, changed = ? WHERE id = ? AND open = 1`, asker, address, name, stamp(now), ask)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("pass ask %d: %w", ask, err)
	}
	return nil
}

// CountEvents counts the lines of a kind about a person from an instant to before
// another.
func (tx *Tx) CountEvents(person int64, kind string, from, to time.Time) (n int, err error) {
	err = tx.row([]any{&n}, `SELECT count(*) FROM event WHERE person_id = ? AND at >= ? AND at < ? AND kind = ?`, person, stamp(from), stamp(to), kind)
	return n, err
}

// DecisionsOfThread returns the decisions of a thread that a viewer may see, the newest
// first.
func (tx *Tx) DecisionsOfThread(v DecisionView, thread int64, limit int) ([]Decision, error) {
	return all(tx, scanDecision, `SELECT `+decisionColumns+` FROM decision d WHERE d.number IS NOT NULL AND d.state = 'filed' AND `+v.where()+`
		AND d.mid IN (SELECT mid FROM thread_ref WHERE thread_id = ?2) ORDER BY d.number DESC LIMIT ?3`, v.Person, thread, limit)
}

// MarkNotUrgent remembers that a person has filed a mail as not urgent that a colleague
// had sent them as urgent, and returns the colleague; ok is false if it was no such
// mail, or is remembered.
func (tx *Tx) MarkNotUrgent(person, message int64) (author int64, ok bool, err error) {
	err = tx.row([]any{&author}, `UPDATE delivery SET plan = json_set(plan, '$.not_urgent', json('true'))
		WHERE person_id = ?1 AND message_id = ?2 AND reason = 'urgent' AND json_extract(plan, '$.not_urgent') IS NULL
		AND EXISTS (SELECT 1 FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE r.id = delivery.recipient_id AND s.author_id IS NOT NULL)
		RETURNING (SELECT s.author_id FROM recipient r JOIN submission s ON s.id = r.submission_id WHERE r.id = delivery.recipient_id)`, person, message)
	if errors.Is(err, ErrNotFound) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("mark message %d as not urgent: %w", message, err)
	}
	return author, true, nil
}

// EntriesOfMID returns the entries of all mail with a Message-ID, of everybody, but for
// folders that Tidepost fills: what waits, and open questions.
func (tx *Tx) EntriesOfMID(mid string) ([]Entry, error) {
	if mid == "" {
		return nil, nil
	}
	return all(tx, scanEntry, `SELECT e.id, e.mailbox_id, e.uid, e.message_id, e.modseq, e.internaldate, e.flags, e.keywords,
		e.submission_id, e.delivery_id, e.remind FROM message m JOIN entry e ON e.message_id = m.id JOIN mailbox b ON b.id = e.mailbox_id
		WHERE m.mid = ? AND e.submission_id IS NULL AND e.delivery_id IS NULL AND b.kind NOT IN ('needs-reply', 'waiting-for-others')
		ORDER BY e.id`, mid)
}

// MIDOf returns the Message-ID of a message, "" if it has none.
func (tx *Tx) MIDOf(message int64) (mid string, err error) {
	if err = tx.row([]any{&mid}, `SELECT mid FROM message WHERE id = ?`, message); err != nil {
		err = fmt.Errorf("message %d: %w", message, err)
	}
	return mid, err
}

// A HeldMail is a recipient who waits for the release of a mail.
type HeldMail struct {
	Recipient int64
	Head      []byte // of the mail as submitted
}

// HeldTo returns the mail on hold for a person.
func (tx *Tx) HeldTo(person int64) ([]HeldMail, error) {
	return all(tx, func(h *HeldMail) []any { return []any{&h.Recipient, &h.Head} },
		`SELECT r.id, m.head FROM recipient r JOIN submission s ON s.id = r.submission_id JOIN message m ON m.id = s.message_id
		 WHERE r.state = 'held' AND r.person_id = ? ORDER BY r.id`, person)
}

// PassRecipient makes another person the reader of a mail on hold. ErrConflict: it has
// left.
func (tx *Tx) PassRecipient(recipient, to int64) error {
	n, err := tx.exec(`UPDATE recipient SET person_id = ? WHERE id = ? AND state = 'held'`, to, recipient)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("pass recipient %d: %w", recipient, err)
	}
	return nil
}

// PassDelivery makes another person the reader of what waits for its tide, in whose Next
// delivery it stands then.
func (tx *Tx) PassDelivery(d Delivery, to int64, now time.Time) error {
	e, err := tx.EntryOfDelivery(d.ID)
	if err != nil {
		return err
	}
	if err := tx.RemoveEntry(e, GoneMoved, now); err != nil {
		return err
	}
	n, err := tx.exec(`UPDATE delivery SET person_id = ? WHERE id = ? AND state = 'waiting'`, to, d.ID)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("pass delivery %d: %w", d.ID, err)
	}
	box, err := tx.MailboxByKind(to, KindNextDelivery)
	if err != nil {
		return err
	}
	return tx.AddEntry(&Entry{MailboxID: box.ID, MessageID: e.MessageID, InternalDate: e.InternalDate, Flags: e.Flags, Keywords: e.Keywords, DeliveryID: d.ID})
}
