package store

import (
	"fmt"
	"time"
)

// A PassageKind is what became of mail that one of our people sent by the provider.
type PassageKind string

// The kinds.
const (
	PassageHeld     PassageKind = "held"     // came to the connector, its author was proved
	PassageUnproved PassageKind = "unproved" // came to the connector, and was passed on as it was
	PassageAgain    PassageKind = "again"    // came to the connector a second time
	PassageBypass   PassageKind = "bypass"   // never came here
)

// Passages is how many mails there were of one kind, with one mail program.
type Passages struct {
	Kind   PassageKind
	Client string
	N      int
}

// CountPassage counts one more mail.
func (tx *Tx) CountPassage(kind PassageKind, client string, now time.Time) error {
	_, err := tx.exec(`INSERT INTO passage (day, kind, client, n) VALUES (?, ?, ?, 1)
		ON CONFLICT (day, kind, client) DO UPDATE SET n = n + 1`, now.UTC().Format(time.DateOnly), string(kind), client)
	if err != nil {
		return fmt.Errorf("count passage: %w", err)
	}
	return nil
}

// PassagesSince sums up from a day on, the most first within each kind.
func (tx *Tx) PassagesSince(from time.Time) ([]Passages, error) {
	out, err := all(tx, func(p *Passages) []any { return []any{(*string)(&p.Kind), &p.Client, &p.N} },
		`SELECT kind, client, sum(n) FROM passage WHERE day >= ? GROUP BY kind, client ORDER BY kind, sum(n) DESC, client`, from.UTC().Format(time.DateOnly))
	if err != nil {
		return nil, fmt.Errorf("read passages: %w", err)
	}
	return out, nil
}
