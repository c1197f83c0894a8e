package people

import (
	"time"

	"tidepost/store"
)

// Kinds of the events of a pause of the whole team. That of one person is a change of
// the person, of FieldPausedUntil.
const (
	EventPaused  = "paused"
	EventResumed = "resumed"

	EventRolledBack = "rolled-back" // hold, batch and coach are off until EventRolledOn
	EventRolledOn   = "rolled-on"
)

// FieldPausedUntil is how Profile.PausedUntil is named in the ledger. It is no column
// and no option: a pause begins and ends by Pause and Resume.
const FieldPausedUntil Field = "paused_until"

// Endless is the end of a pause that lasts until somebody ends it.
func Endless() time.Time { return time.Date(9999, time.December, 31, 0, 0, 0, 0, time.UTC) }

// IsEndless reports whether a pause ends only when somebody ends it.
func IsEndless(until time.Time) bool { return until.Year() >= 9999 }

// Until says when a pause ends on a clock of zone, told at now: "until Tue 15:00", or
// "until somebody ends it".
func Until(until time.Time, zone *time.Location, now time.Time) string {
	if IsEndless(until) {
		return "until somebody ends it"
	}
	return "until " + Moment(until, zone, now)
}

// Pause has hold, batch and coach leave a person's new mail alone until an instant,
// inside a transaction of the caller. What waits keeps its times. store.ErrNotFound:
// there is no such active person.
func Pause(tx *store.Tx, id int64, until, now time.Time) error {
	return EditProfile(tx, id, []Field{FieldPausedUntil}, now, func(p *Profile) error {
		p.PausedUntil = until.UTC().Truncate(time.Second)
		return nil
	})
}

// Resume ends the pause of a person. Nothing that waits moves.
func Resume(tx *store.Tx, id int64, now time.Time) error {
	return EditProfile(tx, id, []Field{FieldPausedUntil}, now, func(p *Profile) error {
		p.PausedUntil = time.Time{}
		return nil
	})
}

// PauseTeam is Pause for everybody. by is who did it, for the ledger.
func PauseTeam(tx *store.Tx, until, now time.Time, by string) error {
	if err := tx.SetTeamPause(until); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventPaused, Detail: map[string]any{"until": until.UTC(), "by": by}})
}

// ResumeTeam ends the pause of the team; those of single people go on.
func ResumeTeam(tx *store.Tx, now time.Time, by string) error {
	if err := tx.SetTeamPause(time.Time{}); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventResumed, Detail: map[string]any{"by": by}})
}

// RollBack has hold, batch and coach off for everybody and everything new from now on,
// whatever the settings are: a plain server. by is who did it, for the ledger.
func RollBack(tx *store.Tx, now time.Time, by string) error {
	if err := tx.SetRolledBack(now); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventRolledBack, Detail: map[string]any{"by": by}})
}

// RollOn ends RollBack: the settings count again.
func RollOn(tx *store.Tx, now time.Time, by string) error {
	if err := tx.SetRolledBack(time.Time{}); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventRolledOn, Detail: map[string]any{"by": by}})
}

// RolledBack says since when hold, batch and coach are off by `tidepost rollback`.
func (d *Directory) RolledBack() (since time.Time, yes bool) {
	since = d.current.Load().back
	return since, !since.IsZero()
}

// Paused says until when hold, batch and coach leave new mail of p alone: because p
// wants it so, or for the whole team. It is asked at every mail, so a pause ends by
// itself at its instant. p nil: nobody's own.
func (d *Directory) Paused(p *Person, now time.Time) (until time.Time, paused bool) {
	until = d.current.Load().paused
	if p != nil && p.Profile.PausedUntil.After(until) {
		until = p.Profile.PausedUntil
	}
	return until, until.After(now)
}

// TeamPaused is Paused of the team as a whole.
func (d *Directory) TeamPaused(now time.Time) (until time.Time, paused bool) {
	return d.Paused(nil, now)
}

// PausedPeople are those who have a pause of their own at now.
func (d *Directory) PausedPeople(now time.Time) []*Person {
	var out []*Person
	for _, p := range d.All() {
		if p.Profile.PausedUntil.After(now) {
			out = append(out, p)
		}
	}
	return out
}
