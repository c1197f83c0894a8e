// Package queue is the life of an outgoing message. This file reads top to bottom as
// that life:
//
//	Submit   policies, a plan per recipient, one transaction; then 250; what is
//	         plain and due is claimed for an attempt in it already, and settled
//	         without rows of its own if all goes well (express.go)
//	RunDue   what is due leaves: to a colleague's mailbox in the same transaction,
//	         to elsewhere by way of an attempt; what is plain is claimed together
//	         with all that leaves at the moment (depart.go)
//	attempt  a worker hands it to the Sender
//	settle   one transaction writes what came of it
//	bounce   the author gets a report of what failed for good
//
// Invariants:
//   - What Submit returned nil for is on the disk, and every recipient ends in
//     exactly one of delivered, bounced, cancelled, expired. Each transition is a
//     compare-and-set and one line of the ledger.
//   - Nothing leaves before its release instant, and nothing before the mail it
//     answers to the same person: a reply released early pulls its parent along.
//   - A recipient is claimed (sending) before its first octet goes out, and settled
//     after the reply. A crash in between repeats it, with the same Message-ID and a
//     line "possible-duplicate".
//   - Release, cancel, move: one wins, and the loser is told.
//   - Octets of the body never change; of the head only what head.go names.
//
// Failure, by phase: policies fail → the mail is held and its author told; the disk
// fails → Submit fails, nothing is promised; an attempt fails for now → deferred,
// tried again with growing waits, the author told after four hours; for good or for
// five days → a report; the process dies → recover.go.
//
// It is not responsible for who may submit (smtpd), for when incoming mail appears
// (inbox), for the wording of letters (digest) or for talking SMTP (relay).
package queue

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"tidepost/inbox"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/store"
)

// A Queue holds outgoing mail. It is safe for concurrent use. Methods that take a Tx
// run inside store.DB.Update.
type Queue struct {
	db     *store.DB
	people *people.Directory
	inbox  *inbox.Inbox
	sender Sender
	o      Options

	evaluate func(policies.Input, time.Time) []policies.Finding

	next   dueCache
	boxes  sync.Map // of people's Scheduled, by person
	later  laterList
	pool   *pool
	tables timetables
	copies copyLog
	early  earlyLog
	alarms alarmLog
	quiet  quietPolicies
	looks  lookLimiter

	explained personSet // who has read why mail is held

	beginMu sync.Mutex // one recovery
	begun   bool

	rngMu  sync.Mutex // guards o.Jitter
	randMu sync.Mutex // guards o.Rand
	pause  pause
}

// New returns a queue on db. Nothing runs before RunDue and Run are called.
func New(db *store.DB, dir *people.Directory, in *inbox.Inbox, sender Sender, o Options) *Queue {
	o = o.withDefaults()
	return &Queue{db: db, people: dir, inbox: in, sender: sender, o: o, evaluate: policies.Evaluate,
		pool: newPool(o.Workers), tables: newTimetables(), copies: copyLog{at: map[int64]copied{}}, alarms: alarmLog{on: map[string]bool{}}}
}

