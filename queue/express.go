package queue

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"tidepost/mail"
	"tidepost/policies"
	"tidepost/store"
)

// Mail that nothing holds, to elsewhere, is express: it leaves with the very transaction
// that accepts it, its octets are still in memory, and its rows are written when its
// fate is known (store.Launch). Whatever is not plain goes the ordinary way by RunDue,
// which is always right.

// maxExpress bounds the recipients of express mail.
const maxExpress = 20

// overtakeTime is how long mail that is due may be overtaken by mail just accepted.
const overtakeTime = 2 * time.Second

// workerPatience is how long a session waits for a worker. Who sends faster than mail
// can leave is slowed down a little, and much is saved: the ordinary way costs twice
// as much.
const workerPatience = 500 * time.Millisecond

// mayLeave reports whether the mail can leave as it is accepted, and keeps a worker
// for it then: who gets true calls giveBack afterwards. An answer may have to wait
// for the mail it answers, a tag or a signature takes more than the one writer should
// do, and mail that has waited for a worker is not overtaken for long.
func (q *Queue) mayLeave(in *intake) bool {
	_, beyond, known := q.next.get()
	return known && (beyond.IsZero() || in.now.Sub(beyond) < overtakeTime) &&
		in.atOnce() && in.plain() && !q.filesSent(in) && in.staged.InMemory() && !q.o.DKIM.Signs(in.facts) && q.oneRoute(in) &&
		q.pausedUntil().IsZero() && q.pool.reserve(workerPatience)
}

// plain reports whether accepting the mail writes nothing but the mail itself.
func (in *intake) plain() bool {
	told := slices.ContainsFunc(in.found, func(f policies.Finding) bool { return f.Reason == policies.ReasonTagUnread })
	return !in.failed && !in.toTeam() && !in.control && !in.blocked && !in.folder && in.back == nil && !in.asking && !in.decides && !told && policies.Tag(in.found) == "" &&
		len(parents(in.facts)) == 0 && !in.facts.IsReply && len(in.env.Recipients) <= maxExpress
}

// oneRoute reports whether one attempt serves all recipients.
func (q *Queue) oneRoute(in *intake) bool {
	router, ok := q.sender.(Router)
	if !ok || len(in.env.Recipients) == 1 {
		return true
	}
	route := func(r mail.Recipient) string { return router.Route(in.author.ID, in.env.From, r.Address) }
	first := route(in.env.Recipients[0])
	return !slices.ContainsFunc(in.env.Recipients, func(r mail.Recipient) bool { return route(r) != first })
}

// giveBack ends what mayLeave kept: by now the worker has the mail, or there is none.
func (q *Queue) giveBack() {
	q.pool.release()
	q.freed()
}

// express accepts the mail and hands it to a worker. ErrKnown: it has to go the
// ordinary way.
func (q *Queue) express(ctx context.Context, in *intake) (int64, error) {
	f := &flight{fresh: true, zone: in.zone(), facts: in.facts, content: in.content, body: in.staged.Body(),
		source: store.Message{Head: in.head, MID: in.facts.MessageID, Created: in.now}}
	var err error
	if f.sub, err = q.submissionOf(in); err != nil {
		return 0, err
	}
	f.letter = decodeLetter(f.sub.Plan)
	rcpts, why := q.recipientsOf(in)
	x := &store.Express{Submission: f.sub, Thread: in.facts.Topic, Ref: in.firstRef(f.sub), Head: in.head, Body: f.body, Sum: in.staged.Sum,
		Accepted: in.accepted(f.sub), Keep: keepSettled}
	for i := range rcpts {
		r := &rcpts[i]
		r.State, r.Due, r.Released, r.Claimed, r.Attempts = store.Sending, time.Time{}, in.now, in.now, 1
		why[i].Attempt = r.Attempts
		x.Attempts = append(x.Attempts, store.Event{At: in.now, Kind: evAttempt, Detail: why[i]})
		f.leaving = append(f.leaving, &leaving{r: *r, plan: in.plans[i], who: in.party(i)})
	}
	x.Recipients = rcpts
	x.Render = func(submission int64) []byte {
		f.sub.ID = submission
		return q.render(f, in.now)
	}
	if err := q.db.Launch(ctx, x); err != nil {
		return 0, err
	}
	f.express, f.claimed = x, rcpts
	f.rendition = rendition(f, x.Rendition, int64(len(f.body)), in.now)
	f.eight = hasEightBit(f.body) || hasEightBit(x.Rendition)
	q.dispatch([]*flight{f})
	return f.sub.ID, nil
}

// settleTogether settles mail that everybody has, and of which nobody need be told,
// past closures: with all that settles at this moment. false: it is settled alone.
func (q *Queue) settleTogether(ctx context.Context, t trip, results []Result, now time.Time) (bool, error) {
	l := &store.Landing{At: now, Kind: evDelivered}
	s := &store.Settlement{Submitted: t.f.sub.MessageID, Rendition: t.f.rendition.ID, After: now.Add(keepSettled)}
	for i, r := range t.rcpts {
		res := results[i]
		if !res.Delivered || t.f.letter.Asks || relayedReport(r, res) != nil {
			return false, nil
		}
		raw, err := json.Marshal(saidOf(r, res))
		if err != nil {
			return false, fmt.Errorf("settle submission %d: %w", t.f.sub.ID, err)
		}
		r.State, r.Settled, r.Reply, r.Remote = store.Delivered, now, replyText(res.Reply), res.Remote
		l.Fates = append(l.Fates, store.Fate{Reply: r.Reply, Remote: r.Remote, Detail: raw})
		s.Recipients = append(s.Recipients, r)
		s.Delivered = append(s.Delivered, store.Event{At: now, Kind: evDelivered, Detail: json.RawMessage(raw)})
	}
	if t.f.express == nil {
		err := q.db.Settle(ctx, s)
		return err == nil, err
	}
	err := q.db.Land(ctx, t.f.express, l)
	if errors.Is(err, store.ErrUnpacked) {
		return false, nil
	}
	return err == nil, err
}

// unpacked is the trip of express mail as the ordinary tables have it by now.
func unpacked(tx *store.Tx, t trip) (trip, error) {
	f := *t.f
	var err error
	if f.sub, err = tx.Submission(f.sub.ID); err != nil {
		return t, err
	}
	if t.rcpts, err = tx.Recipients(f.sub.ID); err != nil {
		return t, err
	}
	if len(t.rcpts) != len(f.claimed) {
		return t, fmt.Errorf("submission %d: %w", f.sub.ID, store.ErrDamaged)
	}
	f.rendition, err = tx.Message(t.rcpts[0].RenditionID)
	t.f = &f
	return t, err
}

// rendition is the message with the head of a release, not stored yet.
func rendition(f *flight, head []byte, body int64, now time.Time) store.Message {
	return store.Message{Origin: store.OriginRendition, SourceID: f.source.ID, BodyID: f.source.BodyID, Head: head,
		Size: int64(len(head)) + body, MID: f.sub.MID, ThreadID: f.source.ThreadID, Created: now}
}

// open gives the octets of what a flight takes along, head first.
func (q *Queue) open(ctx context.Context, f *flight) io.ReadCloser {
	head := bytes.NewReader(f.rendition.Head)
	body := q.openBody(ctx, f, f.rendition)
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(head, body), body}
}

// openBody gives the octets of the body of a flight, which is that of m: from memory, if
// it is there.
func (q *Queue) openBody(ctx context.Context, f *flight, m store.Message) io.ReadCloser {
	if f.body != nil {
		return io.NopCloser(bytes.NewReader(f.body))
	}
	return q.db.OpenBody(ctx, m)
}
