package store

import (
	"bytes"
	"encoding/binary"
	"math"
)

// Kinds of B-tree pages.
const (
	indexInterior = 0x02
	tableInterior = 0x05
	indexLeaf     = 0x0a
	tableLeaf     = 0x0d
)

// maxRecord bounds a record: the largest there are hold a chunk or a head.
const maxRecord = 16 << 20

// A node is a B-tree page that looks sound.
type node struct {
	kind  byte
	page  uint32
	data  []byte // of the page; a copy
	cells []int  // offsets
	right uint32 // interior: the last child
}

// node reads a page as a B-tree page; ok is false if it is none.
func (p *pager) node(page uint32) (node, bool) {
	data := p.page(page)
	if data == nil {
		return node{}, false
	}
	n := node{page: page, data: bytes.Clone(data)}
	at := 0
	if page == 1 {
		at = 100 // Behind the header of the file.
	}
	n.kind = n.data[at]
	head := 8
	switch n.kind {
	case indexInterior, tableInterior:
		head = 12
		n.right = binary.BigEndian.Uint32(n.data[at+8:])
	case indexLeaf, tableLeaf:
	default:
		return node{}, false
	}
	count := int(binary.BigEndian.Uint16(n.data[at+3:]))
	first := at + head
	if first+2*count > p.usable {
		return node{}, false
	}
	for i := range count {
		c := int(binary.BigEndian.Uint16(n.data[first+2*i:]))
		if c < first+2*count || c > p.usable-4 {
			return node{}, false
		}
		n.cells = append(n.cells, c)
	}
	return n, true
}

// varint reads SQLite's variable-length integer; size is 0 if it is cut.
func varint(b []byte) (v uint64, size int) {
	for i := range min(9, len(b)) {
		if i == 8 {
			return v<<8 | uint64(b[8]), 9
		}
		v = v<<7 | uint64(b[i]&0x7f)
		if b[i] < 0x80 {
			return v, i + 1
		}
	}
	return 0, 0
}

// child returns the child left of a cell of an interior page, and for tables the
// highest rowid below it.
func (n *node) child(i int) (page uint32, key int64, ok bool) {
	c := n.data[n.cells[i]:]
	page = binary.BigEndian.Uint32(c)
	if n.kind == indexInterior {
		return page, 0, true
	}
	v, size := varint(c[4:])
	return page, int64(v), size > 0
}

// record returns the rowid (tables only) and the octets of the record of a cell; ok
// is false if they cannot be read whole. used is told each overflow page.
func (p *pager) record(n *node, i int, used func(uint32)) (rowid int64, rec []byte, ok bool) {
	c := n.data[n.cells[i]:]
	if n.kind == indexInterior {
		c = c[4:]
	}
	length, size := varint(c)
	if size == 0 {
		return 0, nil, false
	}
	c = c[size:]
	most := p.usable - 35 // in a leaf of a table (file format §1.6)
	if n.kind == tableLeaf {
		v, size := varint(c)
		if size == 0 {
			return 0, nil, false
		}
		rowid, c = int64(v), c[size:]
	} else {
		most = (p.usable-12)*64/255 - 23
	}
	if length > maxRecord {
		return rowid, nil, false
	}
	if int(length) <= most {
		if int(length) > len(c) {
			return rowid, nil, false
		}
		return rowid, c[:length], true
	}
	least := (p.usable-12)*32/255 - 23
	local := least + (int(length)-least)%(p.usable-4)
	if local > most {
		local = least
	}
	if local+4 > len(c) {
		return rowid, nil, false
	}
	rec = append(make([]byte, 0, length), c[:local]...)
	next := binary.BigEndian.Uint32(c[local:])
	for len(rec) < int(length) {
		b := p.page(next)
		if b == nil {
			return rowid, nil, false
		}
		used(next)
		take := min(int(length)-len(rec), p.usable-4)
		rec = append(rec, b[4:4+take]...)
		next = binary.BigEndian.Uint32(b)
	}
	// The chain must end with the record: else a page of it is another's.
	return rowid, rec, next == 0
}

// columns takes a record apart. Text is string, blobs are []byte, NULL is nil; ok is
// false if the record is not sound.
func columns(rec []byte) (values []any, ok bool) {
	length, at := varint(rec)
	if at == 0 || length > uint64(len(rec)) {
		return nil, false
	}
	head, body := rec[at:length], rec[length:]
	for len(head) > 0 {
		kind, size := varint(head)
		if size == 0 || len(values) > 64 {
			return nil, false
		}
		head = head[size:]
		v, n, ok := column(kind, body)
		if !ok {
			return nil, false
		}
		values, body = append(values, v), body[n:]
	}
	return values, len(body) == 0
}

// column reads one value by its serial type.
func column(kind uint64, b []byte) (v any, size int, ok bool) {
	sizes := [...]int{0, 1, 2, 3, 4, 6, 8, 8, 0, 0}
	if kind >= 12 {
		if kind > maxRecord*2 {
			return nil, 0, false
		}
		size = int(kind-12) / 2
		if size > len(b) {
			return nil, 0, false
		}
		if kind%2 == 0 {
			return b[:size:size], size, true
		}
		return string(b[:size]), size, true
	}
	if kind > 9 {
		return nil, 0, false
	}
	size = sizes[kind]
	if size > len(b) {
		return nil, 0, false
	}
	switch kind {
	case 0:
		return nil, 0, true
	case 7:
		return math.Float64frombits(binary.BigEndian.Uint64(b)), 8, true
	case 8, 9:
		return int64(kind - 8), 0, true
	}
	n := int64(int8(b[0]))
	for _, c := range b[1:size] {
		n = n<<8 | int64(c)
	}
	return n, size, true
}
