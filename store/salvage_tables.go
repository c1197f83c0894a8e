package store

import (
	"context"
	"database/sql"
	"fmt"
	"math"
	"slices"
	"strings"
)

// A span is the rowids above lo up to hi.
type span struct{ lo, hi int64 }

func everything() span { return span{math.MinInt64, math.MaxInt64} }

// A sourceTable is a table of the damaged database: its shape is known from today's
// schema, its root from the database.
type sourceTable struct {
	name    string
	columns []sourceColumn
	rowid   bool // false: WITHOUT ROWID, its records are the cells of an index
	alias   int  // the column that is the rowid; -1: none
	root    uint32
	holes   []span // rowids that pages could not be read for, ascending
	pages   int    // that could not be read
}

// A sourceColumn has the strict type of a column.
type sourceColumn struct {
	name    string
	kind    string // INTEGER, TEXT, BLOB; "" is any
	notNull bool
}

// A shape is the columns of a secondary index, to know its pages from those of tables
// WITHOUT ROWID.
type shape []sourceColumn

// A catalog is what is known of the schema of the damaged database.
type catalog struct {
	tables   []*sourceTable
	texts    []*sourceTable // of the full-text indexes: they are made anew, but their pages are no strays
	indexes  []shape
	sequence map[string]int64 // highest rowid ever given, by table
}

func (c *catalog) table(name string) *sourceTable {
	for _, list := range [][]*sourceTable{c.tables, c.texts} {
		for _, t := range list {
			if t.name == name {
				return t
			}
		}
	}
	return nil
}

// knownCatalog reads the shapes from a fresh database. Its roots are where an
// undisturbed database of this version has them too.
func knownCatalog(ctx context.Context, c *sql.Conn) (*catalog, error) {
	tx := &Tx{q: c, ctx: ctx}
	type object struct {
		kind, name, text string
		root             uint32
	}
	objects, err := all(tx, func(o *object) []any { return []any{&o.kind, &o.name, &o.root, &o.text} },
		`SELECT type, name, rootpage, coalesce(sql, '') FROM sqlite_schema
		 WHERE type IN ('table', 'index') AND rootpage <> 0`)
	if err != nil {
		return nil, fmt.Errorf("read known schema: %w", err)
	}
	cat := &catalog{sequence: map[string]int64{}}
	for _, o := range objects {
		if o.kind == "index" {
			s, err := indexShape(tx, o.name)
			if err != nil {
				return nil, err
			}
			cat.indexes = append(cat.indexes, s)
			continue
		}
		t := &sourceTable{name: o.name, root: o.root, alias: -1, rowid: !strings.Contains(o.text, "WITHOUT ROWID")}
		if t.columns, err = tableColumns(tx, o.name); err != nil {
			return nil, err
		}
		if t.rowid && t.columns[0].kind == "INTEGER" && strings.Contains(o.text, "INTEGER PRIMARY KEY") {
			t.alias = 0
		}
		if strings.HasPrefix(o.name, "fts") {
			cat.texts = append(cat.texts, t)
			continue
		}
		cat.tables = append(cat.tables, t)
	}
	return cat, nil
}

func tableColumns(tx *Tx, table string) ([]sourceColumn, error) {
	cols, err := all(tx, func(c *sourceColumn) []any { return []any{&c.name, &c.kind, &c.notNull} },
		`SELECT name, type, "notnull" OR pk > 0 FROM pragma_table_info(?) ORDER BY cid`, table)
	if err != nil {
		return nil, fmt.Errorf("columns of %s: %w", table, err)
	}
	return cols, nil
}

func indexShape(tx *Tx, index string) (shape, error) {
	s, err := all(tx, func(c *sourceColumn) []any { return []any{&c.name, &c.kind} },
		`SELECT coalesce(x.name, ''), CASE x.cid WHEN -1 THEN 'INTEGER' WHEN -2 THEN '' ELSE coalesce(t.type, '') END
		 FROM pragma_index_xinfo(?1) x LEFT JOIN sqlite_schema s ON s.name = ?1
		 LEFT JOIN pragma_table_info(s.tbl_name) t ON t.cid = x.cid ORDER BY x.seqno`, index)
	if err != nil {
		return nil, fmt.Errorf("columns of %s: %w", index, err)
	}
	return s, nil
}

// fits reports whether the values can stand in the columns. A record may be shorter
// than the table: columns were added since.
func fits(columns []sourceColumn, values []any, alias int) bool {
	if len(values) > len(columns) || len(values) == 0 {
		return false
	}
	for i, v := range values {
		c := columns[i]
		ok := true
		switch v.(type) {
		case nil:
			ok = !c.notNull || i == alias
		case int64:
			ok = (c.kind == "INTEGER" || c.kind == "") && i != alias
		case string:
			ok = c.kind == "TEXT" || c.kind == ""
		case []byte:
			ok = c.kind == "BLOB" || c.kind == ""
		default:
			ok = false // There are no floating-point numbers in any table.
		}
		if !ok {
			return false
		}
	}
	return true
}

// lose adds a hole.
func (t *sourceTable) lose(s span) {
	if n := len(t.holes); n > 0 && t.holes[n-1].hi >= s.lo {
		t.holes[n-1].hi = max(t.holes[n-1].hi, s.hi)
		return
	}
	t.holes = append(t.holes, s)
}

// missing reports whether a rowid lies in a hole.
func (t *sourceTable) missing(rowid int64) bool {
	_, found := slices.BinarySearchFunc(t.holes, rowid, func(s span, id int64) int {
		switch {
		case s.hi < id:
			return -1
		case s.lo >= id:
			return 1
		}
		return 0
	})
	return found
}

// schemaTable is sqlite_schema itself, always rooted in page 1.
func schemaTable() *sourceTable {
	text := func(name string) sourceColumn { return sourceColumn{name: name, kind: "TEXT"} }
	return &sourceTable{name: "sqlite_schema", rowid: true, alias: -1, root: 1, columns: []sourceColumn{
		text("type"), text("name"), text("tbl_name"), {name: "rootpage", kind: "INTEGER"}, text("sql")}}
}

// roots replaces the known roots by those that sqlite_schema names. If a part of it is
// damaged, its records are looked for everywhere; for tables it does not name, the root
// of an undisturbed database is tried.
func (s *source) roots() error {
	schema := schemaTable()
	learn := func(_ *sourceTable, _ int64, v []any) error {
		kind, _ := v[0].(string)
		name, _ := v[1].(string)
		root, _ := v[3].(int64)
		if t := s.cat.table(name); kind == "table" && t != nil && len(v) == 5 && root > 1 && root <= int64(s.pager.pages) {
			t.root = uint32(root)
		}
		return nil
	}
	if err := s.walk(schema, learn); err != nil {
		return err
	}
	if len(schema.holes) == 0 {
		return nil
	}
	s.report.SchemaDamaged = true
	return s.stray([]*sourceTable{schema}, learn)
}
