package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/mail"
	"tidepost/people"
	"tidepost/store"
)

const (
	// maxBatch bounds the recipients, and maxBatchBody the octets of the bodies, that
	// one wake-up releases.
	maxBatch     = 100
	maxBatchBody = 64 << 20
	// maxAncestors bounds how far up a chain of waiting mail is pulled along.
	maxAncestors = 50
	// putOffTime is how long mail waits that could not be released.
	putOffTime = 5 * time.Minute
	// parentTime and frozenTime are how long a reply waits for mail before it that
	// is about to leave, or is marked as deleted.
	parentTime = time.Minute
	frozenTime = time.Hour
)

// goneReply is why mail to somebody who left the team is bounced.
const goneReply = "550 5.1.1 This person has left the team"

// A flight is those recipients of one submission who leave at one instant, with the
// head they all get.
type flight struct {
	sub       store.Submission
	source    store.Message // as submitted
	rendition store.Message // ID 0: not stored yet
	fresh     bool          // the rendition is made by this release
	letter    letterPlan
	zone      *time.Location // the author's
	facts     mail.Facts
	content   *mail.Content
	body      []byte         // nil: it is large, and read from the store
	express   *store.Express // it left as it was accepted; nil: it did not
	eight     bool
	leaving   []*leaving
	parents   []*flight
	answered  bool              // it is a parent of another one
	claimed   []store.Recipient // of the last releaseFlight
}

// A leaving is one recipient of a flight.
type leaving struct {
	r      store.Recipient
	plan   Plan
	who    party
	here   bool
	pulled bool // goes along with a reply, whenever it is due
}

func (l *leaving) detail() detail {
	d := detail{"rule": l.plan.Rule, "why": l.plan.Why, "attempt": l.r.Attempts}
	if l.pulled {
		d["pulled"] = true
	}
	return d
}

// flightKey: recipients that were tried before keep the head they had.
type flightKey struct{ sub, rendition int64 }

// A gathering collects what leaves at one wake-up.
type gathering struct {
	q       *Queue
	tx      *store.Tx
	now     time.Time
	sources map[int64]store.Source // of what is due, by submission
	flights map[flightKey]*flight
	order   []*flight
	seen    map[int64]bool // recipients
}

// prepare looks up what is due, with the mail it answers, and reads the bodies: all
// the slow work, outside of the write transaction.
func (q *Queue) prepare(ctx context.Context, now time.Time) ([]*flight, error) {
	g := &gathering{q: q, now: now, sources: map[int64]store.Source{}, flights: map[flightKey]*flight{}, seen: map[int64]bool{}}
	err := q.view(ctx, func(tx *store.Tx) error {
		g.tx = tx
		due, err := tx.DueHere(now, maxBatch)
		if err != nil {
			return err
		}
		room := q.pool.room()
		if room > 0 {
			beyond, err := tx.DueElsewhere(now, q.pool.busyRoutes(), maxBatch)
			if err != nil {
				return err
			}
			due = append(due, beyond...)
		}
		slices.SortStableFunc(due, func(a, b store.Recipient) int {
			return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.ID, b.ID))
		})
		return g.addAll(claimable(due, room))
	})
	if err != nil {
		return nil, err
	}
	return q.loadAll(ctx, g.sorted(), now)
}

// claimable leaves the due recipients here, and those elsewhere only as long as there is
// room for them: claimed means that somebody is on it.
func claimable(due []store.Recipient, room int) []store.Recipient {
	out := due[:0]
	taken := map[flightKey]bool{}
	for _, r := range due {
		key := flightKey{r.SubmissionID, r.RenditionID}
		if r.PersonID == 0 && !taken[key] {
			if room == 0 {
				continue
			}
			room--
			taken[key] = true
		}
		out = append(out, r)
	}
	return out
}

// addAll takes the due recipients.
func (g *gathering) addAll(due []store.Recipient) error {
	var ids []int64
	for _, r := range due {
		ids = append(ids, r.SubmissionID)
	}
	slices.Sort(ids)
	sources, err := g.tx.Sources(slices.Compact(ids))
	if err != nil {
		return err
	}
	for _, s := range sources {
		g.sources[s.Submission.ID] = s
	}
	for _, r := range due {
		if _, err := g.add(r, false, 0); err != nil {
			return err
		}
	}
	return nil
}

