package store

import (
	"encoding/json"
	"fmt"
	"time"
)

// A State is where a recipient of a submission stands. The transitions are in
// package queue.
type State string

// The states there are (CHECK recipient_state_valid).
const (
	Held      State = "held"      // waits for its release time
	Sending   State = "sending"   // claimed: an attempt is running
	Deferred  State = "deferred"  // waits for the next attempt
	Delivered State = "delivered" // final: another server, or the inbox, has it
	Bounced   State = "bounced"   // final: refused for good, the author was told
	Cancelled State = "cancelled" // final: withdrawn by its author
	Expired   State = "expired"   // final: given up, the author was told
)

// Final reports whether nothing follows.
func (s State) Final() bool {
	return s == Delivered || s == Bounced || s == Cancelled || s == Expired
}

// A Recipient is one forward-path of a submission and its fate.
type Recipient struct {
	ID           int64
	SubmissionID int64
	Address      string // tags cut
	PersonID     int64  // 0: not a local person
	Notify       string
	ORcpt        string
	State        State
	Due          time.Time       // release or next attempt; zero unless held or deferred
	Plan         json.RawMessage // the queue's: why this time
	RenditionID  int64           // message with the head of the release
	Attempts     int
	Released     time.Time // when it first left the hold
	Claimed      time.Time // when the running attempt began; zero unless sending
	ToldDelayed  bool
	Settled      time.Time // zero unless final
	Reply        string    // last word of the other server
	Remote       string
}

// InsertRecipient adds r, sets r.ID and writes ev, whose ids and state are filled in.
func (tx *Tx) InsertRecipient(r *Recipient, ev Event) error {
	id, err := tx.insert(`INSERT INTO recipient (submission_id, address, person_id, notify, orcpt, state, due, plan,
		rendition_id, attempts, released, claimed, told_delayed, settled, reply, remote)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		r.SubmissionID, r.Address, nullID(r.PersonID), r.Notify, r.ORcpt, string(r.State), stamp(r.Due), jsonText(r.Plan),
		nullID(r.RenditionID), r.Attempts, stamp(r.Released), stamp(r.Claimed), r.ToldDelayed, stamp(r.Settled), r.Reply, r.Remote)
	if err != nil {
		return fmt.Errorf("insert recipient %s: %w", r.Address, err)
	}
	r.ID = id
	return tx.recipientEvent(*r, ev)
}

// MoveRecipient writes r, whose State is the new one, if the stored state is still
// from: a compare-and-set. ErrConflict: somebody was faster, nothing was written. ev
// becomes the ledger's line of the transition.
func (tx *Tx) MoveRecipient(r Recipient, from State, ev Event) error {
	n, err := tx.exec(`UPDATE recipient SET state = ?, due = ?, plan = ?, rendition_id = ?, attempts = ?, released = ?,
		claimed = ?, told_delayed = ?, settled = ?, reply = ?, remote = ? WHERE id = ? AND state = ?`,
		string(r.State), stamp(r.Due), jsonText(r.Plan), nullID(r.RenditionID), r.Attempts, stamp(r.Released),
		stamp(r.Claimed), r.ToldDelayed, stamp(r.Settled), r.Reply, r.Remote, r.ID, string(from))
	if err != nil {
		return fmt.Errorf("recipient %d %s to %s: %w", r.ID, from, r.State, err)
	}
	if n == 0 {
		return fmt.Errorf("recipient %d %s to %s: %w", r.ID, from, r.State, ErrConflict)
	}
	return tx.recipientEvent(r, ev)
}

func (tx *Tx) recipientEvent(r Recipient, ev Event) error {
	ev.SubmissionID, ev.RecipientID, ev.State = r.SubmissionID, r.ID, string(r.State)
	return tx.AddEvent(ev)
}

const recipientColumns = `r.id, r.submission_id, r.address, r.person_id, r.notify, r.orcpt, r.state, r.due, r.plan,
	r.rendition_id, r.attempts, r.released, r.claimed, r.told_delayed, r.settled, r.reply, r.remote`

func scanRecipient(r *Recipient) []any {
	return []any{&r.ID, &r.SubmissionID, &r.Address, (*nullID)(&r.PersonID), &r.Notify, &r.ORcpt, (*string)(&r.State),
		(*stamp)(&r.Due), (*[]byte)(&r.Plan), (*nullID)(&r.RenditionID), &r.Attempts, (*stamp)(&r.Released),
		(*stamp)(&r.Claimed), &r.ToldDelayed, (*stamp)(&r.Settled), &r.Reply, &r.Remote}
}

// Recipient returns one recipient. ErrNotFound.
func (tx *Tx) Recipient(id int64) (Recipient, error) {
	var r Recipient
	err := tx.row(scanRecipient(&r), `SELECT `+recipientColumns+` FROM recipient r WHERE r.id = ?`, id)
	if err != nil {
		return r, fmt.Errorf("recipient %d: %w", id, err)
	}
	return r, nil
}

// Recipients returns those of a submission in the order of the envelope.
func (tx *Tx) Recipients(submission int64) ([]Recipient, error) {
	return all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM recipient r WHERE r.submission_id = ? ORDER BY r.id`, submission)
}

