package queue

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"tidepost/digest"
	"tidepost/people"
	"tidepost/policies"
	"tidepost/scheduler"
	"tidepost/store"
)

// tableDelay is how long after a change the timetable follows, and costFactor how
// many times what it took the next one waits: an author with 100,000 waiting mails
// gets it less often.
const (
	tableDelay = time.Second
	costFactor = 20
)

// timetables remembers whose timetable is out of date.
type timetables struct {
	mu    sync.Mutex
	dirty map[int64]bool
	kick  chan struct{} // holds one
}

func newTimetables() timetables {
	return timetables{dirty: map[int64]bool{}, kick: make(chan struct{}, 1)}
}

// touchTimetable has the author's timetable written anew soon after the commit.
func (q *Queue) touchTimetable(tx *store.Tx, author int64, _ time.Time) {
	if author == 0 {
		return
	}
	tx.AfterCommit(func() { q.tables.touch(author) })
}

// touch notes that an author's timetable is out of date.
func (t *timetables) touch(author int64) {
	t.mu.Lock()
	t.dirty[author] = true
	t.mu.Unlock()
	select {
	case t.kick <- struct{}{}:
	default:
	}
}

func (t *timetables) take() []int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []int64
	for id := range t.dirty {
		out = append(out, id)
	}
	clear(t.dirty)
	return out
}

// refreshTimetables is the goroutine that keeps timetables up to date.
func (q *Queue) refreshTimetables(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for wait := tableDelay; ; {
		select {
		case <-ctx.Done():
			return
		case <-q.tables.kick:
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		for _, id := range q.tables.take() {
			p, ok := q.people.ByID(id)
			if !ok || !p.Active {
				continue
			}
			if err := q.RefreshTimetable(ctx, p, time.Now().UTC().Round(0)); err != nil && ctx.Err() == nil {
				q.o.Log.Error("refresh timetable", "person", id, "err", err)
			}
		}
		wait = max(tableDelay, costFactor*time.Since(began))
	}
}

// RefreshTimetable replaces the letter on top of a person's Scheduled under a new
// UID if what it says has changed. It is called when the folder is selected, too.
func (q *Queue) RefreshTimetable(ctx context.Context, p *people.Person, now time.Time) error {
	var t digest.Timetable
	var old string
	err := q.view(ctx, func(tx *store.Tx) (err error) {
		if old, err = tx.Meta(tableKey(p.ID)); err != nil {
			return err
		}
		t, err = q.timetable(tx, p, now)
		return err
	})
	if err != nil {
		return fmt.Errorf("timetable of %d: %w", p.ID, err)
	}
	l := q.writer().Timetable(readerOf(p), t, now)
	sum := sha256.Sum256([]byte(l.Subject + "\n" + l.Text))
	mark := hex.EncodeToString(sum[:8])
	uid, was, _ := strings.Cut(old, " ")
	if was == mark || t.Total == 0 && old == "" {
		return nil
	}
	return q.db.Update(ctx, func(tx *store.Tx) error {
		if now, err := tx.Meta(tableKey(p.ID)); err != nil || now != old {
			return err // Somebody else wrote a newer one.
		}
		if err := q.removeTimetable(tx, p, uid, now); err != nil {
			return err
		}
		if t.Total == 0 {
			return tx.SetMeta(tableKey(p.ID), "")
		}
		e, _, err := q.inbox.PutSeen(tx, p, store.KindScheduled, l, now)
		if err != nil {
			return err
		}
		return tx.SetMeta(tableKey(p.ID), fmt.Sprint(e.UID, " ", mark))
	})
}

// tableKey is where the UID of the timetable and a mark of what it says are kept.
func tableKey(person int64) string { return "timetable." + strconv.FormatInt(person, 10) }

func (q *Queue) removeTimetable(tx *store.Tx, p *people.Person, uid string, now time.Time) error {
	n, err := strconv.ParseUint(uid, 10, 32)
	if err != nil {
		return nil // There is none.
	}
	box, err := tx.MailboxByKind(p.ID, store.KindScheduled)
	if err != nil {
		return err
	}
	e, err := tx.EntryByUID(box.ID, uint32(n))
	if errors.Is(err, store.ErrNotFound) {
		return nil // Its reader deleted it.
	}
	if err != nil {
		return err
	}
	return tx.RemoveEntry(e, store.GoneReplaced, now)
}

// timetable collects what an author's waiting mail does next: at most as many mails
// as the letter lists.
func (q *Queue) timetable(tx *store.Tx, p *people.Person, now time.Time) (digest.Timetable, error) {
	var t digest.Timetable
	box, err := tx.MailboxByKind(p.ID, store.KindScheduled)
	if err != nil {
		return t, err
	}
	list, total, err := tx.WaitingIn(box.ID, digest.MaxLines)
	if err != nil {
		return t, err
	}
	t.Total = total
	for _, s := range list {
		line := digest.Line{Subject: s.Subject, MID: s.MID, Frozen: s.Frozen, Stopped: s.Stopped == store.StopCredential}
		rcpts, err := tx.Recipients(s.ID)
		if err != nil {
			return t, err
		}
		for _, r := range rcpts {
			if r.State == store.Held {
				line.Waiting = append(line.Waiting, q.waitingLine(p, r, now))
			}
		}
		t.Lines = append(t.Lines, line)
	}
	return t, nil
}

func (q *Queue) waitingLine(author *people.Person, r store.Recipient, now time.Time) digest.Waiting {
	w := digest.Waiting{Name: q.nameOf(r), When: q.when(r.Due, author, r, now), Next: people.Moment(r.Due, author.Zone(), now)}
	if p, err := decodePlan(r.Plan); err == nil {
		w.Why = p.words()
	}
	return w
}

// words gives the reason of a plan for people, to stand after "because".
func (p Plan) words() string {
	switch p.Why {
	case whyFolder, string(policies.ReasonTagTime), whyFuture:
		return "you asked for it"
	case whyOutside, whySelf, whyPaused, string(policies.ReasonTagNow):
		return "you may still take it back"
	case whyCoach:
		return "its author has advice to look at"
	case whyStorm:
		return "it is one of many replies to all, and waits for the next delivery"
	case whyAway:
		return "the reader is on leave, and it is put into While away"
	case whyFailed:
		return "Tidepost failed while looking at it"
	case string(policies.ReasonTogether):
		return "all readers get it together"
	case string(scheduler.ReasonInHours), string(scheduler.ReasonGrace):
		return "you may still take it back"
	}
	return scheduler.Reason(p.Why).String()
}
