package relay

import (
	"context"
	"sync"
	"time"
)

// maxUses is how many transactions a connection serves; many hosts end it near
// a hundred anyway.
const maxUses = 100

// A pool holds the connections of a client, per host. mu guards dests, closed
// and what hangs below them; a session taken out belongs to its taker.
type pool struct {
	opts Options

	mu     sync.Mutex
	dests  map[string]*dest
	closed bool
	ending sync.WaitGroup // goroutines that say QUIT
}

// A dest is one host's share: slots bounds the sessions in use, idle holds the
// unused, newest last. Its entry goes when nobody uses it.
type dest struct {
	slots chan struct{}
	users int
	idle  []*idle
}

type idle struct {
	s     *session
	timer *time.Timer
}

func newPool(o Options) *pool { return &pool{opts: o, dests: map[string]*dest{}} }

// get returns a session with h: a kept one, of which it is not sure that it still
// lives, or a new one. It waits for a slot.
func (p *pool) get(ctx context.Context, h host) (*session, *fault) {
	d, f := p.enter(ctx, h)
	if f != nil {
		return nil, f
	}
	for s := p.takeIdle(d); s != nil; s = p.takeIdle(d) {
		s.kept = true
		if !s.dirty || s.reset(ctx) == nil {
			return s, nil
		}
		s.drop() // Ended while it lay here; that is no trouble of the mail's.
	}
	s, f := open(ctx, &p.opts, h)
	if f != nil {
		p.leave(h, d)
		return nil, f
	}
	return s, nil
}

func (p *pool) enter(ctx context.Context, h host) (*dest, *fault) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, newFault(TroubleStopped, 451, [3]int{4, 3, 2}, nil, "the relay is stopping")
	}
	d := p.dests[h.addr]
	if d == nil {
		d = &dest{slots: make(chan struct{}, p.opts.MaxConns)}
		p.dests[h.addr] = d
	}
	d.users++
	p.mu.Unlock()

	wait := time.NewTimer(p.opts.Timeouts.Slot)
	defer wait.Stop()
	select {
	case d.slots <- struct{}{}:
		return d, nil
	case <-wait.C:
		p.forget(h, d)
		return nil, newFault(TroubleConnect, 451, [3]int{4, 4, 5}, nil, "all connections to %s are in use", h.name)
	case <-ctx.Done():
		p.forget(h, d)
		return nil, stopped(ctx)
	}
}

func (p *pool) takeIdle(d *dest) *session {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(d.idle) > 0 {
		i := d.idle[len(d.idle)-1]
		d.idle = d.idle[:len(d.idle)-1]
		if i.timer.Stop() {
			p.ending.Done()
			return i.s
		}
		// Its timer has fired: reap owns it.
	}
	return nil
}

// put takes a session back, for the next mail or to end it.
func (p *pool) put(s *session) {
	p.mu.Lock()
	d := p.dests[s.host.addr]
	switch {
	case s.broken:
		s.drop()
	case p.closed || s.uses >= maxUses:
		p.ending.Go(s.quit)
	default:
		i := &idle{s: s}
		p.ending.Add(1)
		i.timer = time.AfterFunc(p.opts.Timeouts.Idle, func() { p.reap(d, i) })
		d.idle = append(d.idle, i)
	}
	p.mu.Unlock()
	p.leave(s.host, d)
}

// reap ends a session that nobody wanted for Timeouts.Idle.
func (p *pool) reap(d *dest, i *idle) {
	defer p.ending.Done()
	p.mu.Lock()
	for n, other := range d.idle {
		if other == i {
			d.idle = append(d.idle[:n], d.idle[n+1:]...)
			break
		}
	}
	p.tidy(i.s.host, d)
	p.mu.Unlock()
	i.s.quit()
}

func (p *pool) leave(h host, d *dest) {
	<-d.slots
	p.forget(h, d)
}

func (p *pool) forget(h host, d *dest) {
	p.mu.Lock()
	defer p.mu.Unlock()
	d.users--
	p.tidy(h, d)
}

// tidy drops d's entry when it is empty, so that the map holds live hosts only.
func (p *pool) tidy(h host, d *dest) {
	if d.users == 0 && len(d.idle) == 0 && p.dests[h.addr] == d {
		delete(p.dests, h.addr)
	}
}

// close ends what is unused and lets nothing new begin.
func (p *pool) close() {
	p.mu.Lock()
	p.closed = true
	for addr, d := range p.dests {
		for _, i := range d.idle {
			if i.timer.Stop() {
				go func() {
					defer p.ending.Done()
					i.s.quit()
				}()
			}
		}
		d.idle = nil
		if d.users == 0 {
			delete(p.dests, addr)
		}
	}
	p.mu.Unlock()
	p.ending.Wait()
}
