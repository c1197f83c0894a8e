package mirror

import (
	"cmp"
	"slices"

	"tidepost/controls"
	"tidepost/store"
)

// A Key names a message whatever folder it is in and however it is numbered there.
type Key struct {
	MID  string // Message-ID without <>, may be ""
	Size int64  // octets, as the provider counts them
	Date int64  // INTERNALDATE in seconds; counts only without Message-ID
}

// same reports whether two keys are those of one message.
func (k Key) same(o Key) bool {
	return k.id() == o.id()
}

// id is the same for keys of one message.
func (k Key) id() Key {
	if k.MID != "" {
		k.Date = 0
	}
	return k
}

// stray is the Thing of a message whose copy entered a folder that acts: the copy is what
// stands for it now. Such a link has no entry.
const stray = "stray"

// A Link is a message that stands on both sides, as both agreed last.
type Link struct {
	ID       int64
	Entry    int64      // the local entry; 0: none
	EntryUID uint32     // its UID in the local folder
	Thing    string     // what the entry shows: entries of one thing are one after the other
	Message  int64      // the local message that was written or came
	Kind     store.Kind // the folder, on both sides; "": out of sight
	UID      uint32     // at the provider
	Key      Key        // at the provider
	Flags    store.Flags
	Own      bool // Tidepost wrote it there and may remove it
	Refused  bool // a move was refused, and is to be put back
}

// A Local is an entry of the store.
type Local struct {
	Entry   int64
	UID     uint32
	Thing   string
	Message int64
	Kind    store.Kind
	Flags   store.Flags
	Key     Key // as it would be written
}

// A Remote is a message in the provider's account.
type Remote struct {
	Kind  store.Kind // "": a folder that means nothing here
	UID   uint32
	Key   Key
	Flags store.Flags
	Came  int64 // INTERNALDATE in seconds, which a copy has of what it was made of
	New   bool  // it may be mail that has just come
	Late  bool  // it has been there for a while: the person may have seen it
}

// A State is what Merge compares.
type State struct {
	Links  []Link
	Local  []Local
	Remote []Remote
	Lost   map[store.Kind]bool // folders that were made or numbered anew: what is missing there nobody took away
	Looked map[int64]bool      // links that were looked for everywhere and not found
	Full   bool                // the account takes no more
	Later  map[int64]bool      // entries that the account would not have; they are written again later
	Copies bool                // the server knows no MOVE: a move is a copy and a removal
	Fresh  map[place]bool      // messages that no link knows, seen for the first time a moment ago
}

// A Verb is what is to be done about a message.
type Verb string

// The verbs. The first group changes what is remembered, the second asks, the third acts
// for the person in the store, the fourth changes the account.
const (
	Relink Verb = "relink" // both sides agree: remember where
	Adopt  Verb = "adopt"  // what was written before an answer got lost
	Retire Verb = "retire" // it is out of sight; remember that it is no news
	Unlink Verb = "unlink" // forget the account's half: the entry is written again

	Look Verb = "look" // it is not where it was: look everywhere

	Receive Verb = "receive" // new mail
	Act     Verb = "act"     // the person moved it
	Expunge Verb = "expunge" // the person deleted it
	Late    Verb = "late"    // the person moved what has left
	Enter   Verb = "enter"   // the person put something into a control folder
	SetHere Verb = "set"     // the person changed flags

	StoreThere Verb = "store"    // flags
	MoveThere  Verb = "move"     // to the folder where the entry is
	PutBack    Verb = "put-back" // a refused move
	Remove     Verb = "remove"   // a letter or copy of ours
	Discard    Verb = "discard"  // mail whose entry was deleted: to Trash
	Append     Verb = "append"   // write the entry
	Replace    Verb = "replace"  // write the entry anew, and remove the old
)

// An Action is one thing to do. Link, Local and Remote are those that it is about, nil if
// it has none.
type Action struct {
	Do     Verb
	Link   *Link
	Local  *Local
	Remote *Remote
	To     store.Kind
	Flags  store.Flags // SetHere, StoreThere: those to be had; Relink, Adopt: those agreed on
	Copy   bool        // Act: the message stands where it stood, too
	Done   *Remote     // Remove: the copy that a move has made already
}

