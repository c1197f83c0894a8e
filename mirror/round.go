package mirror

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"time"

	"tidepost/accounts"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/store"
)

const (
	// maxSteps bounds how often one round compares; a person who moves mail all the time
	// is followed in the next.
	maxSteps = 30
	// maxLooks bounds the ordinary messages that are looked for everywhere in one round.
	maxLooks = 20
	// remembered is how long a message that is out of sight is no news when it comes back.
	remembered = 60 * 24 * time.Hour
	// followed is how long a message in an ordinary folder is looked at since anything
	// happened to it.
	followed = 30 * 24 * time.Hour
	// slack is how far the provider's clock may be behind ours.
	slack = 10 * time.Minute
	// unseen is how long before the last look a message may have come that we have not
	// seen: folders are read one after the other.
	unseen = 48 * time.Hour
)

// A listing is what a folder of the account held at a state.
type listing struct {
	status remote.Status
	linked []uint32
	items  []Remote
	at     time.Time
}

// A found message is not where its link says.
type found struct {
	Remote
	missed place // where it was looked for
}

// A round compares until both sides agree.
type round struct {
	*tender
	p      *people.Person
	mirror store.Mirror
	entry  map[int64]store.MirrorEntry
	links  map[int64]store.MirrorLink
	looked map[int64]bool
	found  map[int64]found // links that were looked for everywhere
	listed map[place]bool  // what the folders were read to hold
	sent   bool            // the provider files what is sent by itself
}

// round brings both sides into agreement. atRest is false if it gave up on that.
func (t *tender) round(ctx context.Context) (atRest bool, err error) {
	r := &round{tender: t, looked: map[int64]bool{}, found: map[int64]found{}}
	if r.p, err = t.person(ctx); err != nil {
		return false, err
	}
	if t.trial && !t.m.trying(r.p) {
		return false, errTried
	}
	if a, err := t.m.o.Accounts.Of(ctx, t.id, store.SideSMTP); err == nil {
		r.sent = a.Sent == accounts.Provider
	} else if !errors.Is(err, store.ErrNotFound) {
		return false, err
	}
	r.sent = r.sent || t.m.o.ProviderFiles != nil && t.m.o.ProviderFiles(r.p)
	if err := t.folders(ctx); err != nil {
		return false, err
	}
	if !t.leased.IsZero() { // Somebody may claim it.
		if err := t.lease(ctx); err != nil {
			return false, err
		}
	}
	for range maxSteps {
		actions, err := r.compare(ctx)
		if err != nil {
			return false, err
		}
		if len(actions) == 0 {
			if err := r.agreed(ctx); err != nil {
				return true, err
			}
			return true, r.lookPast(ctx)
		}
		r.trace(ctx, actions)
		if slices.Contains(stages(), actions[0].Do) {
			if err := r.there(ctx, actions); err != nil {
				return false, err
			}
			clear(r.found) // Something may stand elsewhere now.
			if err := t.folders(ctx); err != nil {
				return false, err
			}
			continue
		}
		for _, a := range actions {
			if err := t.held(ctx); err != nil {
				return false, err
			}
			if err := r.here(ctx, a); err != nil {
				return false, fmt.Errorf("%s: %w", a.Do, err)
			}
		}
	}
	t.log.Warn("the account does not come to rest; going on later")
	return false, nil
}

// trace tells what is going to be done. Message-IDs are enough to follow a mail through an
// account by a provider's own log.
func (r *round) trace(ctx context.Context, actions []Action) {
	if !r.log.Enabled(ctx, slog.LevelDebug) {
		return
	}
	for _, a := range actions {
		at := []any{"do", a.Do, "to", a.To, "copy", a.Copy}
		if l := a.Link; l != nil {
			at = append(at, "mid", l.Key.MID, "link", l.ID, "stood", l.Kind, "numbered", l.UID, "own", l.Own, "refused", l.Refused)
		}
		if l := a.Local; l != nil {
			at = append(at, "entry", l.Entry, "here", l.Kind)
		}
		if x := a.Remote; x != nil {
			at = append(at, "mid", x.Key.MID, "there", x.Kind, "uid", x.UID)
		}
		r.log.DebugContext(ctx, "account", at...)
	}
}

// compare reads both sides and merges them.
func (r *round) compare(ctx context.Context) ([]Action, error) {
	s := State{Lost: map[store.Kind]bool{}, Looked: r.looked, Full: r.m.now().Sub(r.full) < fullAgain, Copies: r.copies(), Later: r.later()}
	if err := r.store(ctx, &s); err != nil {
		return nil, err
	}
	if err := r.account(ctx, &s); err != nil {
		return nil, err
	}
	return r.allowed(Merge(s)), nil
}

