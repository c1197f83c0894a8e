// Package inbox is the life of an incoming message: where it goes, whether it waits,
// and how it appears. This file reads top to bottom as that life:
//
//	Deliver  first-match list (route.go) → its folder at once, or Next delivery
//	RunDue   a tide opens (tide.go)
//	publish  the waiting message gets its UID
//
// A message comes from package queue, already released, or through Receive
// (receive.go) from another server.
//
// Invariants:
//   - A delivery is waiting, published or withdrawn (store.DeliveryState). waiting
//     becomes published when its tide opens or its reader moves it, withdrawn when
//     its reader deletes it; nothing else happens, and each happens once
//     (compare-and-set). Every transition is one line of the ledger.
//   - While it waits it stands in Next delivery, \Seen. It gets its UID in the target
//     when it appears there, so UIDs ascend in the order in which mail appears
//     (RFC 9051 §2.3.1.1).
//   - A tide is one transaction for one person, digest last: highest UID.
//   - Batching fails open: if it cannot decide, or panics, mail is delivered at once.
//   - What was waiting when the tide passed in an outage comes on recovery in the
//     person's hours, else with the next tide; never twice.
//
// It is not responsible for release times (queue), for what sessions see (imapd),
// nor for the words of letters (digest).
package inbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"tidepost/clocks"
	"tidepost/decisions"
	"tidepost/digest"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
	"tidepost/trust"
)

// Options are the settings of an Inbox.
type Options struct {
	Domain   string // main mail domain: tidepost@Domain, Message-IDs
	Hostname string // our name in Received fields

	Batch         people.Switch  // off, dry-run or on, unless a person chose otherwise; default on
	Style         people.Style   // normal or quiet, unless a person chose otherwise
	OutsideAtTide bool           // people outside the team come with the tide too
	Pass          policies.Lists // the team's: senders, domains and words that pass at once, who may be urgent
	AlarmSenders  []string       // addresses or "@domain" of machines whose alarms pass at once
	MaxHold       time.Duration  // the longest wait for a tide; 120 h
	EveryTide     bool           // one digest a tide also in a person's first week, not one a day

	// Clocks follow the asks of mail; nil: nobody does.
	Clocks *clocks.Keeper
	// Decisions hears objections from elsewhere, and tells digests what was decided; nil:
	// nobody does.
	Decisions *decisions.Keeper
	// Blocked says which conversations of a reader wait for a late answer, and how many
	// more there are, for the first digest of a day. nil: none.
	Blocked func(tx *store.Tx, p *people.Person, now time.Time) (lines []digest.BlockedLine, more int, err error)

	// Quota is how many octets a person may keep who has none of their own; 0: no limit.
	Quota int64

	// Kick wakes the timer loop: something may be due earlier. It must not block; nil: nobody.
	Kick func()

	// Trust checks mail from other servers; nil: nothing is asked, only what a filter in
	// front of us said is read.
	Trust *trust.Checker
	// DMARC says what is done with mail that fails it: DMARCJunk (default), DMARCRefuse,
	// DMARCOff. Mail of our own domains goes to Junk in any case.
	// Bypassed is told of mail that is proved to be of our people and came from another
	// server; nil: nobody asks.
	Bypassed func(ctx context.Context, head []byte, now time.Time)
	DMARC    string

	// OnReply is told, after the commit, that answers to messages came from outside, so
	// that a parent that still waits is released before its child. nil: nobody.
	OnReply func(ctx context.Context, answered []string, to []*people.Person, now time.Time)

	// Reply sends a letter of a machine in a person's name to somebody outside, with the
	// null reverse-path, in the transaction: the answer of who is on leave. nil: nobody is
	// answered.
	Reply func(tx *store.Tx, author *people.Person, to mail.Address, letter mail.Letter, now time.Time) error
	// Forward passes mail from elsewhere on to members of a group who are outside. nil:
	// they do not get it.
	Forward func(tx *store.Tx, f Forwarding) error

	Rand io.Reader // message ids and boundaries; required
	Log  *slog.Logger
}

