package store

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// A Person is a team member as stored. Address and Aliases are lower-case; Profile
// is JSON that belongs to package people.
type Person struct {
	ID       int64
	Name     string
	Address  string
	Aliases  []string
	Password string // PHC string; "" cannot log in
	Profile  []byte
	Active   bool
	Created  time.Time

	Frozen       bool  // logs in nowhere and sends nothing
	PasswordTurn int64 // how often the password was set: sessions that began before end
	AppPasswords []AppPassword
}

const keyPeopleVersion = "people_version"

// InsertPerson adds p with all system folders and sets p.ID. ErrExists: one of the
// addresses is taken.
func (tx *Tx) InsertPerson(p *Person) error {
	id, err := tx.insert(`INSERT INTO person (name, address, password, profile, active, created)
		VALUES (?, ?, ?, ?, ?, ?)`, p.Name, p.Address, p.Password, string(p.Profile), p.Active, stamp(p.Created))
	if err != nil {
		return fmt.Errorf("insert person %s: %w", p.Address, err)
	}
	p.ID = id
	if err := tx.setAddresses(*p); err != nil {
		return err
	}
	if err := tx.EnsureMailboxes(p.ID, p.Created); err != nil {
		return err
	}
	return tx.bumpPeople()
}

// UpdatePerson writes all of p. ErrNotFound, ErrExists.
func (tx *Tx) UpdatePerson(p Person) error {
	n, err := tx.exec(`UPDATE person SET name = ?, address = ?, password = ?, profile = ?, active = ?, password_turn = ? WHERE id = ?`,
		p.Name, p.Address, p.Password, string(p.Profile), p.Active, p.PasswordTurn, p.ID)
	if err != nil {
		return fmt.Errorf("update person %s: %w", p.Address, err)
	}
	if n == 0 {
		return fmt.Errorf("update person %s: %w", p.Address, ErrNotFound)
	}
	if err := tx.setAddresses(p); err != nil {
		return err
	}
	return tx.bumpPeople()
}

// RemovePerson makes the person inactive, and forgets every credential. The addresses
// stay taken: mail and ledger still name them.
func (tx *Tx) RemovePerson(id int64) error {
	for _, table := range []string{"app_password", "password_code"} {
		if _, err := tx.exec(`DELETE FROM `+table+` WHERE person_id = ?`, id); err != nil {
			return fmt.Errorf("remove person %d: %w", id, err)
		}
	}
	n, err := tx.exec(`UPDATE person SET active = 0, frozen = 0, password = '' WHERE id = ?`, id)
	if err != nil {
		return fmt.Errorf("remove person %d: %w", id, err)
	}
	if n == 0 {
		return fmt.Errorf("remove person %d: %w", id, ErrNotFound)
	}
	return tx.bumpPeople()
}

func (tx *Tx) setAddresses(p Person) error {
	if _, err := tx.exec(`DELETE FROM address WHERE person_id = ?`, p.ID); err != nil {
		return fmt.Errorf("set addresses of %s: %w", p.Address, err)
	}
	for _, a := range append([]string{p.Address}, p.Aliases...) {
		if a != strings.ToLower(a) {
			return fmt.Errorf("set addresses of %s: %q is not lower-case", p.Address, a)
		}
		if err := tx.freeOfShared(a); err != nil {
			return err
		}
		if _, err := tx.exec(`INSERT INTO address (address, person_id) VALUES (?, ?)`, a, p.ID); err != nil {
			return fmt.Errorf("address %s: %w", a, err)
		}
	}
	return nil
}

func (tx *Tx) bumpPeople() error {
	v, err := tx.PeopleVersion()
	if err != nil {
		return err
	}
	return tx.SetMeta(keyPeopleVersion, strconv.FormatInt(v+1, 10))
}

// ReplacePassword writes another stored form of a person's password, if it is still the
// one it was. ErrConflict.
func (tx *Tx) ReplacePassword(person int64, from, to string) error {
	n, err := tx.exec(`UPDATE person SET password = ? WHERE id = ? AND password = ?`, to, person, from)
	if err == nil && n == 0 {
		err = ErrConflict
	}
	if err != nil {
		return fmt.Errorf("replace password of %d: %w", person, err)
	}
	return tx.bumpPeople()
}

