package inbox

import (
	"fmt"
	"time"

	"tidepost/mail"
	"tidepost/store"
	"tidepost/threading"
)

// Threaded is what threading needs to know of a message that comes now.
func Threaded(f mail.Facts, now time.Time) threading.Message {
	now = now.UTC().Truncate(time.Millisecond) // As the store keeps it.
	return threading.Of(f, threading.Written(f, now))
}

// PlaceThread says which thread a message belongs to, makes one if there is none, and
// remembers the ids the message names. Every message that is stored goes through it:
// submitted, received and composed. It may join threads that were two, or part them.
func PlaceThread(tx *store.Tx, m threading.Message, now time.Time) (int64, error) {
	c, err := threading.Join(m, graph{tx})
	if err != nil {
		return 0, fmt.Errorf("place message %s: %w", m.ID, err)
	}
	p := placing{tx: tx, m: m, now: now, begun: map[int64]int64{}}
	id, err := p.apply(c)
	if err != nil {
		return 0, fmt.Errorf("place message %s: %w", m.ID, err)
	}
	return id, nil
}

// FirstRef is what PlaceThread remembers of a message that names nobody and that nobody
// has named: it begins a thread.
func FirstRef(m threading.Message) store.Ref {
	n := threading.First(m)
	return store.Ref{MID: n.ID, Rank: n.Rank, Here: n.Here, Told: told(m)}
}

// told is what later answers by subject need of m, nil if there may be none.
func told(m threading.Message) *store.Told {
	if !m.Answerable() {
		return nil
	}
	return &store.Told{Subject: m.Subject, Written: m.At, From: m.From, To: m.To, Bare: m.Bare()}
}

// A placing applies a change to the store.
type placing struct {
	tx    *store.Tx
	m     threading.Message
	now   time.Time
	begun map[int64]int64 // threads of the change that were to begin
}

func (p *placing) apply(c threading.Change) (int64, error) {
	id, err := p.thread(c.Thread, p.m.Topic)
	if err != nil {
		return 0, err
	}
	for _, s := range c.Shifts {
		if err := p.shift(s); err != nil {
			return 0, err
		}
	}
	for _, n := range c.Nodes {
		if err := p.write(n); err != nil {
			return 0, err
		}
	}
	if c.Thread > 0 {
		return id, p.tx.TouchThread(id, p.now)
	}
	return id, nil
}

// thread returns the id of a thread, and begins it if it is new.
func (p *placing) thread(id int64, subject string) (int64, error) {
	if id > 0 {
		return id, nil
	}
	if p.begun[id] == 0 {
		t := store.Thread{Subject: subject, Created: p.now, Updated: p.now}
		if err := p.tx.InsertThread(&t); err != nil {
			return 0, err
		}
		p.begun[id] = t.ID
	}
	return p.begun[id], nil
}

func (p *placing) shift(s threading.Shift) error {
	subject := p.m.Topic
	if s.Into < 0 && p.begun[s.Into] == 0 {
		var err error
		if subject, err = p.tx.SubjectOfRefs(s.IDs); err != nil {
			return err
		}
	}
	into, err := p.thread(s.Into, subject)
	switch {
	case err != nil:
		return err
	case s.IDs == nil:
		return p.tx.ShiftThread(s.From, into)
	case len(s.IDs) == 0: // What leaves is new.
		return nil
	}
	return p.tx.ShiftRefs(s.IDs, into)
}

func (p *placing) write(n threading.Node) error {
	thread, err := p.thread(n.Thread, p.m.Topic)
	if err != nil {
		return err
	}
	origin, err := p.thread(n.Origin, p.m.Topic)
	if err != nil {
		return err
	}
	r := store.Ref{MID: n.ID, Parent: n.Parent, Rank: n.Rank, Thread: thread, Origin: origin, Here: n.Here}
	if n.ID == p.m.ID {
		r.Told = told(p.m)
	}
	return p.tx.PutRef(r)
}

// graph is threading.Graph on the store.
type graph struct{ tx *store.Tx }

// Nodes implements threading.Graph.
func (g graph) Nodes(ids []string) ([]threading.Node, error) {
	list, err := g.tx.Refs(ids)
	return nodes(list), err
}

// Children implements threading.Graph.
func (g graph) Children(ids []string, limit int) ([]threading.Node, error) {
	list, err := g.tx.RefsBelow(ids, limit)
	return nodes(list), err
}

// Resolve implements threading.Graph.
func (g graph) Resolve(thread int64) (int64, error) { return g.tx.ResolveThread(thread) }

// Alike implements threading.Graph.
func (g graph) Alike(subject string, from, to time.Time) ([]threading.Message, error) {
	list, err := g.tx.RefsAlike(subject, from, to, threading.MaxAlike)
	if err != nil {
		return nil, err
	}
	out := make([]threading.Message, 0, len(list))
	for _, r := range list {
		out = append(out, threading.Message{ID: r.MID, Subject: subject, IsReply: r.Told.Bare, From: r.Told.From, To: r.Told.To, At: r.Told.Written})
	}
	return out, nil
}

func nodes(list []store.Ref) []threading.Node {
	out := make([]threading.Node, 0, len(list))
	for _, r := range list {
		out = append(out, threading.Node{ID: r.MID, Parent: r.Parent, Rank: r.Rank, Thread: r.Thread, Origin: r.Origin, Here: r.Here})
	}
	return out
}
