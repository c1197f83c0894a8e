package people

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Limits of a CSV file.
const (
	maxCSV     = 8 << 20
	maxCSVRows = 10_000
)

// maxProblems is how many problems of one file are told.
const maxProblems = 50

// A CSVProblem is one thing that is wrong with a CSV file.
type CSVProblem struct {
	File   string
	Line   int    // from 1
	Column string // name of the column, "" if it is about the row or the file
	Text   string
}

// String gives FILE:LINE: COLUMN: what is wrong.
func (p CSVProblem) String() string {
	s := fmt.Sprintf("%s:%d: ", p.File, p.Line)
	if p.Column != "" {
		s += p.Column + ": "
	}
	return s + p.Text
}

// CSVProblems is everything that is wrong with a CSV file, fifty at most.
type CSVProblems []CSVProblem

// Error gives one line a problem.
func (ps CSVProblems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// A csvRow is one person of a CSV file.
type csvRow struct {
	line   int
	fields map[Field]string
}

// A csvReader collects rows and problems of one file.
type csvReader struct {
	name     string
	columns  []Field
	rows     []csvRow
	problems CSVProblems
}

// readCSV reads a file whose first row names the columns, separated by commas,
// semicolons (as spreadsheets of half of Europe write it) or tabs. Empty cells say
// nothing. All problems are collected.
func readCSV(name string, r io.Reader) ([]csvRow, error) {
	c := &csvReader{name: name}
	data, err := io.ReadAll(io.LimitReader(r, maxCSV+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	switch {
	case len(data) > maxCSV:
		return nil, c.fail(1, fmt.Sprintf("the file is larger than %d MiB", maxCSV>>20))
	case bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")):
		return nil, c.fail(1, "the file is UTF-16: save it as CSV UTF-8")
	case !utf8.Valid(data):
		return nil, c.fail(badLine(data), "the file is not UTF-8: save it as CSV UTF-8")
	}
	in := csv.NewReader(bytes.NewReader(data))
	in.Comma = separator(data)
	in.FieldsPerRecord = -1
	in.TrimLeadingSpace = true
	if err := c.header(in); err != nil {
		return nil, err
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			return nil, c.fail(parse.Line, parse.Err.Error())
		}
		line, _ := in.FieldPos(0)
		if len(c.rows) == maxCSVRows {
			return nil, c.fail(line, fmt.Sprintf("more than %d people", maxCSVRows))
		}
		c.row(line, record)
	}
	if len(c.problems) > 0 {
		return nil, c.problems
	}
	return c.rows, nil
}

// badLine is the line of the first octet that is not UTF-8.
func badLine(data []byte) int {
	line := 1
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			break
		}
		if r == '\n' {
			line++
		}
		data = data[n:]
	}
	return line
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

func (c *csvReader) header(in *csv.Reader) error {
	names, err := in.Read()
	if err != nil {
		if parse := (*csv.ParseError)(nil); errors.As(err, &parse) {
			return c.fail(parse.Line, parse.Err.Error())
		}
		return c.fail(1, "the file is empty: its first row names the columns")
	}
	known := Fields()
	for _, n := range names {
		f := Field(strings.ReplaceAll(strings.ToLower(strings.TrimSpace(n)), " ", "_"))
		switch {
		case f == fieldHash:
		case f == fieldPassword:
			c.problem(1, n, "passwords do not belong into a table: leave the column out; passwords can be made and are shown once")
		case !slices.ContainsFunc(known, func(d FieldDoc) bool { return d.Field == f }):
			list := make([]string, len(known))
			for i, d := range known {
				list[i] = string(d.Field)
			}
			c.problem(1, n, "unknown column; the columns are "+strings.Join(list, ", "))
		case slices.Contains(c.columns, f):
			c.problem(1, n, "stands twice")
		}
		c.columns = append(c.columns, f)
	}
	if !slices.Contains(c.columns, FieldAddress) {
		c.problem(1, string(FieldAddress), "the column is missing")
	}
	if len(c.problems) > 0 {
		return c.problems
	}
	return nil
}

func (c *csvReader) row(line int, record []string) {
	if !slices.ContainsFunc(record, func(s string) bool { return strings.TrimSpace(s) != "" }) {
		return // Spreadsheets leave rows of separators behind.
	}
	if len(record) > len(c.columns) {
		c.problem(line, "", fmt.Sprintf("has %d cells, there are %d columns; a list with the separator in it stands in quotation marks", len(record), len(c.columns)))
		return
	}
	row := csvRow{line: line, fields: map[Field]string{}}
	for i, cell := range record {
		if cell = strings.TrimSpace(unguard(cell)); cell != "" {
			row.fields[c.columns[i]] = cell
		}
	}
	if row.fields[FieldAddress] == "" {
		c.problem(line, string(FieldAddress), "is required")
		return
	}
	c.rows = append(c.rows, row)
}

func (c *csvReader) problem(line int, column, text string) {
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, CSVProblem{c.name, line, column, text})
	}
}

func (c *csvReader) fail(line int, text string) error {
	return CSVProblems{{c.name, line, "", text}}
}

// WriteCSV writes people as a CSV file that Import reads. A cell that a spreadsheet
// would take for a formula has an apostrophe before it, which Import takes away:
// a name is chosen by whoever bears it.
func WriteCSV(w io.Writer, people []Entry) error {
	out := csv.NewWriter(w)
	rules := fieldRules()
	record := make([]string, len(rules))
	for i, r := range rules {
		record[i] = string(r.name)
	}
	out.Write(record) // Its errors are sticky: Error below tells.
	for _, p := range people {
		for i, r := range rules {
			record[i] = guard(p.Fields[r.name])
		}
		out.Write(record)
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write people: %w", err)
	}
	return nil
}

// formulaStarts are the characters with which spreadsheets begin a formula.
const formulaStarts = "=+-@\t\r|"

func guard(cell string) string {
	if cell != "" && strings.ContainsRune(formulaStarts+"'", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

func unguard(cell string) string {
	if len(cell) > 1 && cell[0] == '\'' && strings.ContainsRune(formulaStarts+"'", rune(cell[1])) {
		return cell[1:]
	}
	return cell
}
