package mirror

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidepost/controls"
	"tidepost/people"
	"tidepost/remote"
	"tidepost/store"
)

// A Choice says what becomes of mail that waits to leave when an account is given back.
type Choice string

// The choices.
const (
	SendWaiting Choice = "send"   // it leaves now
	KeepWaiting Choice = "cancel" // it becomes a draft in Drafts
)

// A Returned is what was given back of an account.
type Returned struct {
	Delivered int      // mail that waited for a delivery, in INBOX now
	Sent      int      // mail that waited to leave, and has been let go
	Drafts    int      // mail that waited to leave, in Drafts now
	Moved     int      // other mail out of Tidepost's folders, in INBOX now
	Removed   int      // letters and copies of Tidepost's own
	Folders   int      // of Tidepost's, removed
	Left      []string // folders that could not be removed
}

// Rollback leaves a person's account as it was before Tidepost tended it: what waits for a
// delivery is delivered, mail that waits to leave is sent or becomes a draft, letters of
// Tidepost's own go from its folders, all other mail in them comes to INBOX, and the
// folders are removed. Nobody may tend the account while it runs, nor afterwards: the
// person's mailbox must have been set to the store (people.MailboxStore) before; a tender
// that still runs is waited for. It can be repeated.
func (m *Mirror) Rollback(ctx context.Context, p *people.Person, waiting Choice) (Returned, error) {
	if _, err := m.dismiss(ctx); err != nil {
		return Returned{}, err
	}
	busy := m.alone(p.ID)
	busy.Lock()
	defer busy.Unlock()
	out, err := m.rollback(ctx, p, waiting)
	if err != nil {
		return out, fmt.Errorf("roll back the account of %s: %w", p.Address, err)
	}
	return out, nil
}

func (m *Mirror) rollback(ctx context.Context, p *people.Person, waiting Choice) (out Returned, err error) {
	a, err := m.o.Accounts.Of(ctx, p.ID, store.SideIMAP)
	if err != nil {
		return out, err
	}
	if touched, err := m.Live(ctx, p.ID); err != nil || !touched {
		return out, errors.Join(err, m.o.DB.Update(ctx, func(tx *store.Tx) error { return tx.DropMirror(p.ID) }))
	}
	s, err := m.dial(ctx, a)
	if err != nil {
		return out, err
	}
	defer s.Close()
	t := &tender{m: m, id: p.ID, s: s, log: m.o.Log.With("person", p.ID), cache: map[store.Kind]*listing{}, known: map[uint32]bool{}, giving: true}
	if err := t.begin(ctx, a.User+"@"+a.Addr); err != nil {
		return out, err
	}
	if _, err := t.round(ctx); err != nil { // What the person moved last counts.
		return out, err
	}
	// First of all nothing more comes into what is emptied.
	if err := m.openGate(ctx, p.ID); err != nil {
		return out, err
	}
	if err := t.settleAll(ctx, p, waiting, &out); err != nil {
		return out, err
	}
	if _, err := t.round(ctx); err != nil {
		return out, err
	}
	if err := t.empty(ctx, &out); err != nil {
		return out, err
	}
	if err := t.removeFolders(ctx, &out); err != nil {
		return out, err
	}
	return out, m.o.DB.Update(ctx, func(tx *store.Tx) error { return tx.DropMirror(p.ID) })
}

// settleAll ends what waits, in the store.
func (t *tender) settleAll(ctx context.Context, p *people.Person, waiting Choice, out *Returned) error {
	return t.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		*out = Returned{}
		list, err := tx.MirrorEntries(t.id, 1<<62)
		if err != nil {
			return err
		}
		hand := t.m.hand(p, t.m.now())
		for _, e := range list {
			to := store.KindInbox
			switch {
			case e.Kind == store.KindNextDelivery && e.DeliveryID != 0:
				out.Delivered++
			case controls.WaitsIn(e.Kind) && e.SubmissionID != 0 && waiting == SendWaiting:
				to = store.KindSendNow
				out.Sent++
			case controls.WaitsIn(e.Kind) && e.SubmissionID != 0:
				to = store.KindDrafts
				out.Drafts++
			default:
				continue
			}
			if err := move(tx, hand, e, to); err != nil {
				return err
			}
		}
		return nil
	})
}

