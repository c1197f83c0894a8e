package threading

import (
	"slices"
	"time"
)

// A Node is what is remembered of a message id. Every id hangs below at most one
// other, its parent, and a thread is all that hangs together: a tree, or a ring
// with trees if somebody lied. What hangs together follows from the messages alone,
// not from the order in which they came.
type Node struct {
	ID     string
	Parent string // "" for none
	Rank   int    // how much the word for Parent counts: the higher one stays
	Thread int64
	Origin int64 // the thread it was in first: the id that comes back if a merged one falls apart
	Here   bool  // a message with that id is here; false: it was only cited
}

// The ranks of a parent. In between: the place that the id had in the References of
// another message, because the longer list is the less shortened one.
const (
	rankSubject = MaxRefs + 1 // guessed by subject; for a message that names nobody
	rankOwn     = MaxRefs + 2 // the message says so itself
)

// A Graph answers for what came before. The store does it with one indexed query a
// question, an Archive from memory. Its errors end the joining.
type Graph interface {
	// Nodes returns what is remembered of ids; those never heard of are left out.
	// Thread is the living one, never one that was merged away.
	Nodes(ids []string) ([]Node, error)
	// Children returns nodes whose parent is one of ids, limit of them at most.
	Children(ids []string, limit int) ([]Node, error)
	// Resolve returns the thread that a thread was merged into, or itself.
	Resolve(thread int64) (int64, error)
	// Alike returns the messages that are here, not automatic, with that base
	// subject and with from <= At <= to: the newest MaxAlike, the newest first.
	Alike(subject string, from, to time.Time) ([]Message, error)
}

// MaxAlike bounds how many messages of one subject are looked at.
const MaxAlike = 50

// MaxMoved bounds how many ids one message can make leave their thread. What is
// larger stays where it is.
const MaxMoved = 10_000

// A Shift is a step of a Change: everything of thread From becomes part of Into, or
// IDs leave whatever thread they are in for Into. That may be a thread that was
// merged away; it lives again then.
type Shift struct {
	From int64 // 0 with IDs
	IDs  []string
	Into int64
}

// A Change is what one message does to the threads, to be applied in one
// transaction: first the shifts, in order, then the nodes. A negative thread is one
// to begin, the same number the same one.
type Change struct {
	Thread int64 // where the message belongs
	Reason Reason
	Shifts []Shift
	Nodes  []Node // to write, new or changed
}

// Join says what m changes. It asks g a handful of questions, however many messages
// there are. A message that is here already changes nothing.
//
// m.At should be what Written says: it decides which mail an answer without
// references may answer.
func Join(m Message, g Graph) (Change, error) {
	w := newWork(g)
	chain := lineage(m)
	ids := chain
	if m.ID != "" {
		ids = append(slices.Clip(ids), m.ID)
	}
	if err := w.fetch(ids); err != nil {
		return Change{}, err
	}
	if own := w.nodes[m.ID]; own != nil && own.Here {
		return Change{Thread: own.Thread, Reason: ByID}, nil
	}
	if !m.Doubtful {
		for i := 1; i < len(chain); i++ {
			if err := w.testify(chain[i], chain[i-1], i); err != nil {
				return Change{}, err
			}
		}
	}
	own, reason, err := w.settle(m, chain)
	if err != nil {
		return Change{}, err
	}
	if err := w.adopt(m); err != nil {
		return Change{}, err
	}
	return w.change(own, reason), nil
}

// First is the only node of a message that names nobody, that nobody has named and that
// no bare answer came before: what Join would write.
func First(m Message) Node { return Node{ID: m.ID, Rank: rankOwn, Here: true} }

// lineage are the ids that m names, the root first, its parent last, each once and
// never m itself. In-Reply-To counts only without References (RFC 5256 §3): old
// programs put all sorts of things there, such as the address of whoever is
// answered.
func lineage(m Message) []string {
	named := m.References
	if len(named) == 0 {
		for _, id := range m.InReplyTo {
			if !slices.Contains(m.From, id) && !slices.Contains(m.To, id) {
				named = []string{id}
				break
			}
		}
	}
	var out []string
	root := ""
	for _, id := range slices.Backward(named) {
		if id == "" || id == m.ID || slices.Contains(out, id) {
			continue
		}
		root = id
		if len(out) < MaxRefs-1 {
			out = append(out, id)
		}
	}
	if len(out) > 0 && out[len(out)-1] != root {
		out = append(out, root)
	}
	slices.Reverse(out)
	return out
}

// settle puts m itself in its place.
func (w *work) settle(m Message, chain []string) (*Node, Reason, error) {
	cited := w.nodes[m.ID]
	if cited != nil && m.Doubtful { // The true one may still come.
		return cited, ByID, nil
	}
	parent, rank, reason := "", rankOwn, New
	if len(chain) > 0 {
		parent = chain[len(chain)-1]
	} else if m.Bare() {
		best, err := w.answered(m)
		if err != nil {
			return nil, New, err
		}
		if best != "" {
			parent, rank, reason = best, rankSubject, BySubject
		}
	}
	if reason == New && parent != "" && w.living(w.node(parent).Thread) > 0 {
		reason = ByAncestor
	}
	if cited != nil && reason != BySubject {
		reason = ByID
	}
	own := w.node(m.ID)
	if err := w.hang(own, parent, rank); err != nil {
		return nil, New, err
	}
	own.Here = true
	return own, reason, nil
}

// testify takes the word of a message that child answers parent. Whoever is here
// speaks for itself.
func (w *work) testify(child, parent string, rank int) error {
	c := w.node(child)
	if c.Here || rank < c.Rank || rank == c.Rank && parent >= c.Parent {
		return nil
	}
	return w.hang(c, parent, rank)
}
