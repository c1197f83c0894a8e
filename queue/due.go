package queue

import (
	"context"
	"sync"
	"time"

	"tidepost/store"
)

// A dueCache knows from memory when the queue has work, so that an idle wake-up
// costs no SQL. It is set and lowered only after COMMIT, by the store's writer
// goroutine, and so in the order of the transactions: a time that was lowered is
// never overwritten by an older look at the table.
type dueCache struct {
	mu     sync.Mutex
	known  bool // false: the table must be asked
	here   time.Time
	beyond time.Time // of recipients elsewhere
	rested bool      // beyond was put off for a busy route
}

// lower notes that something is due at t, and reports whether nothing was due sooner.
func (c *dueCache) lower(here bool, t time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	slot := &c.beyond
	if here {
		slot = &c.here
	}
	sooner := slot.IsZero() || t.Before(*slot)
	if sooner {
		*slot = t
	}
	return sooner
}

func (c *dueCache) set(here, beyond time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known, c.here, c.beyond, c.rested = true, here, beyond, false
}

// rest has recipients elsewhere looked at no sooner than t: what is due waits for a
// busy route, and the worker that gets free kicks.
func (c *dueCache) rest(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.beyond.IsZero() && c.beyond.Before(t) {
		c.beyond, c.rested = t, true
	}
}

// waits reports whether anything elsewhere may wait for a worker. What was put off
// for a busy route is looked at anew.
func (c *dueCache) waits() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = c.known && !c.rested
	return !c.known || !c.beyond.IsZero()
}

// routeRest is how long a look at busy routes is good for.
const routeRest = time.Second

func (c *dueCache) get() (here, beyond time.Time, known bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.here, c.beyond, c.known
}

func (c *dueCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = false
}

// NextDue implements scheduler.Source.
func (q *Queue) NextDue(context.Context) (due time.Time, ok bool, err error) {
	here, beyond, known := q.next.get()
	if !known || q.later.waits() {
		return time.Time{}, true, nil // Long past: look at once.
	}
	if q.pool.room() == 0 {
		beyond = time.Time{} // A worker that gets free kicks.
	}
	switch {
	case here.IsZero():
		due = beyond
	case beyond.IsZero() || here.Before(beyond):
		due = here
	default:
		due = beyond
	}
	if pause := q.pausedUntil(); !due.IsZero() && due.Before(pause) {
		due = pause
	}
	return due, !due.IsZero(), nil
}

// wakeAt has r looked at when it is due, once the transaction stands.
func (q *Queue) wakeAt(tx *store.Tx, r store.Recipient) {
	if r.State != store.Held && r.State != store.Deferred {
		return
	}
	here, due := r.PersonID != 0, r.Due
	tx.AfterCommit(func() {
		if q.next.lower(here, due) {
			q.wake()
		}
	})
}

// remember reads from the table what is due next, at the end of a transaction that
// took something out of it.
func (q *Queue) remember(tx *store.Tx) error {
	here, _, err := tx.NextDue(true)
	if err != nil {
		return err
	}
	beyond, _, err := tx.NextDue(false)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() { q.next.set(here, beyond) })
	return nil
}

// Kick has the table looked at again: another process has changed it.
func (q *Queue) Kick() {
	q.next.forget()
	q.quiet.forget()
	q.wake()
}

// freed is called when a worker has become idle: there may be more for it.
func (q *Queue) freed() {
	if q.pool.room() > 0 && q.next.waits() {
		q.wake()
	}
}

// wake tells the timer loop that an earlier due time may exist.
func (q *Queue) wake() {
	if q.o.Wake != nil {
		q.o.Wake()
	}
}

// Deferred work: notes about something that was refused must outlive the
// transaction that the refusal rolls back.
type laterList struct {
	mu   sync.Mutex
	list []func(*store.Tx) error
}

// maxLater bounds the list: a client that is refused in a loop gets no more notes.
const maxLater = 100

func (l *laterList) add(f func(*store.Tx) error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.list) < maxLater {
		l.list = append(l.list, f)
	}
}

func (l *laterList) waits() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.list) > 0
}

func (l *laterList) take() []func(*store.Tx) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.list
	l.list = nil
	return out
}

// afterwards runs f in a transaction of its own, soon.
func (q *Queue) afterwards(f func(*store.Tx) error) {
	q.later.add(f)
	q.wake()
}

// runLater writes them. A stop does not: a note that was promised is written also by a
// queue that is stopping, or nobody would ever hear.
func (q *Queue) runLater(ctx context.Context) {
	ctx = context.WithoutCancel(ctx)
	for _, f := range q.later.take() {
		if err := q.db.Update(ctx, f); err != nil {
			q.o.Log.Error("write a note", "err", err)
		}
	}
}