func (o Options) withDefaults() Options {
	if o.Batch == people.Team {
		o.Batch = people.On
	}
	if o.Trust == nil {
		o.Trust = trust.New(trust.Options{ID: o.Hostname, Log: o.Log})
	}
	if o.MaxHold <= 0 {
		o.MaxHold = 120 * time.Hour
	}
	if o.Kick == nil {
		o.Kick = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return o
}

// An Inbox files incoming mail. It is safe for concurrent use; its methods that take
// a Tx run inside store.DB.Update.
type Inbox struct {
	db      *store.DB
	dir     *people.Directory
	o       Options
	letters digest.Writer
	work    chan struct{} // holds one: there is something to index
	looked  int64         // Run only: up to this entry all have derived data
	newest  int64         // Run only: the newest entry when it looked last

	meter     meter
	vacations minuteLimit
	mu        sync.Mutex // guards below
	due       time.Time  // when RunDue next has work; zero: unknown, look
	idle      bool       // nothing waits
	asked     time.Time  // when RunDue last asked the database
	postponed map[int64]time.Time
	openings  map[int64]opening // the next tide of everybody who has tides
}

// New returns an Inbox on db.
func New(db *store.DB, dir *people.Directory, o Options) *Inbox {
	return &Inbox{
		db: db, dir: dir, o: o.withDefaults(), letters: digest.Writer{Domain: o.Domain},
		work: make(chan struct{}, 1), postponed: map[int64]time.Time{}, openings: map[int64]opening{},
	}
}

// An Arrival is one message for one local person.
type Arrival struct {
	Person      *people.Person
	Message     store.Message // stored
	Content     *mail.Content // nil: derived data is that of the message it is a rendition of, or computed later
	Facts       mail.Facts
	ReversePath mail.Address
	RecipientID int64          // of our own queue; 0: from elsewhere
	Author      *people.Person // proved by a login; nil: from elsewhere
	Device      bool           // of a machine with a login: always at once
	Urgent      bool           // passes tides; only ever set for a proved author
	Objection   bool           // to what silence would decide: passes tides too
	Now         bool           // its author said [now]: reaches INBOX although the person is on leave
	Quiet       bool           // another one of its role is on duty: it comes read
	There       bool           // the person has it in INBOX already
	Junk        Reason         // why it goes to Junk; "": it does not
	Verdict     trust.Verdict  // of mail from elsewhere: whether it comes from whom it says
	At          time.Time      // of arrival; for mail of our own queue the release
	Came        time.Time      // when a mailbox elsewhere had it, if that is long ago; zero: at At
	Planned     time.Time      // when our own queue meant to release it; zero: at At

	broken bool // reading it panicked: it has no facts
}

// Deliver decides where a message goes and puts it there, or into Next delivery to
// wait: the first line of the list (route.go) that fits. It stores the derived data
// of the message if there is none. The colleague who writes to somebody on leave is
// told.
func (b *Inbox) Deliver(tx *store.Tx, a Arrival) (store.Delivery, error) {
	if a.broken {
		a.Content = &mail.Content{} // Shown as opaque text.
	}
	if err := b.derive(tx, a.Message, a.Content); err != nil {
		return store.Delivery{}, err
	}
	to := b.route(tx, a)
	to.trust = a.Verdict.String()
	d := store.Delivery{
		PersonID: a.Person.ID, MessageID: a.Message.ID, RecipientID: a.RecipientID, ReversePath: a.ReversePath.String(),
		Target: to.target, Reason: string(to.reason), Outside: a.Author == nil, ThreadID: a.Message.ThreadID,
		Plan: planJSON(plan{Wait: to.wait, Quiet: a.Quiet}), Arrived: a.At,
	}
	ev := store.Event{At: a.At, Kind: EventFiled, MessageID: a.Message.ID, Detail: to.detail()}
	var err error
	if to.wait == waitNot {
		d.State, d.Published = store.Published, a.At
		if err = tx.InsertDelivery(&d, ev); err == nil {
			flags := store.Flags(0)
			if a.Quiet && to.target == store.KindInbox {
				flags = store.Seen
			}
			err = b.file(tx, d, to.target, flags, a.At)
		}
		if err == nil && a.RecipientID != 0 { // Receive follows what came from elsewhere.
			err = b.o.Clocks.Delivered(tx, d, a.At)
		}
	} else {
		d.State, d.Due = store.Waiting, to.due
		if err = tx.InsertDelivery(&d, ev); err == nil {
			err = b.file(tx, d, store.KindNextDelivery, store.Seen, a.At)
		}
		tx.AfterCommit(func() { b.expect(d.Due) })
	}
	if err == nil {
		err = b.afterFiling(tx, a, to)
	}
	if err != nil {
		return store.Delivery{}, fmt.Errorf("deliver message %d to person %d: %w", a.Message.ID, a.Person.ID, err)
	}
	return d, nil
}

// file adds the entry of a delivery to one of its person's system folders.
func (b *Inbox) file(tx *store.Tx, d store.Delivery, kind store.Kind, flags store.Flags, now time.Time) error {
	e := store.Entry{MessageID: d.MessageID, InternalDate: now, Flags: flags}
	if kind == store.KindNextDelivery {
		e.DeliveryID = d.ID
	}
	return b.add(tx, d.PersonID, kind, &e)
}

// add puts e into a system folder, which appears with its first entry.
func (b *Inbox) add(tx *store.Tx, person int64, kind store.Kind, e *store.Entry) error {
	box, err := tx.MailboxByKind(person, kind)
	if err != nil {
		return err
	}
	if !box.Visible {
		if err := tx.ShowMailbox(box.ID); err != nil {
			return err
		}
	}
	e.MailboxID = box.ID
	tx.AfterCommit(b.indexSoon)
	return tx.AddEntry(e)
}

// afterFiling does what follows from where a message went: an urgent thread is
// remembered, a colleague hears of an absence or of three quick rounds.
func (b *Inbox) afterFiling(tx *store.Tx, a Arrival, to place) error {
	if to.reason == ReasonUrgent && a.Message.ThreadID != 0 {
		t, err := tx.Thread(a.Message.ThreadID)
		if err != nil {
			return err
		}
		t.Urgent = true
		if err := tx.UpdateThread(t); err != nil {
			return fmt.Errorf("mark thread %d urgent: %w", t.ID, err)
		}
	}
	if to.reason == ReasonUrgent && a.Author != nil {
		if err := b.showNotUrgent(tx, a.Person.ID, a.At); err != nil {
			return err
		}
	}
	if a.Author == nil {
		return b.answerVacation(tx, a)
	}
	if machine(a.Facts) {
		return nil
	}
	about := digest.About{Subject: a.Facts.Subject, MID: a.Facts.MessageID}
	switch {
	case to.wait == waitAway || to.target == store.KindAway:
		return b.TellAway(tx, a.Person, a.Author, about, a.At)
	case to.talk:
		return b.hintTalk(tx, a, to, about)
	}
	return nil
}

// NextDue says when a tide opens or a reminder comes back next, from memory. It
// implements scheduler.Source.
func (b *Inbox) NextDue(context.Context) (due time.Time, ok bool, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.due, !b.idle, nil
}

// expect lowers the next due time.
func (b *Inbox) expect(due time.Time) {
	b.mu.Lock()
	sooner := b.idle || due.Before(b.due)
	if sooner {
		b.due, b.idle = due, false
	}
	b.mu.Unlock()
	if sooner {
		b.o.Kick()
	}
}

// Kick is called when another process has changed the database: what is due next is
// looked up again.
func (b *Inbox) Kick() { b.expect(time.Time{}) }

// maxOpen is how many tides one RunDue opens, each a transaction; maxLook is how many
// it looks at, for at nine o'clock many wait for the queue.
const (
	maxOpen = 100
	maxLook = 1000
)

// RunDue opens the tides that are due at now, one person after the other, and brings
// back what Remind me promised. The trouble of one person is not another's. It
// implements scheduler.Source.
func (b *Inbox) RunDue(ctx context.Context, now time.Time) error {
	if !b.ripe(now) {
		return nil
	}
	var due []int64
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.PersonsDue(now, maxLook)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for tides: %w", err)
	}
	var errs []error
	var opened, delayed []int64
	for _, id := range due {
		if len(opened) == maxOpen {
			delayed = append(delayed, id)
			continue
		}
		wait, err := b.postpone(ctx, id, now)
		if err == nil && !wait {
			opened = append(opened, id)
			err = b.open(ctx, id, now)
		} else {
			delayed = append(delayed, id)
		}
		errs = append(errs, err)
	}
	errs = append(errs, b.openEmpty(ctx, now, opened, delayed), b.remindDue(ctx, now), b.lookAhead(ctx, now, len(opened) == maxOpen))
	return errors.Join(errs...)
}

