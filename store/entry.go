package store

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Flags are the system flags of an entry (RFC 9051 §2.3.2).
type Flags int64

// The bits; they are in the database, so they never change.
const (
	Seen Flags = 1 << iota
	Answered
	Flagged
	Deleted
	Draft
)

// An Entry is a message as it stands in a mailbox.
type Entry struct {
	ID           int64
	MailboxID    int64
	UID          uint32
	MessageID    int64
	ModSeq       uint64
	InternalDate time.Time
	Flags        Flags
	Keywords     []string // sorted; "$Forwarded", "$SubmitPending" …
	SubmissionID int64    // in Scheduled: what waits; in Drafts, Trash: what it was
	DeliveryID   int64    // in Next delivery: what waits
	Remind       time.Time
}

// A Gone says why an entry left its mailbox (CHECK expunged_reason_valid).
type Gone string

// The reasons there are.
const (
	GoneExpunged  Gone = "expunged"  // by its reader
	GoneMoved     Gone = "moved"     // by its reader, to another mailbox
	GoneReleased  Gone = "released"  // the waiting mail left
	GoneCancelled Gone = "cancelled" // the waiting mail was withdrawn
	GonePublished Gone = "published" // the tide opened
	GoneReplaced  Gone = "replaced"  // by a newer version under another UID
)

// maxUID is the last one that can be given (RFC 9051 §2.3.1.1: 32 bits, non-zero).
const maxUID = 1<<32 - 1

// bump gives the mailbox its next modseq, and with newUID its next UID.
func (tx *Tx) bump(mailbox int64, newUID bool) (uid uint32, modseq uint64, err error) {
	var next int64
	add := 0
	if newUID {
		add = 1
	}
	err = tx.row([]any{&next, &modseq}, `UPDATE mailbox SET modseq = modseq + 1, uidnext = uidnext + ?
		WHERE id = ? RETURNING uidnext, modseq`, add, mailbox)
	if err != nil {
		return 0, 0, fmt.Errorf("number entry: %w", err)
	}
	if next-1 > maxUID || next > maxUID && newUID {
		return 0, 0, ErrNoUID
	}
	tx.touch(mailbox)
	return uint32(next - 1), modseq, nil
}

