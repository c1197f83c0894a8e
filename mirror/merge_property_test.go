package mirror

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tidepost/controls"
	"tidepost/store"
)

// A scene is both sides and what is remembered, in memory. It does what round, here and
// there do with the actions of Merge, so that what Merge says can be followed to its end.
type scene struct {
	t      *rapid.T
	links  []Link
	local  []Local
	remote []Remote
	looked map[int64]bool
	found  map[int64]Remote
	next   int64
	uids   map[store.Kind]uint32

	copies  bool // the server knows no MOVE
	refused int
}

func newScene(t *rapid.T) *scene {
	return &scene{t: t, looked: map[int64]bool{}, found: map[int64]Remote{}, uids: map[store.Kind]uint32{}}
}

func (s *scene) id() int64 { s.next++; return s.next }

func (s *scene) uid(k store.Kind) uint32 { s.uids[k]++; return s.uids[k] }

func (s *scene) put(k store.Kind, key Key, f store.Flags) *Remote {
	s.remote = append(s.remote, Remote{Kind: k, UID: s.uid(k), Key: key, Flags: f, Came: key.Size + 1})
	return &s.remote[len(s.remote)-1]
}

func (s *scene) enter(k store.Kind, thing string, message int64, key Key, f store.Flags) *Local {
	s.local = append(s.local, Local{Entry: s.id(), UID: uint32(s.id()), Thing: thing, Message: message, Kind: k, Flags: f, Key: key})
	return &s.local[len(s.local)-1]
}

func (s *scene) link(id int64) *Link {
	i := slices.IndexFunc(s.links, func(l Link) bool { return l.ID == id })
	if i < 0 {
		return nil
	}
	return &s.links[i]
}

func (s *scene) dropLocal(entry int64) {
	s.local = slices.DeleteFunc(s.local, func(l Local) bool { return l.Entry == entry })
}

func (s *scene) at(k store.Kind, uid uint32) int {
	return slices.IndexFunc(s.remote, func(r Remote) bool { return r.Kind == k && r.UID == uid })
}

// owned reports whether what stands there is Tidepost's to remove.
func (s *scene) owned(k store.Kind, uid uint32) bool {
	return slices.ContainsFunc(s.links, func(l Link) bool { return l.Kind == k && l.UID == uid && l.Own })
}

// state is what a round compares: messages in folders that mean nothing are not listed.
func (s *scene) state() State {
	out := State{Links: slices.Clone(s.links), Local: slices.Clone(s.local), Looked: s.looked, Lost: map[store.Kind]bool{}, Copies: s.copies}
	seen := map[place]bool{}
	for _, r := range s.remote {
		if r.Kind != "" {
			out.Remote = append(out.Remote, r)
			seen[place{r.Kind, r.UID}] = true
		}
	}
	for id, r := range s.found {
		if l := s.link(id); l == nil || l.Kind == "" {
			delete(s.found, id)
		} else if r.Kind == "" {
			out.Remote = append(out.Remote, r)
		}
	}
	return out
}

// refuses is the part of the table of package controls that is wanted here.
func refuses(from, to store.Kind) bool {
	switch {
	case controls.IsAsked(to), to == store.KindNextDelivery, to == store.KindDecisions:
		return true
	case controls.IsOutgoing(to):
		return from != store.KindScheduled && from != store.KindDrafts
	case controls.IsReminder(to):
		return from == store.KindScheduled || from == store.KindNextDelivery
	}
	return false
}

// act moves an entry as package controls does.
func (s *scene) act(a Action) {
	l, e := s.link(a.Link.ID), *a.Local
	to := a.To
	if to == "" {
		to = store.KindArchive
	}
	if refuses(e.Kind, to) || controls.IsOutgoing(to) && strings.Contains(e.Thing, "received") {
		s.refused++
		if a.Copy {
			s.links = append(s.links, Link{ID: s.id(), Kind: a.Remote.Kind, UID: a.Remote.UID, Key: a.Remote.Key, Own: true})
			return
		}
		l.Refused = true
		return
	}
	if a.Copy {
		s.links = append(s.links, Link{ID: s.id(), Thing: stray, Kind: l.Kind, UID: l.UID, Key: l.Key, Flags: l.Flags, Own: l.Own})
		l = s.link(a.Link.ID)
	}
	l.Refused, l.Flags, l.Kind, l.UID = false, a.Remote.Flags, a.To, a.Remote.UID
	if a.To == "" {
		l.UID = 0
	}
	s.dropLocal(e.Entry)
	switch {
	case to == store.KindSendNow: // Sent: nothing stands for it any more.
		l.Entry, l.EntryUID, l.Thing, l.Own = 0, 0, "", true
		return
	case e.Kind == store.KindScheduled && to != store.KindDrafts && to != store.KindTrash && !controls.IsOutgoing(to):
		s.enter(e.Kind, e.Thing, e.Message, e.Key, e.Flags) // A copy is filed, the schedule stays.
		e.Thing = "message" + e.Thing
	}
	if at := slices.IndexFunc(s.local, func(o Local) bool { return o.Kind == to && o.Thing == e.Thing }); at >= 0 {
		l.Entry, l.EntryUID, l.Thing = 0, 0, ""
		return
	}
	out := s.enter(to, e.Thing, e.Message, e.Key, e.Flags)
	l.Entry, l.EntryUID, l.Thing = out.Entry, out.UID, out.Thing
	if controls.IsOutgoing(to) {
		l.Own = true
	}
}

