package inbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/scheduler"
	"tidepost/store"
)

const (
	// maxBatch bounds one transaction; more of a tide follows in the next.
	maxBatch = 1000
	// postponeMax is how long a tide waits for mail of its minute that our own queue
	// has not released yet; postponeStep is how often it looks.
	postponeMax  = 3 * time.Minute
	postponeStep = 5 * time.Second
	// lateAfter is when a tide counts as missed: an outage, not a slow minute.
	lateAfter = 5 * time.Minute
	// firstWeek is how long a new person gets one digest a day.
	firstWeek = 7 * 24 * time.Hour
	// countsBack bounds what the first digest counts of lists and the like.
	countsBack = 7 * 24 * time.Hour
)

// minuteEnd is the last instant of the minute of t: a tide takes along what is
// planned for its minute.
func minuteEnd(t time.Time) time.Time {
	return t.Truncate(time.Minute).Add(time.Minute - time.Millisecond)
}

// postpone reports whether the tide of a person still waits for our own queue.
func (b *Inbox) postpone(ctx context.Context, person int64, now time.Time) (bool, error) {
	b.mu.Lock()
	since, ok := b.postponed[person]
	b.mu.Unlock()
	if !ok || now.Sub(since) > 2*postponeMax { // Not of this tide.
		since = now
	}
	var more bool
	if now.Sub(since) < postponeMax {
		err := b.db.View(ctx, func(tx *store.Tx) (err error) {
			more, err = tx.HeldFor(person, minuteEnd(since))
			return err
		})
		if err != nil {
			return false, fmt.Errorf("tide of person %d: %w", person, err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if more {
		b.postponed[person] = since
	} else {
		delete(b.postponed, person)
	}
	return more, nil
}

// A tideItem is a message that has just appeared.
type tideItem struct {
	delivery store.Delivery
	message  store.Message
	preview  string
}

// tide publishes what is due for p, in the order in which it came, and puts the
// digest on top.
func (b *Inbox) tide(tx *store.Tx, p *people.Person, now time.Time) error {
	batch, err := tx.WaitingDeliveries(p.ID, minuteEnd(now), maxBatch)
	if err != nil {
		return err
	}
	batch, missed, err := b.afterOutage(tx, p, batch, now)
	if err != nil || len(batch) == 0 {
		return err
	}
	at := tideTime(batch, missed, now)
	quiet := p.Profile.Style == people.StyleQuiet || p.Profile.Style == people.StyleTeam && b.o.Style == people.StyleQuiet
	boxes := map[store.Kind]store.Mailbox{}
	var items []tideItem
	for _, d := range batch {
		box, ok := boxes[d.Target]
		if !ok {
			if box, err = tx.MailboxByKind(p.ID, d.Target); err != nil {
				return err
			}
		}
		e, err := b.publish(tx, d, box, quiet, at, now)
		if err != nil {
			return err
		}
		if box.Visible = true; d.Target == store.KindInbox {
			items = append(items, tideItem{delivery: d, message: store.Message{ID: e.MessageID}})
		}
		boxes[d.Target] = box
	}
	return b.onTop(tx, p, items, at, missed, now, quiet)
}

// tideTime is what the clock said when this tide should open: the first due time, or
// now if it comes late.
func tideTime(batch []store.Delivery, missed, now time.Time) time.Time {
	if !missed.IsZero() {
		return now.Truncate(time.Second)
	}
	first := batch[0].Due
	for _, d := range batch {
		if d.Due.Before(first) {
			first = d.Due
		}
	}
	return first
}

// afterOutage looks at what should have come while Tidepost was not running. In the
// person's hours it comes now; else it waits for what comes next, so that nobody is
// woken at 03:00 by the mail of the day before. missed is the first tide that was
// missed by what comes now.
func (b *Inbox) afterOutage(tx *store.Tx, p *people.Person, batch []store.Delivery, now time.Time) (open []store.Delivery, missed time.Time, err error) {
	s := p.Schedule(now)
	for _, d := range batch {
		pl := planOf(d)
		if pl.Wait != waitAway && now.Sub(d.Due) > lateAfter {
			if pl.Missed.IsZero() {
				pl.Missed = d.Due
			}
			due, target := dueOf(pl.Wait, s, now, b.o.MaxHold), d.Target
			if opening, away := absence(s, now); away { // Leave has begun meanwhile.
				pl.Wait, due, target = waitAway, opening, store.KindAway
			}
			if !s.Deliverable(now) && (due.After(now) || target != d.Target) {
				if err := b.reschedule(tx, d, pl, due, target, "missed", now); err != nil {
					return nil, missed, err
				}
				continue
			}
		}
		if !pl.Missed.IsZero() && (missed.IsZero() || pl.Missed.Before(missed)) {
			missed = pl.Missed
		}
		open = append(open, d)
	}
	if !missed.IsZero() {
		b.o.Log.Warn("tide late", "person", p.ID, "missed", missed, "now", now)
	}
	return open, missed, nil
}

// reschedule gives a waiting delivery another due time or target.
func (b *Inbox) reschedule(tx *store.Tx, d store.Delivery, pl plan, due time.Time, target store.Kind, why string, now time.Time) error {
	ev := store.Event{At: now, Kind: EventRescheduled, MessageID: d.MessageID,
		Detail: map[string]any{"from": d.Due, "to": due, "target": target, "why": why}}
	d.Due, d.Target, d.Plan = due, target, planJSON(pl)
	if err := tx.MoveDelivery(d, store.Waiting, ev); err != nil {
		return err
	}
	tx.AfterCommit(func() { b.expect(due) })
	return nil
}

// openPlain delivers what is due without digest, each message in a transaction of its
// own: one that cannot be published must not keep the others.
func (b *Inbox) openPlain(ctx context.Context, person int64, now time.Time) error {
	var due []store.Delivery
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.WaitingDeliveries(person, minuteEnd(now), maxBatch)
		return err
	})
	errs := []error{err}
	for _, d := range due {
		errs = append(errs, b.db.Update(ctx, func(tx *store.Tx) error {
			box, err := tx.MailboxByKind(person, d.Target)
			if err != nil {
				return err
			}
			_, err = b.publish(tx, d, box, false, d.Due, now)
			return err
		}))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("tide of person %d: %w", person, err)
	}
	return nil
}

// stamp stores the message as it appears: the waiting one with one more Received
// field, whose time is that of the tide.
func (b *Inbox) stamp(tx *store.Tx, d store.Delivery, tide time.Time) (store.Message, error) {
	m, err := tx.Message(d.MessageID)
	if err != nil {
		return m, err
	}
	zone := time.UTC
	if p, ok := b.dir.ByID(d.PersonID); ok {
		zone = p.Zone()
	}
	field := mail.Trace{By: b.o.Hostname, Via: "tide", ID: fmt.Sprintf("d%d", d.ID), Time: tide.In(zone)}.Field()
	r := store.Message{
		Origin: store.OriginRendition, SourceID: m.ID, BodyID: m.BodyID, Head: mail.Prepend(bytes.Clone(m.Head), field),
		Size: m.Size + int64(len(field)), MID: m.MID, ThreadID: m.ThreadID, Created: tide,
	}
	if err := tx.InsertMessage(&r); err != nil {
		return r, err
	}
	// Nothing that is derived shows a Received field.
	derived, err := tx.Derived(m.ID)
	if errors.Is(err, store.ErrNotFound) {
		return r, nil // Computed behind (rebuild.go).
	}
	if err != nil {
		return r, err
	}
	derived.MessageID = r.ID
	return r, tx.PutDerived(derived)
}

// onTop files the digest of a tide. In a person's first week there is one a day.
func (b *Inbox) onTop(tx *store.Tx, p *people.Person, items []tideItem, tide, missed, now time.Time, quiet bool) error {
	if len(items) == 0 || !p.Schedule(now).HasTides() {
		return nil
	}
	last, err := tx.LastDigest(p.ID)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	known := err == nil
	if known && !b.o.EveryTide {
		first, _, err := tx.FirstDigest(p.ID)
		zone := p.Zone()
		today := scheduler.DateOf(last.Created.In(zone)) == scheduler.DateOf(now.In(zone))
		if err != nil || today && now.Sub(first) < firstWeek {
			return err
		}
	}
	c := digest.Content{Tide: tide}
	var unread []store.Entry
	if known {
		if c, unread, err = b.again(tx, p, last, tide, quiet); err != nil {
			return err
		}
	}
	if !missed.IsZero() {
		c.Missed = missed
	}
	if err := b.tell(tx, p, &c, items, last.Created, now); err != nil {
		return err
	}
	return b.putDigest(tx, p, c, unread, now)
}

// again begins with what the last digest said, if it was not read. unread are its
// entries in INBOX, which the new one replaces. Quiet mail arrives read, so there the
// digest alone tells what is new.
func (b *Inbox) again(tx *store.Tx, p *people.Person, last store.Digest, tide time.Time, quiet bool) (digest.Content, []store.Entry, error) {
	fresh := digest.Content{Tide: tide}
	box, err := tx.MailboxByKind(p.ID, store.KindInbox)
	if err != nil {
		return fresh, nil, err
	}
	entries, err := tx.EntriesByMID(box.ID, last.MID)
	if err != nil {
		return fresh, nil, err
	}
	var unread []store.Entry
	for _, e := range entries {
		if e.Flags&store.Seen == 0 {
			unread = append(unread, e)
		}
	}
	var said digest.Content
	if len(unread) == 0 || json.Unmarshal(last.Content, &said) != nil {
		return fresh, nil, nil
	}
	var failed error
	c := digest.Repeat(said, tide, func(e digest.Entry) bool {
		still, err := stillThere(tx, box.ID, e, quiet)
		if err != nil {
			failed = err
		}
		return still
	})
	return c, unread, failed
}

// stillThere reports whether one message of an entry waits in INBOX to be read; read
// ones count too if any is asked for. Without Message-IDs nobody knows.
func stillThere(tx *store.Tx, inbox int64, e digest.Entry, any bool) (bool, error) {
	for _, mid := range e.MIDs {
		entries, err := tx.EntriesByMID(inbox, mid)
		if err != nil {
			return true, err
		}
		for _, e := range entries {
			if any || e.Flags&store.Seen == 0 {
				return true, nil
			}
		}
	}
	return len(e.MIDs) == 0, nil
}

// tell adds to c what came with this tide, and what was filed elsewhere since the
// last digest.
func (b *Inbox) tell(tx *store.Tx, p *people.Person, c *digest.Content, items []tideItem, since, now time.Time) error {
	for _, it := range items {
		m, err := tx.Message(it.message.ID)
		if err != nil {
			return err
		}
		derived, err := tx.Derived(m.ID)
		if err != nil && !errors.Is(err, store.ErrNotFound) {
			return err
		}
		if dm, ok := digestMessage(m, it.delivery, derived.Preview, now); ok {
			c.Add(dm)
		}
	}
	if since.IsZero() {
		since = now.Add(-countsBack)
	}
	counts, err := tx.CountPublished(p.ID, since)
	if err != nil {
		return err
	}
	c.Counts.Lists += counts[store.KindLists]
	c.Counts.Social += counts[store.KindSocial]
	c.Counts.Notifications += counts[store.KindNotifications]
	senders, err := tx.UntoldSenders(p.ID, store.SenderInbox)
	c.Confirmed = append(c.Confirmed, senders...)
	return err
}

// digestMessage is what the digest says of a message; ok is false for one that has
// expired on the way.
func digestMessage(m store.Message, d store.Delivery, preview string, now time.Time) (dm digest.Message, ok bool) {
	f := mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{})
	if !f.Expires.IsZero() && f.Expires.Before(now) {
		return dm, false
	}
	author := digest.Author{Address: d.ReversePath, Outside: d.Outside}
	if len(f.From) > 0 {
		author.Name, author.Address = f.From[0].Name, f.From[0].Address.String()
	}
	return digest.Message{Thread: m.ThreadID, Subject: f.Subject, Author: author, Preview: preview, At: d.Arrived, MID: m.MID}, true
}

