package store

import (
	"fmt"
	"strings"
	"unicode"
)

// maxTerms bounds how many indexed words one search may stand for; a search for "e"
// narrows nothing and is answered by reading.
const maxTerms = 400

// An IndexText is what the full-text index takes of a message.
type IndexText struct {
	MessageID                int64
	Subject, Addresses, Body string
}

// Unindexed returns messages that stand in a mailbox but not yet in the full-text
// index, oldest first.
func (tx *Tx) Unindexed(limit int) ([]int64, error) {
	return all(tx, func(id *int64) []any { return []any{id} },
		`SELECT message_id FROM derived WHERE indexed = 0 ORDER BY message_id LIMIT ?`, limit)
}

// Index puts a message into the full-text index. A second call for it does nothing.
func (tx *Tx) Index(t IndexText) error {
	n, err := tx.exec(`UPDATE derived SET indexed = 1 WHERE message_id = ? AND indexed = 0`, t.MessageID)
	if err == nil && n == 1 {
		_, err = tx.exec(`INSERT INTO fts (rowid, subject, addresses, body) VALUES (?, ?, ?, ?)`,
			t.MessageID, t.Subject, t.Addresses, t.Body)
	}
	if err != nil {
		return fmt.Errorf("index message %d: %w", t.MessageID, err)
	}
	return nil
}

// SearchText narrows a search for a substring: it returns the messages of a mailbox
// that may contain needle; which of them do, the caller must look up. Messages that
// are not indexed yet are always among them. narrowed is false if the index cannot
// help (no word in the needle, or too many words contain it): then every message may.
func (tx *Tx) SearchText(mailbox int64, needle string) (ids map[int64]bool, narrowed bool, err error) {
	words := indexWords(needle)
	if len(words) == 0 {
		return nil, false, nil
	}
	query, ok, err := tx.ftsQuery(words)
	if err != nil || !ok {
		return nil, false, err
	}
	sql := `SELECT e.message_id FROM entry e LEFT JOIN derived d ON d.message_id = e.message_id
		WHERE e.mailbox_id = ?1 AND coalesce(d.indexed, 0) = 0`
	args := []any{mailbox}
	if query != "" {
		sql += ` UNION SELECT e.message_id FROM fts JOIN entry e ON e.message_id = fts.rowid
			WHERE e.mailbox_id = ?1 AND fts MATCH ?2`
		args = append(args, query)
	}
	found, err := all(tx, func(id *int64) []any { return []any{id} }, sql, args...)
	if err != nil {
		return nil, false, fmt.Errorf("search: %w", err)
	}
	ids = make(map[int64]bool, len(found))
	for _, id := range found {
		ids[id] = true
	}
	return ids, true, nil
}

// ftsQuery turns words into an expression of the index: each must occur, whole or
// inside another word, as IMAP searches for substrings (RFC 9051 §6.4.4). ok is
// false if a word stands for too many. An empty query with ok: nothing indexed fits.
func (tx *Tx) ftsQuery(words []string) (query string, ok bool, err error) {
	var clauses []string
	for _, w := range words {
		terms, err := all(tx, func(s *string) []any { return []any{s} },
			`SELECT term FROM fts_term WHERE term LIKE ? ESCAPE '\' LIMIT ?`, "%"+escapeLike(w)+"%", maxTerms+1)
		if err != nil {
			return "", false, fmt.Errorf("search words: %w", err)
		}
		if len(terms) > maxTerms {
			continue // This word narrows little; the others may.
		}
		if len(terms) == 0 {
			return "", true, nil
		}
		for i, t := range terms {
			terms[i] = `"` + strings.ReplaceAll(t, `"`, `""`) + `"`
		}
		clauses = append(clauses, "("+strings.Join(terms, " OR ")+")")
	}
	return strings.Join(clauses, " AND "), len(clauses) > 0, nil
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}

// indexWords cuts a needle as the index cuts text. A word with a letter that the
// index folds (accents) is left out: it would be looked for in another spelling.
func indexWords(needle string) []string {
	fields := strings.FieldsFunc(needle, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	var out []string
	for _, f := range fields {
		plain := true
		for _, r := range f {
			plain = plain && r < 0x80
		}
		if plain {
			out = append(out, strings.ToLower(f))
		}
	}
	return out
}