// here does what package mirror's round does in the store.
func (s *scene) here(a Action) {
	var l *Link
	if a.Link != nil {
		l = s.link(a.Link.ID)
	}
	switch a.Do {
	case Relink:
		l.Kind, l.UID, l.Flags, l.Refused, l.Key = a.To, a.Remote.UID, a.Flags, false, a.Remote.Key
		if a.Local != nil {
			l.Entry, l.EntryUID, l.Thing = a.Local.Entry, a.Local.UID, a.Local.Thing
		}
	case Adopt:
		s.links = append(s.links, Link{ID: s.id(), Entry: a.Local.Entry, EntryUID: a.Local.UID, Thing: a.Local.Thing, Message: a.Local.Message,
			Kind: a.Remote.Kind, UID: a.Remote.UID, Key: a.Remote.Key, Flags: a.Flags, Own: true})
	case Retire:
		if a.Local == nil {
			l.Entry = 0
		}
		l.Kind, l.UID, l.Refused = "", 0, false
	case Unlink:
		s.links = slices.DeleteFunc(s.links, func(o Link) bool { return o.ID == a.Link.ID })
	case Look:
		s.look(l)
	case Expunge:
		s.dropLocal(a.Local.Entry)
		l.Entry, l.Kind, l.UID = 0, "", 0
	case SetHere:
		at := slices.IndexFunc(s.local, func(o Local) bool { return o.Entry == a.Local.Entry })
		s.local[at].Flags, l.Flags = a.Flags, a.Remote.Flags
	case Late:
		l.Entry = 0
		if plain(a.Remote.Kind) {
			l.Kind, l.UID, l.Refused = "", 0, false
			return
		}
		l.Kind, l.UID, l.Own = a.Remote.Kind, a.Remote.UID, true
	case Receive:
		k := store.KindInbox
		if a.Remote.Flags&store.Seen == 0 {
			k = store.KindNextDelivery
		}
		e := s.enter(k, fmt.Sprint("received ", s.id()), s.id(), a.Remote.Key, a.Remote.Flags&shared)
		s.links = append(s.links, Link{ID: s.id(), Entry: e.Entry, EntryUID: e.UID, Thing: e.Thing, Message: e.Message, Kind: a.Remote.Kind,
			UID: a.Remote.UID, Key: a.Remote.Key, Flags: 0})
	case Act:
		s.act(a)
	case Enter:
		s.refused++
		if l == nil {
			s.links = append(s.links, Link{ID: s.id()})
			l = &s.links[len(s.links)-1]
		}
		l.Kind, l.UID, l.Key, l.Flags, l.Refused = a.Remote.Kind, a.Remote.UID, a.Remote.Key, a.Remote.Flags, true
	}
}

// look finds a message in the folders that mean nothing, as round.look does.
func (s *scene) look(l *Link) {
	_, twice := s.found[l.ID]
	for _, r := range s.remote {
		if !twice && r.Key.same(l.Key) && r.Kind == "" && l.Key.MID != "" {
			s.found[l.ID] = r
			return
		}
	}
	s.looked[l.ID] = true
}

