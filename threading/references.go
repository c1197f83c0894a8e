package threading

import "slices"

// maxClimb bounds the search for a ring: what would hang deeper stands alone.
const maxClimb = 10_000

// A box holds a message, or the place of one that is missing.
type box struct {
	row    *Row
	parent *box
	above  bool   // has been a parent
	kids   []*box // once all is linked
}

// References is THREAD=REFERENCES (RFC 5256 §3). Every message is in it once,
// whatever rings its references make.
func References(rows []Row) []*Tree {
	roots := prune(link(rows), true)
	for _, b := range roots {
		if b.row == nil {
			sortBoxes(b.kids)
		}
	}
	sortBoxes(roots)
	return trees(joinSubjects(roots))
}

// link is steps 1 and 2: it returns what has no parent.
func link(rows []Row) []*box {
	l := linking{ids: make(map[string]*box, len(rows))}
	for i := range rows {
		own := l.own(&rows[i])
		var parent *box
		for _, id := range rows[i].Refs {
			b := l.box(id)
			if parent != nil && b.parent == nil {
				b.hang(parent)
			}
			parent = b
		}
		own.parent = nil // Its own word counts more than what others said.
		if parent != nil {
			own.hang(parent)
		}
	}
	var roots []*box
	for _, b := range l.all {
		if b.parent == nil {
			roots = append(roots, b)
		} else {
			b.parent.kids = append(b.parent.kids, b)
		}
	}
	return roots
}

type linking struct {
	ids map[string]*box
	all []*box
}

func (l *linking) box(id string) *box {
	b := l.ids[id]
	if b == nil {
		b = &box{}
		l.ids[id] = b
		l.all = append(l.all, b)
	}
	return b
}

// own is the box of a message. A copy, and one without id, is a message of its own.
func (l *linking) own(r *Row) *box {
	if b := l.ids[r.ID]; r.ID == "" || b != nil && b.row != nil {
		b = &box{row: r}
		l.all = append(l.all, b)
		return b
	}
	b := l.box(r.ID)
	b.row = r
	return b
}

// hang makes b a child of parent, unless that makes a ring.
func (b *box) hang(parent *box) {
	if b == parent {
		return
	}
	if b.above {
		climbed := 0
		for p := parent; p != nil; p = p.parent {
			if climbed++; p == b || climbed > maxClimb {
				return
			}
		}
	}
	b.parent, parent.above = parent, true
}

// prune is step 3: a missing message goes, and its children take its place, unless
// it is what holds several threads together.
func prune(list []*box, top bool) []*box {
	var out []*box
	for _, b := range list {
		b.kids = prune(b.kids, false)
		if b.row == nil && (!top || len(b.kids) < 2) {
			out = append(out, b.kids...)
		} else {
			out = append(out, b)
		}
	}
	return out
}

// first is the message that stands for b: its own, or that of its first child.
func (b *box) first() *Row {
	for b.row == nil {
		b = b.kids[0]
	}
	return b.row
}

func sortBoxes(list []*box) {
	slices.SortStableFunc(list, func(a, b *box) int { return bySent(*a.first(), *b.first()) })
}

// joinSubjects is step 5.
func joinSubjects(roots []*box) []*box {
	table := map[string]*box{}
	for _, b := range roots {
		subject := b.first().Subject
		old := table[subject]
		if subject != "" && (old == nil || old.row != nil && (b.row == nil || old.row.IsReply && !b.row.IsReply)) {
			table[subject] = b
		}
	}
	gone := map[*box]bool{}
	for i, b := range roots {
		subject := b.first().Subject
		old := table[subject]
		switch {
		case subject == "" || old == b:
			continue
		case old.row == nil && b.row == nil:
			old.kids = append(old.kids, b.kids...)
		case old.row == nil || b.row.IsReply && !old.row.IsReply:
			old.kids = append(old.kids, b)
		default:
			both := &box{kids: []*box{old, b}}
			table[subject] = both
			roots[i] = both
			gone[old] = true
			continue
		}
		gone[b] = true
	}
	return slices.DeleteFunc(roots, func(b *box) bool { return gone[b] })
}

// trees is step 6, and gives the result.
func trees(list []*box) []*Tree {
	for _, b := range list {
		b.order()
	}
	sortBoxes(list)
	out := make([]*Tree, 0, len(list))
	for _, b := range list {
		out = append(out, b.tree())
	}
	return out
}

// order sorts everything below b.
func (b *box) order() {
	for _, k := range b.kids {
		k.order()
	}
	sortBoxes(b.kids)
}

func (b *box) tree() *Tree {
	t := &Tree{}
	if b.row != nil {
		t.Num = b.row.Num
	}
	for _, k := range b.kids {
		t.Children = append(t.Children, k.tree())
	}
	return t
}
