package mirror

import (
	"context"
	"errors"

	"tidepost/controls"
	"tidepost/queue"
	"tidepost/remote"
	"tidepost/store"
)

// enter is a message that the person put into a control folder and that we do not know: a
// draft to be sent, old mail to be reminded of, a mail to be filed as a decision.
func (r *round) enter(ctx context.Context, a Action) error {
	x := *a.Remote
	if x.Kind == store.KindNextDelivery { // Not new, so it is no delivery.
		return r.m.o.DB.Update(ctx, func(tx *store.Tx) error { return r.openly(tx, x) })
	}
	staged, err := r.stage(ctx, x)
	if errors.Is(err, remote.ErrNoMessage) {
		delete(r.cache, x.Kind)
		return nil
	}
	reason := ""
	if errors.Is(err, remote.ErrTooLarge) || errors.Is(err, store.ErrHeadTooBig) {
		reason, err = "It is too large", nil
	}
	if err != nil {
		r.discard(staged) // The connection broke behind it.
		return err
	}
	if reason == "" {
		err = r.m.o.DB.Update(ctx, func(tx *store.Tx) error { return r.entered(tx, a, staged) })
		if err == nil {
			return nil
		}
		r.discard(staged)
		if reason, _ = refusal(err); reason == "" {
			return lostRace(err)
		}
	}
	var cannot *queue.ErrCannot
	if errors.As(err, &cannot) && controls.IsOutgoing(x.Kind) {
		reason = "" // The queue has told it.
	}
	return r.turnAway(ctx, a, staged, reason)
}

// turnAway has what was put into a control folder put back, and tells the person why; ""
// if that is told.
func (r *round) turnAway(ctx context.Context, a Action, staged *store.Staged, reason string) error {
	x := *a.Remote
	return r.m.o.DB.Update(ctx, func(tx *store.Tx) error {
		l := store.MirrorLink{Kind: x.Kind, UID: x.UID, Refused: true, Flags: x.Flags}
		if a.Link != nil {
			l.ID = a.Link.ID
		}
		setKey(&l, x.Key)
		if err := r.put(tx, l); err != nil || reason == "" {
			return err
		}
		var head []byte
		if staged != nil {
			head = staged.Head
		}
		return r.tellRefused(tx, head, x.Kind, reason)
	})
}

func (r *round) entered(tx *store.Tx, a Action, staged *store.Staged) error {
	x, now := *a.Remote, r.m.now()
	hand := r.m.hand(r.p, now)
	l := store.MirrorLink{Kind: x.Kind, UID: x.UID, Flags: x.Flags}
	if a.Link != nil {
		l = r.links[a.Link.ID]
		l.Kind, l.UID, l.Flags = x.Kind, x.UID, x.Flags
	}
	setKey(&l, x.Key)
	if controls.IsOutgoing(x.Kind) {
		out, err := hand.Append(tx, staged, x.Flags, x.Kind)
		if err != nil {
			return err
		}
		l.Own = true
		if err := r.linkTo(tx, &l, out, x.Kind); err != nil {
			return err
		}
		return r.put(tx, l)
	}
	if refused := controls.AppendRefusal(x.Kind); refused != nil && x.Kind != store.KindDecisions && !controls.IsReminder(x.Kind) {
		return refused
	}
	from, err := tx.MailboxByKind(r.id, source(x.Kind))
	if err != nil {
		return err
	}
	e, err := r.keep(tx, from, staged, x.Flags, now)
	if err != nil {
		return err
	}
	to, err := tx.MailboxByKind(r.id, x.Kind)
	if err != nil {
		return err
	}
	thing, err := thingOf(tx, e, from.Kind, 0)
	if err != nil {
		return err
	}
	l.EntryID, l.EntryUID, l.Thing, l.Message = e.ID, e.UID, thing, e.MessageID
	out, err := hand.Between(from, to).Move(tx, e, staged.Content)
	if err == nil {
		err = r.linkTo(tx, &l, out, x.Kind)
	}
	if err != nil {
		return err
	}
	return r.put(tx, l)
}

// source is where a message came from that we have not seen before: decisions are made
// of what one has sent.
func source(k store.Kind) store.Kind {
	if k == store.KindDecisions {
		return store.KindSent
	}
	return store.KindArchive
}
