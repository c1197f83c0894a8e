package mirror

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/remote"
	"tidepost/store"
)

// What the person sends by the provider directly, from webmail or a telephone that still
// has the old outgoing server, is seen in Sent alone. It is counted there as mail that went
// past, once, and what it answers is answered.
//
// Mail programs file before they submit: such a message is remembered first, and looked at
// again when whatever was on its way to us has come.

const (
	// pastAfter is how long mail in Sent may still come by way of Tidepost.
	pastAfter = 15 * time.Minute
	// maxNoted bounds what is remembered of one look at Sent: more than that nobody has
	// sent, but moved there.
	maxNoted = 200
	// maxPast bounds how much is fetched in one round.
	maxPast = 20
	// maxMID bounds a Message-ID: a line (RFC 5322 §2.1.1).
	maxMID = 998
)

// strangersInSent are the messages that came into Sent since it was last agreed on, and that
// no link knows. Mail from before is none, nor is what was fetched out of an archive.
func (r *round) strangersInSent() []Remote {
	f, c := r.boxes[store.KindSent], r.cache[store.KindSent]
	if f == nil || !f.there || c == nil || r.m.o.Past == nil || r.giving {
		return nil
	}
	linked := map[uint32]bool{}
	for _, l := range r.links {
		if l.Kind == store.KindSent {
			linked[l.UID] = true
		}
	}
	from := max(r.mirror.Since.Unix()+1, r.mirror.Looked.Add(-unseen).Unix())
	var out []Remote
	for _, x := range c.items {
		if x.UID >= f.UIDNext && !linked[x.UID] && x.Key.MID != "" && len(x.Key.MID) <= maxMID && x.Came >= from && x.Flags&(store.Draft|store.Deleted) == 0 {
			out = append(out, x)
		}
	}
	return out[max(len(out)-maxNoted, 0):]
}

// noteSent remembers them, but for those that are known to have passed here.
func (r *round) noteSent(tx *store.Tx, strangers []Remote, now time.Time) error {
	for _, x := range strangers {
		subs, err := tx.SubmissionsByMID(x.Key.MID)
		if err != nil {
			return err
		}
		if len(subs) > 0 {
			continue
		}
		s := store.SentMail{MID: x.Key.MID, UIDValidity: r.boxes[store.KindSent].status.UIDValidity, UID: x.UID, Seen: now}
		if err := tx.NoteSent(r.id, s); err != nil {
			return err
		}
	}
	return nil
}

// lookPast looks at what was remembered long enough ago, and says when there is more to do.
func (r *round) lookPast(ctx context.Context) error {
	var noted []store.SentMail
	err := r.m.o.DB.View(ctx, func(tx *store.Tx) (err error) {
		noted, err = tx.NotedSent(r.id)
		return err
	})
	if err != nil {
		return err
	}
	now := r.m.now()
	r.past = time.Time{}
	for n, s := range noted {
		if due := s.Seen.Add(pastAfter); now.Before(due) || n == maxPast {
			r.past = due
			return nil
		}
		err := r.judgeSent(ctx, s, now)
		if err == nil {
			continue
		}
		if ctx.Err() != nil || errors.Is(err, remote.ErrLost) || errors.Is(err, remote.ErrUIDValidity) || errors.Is(err, remote.ErrGone) {
			return err
		}
		r.log.Warn("mail in Sent cannot be read", "mid", s.MID, "err", err)
		if err := r.m.o.DB.Update(ctx, func(tx *store.Tx) error { return tx.ForgetSent(r.id, s.MID) }); err != nil {
			return err
		}
	}
	return nil
}

