package store

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/mattn/go-sqlite3"
)

// maxRows is how many rows one INSERT writes at most; prepared are the powers of two up
// to it.
const maxRows = 64

// maxOctets bounds what one INSERT of more than a row writes: every statement keeps room
// for as much as it was ever given.
const maxOctets = 64 << 10

// A bulk writes many rows with few statements, and reads ids, past database/sql: for
// the hot path of the writer. It is not safe for concurrent use.
type bulk struct {
	conn     *sqlite3.SQLiteConn
	prepared map[bulkKey]driver.StmtQueryContext
	args     []driver.NamedValue
}

// A bulkKey names a statement for some number of rows.
type bulkKey struct {
	text, end string
	rows      int
}

func newBulk(conn *sqlite3.SQLiteConn) *bulk {
	return &bulk{conn: conn, prepared: map[bulkKey]driver.StmtQueryContext{}}
}

// insert writes rows, one behind the other in values, with an INSERT that ends before
// VALUES.
func (b *bulk) insert(text string, columns int, values []driver.Value) error {
	return b.values(text, "", columns, values, nil)
}

// values runs a statement for rows, one behind the other in values, that stand as VALUES
// between begin and end. each is given every row that it returns.
func (b *bulk) values(begin, end string, columns int, values []driver.Value, each func([]driver.Value)) error {
	for rows := len(values) / columns; rows > 0; rows = len(values) / columns {
		n := maxRows
		for n > rows || n > 1 && octets(values[:n*columns]) > maxOctets {
			n /= 2
		}
		one := "(?" + strings.Repeat(", ?", columns-1) + ")"
		stmt, err := b.prepare(bulkKey{begin, end, n}, func() string { return begin + " VALUES " + one + strings.Repeat(", "+one, n-1) + end })
		if err == nil {
			err = b.run(stmt, values[:n*columns], each)
		}
		if err != nil {
			return err
		}
		values = values[n*columns:]
	}
	return nil
}

// octets is how much values hold.
func octets(values []driver.Value) (n int) {
	for _, v := range values {
		switch v := v.(type) {
		case []byte:
			n += len(v)
		case string:
			n += len(v)
		}
	}
	return n
}

// where runs a statement for a set of values, which stands where text has "(*)", as
// often as it has. each is given the first column of every row.
func (b *bulk) where(text string, set []driver.Value, each func(driver.Value)) error {
	return b.rows(text, set, first(each))
}

// first gives the first column of a row to each, if there is one.
func first(each func(driver.Value)) func([]driver.Value) {
	if each == nil {
		return nil
	}
	return func(row []driver.Value) { each(row[0]) }
}

// rows is where with every column. each must not keep the row.
func (b *bulk) rows(text string, set []driver.Value, each func([]driver.Value)) error {
	sets := strings.Count(text, "(*)")
	for len(set) > 0 {
		n := 1
		for n < len(set) && n < maxRows {
			n *= 2
		}
		part := set[:min(n, len(set))]
		set = set[len(part):]
		stmt, err := b.prepare(bulkKey{text, "", n}, func() string {
			return strings.ReplaceAll(text, "(*)", "(?"+strings.Repeat(", ?", n-1)+")")
		})
		if err != nil {
			return err
		}
		var args []driver.Value
		for range sets {
			args = append(args, part...)
			for range n - len(part) {
				args = append(args, part[0]) // Twice is once.
			}
		}
		if err := b.run(stmt, args, each); err != nil {
			return err
		}
	}
	return nil
}

// exec runs a statement; each is given the first column of every row.
func (b *bulk) exec(text string, each func(driver.Value), args ...driver.Value) error {
	stmt, err := b.prepare(bulkKey{text, "", 0}, func() string { return text })
	if err != nil {
		return err
	}
	return b.run(stmt, args, first(each))
}

func (b *bulk) prepare(key bulkKey, text func() string) (driver.StmtQueryContext, error) {
	if s, ok := b.prepared[key]; ok {
		return s, nil
	}
	s, err := b.conn.Prepare(text())
	if err != nil {
		return nil, fmt.Errorf("prepare %.40s: %w", key.text, mapError(err))
	}
	q, ok := s.(driver.StmtQueryContext)
	if !ok {
		return nil, errors.New("the driver has no queries")
	}
	b.prepared[key] = q
	return q, nil
}

// run binds and steps. A query, also for what returns no rows: the driver then needs
// one call of C instead of one for each value.
func (b *bulk) run(stmt driver.StmtQueryContext, values []driver.Value, each func([]driver.Value)) error {
	b.args = b.args[:0]
	for i, v := range values {
		b.args = append(b.args, driver.NamedValue{Ordinal: i + 1, Value: v})
	}
	rows, err := stmt.QueryContext(context.Background(), b.args)
	clear(b.args) // It must not keep the mail.
	if err != nil {
		return mapError(err)
	}
	err = drainRows(rows, each)
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	return mapError(err)
}

func drainRows(rows driver.Rows, each func([]driver.Value)) error {
	row := make([]driver.Value, len(rows.Columns()))
	for {
		err := rows.Next(row)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if each != nil && len(row) > 0 {
			each(row)
		}
	}
}

// close frees the statements.
func (b *bulk) close() {
	for _, s := range b.prepared {
		if c, ok := s.(io.Closer); ok {
			c.Close()
		}
	}
	clear(b.prepared)
}

// stampValue, idValue and boolValue are values as the columns want them.
func stampValue(t time.Time) driver.Value {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(layout)
}

func idValue(id int64) driver.Value {
	if id == 0 {
		return nil
	}
	return id
}

func boolValue(b bool) driver.Value {
	if b {
		return int64(1)
	}
	return int64(0)
}