// Merge says what is to be done so that both sides agree again: what the person did at
// the provider is done in the store, what happened in the store is done at the provider.
// It is pure. As long as memory or the store has to change, only that is returned, and the
// answer must be asked for again; nothing is returned when all agree.
//
// What it relies on, so that a crash between any two actions and the loss of any answer
// do no harm: an action of the account that was carried out and not remembered looks like
// a move by the person to where the entry is already, or like a message that only has to
// be adopted.
func Merge(s State) []Action {
	m := match(s)
	for i := range m.pairs {
		m.decide(&m.pairs[i])
	}
	m.strangers()
	m.unwritten()
	slices.SortStableFunc(m.here, func(a, b Action) int { return cmp.Compare(rank(a), rank(b)) })
	if len(m.here) > 0 {
		return m.here
	}
	slices.SortStableFunc(m.there, before)
	return m.there
}

// rank puts first what costs nothing.
func rank(a Action) int {
	switch a.Do {
	case Relink, Adopt, Retire, Unlink:
		return 0
	case Look:
		return 1
	}
	return 2
}

// stages is the order of what changes the account: flags before moves, so that what comes
// into INBOX has them; moves before new messages, so that the digest is on top.
func stages() []Verb { return []Verb{StoreThere, PutBack, MoveThere, Discard, Replace, Append, Remove} }

// before orders what changes the account.
func before(a, b Action) int {
	if c := cmp.Compare(slices.Index(stages(), a.Do), slices.Index(stages(), b.Do)); c != 0 {
		return c
	}
	if c := cmp.Compare(first(a.To), first(b.To)); c != 0 {
		return c
	}
	if c := cmp.Compare(a.To, b.To); c != 0 || a.Local == nil || b.Local == nil {
		return c
	}
	return cmp.Compare(a.Local.UID, b.Local.UID)
}

// first: INBOX is what people wait for.
func first(k store.Kind) int {
	if k == store.KindInbox {
		return 0
	}
	return 1
}

// A pair is a link with what it finds on both sides.
type pair struct {
	link   *Link
	local  *Local
	remote *Remote
}

type merging struct {
	s      State
	pairs  []pair
	local  map[int64]*Local // by entry; what is left belongs to no link
	remote []*Remote        // what is left belongs to no link

	unlinked map[string][]*Local // entries without a link, by Message-ID
	standing map[Key][]*pair     // links whose message was found

	here  []Action
	there []Action
}

type place struct {
	kind store.Kind
	uid  uint32
}

// match finds out which message is which: by number first, then what has moved.
func match(s State) *merging {
	m := &merging{s: s, local: map[int64]*Local{}}
	there := map[place]*Remote{}
	for i := range s.Local {
		m.local[s.Local[i].Entry] = &s.Local[i]
	}
	for i := range s.Remote {
		there[place{s.Remote[i].Kind, s.Remote[i].UID}] = &s.Remote[i]
	}
	taken := map[*Remote]bool{}
	for i := range s.Links {
		p := pair{link: &s.Links[i]}
		if l, ok := m.local[p.link.Entry]; ok {
			p.local = l
			delete(m.local, l.Entry)
		}
		if r, ok := there[place{p.link.Kind, p.link.UID}]; ok && p.link.Kind != "" && !taken[r] && !m.numberedAnew(p.link, r) {
			p.remote = r
			taken[r] = true
		}
		m.pairs = append(m.pairs, p)
	}
	for i := range s.Remote {
		if r := &s.Remote[i]; !taken[r] {
			m.remote = append(m.remote, r)
		}
	}
	m.movedHere()
	m.movedThere()
	return m
}

// numberedAnew: in such a folder a UID is not what it was.
func (m *merging) numberedAnew(l *Link, r *Remote) bool {
	return m.s.Lost[l.Kind] && !l.Key.same(r.Key)
}