// putDigest files the digest unread on top of INBOX and read in Digests: one message
// in two folders. One that cannot be written is left out; the mail is there.
func (b *Inbox) putDigest(tx *store.Tx, p *people.Person, c digest.Content, replaced []store.Entry, now time.Time) error {
	letter := b.safeDigest(p, c)
	if letter == nil {
		return nil
	}
	m, err := b.compose(tx, p, *letter, now)
	if err != nil {
		return err
	}
	for _, e := range replaced {
		if err := tx.RemoveEntry(e, store.GoneReplaced, now); err != nil {
			return err
		}
	}
	// A client that sorts by arrival shows the digest above what it came with.
	arrived := now.Add(time.Second)
	if err := b.add(tx, p.ID, store.KindInbox, &store.Entry{MessageID: m.ID, InternalDate: arrived}); err != nil {
		return err
	}
	if err := b.add(tx, p.ID, store.KindDigests, &store.Entry{MessageID: m.ID, InternalDate: arrived, Flags: store.Seen}); err != nil {
		return err
	}
	raw, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("digest: %w", err)
	}
	if err := tx.AddDigest(store.Digest{MID: m.MID, PersonID: p.ID, MessageID: m.ID, Content: raw, Created: now}); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventDigest, PersonID: p.ID, MessageID: m.ID,
		Detail: map[string]any{"entries": len(c.Entries)}})
}

// safeDigest renders a digest of foreign text; a panic there must not keep the mail.
func (b *Inbox) safeDigest(p *people.Person, c digest.Content) (l *mail.Letter) {
	defer func() {
		if r := recover(); r != nil {
			b.o.Log.Error("digest panicked, tide goes on without", "person", p.ID, "panic", r, "stack", string(debug.Stack()))
			l = nil
		}
	}()
	return b.letters.Digest(reader(p), c)
}

func reader(p *people.Person) digest.Reader {
	return digest.Reader{Name: p.Name, Address: p.Address, Zone: p.Zone()}
}
