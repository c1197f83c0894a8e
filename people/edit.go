package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"tidepost/scheduler"
	"tidepost/store"
)

// Kinds of the events that editing writes into the ledger. Their detail holds the
// address and the names of the fields, never a value of a secret.
const (
	EventAdded   = "person-added"
	EventChanged = "person-changed"
	EventRemoved = "person-removed"
)

// fieldPassword is how a changed password is named in the ledger.
const fieldPassword = "password"

// fieldHash is the column of an imported file that takes over hashes of another server.
const fieldHash = "password_hash"

// An Editor changes who is in the team: the operations behind `tidepost people`.
// Each is one transaction and writes an event.
type Editor struct {
	db      *store.DB
	domains []string
	random  io.Reader
}

// NewEditor returns an Editor for a team with these mail domains. random is where
// salts and passwords come from.
func NewEditor(db *store.DB, domains []string, random io.Reader) *Editor {
	e := &Editor{db: db, random: random}
	for _, d := range domains {
		e.domains = append(e.domains, strings.ToLower(d))
	}
	return e
}

// A Request says how a person is to be. Fields are in the syntax that people
// write, see Fields; what is missing stays as it is, or takes its default.
type Request struct {
	Fields   map[Field]string
	Password string // in clear; "" leaves it
}

// An Entry is a person as listed. It holds no credential.
type Entry struct {
	ID       int64            `json:"id"`
	Name     string           `json:"name"`
	Address  string           `json:"address"`
	Aliases  []string         `json:"aliases,omitempty"`
	Active   bool             `json:"active"`
	CanLogIn bool             `json:"can_log_in"`
	Frozen   bool             `json:"frozen,omitempty"`
	Created  time.Time        `json:"created"`
	Fields   map[Field]string `json:"fields"` // as written by people
	Profile  Profile          `json:"profile"`
	Problem  string           `json:"problem,omitempty"` // why the profile cannot be read
}

// Add adds a person. The address and the zone are required: a zone is never
// guessed. An address that is taken is a *FieldError that wraps store.ErrExists.
// Somebody who was removed comes back with Add, under their old id.
func (e *Editor) Add(ctx context.Context, r Request, now time.Time) (Entry, error) {
	for _, required := range []Field{FieldAddress, FieldZone} {
		if strings.TrimSpace(r.Fields[required]) == "" {
			return Entry{}, fmt.Errorf("add person: %w", &FieldError{required, errors.New("is required")})
		}
	}
	d := e.newDraft()
	d.row.Created = now
	if err := d.apply(r.Fields); err != nil {
		return Entry{}, fmt.Errorf("add person: %w", err)
	}
	if err := e.setPassword(d, r.Password); err != nil {
		return Entry{}, fmt.Errorf("add person: %w", err)
	}
	err := e.db.Update(ctx, func(tx *store.Tx) error {
		b, err := openBook(tx)
		if err != nil {
			return err
		}
		return b.save(tx, d, sortedFields(r), now)
	})
	if err != nil {
		return Entry{}, fmt.Errorf("add person: %w", err)
	}
	return entryOf(d.row), nil
}

// Set changes the active person who has the address who. store.ErrNotFound: nobody
// has it.
func (e *Editor) Set(ctx context.Context, who string, r Request, now time.Time) (Entry, error) {
	hashed := &draft{}
	if r.Password != "" { // Outside of the transaction: it takes 20 ms.
		hashed.row = store.Person{Name: r.Fields[FieldName], Address: strings.ToLower(who)}
		if err := e.setPassword(hashed, r.Password); err != nil {
			return Entry{}, fmt.Errorf("change %s: %w", who, err)
		}
	}
	return e.change(ctx, who, sortedFields(r), now, func(d *draft) error {
		if hashed.row.Password != "" {
			d.row.Password = hashed.row.Password
			d.row.PasswordTurn++
		}
		return d.apply(r.Fields)
	})
}

// ImportICS reads an .ics file into the person's holidays or leave, whichever field
// is named, beside what is there. It looks at the 800 days from the day before
// now on.
func (e *Editor) ImportICS(ctx context.Context, who string, r io.Reader, as Field, now time.Time) (Entry, ICS, error) {
	found, err := ReadICS(r, scheduler.DateOf(now.UTC()).AddDays(-1))
	if err != nil {
		return Entry{}, ICS{}, err
	}
	if as != FieldHolidays && as != FieldLeave {
		return Entry{}, ICS{}, fmt.Errorf("read .ics: it gives holidays or leave, not %s", as)
	}
	entry, err := e.change(ctx, who, []string{string(as)}, now, func(d *draft) error {
		c := &d.profile.Calendar
		for _, day := range found.Days {
			if as == FieldLeave {
				l := scheduler.Leave{First: day.First, Last: day.Last}
				if !slices.Contains(c.Leave, l) {
					c.Leave = append(c.Leave, l)
				}
				continue
			}
			for date := day.First; !day.Last.Before(date); date = date.AddDays(1) {
				if !slices.ContainsFunc(c.Holidays, func(h scheduler.Holiday) bool { return h.Date == date }) {
					c.Holidays = append(c.Holidays, scheduler.Holiday{Date: date})
				}
			}
		}
		return d.profile.Validate()
	})
	return entry, found, err
}