// move moves one entry; what has left meanwhile is well.
func move(tx *store.Tx, hand controls.Hand, e store.MirrorEntry, to store.Kind) error {
	from, err := tx.Mailbox(e.MailboxID)
	if err != nil {
		return err
	}
	target, err := tx.MailboxByKind(hand.Person.ID, to)
	if err != nil {
		return err
	}
	_, err = hand.Between(from, target).Move(tx, e.Entry, nil)
	return lostRace(err)
}

// made are folders in which everything of ours is a letter, or shows mail that stands
// elsewhere too.
func made(k store.Kind) bool {
	return controls.WaitsIn(k) || controls.IsAsked(k) || k == store.KindDigests || k == store.KindDecisions
}

// empty takes everything out of Tidepost's folders.
func (t *tender) empty(ctx context.Context, out *Returned) error {
	if err := t.folders(ctx); err != nil {
		return err
	}
	links, err := t.links(ctx)
	if err != nil {
		return err
	}
	inbox, err := t.ensure(ctx, store.KindInbox)
	if err != nil {
		return err
	}
	for k, f := range t.boxes {
		if plain(k) || !f.there {
			continue
		}
		if _, err := t.s.Select(ctx, f.Name, 0); err != nil {
			return err
		}
		var ours, others []remote.UID
		for m, err := range t.s.Since(ctx, 0) {
			if err != nil {
				return err
			}
			own := slices.ContainsFunc(links, func(l Link) bool { return l.Own && l.Kind == k && l.UID == uint32(m.UID) })
			if own && made(k) {
				ours = append(ours, m.UID)
			} else {
				others = append(others, m.UID)
			}
		}
		if _, err := t.s.Move(ctx, others, inbox.Name); err != nil {
			return err
		}
		if err := t.s.Expunge(ctx, ours); err != nil {
			return err
		}
		out.Moved, out.Removed = out.Moved+len(others), out.Removed+len(ours)
	}
	return nil
}

// removeFolders removes Tidepost's folders, the deepest first. One of the person's own
// below them stays, with those above it.
func (t *tender) removeFolders(ctx context.Context, out *Returned) error {
	if err := t.unmark(ctx); err != nil {
		return err
	}
	list, err := t.s.List(ctx)
	if err != nil {
		return err
	}
	var names []string
	own := map[string]bool{root: true, leaseFolder: true, root + "/Remind me": true}
	for _, f := range t.boxes {
		if !plain(f.Kind) {
			own[f.Name] = true
		}
	}
	for _, f := range list {
		if own[f.Name] || f.Name == root {
			names = append(names, f.Name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Count(b, "/") - strings.Count(a, "/") })
	for _, name := range names {
		if slices.ContainsFunc(list, func(f remote.Folder) bool { return strings.HasPrefix(f.Name, name+"/") && !own[f.Name] }) {
			out.Left = append(out.Left, name)
			continue
		}
		if gone, err := t.removeFolder(ctx, name, list); err != nil {
			return err
		} else if gone {
			out.Folders++
		} else {
			out.Left = append(out.Left, name)
		}
	}
	return nil
}

func (t *tender) removeFolder(ctx context.Context, name string, list []remote.Folder) (bool, error) {
	at := slices.IndexFunc(list, func(f remote.Folder) bool { return f.Name == name })
	if !list[at].NoSelect {
		st, err := t.s.Statuses(ctx, []string{name})
		if err != nil {
			return false, err
		}
		if st[name].Messages > 0 {
			return false, nil
		}
	}
	err := t.s.Delete(ctx, name)
	if errors.Is(err, remote.ErrLost) {
		return false, err
	}
	return err == nil, nil
}

// unmark takes our letter out of the account.
func (t *tender) unmark(ctx context.Context) error {
	self, err := t.installation(ctx)
	if err != nil {
		return err
	}
	all, err := t.leases(ctx)
	if errors.Is(err, remote.ErrGone) {
		return nil
	}
	if err != nil {
		return err
	}
	var ours []remote.UID
	for _, l := range all {
		if l.who == self {
			ours = append(ours, l.uid)
		}
	}
	return t.s.Expunge(ctx, ours)
}
