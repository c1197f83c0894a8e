package store

import (
	"fmt"
	"time"
)

// An AskMember is one of those whom an ask of a role was brought to.
type AskMember struct {
	AskID       int64
	PersonID    int64
	RecipientID int64 // that brings it, if it left here
	DeliveryID  int64 // the same, if it came from elsewhere
	ShownID     int64 // the message in their mailbox; 0: not there yet
	Aside       bool  // they said that it is not for them
}

// PutAskMember writes one of those whom an ask of a role was brought to.
func (tx *Tx) PutAskMember(m AskMember) error {
	_, err := tx.exec(`INSERT INTO ask_member (ask_id, person_id, recipient_id, delivery_id, shown_id, aside) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (ask_id, person_id) DO UPDATE SET recipient_id = excluded.recipient_id, delivery_id = excluded.delivery_id,
		shown_id = excluded.shown_id, aside = excluded.aside`,
		m.AskID, m.PersonID, nullID(m.RecipientID), nullID(m.DeliveryID), nullID(m.ShownID), m.Aside)
	if err != nil {
		return fmt.Errorf("member %d of ask %d: %w", m.PersonID, m.AskID, err)
	}
	return nil
}

// DropAskMember forgets that an ask was brought to somebody.
func (tx *Tx) DropAskMember(ask, person int64) error {
	if _, err := tx.exec(`DELETE FROM ask_member WHERE ask_id = ? AND person_id = ?`, ask, person); err != nil {
		return fmt.Errorf("drop member %d of ask %d: %w", person, ask, err)
	}
	return nil
}

// AskMembers returns whom an ask of a role was brought to, in the order of their ids.
func (tx *Tx) AskMembers(ask int64) ([]AskMember, error) {
	return tx.askMembers(`WHERE ask_id = ?`, ask)
}

// AskMembersBy returns what a recipient of ours, or a delivery from elsewhere, brings to
// members of roles; 0 stands for none.
func (tx *Tx) AskMembersBy(recipient, delivery int64) ([]AskMember, error) {
	if recipient != 0 {
		return tx.askMembers(`WHERE recipient_id = ?`, recipient)
	}
	return tx.askMembers(`WHERE delivery_id = ?`, delivery)
}

func (tx *Tx) askMembers(where string, id int64) ([]AskMember, error) {
	list, err := all(tx, func(m *AskMember) []any {
		return []any{&m.AskID, &m.PersonID, (*nullID)(&m.RecipientID), (*nullID)(&m.DeliveryID), (*nullID)(&m.ShownID), &m.Aside}
	}, `SELECT ask_id, person_id, recipient_id, delivery_id, shown_id, aside FROM ask_member `+where+` ORDER BY ask_id, person_id`, id)
	if err != nil {
		return nil, fmt.Errorf("members of asks: %w", err)
	}
	return list, nil
}

// memberAsks reads asks as one of those sees them whom they were brought to: shown_id is
// the message in that mailbox.
func (tx *Tx) memberAsks(where string, args ...any) ([]ClockedAsk, error) {
	list, err := all(tx, func(a *ClockedAsk) []any {
		return append(scanAsk(a), (*nullID)(&a.ShownID), &a.ShownMID)
	}, `SELECT `+askColumns+`, w.shown_id, coalesce(ws.mid, '') FROM ask_member w JOIN ask a ON a.id = w.ask_id`+askJoins+
		`LEFT JOIN message ws ON ws.id = w.shown_id `+where, args...)
	if err != nil {
		return nil, fmt.Errorf("read asks of a role: %w", err)
	}
	return list, nil
}

// RoleAsksOn returns the open asks of roles that nobody has taken, and that a person got
// and has not put aside, the most pressing first.
func (tx *Tx) RoleAsksOn(person int64, limit int) ([]ClockedAsk, error) {
	return tx.memberAsks(`WHERE w.person_id = ? AND w.shown_id IS NOT NULL AND w.aside = 0 AND a.open = 1 AND a.owner_id IS NULL
		ORDER BY c.due IS NULL, c.due, a.id LIMIT ?`, person, limit)
}

// RoleAsksShown returns those of RoleAsksOn that one message in the mailbox shows.
func (tx *Tx) RoleAsksShown(person, message int64) ([]ClockedAsk, error) {
	return tx.memberAsks(`WHERE w.person_id = ? AND w.shown_id = ? AND w.aside = 0 AND a.open = 1 AND a.owner_id IS NULL ORDER BY a.id`, person, message)
}

// RoleAsksTaken returns the asks of roles that a person got, that somebody else has taken
// or answered, and of which the ledger has said something since an instant, in that order.
func (tx *Tx) RoleAsksTaken(person int64, since time.Time, limit int) ([]ClockedAsk, error) {
	return tx.memberAsks(`WHERE w.person_id = ?1 AND w.shown_id IS NOT NULL AND a.owner_id IS NOT NULL AND a.owner_id <> ?1 AND a.changed >= ?2
		ORDER BY a.changed, a.id LIMIT ?3`, person, stamp(since), limit)
}

// RoleAsksOfThread returns the asks in a thread that were put to a role, whatever their
// state, the newest first.
func (tx *Tx) RoleAsksOfThread(thread, role int64, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE m.thread_id = ? AND a.role_id = ? ORDER BY a.id DESC LIMIT ?`, thread, role, limit)
}

// OpenRoleAsks returns the open asks of a role, in the order in which they were made.
func (tx *Tx) OpenRoleAsks(role int64, limit int) ([]ClockedAsk, error) {
	return tx.asks(`WHERE a.role_id = ? AND a.open = 1 ORDER BY a.id LIMIT ?`, role, limit)
}