// there does one action in the account. remember says whether the answer arrives.
func (s *scene) there(a Action, remember bool) {
	at := -1
	if a.Remote != nil {
		at = s.at(a.Remote.Kind, a.Remote.UID)
	}
	switch a.Do {
	case StoreThere:
		s.remote[at].Flags = a.Flags
		if remember {
			s.link(a.Link.ID).Flags = a.Flags
		}
	case MoveThere, PutBack, Discard:
		if s.copies && !remember { // It broke between the copy and the removal.
			left := s.remote[at]
			left.Kind, left.UID = a.To, s.uid(a.To)
			s.remote = append(s.remote, left)
			return
		}
		uid := s.uid(a.To)
		s.remote[at].Kind, s.remote[at].UID = a.To, uid
		if l := s.link(a.Link.ID); remember && (a.Do == Discard || a.Do == PutBack && a.Local == nil) {
			l.Entry, l.Kind, l.UID, l.Refused = 0, "", 0, false
		} else if remember {
			l.Kind, l.UID = a.To, uid
		}
	case Remove:
		if !s.owned(a.Remote.Kind, a.Remote.UID) && !a.Link.Own && a.Done == nil {
			s.t.Fatalf("removes what is not its own: %+v", a.Remote)
		}
		s.remote = slices.Delete(s.remote, at, at+1)
		if l := s.link(a.Link.ID); remember && l != nil && a.Done != nil && a.Local != nil {
			l.Kind, l.UID, l.Key = a.To, a.Done.UID, a.Done.Key
		} else if remember && l != nil {
			l.Entry, l.Kind, l.UID, l.Refused = 0, "", 0, false
		}
	case Append, Replace:
		r := s.put(a.To, a.Local.Key, a.Local.Flags)
		if !remember {
			return
		}
		if a.Do == Replace {
			old := s.link(a.Link.ID)
			old.Entry, old.EntryUID, old.Thing, old.Own = 0, 0, "", true
		}
		s.links = append(s.links, Link{ID: s.id(), Entry: a.Local.Entry, EntryUID: a.Local.UID, Thing: a.Local.Thing, Message: a.Local.Message,
			Kind: a.To, UID: r.UID, Key: r.Key, Flags: a.Local.Flags & shared, Own: true})
	}
}

// maxRounds is far more than anything needs.
const maxRounds = 60

// settle plays rounds until both sides agree. cut says whether the connection breaks
// before (1) or after (2) an action of the account.
func (s *scene) settle(cut func() int) {
	for range maxRounds {
		actions := Merge(s.state())
		if len(actions) == 0 {
			return
		}
		if slices.Contains(stages(), actions[0].Do) {
			s.account(actions, cut)
			s.looked, s.found = map[int64]bool{}, map[int64]Remote{} // Another round.
			continue
		}
		for _, a := range actions {
			s.here(a)
		}
	}
	s.t.Fatalf("does not come to rest:\n%s", s.dump(Merge(s.state())))
}

func (s *scene) account(actions []Action, cut func() int) {
	for _, a := range actions {
		if a.Remote != nil && a.Remote.Kind != "" && s.at(a.Remote.Kind, a.Remote.UID) < 0 {
			continue
		}
		switch cut() {
		case 1:
			return
		case 2:
			s.there(a, false)
			return
		}
		s.there(a, true)
	}
}

func (s *scene) dump(actions []Action) string {
	out := ""
	for _, l := range s.links {
		out += fmt.Sprintf("link %+v\n", l)
	}
	for _, l := range s.local {
		out += fmt.Sprintf("here %+v\n", l)
	}
	for _, r := range s.remote {
		out += fmt.Sprintf("there %+v\n", r)
	}
	for _, a := range actions {
		out += fmt.Sprintf("do %s to %s link %+v local %+v remote %+v\n", a.Do, a.To, a.Link, a.Local, a.Remote)
	}
	return out
}

// agrees checks that every entry stands in the account once, in its folder, unless the
// person took it out of sight or, if unwritten, it could not be written.
func (s *scene) agrees(unwritten bool) {
	for _, e := range s.local {
		n, sight := 0, true
		for _, l := range s.links {
			if l.Entry != e.Entry {
				continue
			}
			n++
			if l.Kind == "" {
				sight = false
			} else if l.Kind != e.Kind || s.at(l.Kind, l.UID) < 0 {
				s.t.Fatalf("entry %d in %s is linked to %s %d:\n%s", e.Entry, e.Kind, l.Kind, l.UID, s.dump(nil))
			}
		}
		if n != 1 || !sight && !plain(e.Kind) && !unwritten {
			s.t.Fatalf("entry %d in %s has %d links (in sight: %t):\n%s", e.Entry, e.Kind, n, sight, s.dump(nil))
		}
	}
	used := map[place]int{}
	for _, l := range s.links {
		if l.Kind != "" {
			used[place{l.Kind, l.UID}]++
		}
	}
	for p, n := range used {
		if n > 1 {
			s.t.Fatalf("%s %d has %d links:\n%s", p.kind, p.uid, n, s.dump(nil))
		}
	}
}