// copies reports whether the server knows no MOVE.
func (t *tender) copies() bool {
	s, ok := t.s.(interface{ Caps() remote.Caps })
	return ok && !s.Caps().Move
}

// store reads links and entries.
func (r *round) store(ctx context.Context, s *State) error {
	r.entry, r.links = map[int64]store.MirrorEntry{}, map[int64]store.MirrorLink{}
	return r.m.o.DB.View(ctx, func(tx *store.Tx) (err error) {
		if r.mirror, err = tx.Mirror(r.id); err != nil {
			return err
		}
		links, err := tx.MirrorLinks(r.id)
		if err != nil {
			return err
		}
		things := map[int64]string{}
		for _, l := range links {
			r.links[l.ID] = l
			s.Links = append(s.Links, linkOf(l))
			things[l.EntryID] = l.Thing
		}
		entries, err := tx.MirrorEntries(r.id, r.mirror.Entry)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Kind == store.KindSent && r.sent {
				there, err := r.passesThere(tx, e.MID)
				if err != nil {
					return err
				}
				if _, linked := things[e.ID]; there && !linked {
					continue
				}
			}
			thing, ok := things[e.ID]
			if !ok {
				if thing, err = thingOf(tx, e.Entry, e.Kind, e.SourceID); err != nil {
					return err
				}
			}
			r.entry[e.ID] = e
			s.Local = append(s.Local, Local{Entry: e.ID, UID: e.UID, Thing: thing, Message: e.MessageID, Kind: e.Kind, Flags: e.Flags, Key: writtenKey(e)})
		}
		return nil
	})
}

// passesThere reports whether a mail goes through the server of the provider, which then
// files it: mail to colleagues alone never does, and would be in no Sent at all.
func (r *round) passesThere(tx *store.Tx, mid string) (bool, error) {
	subs, err := tx.SubmissionsByMID(mid)
	if err != nil {
		return false, err
	}
	here := false
	for _, sub := range subs {
		if sub.AuthorID != r.id {
			continue
		}
		list, err := tx.Recipients(sub.ID)
		if err != nil || slices.ContainsFunc(list, func(to store.Recipient) bool { return to.PersonID == 0 }) {
			return true, err
		}
		here = here || len(list) > 0
	}
	return !here, nil
}

// writtenKey is the key that an entry has when it is written into the account.
func writtenKey(e store.MirrorEntry) Key {
	k := Key{MID: e.MID, Size: e.Size}
	if k.MID == "" {
		k.Date = unix(e.InternalDate)
	}
	return k
}

