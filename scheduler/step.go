package scheduler

import (
	"sync"
	"time"
)

const (
	// stepLimit is how far the wall clock may run ahead between two looks before
	// it counts as stepped.
	stepLimit = 5 * time.Minute
	// stepPause is how long releases wait after a forward step: time for a person
	// to stop what a wrong clock would send too early.
	stepPause = 10 * time.Minute
)

// A StepGuard tells a wall clock that was set forward from time that passed. It
// compares the wall clock with one that nobody sets and that also counts while
// the machine is suspended (BootTime), so that a resumed laptop is not a stepped
// clock. Backward steps need no guard: nothing is released twice, as a release
// is a compare-and-set. It is safe for concurrent use.
type StepGuard struct {
	boot func() time.Duration

	mu       sync.Mutex
	looked   bool
	wall     time.Time     // at the last look
	at       time.Duration // of the boot clock at the last look
	pausedTo time.Duration // on the boot clock
}

// NewStepGuard returns a guard that reads boot, such as BootTime.
func NewStepGuard(boot func() time.Duration) *StepGuard { return &StepGuard{boot: boot} }

// Look is called with the wall clock at every wake-up, before anything is
// released. stepped is by how much the wall clock was set forward since the last
// look, 0 unless it is more than 5 minutes: worth one alarm. paused tells that
// releases must wait, until 10 minutes after the last step.
func (g *StepGuard) Look(wall time.Time) (stepped time.Duration, paused bool) {
	wall = wall.Round(0) // Without the monotonic part, which does not step.
	g.mu.Lock()
	defer g.mu.Unlock()
	at := g.boot()
	if g.looked {
		if ahead := wall.Sub(g.wall) - (at - g.at); ahead > stepLimit {
			stepped = ahead
			g.pausedTo = at + stepPause
		}
	}
	g.looked, g.wall, g.at = true, wall, at
	return stepped, at < g.pausedTo
}

// Resume ends a pause: a person has looked at the clock.
func (g *StepGuard) Resume() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pausedTo = 0
}
