package bubble

import (
	"context"
	"time"

	"golang.org/x/sys/unix"
)

// glance is how long the conductor waits before it looks at the page again. The processes
// say once a millisecond that they have nothing to do.
const glance = 100 * time.Microsecond

// conduct lets time pass in the bubble until ctx ends, and returns how often the clock has
// jumped.
func (p *page) conduct(ctx context.Context) (jumps int) {
	for ctx.Err() == nil {
		next, quiet := p.quiet(ctx)
		if !quiet {
			time.Sleep(glance)
			continue
		}
		if ahead := next - p.now(); next != 0 && ahead > 0 {
			p.store(wordOffset, p.load(wordOffset)+uint64(ahead))
			jumps++
		} else {
			time.Sleep(glance)
		}
	}
	return jumps
}

// quiet asks everybody twice whether they have anything to do. Whoever was asked for the
// second time had got everything by then that others did before they were asked for the
// first time, so if nobody did anything in between, nothing is on its way. next is the
// earliest timer, 0 without one.
func (p *page) quiet(ctx context.Context) (next int64, ok bool) {
	all := p.living()
	if len(all) == 0 {
		return 0, false
	}
	for range 2 {
		round := p.load(wordRound) + 1
		p.store(wordRound, round)
		for _, s := range all {
			for p.load(s.at+slotSeen) < round {
				if ctx.Err() != nil || p.load(s.at+slotBusy) != s.busy || !p.lives(s) {
					return 0, false
				}
				time.Sleep(glance)
			}
		}
	}
	for _, s := range all {
		if at := int64(p.load(s.at + slotNext)); at != 0 && (next == 0 || at < next) {
			next = at
		}
		if p.load(s.at+slotBusy) != s.busy {
			return 0, false
		}
	}
	return next, len(p.living()) == len(all) // Nobody has come meanwhile.
}

// monotonic is the clock of the machine that timers run by.
func monotonic() int64 {
	var ts unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return 0
	}
	return ts.Nano()
}