// kinds are folders of every sort.
func sceneKinds() []store.Kind {
	return []store.Kind{store.KindInbox, store.KindArchive, store.KindTrash, store.KindDrafts, store.KindNextDelivery, store.KindScheduled,
		store.KindSendNow, store.KindLists, store.KindNeedsReply, store.KindRemindDay, ""}
}

func drawKey(t *rapid.T) Key {
	n := rapid.IntRange(0, 4).Draw(t, "mail")
	if n == 0 {
		return Key{Size: 10, Date: int64(rapid.IntRange(1, 2).Draw(t, "date"))}
	}
	return Key{MID: fmt.Sprint("m", n), Size: int64(n)}
}

func drawFlags(t *rapid.T) store.Flags {
	return rapid.SampledFrom([]store.Flags{0, store.Seen, store.Flagged, store.Seen | store.Deleted}).Draw(t, "flags")
}

// homes are folders in which entries of the store stand.
func homes() []store.Kind {
	return []store.Kind{store.KindInbox, store.KindArchive, store.KindTrash, store.KindDrafts, store.KindNextDelivery, store.KindScheduled,
		store.KindLists, store.KindNeedsReply, store.KindRemindDay}
}

// drawScene makes two sides and links between them that need not fit: any state that a
// crash, a person and a server can leave, and more.
func drawScene(t *rapid.T) *scene {
	s := newScene(t)
	s.copies = rapid.Bool().Draw(t, "without MOVE")
	kind := rapid.SampledFrom(sceneKinds())
	for range rapid.IntRange(0, 5).Draw(t, "linked") {
		key, k := drawKey(t), kind.Draw(t, "agreed")
		own := rapid.Bool().Draw(t, "own")
		l := Link{ID: s.id(), Key: key, Kind: k, Own: own, Flags: drawFlags(t) & shared, Message: s.id()}
		l.Thing = fmt.Sprint("thing ", l.ID)
		if k != "" {
			l.UID = s.uid(k)
		}
		if rapid.IntRange(0, 3).Draw(t, "has entry") > 0 {
			home := k
			if k == "" || k == store.KindSendNow || rapid.IntRange(0, 3).Draw(t, "entry moved") == 0 {
				home = rapid.SampledFrom(homes()).Draw(t, "entry in")
			}
			e := s.enter(home, l.Thing, l.Message, key, drawFlags(t)&shared)
			l.Entry, l.EntryUID = e.Entry, e.UID
		}
		switch rapid.IntRange(0, 4).Draw(t, "message") {
		case 0: // Gone.
		case 1:
			s.put(kind.Draw(t, "message in"), key, drawFlags(t))
		default:
			if k == "" {
				s.put("", key, drawFlags(t))
			} else {
				s.remote = append(s.remote, Remote{Kind: k, UID: l.UID, Key: key, Flags: drawFlags(t), Came: key.Size + 1})
			}
		}
		s.links = append(s.links, l)
	}
	for range rapid.IntRange(0, 3).Draw(t, "unlinked entries") {
		s.enter(rapid.SampledFrom(homes()).Draw(t, "entry in"), fmt.Sprint("thing ", s.id()), s.id(), drawKey(t), 0)
	}
	for range rapid.IntRange(0, 3).Draw(t, "unlinked messages") {
		r := s.put(kind.Draw(t, "message in"), drawKey(t), drawFlags(t))
		r.New = (r.Kind == store.KindInbox || r.Kind == store.KindNextDelivery) && rapid.Bool().Draw(t, "new")
	}
	return s
}

func whole() int { return 0 }

// cuts breaks the connection now and then, for a while.
func cuts(t *rapid.T) func() int {
	left := rapid.IntRange(0, 6).Draw(t, "cuts")
	return func() int {
		if left == 0 {
			return 0
		}
		left--
		return rapid.IntRange(0, 2).Draw(t, "cut")
	}
}

// TestMergeComesToRestFromAnyState follows Merge from any state, with and without cuts:
// both sides agree in the end, and nothing was removed but what is Tidepost's own.
func TestMergeComesToRestFromAnyState(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := drawScene(t)
		s.settle(cuts(t))
		s.agrees(true)
		if again := Merge(s.state()); len(again) > 0 {
			t.Fatalf("there is more to do:\n%s", s.dump(again))
		}
	})
}