// Submit takes a message over: with a nil error it is on the disk, and its recipients
// have their release times. It returns the submission's id, that of the earlier one
// for a repeat, 0 for mail to Tidepost itself. A refusal is a *mail.Reply; any other
// error is trouble of the machine, to be answered with 451 or 452.
func (q *Queue) Submit(ctx context.Context, s Submission) (id int64, err error) {
	defer func() {
		// What accept took is no longer staged; a repeat, a refusal and mail to
		// Tidepost itself leave it behind.
		if derr := q.db.Discard(s.Staged); derr != nil && err == nil {
			q.o.Log.Error("discard staged body", "err", derr)
		}
	}()
	if q.isFrozen(s.Author.ID) {
		return 0, refuseFrozen()
	}
	in, err := q.read(s)
	if err != nil {
		return 0, err
	}
	if err := q.examine(in, func(fn func(*store.Tx) error) error { return q.view(ctx, fn) }); err != nil {
		return 0, err
	}
	if in.back.stops() {
		return 0, q.refuseDraft(ctx, in)
	}
	var a *ask
	if in.control && !in.device {
		if a, err = q.hear(ctx, in); err != nil {
			return 0, err
		}
	}
	defer func() {
		if err == nil {
			q.markEarly(in)
		}
	}()
	if q.mayLeave(in) {
		defer q.giveBack()
		if id, err = q.express(ctx, in); !errors.Is(err, store.ErrKnown) {
			return id, err
		}
	}
	if q.mayHold(in) {
		if id, err = q.hold(ctx, in); !errors.Is(err, store.ErrKnown) {
			return id, err
		}
	}
	if !in.atOnce() { // Here, not by the one writer of the database.
		if _, err := in.derived(); err != nil {
			return 0, err
		}
	}
	err = q.db.Update(ctx, func(tx *store.Tx) error {
		try := in.clone() // An innocent closure may be run again.
		got, err := q.accept(tx, try)
		if err == nil && a != nil {
			err = q.answer(tx, try, a)
		}
		if err == nil && in.control && in.device {
			err = q.sayDevice(tx, try)
		}
		id = got
		return err
	})
	if err == nil && a != nil && a.changed {
		q.readPeople(ctx)
	}
	return id, err
}

// readPeople has a change that somebody ordered by mail count from now on. It is
// committed: trouble is for the log, and the timer loop finds it within a minute.
func (q *Queue) readPeople(ctx context.Context) {
	var bad *people.ProfileError
	if err := q.people.Reload(context.WithoutCancel(ctx)); err != nil && !errors.As(err, &bad) {
		q.o.Log.Error("read changed people", "err", err)
	}
}

// RunDue releases what is due at now and starts attempts, as many as there are idle
// workers. It never waits for the network. It implements scheduler.Source.
func (q *Queue) RunDue(ctx context.Context, now time.Time) error {
	now = now.UTC()
	if err := q.begin(ctx, now); err != nil {
		return err
	}
	q.runLater(ctx)
	if q.look(now) {
		return nil // The clock was set forward.
	}
	due, ok, err := q.NextDue(ctx)
	if err != nil || !ok || due.After(now) {
		return err
	}
	batch, err := q.prepare(ctx, now)
	if err != nil {
		return fmt.Errorf("prepare release: %w", err)
	}
	rest, err := q.depart(ctx, batch, now)
	if err == nil && (len(rest) > 0 || len(batch) == 0) {
		err = q.release(ctx, rest, now)
	}
	if err != nil {
		return fmt.Errorf("release: %w", err)
	}
	if len(q.pool.busyRoutes()) > 0 {
		q.next.rest(now.Add(routeRest))
	}
	return nil
}

// release takes a prepared batch out of the hold in one transaction. If that fails
// the flights go one by one, so that no mail keeps the others; one that still fails
// is put off.
func (q *Queue) release(ctx context.Context, batch []*flight, now time.Time) error {
	ready, err := q.releaseAll(ctx, batch, now)
	if err != nil && fatal(err) {
		return err
	}
	if err != nil {
		q.o.Log.Error("release together", "flights", len(batch), "err", err)
		if ready, err = q.releaseSingly(ctx, batch, now); err != nil {
			return err
		}
	}
	q.dispatch(ready)
	return nil
}

func (q *Queue) releaseSingly(ctx context.Context, batch []*flight, now time.Time) ([]*flight, error) {
	var ready []*flight
	for _, f := range batch {
		one, err := q.releaseAll(ctx, []*flight{f}, now)
		if err != nil && fatal(err) {
			return ready, err
		}
		if err != nil {
			if err := q.putOff(ctx, f, err, now); err != nil {
				return ready, err
			}
		}
		ready = append(ready, one...)
	}
	return ready, nil
}

