package store

import (
	"fmt"
	"time"
)

// keyTeamPause holds until when the team is paused, RFC 3339; "" or missing: it is not.
const keyTeamPause = "paused_until"

// SetTeamPause sets until when hold, batch and coach are off for everybody's new mail;
// zero ends it. Readers of people hear of it.
func (tx *Tx) SetTeamPause(until time.Time) error {
	value := ""
	if !until.IsZero() {
		value = until.UTC().Format(time.RFC3339)
	}
	if err := tx.SetMeta(keyTeamPause, value); err != nil {
		return err
	}
	return tx.bumpPeople()
}

// TeamPause returns until when the team is paused; zero: it is not. It may have passed.
func (tx *Tx) TeamPause() (time.Time, error) {
	value, err := tx.Meta(keyTeamPause)
	if err != nil || value == "" {
		return time.Time{}, err
	}
	until, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s: %w", keyTeamPause, err)
	}
	return until, nil
}

// CountHeld counts the mails of a person that wait to leave, or everybody's for 0.
func (tx *Tx) CountHeld(author int64) (n int, err error) {
	err = tx.row([]any{&n}, `SELECT count(DISTINCT r.submission_id) FROM recipient r JOIN submission s ON s.id = r.submission_id
		WHERE r.state = 'held' AND (? = 0 OR s.author_id = ?)`, author, author)
	if err != nil {
		return 0, fmt.Errorf("count held mail: %w", err)
	}
	return n, nil
}
