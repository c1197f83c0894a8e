package people

import (
	"fmt"
	"strings"
	"time"

	"tidepost/store"
)

// A book is everybody inside one transaction, by address: it finds the person to
// change, and who has an address already.
type book struct {
	owner  map[string]store.Person
	shared map[string]store.Shared // by address and by alias
}

func openBook(tx *store.Tx) (*book, error) {
	rows, err := tx.People()
	if err != nil {
		return nil, err
	}
	groups, err := tx.SharedAddresses()
	if err != nil {
		return nil, err
	}
	b := &book{owner: make(map[string]store.Person, len(rows)), shared: make(map[string]store.Shared, len(groups))}
	for _, row := range rows {
		b.enter(row)
	}
	for _, g := range groups {
		b.enterShared(g)
	}
	return b, nil
}

func (b *book) enterShared(g store.Shared) {
	b.shared[g.Address] = g
	for _, a := range g.Aliases {
		b.shared[a] = g
	}
}

// sharer says whose an address of a group is.
func sharer(g store.Shared, a string) string {
	if g.Address != a {
		return fmt.Sprintf("%s is an alias of the %s %s", a, kindOf(g), g.Address)
	}
	return fmt.Sprintf("%s is a %s", a, kindOf(g))
}

func (b *book) enter(row store.Person) {
	b.owner[row.Address] = row
	for _, a := range row.Aliases {
		b.owner[a] = row
	}
}

// active returns the active person who has an address.
func (b *book) active(who string) (store.Person, error) {
	row, ok := b.owner[strings.ToLower(strings.TrimSpace(who))]
	if !ok || !row.Active {
		return store.Person{}, fmt.Errorf("nobody has the address %q: %w", who, store.ErrNotFound)
	}
	return row, nil
}

// admit checks what only the whole team can tell, and gives a person who comes
// back their old id. It enters the person into the book.
func (b *book) admit(d *draft) error {
	if old, ok := b.owner[d.row.Address]; ok && d.row.ID == 0 && !old.Active && old.Address == d.row.Address {
		d.row.ID, d.row.Created = old.ID, old.Created
	}
	for i, a := range append([]string{d.row.Address}, d.row.Aliases...) {
		if g, ok := b.shared[a]; ok {
			field := FieldAddress
			if i > 0 {
				field = FieldAliases
			}
			return &FieldError{field, fmt.Errorf("%s: %w", sharer(g, a), store.ErrExists)}
		}
		if o, ok := b.owner[a]; ok && (o.ID != d.row.ID || d.row.ID == 0) {
			field := FieldAddress
			if i > 0 {
				field = FieldAliases
			}
			return &FieldError{field, fmt.Errorf("%s belongs to %s: %w", a, describe(o), store.ErrExists)}
		}
	}
	for a, o := range b.owner {
		if o.ID == d.row.ID && d.row.ID != 0 {
			delete(b.owner, a)
		}
	}
	b.enter(d.row)
	return nil
}

func kindOf(g store.Shared) string {
	if g.Role {
		return "role"
	}
	return "group"
}

func describe(o store.Person) string {
	if !o.Active {
		return o.Address + ", who was removed"
	}
	return o.Address
}

// covered checks that who covers for d is an active colleague.
func (b *book) covered(d *draft) error {
	cover := d.profile.Cover
	if cover == "" {
		return nil
	}
	row, ok := b.owner[cover]
	switch {
	case !ok || !row.Active:
		return &FieldError{FieldCover, fmt.Errorf("nobody in the team has the address %q", cover)}
	case row.Address == d.row.Address:
		return &FieldError{FieldCover, fmt.Errorf("%q is the person's own address", cover)}
	}
	return nil
}

// save writes one person and the event.
func (b *book) save(tx *store.Tx, d *draft, fields []string, now time.Time) error {
	if err := b.admit(d); err != nil {
		return err
	}
	if err := b.covered(d); err != nil {
		return err
	}
	return write(tx, d, fields, now)
}

// write stores an admitted draft: a new person if it has no id.
func write(tx *store.Tx, d *draft, fields []string, now time.Time) error {
	if d.row.Name == "" {
		d.row.Name, _, _ = strings.Cut(d.row.Address, "@")
	}
	var err error
	if d.row.Profile, err = d.profile.Encode(); err != nil {
		return err
	}
	kind := EventChanged
	if d.row.ID == 0 {
		kind = EventAdded
		err = tx.InsertPerson(&d.row)
	} else {
		err = tx.UpdatePerson(d.row)
	}
	if err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: kind, PersonID: d.row.ID,
		Detail: map[string]any{"address": d.row.Address, "fields": fields}})
}