// loadAll loads flights, as many at a time as there are processors. One that cannot be
// loaded is put off.
func (q *Queue) loadAll(ctx context.Context, list []*flight, now time.Time) ([]*flight, error) {
	read := int64(0)
	for i, f := range list {
		if read += f.source.Size; read > maxBatchBody && i > 0 {
			list = list[:i] // The rest is still due.
			break
		}
	}
	errs := make([]error, len(list))
	var all errgroup.Group
	all.SetLimit(runtime.GOMAXPROCS(0))
	for i, f := range list {
		all.Go(func() error {
			errs[i] = q.load(ctx, f, now)
			return nil
		})
	}
	if err := all.Wait(); err != nil {
		return nil, err
	}
	var ready []*flight
	for i, f := range list {
		err := errs[i]
		if err == nil {
			ready = append(ready, f)
			continue
		}
		// A damaged body is this mail's trouble, not the database's.
		if fatal(err) && !errors.Is(err, store.ErrDamaged) || ctx.Err() != nil {
			return nil, err
		}
		if err := q.putOff(ctx, f, err, now); err != nil {
			return nil, err
		}
	}
	return ready, nil
}

// add puts a recipient into its flight, after the waiting mail that it answers.
func (g *gathering) add(r store.Recipient, pulled bool, depth int) (*flight, error) {
	key := flightKey{r.SubmissionID, r.RenditionID}
	f := g.flights[key]
	if f == nil {
		var err error
		if f, err = g.newFlight(r); err != nil {
			return nil, err
		}
		g.flights[key] = f
		g.order = append(g.order, f)
	}
	if g.seen[r.ID] {
		return f, nil
	}
	g.seen[r.ID] = true
	plan, err := decodePlan(r.Plan)
	if err != nil { // Its due time stands in a column of its own.
		g.q.o.Log.Error("read plan", "recipient", r.ID, "err", err)
		plan = Plan{Rule: RuleNow, Why: "unreadable"}
	}
	f.leaving = append(f.leaving, &leaving{r: r, plan: plan, who: g.q.partyOf(f.sub, r), here: r.PersonID != 0, pulled: pulled})
	if r.State != store.Held || depth >= maxAncestors {
		return f, nil
	}
	waiting, err := g.tx.HeldParents(f.sub.InReplyTo, r.PersonID, r.Address)
	if err != nil {
		return nil, err
	}
	for _, p := range waiting {
		parent, err := g.add(p, true, depth+1)
		if err != nil {
			return nil, err
		}
		f.parents = append(f.parents, parent)
		parent.answered = true
	}
	return f, nil
}

func (g *gathering) newFlight(r store.Recipient) (*flight, error) {
	f := &flight{fresh: r.RenditionID == 0, zone: time.UTC}
	s, err := g.source(r.SubmissionID)
	if err != nil {
		return nil, err
	}
	f.sub, f.source, f.body = s.Submission, s.Message, s.Body
	if !f.fresh {
		if f.rendition, err = g.tx.Message(r.RenditionID); err != nil {
			return nil, err
		}
		if f.rendition.Size-int64(len(f.rendition.Head)) != int64(len(f.body)) {
			f.body = nil
		}
	}
	if author, ok := g.q.people.ByID(f.sub.AuthorID); ok {
		f.zone = author.Schedule(g.now).Zone()
	}
	f.letter = decodeLetter(f.sub.Plan)
	return f, nil
}

// source returns a submission with its message.
func (g *gathering) source(submission int64) (store.Source, error) {
	if s, ok := g.sources[submission]; ok {
		return s, nil
	}
	list, err := g.tx.Sources([]int64{submission})
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("submission %d: %w", submission, store.ErrNotFound)
	}
	if err != nil {
		return store.Source{}, err
	}
	g.sources[submission] = list[0]
	return list[0], nil
}

// sorted returns the flights in the order of their due times, but parents first.
func (g *gathering) sorted() []*flight {
	var out []*flight
	done := map[*flight]bool{}
	var visit func(f *flight)
	visit = func(f *flight) {
		if done[f] {
			return
		}
		done[f] = true
		for _, p := range f.parents {
			visit(p)
		}
		out = append(out, f)
	}
	for _, f := range g.order {
		visit(f)
	}
	return out
}

// load reads the body of a flight and writes its head. Whatever a message does to
// the parsers, it is an error of this flight only.
func (q *Queue) load(ctx context.Context, f *flight, now time.Time) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	from := addressOfPath(f.sub.ReversePath)
	f.facts = mail.FactsOf(mail.ParseHeader(f.source.Head), nil, from)
	size := f.source.Size - int64(len(f.source.Head))
	if err := q.readStale(ctx, f, now); err != nil {
		return err
	}
	body := q.openBody(ctx, f, f.source)
	defer body.Close()
	if !f.fresh {
		eight := &eightBit{}
		if _, err := io.Copy(eight, body); err != nil {
			return fmt.Errorf("read body: %w", err)
		}
		f.eight = eight.found || hasEightBit(f.rendition.Head)
		return nil
	}
	head, err := q.readBody(f, q.render(f, now), body)
	if err != nil {
		return err
	}
	f.rendition = rendition(f, head, size, now)
	if f.content != nil {
		f.facts = mail.FactsOf(mail.ParseHeader(head), f.content, from)
	}
	return nil
}

