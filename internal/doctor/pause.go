package doctor

import (
	"strings"
	"time"

	"tidepost/people"
)

// pause says while hold, batch and coach leave new mail alone: somebody may have
// forgotten it.
func (v *visit) pause() {
	const check = "pause"
	now := v.Now()
	if since, back := v.desk.People.RolledBack(); back {
		v.warn(check, "tidepost rollback --undo --yes", "rolled back since %s: hold, batch and coach are off", since.UTC().Format(time.RFC3339))
		return
	}
	if until, paused := v.desk.People.TeamPaused(now); paused {
		v.warn(check, "tidepost resume", "the team is paused %s: new mail leaves and comes at once", people.Until(until, time.UTC, now))
		return
	}
	var names []string
	for _, p := range v.desk.People.PausedPeople(now) {
		names = append(names, p.Address.String()+" "+people.Until(p.Profile.PausedUntil, time.UTC, now))
	}
	if len(names) > 0 {
		v.ok(check, "paused for themselves: %s", strings.Join(names, ", "))
	}
}