// movedHere finds entries that took the place of others: a MOVE makes a new one.
func (m *merging) movedHere() {
	things := map[string][]*Local{}
	for i := range m.s.Local {
		if l := &m.s.Local[i]; m.local[l.Entry] == l {
			things[l.Thing] = append(things[l.Thing], l)
		}
	}
	for i := range m.pairs {
		p := &m.pairs[i]
		if p.local != nil || p.link.Thing == "" || p.link.Entry == 0 {
			continue
		}
		free := things[p.link.Thing]
		if len(free) == 0 {
			continue
		}
		// The same folder first: an entry that came back under a new UID.
		at := max(slices.IndexFunc(free, func(l *Local) bool { return l.Kind == p.link.Kind }), 0)
		p.local = free[at]
		delete(m.local, p.local.Entry)
		things[p.link.Thing] = slices.Delete(free, at, at+1)
	}
}

// movedThere finds messages that are not where they were. An account numbered anew has as
// many of them as it has messages: each is looked up.
func (m *merging) movedThere() {
	if len(m.remote) == 0 {
		return
	}
	free := map[Key][]*Remote{}
	for _, r := range m.remote {
		free[r.Key.id()] = append(free[r.Key.id()], r)
	}
	taken := map[*Remote]bool{}
	find := func(p *pair, fits func(*Remote) bool) {
		if p.remote != nil {
			return
		}
		id := p.link.Key.id()
		if at := slices.IndexFunc(free[id], fits); at >= 0 {
			p.remote = free[id][at]
			taken[p.remote] = true
			free[id] = slices.Delete(free[id], at, at+1)
		}
	}
	for i := range m.pairs { // Where the entry is: what we did ourselves.
		if p := &m.pairs[i]; p.link.Kind != "" && p.local != nil {
			find(p, func(r *Remote) bool { return r.Kind == p.local.Kind })
		}
	}
	for i := range m.pairs { // Where it was: numbered anew.
		if p := &m.pairs[i]; p.link.Kind != "" {
			find(p, func(r *Remote) bool { return r.Kind == p.link.Kind })
		}
	}
	standing := map[Key]bool{}
	for i := range m.pairs { // Anywhere.
		p := &m.pairs[i]
		if p.link.Kind == "" {
			continue
		}
		find(p, func(*Remote) bool { return true })
		if p.remote != nil {
			standing[p.link.Key] = true
		}
	}
	for i := range m.pairs { // What is out of sight comes last: beside one that stands, r is a copy of that.
		if p := &m.pairs[i]; p.link.Kind == "" && !standing[p.link.Key] {
			find(p, func(*Remote) bool { return true })
		}
	}
	m.remote = slices.DeleteFunc(m.remote, func(r *Remote) bool { return taken[r] })
}

func (m *merging) do(a Action) {
	if slices.Contains(stages(), a.Do) {
		m.there = append(m.there, a)
		return
	}
	m.here = append(m.here, a)
}

// decide compares the two sides of a link with what they agreed on.
func (m *merging) decide(p *pair) {
	a := Action{Link: p.link, Local: p.local, Remote: p.remote}
	as := func(do Verb, to store.Kind) { a.Do, a.To, a.Flags = do, to, p.link.Flags; m.do(a) }
	switch {
	case p.link.Refused && p.remote != nil && (p.link.Kind != "" || p.remote.Kind != ""):
		m.refused(p, as)
	case p.link.Kind == "":
		m.outOfSight(p, as)
	case p.local == nil:
		m.entryGone(p, as)
	case p.remote == nil:
		m.messageGone(p, as)
	case p.remote.Kind == p.link.Kind && p.local.Kind == p.link.Kind:
		m.inPlace(p, as)
	case p.remote.Kind == p.link.Kind && m.movedBack(p):
		as(Act, p.remote.Kind)
	case p.remote.Kind == p.link.Kind:
		if !m.carry(p, MoveThere, p.local.Kind) {
			m.flags(p)
		}
	case p.remote.Kind == p.local.Kind:
		as(Relink, p.local.Kind)
	default:
		m.moved(p, as)
	}
}

// movedBack: it stands where it stood under another number. We moved it to where its entry
// is, did not hear the answer, and the person moved it back meanwhile.
func (m *merging) movedBack(p *pair) bool {
	return plain(p.remote.Kind) && p.link.UID != 0 && p.remote.UID != p.link.UID && !m.s.Lost[p.link.Kind]
}

