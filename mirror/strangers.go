package mirror

import (
	"tidepost/store"
)

// strangers are messages of the account that no link knows.
func (m *merging) strangers() {
	if len(m.remote) == 0 {
		return
	}
	m.unlinked, m.standing = map[string][]*Local{}, map[Key][]*pair{}
	for i := range m.s.Local {
		if l := &m.s.Local[i]; m.local[l.Entry] == l {
			m.unlinked[l.Key.MID] = append(m.unlinked[l.Key.MID], l)
		}
	}
	for i := range m.pairs {
		if p := &m.pairs[i]; p.remote != nil {
			m.standing[p.link.Key.id()] = append(m.standing[p.link.Key.id()], p)
		}
	}
	for _, r := range m.remote {
		if r.Kind == "" {
			continue
		}
		if l := m.written(r); l != nil {
			delete(m.local, l.Entry)
			m.do(Action{Do: Adopt, Local: l, Remote: r, To: r.Kind, Flags: l.Flags & shared}) // What differs now the person did.
			continue
		}
		if m.isCopy(r) {
			continue
		}
		switch {
		case r.Kind == store.KindInbox && r.New, r.Kind == store.KindNextDelivery && r.New:
			m.do(Action{Do: Receive, Remote: r, To: r.Kind})
		case acts(r.Kind) && r.Flags&store.Deleted == 0:
			m.do(Action{Do: Enter, Remote: r, To: r.Kind})
		}
	}
}

// written finds the entry that was written as r, when the answer was lost: in its folder,
// or on its way into INBOX (gather), with its Message-ID. Servers may count octets
// otherwise, so size decides only among several, and where the mail of others comes in.
func (m *merging) written(r *Remote) *Local {
	var best *Local
	for _, l := range m.unlinked[r.Key.MID] {
		onTheWay := l.Kind == store.KindInbox && r.Kind == store.KindNextDelivery && l.Key.Size == r.Key.Size
		if m.local[l.Entry] != l || l.Kind != r.Kind && !onTheWay || l.Key.MID == "" && !l.Key.same(r.Key) {
			continue
		}
		if best == nil || l.Key.Size == r.Key.Size && best.Key.Size != r.Key.Size {
			best = l
		}
	}
	return best
}

// isCopy deals with a second copy of a message that stands elsewhere: entering a control
// folder is the act itself, as delivering is out of Next delivery, and what is ours lies in
// a folder once. The same mail that came twice is no copy.
func (m *merging) isCopy(r *Remote) bool {
	if r.Key.MID == "" {
		return false
	}
	alike := m.standing[r.Key.id()]
	if len(alike) == 0 {
		return false
	}
	p := alike[0]
	switch {
	case r.Flags&store.Deleted != 0 && m.s.Copies: // What a removal could only mark.
	case p.remote.Kind != r.Kind && m.s.Fresh[place{r.Kind, r.UID}]:
		// Perhaps it is being moved: folders are not read at one moment, and programs
		// without MOVE copy first.
	case p.remote.Kind == r.Kind && p.link.Own:
		m.do(Action{Do: Remove, Link: &Link{Kind: r.Kind, UID: r.UID, Own: true}, Remote: r})
	case r.New && !copied(r, p.remote) && !(r.Kind == store.KindInbox && p.link.Kind == store.KindNextDelivery):
		return false
	case p.local == nil || p.local.Kind != p.link.Kind || p.remote.Kind != p.link.Kind || r.Kind == p.link.Kind:
	case r.Flags&store.Deleted != 0 && p.remote.Flags&store.Deleted == 0, r.Kind == store.KindNextDelivery:
		// A copy of what was marked before has the mark from there, and means what it is.
	case acts(r.Kind), r.Kind == store.KindInbox && p.link.Kind == store.KindNextDelivery:
		m.do(Action{Do: Act, Link: p.link, Local: p.local, Remote: r, To: r.Kind, Copy: true})
	}
	return true
}

// copied reports whether r can be a copy that the person made of o: such a one has the same
// INTERNALDATE (RFC 9051 §6.4.7), and is elsewhere. Mail that came twice has two.
func copied(r, o *Remote) bool { return r.Kind != o.Kind && r.Came != 0 && r.Came == o.Came }

// unwritten are entries that the account does not have.
func (m *merging) unwritten() {
	if m.s.Full {
		return
	}
	for i := range m.s.Local {
		if l := &m.s.Local[i]; m.local[l.Entry] == l && !m.s.Later[l.Entry] {
			m.do(Action{Do: Append, Local: l, To: l.Kind})
		}
	}
}
