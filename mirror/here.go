package mirror

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"tidepost/controls"
	"tidepost/digest"
	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/queue"
	"tidepost/remote"
	"tidepost/store"
)

// here carries out an action in the store. Whatever it does, and what the link then says,
// is one transaction.
func (r *round) here(ctx context.Context, a Action) error {
	switch a.Do {
	case Look:
		return r.look(ctx, a)
	case Receive, Enter:
		return r.take(ctx, a)
	case Act:
		return r.act(ctx, a)
	}
	return r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		switch a.Do {
		case Relink:
			return r.relink(tx, a)
		case Adopt:
			return r.adopt(tx, a)
		case Retire:
			l := r.links[a.Link.ID]
			if a.Local == nil {
				l.EntryID = 0
			}
			return r.retire(tx, l)
		case Unlink:
			return r.unlink(tx, a)
		case Expunge:
			return r.expunge(tx, a)
		case SetHere:
			return r.setHere(tx, a)
		case Late:
			return r.late(tx, a)
		}
		return fmt.Errorf("no such action: %s", a.Do)
	})
}

// put writes a link.
func (r *round) put(tx *store.Tx, l store.MirrorLink) error {
	l.Changed = r.m.now()
	return tx.PutMirrorLink(r.id, &l)
}

func (r *round) relink(tx *store.Tx, a Action) error {
	l := r.links[a.Link.ID]
	l.Kind, l.UID, l.Flags, l.Refused = a.To, a.Remote.UID, a.Flags, false
	setKey(&l, a.Remote.Key)
	if a.Local != nil {
		l.EntryID, l.EntryUID, l.Thing = a.Local.Entry, a.Local.UID, a.Local.Thing
	}
	return r.put(tx, l)
}

func setKey(l *store.MirrorLink, k Key) { l.MID, l.Size, l.Date = k.MID, k.Size, k.Date }

func (r *round) adopt(tx *store.Tx, a Action) error {
	l := store.MirrorLink{EntryID: a.Local.Entry, EntryUID: a.Local.UID, Thing: a.Local.Thing, Message: a.Local.Message,
		Kind: a.Remote.Kind, UID: a.Remote.UID, Flags: a.Flags, Own: true}
	setKey(&l, a.Remote.Key)
	return r.put(tx, l)
}

// retire: out of sight, and no news if it comes back. Its entry, if it has one, is not
// written again.
func (r *round) retire(tx *store.Tx, l store.MirrorLink) error {
	l.Kind, l.UID, l.Refused = "", 0, false
	return r.put(tx, l)
}

// unlink forgets the account's half, and lets waiting mail go that was frozen there.
func (r *round) unlink(tx *store.Tx, a Action) error {
	if err := tx.DropMirrorLink(a.Link.ID); err != nil || a.Local == nil || a.Local.Flags&store.Deleted == 0 {
		return err
	}
	box, e, err := r.standing(tx, *a.Local)
	if err != nil {
		return gone(err)
	}
	was := e.Flags
	if err := tx.SetFlags(&e, e.Flags&^store.Deleted, e.Keywords); err != nil {
		return err
	}
	return r.m.hand(r.p, r.m.now()).Flagged(tx, box, e, was)
}

// standing reads an entry again, inside the transaction.
func (r *round) standing(tx *store.Tx, l Local) (store.Mailbox, store.Entry, error) {
	box, err := tx.MailboxByKind(r.id, l.Kind)
	if err != nil {
		return box, store.Entry{}, err
	}
	e, err := tx.EntryByUID(box.ID, l.UID)
	return box, e, err
}

// gone passes over what somebody was faster with: the next comparison sees it.
func gone(err error) error {
	if errors.Is(err, store.ErrNotFound) {
		return nil
	}
	return err
}

func (r *round) expunge(tx *store.Tx, a Action) error {
	box, e, err := r.standing(tx, *a.Local)
	if err != nil {
		return gone(err)
	}
	if err := r.m.hand(r.p, r.m.now()).Expunge(tx, box, e, false); err != nil {
		return lostRace(err)
	}
	l := r.links[a.Link.ID]
	l.EntryID = 0
	return r.retire(tx, l)
}

// lostRace passes over a move that met a release: its author has been told, and the next
// comparison sees where the mail is.
func lostRace(err error) error {
	if errors.Is(err, queue.ErrLeft) || errors.Is(err, inbox.ErrGone) || errors.Is(err, store.ErrConflict) {
		return nil
	}
	return err
}

