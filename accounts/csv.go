package accounts

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"tidepost/store"
)

// A Row is what a table says of one person: one side or both.
type Row struct {
	Line     int
	Address  string // of the person here
	Settings []Settings
}

// A Default is what holds for people whose row says nothing of it.
type Default struct {
	IMAP, SMTP                 string // host, or host:port; "" none
	IMAPSecurity, SMTPSecurity Security
	Sent                       Filer
}

// Columns are those that a table may have, in the order in which they are best read.
func Columns() []string {
	return []string{"address", "user", "password", "imap", "imap_security", "smtp", "smtp_security", "sent"}
}

// The bounds of a table.
const (
	maxRows     = 10_000
	maxProblems = 50
)

// A table collects rows and what is wrong with them.
type table struct {
	name     string
	columns  []string
	base     Default
	seen     map[string]int // line by address
	rows     []Row
	problems []error
}

// ReadTable reads a table of accounts: CSV in UTF-8, whose first row names the columns,
// separated by commas, semicolons or tabs. Address and password are required, user is the
// address if it is missing, the rest is as base says. The error names every line that
// cannot be, fifty at most; then nothing is returned.
func ReadTable(name string, data []byte, base Default) ([]Row, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	t := &table{name: name, base: base, seen: map[string]int{}}
	if !utf8.Valid(data) {
		return nil, fmt.Errorf("%s: the file is not UTF-8: save it as CSV UTF-8", name)
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma, in.FieldsPerRecord, in.TrimLeadingSpace = separator(data), -1, true
	header, err := in.Read()
	if errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: the file is empty: its first row names the columns", name)
	}
	if err == nil {
		t.header(header)
	}
	if len(t.problems) > 0 {
		return nil, errors.Join(t.problems...)
	}
	for err == nil && len(t.problems) < maxProblems && len(t.rows) <= maxRows {
		var record []string
		if record, err = in.Read(); err == nil {
			line, _ := in.FieldPos(0)
			t.row(line, record)
		}
	}
	var parse *csv.ParseError
	switch {
	case errors.As(err, &parse):
		t.problem(parse.Line, "", parse.Err.Error()) // The text of the line is not told: it holds a password.
	case err != nil && !errors.Is(err, io.EOF):
		return nil, fmt.Errorf("read %s: %w", name, err)
	case len(t.rows) > maxRows:
		t.problem(1, "", fmt.Sprintf("more than %d accounts", maxRows))
	}
	if len(t.problems) > 0 {
		return nil, errors.Join(t.problems...)
	}
	return t.rows, nil
}

// separator is the one of the three that the header has most of.
func separator(data []byte) rune {
	header, _, _ := bytes.Cut(data, []byte("\n"))
	best, most := ',', 0
	for _, sep := range []rune{',', ';', '\t'} {
		if n := bytes.Count(header, []byte(string(sep))); n > most {
			best, most = sep, n
		}
	}
	return best
}

func (t *table) problem(line int, column, text string) {
	if column != "" {
		text = column + ": " + text
	}
	t.problems = append(t.problems, fmt.Errorf("%s:%d: %s", t.name, line, text))
}

func (t *table) header(names []string) {
	t.columns = []string{}
	for _, n := range names {
		c := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(n)), " ", "_")
		switch {
		case !slices.Contains(Columns(), c):
			t.problem(1, n, "unknown column; the columns are "+strings.Join(Columns(), ", "))
		case slices.Contains(t.columns, c):
			t.problem(1, n, "stands twice")
		}
		t.columns = append(t.columns, c)
	}
	for _, must := range []string{"address", "password"} {
		if !slices.Contains(t.columns, must) {
			t.problem(1, must, "the column is missing")
		}
	}
}

func (t *table) row(line int, record []string) {
	cells := map[string]string{}
	for i, cell := range record {
		if i >= len(t.columns) {
			t.problem(line, "", fmt.Sprintf("has %d cells, there are %d columns; a cell with the separator in it stands in quotation marks", len(record), len(t.columns)))
			return
		}
		if t.columns[i] != "password" { // Its spaces may be meant.
			cell = strings.TrimSpace(cell)
		}
		if cell != "" {
			cells[t.columns[i]] = cell
		}
	}
	if len(cells) == 0 {
		return // Spreadsheets leave rows of separators behind.
	}
	r := Row{Line: line, Address: cells["address"]}
	key := strings.ToLower(r.Address)
	if first, twice := t.seen[key]; twice {
		t.problem(line, "address", fmt.Sprintf("%s stands in line %d already", r.Address, first))
		return
	}
	t.seen[key] = line
	for _, must := range []string{"address", "password"} {
		if cells[must] == "" {
			t.problem(line, must, "is required")
			return
		}
	}
	if err := t.sides(&r, cells); err != nil {
		t.problem(line, "", err.Error())
		return
	}
	t.rows = append(t.rows, r)
}

// sides are the accounts that a row means.
func (t *table) sides(r *Row, cells map[string]string) error {
	or := func(column, base string) string {
		if v := cells[column]; v != "" {
			return v
		}
		return base
	}
	for _, side := range []struct {
		side           store.Side
		addr, security string
	}{
		{IMAP, or("imap", t.base.IMAP), or("imap_security", string(t.base.IMAPSecurity))},
		{SMTP, or("smtp", t.base.SMTP), or("smtp_security", string(t.base.SMTPSecurity))},
	} {
		if side.addr == "" {
			continue
		}
		s := Settings{Side: side.side, Addr: side.addr, Security: Security(side.security), User: or("user", r.Address),
			Password: cells["password"], Sent: Filer(or("sent", string(t.base.Sent)))}
		s, err := s.WithDefaults()
		if err != nil {
			return err
		}
		r.Settings = append(r.Settings, s)
	}
	if len(r.Settings) == 0 {
		return errors.New("names no server: fill in imap or smtp, or say --imap HOST or --smtp HOST")
	}
	return nil
}
