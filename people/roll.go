package people

import (
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
	Aliases []string `json:"aliases,omitempty"`
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
		e := groupEntry{Address: g.Address.String(), Aliases: g.row.Aliases, Role: g.Role, Senders: g.Senders}
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