// outOfSight: a message that comes back from a folder of the person's own is no news, but
// may be an act.
func (m *merging) outOfSight(p *pair, as func(Verb, store.Kind)) {
	switch {
	case p.remote == nil || p.remote.Kind == "":
	case p.local != nil && p.local.Kind == p.remote.Kind:
		as(Relink, p.local.Kind)
	case p.local != nil:
		as(Act, p.remote.Kind)
	case acts(p.remote.Kind) && p.remote.Flags&store.Deleted == 0:
		as(Enter, p.remote.Kind)
	}
}

// refused: what was refused goes back to where its entry is.
func (m *merging) refused(p *pair, as func(Verb, store.Kind)) {
	home := p.link.Kind
	switch {
	case p.local == nil && p.link.Entry == 0 && m.elsewhere(p):
		as(Discard, store.KindTrash)
		return
	case p.local != nil:
		home = p.local.Kind
	case p.link.Entry == 0:
		home = origin(*p.remote)
	}
	switch {
	case p.remote.Kind != home:
		m.carry(p, PutBack, home)
	case m.leftBehind(p):
	case p.local == nil:
		as(Retire, "")
	default:
		as(Relink, home)
	}
}

// elsewhere reports whether the message stands in another folder, too: this is a copy.
func (m *merging) elsewhere(p *pair) bool {
	return slices.ContainsFunc(m.pairs, func(o pair) bool {
		return o.link != p.link && o.remote != nil && o.remote.Kind != "" && p.link.Key.MID != "" && o.link.Key.same(p.link.Key)
	})
}

// origin is where mail goes that came from a folder we do not know.
func origin(r Remote) store.Kind {
	switch {
	case r.Kind == store.KindDecisions:
		return store.KindSent
	case r.Flags&store.Draft != 0:
		return store.KindDrafts
	}
	return store.KindInbox
}

// entryGone: it left, was replaced, or was deleted by another program of the person's.
func (m *merging) entryGone(p *pair, as func(Verb, store.Kind)) {
	moved := p.remote != nil && p.remote.Kind != p.link.Kind
	switch {
	case p.remote == nil, p.remote.Kind == "":
		as(Retire, "")
	case moved && controls.WaitsIn(p.link.Kind) && p.link.Entry != 0:
		as(Late, p.remote.Kind)
	case p.link.Own && (!moved || !plain(p.remote.Kind)):
		as(Remove, "")
	case p.link.Thing == stray && !moved:
		as(Discard, store.KindTrash)
	case moved, p.link.Entry == 0, p.link.Kind == store.KindTrash, p.link.Kind == store.KindJunk:
		as(Retire, "")
	default:
		m.carry(p, Discard, store.KindTrash)
	}
}

// carry moves a message at the provider. Where a move is a copy and a removal, and the
// connection broke between the two, the copy is there already: then only the removal is
// left to do.
func (m *merging) carry(p *pair, do Verb, to store.Kind) (copied bool) {
	a := Action{Do: do, Link: p.link, Local: p.local, Remote: p.remote, To: to, Flags: p.link.Flags}
	at := -1
	if m.s.Copies && p.link.Key.MID != "" {
		at = slices.IndexFunc(m.remote, func(r *Remote) bool { return r.Kind == to && r.Key.same(p.link.Key) && r.Flags&store.Deleted == 0 })
	}
	if at >= 0 {
		a.Do, a.Done = Remove, m.remote[at]
		m.remote = slices.Delete(m.remote, at, at+1)
	}
	m.do(a)
	return at >= 0
}

// leftBehind removes the source of a put-back that broke between copy and removal: the copy
// is home already, and has been taken for the message.
func (m *merging) leftBehind(p *pair) bool {
	if !m.s.Copies || p.link.Key.MID == "" {
		return false
	}
	at := slices.IndexFunc(m.remote, func(r *Remote) bool { return acts(r.Kind) && r.Key.same(p.link.Key) })
	if at < 0 {
		return false
	}
	m.do(Action{Do: Remove, Link: p.link, Local: p.local, Remote: m.remote[at], To: p.remote.Kind, Done: p.remote})
	m.remote = slices.Delete(m.remote, at, at+1)
	return true
}

