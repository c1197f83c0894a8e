package digest

import "time"

// A Pause is that hold, batch and coach leave the reader's new mail alone for now.
type Pause struct {
	Until time.Time `json:"until,omitzero"` // zero: until somebody ends it
	Team  bool      `json:"team,omitempty"` // it is everybody's: the admin ends it, not the reader
}

// line is the last one of a digest while a pause lasts.
func (p Pause) line(zone *time.Location, now time.Time) string {
	s := "Paused"
	if p.Team {
		s += " for the team"
	}
	if p.Until.IsZero() {
		s += " until further notice"
	} else {
		s += " until " + clock(p.Until, zone, now)
	}
	s += ": new mail leaves and comes at once; what waits keeps its times."
	if !p.Team {
		s += " Write “resume” to Tidepost to end it."
	}
	return s
}