// Remove takes the active person who has the address who out of the team: no mail,
// no login. The addresses stay theirs. store.ErrNotFound: nobody has it.
func (e *Editor) Remove(ctx context.Context, who string, now time.Time) error {
	err := e.db.Update(ctx, func(tx *store.Tx) error {
		b, err := openBook(tx)
		if err != nil {
			return err
		}
		row, err := b.active(who)
		if err != nil {
			return err
		}
		if err := tx.RemovePerson(row.ID); err != nil {
			return err
		}
		if _, err := LeaveGroups(tx, row.ID, 0); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventRemoved, PersonID: row.ID, Detail: map[string]any{"address": row.Address}})
	})
	if err != nil {
		return fmt.Errorf("remove %s: %w", who, err)
	}
	return nil
}

// List returns everybody in the order of their addresses; removed people too if
// all is set.
func (e *Editor) List(ctx context.Context, all bool) ([]Entry, error) {
	var rows []store.Person
	err := e.db.View(ctx, func(tx *store.Tx) (err error) {
		rows, err = tx.People()
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list people: %w", err)
	}
	out := []Entry{}
	for _, row := range rows {
		if row.Active || all {
			out = append(out, entryOf(row))
		}
	}
	slices.SortFunc(out, func(a, b Entry) int { return strings.Compare(a.Address, b.Address) })
	return out, nil
}

// EditProfile changes a profile inside a transaction of the caller, for what is
// not edited as text: the time of the first digest, a command sent by mail. fields
// name what changes, for the ledger; nil writes no event. store.ErrNotFound: there
// is no such active person.
func EditProfile(tx *store.Tx, id int64, fields []Field, now time.Time, edit func(*Profile) error) error {
	rows, err := tx.People()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(rows, func(p store.Person) bool { return p.ID == id && p.Active })
	if i < 0 {
		return fmt.Errorf("edit profile of person %d: %w", id, store.ErrNotFound)
	}
	row := rows[i]
	profile, err := DecodeProfile(row.Profile)
	if err != nil {
		return fmt.Errorf("edit profile of %s: %w", row.Address, err)
	}
	if err := edit(&profile); err != nil {
		return err
	}
	if err := profile.Validate(); err != nil {
		return fmt.Errorf("edit profile of %s: %w", row.Address, err)
	}
	if row.Profile, err = profile.Encode(); err != nil {
		return err
	}
	if err := tx.UpdatePerson(row); err != nil || fields == nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventChanged, PersonID: id,
		Detail: map[string]any{"address": row.Address, "fields": fields}})
}

// change edits one active person in one transaction.
func (e *Editor) change(ctx context.Context, who string, fields []string, now time.Time, edit func(*draft) error) (Entry, error) {
	var out Entry
	err := e.db.Update(ctx, func(tx *store.Tx) error {
		b, err := openBook(tx)
		if err != nil {
			return err
		}
		row, err := b.active(who)
		if err != nil {
			return err
		}
		profile, err := DecodeProfile(row.Profile)
		if err != nil {
			return err
		}
		d := &draft{row: row, profile: profile, domains: e.domains}
		d.row.Aliases = slices.Clone(row.Aliases)
		if err := edit(d); err != nil {
			return err
		}
		if err := b.save(tx, d, fields, now); err != nil {
			return err
		}
		out = entryOf(d.row)
		return nil
	})
	if err != nil {
		return Entry{}, fmt.Errorf("change %s: %w", who, err)
	}
	return out, nil
}

func (e *Editor) newDraft() *draft {
	d := &draft{row: store.Person{Active: true}, profile: DefaultProfile("UTC"), domains: e.domains}
	return d
}

// setPassword hashes a password, if there is one.
func (e *Editor) setPassword(d *draft, password string) error {
	if password == "" {
		return nil
	}
	if err := CheckPassword(password, append([]string{d.row.Name, d.row.Address}, d.row.Aliases...)...); err != nil {
		return err
	}
	var err error
	d.row.Password, err = HashPassword(password, e.random)
	return err
}

// sortedFields names what a request changes, for the ledger.
func sortedFields(r Request) []string {
	var names []string
	for f := range r.Fields {
		names = append(names, string(f))
	}
	if r.Password != "" {
		names = append(names, fieldPassword)
	}
	slices.Sort(names)
	return names
}

func entryOf(row store.Person) Entry {
	e := Entry{ID: row.ID, Name: row.Name, Address: row.Address, Aliases: row.Aliases, Active: row.Active,
		CanLogIn: row.Active && !row.Frozen && row.Password != "", Frozen: row.Frozen, Created: row.Created, Fields: map[Field]string{}}
	profile, err := DecodeProfile(row.Profile)
	if err != nil {
		e.Problem = err.Error()
		return e
	}
	e.Profile = profile
	d := &draft{row: row, profile: profile}
	for _, r := range fieldRules() {
		e.Fields[r.name] = r.get(d)
	}
	return e
}