// TestPersonsMoveWins: both sides have moved one message; where the person put it is where
// it is, unless that is refused: then it is where the store has it.
func TestPersonsMoveWins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newScene(t)
		s.copies = rapid.Bool().Draw(t, "without MOVE")
		pick := func(name string) store.Kind { return rapid.SampledFrom(homes()).Draw(t, name) }
		base, here, there := pick("base"), pick("here"), pick("there")
		own := rapid.Bool().Draw(t, "own")
		key := Key{MID: "m", Size: 7}
		e := s.enter(here, "thing", s.id(), key, 0)
		l := Link{ID: s.id(), Thing: "thing", Entry: e.Entry, EntryUID: e.UID, Message: e.Message, Kind: base, UID: s.uid(base), Key: key, Own: own}
		s.links = append(s.links, l)
		if there == base {
			s.remote = append(s.remote, Remote{Kind: base, UID: l.UID, Key: key, Came: 1})
		} else {
			s.put(there, key, 0)
		}
		s.settle(cuts(t))
		s.agrees(false)
		want := there
		if there == base || refuses(here, there) {
			want = here
		}
		stands := 0
		for _, r := range s.remote {
			if r.Kind == want {
				stands++
			}
		}
		extra := 0
		if here == store.KindScheduled && want != here && want != store.KindDrafts && want != store.KindTrash {
			extra = 1 // A copy is filed, the schedule stays.
		}
		if stands != 1 || len(s.remote) != 1+extra || s.refused > 1 {
			t.Fatalf("from %s, here to %s, by the person to %s: want it in %s once (refused %d times)\n%s", base, here, there, want, s.refused, s.dump(nil))
		}
	})
}

// TestMergeAsLifeGoesOn interleaves what the store does, what the person does, and rounds
// that break off, and looks after each whole round that nothing is lost or doubled.
func TestMergeAsLifeGoesOn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newScene(t)
		s.copies = rapid.Bool().Draw(t, "without MOVE")
		mails := 0
		mine := map[Key]bool{} // mail of the provider's that the person has not deleted, and made no copies of
		t.Repeat(map[string]func(*rapid.T){
			"mail comes": func(t *rapid.T) {
				mails++
				k := rapid.SampledFrom([]store.Kind{store.KindInbox, store.KindNextDelivery}).Draw(t, "to")
				r := s.put(k, Key{MID: fmt.Sprint("in", mails), Size: int64(mails)}, rapid.SampledFrom([]store.Flags{0, store.Seen}).Draw(t, "flags"))
				r.New, mine[r.Key] = true, true
			},
			"the store files": func(t *rapid.T) {
				mails++
				s.enter(rapid.SampledFrom(homes()).Draw(t, "in"), fmt.Sprint("filed ", s.id()), s.id(), Key{MID: fmt.Sprint("own", mails), Size: int64(mails)}, 0)
			},
			"the store moves": func(t *rapid.T) {
				if len(s.local) == 0 {
					t.Skip()
				}
				e := &s.local[rapid.IntRange(0, len(s.local)-1).Draw(t, "entry")]
				if slices.ContainsFunc(s.links, func(l Link) bool { return l.Thing == e.Thing && l.Kind == "" }) {
					t.Skip() // The person has it in a folder of their own: there it stays.
				}
				to := rapid.SampledFrom(homes()).Draw(t, "to")
				if strings.Contains(e.Thing, "received") && (to == store.KindScheduled || to == store.KindNeedsReply) {
					t.Skip() // Nothing that came goes there.
				}
				e.Entry, e.UID, e.Kind = s.id(), uint32(s.id()), to
			},
			"the person moves": func(t *rapid.T) {
				if len(s.remote) == 0 {
					t.Skip()
				}
				r := &s.remote[rapid.IntRange(0, len(s.remote)-1).Draw(t, "message")]
				r.Kind = rapid.SampledFrom(sceneKinds()).Draw(t, "to")
				r.UID = s.uid(r.Kind)
			},
			"the person deletes": func(t *rapid.T) {
				if len(s.remote) == 0 {
					t.Skip()
				}
				at := rapid.IntRange(0, len(s.remote)-1).Draw(t, "message")
				delete(mine, s.remote[at].Key)
				s.remote = slices.Delete(s.remote, at, at+1)
			},
			"a round": func(t *rapid.T) {
				s.settle(whole)
				s.agrees(false)
				for k := range mine {
					// Where a move is a copy and a removal that broke off in between, and either side
					// moved the mail once more before the next round, the copy stays: better twice
					// than not at all.
					if n := s.count(k); n == 0 || n > 1 && !s.copies {
						t.Fatalf("%s is there %d times:\n%s", k.MID, n, s.dump(nil))
					}
				}
			},
			"a broken round": func(t *rapid.T) { s.settle(cuts(t)) },
		})
	})
}

func (s *scene) count(k Key) (n int) {
	for _, r := range s.remote {
		if r.Key == k {
			n++
		}
	}
	return n
}
