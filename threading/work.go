package threading

import "slices"

// work is what one message changes, on top of what the graph remembers.
type work struct {
	g      Graph
	nodes  map[string]*Node // read or made, with all changes
	before map[string]Node  // as they were read
	merged map[int64]int64  // threads that became part of another
	fresh  int64            // the last thread begun, as a negative number
	shifts []Shift
	budget int // how many more ids may be walked over
}

func newWork(g Graph) *work {
	return &work{
		g: g, nodes: map[string]*Node{}, before: map[string]Node{},
		merged: map[int64]int64{}, budget: MaxMoved,
	}
}

// fetch reads nodes.
func (w *work) fetch(ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	list, err := w.g.Nodes(ids)
	for _, n := range list {
		w.take(n)
	}
	return err
}

// take adds a node that was read, unless it is known already.
func (w *work) take(n Node) *Node {
	if known := w.nodes[n.ID]; known != nil {
		return known
	}
	w.before[n.ID] = n
	n.Thread = w.living(n.Thread)
	w.nodes[n.ID] = &n
	return &n
}

// node returns the node of an id, in a thread of its own if it is new.
func (w *work) node(id string) *Node {
	n := w.nodes[id]
	if n == nil {
		n = &Node{ID: id, Thread: w.begin()}
		w.nodes[id] = n
	}
	return n
}

func (w *work) begin() int64 {
	w.fresh--
	return w.fresh
}

// living follows the merges of this change.
func (w *work) living(thread int64) int64 {
	for {
		into, ok := w.merged[thread]
		if !ok {
			return thread
		}
		thread = into
	}
}

// hang makes parent the parent of c, and moves what hangs below c with it.
func (w *work) hang(c *Node, parent string, rank int) error {
	if parent == c.Parent {
		c.Rank = rank
		return nil
	}
	if c.Parent != "" {
		ok, err := w.cut(c, parent)
		if err != nil || !ok {
			return err
		}
	}
	c.Parent, c.Rank = parent, rank
	if parent != "" {
		w.merge(w.living(w.node(parent).Thread), w.living(c.Thread))
	}
	return nil
}

// merge makes one thread of two; the older id stays.
func (w *work) merge(a, b int64) {
	switch {
	case a == b:
		return
	case a < 0 && b < 0: // Begun by this change: nobody knows either.
	case a < 0 || b > 0 && b < a:
		a, b = b, a
	}
	w.merged[b] = a
	if b > 0 {
		w.shifts = append(w.shifts, Shift{From: b, Into: a})
	}
}

// cut takes c and what hangs below it out of its thread, unless parent hangs in the
// same thread anyway. ok is false if that is too much: then nothing changes.
func (w *work) cut(c *Node, parent string) (ok bool, err error) {
	below, ok, err := w.below(c)
	if err != nil || !ok {
		return ok, err
	}
	if below[c.Parent] || parent != "" && !below[parent] && w.living(w.node(parent).Thread) == w.living(c.Thread) {
		return true, nil // All of the thread hangs below c, or stays together.
	}
	return true, w.split(c, below)
}

// below returns c and everything that hangs below it; ok is false if that is more
// than may be walked over.
func (w *work) below(c *Node) (found map[string]bool, ok bool, err error) {
	found = map[string]bool{c.ID: true}
	for level := []string{c.ID}; len(level) > 0; {
		stored, err := w.g.Children(level, w.budget+1)
		if err != nil {
			return nil, false, err
		}
		if w.budget -= len(stored); w.budget < 0 {
			w.budget = 0
			return nil, false, nil
		}
		at := make(map[string]bool, len(level))
		for _, id := range level {
			at[id] = true
		}
		level = nil
		add := func(n *Node) {
			if n.ID != "" && at[n.Parent] && !found[n.ID] {
				found[n.ID] = true
				level = append(level, n.ID)
			}
		}
		for _, n := range stored {
			add(w.take(n))
		}
		for id, n := range w.nodes { // Those that this change hung there.
			if w.before[id].Parent != n.Parent {
				add(n)
			}
		}
	}
	return found, true, nil
}

// split gives the ids a thread of their own: the one they came from, if they were
// part of another before.
func (w *work) split(c *Node, ids map[string]bool) error {
	into, err := w.former(ids, w.living(c.Thread))
	if err != nil {
		return err
	}
	var list []string
	for id := range ids {
		n := w.nodes[id]
		n.Thread = into
		if _, stored := w.before[id]; stored {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	w.shifts = append(w.shifts, Shift{IDs: list, Into: into})
	return nil
}

// former finds the oldest thread that ids were in before it became part of thread,
// or begins one.
func (w *work) former(ids map[string]bool, thread int64) (int64, error) {
	var origins []int64
	for id := range ids {
		if o := w.nodes[id].Origin; o > 0 && o != thread && !slices.Contains(origins, o) {
			origins = append(origins, o)
		}
	}
	slices.Sort(origins)
	for _, o := range origins {
		now, err := w.g.Resolve(o)
		if err != nil {
			return 0, err
		}
		if now != o && w.living(now) == thread && w.merged[o] == 0 {
			return o, nil
		}
	}
	return w.begin(), nil
}

// change collects what is to be written.
func (w *work) change(own *Node, reason Reason) Change {
	c := Change{Thread: w.living(own.Thread), Reason: reason}
	for _, s := range w.shifts {
		if s.Into < 0 {
			s.Into = w.living(s.Into)
		}
		c.Shifts = append(c.Shifts, s)
	}
	for id, n := range w.nodes {
		n.Thread = w.living(n.Thread)
		if n.Origin == 0 {
			n.Origin = n.Thread
		}
		old, stored := w.before[id]
		if id != "" && (!stored || old.Parent != n.Parent || old.Rank != n.Rank || old.Here != n.Here) {
			c.Nodes = append(c.Nodes, *n)
		}
	}
	slices.SortFunc(c.Nodes, func(a, b Node) int {
		if a.ID < b.ID {
			return -1
		}
		return 1
	})
	return c
}