// lookAnyway is how long RunDue trusts its memory: for what nobody told it, such as an
// opening that a changed profile has moved.
const lookAnyway = 10 * time.Minute

// ripe reports whether there may be something to do at now, from memory: an idle
// wake-up costs no SQL. If the clock was set back, what is remembered may be too late.
func (b *Inbox) ripe(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if since := now.Sub(b.asked); (b.idle || b.due.After(now)) && since >= 0 && since < lookAnyway {
		return false
	}
	b.asked = now
	return true
}

// open opens the tide of one person. If that fails, what waits is delivered all the
// same, one by one and without a digest.
func (b *Inbox) open(ctx context.Context, person int64, now time.Time) error {
	p, ok := b.dir.ByID(person)
	if ok {
		err := b.db.Update(ctx, func(tx *store.Tx) error { return caught(func() error { return b.tide(tx, p, now) }) })
		if err == nil || errors.Is(err, store.ErrFailed) || errors.Is(err, store.ErrClosed) || ctx.Err() != nil {
			return err
		}
		b.o.Log.Error("tide failed, delivering without it", "person", person, "err", err)
	}
	return b.openPlain(ctx, person, now)
}

// lookAhead remembers when there is work again; more says that some was left over.
func (b *Inbox) lookAhead(ctx context.Context, now time.Time, more bool) error {
	var tide, remind time.Time
	var tides, reminders bool
	err := b.db.View(ctx, func(tx *store.Tx) (err error) {
		if tide, tides, err = tx.NextDeliveryDue(); err != nil {
			return err
		}
		remind, reminders, err = tx.NextReminder()
		return err
	})
	if err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	opens, openings := b.expectOpenings(now)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.due, b.idle = soonest([]time.Time{tide, remind, opens}, []bool{tides, reminders, openings})
	if len(b.postponed) > 0 && !more && !b.due.After(now) {
		b.due = now.Add(postponeStep) // What is due waits for the queue.
	}
	return nil
}

