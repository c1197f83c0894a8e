package people

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"

	"tidepost/store"
)

// ReadRoll makes the people of a roll those of a database that holds nobody else, and says
// when the roll was written. What an earlier roll put there is changed to what this one
// says: who is not in it any more cannot log in, and who has another password must use it.
func ReadRoll(ctx context.Context, path string, db *store.DB, now time.Time) (written time.Time, people int, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return written, 0, fmt.Errorf("read roll: %w", err)
	}
	var r roll
	if err := json.Unmarshal(text, &r); err != nil {
		return written, 0, fmt.Errorf("read roll %s: %w", path, err)
	}
	profile, err := DefaultProfile("UTC").Encode()
	if err != nil {
		return written, 0, err
	}
	err = db.Update(ctx, func(tx *store.Tx) error {
		known, err := r.dismiss(tx)
		if err != nil {
			return err
		}
		for _, e := range r.People {
			p, ok := known[e.Address]
			if !ok {
				p = store.Person{Address: e.Address, Profile: profile, Created: r.Written}
			}
			if err := e.put(tx, p, now); err != nil {
				return fmt.Errorf("%s: %w", e.Address, err)
			}
		}
		return r.insertGroups(tx)
	})
	if err != nil {
		return written, 0, fmt.Errorf("read roll %s: %w", path, err)
	}
	return r.Written, len(r.People), nil
}

// dismiss takes everything from who is not in the roll, the address too: it may be
// somebody else's now. It returns the others by address, without their aliases, for the
// same reason.
func (r roll) dismiss(tx *store.Tx) (map[string]store.Person, error) {
	list, err := tx.People()
	if err != nil {
		return nil, err
	}
	known := map[string]store.Person{}
	for _, p := range list {
		if !p.Active {
			continue
		}
		p.Aliases = nil
		if slices.ContainsFunc(r.People, func(e entry) bool { return e.Address == p.Address }) {
			known[p.Address] = p
		} else {
			if err := tx.RemovePerson(p.ID); err != nil {
				return nil, err
			}
			p.Active, p.Password, p.Address = false, "", fmt.Sprintf("gone-%d@roll.invalid", p.ID)
		}
		if err := tx.UpdatePerson(p); err != nil {
			return nil, err
		}
	}
	return known, nil
}

// put writes what the roll says of somebody, who may be there already.
func (e entry) put(tx *store.Tx, p store.Person, now time.Time) error {
	if p.ID != 0 && p.Password != e.Password {
		p.PasswordTurn++ // Sessions with the one before end.
	}
	p.Name, p.Aliases, p.Password, p.Active = e.Name, e.Aliases, e.Password, true
	var err error
	if p.ID == 0 {
		err = tx.InsertPerson(&p)
	} else {
		err = tx.UpdatePerson(p)
	}
	if err != nil {
		return err
	}
	for _, a := range p.AppPasswords {
		if a.Hash != "" && !slices.ContainsFunc(e.AppPasswords, func(in appEntry) bool { return in.stands(a) }) {
			if err := tx.RevokeAppPassword(a.ID, now); err != nil {
				return err
			}
		}
	}
	for _, a := range e.AppPasswords {
		if slices.ContainsFunc(p.AppPasswords, a.stands) {
			continue
		}
		row := store.AppPassword{PersonID: p.ID, Name: a.Name, Kind: a.Kind, Tag: a.Tag, Hash: a.Hash, Created: now}
		if err := tx.InsertAppPassword(&row); err != nil {
			return err
		}
	}
	return nil
}

// stands reports whether a stored app password is the one of the roll.
func (a appEntry) stands(row store.AppPassword) bool { return a.Tag == row.Tag && a.Hash == row.Hash }

// insertGroups puts the groups of a roll behind its people, in the place of those there
// are. Who cannot log in is only an address there.
func (r roll) insertGroups(tx *store.Tx) error {
	before, err := tx.SharedAddresses()
	if err != nil {
		return err
	}
	for _, g := range before {
		if err := tx.RemoveShared(g.ID); err != nil {
			return err
		}
	}
	list, err := tx.People()
	if err != nil {
		return err
	}
	ids := map[string]int64{}
	for _, p := range list {
		ids[p.Address] = p.ID
	}
	for _, e := range r.Groups {
		g := store.Shared{Address: e.Address, Aliases: e.Aliases, Role: e.Role, Senders: string(e.Senders), Created: r.Written}
		for _, m := range e.Members {
			if id := ids[m]; id != 0 {
				g.Members = append(g.Members, store.SharedMember{PersonID: id})
			} else {
				g.Members = append(g.Members, store.SharedMember{Address: m})
			}
		}
		if err := tx.InsertShared(&g); err != nil {
			return fmt.Errorf("%s: %w", e.Address, err)
		}
	}
	return nil
}