// releaseAll is one transaction: colleagues have their mail in it, recipients
// elsewhere are claimed. It returns the flights that have something to attempt.
func (q *Queue) releaseAll(ctx context.Context, batch []*flight, now time.Time) ([]*flight, error) {
	var ready []*flight
	err := q.db.Update(ctx, func(tx *store.Tx) error {
		ready = nil
		for _, f := range batch {
			if err := q.releaseFlight(tx, f, now); err != nil {
				return fmt.Errorf("submission %d: %w", f.sub.ID, err)
			}
			if len(f.claimed) > 0 {
				ready = append(ready, f)
			}
		}
		return q.remember(tx)
	})
	return ready, err
}

// releaseFlight lets those recipients of one submission go who are still due.
func (q *Queue) releaseFlight(tx *store.Tx, f *flight, now time.Time) error {
	f.claimed = nil
	if q.isFrozen(f.sub.AuthorID) { // It slipped in while its author was frozen.
		return q.stop(tx, f.sub, store.StopAuthor, now)
	}
	going, err := q.stillDue(tx, f, now)
	if err != nil || len(going) == 0 {
		return err
	}
	if err := q.putRendition(tx, f, now); err != nil {
		return err
	}
	for _, l := range going {
		l.r.RenditionID = f.rendition.ID
		if l.r.Released.IsZero() {
			l.r.Released = now
		}
		if l.here {
			err = q.deliver(tx, f, l, now)
		} else {
			err = q.claim(tx, f, l, now)
		}
		if err != nil {
			return err
		}
	}
	if len(f.claimed) == 0 { // Else settle does it.
		if err := q.forget(tx, f, now); err != nil {
			return err
		}
	}
	return q.leftScheduled(tx, f, now)
}

// deliver hands a message to a colleague's mailbox: held → delivered in one step.
func (q *Queue) deliver(tx *store.Tx, f *flight, l *leaving, now time.Time) error {
	from, planned := l.r.State, l.r.Due
	reader, ok := q.people.ByID(l.r.PersonID)
	if !ok || !reader.Active {
		l.r.State, l.r.Due, l.r.Settled, l.r.Reply = store.Bounced, time.Time{}, now, goneReply
		if err := tx.MoveRecipient(l.r, from, store.Event{At: now, Kind: evBounced, Detail: detail{"reply": goneReply}}); err != nil {
			return err
		}
		if err := q.o.Clocks.Failed(tx, l.r, f.sub.MessageID, now); err != nil {
			return err
		}
		return q.reportGone(tx, f, l, now)
	}
	l.r.State, l.r.Due, l.r.Settled = store.Delivered, time.Time{}, now
	if err := tx.MoveRecipient(l.r, from, store.Event{At: now, Kind: evReleased, MessageID: f.rendition.ID, Detail: l.detail()}); err != nil {
		return err
	}
	_, err := q.inbox.Deliver(tx, inbox.Arrival{
		Person: reader, Message: f.rendition, Content: f.content, Facts: f.facts, ReversePath: addressOfPath(f.sub.ReversePath),
		RecipientID: l.r.ID, Author: l.who.author, Urgent: f.sub.Urgent, Now: l.plan.Why == string(policies.ReasonTagNow),
		Device:    l.plan.Why == string(policies.ReasonDevice),
		Objection: l.plan.Why == string(policies.ReasonObjection),
		Quiet:     q.quietFor(f.sub, l.r),
		Planned:   planned, At: now,
	})
	if err != nil {
		return err
	}
	return q.reportLocal(tx, f, l, now)
}

// claim marks a recipient elsewhere as being sent, before anything is.
func (q *Queue) claim(tx *store.Tx, f *flight, l *leaving, now time.Time) error {
	from := l.r.State
	l.r.State, l.r.Due, l.r.Claimed = store.Sending, time.Time{}, now
	l.r.Attempts++
	if err := tx.MoveRecipient(l.r, from, store.Event{At: now, Kind: evAttempt, MessageID: f.rendition.ID, Detail: l.detail()}); err != nil {
		return err
	}
	f.claimed = append(f.claimed, l.r)
	return nil
}

