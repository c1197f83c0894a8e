package inbox

import (
	"slices"
	"time"

	"tidepost/digest"
	"tidepost/people"
	"tidepost/policies"
)

// batchMode is the person's switch, or the team's; off once the team has gone back.
func (b *Inbox) batchMode(p *people.Person) people.Switch {
	if _, back := b.dir.RolledBack(); back {
		return people.Off
	}
	return p.Profile.Batch.Or(b.o.Batch)
}

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

// PassList is whose mail to p comes at once, and mail with which words in its subject.
func (b *Inbox) PassList(p *people.Person) policies.Lists {
	l := b.o.Pass
	l.Senders = slices.Concat(l.Senders, p.Profile.Pass)
	return l
}