// DueRecipients returns at most limit recipients that are held or deferred until now
// at the latest, and not frozen, the longest due first.
func (tx *Tx) DueRecipients(now time.Time, limit int) ([]Recipient, error) {
	return all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM recipient r JOIN submission s ON s.id = r.submission_id
		WHERE r.state IN ('held', 'deferred') AND r.due <= ? AND (s.frozen = 0 OR r.state = 'deferred') AND s.stopped = 0
		ORDER BY r.due, r.id LIMIT ?`, stamp(now), limit)
}

// NextRecipientDue returns when DueRecipients will next have something; ok is false
// if nothing waits.
func (tx *Tx) NextRecipientDue() (due time.Time, ok bool, err error) {
	return tx.next(`SELECT r.due FROM recipient r JOIN submission s ON s.id = r.submission_id
		WHERE r.state IN ('held', 'deferred') AND (s.frozen = 0 OR r.state = 'deferred') AND s.stopped = 0 ORDER BY r.due LIMIT 1`)
}

// DueHere returns at most limit recipients that are local people and due until now at
// the latest, and not frozen, the longest due first.
func (tx *Tx) DueHere(now time.Time, limit int) ([]Recipient, error) {
	return all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM recipient r JOIN submission s ON s.id = r.submission_id
		WHERE r.state IN ('held', 'deferred') AND (r.person_id IS NULL) = 0 AND r.due <= ? AND (s.frozen = 0 OR r.state = 'deferred') AND s.stopped = 0
		ORDER BY r.due, r.id LIMIT ?`, stamp(now), limit)
}

// DueElsewhere is DueHere for recipients elsewhere. Those whose domain is in skip are
// left out: their route is busy, and must not keep the others waiting.
func (tx *Tx) DueElsewhere(now time.Time, skip []string, limit int) ([]Recipient, error) {
	domains, err := json.Marshal(skip)
	if err != nil {
		return nil, fmt.Errorf("due recipients: %w", err)
	}
	return all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM recipient r JOIN submission s ON s.id = r.submission_id
		WHERE r.state IN ('held', 'deferred') AND (r.person_id IS NULL) = 1 AND r.due <= ?1 AND (s.frozen = 0 OR r.state = 'deferred') AND s.stopped = 0
		AND lower(substr(r.address, instr(r.address, '@') + 1)) NOT IN (SELECT value FROM json_each(?2))
		ORDER BY r.due, r.id LIMIT ?3`, stamp(now), string(domains), limit)
}

// NextDue returns when DueHere (here) or DueElsewhere will next have something; ok is
// false if nothing waits.
func (tx *Tx) NextDue(here bool) (due time.Time, ok bool, err error) {
	return tx.next(nextDue, !here)
}

const nextDue = `SELECT r.due FROM recipient r JOIN submission s ON s.id = r.submission_id
	WHERE r.state IN ('held', 'deferred') AND (r.person_id IS NULL) = ? AND (s.frozen = 0 OR r.state = 'deferred') AND s.stopped = 0
	ORDER BY r.due LIMIT 1`

// next reads one time; no row is ok = false.
func (tx *Tx) next(query string, args ...any) (due time.Time, ok bool, err error) {
	found, err := all(tx, func(t *time.Time) []any { return []any{(*stamp)(t)} }, query, args...)
	if err != nil || len(found) == 0 {
		return time.Time{}, false, err
	}
	return found[0], true, nil
}

// InterruptedRecipients returns those whose attempt was running when the process
// died, at most limit.
func (tx *Tx) InterruptedRecipients(limit int) ([]Recipient, error) {
	return all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM recipient r WHERE r.state = 'sending' ORDER BY r.id LIMIT ?`, limit)
}

// HeldAfter returns at most limit held recipients with an id above after: to plan
// their release times anew.
func (tx *Tx) HeldAfter(after int64, limit int) ([]Recipient, error) {
	return all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM recipient r
		JOIN submission s ON s.id = r.submission_id WHERE r.state = 'held' AND r.id > ? AND s.stopped = 0 ORDER BY r.id LIMIT ?`, after, limit)
}

// HeldParents returns the held recipients of the message mid that go to the same
// person or address: they must not leave later than an answer to them.
func (tx *Tx) HeldParents(mid string, person int64, address string) ([]Recipient, error) {
	if mid == "" {
		return nil, nil
	}
	return all(tx, scanRecipient, `SELECT `+recipientColumns+` FROM submission s JOIN recipient r ON r.submission_id = s.id
		WHERE s.mid = ?1 AND s.mid <> '' AND s.stopped = 0 AND r.state = 'held' AND ((?2 <> 0 AND r.person_id = ?2) OR (?2 = 0 AND r.address = ?3))`,
		mid, person, address)
}

// CountRecipients counts the recipients in each state.
func (tx *Tx) CountRecipients() (map[State]int64, error) {
	type count struct {
		state State
		n     int64
	}
	counts, err := all(tx, func(c *count) []any { return []any{(*string)(&c.state), &c.n} },
		`SELECT state, count(*) FROM recipient GROUP BY state`)
	if err != nil {
		return nil, fmt.Errorf("count recipients: %w", err)
	}
	out := map[State]int64{}
	for _, c := range counts {
		out[c.state] = c.n
	}
	return out, nil
}

// HeldFor reports whether mail to the person should leave our own queue until an
// instant and has not yet: a tide waits a little for it.
func (tx *Tx) HeldFor(person int64, until time.Time) (bool, error) {
	var is bool
	err := tx.row([]any{&is}, `SELECT EXISTS (SELECT 1 FROM recipient r JOIN submission s ON s.id = r.submission_id
		WHERE r.state = 'held' AND r.person_id = ? AND r.due <= ? AND s.frozen = 0 AND s.stopped = 0)`, person, stamp(until))
	return is, err
}