// isShown reports whether the release shows the mail to somebody here: then what can be
// derived from its text is needed.
func (f *flight) isShown() bool {
	return f.sub.FileSent || slices.ContainsFunc(f.leaving, func(l *leaving) bool { return l.here })
}

// stillDue looks again, inside the transaction: what was moved, cancelled, frozen or
// taken by somebody else since prepare stays. It returns copies.
func (q *Queue) stillDue(tx *store.Tx, f *flight, now time.Time) ([]*leaving, error) {
	sub, err := tx.Submission(f.sub.ID)
	if err != nil {
		return nil, err
	}
	f.sub = sub
	if sub.Stopped != store.Going {
		return nil, nil
	}
	var going []*leaving
	for _, l := range f.leaving {
		r, err := tx.Recipient(l.r.ID)
		if err != nil {
			return nil, err
		}
		if r.State != l.r.State || r.State == store.Held && sub.Frozen || !l.pulled && r.Due.After(now) {
			continue
		}
		c := *l
		c.r = r
		if r.State == store.Held {
			until, why, err := q.waitsOn(tx, sub, &c, now)
			if err != nil {
				return nil, err
			}
			if until.After(now) {
				if err := q.reschedule(tx, r, c.plan, until, why, now); err != nil {
					return nil, err
				}
				continue
			}
		}
		going = append(going, &c)
	}
	return going, nil
}

// waitsOn says until when a due recipient must wait all the same: for mail before
// it, or for working hours that passed while nothing ran.
func (q *Queue) waitsOn(tx *store.Tx, sub store.Submission, l *leaving, now time.Time) (until time.Time, why string, err error) {
	before, err := tx.HeldParents(sub.InReplyTo, l.r.PersonID, l.r.Address)
	if err != nil {
		return until, "", err
	}
	for _, p := range before {
		s, err := tx.Submission(p.SubmissionID)
		if err != nil {
			return until, "", err
		}
		switch {
		case p.ID == l.r.ID || s.ID == sub.ID:
		case s.Frozen && sub.Urgent: // Its author is taking it back; this cannot wait for that.
		case s.Frozen:
			return now.Add(frozenTime), "parent", nil
		default:
			return now.Add(parentTime), "parent", nil
		}
	}
	if !q.late(sub, l, now) {
		return until, "", nil
	}
	again := Plan{Rule: RuleHours, From: l.plan.From, Spread: l.plan.Spread}
	if l.who.reader == nil {
		again.Rule = RuleAuthor
	}
	return q.moment(again, l.who, now).At.Add(-time.Duration(again.Spread) * time.Second), "late", nil
}

// late reports whether a recipient leaves so late that the hours are looked at again.
func (q *Queue) late(sub store.Submission, l *leaving, now time.Time) bool {
	left := l.here && l.who.reader == nil // The team: there are no hours to wait for.
	return now.Sub(l.r.Due) > q.o.Late && !left && !l.pulled && !sub.Urgent && !l.plan.explicit() && l.plan.Rule != RuleFree
}

// reschedule gives a held recipient another due time.
func (q *Queue) reschedule(tx *store.Tx, r store.Recipient, p Plan, due time.Time, why string, now time.Time) error {
	r.Due, r.Plan = due, p.encode()
	err := tx.MoveRecipient(r, store.Held, store.Event{At: now, Kind: evRescheduled, Detail: detail{"due": due, "rule": p.Rule, "why": why}})
	q.wakeAt(tx, r)
	return err
}

// putRendition stores the head of this release, once.
func (q *Queue) putRendition(tx *store.Tx, f *flight, now time.Time) error {
	if !f.fresh {
		return nil
	}
	f.rendition.ID = 0 // A transaction before this one may have been rolled back.
	return tx.InsertMessage(&f.rendition)
}

// leftScheduled follows up a release: the entry vanishes from Scheduled with the
// last waiting recipient, and what was composed in a folder is filed in Sent.
func (q *Queue) leftScheduled(tx *store.Tx, f *flight, now time.Time) error {
	if f.sub.AuthorID == 0 || !f.fresh {
		return nil
	}
	if err := q.fileSent(tx, f, now); err != nil {
		return err
	}
	if err := q.o.Decisions.Left(tx, f.sub.ID, now); err != nil {
		return err
	}
	rcpts, err := tx.Recipients(f.sub.ID)
	if err != nil {
		return err
	}
	q.touchTimetable(tx, f.sub.AuthorID, now)
	if slices.ContainsFunc(rcpts, func(r store.Recipient) bool { return r.State == store.Held }) {
		return nil
	}
	author, _ := q.people.ByID(f.sub.AuthorID)
	if err := q.settleDraft(tx, author, f.sub, store.CoachRanOut, store.VerdictNone, "left by itself", now); err != nil {
		return err
	}
	return q.hideWaiting(tx, f.sub, store.GoneReleased, now)
}

