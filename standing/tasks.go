package standing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"tidepost/clocks"
	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
	"tidepost/threading"
)

// tasks is when there is work next.
type tasks struct {
	mu     sync.Mutex
	due    time.Time // zero: unknown, look
	idle   bool      // nothing is to come
	people int64     // version of the directory that due was reckoned with
}

// lookAgain is when a letter is tried again that could not be written.
const lookAgain = time.Minute

// NextDue implements scheduler.Source, from memory.
func (d *Desk) NextDue(context.Context) (due time.Time, ok bool, err error) {
	d.tasks.mu.Lock()
	defer d.tasks.mu.Unlock()
	if d.tasks.people != d.dir.Version() {
		return time.Time{}, true, nil
	}
	return d.tasks.due, !d.tasks.idle, nil
}

// Kick has everything looked up again: another process has changed the database, or a
// clock has become overdue.
func (d *Desk) Kick() {
	if d == nil {
		return
	}
	d.tasks.mu.Lock()
	defer d.tasks.mu.Unlock()
	d.tasks.due, d.tasks.idle = time.Time{}, false
}

// RunDue writes the letters that are due at now, and lets go who leaves. It implements
// scheduler.Source. The trouble of one letter is not another's.
func (d *Desk) RunDue(ctx context.Context, now time.Time) error {
	now = now.UTC()
	due, ok, err := d.NextDue(ctx)
	if err != nil || !ok || due.After(now) {
		return err
	}
	version := d.dir.Version()
	var errs []error
	var next time.Time
	run := func(what string, fn func(tx *store.Tx) (time.Time, error)) {
		var at time.Time
		err := d.db.Update(ctx, func(tx *store.Tx) (err error) {
			at, err = fn(tx)
			return err
		})
		if next = earlier(next, at); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", what, err))
			next = earlier(next, now.Add(lookAgain))
		}
	}
	if err := d.depart(ctx, now, run); err != nil {
		errs = append(errs, err)
	}
	d.tasks.mu.Lock()
	changed := d.tasks.people != version
	d.tasks.mu.Unlock()
	run("overdue questions", func(tx *store.Tx) (time.Time, error) { return d.nudge(tx, now) })
	for _, p := range d.dir.All() {
		if at, ok := d.backAt(p, now); ok && at.After(now) {
			next = earlier(next, at)
		} else if ok {
			run("letter after leave", func(tx *store.Tx) (time.Time, error) { return time.Time{}, d.tellBack(tx, p, now) })
		}
	}
	if changed {
		run("letters after leave that was cancelled", func(tx *store.Tx) (time.Time, error) { return time.Time{}, d.tellAllEarly(tx, now) })
	}
	d.tasks.mu.Lock()
	defer d.tasks.mu.Unlock()
	d.tasks.due, d.tasks.idle, d.tasks.people = next, next.IsZero(), version
	return errors.Join(errs...)
}

// tellAllEarly looks at everybody: somebody's leave may have been cancelled.
func (d *Desk) tellAllEarly(tx *store.Tx, now time.Time) error {
	for _, p := range d.dir.All() {
		if !p.Active {
			continue
		}
		if err := d.tellEarly(tx, p, now); err != nil {
			return err
		}
	}
	return nil
}

// tell files a letter and remembers that it was written.
func (d *Desk) tell(tx *store.Tx, to *people.Person, kind string, l mail.Letter, note toldNote, now time.Time) error {
	mid, err := d.o.Put(tx, to, l, now)
	if err != nil {
		return fmt.Errorf("letter to person %d: %w", to.ID, err)
	}
	raw, err := json.Marshal(note)
	if err != nil {
		return fmt.Errorf("letter to person %d: %w", to.ID, err)
	}
	return tx.AddNote(store.Note{MID: mid, PersonID: to.ID, Kind: kind, Detail: raw, Created: now})
}

// OnLine is told of every line of the ledger of a clock (clocks.Options): who has to
// hear of an overdue question hears of it once the line is on the disk.
func (d *Desk) OnLine(tx *store.Tx, _ clocks.Item, l threading.Line) error {
	if d != nil && l.To == threading.Overdue {
		tx.AfterCommit(d.Kick)
	}
	return nil
}
