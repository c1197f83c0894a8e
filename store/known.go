package store

import "fmt"

// A Mailed is an address that somebody wrote to, with the head of that mail, nil if it is
// not kept any more.
type Mailed struct {
	Address string
	Head    []byte
}

// MailedBy returns whom a person's latest submissions went to, the newest first, at most
// limit recipients.
func (tx *Tx) MailedBy(person int64, limit int) ([]Mailed, error) {
	list, err := all(tx, func(m *Mailed) []any { return []any{&m.Address, &m.Head} },
		`SELECT r.address, m.head FROM submission s JOIN recipient r ON r.submission_id = s.id
		JOIN message m ON m.id = s.message_id WHERE s.author_id = ? ORDER BY s.id DESC, r.id LIMIT ?`, person, limit)
	if err != nil {
		return nil, fmt.Errorf("recipients of person %d: %w", person, err)
	}
	return list, nil
}
