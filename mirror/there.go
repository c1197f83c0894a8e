package mirror

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"tidepost/remote"
	"tidepost/store"
)

// there carries out the actions that change the account, in their order. Each is first
// done and then remembered.
func (r *round) there(ctx context.Context, actions []Action) error {
	actions, err := r.gather(ctx, actions)
	if err != nil {
		return err
	}
	for len(actions) > 0 {
		n := 1
		for n < len(actions) && together(actions[0], actions[n]) {
			n++
		}
		batch := actions[:n]
		actions = actions[n:]
		if err := r.held(ctx); err != nil {
			return err
		}
		if err := r.batch(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// together: moves from one folder to another, flags of one folder, and removals from one
// folder are one command.
func together(a, b Action) bool {
	if a.Do != b.Do || a.To != b.To || a.Do == Append || a.Do == Replace {
		return false
	}
	if stands(a) != stands(b) {
		return false
	}
	return a.Do != StoreThere || a.Flags == b.Flags && a.Remote.Flags&(shared|store.Draft) == b.Remote.Flags&(shared|store.Draft)
}

// stands is the folder in which the message of an action is.
func stands(a Action) store.Kind {
	if a.Remote != nil {
		return a.Remote.Kind
	}
	return a.Link.Kind
}

func (r *round) batch(ctx context.Context, batch []Action) error {
	a := batch[0]
	switch a.Do {
	case Append:
		return r.append(ctx, a, nil)
	case Replace:
		return r.append(ctx, a, a.Link)
	case StoreThere:
		return r.flagThere(ctx, batch)
	case Remove:
		return r.remove(ctx, batch)
	}
	return r.move(ctx, batch)
}

func uidsOf(batch []Action) []remote.UID {
	var out []remote.UID
	for _, a := range batch {
		out = append(out, remote.UID(a.Remote.UID))
	}
	return out
}

// open selects the folder of a batch.
func (r *round) open(ctx context.Context, k store.Kind) error {
	f := r.boxes[k]
	delete(r.cache, k)
	_, err := r.s.Select(ctx, f.Name, f.status.UIDValidity)
	return err
}

func (r *round) flagThere(ctx context.Context, batch []Action) error {
	if err := r.open(ctx, stands(batch[0])); err != nil {
		return err
	}
	have, want := batch[0].Remote.Flags&(shared|store.Draft), batch[0].Flags&(shared|store.Draft)
	if err := r.s.Store(ctx, uidsOf(batch), flagNames(want&^have), flagNames(have&^want)); err != nil {
		return err
	}
	return r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		for _, a := range batch {
			l := r.links[a.Link.ID]
			l.Flags = a.Flags
			r.links[l.ID] = l
			if err := r.put(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// move moves a batch in one command: a tide is one.
func (r *round) move(ctx context.Context, batch []Action) error {
	to, err := r.ensure(ctx, batch[0].To)
	if err != nil {
		return err
	}
	if err := r.open(ctx, stands(batch[0])); err != nil {
		return err
	}
	delete(r.cache, batch[0].To)
	moved, err := r.s.Move(ctx, uidsOf(batch), to.Name)
	if errors.Is(err, remote.ErrFull) {
		r.fill(ctx)
		return nil
	}
	if err != nil {
		return err
	}
	return r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		for _, a := range batch {
			l := r.links[a.Link.ID]
			if a.Do == Discard || a.Do == PutBack && a.Local == nil {
				l.EntryID = 0
				if err := r.retire(tx, l); err != nil {
					return err
				}
				continue
			}
			l.Kind, l.UID = a.To, uint32(moved[remote.UID(a.Remote.UID)])
			r.links[l.ID] = l
			if err := r.put(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// remove removes letters and copies of ours.
func (r *round) remove(ctx context.Context, batch []Action) error {
	if err := r.open(ctx, stands(batch[0])); err != nil {
		return err
	}
	if err := r.s.Expunge(ctx, uidsOf(batch)); err != nil {
		return err
	}
	return r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		for _, a := range batch {
			l, ok := r.links[a.Link.ID]
			if !ok {
				continue // A second copy.
			}
			if a.Done != nil && a.Local != nil {
				l.Kind, l.UID = a.To, a.Done.UID
				setKey(&l, a.Done.Key)
				if err := r.put(tx, l); err != nil {
					return err
				}
				continue
			}
			l.EntryID = 0
			if err := r.retire(tx, l); err != nil {
				return err
			}
		}
		return nil
	})
}

// append writes an entry into the account; over is the link whose message it replaces.
func (r *round) append(ctx context.Context, a Action, over *Link) error {
	if r.m.now().Sub(r.full) < fullAgain {
		return nil // It was full a moment ago.
	}
	e := r.entry[a.Local.Entry]
	if over != nil && a.Remote != nil {
		words, err := r.keywords(ctx, a)
		if err != nil {
			return err
		}
		e.Keywords = append(slices.Clip(e.Keywords), words...)
	}
	var m store.Message
	err := r.m.o.DB.View(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Message(e.MessageID)
		return err
	})
	if err != nil {
		return gone(err)
	}
	uid, kind, why := remote.UID(0), a.To, ""
	if m.Stripped() {
		kind = "" // There is nothing to write.
	} else {
		f, err := r.ensure(ctx, a.To)
		if err != nil {
			return err
		}
		delete(r.cache, a.To)
		if uid, err = r.write(ctx, f, e, m); errors.Is(err, remote.ErrFull) {
			r.fill(ctx)
			return nil
		} else if w, final := r.deny(e.ID, err); final {
			kind, why = "", w
		} else if w != "" {
			return nil // Later.
		} else if err != nil {
			return err
		}
	}
	return r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		l := store.MirrorLink{EntryID: e.ID, EntryUID: e.UID, Thing: a.Local.Thing, Message: m.ID, Kind: kind, UID: uint32(uid),
			Flags: e.Flags & (shared | store.Draft), Own: true}
		setKey(&l, writtenKey(e))
		if over != nil {
			old := r.links[over.ID]
			old.EntryID, old.EntryUID, old.Thing, old.Own = 0, 0, "", true
			if err := r.put(tx, old); err != nil {
				return err
			}
		}
		if err := r.put(tx, l); err != nil || why == "" {
			return err
		}
		return r.tellDenied(tx, a.To, m, why)
	})
}

// keywords are the marks besides flags that the message of an action has in the account.
func (r *round) keywords(ctx context.Context, a Action) (words []string, err error) {
	if err := r.open(ctx, stands(a)); err != nil {
		return nil, err
	}
	got, err := r.s.Get(ctx, []remote.UID{remote.UID(a.Remote.UID)})
	for _, m := range got {
		words = append(words, slices.DeleteFunc(slices.Clone(m.Flags), func(f string) bool { return strings.HasPrefix(f, `\`) })...)
	}
	return words, err
}

func (r *round) write(ctx context.Context, f *folder, e store.MirrorEntry, m store.Message) (remote.UID, error) {
	body := r.m.o.DB.OpenBody(ctx, m)
	defer body.Close()
	flags := slices.Concat(flagNames(e.Flags), e.Keywords)
	return r.s.Append(ctx, f.Name, remote.Letter{Flags: flags, Date: e.InternalDate, MessageID: m.MID, Size: m.Size,
		Text: io.MultiReader(bytes.NewReader(m.Head), body)})
}

// fill notes that the account takes no more, and tells it once.
func (r *round) fill(ctx context.Context) {
	r.full = r.m.now()
	r.m.complain(ctx, r.id, remote.ErrFull)
}