// thingOf says what an entry shows. A submission is one thing in whatever folder, and so is
// a message with its renditions; what the folders of questions and decisions show is
// another, for it stands elsewhere too.
func thingOf(tx *store.Tx, e store.Entry, k store.Kind, source int64) (string, error) {
	switch {
	case k == store.KindNeedsReply, k == store.KindWaitingFor, k == store.KindDecisions:
		return fmt.Sprintf("%s/%d", k, e.MessageID), nil
	case e.SubmissionID != 0 && k != store.KindSent:
		return fmt.Sprintf("submission/%d", e.SubmissionID), nil
	}
	id := e.MessageID
	if source != 0 {
		var err error
		if id, err = tx.SourceMessage(source); err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("message/%d", id), nil
}

func linkOf(l store.MirrorLink) Link {
	return Link{ID: l.ID, Entry: l.EntryID, EntryUID: l.EntryUID, Thing: l.Thing, Message: l.Message, Kind: l.Kind, UID: l.UID,
		Key: Key{l.MID, l.Size, l.Date}, Flags: l.Flags, Own: l.Own, Refused: l.Refused}
}

// account reads the folders of the account, as far as they have changed.
func (r *round) account(ctx context.Context, s *State) error {
	linked := map[store.Kind][]uint32{}
	for _, l := range s.Links {
		if l.UID != 0 {
			linked[l.Kind] = append(linked[l.Kind], l.UID)
		}
	}
	for _, k := range r.kinds() {
		f := r.boxes[k]
		s.Lost[k] = f.lost
		if !f.there {
			continue
		}
		items, err := r.list(ctx, f, linked[k])
		if err != nil {
			return err
		}
		s.Remote = append(s.Remote, items...)
	}
	r.takenOut(s)
	r.listed = map[place]bool{}
	for _, x := range s.Remote {
		r.listed[place{x.Kind, x.UID}] = true
	}
	for id, x := range r.found {
		if l, ok := r.links[id]; !ok || l.Kind == "" || x.missed != (place{l.Kind, l.UID}) {
			delete(r.found, id)
		} else if x.Kind == "" || !r.listed[place{x.Kind, x.UID}] {
			s.Remote = append(s.Remote, x.Remote)
		}
	}
	s.Fresh = r.freshOf(s)
	return nil
}

// freshFor is how long a message counts as just seen.
const freshFor = 10 * time.Second

// freshOf are the messages that no link knows and that were first seen a moment ago.
func (r *round) freshOf(s *State) map[place]bool {
	linked, known := map[place]bool{}, map[Key]bool{}
	for _, l := range s.Links {
		linked[place{l.Kind, l.UID}], known[l.Key.id()] = true, true
	}
	now, seen, out := r.m.now(), map[place]time.Time{}, map[place]bool{}
	r.again = time.Time{}
	for _, x := range s.Remote {
		at := place{x.Kind, x.UID}
		if x.Kind == "" || linked[at] {
			continue
		}
		since, ok := r.strange[at]
		if !ok {
			since = now
		}
		seen[at], out[at] = since, now.Sub(since) < freshFor
		if due := since.Add(freshFor); out[at] && known[x.Key.id()] && (r.again.IsZero() || due.Before(r.again)) {
			r.again = due
		}
	}
	r.strange = seen
	return out
}

// takenFor is how long it counts that somebody took unknown mail out of Next delivery:
// folders are not read at one moment.
const takenFor = 2 * time.Minute

// takenOut lets mail stay in INBOX that the script filed into Next delivery and the person
// moved before we ever saw it there (INBOX has only what passes otherwise). It cannot be told from mail that has just come, but
// Next delivery has counted more messages than are in it. In doubt it has been delivered.
func (r *round) takenOut(s *State) {
	f := r.boxes[store.KindNextDelivery]
	if f == nil || !f.there || f.lost || f.UIDNext == 0 || r.gated.IsZero() {
		clear(r.known)
		return
	}
	now := r.m.now()
	news := func(k store.Kind, uid uint32) bool {
		return k == store.KindNextDelivery && uid >= f.UIDNext && uid < uint32(f.status.UIDNext)
	}
	// What has a link was written or seen by us, wherever we have moved it since.
	maps.DeleteFunc(r.known, func(uid uint32, _ bool) bool { return !news(store.KindNextDelivery, uid) })
	for _, l := range s.Links {
		if news(l.Kind, l.UID) {
			r.known[l.UID] = true
		}
	}
	came := int64(f.status.UIDNext) - int64(f.UIDNext) - int64(len(r.known))
	for _, x := range s.Remote {
		if news(x.Kind, x.UID) && !r.known[x.UID] {
			came--
		}
	}
	if came > 0 {
		r.emptied = now
	}
	if now.Sub(r.emptied) >= takenFor {
		return
	}
	for i := range s.Remote {
		if x := &s.Remote[i]; x.Kind == store.KindInbox && x.New && x.Came >= r.gated.Unix() {
			x.Late = true
		}
	}
}

// kinds are the folders in a fixed order: INBOX is read first, so that a message that is
// moved out of it while we read is seen twice rather than not at all.
func (r *round) kinds() []store.Kind {
	var out []store.Kind
	for k := range r.boxes {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b store.Kind) int {
		if c := first(a) - first(b); c != 0 {
			return c
		}
		if a < b {
			return -1
		}
		return 1
	})
	return out
}

// list reads one folder: Tidepost's own wholly, the person's ordinary ones as far as
// messages are known or new.
func (r *round) list(ctx context.Context, f *folder, linked []uint32) ([]Remote, error) {
	slices.Sort(linked)
	c := r.cache[f.Kind]
	if c != nil && c.status == f.status && slices.Equal(c.linked, linked) && (f.status.HighestModSeq != 0 || r.m.now().Sub(c.at) < r.m.o.Look*4) {
		return c.items, nil
	}
	c = &listing{status: f.status, linked: linked, at: r.m.now()}
	if f.status.Messages > 0 {
		box, err := r.s.Select(ctx, f.Name, 0)
		if err != nil {
			return nil, err
		}
		if box.UIDValidity != f.status.UIDValidity {
			return nil, fmt.Errorf("folder %s: %w", f.Name, remote.ErrUIDValidity)
		}
		if err := r.read(ctx, f, c); err != nil {
			return nil, err
		}
	}
	r.cache[f.Kind] = c
	return c.items, nil
}