// AddEntry puts a message into a mailbox and sets ID, UID and ModSeq of e.
func (tx *Tx) AddEntry(e *Entry) error {
	uid, modseq, err := tx.bump(e.MailboxID, true)
	if err != nil {
		return err
	}
	e.UID, e.ModSeq = uid, modseq
	e.ID, err = tx.insert(`INSERT INTO entry (mailbox_id, uid, message_id, modseq, internaldate, flags, keywords,
		submission_id, delivery_id, remind) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		e.MailboxID, e.UID, e.MessageID, int64(e.ModSeq), stamp(e.InternalDate), int64(e.Flags), strings.Join(e.Keywords, " "),
		nullID(e.SubmissionID), nullID(e.DeliveryID), stamp(e.Remind))
	if err != nil {
		return fmt.Errorf("add entry: %w", err)
	}
	return nil
}

const entryColumns = `id, mailbox_id, uid, message_id, modseq, internaldate, flags, keywords, submission_id, delivery_id, remind`

// A keywords column.
type keywords []string

// Scan implements sql.Scanner.
func (k *keywords) Scan(src any) error {
	s, ok := src.(string)
	if !ok {
		return fmt.Errorf("read keywords: unexpected %T", src)
	}
	*k = strings.Fields(s)
	return nil
}

func scanEntry(e *Entry) []any {
	return []any{&e.ID, &e.MailboxID, &e.UID, &e.MessageID, &e.ModSeq, (*stamp)(&e.InternalDate), (*int64)(&e.Flags),
		(*keywords)(&e.Keywords), (*nullID)(&e.SubmissionID), (*nullID)(&e.DeliveryID), (*stamp)(&e.Remind)}
}

// Entries returns all of a mailbox in the order of their UIDs.
func (tx *Tx) Entries(mailbox int64) ([]Entry, error) {
	return all(tx, scanEntry, `SELECT `+entryColumns+` FROM entry WHERE mailbox_id = ? ORDER BY uid`, mailbox)
}

// EntriesSince returns what came or changed after a modseq, in the order of UIDs.
func (tx *Tx) EntriesSince(mailbox int64, modseq uint64) ([]Entry, error) {
	return all(tx, scanEntry, `SELECT `+entryColumns+` FROM entry WHERE mailbox_id = ? AND modseq > ? ORDER BY uid`,
		mailbox, int64(modseq))
}

// An Expunged is a UID that has gone.
type Expunged struct {
	UID          uint32
	ModSeq       uint64
	At           time.Time
	Reason       Gone
	SubmissionID int64
}

func scanExpunged(x *Expunged) []any {
	return []any{&x.UID, &x.ModSeq, (*stamp)(&x.At), (*string)(&x.Reason), (*nullID)(&x.SubmissionID)}
}

// ExpungedSince returns the UIDs that went after a modseq, in their order.
func (tx *Tx) ExpungedSince(mailbox int64, modseq uint64) ([]Expunged, error) {
	return all(tx, scanExpunged, `SELECT uid, modseq, at, reason, submission_id FROM expunged
		WHERE mailbox_id = ? AND modseq > ? ORDER BY uid`, mailbox, int64(modseq))
}

// ExpungedUID returns what is remembered of a UID that has gone. ErrNotFound.
func (tx *Tx) ExpungedUID(mailbox int64, uid uint32) (Expunged, error) {
	var x Expunged
	err := tx.row(scanExpunged(&x), `SELECT uid, modseq, at, reason, submission_id FROM expunged
		WHERE mailbox_id = ? AND uid = ?`, mailbox, uid)
	return x, err
}

// EntryByUID returns one entry. ErrNotFound.
func (tx *Tx) EntryByUID(mailbox int64, uid uint32) (Entry, error) {
	var e Entry
	err := tx.row(scanEntry(&e), `SELECT `+entryColumns+` FROM entry WHERE mailbox_id = ? AND uid = ?`, mailbox, uid)
	if err != nil {
		return e, fmt.Errorf("entry %d: %w", uid, err)
	}
	return e, nil
}

// EntriesOfSubmission returns the entries of a submission wherever they stand.
func (tx *Tx) EntriesOfSubmission(id int64) ([]Entry, error) {
	return all(tx, scanEntry, `SELECT `+entryColumns+` FROM entry WHERE submission_id = ? ORDER BY id`, id)
}

// EntriesOfMessage returns the entries of a message wherever they stand.
func (tx *Tx) EntriesOfMessage(id int64) ([]Entry, error) {
	return all(tx, scanEntry, `SELECT `+entryColumns+` FROM entry WHERE message_id = ? ORDER BY id`, id)
}

// EntryOfDelivery returns the entry in Next delivery. ErrNotFound.
func (tx *Tx) EntryOfDelivery(id int64) (Entry, error) {
	var e Entry
	err := tx.row(scanEntry(&e), `SELECT `+entryColumns+` FROM entry WHERE delivery_id = ?`, id)
	return e, err
}

// EntriesByMID returns the entries of a mailbox whose message has a Message-ID. CROSS
// JOIN keeps SQLite from walking the whole mailbox instead of the few messages.
func (tx *Tx) EntriesByMID(mailbox int64, mid string) ([]Entry, error) {
	if mid == "" {
		return nil, nil
	}
	return all(tx, scanEntry, `SELECT e.id, e.mailbox_id, e.uid, e.message_id, e.modseq, e.internaldate, e.flags, e.keywords,
		e.submission_id, e.delivery_id, e.remind FROM message m CROSS JOIN entry e ON e.message_id = m.id
		WHERE m.mid = ? AND m.mid <> '' AND e.mailbox_id = ? ORDER BY e.uid`, mid, mailbox)
}

// SetFlags writes the flags and keywords of an entry and sets its new ModSeq. Nothing
// is written, and no modseq used, if they are so already. ErrNotFound.
func (tx *Tx) SetFlags(e *Entry, flags Flags, words []string) error {
	if e.Flags == flags && strings.Join(e.Keywords, " ") == strings.Join(words, " ") {
		return nil
	}
	_, modseq, err := tx.bump(e.MailboxID, false)
	if err != nil {
		return err
	}
	n, err := tx.exec(`UPDATE entry SET flags = ?, keywords = ?, modseq = ? WHERE id = ?`,
		int64(flags), strings.Join(words, " "), int64(modseq), e.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set flags of %d: %w", e.UID, err)
	}
	e.Flags, e.Keywords, e.ModSeq = flags, words, modseq
	return nil
}

// RemoveEntry takes an entry out of its mailbox and remembers its UID. ErrNotFound:
// somebody was faster.
func (tx *Tx) RemoveEntry(e Entry, why Gone, at time.Time) error {
	n, err := tx.exec(`DELETE FROM entry WHERE id = ?`, e.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("remove entry %d: %w", e.UID, err)
	}
	_, modseq, err := tx.bump(e.MailboxID, false)
	if err != nil && !errors.Is(err, ErrNoUID) {
		return err
	}
	_, err = tx.exec(`INSERT INTO expunged (mailbox_id, uid, modseq, at, reason, submission_id) VALUES (?, ?, ?, ?, ?, ?)`,
		e.MailboxID, e.UID, int64(modseq), stamp(at), string(why), nullID(e.SubmissionID))
	if err == nil {
		err = tx.Orphan(e.MessageID, at)
	}
	if err != nil {
		return fmt.Errorf("remove entry %d: %w", e.UID, err)
	}
	return nil
}

// DueReminders returns entries of Remind me that come back at now at the latest.
func (tx *Tx) DueReminders(now time.Time, limit int) ([]Entry, error) {
	return all(tx, scanEntry, `SELECT `+entryColumns+` FROM entry WHERE remind <= ? ORDER BY remind, id LIMIT ?`, stamp(now), limit)
}

// NextReminder returns when the next entry comes back.
func (tx *Tx) NextReminder() (due time.Time, ok bool, err error) {
	return tx.next(`SELECT remind FROM entry WHERE remind IS NOT NULL ORDER BY remind LIMIT 1`)
}

// SetRemind changes when an entry of Remind me comes back.
func (tx *Tx) SetRemind(e Entry, at time.Time) error {
	n, err := tx.exec(`UPDATE entry SET remind = ? WHERE id = ?`, stamp(at), e.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("set reminder of %d: %w", e.UID, err)
	}
	return nil
}