// hideWaiting takes the entry of a submission out of Scheduled or Before sending.
func (q *Queue) hideWaiting(tx *store.Tx, sub store.Submission, why store.Gone, now time.Time) error {
	entries, err := q.waitingEntries(tx, sub)
	if err != nil || len(entries) == 0 {
		return err
	}
	for _, e := range entries {
		if err := tx.RemoveEntry(e, why, now); err != nil {
			return err
		}
		if err := tx.Orphan(e.MessageID, now.Add(keepCancelled)); err != nil {
			return err
		}
	}
	return q.trueSent(tx, sub.AuthorID, sub.MID)
}

// fileSent files what was composed in a folder in the author's Sent, once, with the
// Bcc that only the author may see.
func (q *Queue) fileSent(tx *store.Tx, f *flight, now time.Time) error {
	if !f.sub.FileSent {
		return nil
	}
	sent, err := tx.MailboxByKind(f.sub.AuthorID, store.KindSent)
	if err != nil {
		return err
	}
	if filed, err := tx.EntriesByMID(sent.ID, f.sub.MID); err != nil || len(filed) > 0 && f.sub.MID != "" {
		return err // The client was faster; markSent says that it left.
	}
	rcpts, err := tx.Recipients(f.sub.ID)
	if err != nil {
		return err
	}
	copied := f.rendition
	if head := q.withBcc(copied.Head, rcpts); len(head) != len(copied.Head) {
		copied.Size += int64(len(head) - len(copied.Head))
		copied.Head = head
		if err := tx.InsertMessage(&copied); err != nil {
			return err
		}
	}
	if err := q.derive(tx, copied, f.content); err != nil {
		return err
	}
	e := store.Entry{MailboxID: sent.ID, MessageID: copied.ID, InternalDate: now, Flags: store.Seen, Keywords: withWord(nil, sentWord(rcpts))}
	if err := tx.AddEntry(&e); err != nil {
		return err
	}
	f.sub.FileSent = false
	if err := tx.UpdateSubmission(f.sub); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: evFiled, SubmissionID: f.sub.ID, MessageID: copied.ID, PersonID: f.sub.AuthorID})
}

// derive stores what can be computed of a message that gets an entry.
func (q *Queue) derive(tx *store.Tx, m store.Message, c *mail.Content) error {
	words := mail.NewWords(c)
	return tx.PutDerived(store.Derived{MessageID: m.ID, Envelope: mail.ParseHeader(m.Head).Envelope(), Root: c.Root,
		Preview: mail.PreviewOf(c, words), NewWords: words})
}

// putOff gives a flight that cannot be released another try later, and tells the
// admin: it must not keep the others, nor be lost.
func (q *Queue) putOff(ctx context.Context, f *flight, cause error, now time.Time) error {
	q.o.Log.Error("release", "qid", queueID(f.sub.ID), "err", cause, "retry", putOffTime)
	q.alarm("release", queueID(f.sub.ID)+" could not be released")
	return q.db.Update(ctx, func(tx *store.Tx) error {
		for _, l := range f.leaving {
			r, err := tx.Recipient(l.r.ID)
			if err != nil {
				return err
			}
			if r.State != l.r.State {
				continue
			}
			r.Due = now.Add(putOffTime)
			err = tx.MoveRecipient(r, r.State, store.Event{At: now, Kind: evRescheduled, Detail: detail{"due": r.Due, "why": "error"}})
			if err != nil {
				return err
			}
		}
		return q.remember(tx)
	})
}

// fatal reports whether an error is the database's and not one mail's.
func fatal(err error) bool {
	for _, e := range []error{store.ErrFull, store.ErrBusy, store.ErrFailed, store.ErrDamaged, store.ErrClosed, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// addressOfPath is the reverse-path of a submission; "" is the null one.
func addressOfPath(s string) mail.Address {
	if s == "" {
		return mail.Address{}
	}
	return addressOf(s)
}

// authorOf returns the author of a submission; nil once removed.
func (q *Queue) authorOf(s store.Submission) *people.Person {
	p, ok := q.people.ByID(s.AuthorID)
	if !ok || !p.Active {
		return nil
	}
	return p
}
