package people

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"tidepost/store"
)

// A roll is the file by which people can log in while the database cannot be used:
// addresses and password hashes, no password, no calendar.
type roll struct {
	Written time.Time `json:"written"`
	People  []entry   `json:"people"`

	Groups []groupEntry `json:"groups,omitempty"`
}

// A groupEntry is a group or a role with who is behind it in the end.
type groupEntry struct {
	Address string   `json:"address"`
	Role    bool     `json:"role,omitempty"`
	Senders Senders  `json:"who_may_send"`
	Members []string `json:"members"`
}

type entry struct {
	Name     string   `json:"name"`
	Address  string   `json:"address"`
	Aliases  []string `json:"aliases,omitempty"`
	Password string   `json:"password"` // PHC string

	AppPasswords []appEntry `json:"app_passwords,omitempty"`
}

// An appEntry is one app password that stands.
type appEntry struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Tag  string `json:"tag"`
	Hash string `json:"hash"` // PHC string
}

// WriteRoll writes the roll of the active people to a file that only this user may
// read, whole or not at all.
func (d *Directory) WriteRoll(path string, now time.Time) (err error) {
	r := roll{Written: now.UTC()}
	for _, p := range d.current.Load().all {
		if e := entryInRoll(p.row); e.Password != "" || len(e.AppPasswords) > 0 {
			r.People = append(r.People, e)
		}
	}
	for _, g := range d.current.Load().groups {
		e := groupEntry{Address: g.Address.String(), Role: g.Role, Senders: g.Senders}
		for _, a := range g.Reached(nil) {
			e.Members = append(e.Members, a.Key())
		}
		r.Groups = append(r.Groups, e)
	}
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return fmt.Errorf("write roll: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".roll-*") // Mode 0600.
	if err != nil {
		return fmt.Errorf("write roll: %w", err)
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
			err = fmt.Errorf("write roll: %w", err)
		}
	}()
	_, err = f.Write(append(text, '\n'))
	if err == nil {
		err = f.Sync()
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// entryInRoll is how somebody stands in the roll; without any credential if they cannot
// log in.
func entryInRoll(row store.Person) entry {
	e := entry{Name: row.Name, Address: row.Address, Aliases: row.Aliases}
	if !row.Active || row.Frozen {
		return e
	}
	e.Password = row.Password
	for _, a := range row.AppPasswords {
		if a.Hash != "" {
			e.AppPasswords = append(e.AppPasswords, appEntry{a.Name, a.Kind, a.Tag, a.Hash})
		}
	}
	return e
}

// ReadRoll puts the people of a roll into a database of their own, and says when the
// roll was written.
func ReadRoll(ctx context.Context, path string, db *store.DB) (written time.Time, people int, err error) {
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
		for _, e := range r.People {
			p := store.Person{Name: e.Name, Address: e.Address, Aliases: e.Aliases, Password: e.Password,
				Profile: profile, Active: true, Created: r.Written}
			if err := tx.InsertPerson(&p); err != nil {
				return fmt.Errorf("%s: %w", e.Address, err)
			}
			for _, a := range e.AppPasswords {
				row := store.AppPassword{PersonID: p.ID, Name: a.Name, Kind: a.Kind, Tag: a.Tag, Hash: a.Hash, Created: r.Written}
				if err := tx.InsertAppPassword(&row); err != nil {
					return fmt.Errorf("%s: %w", e.Address, err)
				}
			}
		}
		return r.insertGroups(tx)
	})
	if err != nil {
		return written, 0, fmt.Errorf("read roll %s: %w", path, err)
	}
	return r.Written, len(r.People), nil
}

// insertGroups puts the groups of a roll behind its people. Who cannot log in is only an
// address there.
func (r roll) insertGroups(tx *store.Tx) error {
	list, err := tx.People()
	if err != nil {
		return err
	}
	ids := map[string]int64{}
	for _, p := range list {
		ids[p.Address] = p.ID
	}
	for _, e := range r.Groups {
		g := store.Shared{Address: e.Address, Role: e.Role, Senders: string(e.Senders), Created: r.Written}
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