// judgeSent finds out whether a message of Sent went past. In doubt it did not.
func (r *round) judgeSent(ctx context.Context, s store.SentMail, now time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			r.log.Error("reading mail in Sent panicked", "mid", s.MID, "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("reading mail in Sent panicked: %v", p)
		}
	}()
	x, err := r.findSent(ctx, s)
	if err != nil {
		return err
	}
	var staged *store.Staged
	if x != nil {
		staged, err = r.stage(ctx, *x)
		if err != nil && !errors.Is(err, remote.ErrNoMessage) {
			r.discard(staged)
			return err
		}
	}
	kept := false
	err = r.m.o.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if staged != nil {
			kept, err = r.wentPast(tx, *x, staged, now)
		}
		if err != nil {
			return err
		}
		return tx.ForgetSent(r.id, s.MID)
	})
	if err != nil || !kept {
		r.discard(staged)
	}
	return err
}

// findSent finds a message of Sent again; nil if it has gone from there, or is a draft now.
func (r *round) findSent(ctx context.Context, s store.SentMail) (*Remote, error) {
	f := r.boxes[store.KindSent]
	if f == nil || !f.there {
		return nil, nil
	}
	if _, err := r.s.Select(ctx, f.Name, f.status.UIDValidity); err != nil {
		return nil, err
	}
	var got []remote.Summary
	var err error
	if s.UIDValidity == f.status.UIDValidity {
		got, err = r.s.Get(ctx, []remote.UID{remote.UID(s.UID)})
	} else {
		got, err = r.s.Find(ctx, f.Name, s.MID, 0)
	}
	if err != nil {
		return nil, err
	}
	at := slices.IndexFunc(got, func(m remote.Summary) bool {
		return m.MessageID == s.MID && flagsOf(m)&(store.Draft|store.Deleted) == 0
	})
	if at < 0 {
		return nil, nil
	}
	x := r.item(f, got[at])
	return &x, nil
}

// wentPast counts a message of Sent if it went past, and takes what it answers. It reports
// whether staged was taken.
func (r *round) wentPast(tx *store.Tx, x Remote, staged *store.Staged, now time.Time) (kept bool, err error) {
	facts := mail.FactsOf(mail.ParseHeader(staged.Head), staged.Content, r.p.Address)
	if !r.wrote(facts, x) {
		return false, nil
	}
	past, err := r.m.o.Past(tx, staged.Head, now)
	if err != nil || !past {
		return false, err
	}
	p := r.m.o.Inbox.ReadPast(r.p, staged, facts)
	if p == nil {
		return false, nil
	}
	if answers, err := p.Answers(tx); err != nil || !answers {
		return false, err
	}
	if r.linked(store.KindSent, x.UID) {
		return false, nil
	}
	return true, r.keepAnswer(tx, x, p, now)
}

// wrote reports whether the person has written a message lately: what is imported is old,
// and what a machine sent for them is not theirs.
func (r *round) wrote(f mail.Facts, x Remote) bool {
	if len(f.From) != 1 || f.IsAuto || f.IsBounce || f.DateOK && f.Date.Before(time.Unix(x.Came, 0).Add(-unseen)) || f.DateOK && f.Date.Before(r.mirror.Since.Truncate(time.Second)) {
		return false
	}
	return r.m.o.People.MaySendAs(r.p, f.From[0].Address)
}

// keepAnswer files what answers something in the person's Sent here, where the question can
// name it, and links it: in the account it stands already, and is theirs.
func (r *round) keepAnswer(tx *store.Tx, x Remote, p *inbox.Past, now time.Time) error {
	box, err := tx.MailboxByKind(r.id, store.KindSent)
	if err != nil {
		return err
	}
	e, m, err := r.keepIn(tx, box, p.Staged, x.Flags, &p.Facts, now)
	if err != nil {
		return err
	}
	l := store.MirrorLink{EntryID: e.ID, EntryUID: e.UID, Message: m.ID, Kind: store.KindSent, UID: x.UID, Flags: x.Flags & shared}
	setKey(&l, x.Key)
	if l.Thing, err = thingOf(tx, e, box.Kind, 0); err != nil {
		return err
	}
	if err := r.put(tx, l); err != nil {
		return err
	}
	return r.m.o.Inbox.AcceptPast(tx, p, m, now)
}