// PeopleVersion grows with every change of a person; readers cache people by it.
func (tx *Tx) PeopleVersion() (int64, error) {
	s, err := tx.Meta(keyPeopleVersion)
	if err != nil || s == "" {
		return 0, err
	}
	return strconv.ParseInt(s, 10, 64)
}

// People returns everybody, inactive people too, in the order they came.
func (tx *Tx) People() ([]Person, error) {
	people, err := all(tx, func(p *Person) []any {
		return []any{&p.ID, &p.Name, &p.Address, &p.Password, &p.Profile, &p.Active, (*stamp)(&p.Created), &p.Frozen, &p.PasswordTurn}
	}, `SELECT id, name, address, password, profile, active, created, frozen, password_turn FROM person ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("read people: %w", err)
	}
	type alias struct {
		person  int64
		address string
	}
	aliases, err := all(tx, func(a *alias) []any { return []any{&a.person, &a.address} },
		`SELECT person_id, address FROM address ORDER BY person_id, address`)
	if err != nil {
		return nil, fmt.Errorf("read aliases: %w", err)
	}
	at := map[int64]int{}
	for i, p := range people {
		at[p.ID] = i
	}
	for _, a := range aliases {
		if p := &people[at[a.person]]; p.Address != a.address {
			p.Aliases = append(p.Aliases, a.address)
		}
	}
	credentials, err := tx.AppPasswords(0)
	if err != nil {
		return nil, err
	}
	for _, c := range credentials {
		if i, ok := at[c.PersonID]; ok {
			people[i].AppPasswords = append(people[i].AppPasswords, c)
		}
	}
	return people, nil
}

// Meta returns a value of the database as a whole, "" if it is not set.
func (tx *Tx) Meta(key string) (string, error) {
	var v string
	err := tx.row([]any{&v}, `SELECT value FROM meta WHERE key = ?`, key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", fmt.Errorf("read %s: %w", key, err)
	}
	return v, nil
}

// SetMeta sets a value of the database as a whole.
func (tx *Tx) SetMeta(key, value string) error {
	_, err := tx.exec(`INSERT INTO meta (key, value) VALUES (?, ?)
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`, key, value)
	if err != nil {
		return fmt.Errorf("set %s: %w", key, err)
	}
	return nil
}

// A SenderRule is what a person said of a sender.
type SenderRule string

// The rules there are.
const (
	SenderInbox  SenderRule = "inbox"  // never to Notifications and the like
	SenderPass   SenderRule = "pass"   // always at once
	SenderUrgent SenderRule = "urgent" // may be urgent from outside
)

// SetSenderRule remembers a rule of the person for a sender, an address or @domain
// in lower-case. It reports whether it is new.
func (tx *Tx) SetSenderRule(person int64, sender string, rule SenderRule, now time.Time) (bool, error) {
	n, err := tx.exec(`INSERT OR IGNORE INTO sender_rule (person_id, sender, rule, created) VALUES (?, ?, ?, ?)`,
		person, sender, string(rule), stamp(now))
	if err != nil {
		return false, fmt.Errorf("set rule for sender %s: %w", sender, err)
	}
	return n == 1, nil
}

// SenderRules returns the rules of the person that speak of the address or its
// domain.
func (tx *Tx) SenderRules(person int64, address string) ([]SenderRule, error) {
	_, domain, _ := strings.Cut(address, "@")
	return all(tx, func(r *SenderRule) []any { return []any{(*string)(r)} },
		`SELECT rule FROM sender_rule WHERE person_id = ? AND sender IN (?, ?)`,
		person, strings.ToLower(address), "@"+strings.ToLower(domain))
}

// UntoldSenders returns the senders with a new rule that no digest has confirmed
// yet, and marks them as told.
func (tx *Tx) UntoldSenders(person int64, rule SenderRule) ([]string, error) {
	return all(tx, func(s *string) []any { return []any{s} },
		`UPDATE sender_rule SET told = 1 WHERE person_id = ? AND rule = ? AND told = 0 RETURNING sender`,
		person, string(rule))
}
