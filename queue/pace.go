package queue

import (
	"fmt"

	"tidepost/people"
	"tidepost/store"
)

// actOnPace does what a mail to Tidepost says about how often a digest may come: the
// unsubscribe button of a mail program writes the first of these. said is "" if the
// mail says something else.
func (q *Queue) actOnPace(tx *store.Tx, in *intake, a *ask) (said string, err error) {
	var to people.Pace
	switch a.word {
	case "fewer digests":
		to, said = people.PaceDay, "From now on you get one digest a day. *more digests* brings one with every delivery again, *no digests* ends them."
	case "more digests":
		to, said = people.PaceTide, "From now on you get a digest with every delivery that has something to tell. *fewer digests* makes it one a day."
	case "no digests":
		to, said = people.PaceOff, "You get no digests any more. Questions to you stand in `Needs reply`. *more digests* brings them back, *fewer digests* one a day."
	default:
		return "", nil
	}
	err = people.EditProfile(tx, in.author.ID, []people.Field{people.FieldDigests}, in.now, func(p *people.Profile) error {
		p.Digests = to
		return nil
	})
	if err != nil {
		return "", fmt.Errorf("set pace of digests: %w", err)
	}
	return said, nil
}
