package queue

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
	"time"

	"tidepost/mail"
	"tidepost/scheduler"
	"tidepost/store"
)

// A trip is one call of the Sender: those recipients of a flight that share a route.
type trip struct {
	f     *flight
	rcpts []store.Recipient
	route string
}

// A unit is trips that one worker makes in order: a reply behind the mail it answers.
type unit []trip

// A pool counts what the workers do. Units wait in memory only as long as it takes a
// worker to come, because what is claimed cannot be taken back any more, and after a
// crash nobody knows whether it was sent: there are never more than there are idle
// workers at the time of the release, and what the workers take in the next moment at
// the pace they had in the last.
type pool struct {
	workers int
	wakeup  chan struct{} // one token per unit in queue
	idled   chan struct{} // holds one token when a worker may have become idle

	mu       sync.Mutex
	queue    []unit
	running  int
	reserved int            // idle workers kept for mail that is being accepted
	routes   map[string]int // trips under way, by route
	pace     pace
}

// A pace is how fast the workers take units. It is counted anew every paceTime.
type pace struct {
	since time.Time
	taken int
	ahead int // as counted last
}

const (
	// paceTime is how long units are counted, and how far ahead mail is claimed.
	paceTime = 30 * time.Millisecond
	// maxAhead bounds the units that are claimed ahead.
	maxAhead = 64
)

// look counts what was taken up to now; n more are taken.
func (p *pace) look(now time.Time, n int) int {
	if d := now.Sub(p.since); d >= paceTime {
		p.ahead = min(int(time.Duration(p.taken)*paceTime/d), maxAhead)
		p.since, p.taken = now, 0
	}
	p.taken += n
	return p.ahead
}

func newPool(workers int) *pool {
	return &pool{workers: workers, wakeup: make(chan struct{}, 1), idled: make(chan struct{}, 1), routes: map[string]int{}}
}

// free returns how many workers are idle.
func (p *pool) free() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.idle()
}

// idle is free with mu held.
func (p *pool) idle() int { return max(p.workers-p.running-len(p.queue)-p.reserved, 0) }

// room returns how many units may be claimed: for the idle workers, and ahead, as soon as
// half of what was claimed ahead is gone. Where mail goes many ways nothing is claimed
// ahead, so that a slow one does not keep the others.
func (p *pool) room() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	ahead := p.pace.look(time.Now(), 0)
	for route := range p.routes {
		if route != "" {
			ahead = 0
		}
	}
	switch idle := p.workers - p.running - len(p.queue) - p.reserved; {
	case idle > 0:
		return idle + ahead
	case len(p.queue) > ahead/2:
		return 0
	}
	return ahead - len(p.queue)
}

// reserve keeps an idle worker until release. It waits a little for one; false: there
// is none.
func (p *pool) reserve(patience time.Duration) bool {
	if p.tryReserve() {
		return true
	}
	timer := time.NewTimer(patience)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return false
		case <-p.idled:
			if p.tryReserve() {
				return true
			}
		}
	}
}

func (p *pool) tryReserve() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := p.idle()
	if n == 0 {
		return false
	}
	p.reserved++
	if n > 1 {
		p.tellIdle() // There is one for the next who waits, too.
	}
	return true
}

// tellIdle wakes one who waits in reserve.
func (p *pool) tellIdle() {
	select {
	case p.idled <- struct{}{}:
	default:
	}
}

func (p *pool) release() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.reserved--
	p.tellIdle()
}

// busyRoutes returns the routes that have half of the workers already.
func (p *pool) busyRoutes() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := []string{}
	for r, n := range p.routes {
		if r != "" && n >= max(p.workers/2, 1) {
			out = append(out, r)
		}
	}
	return out
}

func (p *pool) put(u unit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.queue = append(p.queue, u)
	for _, t := range u {
		p.routes[t.route]++
	}
	p.signal()
}

// signal wakes one worker. Who finds more in the queue signals the next.
func (p *pool) signal() {
	select {
	case p.wakeup <- struct{}{}:
	default:
	}
}

func (p *pool) take() (unit, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.queue) == 0 {
		return nil, false
	}
	u := p.queue[0]
	p.queue = p.queue[1:]
	p.running++
	p.pace.look(time.Now(), 1)
	if len(p.queue) > 0 {
		p.signal()
	}
	return u, true
}

func (p *pool) done(u unit) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.running--
	p.tellIdle()
	for _, t := range u {
		if p.routes[t.route]--; p.routes[t.route] <= 0 {
			delete(p.routes, t.route)
		}
	}
}

// dispatch gives claimed flights to the workers, split by route; a flight that
// answers another one goes behind it.
func (q *Queue) dispatch(ready []*flight) {
	var units []*unit
	of := map[*flight]map[string]*unit{}
	for _, f := range ready {
		of[f] = map[string]*unit{}
		for _, t := range q.trips(f) {
			u := behind(of, f.parents, t.route)
			if u == nil {
				u = &unit{}
				units = append(units, u)
			}
			*u = append(*u, t)
			of[f][t.route] = u
		}
	}
	for _, u := range units {
		q.pool.put(*u)
	}
}

