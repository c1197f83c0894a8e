package queue

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"tidepost/people"
	"tidepost/store"
)

// Copies of outgoing mail that the author's client files in Sent are kept true (PRODUCT,
// folders): they are found by Message-ID, carry $SubmitPending while somebody's copy
// waits and $Submitted once nobody's does, and lie in Trash if the mail was taken back
// before anybody got it. Their octets are the client's and never change. Clients file
// the copy before they submit, or after: both ways lead here.

// The keywords of RFC 9979.
const (
	keywordPending   = "$SubmitPending"
	keywordSubmitted = "$Submitted"
)

// sentWord is what a copy of mail with these recipients carries; "" if nobody gets it.
func sentWord(rcpts []store.Recipient) string {
	word := ""
	for _, r := range rcpts {
		switch r.State {
		case store.Held:
			return keywordPending
		case store.Cancelled:
		default:
			word = keywordSubmitted
		}
	}
	return word
}

// withWord puts the word of a copy into the place of the one that it had.
func withWord(words []string, word string) []string {
	out := without(without(words, keywordPending), keywordSubmitted)
	if word != "" {
		out = append(out, word)
		slices.Sort(out)
	}
	return out
}

// Filed is called when a client files mail in its author's Sent, in the transaction: it
// returns the keywords of the new entry. A mail that is submitted only afterwards is
// remembered, and marked when it comes.
func (q *Queue) Filed(tx *store.Tx, author *people.Person, mid string, words []string) ([]string, error) {
	if mid == "" {
		return words, nil
	}
	rcpts, known, err := q.recipientsOfMID(tx, author.ID, mid)
	if err != nil {
		return nil, err
	}
	if !known {
		tx.AfterCommit(func() { q.early.put(author.ID, mid) })
		return words, nil
	}
	return withWord(words, sentWord(rcpts)), nil
}

// recipientsOfMID are those of the author's last submission of a Message-ID.
func (q *Queue) recipientsOfMID(tx *store.Tx, author int64, mid string) (rcpts []store.Recipient, known bool, err error) {
	subs, err := tx.SubmissionsByMID(mid)
	if err != nil {
		return nil, false, err
	}
	for _, s := range subs {
		if s.AuthorID != author {
			continue
		}
		more, err := tx.Recipients(s.ID)
		if err != nil {
			return nil, false, err
		}
		rcpts, known = append(rcpts, more...), true
	}
	return rcpts, known, nil
}

// trueSent gives the copies of a mail in its author's Sent the keyword that is true now.
func (q *Queue) trueSent(tx *store.Tx, author int64, mid string) error {
	copies, err := q.sentCopies(tx, author, mid)
	if err != nil || len(copies) == 0 {
		return err
	}
	rcpts, known, err := q.recipientsOfMID(tx, author, mid)
	if err != nil || !known {
		return err
	}
	word := sentWord(rcpts)
	for _, e := range copies {
		if err := tx.SetFlags(&e, e.Flags, withWord(e.Keywords, word)); err != nil {
			return err
		}
	}
	return nil
}

func (q *Queue) sentCopies(tx *store.Tx, author int64, mid string) ([]store.Entry, error) {
	if mid == "" {
		return nil, nil
	}
	sent, err := tx.MailboxByKind(author, store.KindSent)
	if err != nil {
		return nil, err
	}
	return tx.EntriesByMID(sent.ID, mid)
}

// markEarly marks what the client had filed in Sent before it submitted.
func (q *Queue) markEarly(in *intake) {
	if mid := in.facts.MessageID; mid != "" && q.early.take(in.author.ID, mid) {
		author := in.author.ID
		q.afterwards(func(tx *store.Tx) error { return q.trueSent(tx, author, mid) })
	}
}

// unsend moves the copies of a mail that nobody gets from Sent to Trash, and remembers
// which they are, so that they come back with the mail. It returns how many there were.
func (q *Queue) unsend(tx *store.Tx, s store.Submission, now time.Time) (int, error) {
	copies, err := q.sentCopies(tx, s.AuthorID, s.MID)
	if err != nil || len(copies) == 0 {
		return 0, err
	}
	rcpts, _, err := q.recipientsOfMID(tx, s.AuthorID, s.MID)
	if err != nil {
		return 0, err
	}
	if sentWord(rcpts) != "" {
		return 0, q.trueSent(tx, s.AuthorID, s.MID)
	}
	trash, err := tx.MailboxByKind(s.AuthorID, store.KindTrash)
	if err != nil {
		return 0, err
	}
	var uids []uint32
	for _, e := range copies {
		moved := store.Entry{MailboxID: trash.ID, MessageID: e.MessageID, SubmissionID: s.ID, InternalDate: e.InternalDate,
			Flags: e.Flags, Keywords: withWord(e.Keywords, "")}
		if err := tx.AddEntry(&moved); err != nil {
			return 0, err
		}
		if err := tx.RemoveEntry(e, store.GoneMoved, now); err != nil {
			return 0, err
		}
		uids = append(uids, moved.UID)
	}
	raw, err := json.Marshal(uids)
	if err != nil {
		return 0, fmt.Errorf("remember copies of %s: %w", queueID(s.ID), err)
	}
	return len(uids), tx.SetMeta(unsentKey(s), string(raw))
}

func unsentKey(s store.Submission) string { return "unsent." + queueID(s.ID) }

// resend brings the copies of a mail that waits again from Trash back to Sent; the one
// that its author has moved, except, is gone already.
func (q *Queue) resend(tx *store.Tx, s store.Submission, now time.Time) error {
	raw, err := tx.Meta(unsentKey(s))
	if err != nil || raw == "" {
		return err
	}
	var uids []uint32
	if err := json.Unmarshal([]byte(raw), &uids); err != nil {
		return fmt.Errorf("read %s: %w", unsentKey(s), err)
	}
	trash, err := tx.MailboxByKind(s.AuthorID, store.KindTrash)
	if err != nil {
		return err
	}
	sent, err := tx.MailboxByKind(s.AuthorID, store.KindSent)
	if err != nil {
		return err
	}
	for _, uid := range uids {
		e, err := tx.EntryByUID(trash.ID, uid)
		if errors.Is(err, store.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		back := store.Entry{MailboxID: sent.ID, MessageID: e.MessageID, InternalDate: e.InternalDate, Flags: e.Flags &^ store.Deleted, Keywords: e.Keywords}
		if err := tx.AddEntry(&back); err != nil {
			return err
		}
		if err := tx.RemoveEntry(e, store.GoneMoved, now); err != nil {
			return err
		}
	}
	if err := tx.SetMeta(unsentKey(s), ""); err != nil {
		return err
	}
	return q.trueSent(tx, s.AuthorID, s.MID)
}

// An earlyLog remembers what was filed in Sent before it was submitted. A restart
// forgets it; the release then marks the copy of what waited.
type earlyLog struct {
	mu   sync.Mutex
	mids map[string]struct{} // author and Message-ID
}

const maxEarly = 10000

func earlyKey(author int64, mid string) string {
	return fmt.Sprint(author, " ", strings.Trim(mid, "<>"))
}

func (l *earlyLog) put(author int64, mid string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.mids) >= maxEarly || l.mids == nil {
		l.mids = map[string]struct{}{}
	}
	l.mids[earlyKey(author, mid)] = struct{}{}
}

func (l *earlyLog) take(author int64, mid string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.mids) == 0 {
		return false
	}
	key := earlyKey(author, mid)
	_, ok := l.mids[key]
	delete(l.mids, key)
	return ok
}