func (r *round) setHere(tx *store.Tx, a Action) error {
	box, e, err := r.standing(tx, *a.Local)
	if err != nil {
		return gone(err)
	}
	was, flags := e.Flags, a.Flags
	if controls.FlagsRefusal(box.Kind, flags) != nil {
		flags &^= store.Deleted
	}
	if err := tx.SetFlags(&e, flags, e.Keywords); err != nil {
		return err
	}
	if err := r.m.hand(r.p, r.m.now()).Flagged(tx, box, e, was); err != nil {
		return err
	}
	l := r.links[a.Link.ID]
	l.Flags = a.Remote.Flags
	return r.put(tx, l)
}

// late: the person moved mail that had left. What they moved into a folder of Tidepost's
// goes; a copy in a folder of their own is theirs.
func (r *round) late(tx *store.Tx, a Action) error {
	box, err := tx.MailboxByKind(r.id, a.Link.Kind)
	if err != nil {
		return err
	}
	if err := r.m.hand(r.p, r.m.now()).Missing(tx, box, a.Link.EntryUID); err != nil && !errors.Is(err, queue.ErrLeft) {
		return err
	}
	l := r.links[a.Link.ID]
	l.EntryID = 0
	if plain(a.Remote.Kind) {
		return r.retire(tx, l)
	}
	l.Kind, l.UID, l.Own = a.Remote.Kind, a.Remote.UID, true
	return r.put(tx, l)
}

// act carries out a move of the person's.
func (r *round) act(ctx context.Context, a Action) error {
	to := a.To
	if to == "" {
		to = store.KindArchive // It stands for every folder that means nothing.
	}
	now := r.m.now()
	if a.Copy {
		if there, err := r.stillThere(ctx, *a.Link); err != nil || !there {
			return err
		}
	}
	content, err := r.content(ctx, a, to)
	if err != nil {
		return gone(err)
	}
	err = r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		from, e, err := r.standing(tx, *a.Local)
		if err != nil {
			return gone(err)
		}
		target, err := tx.MailboxByKind(r.id, to)
		if err != nil {
			return err
		}
		out, err := r.m.hand(r.p, now).Between(from, target).Move(tx, e, content)
		if err != nil {
			return err
		}
		return r.acted(tx, a, to, out)
	})
	if reason, ok := refusal(err); ok {
		return r.refuse(ctx, a, to, reason, err)
	}
	return lostRace(err)
}

// stillThere asks whether a message stands where it did: what looks like a copy is none if
// its source has gone.
func (r *round) stillThere(ctx context.Context, l Link) (bool, error) {
	f := r.boxes[l.Kind]
	if _, err := r.s.Select(ctx, f.Name, f.status.UIDValidity); err != nil {
		return false, err
	}
	got, err := r.s.Get(ctx, []remote.UID{remote.UID(l.UID)})
	if err == nil && len(got) == 0 {
		delete(r.cache, l.Kind)
	}
	return len(got) > 0, err
}

// content reads what a move judges.
func (r *round) content(ctx context.Context, a Action, to store.Kind) (*mail.Content, error) {
	t := controls.Hand{}.Between(store.Mailbox{Kind: a.Local.Kind}, store.Mailbox{Kind: to})
	if !t.Reads() {
		return nil, nil
	}
	var m store.Message
	err := r.m.o.DB.View(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Message(a.Local.Message)
		return err
	})
	if err != nil {
		return nil, err
	}
	body := r.m.o.DB.OpenBody(ctx, m)
	defer body.Close()
	scan := mail.NewScanner(m.Head)
	if _, err := io.Copy(scan, body); err != nil {
		return nil, fmt.Errorf("read message %d: %w", m.ID, err)
	}
	return scan.Finish(), nil
}

// acted links what came of a move with the message that was moved.
func (r *round) acted(tx *store.Tx, a Action, to store.Kind, out *store.Entry) error {
	l := r.links[a.Link.ID]
	if a.Copy && to == store.KindDecisions { // The mail stays where it was, and only the copy goes.
		left := store.MirrorLink{Thing: stray, Kind: a.Remote.Kind, UID: a.Remote.UID, Own: true}
		setKey(&left, a.Remote.Key)
		return r.put(tx, left)
	}
	if a.Copy { // Entering is the act: the source vanishes.
		left := store.MirrorLink{Thing: stray, Kind: l.Kind, UID: l.UID, MID: l.MID, Size: l.Size, Date: l.Date, Flags: l.Flags, Own: l.Own}
		if err := r.put(tx, left); err != nil {
			return err
		}
	}
	l.Refused = false // The flags stay those agreed on: what was flagged and moved at once is flagged.
	if l.Kind, l.UID = a.To, a.Remote.UID; a.To == "" {
		l.UID = 0
	}
	if err := r.linkTo(tx, &l, out, to); err != nil {
		return err
	}
	if controls.IsOutgoing(to) {
		l.Own = true // A draft that waits or is sent is ours to remove.
	}
	return r.put(tx, l)
}