// messageGone: the person deleted it, or moved it where we do not look, or the folder is
// not the one that it was.
func (m *merging) messageGone(p *pair, as func(Verb, store.Kind)) {
	back := p.local.Kind != p.link.Kind && (p.local.Kind == store.KindDrafts || p.local.Kind == store.KindTrash)
	switch {
	case m.s.Lost[p.link.Kind] && plain(p.link.Kind) && p.local.Kind == p.link.Kind:
		as(Retire, "") // Writing old mail again would double what we failed to recognise.
	case m.s.Lost[p.link.Kind]:
		as(Unlink, "")
	case !m.s.Looked[p.link.ID] && p.link.Kind != store.KindTrash:
		as(Look, "")
	case back, p.link.Kind == store.KindDecisions:
		as(Unlink, "") // What was taken back is written again, and decisions stay.
	default:
		as(Expunge, "")
	}
}

// inPlace: nothing has moved.
func (m *merging) inPlace(p *pair, as func(Verb, store.Kind)) {
	if p.link.Entry != p.local.Entry || p.link.UID != p.remote.UID || p.link.Key != p.remote.Key || p.link.Refused {
		as(Relink, p.link.Kind)
		return
	}
	marked := (p.link.Flags^p.remote.Flags)&(shared|store.Deleted) != 0 // What is replaced keeps its marks: they come here first.
	if !marked && p.link.Own && p.link.Message != p.local.Message && rewritten(p) && !m.s.Full && !m.s.Later[p.local.Entry] {
		as(Replace, p.link.Kind)
		return
	}
	m.flags(p)
}

// rewritten: what was cancelled gets a Bcc field for the recipients that no field names.
// Other renditions differ by a trace field, which is not worth a new message.
func rewritten(p *pair) bool {
	return (p.local.Kind == store.KindDrafts || p.local.Kind == store.KindTrash) && p.local.Key.Size != p.link.Key.Size
}

// shared are the flags that both sides have; \Deleted only comes from the provider.
const shared = store.Seen | store.Answered | store.Flagged

// flags merges bit by bit: who changed one since they agreed has the word, the person at
// the provider first.
func (m *merging) flags(p *pair) {
	base, here, there := p.link.Flags, p.local.Flags, p.remote.Flags
	byThem := (base ^ there) & (shared | store.Deleted)
	want := there&byThem | here&^byThem // As it should be here.
	if want != here {
		m.do(Action{Do: SetHere, Link: p.link, Local: p.local, Remote: p.remote, Flags: want})
		return
	}
	if becomes := p.drafted(); (want^there)&shared != 0 || becomes != 0 {
		m.do(Action{Do: StoreThere, Link: p.link, Local: p.local, Remote: p.remote, To: p.link.Kind, Flags: want&shared | there&^shared | becomes})
		return
	}
	if base&(shared|store.Deleted) != there&(shared|store.Deleted) {
		m.do(Action{Do: Relink, Link: p.link, Local: p.local, Remote: p.remote, To: p.link.Kind, Flags: there})
	}
}

// drafted is \Draft where waiting mail has become a draft by a move: without it some
// programs show the mail, and do not let it be edited. A server that does not keep the flag
// is asked once.
func (p *pair) drafted() store.Flags {
	if p.link.Kind != store.KindDrafts || (p.link.Flags|p.remote.Flags)&store.Draft != 0 {
		return 0
	}
	return p.local.Flags & store.Draft
}

// moved: by the person, who has the word also if the entry has moved meanwhile.
func (m *merging) moved(p *pair, as func(Verb, store.Kind)) {
	switch {
	case p.remote.Kind != "":
		as(Act, p.remote.Kind)
	case controls.WaitsIn(p.local.Kind), p.local.Kind == store.KindDecisions:
		// A copy is filed, the schedule stays: it is written again.
		as(Unlink, "")
	default:
		as(Act, "")
	}
}

// acts: folders that do something with what somebody puts into them.
func acts(k store.Kind) bool {
	return controls.IsControl(k)
}

// plain: folders that the person has without us.
func plain(k store.Kind) bool {
	switch k {
	case store.KindInbox, store.KindDrafts, store.KindSent, store.KindTrash, store.KindArchive, store.KindJunk, "":
		return true
	}
	return false
}
