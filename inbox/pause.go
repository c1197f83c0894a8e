package inbox

import (
	"time"

	"tidepost/digest"
	"tidepost/people"
)

// pauseOf is what a digest says of a pause of its reader; nil if there is none.
func (b *Inbox) pauseOf(p *people.Person, now time.Time) *digest.Pause {
	until, paused := b.dir.Paused(p, now)
	if !paused {
		return nil
	}
	team, whole := b.dir.TeamPaused(now)
	out := &digest.Pause{Until: until, Team: whole && !until.After(team)}
	if people.IsEndless(until) {
		out.Until = time.Time{}
	}
	return out
}