// behind finds the unit in which one of parents goes to the same route.
func behind(of map[*flight]map[string]*unit, parents []*flight, route string) *unit {
	for _, p := range parents {
		if u := of[p][route]; u != nil {
			return u
		}
	}
	return nil
}

// trips splits the claimed recipients of a flight by route.
func (q *Queue) trips(f *flight) []trip {
	router, ok := q.sender.(Router)
	if !ok {
		return []trip{{f: f, rcpts: f.claimed}}
	}
	var out []trip
	from := addressOfPath(f.sub.ReversePath)
	at := map[string]int{}
	for _, r := range f.claimed {
		route := router.Route(f.sub.AuthorID, from, addressOf(r.Address))
		i, known := at[route]
		if !known {
			i = len(out)
			at[route] = i
			out = append(out, trip{f: f, route: route})
		}
		out[i].rcpts = append(out[i].rcpts, r)
	}
	return out
}

// work is one worker.
func (q *Queue) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-q.pool.wakeup:
		}
		for ctx.Err() == nil {
			u, ok := q.pool.take()
			if !ok {
				break
			}
			for _, t := range u {
				q.attempt(ctx, t)
			}
			q.pool.done(u)
			q.freed()
		}
	}
}

// putBack has what was claimed and not begun wait again, when the workers have ended:
// nobody need wonder whether it was sent.
func (q *Queue) putBack(ctx context.Context) {
	for u, ok := q.pool.take(); ok; u, ok = q.pool.take() {
		for _, t := range u {
			results := make([]Result, len(t.rcpts))
			for i := range results {
				results[i] = Result{Reply: mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 2}, Text: "Not begun: the queue stops"}, stopped: true}
			}
			q.settleSurely(ctx, t, results)
		}
		q.pool.done(u)
	}
}

// send calls the Sender. Whatever it does, there is one result per recipient.
func (q *Queue) send(ctx context.Context, job Job) (results []Result) {
	defer func() {
		if p := recover(); p != nil {
			q.o.Log.Error("send", "err", fmt.Sprint(p), "stack", string(debug.Stack()))
			results = nil
		}
		for len(results) < len(job.Recipients) {
			results = append(results, Result{Reply: mail.Reply{Code: 451, Enhanced: [3]int{4, 3, 0}, Text: "The attempt broke off"}, AfterDot: true})
		}
		for i := range results {
			results[i].stopped = ctx.Err() != nil && !results[i].Delivered && !results[i].Said
		}
	}()
	if len(job.Recipients) == 0 {
		return nil
	}
	return q.sender.Send(ctx, job)
}

// settleSurely writes the results, however long the disk takes: until then the
// recipients count as being sent, and a restart repeats them.
func (q *Queue) settleSurely(ctx context.Context, t trip, results []Result) {
	q.watch(results)
	for wait := time.Second; ; wait = min(2*wait, time.Minute) {
		now := time.Now().UTC().Round(0)
		err := q.write(context.WithoutCancel(ctx), t, results, now)
		if err == nil {
			return
		}
		q.o.Log.Error("settle", "qid", queueID(t.f.sub.ID), "err", err, "retry", wait)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// watch raises an alarm for what an admin must mend: login or TLS of the smarthost.
// The mail itself is only deferred.
func (q *Queue) watch(results []Result) {
	for _, r := range results {
		what := "smarthost"
		if r.Via != "" {
			what += " " + r.Via
		}
		if r.Alarm {
			q.alarm(what, replyText(r.Reply))
			return
		}
		if r.Delivered {
			q.allClear(what)
		}
	}
}

// nextTry is when an attempt that failed at now is made again: with growing waits and
// jitter, but not past the moments at which the author must hear of it. One that was
// broken off because the server stops is nobody's failure: the next start makes it.
func (q *Queue) nextTry(r store.Recipient, res Result, now time.Time) time.Time {
	if res.stopped {
		return now
	}
	q.rngMu.Lock()
	due := now.Add(scheduler.Backoff(r.Attempts, q.o.Jitter))
	q.rngMu.Unlock()
	notice, end := r.Released.Add(q.o.DelayedNotice), r.Released.Add(q.o.GiveUp)
	for _, limit := range []time.Time{notice, end} {
		if limit.After(now) && due.After(limit) {
			return limit
		}
	}
	return due
}

// replyText is a reply as the ledger and the author see it.
func replyText(r mail.Reply) string {
	return fmt.Sprintf("%d %d.%d.%d %s", r.Code, r.Enhanced[0], r.Enhanced[1], r.Enhanced[2], r.Text)
}

// An alarmLog tells an admin once of each trouble, until it is over.
type alarmLog struct {
	mu sync.Mutex
	on map[string]bool
}

func (q *Queue) alarm(what, text string) {
	q.alarms.mu.Lock()
	told := q.alarms.on[what]
	q.alarms.on[what] = true
	q.alarms.mu.Unlock()
	if told {
		return
	}
	q.o.Log.Error("alarm", "what", what, "detail", text)
	if q.o.Alarm != nil {
		q.o.Alarm(what, text)
	}
}

func (q *Queue) allClear(what string) {
	q.alarms.mu.Lock()
	defer q.alarms.mu.Unlock()
	delete(q.alarms.on, what)
}
