package store

import (
	"context"
)

// A source reads the rows of a damaged database, page by page.
type source struct {
	ctx    context.Context //nolint:containedctx // lives as long as one Salvage call
	pager  *pager
	cat    *catalog
	used   []bool // pages that were read, or hold nothing
	report *SalvageReport
	step   func() // progress
}

// emit is told each row: rowid is 0 for tables WITHOUT ROWID.
type emit func(t *sourceTable, rowid int64, values []any) error

// maxDepth bounds the walk: a B-tree of 2^32 pages is not as deep.
const maxDepth = 24

// A row is what a cell holds.
type row struct {
	rowid  int64
	values []any // nil: it cannot be read
}

// walk reads a table from its root. What cannot be read becomes holes of t.
func (s *source) walk(t *sourceTable, to emit) error {
	first, last, doubt := s.lonelyRoot(t)
	if doubt {
		t.lose(span{everything().lo, first - 1})
	}
	err := s.descend(t, t.root, everything(), 0, to)
	if doubt {
		t.lose(span{last, everything().hi})
	}
	return err
}

// lonelyRoot reports whether the root of the texts is a leaf, and which rows it has.
// It may be another leaf that a lost write has put there; then all other texts are
// strays. No other table is doubted like that: none has the shape of this one.
func (s *source) lonelyRoot(t *sourceTable) (first, last int64, doubt bool) {
	if t.name != "chunk" || t.root == 0 || t.root > s.pager.pages {
		return 0, 0, false
	}
	n, ok := s.pager.node(t.root)
	if !ok || n.kind != tableLeaf {
		return 0, 0, false
	}
	rows, _ := s.rows(&n, t)
	if len(rows) == 0 {
		return everything().hi, everything().hi, true
	}
	return rows[0].rowid, rows[len(rows)-1].rowid, true
}

// hole notes that a page of t could not be read.
func (s *source) hole(t *sourceTable, in span) {
	t.pages++
	t.lose(in)
}

func (s *source) descend(t *sourceTable, page uint32, in span, depth int, to emit) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	if page == 0 || page > s.pager.pages || s.used[page] || depth > maxDepth {
		s.hole(t, in)
		return nil
	}
	n, ok := s.pager.node(page)
	if !ok || t.rowid != (n.kind == tableLeaf || n.kind == tableInterior) {
		s.hole(t, in)
		return nil
	}
	if n.kind == tableInterior {
		return s.tableChildren(t, &n, in, depth, to)
	}
	rows, overflow := s.rows(&n, t)
	if !sound(rows, t, in) {
		s.hole(t, in)
		return nil
	}
	s.take(page, overflow)
	for _, r := range rows {
		if r.values == nil {
			s.hole(t, span{r.rowid - 1, r.rowid})
			continue
		}
		if err := to(t, r.rowid, r.values); err != nil {
			return err
		}
	}
	if n.kind == indexInterior {
		return s.indexChildren(t, &n, in, depth, to)
	}
	return nil
}

// tableChildren goes down from an interior page, whose keys bound the rowids below.
func (s *source) tableChildren(t *sourceTable, n *node, in span, depth int, to emit) error {
	s.take(n.page, nil)
	lo := in.lo
	for i := range n.cells {
		child, key, ok := n.child(i)
		if !ok || key <= lo || key > in.hi {
			s.hole(t, span{lo, in.hi}) // Keys that do not ascend: nothing behind can be trusted.
			return nil
		}
		if err := s.descend(t, child, span{lo, key}, depth+1, to); err != nil {
			return err
		}
		lo = key
	}
	return s.descend(t, n.right, span{lo, in.hi}, depth+1, to)
}

func (s *source) indexChildren(t *sourceTable, n *node, in span, depth int, to emit) error {
	for i := range n.cells {
		child, _, _ := n.child(i)
		if err := s.descend(t, child, in, depth+1, to); err != nil {
			return err
		}
	}
	return s.descend(t, n.right, in, depth+1, to)
}

// rows decodes the cells of a page. With t, values that do not fit it are nil.
func (s *source) rows(n *node, t *sourceTable) (rows []row, overflow []uint32) {
	for i := range n.cells {
		var chain []uint32
		rowid, rec, ok := s.pager.record(n, i, func(p uint32) { chain = append(chain, p) })
		r := row{rowid: rowid}
		if ok {
			r.values, ok = columns(rec)
		}
		if ok && t != nil {
			ok = fits(t.columns, r.values, t.alias)
		}
		if ok {
			overflow = append(overflow, chain...)
		} else {
			r.values = nil
		}
		rows = append(rows, r)
	}
	return rows, overflow
}

// sound reports whether a leaf can be the table's: its rowids ascend within the
// bounds, and not every row is unreadable.
func sound(rows []row, t *sourceTable, in span) bool {
	last, good := in.lo, len(rows) == 0
	for _, r := range rows {
		if t.rowid {
			if r.rowid <= last && !(r.rowid == last && last == everything().lo) || r.rowid > in.hi {
				return false
			}
			last = r.rowid
		}
		good = good || r.values != nil
	}
	return good
}

// take marks pages as read.
func (s *source) take(page uint32, overflow []uint32) {
	for _, p := range append(overflow, page) {
		if p < uint32(len(s.used)) && !s.used[p] {
			s.used[p] = true
			s.step()
		}
	}
}

// stray looks for rows of the tables in the pages that no walk has reached: the inner
// page above them is lost. Only rows in holes count; what lies elsewhere is an old copy.
func (s *source) stray(tables []*sourceTable, to emit) error {
	for page := uint32(2); page < uint32(len(s.used)); page++ {
		if s.used[page] {
			continue
		}
		if err := s.ctx.Err(); err != nil {
			return err
		}
		n, ok := s.pager.node(page)
		if !ok || n.kind == tableInterior {
			continue
		}
		rows, overflow := s.rows(&n, nil)
		found := false
		for _, r := range rows {
			t := s.whose(tables, n.kind, r)
			if t == nil {
				continue
			}
			found = true
			if err := to(t, r.rowid, r.values); err != nil {
				return err
			}
		}
		if found {
			s.take(page, overflow)
		}
	}
	return nil
}

// whose says which of the tables a stray row belongs to; nil if it is none's or not
// certain.
func (s *source) whose(tables []*sourceTable, kind byte, r row) *sourceTable {
	if r.values == nil {
		return nil
	}
	if kind != tableLeaf {
		for _, x := range s.cat.indexes {
			if len(x) == len(r.values) && fits(x, r.values, -1) {
				return nil
			}
		}
	}
	var whole, short *sourceTable
	wholes, shorts := 0, 0
	for _, t := range tables {
		if t.rowid != (kind == tableLeaf) || len(t.holes) == 0 || t.rowid && !t.missing(r.rowid) ||
			!fits(t.columns, r.values, t.alias) || t.alias >= 0 && r.values[t.alias] != nil {
			continue
		}
		if len(r.values) == len(t.columns) {
			whole, wholes = t, wholes+1
		} else {
			short, shorts = t, shorts+1
		}
	}
	switch {
	case wholes == 1:
		return whole
	case wholes == 0 && shorts == 1:
		return short
	}
	return nil
}