// attempt makes one trip and writes what came of it. It runs in a worker.
func (q *Queue) attempt(ctx context.Context, t trip) {
	f := t.f
	job := Job{Author: f.sub.AuthorID, From: addressOfPath(f.sub.ReversePath), EnvID: f.sub.EnvID, Ret: f.sub.Ret, UTF8: f.sub.UTF8,
		EightBit: f.eight, Size: f.rendition.Size, Open: func() (io.ReadCloser, error) { return q.open(ctx, f), nil }}
	for _, r := range t.rcpts {
		job.Recipients = append(job.Recipients, mail.Recipient{Address: addressOf(r.Address), Notify: r.Notify, ORcpt: r.ORcpt})
	}
	results := q.send(ctx, job)
	q.settleSurely(ctx, t, results)
}

// write writes what came of an attempt.
func (q *Queue) write(ctx context.Context, t trip, results []Result, now time.Time) error {
	if done, err := q.settleTogether(ctx, t, results, now); done || err != nil {
		return err
	}
	return q.db.Update(ctx, func(tx *store.Tx) error {
		if t.f.express == nil {
			return q.settle(tx, t, results, now)
		}
		known, err := unpacked(tx, t)
		if err != nil {
			return err
		}
		return q.settle(tx, known, results, now)
	})
}

// settle writes what came of an attempt, in one transaction: every recipient
// delivered, deferred, bounced or expired, and the reports that follow.
func (q *Queue) settle(tx *store.Tx, t trip, results []Result, now time.Time) error {
	var reports []failure
	for i, r := range t.rcpts {
		told, err := q.settleOne(tx, r, results[i], now)
		if err != nil && !isGone(err) {
			return err
		}
		if err != nil {
			continue // Somebody was faster.
		}
		if told != nil {
			reports = append(reports, *told)
		}
		if err := q.followFate(tx, t.f, r.ID, now); err != nil {
			return err
		}
	}
	if err := q.forget(tx, t.f, now); err != nil {
		return err
	}
	return q.bounce(tx, t.f.sub, t.f.rendition, reports, now)
}

// settleOne moves one recipient on. It returns what the author must be told.
func (q *Queue) settleOne(tx *store.Tx, r store.Recipient, res Result, now time.Time) (*failure, error) {
	r.Claimed, r.Reply, r.Remote = time.Time{}, replyText(res.Reply), res.Remote
	said := saidOf(r, res)
	switch {
	case res.Delivered:
		r.State, r.Settled = store.Delivered, now
		return relayedReport(r, res), tx.MoveRecipient(r, store.Sending, store.Event{At: now, Kind: evDelivered, Detail: said})
	case res.Reply.Code/100 == 5:
		r.State, r.Settled = store.Bounced, now
		return failedReport(r, res), tx.MoveRecipient(r, store.Sending, store.Event{At: now, Kind: evBounced, Detail: said})
	case now.Sub(r.Released) >= q.o.GiveUp:
		r.State, r.Settled = store.Expired, now
		return expiredReport(r, res), tx.MoveRecipient(r, store.Sending, store.Event{At: now, Kind: evExpired, Detail: said})
	}
	if res.AfterDot {
		ev := store.Event{At: now, Kind: evPossible, SubmissionID: r.SubmissionID, RecipientID: r.ID, Detail: said}
		if err := tx.AddEvent(ev); err != nil {
			return nil, err
		}
	}
	told := q.delayedReport(&r, res, now)
	r.State, r.Due = store.Deferred, q.nextTry(r, res, now)
	q.wakeAt(tx, r)
	return told, tx.MoveRecipient(r, store.Sending, store.Event{At: now, Kind: evDeferred, Detail: said})
}

// Run serves the workers, refreshes timetables and tidies up until ctx ends. It
// returns when all of that has ended.
func (q *Queue) Run(ctx context.Context) error {
	var all sync.WaitGroup
	for range q.o.Workers {
		all.Go(func() { q.work(ctx) })
	}
	all.Go(func() { q.refreshTimetables(ctx) })
	all.Go(func() { q.tidy(ctx) })
	all.Wait()
	q.putBack(ctx)
	q.runLater(ctx)
	return nil
}
