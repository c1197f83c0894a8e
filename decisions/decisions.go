// Package decisions keeps what a team has decided: it finds it in the mail that people
// send, gives it a number, and shows it to those who may see it. This file reads top to
// bottom as the life of a decision:
//
//	Accepted  a mail with a line "Decision: ...", with a proposal that silence decides,
//	          or with a sentence that may be a decision; or one that objects
//	RunDue    the mail has left: filed, with the next number (file.go); silence has
//	          lasted long enough (timer.go); somebody has the mail now, and sees the
//	          decision in the folder Decisions
//	Answer    its author publishes it, withdraws it, confirms it (answer.go)
//
// Invariants:
//   - Only mail submitted with a login decides, and only for its author.
//   - A decision has the sentence, who took part, the Message-ID and links to other
//     decisions; never the mail. The ledger has ids only.
//   - D-n are given in the order of filing, without gaps, and never twice. A withdrawn
//     decision keeps its number and loses its words, everywhere: row, index, folders.
//   - Before it is published a decision is seen by its author and by those whom its
//     mail went to and has reached. Whoever was in the thread and was not sent that
//     mail does not see it: their colleagues may have meant that.
//   - Silence decides only if nobody has objected, as long as Until says. In doubt a
//     reply objects.
//   - Letters to an author about this wait for the author's hours.
//
// It is not responsible for when mail reaches its readers (queue, inbox), for what a
// sentence means (intent), nor for how a digest looks (digest).
package decisions

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"tidepost/intent"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

// A Put files a letter in a system folder of a person and returns its entry and its
// Message-ID: inbox.Inbox.Put.
type Put func(tx *store.Tx, to *people.Person, kind store.Kind, letter mail.Letter, now time.Time) (store.Entry, string, error)

// Options are the settings of a Keeper.
type Options struct {
	Domain    string   // main mail domain
	TeamLists []string // addresses, lower-case: what is decided in mail to one of them is public at once
	Kick      func()   // wakes the timer loop; must not block. nil: nobody
	Rand      io.Reader
	Log       *slog.Logger
}

// A Keeper keeps decisions. It is safe for concurrent use; methods that take a Tx run
// inside store.DB.Update, unless they say that View is enough.
type Keeper struct {
	db  *store.DB
	dir *people.Directory
	o   Options
	put Put

	mu     sync.Mutex // guards below
	due    time.Time  // when RunDue next has work; zero: unknown, look
	idle   bool       // nothing waits
	newer  bool       // due was lowered while lookAhead looked
	gaps   bool       // somebody may have joined: look whose folders lack public decisions
	old    []store.Superseded
	oldOK  bool
	oldGen int // counts changes, so that a slow reader does not store an old list
}

