package inbox

import (
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
	// firstWeek is how long a new person gets one digest a day.
	firstWeek = 7 * 24 * time.Hour
	// countsBack bounds what the first digest counts of lists and the like.
	countsBack = 7 * 24 * time.Hour
)

// A before is the digest before the one that is to be written.
type before struct {
	last  store.Digest
	known bool // there is one
}

// since is from when on the next digest tells.
func (d before) since(now time.Time) time.Time {
	if !d.known {
		return now.Add(-countsBack)
	}
	return d.last.Created
}

// digestBefore returns the last digest of p. due is false if p wants none, or has had
// the digest of today: in the first week there is one a day, unless p chose otherwise.
func (b *Inbox) digestBefore(tx *store.Tx, p *people.Person, now time.Time) (d before, due bool, err error) {
	if p.Profile.Digests == people.PaceOff {
		return d, false, nil
	}
	if d.last, err = tx.LastDigest(p.ID); errors.Is(err, store.ErrNotFound) {
		return d, true, nil
	}
	if err != nil {
		return d, false, err
	}
	d.known = true
	if !sameDay(d.last.Created, now, p.Zone()) {
		return d, true, nil
	}
	if pace := p.Profile.Digests; pace != people.PaceTeam || b.o.EveryTide {
		return d, pace != people.PaceDay, nil
	}
	first, _, err := tx.FirstDigest(p.ID)
	return d, err == nil && now.Sub(first) >= firstWeek, err
}

func sameDay(a, b time.Time, zone *time.Location) bool {
	return scheduler.DateOf(a.In(zone)) == scheduler.DateOf(b.In(zone))
}

// stirsNow reports whether a tide without mail has a digest.
func (b *Inbox) stirsNow(tx *store.Tx, r run) (bool, error) {
	d, due, err := b.digestBefore(tx, r.person, r.now)
	if err != nil || !due {
		return false, err
	}
	return b.deserves(tx, r.person, d, r.now)
}

// deserves reports whether a tide without mail has a digest: something stirs, or clocks
// change before there may be another one.
func (b *Inbox) deserves(tx *store.Tx, p *people.Person, d before, now time.Time) (bool, error) {
	if stirs, err := b.stirs(tx, p, d.since(now), now); err != nil || stirs {
		return stirs, err
	}
	if d.known && sameDay(d.last.Created, now, p.Zone()) {
		return false, nil // That one said it.
	}
	changes, err := b.clockChanges(tx, p, digest.Content{}, now)
	return len(changes) > 0, err
}

// onTop files the digest of a tide with what came. Without mail there is one only if
// something else deserves it.
func (b *Inbox) onTop(tx *store.Tx, r run, came []store.Delivery) error {
	p, now := r.person, r.now
	if !p.Schedule(now).HasTides() {
		return nil
	}
	d, due, err := b.digestBefore(tx, p, now)
	if err != nil || !due {
		return err
	}
	if len(came) == 0 {
		if deserves, err := b.deserves(tx, p, d, now); err != nil || !deserves {
			return err
		}
	}
	r.first = !d.known || !sameDay(d.last.Created, now, p.Zone())
	c := digest.Content{Tide: r.at, Since: d.since(now)}
	var unread []store.Entry
	if d.known {
		if c, unread, err = b.again(tx, r, d.last); err != nil {
			return err
		}
	}
	if !r.missed.IsZero() {
		c.Missed = r.missed
	}
	r.first = r.first || c.First // The first of the day was not read: this one says it again.
	c.First = r.first
	c.Paused = b.pauseOf(p, now)
	if err := b.tell(tx, r, &c, came, d.since(now)); err != nil {
		return err
	}
	if len(came) > 0 && len(c.Entries)+c.More+len(c.Confirmed) == 0 { // All of it has expired.
		if deserves, err := b.deserves(tx, p, d, now); err != nil || !deserves {
			return err
		}
	}
	return b.putDigest(tx, p, c, unread, now)
}

// again begins with what the last digest said, if it was not read. unread are its
// entries in INBOX, which the new one replaces. Quiet mail arrives read, so there the
// digest alone tells what is new.
func (b *Inbox) again(tx *store.Tx, r run, last store.Digest) (digest.Content, []store.Entry, error) {
	fresh := digest.Content{Tide: r.at, Since: last.Created}
	box, err := tx.MailboxByKind(r.person.ID, store.KindInbox)
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
	c := digest.Repeat(said, r.at, func(e digest.Entry) bool {
		still, err := stillThere(tx, box.ID, e, r.quiet)
		if err != nil {
			failed = err
		}
		return still
	})
	if c.Since.IsZero() { // Of a version that did not tell of questions.
		c.Since = last.Created
	}
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

// tell adds to c what came with this tide, what was filed elsewhere since the last
// digest, and what is asked, answered and decided.
func (b *Inbox) tell(tx *store.Tx, r run, c *digest.Content, came []store.Delivery, since time.Time) error {
	for _, d := range came {
		m, err := tx.Message(d.MessageID)
		if err != nil {
			return err
		}
		if dm, ok := digestMessage(m, d, r.now); ok {
			c.Add(dm)
		}
	}
	counts, err := tx.CountPublished(r.person.ID, since)
	if err != nil {
		return err
	}
	c.Counts.Lists += counts[store.KindLists]
	c.Counts.Social += counts[store.KindSocial]
	c.Counts.Notifications += counts[store.KindNotifications]
	senders, err := tx.UntoldSenders(r.person.ID, store.SenderInbox)
	if c.Confirmed = append(c.Confirmed, senders...); err != nil {
		return err
	}
	if err := b.tellAsks(tx, r, c); err != nil {
		return err
	}
	if err := b.tellDecisions(tx, r, c); err != nil {
		return err
	}
	if r.first {
		changes, err := b.clockChanges(tx, r.person, *c, r.now)
		if err != nil {
			return err
		}
		c.Clocks = changes
	}
	return b.tellStanding(tx, r, c)
}

// digestMessage is what the digest says of a message; ok is false for one that has
// expired on the way.
func digestMessage(m store.Message, d store.Delivery, now time.Time) (dm digest.Message, ok bool) {
	f := mail.FactsOf(mail.ParseHeader(m.Head), nil, mail.Address{})
	if !f.Expires.IsZero() && f.Expires.Before(now) {
		return dm, false
	}
	author := digest.Author{Address: d.ReversePath, Outside: d.Outside}
	if len(f.From) > 0 {
		author.Name, author.Address = f.From[0].Name, f.From[0].Address.String()
	}
	return digest.Message{Thread: m.ThreadID, Subject: f.Subject, Author: author, At: d.Arrived, MID: m.MID}, true
}

// putDigest files the digest unread on top of INBOX and read in Digests: one message
// in two folders. One that cannot be written is left out; the mail is there.
func (b *Inbox) putDigest(tx *store.Tx, p *people.Person, c digest.Content, replaced []store.Entry, now time.Time) error {
	c.Settle()
	letter := b.safeDigest(p, c)
	if letter == nil {
		return nil
	}
	m, err := b.storeLetter(tx, p, *letter, now)
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
