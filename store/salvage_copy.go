package store

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"

	"github.com/mattn/go-sqlite3"
)

// commitOctets is how much one transaction of the copy may hold.
const commitOctets = 32 << 20

// copyAll copies every table: first what the trees reach, then rows from pages whose
// tree is broken.
func (v *salvager) copyAll() error {
	v.inserts = map[insertKey]*sql.Stmt{}
	v.strays = map[strayKey]struct{}{}
	defer func() {
		for _, s := range v.inserts {
			s.Close()
		}
	}()
	for _, t := range v.src.cat.tables {
		if err := v.src.walk(t, v.put); err != nil {
			return err
		}
	}
	var torn []*sourceTable
	for _, t := range v.src.cat.tables {
		v.rep.Unreadable += int64(t.pages)
		if len(t.holes) > 0 {
			torn = append(torn, t)
		}
	}
	if len(torn) > 0 {
		for _, t := range v.src.cat.texts { // Their blocks have the shape of texts.
			if err := v.src.walk(t, func(*sourceTable, int64, []any) error { return nil }); err != nil {
				return err
			}
		}
		v.stray = true
		if err := v.src.stray(torn, v.put); err != nil {
			return err
		}
	}
	return v.commit()
}

// put copies a row.
func (v *salvager) put(t *sourceTable, rowid int64, values []any) error {
	if t.name == "sqlite_sequence" {
		name, _ := values[0].(string)
		if n, ok := values[len(values)-1].(int64); ok {
			v.src.cat.sequence[name] = max(v.src.cat.sequence[name], n)
		}
		return nil
	}
	if t.alias >= 0 {
		values[t.alias] = rowid
	}
	for i := range values {
		if t.name == "derived" && t.columns[i].name == "indexed" {
			values[i] = int64(0) // The full-text index begins anew.
		}
	}
	stmt, err := v.insert(t, len(values))
	if err != nil {
		return err
	}
	if err := v.begin(); err != nil {
		return err
	}
	if _, err := stmt.ExecContext(v.ctx, values...); err != nil {
		return v.refused(t, rowid, err)
	}
	v.rep.Rows[t.name]++
	if v.stray && t.name == "mailbox" || v.stray && t.name == "recipient" {
		v.strays[strayKey{t.name, rowid}] = struct{}{}
	}
	v.pending += 256
	for _, x := range values {
		switch x := x.(type) {
		case string:
			v.pending += len(x)
		case []byte:
			v.pending += len(x)
		}
	}
	if v.pending > commitOctets {
		return v.commit()
	}
	return nil
}

// refused tells a row that today's constraints do not let in from trouble with the new
// file. A second copy of a row is nothing.
func (v *salvager) refused(t *sourceTable, rowid int64, err error) error {
	var se sqlite3.Error
	if !errors.As(err, &se) || se.Code != sqlite3.ErrConstraint {
		return fmt.Errorf("copy row %d of %s: %w", rowid, t.name, mapError(err))
	}
	if v.stray || se.ExtendedCode == sqlite3.ErrConstraintPrimaryKey || se.ExtendedCode == sqlite3.ErrConstraintRowID {
		return nil
	}
	v.rep.lose(Loss{What: t.name, First: rowid, Last: rowid, Detail: "its content is damaged: " + se.Error()})
	return nil
}

// insert returns the prepared INSERT for the first n columns of a table.
func (v *salvager) insert(t *sourceTable, n int) (*sql.Stmt, error) {
	key := insertKey{t.name, n}
	if s, ok := v.inserts[key]; ok {
		return s, nil
	}
	names := make([]string, n)
	for i, c := range t.columns[:n] {
		names[i] = c.name
	}
	s, err := v.conn.PrepareContext(v.ctx, `INSERT INTO "`+t.name+`" (`+strings.Join(names, ", ")+`) VALUES (?`+strings.Repeat(", ?", n-1)+`)`)
	if err != nil {
		return nil, fmt.Errorf("copy %s: %w", t.name, mapError(err))
	}
	v.inserts[key] = s
	return s, nil
}

// begin opens a transaction if none is.
func (v *salvager) begin() error {
	if v.writing {
		return nil
	}
	if _, err := v.tx.exec(`BEGIN`); err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	v.writing = true
	return nil
}

// commit ends the transaction if one is open.
func (v *salvager) commit() error {
	if !v.writing {
		return nil
	}
	v.writing, v.pending = false, 0
	if _, err := v.tx.exec(`COMMIT`); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}