// New returns a Keeper on db. put files its letters; it may be set later by Letters,
// before anything runs.
func New(db *store.DB, dir *people.Directory, o Options) *Keeper {
	if o.Kick == nil {
		o.Kick = func() {}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Keeper{db: db, dir: dir, o: o, gaps: true}
}

// Letters says who files letters: the inbox, which is made after the Keeper.
func (k *Keeper) Letters(put Put) { k.put = put }

// A Mail is one that was accepted.
type Mail struct {
	Submission store.Submission // zero for mail from elsewhere
	Thread     int64
	Facts      mail.Facts
	Words      string // new words
	Findings   intent.Findings
	Author     *people.Person // whose login; nil: from elsewhere
	Recipients []store.Recipient
}

// Accepted looks what a mail that was just accepted means for what silence is about to
// decide, and what it decides itself.
func (k *Keeper) Accepted(tx *store.Tx, m Mail, now time.Time) error {
	if m.isMachine() {
		return nil
	}
	if err := k.hearObjections(tx, m, now); err != nil {
		return fmt.Errorf("objections of %s: %w", m.Facts.MessageID, err)
	}
	if m.Author == nil || m.Submission.ID == 0 || len(m.Recipients) == 0 {
		return nil
	}
	if err := k.takeDown(tx, m, now); err != nil {
		return fmt.Errorf("decisions of %s: %w", m.Facts.MessageID, err)
	}
	return nil
}

// Decides reports whether a mail is one that Accepted writes anything of: whoever has a
// faster way for all other mail asks first.
func Decides(m Mail) bool {
	return !m.isMachine() && (m.Findings.Lazy != nil || m.likely() != "" || len(m.lines()) > 0)
}

func (m Mail) isMachine() bool {
	f := m.Facts
	return f.IsAuto || f.IsBulk || f.IsList || f.IsBounce || f.AutoSubmitted != "" && f.AutoSubmitted != "no"
}

// NextDue says when there is something to do next, from memory. It implements
// scheduler.Source.
func (k *Keeper) NextDue(context.Context) (due time.Time, ok bool, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.gaps {
		return time.Time{}, true, nil
	}
	return k.due, !k.idle, nil
}

// expect lowers the next due time.
func (k *Keeper) expect(due time.Time) {
	k.mu.Lock()
	k.newer = true
	sooner := k.idle || due.Before(k.due)
	if sooner {
		k.due, k.idle = due, false
	}
	k.mu.Unlock()
	if sooner {
		k.o.Kick()
	}
}

// Kick is called when another process has changed the database, or people have changed.
func (k *Keeper) Kick() {
	k.mu.Lock()
	k.gaps = true
	k.mu.Unlock()
	k.forgetOld()
	k.expect(time.Time{})
}

// maxSteps bounds the decisions that one RunDue looks at, each in a transaction.
const maxSteps = 200

// RunDue does what is due at now: files, shows, lets silence decide, writes letters. The
// trouble of one decision is not another's. It implements scheduler.Source.
func (k *Keeper) RunDue(ctx context.Context, now time.Time) error {
	now = now.UTC()
	if next, ok, err := k.NextDue(ctx); err != nil || !ok || next.After(now) {
		return err // An idle wake-up costs no SQL.
	}
	var due []int64
	err := k.db.View(ctx, func(tx *store.Tx) (err error) {
		due, err = tx.DecisionsDue(now, maxSteps)
		return err
	})
	if err != nil {
		return fmt.Errorf("look for decisions: %w", err)
	}
	var errs []error
	for _, id := range due {
		errs = append(errs, k.stepSafely(ctx, id, now))
	}
	errs = append(errs, k.fillGaps(ctx, now), k.lookAhead(ctx))
	return errors.Join(errs...)
}

// stepSafely takes one decision further. What cannot be done now is tried again later,
// so that it does not keep the loop busy.
func (k *Keeper) stepSafely(ctx context.Context, id int64, now time.Time) error {
	err := k.db.Update(ctx, func(tx *store.Tx) error { return k.step(tx, id, now) })
	if err == nil || errors.Is(err, store.ErrFailed) || errors.Is(err, store.ErrClosed) || ctx.Err() != nil {
		return err
	}
	err = fmt.Errorf("decision %d: %w", id, err)
	return errors.Join(err, k.db.Update(ctx, func(tx *store.Tx) error {
		d, err := tx.Decision(id)
		if err != nil {
			return err
		}
		d.Wake = now.Add(putOff)
		return tx.UpdateDecision(d)
	}))
}

// putOff is how long a decision rests that could not be taken further.
const putOff = 10 * time.Minute

// lookAhead remembers when there is work again.
func (k *Keeper) lookAhead(ctx context.Context) error {
	k.mu.Lock()
	k.newer = false
	k.mu.Unlock()
	var due time.Time
	var ok bool
	err := k.db.View(ctx, func(tx *store.Tx) (err error) {
		due, ok, err = tx.NextDecisionWake()
		return err
	})
	if err != nil {
		return fmt.Errorf("look ahead: %w", err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.newer {
		k.due, k.idle = due, !ok
	}
	return nil
}
