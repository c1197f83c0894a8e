package threading

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// An Archive is a Graph in memory. It threads mail that no store remembers, such as
// a folder to import; 100,000 messages take about a second. It has one user at a
// time.
type Archive struct {
	nodes  map[string]*entry
	kids   map[string][]*entry   // by parent
	alike  map[string][]*Message // by base subject, oldest first
	groups map[int64]*group      // by living thread
	merged map[int64]int64       // the others, and what they became part of
	last   int64
}

type entry struct {
	Node
	group *group
}

// A group is a thread that lives. Of two that merge the smaller one is rewritten,
// whichever id stays.
type group struct {
	id      int64
	members []*entry // and some that have left
}

// NewArchive returns an empty archive. Its threads are numbered from 1.
func NewArchive() *Archive {
	return &Archive{nodes: map[string]*entry{}, kids: map[string][]*entry{}, alike: map[string][]*Message{}, groups: map[int64]*group{}, merged: map[int64]int64{}}
}

// Add puts a message into its thread and returns what that changed, with all
// threads numbered.
func (a *Archive) Add(m Message) (Change, error) {
	_, repeated := a.nodes[m.ID]
	repeated = repeated && a.nodes[m.ID].Here
	c, err := Join(m, a)
	if err != nil || repeated {
		return c, err
	}
	a.number(&c)
	for _, s := range c.Shifts {
		a.shift(s)
	}
	for _, n := range c.Nodes {
		a.write(n)
	}
	if m.Answerable() {
		list := a.alike[m.Subject]
		at, _ := slices.BinarySearchFunc(list, m.At, behind)
		a.alike[m.Subject] = slices.Insert(list, at, &m)
	}
	return c, nil
}

// number replaces the threads to begin.
func (a *Archive) number(c *Change) {
	begun := map[int64]int64{}
	give := func(thread *int64) {
		if *thread < 0 {
			if begun[*thread] == 0 {
				a.last++
				begun[*thread] = a.last
				a.groups[a.last] = &group{id: a.last}
			}
			*thread = begun[*thread]
		}
	}
	give(&c.Thread)
	for i := range c.Shifts {
		give(&c.Shifts[i].Into)
	}
	for i := range c.Nodes {
		give(&c.Nodes[i].Thread)
		give(&c.Nodes[i].Origin)
	}
}

func (a *Archive) shift(s Shift) {
	if s.IDs == nil {
		a.merge(s.From, s.Into)
		return
	}
	into := a.groups[s.Into]
	if into == nil { // It lives again.
		into = &group{id: s.Into}
		a.groups[s.Into] = into
		delete(a.merged, s.Into)
	}
	for _, id := range s.IDs {
		a.move(a.nodes[id], into)
	}
}

func (a *Archive) merge(lost, kept int64) {
	small, large := a.groups[lost], a.groups[kept]
	if len(large.members) < len(small.members) {
		small, large = large, small
	}
	for _, e := range small.members {
		if e.group == small {
			e.group = large
			large.members = append(large.members, e)
		}
	}
	large.id = kept
	a.groups[kept] = large
	delete(a.groups, lost)
	a.merged[lost] = kept
}

func (a *Archive) move(e *entry, into *group) {
	if e.group == into {
		return
	}
	e.group = into
	into.members = append(into.members, e)
}

func (a *Archive) write(n Node) {
	e := a.nodes[n.ID]
	if e == nil {
		e = &entry{}
		a.nodes[n.ID] = e
	} else if e.Parent != n.Parent && e.Parent != "" {
		i := slices.Index(a.kids[e.Parent], e)
		a.kids[e.Parent] = slices.Delete(a.kids[e.Parent], i, i+1)
	}
	if n.Parent != "" && e.Parent != n.Parent {
		a.kids[n.Parent] = append(a.kids[n.Parent], e)
	}
	e.Node = n
	a.move(e, a.groups[n.Thread])
}

// All yields every node, in no order.
func (a *Archive) All() iter.Seq[Node] {
	return func(yield func(Node) bool) {
		for _, e := range a.nodes {
			if e.ID != "" && !yield(e.node()) {
				return
			}
		}
	}
}

// Thread returns the thread of a message id, 0 if it was never heard of.
func (a *Archive) Thread(id string) int64 {
	if e := a.nodes[id]; e != nil {
		return e.group.id
	}
	return 0
}

// Nodes implements Graph.
func (a *Archive) Nodes(ids []string) ([]Node, error) {
	var out []Node
	for _, id := range ids {
		if e := a.nodes[id]; e != nil {
			out = append(out, e.node())
		}
	}
	return out, nil
}

// Children implements Graph.
func (a *Archive) Children(ids []string, limit int) ([]Node, error) {
	var out []Node
	for _, id := range ids {
		for _, e := range a.kids[id][:min(len(a.kids[id]), limit-len(out))] {
			out = append(out, e.node())
		}
	}
	return out, nil
}

func (e *entry) node() Node {
	n := e.Node
	n.Thread = e.group.id
	return n
}

// Resolve implements Graph.
func (a *Archive) Resolve(thread int64) (int64, error) {
	for a.merged[thread] != 0 {
		thread = a.merged[thread]
	}
	return thread, nil
}

// Alike implements Graph.
func (a *Archive) Alike(subject string, from, to time.Time) ([]Message, error) {
	list := a.alike[subject]
	end, _ := slices.BinarySearchFunc(list, to, behind)
	var out []Message
	for _, m := range slices.Backward(list[:end]) {
		if m.At.Before(from) || len(out) == MaxAlike {
			break
		}
		out = append(out, *m)
	}
	return out, nil
}

// behind finds the first message after an instant.
func behind(m *Message, at time.Time) int { return cmp.Or(m.At.Compare(at), -1) }
