package store

import (
	"fmt"
	"time"
)

// keyTeamPause holds until when the team is paused, RFC 3339; "" or missing: it is not.
const keyTeamPause = "paused_until"

// keyRolledBack holds since when hold, batch and coach are off for good, RFC 3339.
const keyRolledBack = "rolled_back"

// SetRolledBack sets since when hold, batch and coach are off; zero: they are as they
// are set. Readers of people hear of it.
func (tx *Tx) SetRolledBack(since time.Time) error { return tx.setPeopleTime(keyRolledBack, since) }

// RolledBack returns since when hold, batch and coach are off; zero: they are not.
func (tx *Tx) RolledBack() (time.Time, error) { return tx.metaTime(keyRolledBack) }

// SetTeamPause sets until when hold, batch and coach are off for everybody's new mail;
// zero ends it. Readers of people hear of it.
func (tx *Tx) SetTeamPause(until time.Time) error { return tx.setPeopleTime(keyTeamPause, until) }

func (tx *Tx) setPeopleTime(key string, t time.Time) error {
	value := ""
	if !t.IsZero() {
		value = t.UTC().Format(time.RFC3339)
	}
	if err := tx.SetMeta(key, value); err != nil {
		return err
	}
	return tx.bumpPeople()
}

// TeamPause returns until when the team is paused; zero: it is not. It may have passed.
func (tx *Tx) TeamPause() (time.Time, error) { return tx.metaTime(keyTeamPause) }

func (tx *Tx) metaTime(key string) (time.Time, error) {
	value, err := tx.Meta(key)
	if err != nil || value == "" {
		return time.Time{}, err
	}
	t, err := time.Parse(time.RFC3339, value)
	if err != nil {
		return time.Time{}, fmt.Errorf("read %s: %w", key, err)
	}
	return t, nil
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

// CountWaiting counts the messages that wait for a person's tide, or everybody's for 0.
func (tx *Tx) CountWaiting(person int64) (n int, err error) {
	err = tx.row([]any{&n}, `SELECT count(*) FROM delivery WHERE state = 'waiting' AND (? = 0 OR person_id = ?)`, person, person)
	if err != nil {
		return 0, fmt.Errorf("count waiting deliveries: %w", err)
	}
	return n, nil
}