func (r *round) read(ctx context.Context, f *folder, c *listing) error {
	after := remote.UID(0)
	if plain(f.Kind) && !f.lost {
		after = remote.UID(max(f.UIDNext, 1) - 1)
		var old []remote.UID
		for _, uid := range c.linked {
			if remote.UID(uid) <= after {
				old = append(old, remote.UID(uid))
			}
		}
		got, err := r.s.Get(ctx, old)
		if err != nil {
			return err
		}
		for _, m := range got {
			c.items = append(c.items, r.item(f, m))
		}
	}
	for m, err := range r.s.Since(ctx, after) {
		if err != nil {
			return err
		}
		c.items = append(c.items, r.item(f, m))
	}
	return nil
}

// item is a message of a folder. It may be new if it came after the account was set up, and
// not long before we looked last: what a person fetches out of an archive is old.
func (r *round) item(f *folder, m remote.Summary) Remote {
	out := Remote{Kind: f.Kind, UID: uint32(m.UID), Key: keyOf(m), Flags: flagsOf(m), Came: unix(m.Date)}
	if f.Kind == store.KindInbox || f.Kind == store.KindNextDelivery {
		out.New = !m.Date.Before(r.mirror.Since.Add(-slack)) && !m.Date.Before(r.mirror.Looked.Add(-unseen))
		out.Late = m.Date.Before(r.m.now().Add(-dwell))
	}
	return out
}

// agreed remembers how far the account was read.
func (r *round) agreed(ctx context.Context) error {
	var changed []store.MirrorFolder
	for _, f := range r.boxes {
		next := store.MirrorFolder{Kind: f.Kind, Name: f.Name, UIDValidity: f.status.UIDValidity, UIDNext: uint32(f.status.UIDNext)}
		if f.there && (next != f.known || f.lost) {
			changed = append(changed, next)
		}
	}
	now, strangers := r.m.now(), r.strangersInSent()
	if len(changed) == 0 && len(strangers) == 0 && now.Sub(r.mirror.Looked) < time.Hour {
		return nil
	}
	err := r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		mirror, err := tx.Mirror(r.id)
		if err != nil {
			return err
		}
		for _, f := range changed {
			if err := tx.PutMirrorFolder(r.id, f); err != nil {
				return err
			}
		}
		if err := tx.RestMirrorLinks(r.id, now.Add(-followed), now.Add(-remembered)); err != nil {
			return err
		}
		if err := r.noteSent(tx, strangers, now); err != nil {
			return err
		}
		mirror.Looked = now
		return tx.PutMirror(mirror)
	})
	for _, f := range changed {
		b := r.boxes[f.Kind]
		if b.lost {
			delete(r.cache, f.Kind) // All of it was read.
		}
		b.MirrorFolder, b.known, b.lost = f, f, false
	}
	return err
}

// look looks everywhere for a message that is not where it was.
func (r *round) look(ctx context.Context, a Action) error {
	l := a.Link
	// What was found and is asked for again is that of another message like it.
	if _, twice := r.found[l.ID]; twice || l.Key.MID == "" {
		r.looked[l.ID] = true
		return nil
	}
	if plain(l.Kind) && len(r.looked)+len(r.found) >= maxLooks {
		r.found[l.ID] = found{Remote{Key: l.Key, Flags: l.Flags}, place{l.Kind, l.UID}} // Somewhere; it is not worth so many questions.
		return nil
	}
	list, err := r.s.List(ctx)
	if err != nil {
		return err
	}
	for _, f := range list {
		k := r.kindOf(f.Name)
		if f.NoSelect || f.Role == remote.All || k == l.Kind {
			continue
		}
		got, err := r.s.Find(ctx, f.Name, l.Key.MID, 0)
		if errors.Is(err, remote.ErrGone) {
			continue
		}
		if err != nil {
			return err
		}
		for _, m := range got {
			// What the comparison has seen and not taken for it is another, too.
			if !keyOf(m).same(l.Key) || k != "" && (r.linked(k, uint32(m.UID)) || r.listed[place{k, uint32(m.UID)}]) {
				continue
			}
			r.found[l.ID] = found{Remote{Kind: k, UID: uint32(m.UID), Key: keyOf(m), Flags: flagsOf(m)}, place{l.Kind, l.UID}}
			return nil
		}
	}
	r.looked[l.ID] = true
	return nil
}

// linked reports whether another link has the message.
func (r *round) linked(k store.Kind, uid uint32) bool {
	for _, l := range r.links {
		if l.Kind == k && l.UID == uid {
			return true
		}
	}
	return false
}

// links reads the links alone.
func (t *tender) links(ctx context.Context) (out []Link, err error) {
	err = t.m.o.DB.View(ctx, func(tx *store.Tx) error {
		list, err := tx.MirrorLinks(t.id)
		for _, l := range list {
			out = append(out, linkOf(l))
		}
		return err
	})
	return out, err
}
