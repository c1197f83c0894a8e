package store

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Shared is an address of the team behind which there are several, as stored. Address
// is lower-case; Rota is JSON that belongs to package people.
type Shared struct {
	ID         int64
	Address    string
	Aliases    []string // further addresses, lower-case
	Name       string
	Role       bool   // a role such as support@; false: a group
	Senders    string // who may write to it: "team", "members" or "everybody"
	OwnerID    int64  // 0: nobody in particular
	Zone       string // "": that of its first member
	Rota       json.RawMessage
	FirstReply time.Duration // whole minutes; 0: as configured
	Members    []SharedMember
	Created    time.Time
}

// A SharedMember is one of those behind a Shared: exactly one of its fields is set.
type SharedMember struct {
	PersonID int64
	InnerID  int64  // another Shared
	Address  string // of somebody outside, lower-case
}

func (s Shared) kind() string {
	if s.Role {
		return "role"
	}
	return "group"
}

// InsertShared adds s and sets s.ID. ErrExists: somebody has the address.
func (tx *Tx) InsertShared(s *Shared) error {
	if err := tx.freeFor(*s); err != nil {
		return err
	}
	id, err := tx.insert(`INSERT INTO shared_address (address, name, kind, senders, owner_id, zone, rota, first_reply, created)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, s.Address, s.Name, s.kind(), s.Senders, nullID(s.OwnerID), s.Zone, jsonText(s.Rota),
		int64(s.FirstReply/time.Minute), stamp(s.Created))
	if err != nil {
		return fmt.Errorf("insert %s %s: %w", s.kind(), s.Address, err)
	}
	s.ID = id
	if err := tx.setSharedAliases(*s); err != nil {
		return err
	}
	return tx.setMembers(*s)
}

// UpdateShared writes all of s but its kind and when it came. ErrNotFound, ErrExists.
func (tx *Tx) UpdateShared(s Shared) error {
	if err := tx.freeFor(s); err != nil {
		return err
	}
	n, err := tx.exec(`UPDATE shared_address SET address = ?, name = ?, senders = ?, owner_id = ?, zone = ?, rota = ?, first_reply = ? WHERE id = ?`,
		s.Address, s.Name, s.Senders, nullID(s.OwnerID), s.Zone, jsonText(s.Rota), int64(s.FirstReply/time.Minute), s.ID)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("update %s %s: %w", s.kind(), s.Address, err)
	}
	if err := tx.setSharedAliases(s); err != nil {
		return err
	}
	return tx.setMembers(s)
}

// RemoveShared forgets s, also as a member of others. What was asked of it stays, and
// names its address only.
func (tx *Tx) RemoveShared(id int64) error {
	for _, q := range []string{
		`DELETE FROM shared_member WHERE shared_id = ?1 OR inner_id = ?1`,
		`DELETE FROM shared_alias WHERE shared_id = ?1`,
		`DELETE FROM ask_member WHERE ask_id IN (SELECT id FROM ask WHERE role_id = ?1)`,
		`UPDATE ask SET role_id = NULL WHERE role_id = ?1`,
	} {
		if _, err := tx.exec(q, id); err != nil {
			return fmt.Errorf("remove shared address %d: %w", id, err)
		}
	}
	n, err := tx.exec(`DELETE FROM shared_address WHERE id = ?`, id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("remove shared address %d: %w", id, err)
	}
	return tx.bumpPeople()
}

func (tx *Tx) setMembers(s Shared) error {
	if s.Address != strings.ToLower(s.Address) {
		return fmt.Errorf("set members of %s: the address is not lower-case", s.Address)
	}
	if _, err := tx.exec(`DELETE FROM shared_member WHERE shared_id = ?`, s.ID); err != nil {
		return fmt.Errorf("set members of %s: %w", s.Address, err)
	}
	for n, m := range s.Members {
		_, err := tx.exec(`INSERT INTO shared_member (shared_id, place, person_id, inner_id, address) VALUES (?, ?, ?, ?, ?)`,
			s.ID, n, nullID(m.PersonID), nullID(m.InnerID), m.Address)
		if err != nil {
			return fmt.Errorf("set members of %s: %w", s.Address, err)
		}
	}
	return tx.bumpPeople()
}

// setSharedAliases gives s its further addresses, in the place of those it has.
func (tx *Tx) setSharedAliases(s Shared) error {
	if _, err := tx.exec(`DELETE FROM shared_alias WHERE shared_id = ?`, s.ID); err != nil {
		return fmt.Errorf("set aliases of %s: %w", s.Address, err)
	}
	for _, a := range s.Aliases {
		if a != strings.ToLower(a) {
			return fmt.Errorf("set aliases of %s: %q is not lower-case", s.Address, a)
		}
		if _, err := tx.exec(`INSERT INTO shared_alias (address, shared_id) VALUES (?, ?)`, a, s.ID); err != nil {
			return fmt.Errorf("alias %s: %w", a, err)
		}
	}
	return nil
}

// freeFor: the addresses of s belong to no person and to no other group. ErrExists.
func (tx *Tx) freeFor(s Shared) error {
	for _, a := range append([]string{s.Address}, s.Aliases...) {
		var taken bool
		err := tx.row([]any{&taken}, `SELECT EXISTS (SELECT 1 FROM address WHERE address = ?1 UNION ALL
			SELECT 1 FROM shared_address WHERE address = ?1 AND id <> ?2 UNION ALL
			SELECT 1 FROM shared_alias WHERE address = ?1 AND shared_id <> ?2)`, a, s.ID)
		if err == nil && taken {
			err = ErrExists
		}
		if err != nil {
			return fmt.Errorf("address %s: %w", a, err)
		}
	}
	return nil
}

// freeOfShared: an address of a group is no person's. ErrExists.
func (tx *Tx) freeOfShared(address string) error {
	var taken bool
	err := tx.row([]any{&taken}, `SELECT EXISTS (SELECT 1 FROM shared_address WHERE address = ?1 UNION ALL
		SELECT 1 FROM shared_alias WHERE address = ?1)`, address)
	if err == nil && taken {
		err = ErrExists
	}
	if err != nil {
		return fmt.Errorf("address %s: %w", address, err)
	}
	return nil
}

// SharedAddresses returns all groups and roles in the order in which they came.
func (tx *Tx) SharedAddresses() ([]Shared, error) {
	type minutes struct {
		Shared
		kind  string
		reply int64
	}
	rows, err := all(tx, func(s *minutes) []any {
		return []any{&s.ID, &s.Address, &s.Name, &s.kind, &s.Senders, (*nullID)(&s.OwnerID), &s.Zone, (*rawText)(&s.Rota), &s.reply, (*stamp)(&s.Created)}
	}, `SELECT id, address, name, kind, senders, owner_id, zone, rota, first_reply, created FROM shared_address ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read groups: %w", err)
	}
	if len(rows) == 0 {
		return nil, nil
	}
	type member struct {
		SharedMember
		of int64
	}
	members, err := all(tx, func(m *member) []any {
		return []any{&m.of, (*nullID)(&m.PersonID), (*nullID)(&m.InnerID), &m.Address}
	}, `SELECT shared_id, person_id, inner_id, address FROM shared_member ORDER BY shared_id, place`)
	if err != nil {
		return nil, fmt.Errorf("read members of groups: %w", err)
	}
	at := map[int64]int{}
	out := make([]Shared, len(rows))
	for i, r := range rows {
		out[i] = r.Shared
		out[i].Role, out[i].FirstReply = r.kind == "role", time.Duration(r.reply)*time.Minute
		at[r.ID] = i
	}
	type alias struct {
		address string
		of      int64
	}
	aliases, err := all(tx, func(a *alias) []any { return []any{&a.address, &a.of} }, `SELECT address, shared_id FROM shared_alias ORDER BY address`)
	if err != nil {
		return nil, fmt.Errorf("read aliases of groups: %w", err)
	}
	for _, a := range aliases {
		out[at[a.of]].Aliases = append(out[at[a.of]].Aliases, a.address)
	}
	for _, m := range members {
		out[at[m.of]].Members = append(out[at[m.of]].Members, m.SharedMember)
	}
	return out, nil
}