// linkTo names the entry that a link stands for from now on.
func (r *round) linkTo(tx *store.Tx, l *store.MirrorLink, out *store.Entry, to store.Kind) error {
	if out == nil || out.ID == 0 {
		if to != store.KindDecisions { // There the mail stays where it was.
			l.EntryID, l.EntryUID, l.Thing = 0, 0, ""
			l.Own = true
		}
		return nil
	}
	for _, other := range r.links {
		if other.EntryID == out.ID && other.ID != l.ID { // It lies there already.
			l.EntryID, l.EntryUID, l.Thing = 0, 0, ""
			return nil
		}
	}
	box, err := tx.Mailbox(out.MailboxID)
	if err != nil {
		return err
	}
	m, err := tx.Message(out.MessageID)
	if err != nil {
		return err
	}
	thing, err := thingOf(tx, *out, box.Kind, m.SourceID)
	l.EntryID, l.EntryUID, l.Thing = out.ID, out.UID, thing
	return err
}

// refusal is why a move cannot be, in words for the person.
func refusal(err error) (string, bool) {
	var refused *controls.Refusal
	var cannot *queue.ErrCannot
	switch {
	case errors.As(err, &refused):
		return refused.Reason, true
	case errors.As(err, &cannot):
		return cannot.Reason, true
	}
	return "", false
}

// refuse has a move put back, and tells the person why.
func (r *round) refuse(ctx context.Context, a Action, to store.Kind, reason string, cause error) error {
	return r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		l := r.links[a.Link.ID]
		l.Refused = true
		if a.Copy {
			l = store.MirrorLink{Kind: a.Remote.Kind, UID: a.Remote.UID, Flags: a.Remote.Flags, Refused: true}
			setKey(&l, a.Remote.Key)
		}
		if err := r.put(tx, l); err != nil {
			return err
		}
		var cannot *queue.ErrCannot
		if errors.As(cause, &cannot) && controls.IsOutgoing(to) {
			return nil // The queue has told it.
		}
		m, err := tx.Message(a.Local.Message)
		if err != nil {
			return gone(err)
		}
		return r.tellRefused(tx, m.Head, to, reason)
	})
}

func (r *round) tellRefused(tx *store.Tx, head []byte, to store.Kind, reason string) error {
	box, err := tx.MailboxByKind(r.id, to)
	if err != nil {
		return err
	}
	f := mail.FactsOf(mail.ParseHeader(head), nil, mail.Address{})
	w := r.m.o.Inbox.Letters()
	letter := w.Refused(digest.Reader{Name: r.p.Name, Address: r.p.Address, Zone: r.p.Zone()}, digest.About{Subject: f.Subject, MID: f.MessageID}, box.Name, reason)
	_, _, err = r.m.o.Inbox.Put(tx, r.p, store.KindInbox, letter, r.m.now())
	return err
}

// stage reads a message of the account.
func (r *round) stage(ctx context.Context, x Remote) (staged *store.Staged, err error) {
	if _, err := r.s.Select(ctx, r.boxes[x.Kind].Name, r.boxes[x.Kind].status.UIDValidity); err != nil {
		return nil, err
	}
	err = r.s.Fetch(ctx, remote.UID(x.UID), r.m.o.MaxMessage, func(_ int64, in io.Reader) (err error) {
		staged, err = r.m.o.DB.Stage(ctx, mail.NewNormalizer(in), r.m.now())
		return err
	})
	return staged, err
}

func (r *round) discard(s *store.Staged) {
	if s == nil {
		return
	}
	if err := r.m.o.DB.Discard(s); err != nil {
		r.log.Warn("discard staged body", "err", err)
	}
}

// dwell is how long a message may have been in INBOX before it counts as delivered: taking
// it away again would only puzzle.
const dwell = 10 * time.Minute

// receive files new mail. What cannot be filed stays in INBOX, or comes there.
func (r *round) receive(ctx context.Context, x Remote) error {
	staged, err := r.stage(ctx, x)
	if err == nil {
		err = r.file(ctx, x, staged)
	}
	if err == nil {
		return nil
	}
	r.discard(staged)
	var final *mail.Reply
	switch {
	case errors.Is(err, remote.ErrNoMessage):
		delete(r.cache, x.Kind)
		return nil
	case errors.Is(err, remote.ErrTooLarge), errors.Is(err, store.ErrHeadTooBig), errors.As(err, &final) && !final.Temporary():
		r.log.Info("mail stays in INBOX", "mid", x.Key.MID, "err", err)
		return r.m.o.DB.Update(ctx, func(tx *store.Tx) error { return r.openly(tx, x) })
	}
	return err
}

