package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tidepost/store"
)

// ImportOptions say how Import treats a file.
type ImportOptions struct {
	Name      string // of the file, for problems
	DryRun    bool   // check everything, write nothing
	Update    bool   // change people who exist; without it they are a problem
	Passwords bool   // make a password for everybody who is new
	Progress  func(done, total int)
}

// An Imported is one person of an imported file. Password is shown once and is not
// kept in clear anywhere.
type Imported struct {
	Address  string `json:"address"`
	Name     string `json:"name"`
	New      bool   `json:"new"`
	Password string `json:"password,omitempty"`
}

// A plan is what an import would write, checked against one state of the team.
type plan struct {
	drafts []*draft
	rows   []csvRow
}

// Import adds the people of a CSV file: all of them or none, in one transaction.
// Empty cells keep what is there, or the default. Passwords are never in the file;
// without one a person cannot log in until it is set. The error is a CSVProblems if
// the content is to blame.
func (e *Editor) Import(ctx context.Context, r io.Reader, o ImportOptions, now time.Time) ([]Imported, error) {
	rows, err := readCSV(o.Name, r)
	if err != nil {
		return nil, err
	}
	var p *plan
	err = e.db.View(ctx, func(tx *store.Tx) (err error) {
		p, err = e.plan(tx, rows, o, now)
		return err
	})
	if err != nil {
		return nil, err
	}
	out, hashes, err := e.passwords(ctx, p, o)
	if err != nil || o.DryRun {
		return out, err
	}
	err = e.db.Update(ctx, func(tx *store.Tx) error {
		// Planned anew: somebody may have been added since.
		p, err := e.plan(tx, rows, o, now)
		if err != nil {
			return err
		}
		for i, d := range p.drafts {
			if d.row.Password == "" && out[i].New {
				d.row.Password = hashes[d.row.Address]
			}
			fields := slices.Sorted(maps.Keys(p.rows[i].fields))
			names := make([]string, len(fields))
			for j, f := range fields {
				names[j] = string(f)
			}
			if err := write(tx, d, names, now); err != nil {
				return fmt.Errorf("import %s: %w", d.row.Address, err)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// plan turns rows into drafts, and collects everything that is wrong with them.
func (e *Editor) plan(tx *store.Tx, rows []csvRow, o ImportOptions, now time.Time) (*plan, error) {
	b, err := openBook(tx)
	if err != nil {
		return nil, err
	}
	p := &plan{rows: rows}
	var problems CSVProblems
	report := func(row csvRow, err error) {
		problem := CSVProblem{File: o.Name, Line: row.line, Text: err.Error()}
		if f := (*FieldError)(nil); errors.As(err, &f) {
			problem.Column, problem.Text = string(f.Field), f.Err.Error()
		}
		if len(problems) < maxProblems {
			problems = append(problems, problem)
		}
	}
	lines := map[string]int{}
	for _, row := range rows {
		var d *draft
		address := strings.ToLower(row.fields[FieldAddress])
		if first, twice := lines[address]; twice {
			err = &FieldError{FieldAddress, fmt.Errorf("%s stands in line %d already", address, first)}
		} else {
			d, err = e.planRow(b, row, o, now)
			lines[address] = row.line
		}
		if err != nil {
			report(row, err)
		}
		p.drafts = append(p.drafts, d)
	}
	for i, d := range p.drafts {
		if d != nil {
			if err := b.covered(d); err != nil {
				report(rows[i], err)
			}
		}
	}
	if len(problems) > 0 {
		slices.SortStableFunc(problems, func(a, b CSVProblem) int { return a.Line - b.Line })
		return nil, problems
	}
	return p, nil
}

func (e *Editor) planRow(b *book, row csvRow, o ImportOptions, now time.Time) (*draft, error) {
	d := e.newDraft()
	d.row.Created = now
	if old, err := b.active(row.fields[FieldAddress]); err == nil {
		if !o.Update {
			return nil, &FieldError{FieldAddress, fmt.Errorf("%s is in the team already: import with update to change people", old.Address)}
		}
		profile, err := DecodeProfile(old.Profile)
		if err != nil {
			return nil, err
		}
		d.row, d.profile = old, profile
		d.row.Aliases = slices.Clone(old.Aliases)
		row.fields = maps.Clone(row.fields)
		row.fields[FieldAddress] = old.Address // A row may name an alias.
	} else if row.fields[FieldZone] == "" {
		return nil, &FieldError{FieldZone, errors.New("is required")}
	}
	hash, hashed := row.fields[fieldHash]
	fields := maps.Clone(row.fields)
	delete(fields, fieldHash)
	if hashed {
		if _, err := parseStored(hash); err != nil {
			return nil, &FieldError{fieldHash, err}
		}
		if d.row.Password != hash {
			d.row.PasswordTurn++
		}
		d.row.Password = hash
	}
	if err := d.apply(fields); err != nil {
		return nil, err
	}
	if err := b.admit(d); err != nil {
		return nil, err
	}
	return d, nil
}

// passwords makes a password for everybody new, outside of any transaction: each
// takes about 20 ms.
func (e *Editor) passwords(ctx context.Context, p *plan, o ImportOptions) ([]Imported, map[string]string, error) {
	hashes := map[string]string{}
	out := []Imported{}
	for i, d := range p.drafts {
		if err := ctx.Err(); err != nil {
			return nil, nil, err
		}
		one := Imported{Address: d.row.Address, Name: d.row.Name, New: d.row.Profile == nil}
		if one.New && d.row.Password == "" && o.Passwords && !o.DryRun {
			password, err := GeneratePassword(e.random)
			if err != nil {
				return nil, nil, err
			}
			if hashes[one.Address], err = HashPassword(password, e.random); err != nil {
				return nil, nil, err
			}
			one.Password = password
		}
		out = append(out, one)
		if o.Progress != nil {
			o.Progress(i+1, len(p.drafts))
		}
	}
	return out, hashes, nil
}