// soonest is the earliest of the times that count; idle is true if none does.
func soonest(times []time.Time, counts []bool) (at time.Time, idle bool) {
	idle = true
	for i, t := range times {
		if counts[i] && (idle || t.Before(at)) {
			at, idle = t, false
		}
	}
	return at, idle
}

// publish makes a waiting message appear in target: it leaves Next delivery and gets
// its UID. Its head grows by a Received field with the time of the tide, before
// there is a UID that promises it will not change.
func (b *Inbox) publish(tx *store.Tx, d store.Delivery, target store.Mailbox, quiet bool, tide, now time.Time) (store.Entry, error) {
	m, err := b.stamp(tx, d, tide)
	if err != nil {
		return store.Entry{}, err
	}
	e := store.Entry{MailboxID: target.ID, MessageID: m.ID, InternalDate: now}
	if old, err := tx.EntryOfDelivery(d.ID); err == nil {
		// \Seen there meant nothing; a star or a keyword was set by the reader.
		e.Flags, e.Keywords = old.Flags&^(store.Seen|store.Deleted), old.Keywords
		if err := tx.RemoveEntry(old, store.GonePublished, now); err != nil {
			return e, err
		}
	} else if !errors.Is(err, store.ErrNotFound) {
		return e, err
	}
	if quiet {
		e.Flags |= store.Seen
	}
	d.State, d.Due, d.Published, d.Target, d.MessageID = store.Published, time.Time{}, now, target.Kind, m.ID
	ev := store.Event{At: now, Kind: EventPublished, MessageID: m.ID, Detail: map[string]any{"tide": tide.UTC()}}
	if err := tx.MoveDelivery(d, store.Waiting, ev); err != nil {
		return e, err
	}
	if !target.Visible {
		if err := tx.ShowMailbox(target.ID); err != nil {
			return e, err
		}
	}
	tx.AfterCommit(b.indexSoon)
	if err := tx.AddEntry(&e); err != nil {
		return e, err
	}
	return e, b.o.Clocks.Delivered(tx, d, now)
}