// openly lets a message go to INBOX, and be nobody's business from then on.
func (r *round) openly(tx *store.Tx, x Remote) error {
	l := store.MirrorLink{Kind: x.Kind, UID: x.UID, Refused: true, Flags: x.Flags}
	if x.Kind == store.KindInbox {
		l.Kind, l.UID, l.Refused = "", 0, false
	}
	setKey(&l, x.Key)
	return r.put(tx, l)
}

// file delivers a fetched message and links it, in one transaction.
func (r *round) file(ctx context.Context, x Remote, staged *store.Staged) error {
	now := r.m.now()
	// A trial takes nothing away.
	there := x.Kind == store.KindInbox && (x.Flags&store.Seen != 0 && !r.trial || x.Late)
	found := inbox.Found{Person: r.p, From: returnPath(staged.Head), There: there}
	if x.Late {
		found.Came = time.Unix(x.Came, 0).UTC()
	}
	return r.m.o.Inbox.Fetch(ctx, found, staged, func(tx *store.Tx, d store.Delivery) error {
		e, kind, err := entryOf(tx, d)
		if err != nil {
			return err
		}
		l := store.MirrorLink{EntryID: e.ID, EntryUID: e.UID, Message: d.MessageID, Kind: x.Kind, UID: x.UID}
		setKey(&l, x.Key)
		if l.Thing, err = thingOf(tx, e, kind, 0); err != nil {
			return err
		}
		return r.put(tx, l)
	}, now)
}

// returnPath is the reverse-path that final delivery wrote down (RFC 5321 §4.4). Where it
// did not, the author stands for it: that is not the null reverse-path.
func returnPath(head []byte) mail.Address {
	h := mail.ParseHeader(head)
	if all := h.All("Return-Path"); len(all) > 0 {
		path := strings.Trim(strings.TrimSpace(all[0]), "<>")
		if path == "" {
			return mail.Address{} // The null reverse-path.
		}
		if a, err := mail.ParsePath(path, true); err == nil {
			return a
		}
	}
	if from := h.Addresses("From"); len(from) > 0 {
		return from[0].Address
	}
	return mail.Address{}
}

// entryOf finds where a delivery stands.
func entryOf(tx *store.Tx, d store.Delivery) (store.Entry, store.Kind, error) {
	if d.State == store.Waiting {
		e, err := tx.EntryOfDelivery(d.ID)
		return e, store.KindNextDelivery, err
	}
	box, err := tx.MailboxByKind(d.PersonID, d.Target)
	if err != nil {
		return store.Entry{}, "", err
	}
	list, err := tx.EntriesOfMessage(d.MessageID)
	for _, e := range list {
		if e.MailboxID == box.ID {
			return e, d.Target, nil
		}
	}
	if err == nil {
		err = fmt.Errorf("entry of delivery %d: %w", d.ID, store.ErrNotFound)
	}
	return store.Entry{}, "", err
}

// keep stores a message of the account in an ordinary folder.
func (r *round) keep(tx *store.Tx, box store.Mailbox, staged *store.Staged, flags store.Flags, now time.Time) (store.Entry, error) {
	e, _, err := r.keepIn(tx, box, staged, flags, nil, now)
	return e, err
}

// keepIn is keep for a message that is put into its conversation, by its facts; nil: into none.
func (r *round) keepIn(tx *store.Tx, box store.Mailbox, staged *store.Staged, flags store.Flags, facts *mail.Facts, now time.Time) (store.Entry, store.Message, error) {
	body, err := tx.AddBody(staged, now)
	if err != nil {
		return store.Entry{}, store.Message{}, err
	}
	m := store.Message{Origin: store.OriginAppended, BodyID: body, Head: staged.Head, Size: staged.Size(), Created: now}
	if ids := mail.ParseHeader(staged.Head).MessageIDs("Message-ID"); len(ids) > 0 {
		m.MID = ids[0]
	}
	if facts != nil {
		if m.ThreadID, err = inbox.PlaceThread(tx, inbox.Threaded(*facts, now), now); err != nil {
			return store.Entry{}, m, err
		}
	}
	if err := tx.InsertMessage(&m); err != nil {
		return store.Entry{}, m, err
	}
	if err := tx.PutDerived(r.m.o.Inbox.Derive(m, staged.Content)); err != nil {
		return store.Entry{}, m, err
	}
	e := store.Entry{MailboxID: box.ID, MessageID: m.ID, InternalDate: now, Flags: flags &^ store.Deleted}
	return e, m, tx.AddEntry(&e)
}
