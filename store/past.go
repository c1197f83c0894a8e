package store

import (
	"crypto/sha256"
	"fmt"
	"time"
)

// pastKept is how long mail that went past is known again.
const pastKept = 60 * 24 * time.Hour

// CountPast counts mail of our people that went past, with the mail program it was sent
// with; mail that has a Message-ID only once, within 60 days. It reports whether it did.
func (tx *Tx) CountPast(mid, client string, now time.Time) (bool, error) {
	if mid == "" {
		return true, tx.CountPassage(PassageBypass, client, now)
	}
	if _, err := tx.exec(`DELETE FROM past WHERE at < ?`, stamp(now.Add(-pastKept))); err != nil {
		return false, fmt.Errorf("forget mail that went past: %w", err)
	}
	sum := sha256.Sum256([]byte(mid))
	n, err := tx.exec(`INSERT INTO past (mid, at) VALUES (?, ?) ON CONFLICT (mid) DO NOTHING`, sum[:], stamp(now))
	if err != nil || n == 0 {
		return false, err
	}
	return true, tx.CountPassage(PassageBypass, client, now)
}

// A SentMail is a message in Sent of a person's account that has not passed here.
type SentMail struct {
	MID         string
	UIDValidity uint32
	UID         uint32
	Seen        time.Time // when it was seen first
}

func (s *SentMail) fields() []any { return []any{&s.MID, &s.UIDValidity, &s.UID, (*stamp)(&s.Seen)} }

// NoteSent remembers a message in Sent; one that is known keeps when it was seen first.
func (tx *Tx) NoteSent(person int64, s SentMail) error {
	_, err := tx.exec(`INSERT INTO mirror_sent (person_id, mid, uidvalidity, uid, seen) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (person_id, mid) DO UPDATE SET uidvalidity = ?3, uid = ?4`, person, s.MID, s.UIDValidity, s.UID, stamp(s.Seen))
	if err != nil {
		return fmt.Errorf("note mail in Sent of person %d: %w", person, err)
	}
	return nil
}

// NotedSent returns the messages in Sent of a person that are remembered, the longest known
// first.
func (tx *Tx) NotedSent(person int64) ([]SentMail, error) {
	out, err := all(tx, (*SentMail).fields, `SELECT mid, uidvalidity, uid, seen FROM mirror_sent WHERE person_id = ? ORDER BY seen, uid`, person)
	if err != nil {
		return nil, fmt.Errorf("mail in Sent of person %d: %w", person, err)
	}
	return out, nil
}

// ForgetSent forgets a message in Sent.
func (tx *Tx) ForgetSent(person int64, mid string) error {
	_, err := tx.exec(`DELETE FROM mirror_sent WHERE person_id = ? AND mid = ?`, person, mid)
	return err
}
