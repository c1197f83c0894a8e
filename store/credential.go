package store

import (
	"fmt"
	"time"
)

// The kinds of app passwords.
const (
	KindDevice = "device" // a machine: it may send
	KindClient = "client" // a mail program of the person: it may read and send
)

// An AppPassword is a password of one device or mail program beside the person's own.
type AppPassword struct {
	ID       int64
	PersonID int64
	Name     string // by which people know it
	Kind     string // KindDevice or KindClient
	Tag      string // first group of the password
	Hash     string // PHC string; "" once revoked
	Created  time.Time
	Used     string    // the day of the last login, as 2026-11-23; "" never
	Revoked  time.Time // zero: it stands
}

const appPasswordColumns = `id, person_id, name, kind, tag, hash, created, coalesce(used, ''), revoked`

func scanAppPassword(a *AppPassword) []any {
	return []any{&a.ID, &a.PersonID, &a.Name, &a.Kind, &a.Tag, &a.Hash, (*stamp)(&a.Created), &a.Used, (*stamp)(&a.Revoked)}
}

// InsertAppPassword adds a and sets a.ID. ErrExists: the person has one of that name
// that stands, or had one with that tag.
func (tx *Tx) InsertAppPassword(a *AppPassword) error {
	id, err := tx.insert(`INSERT INTO app_password (person_id, name, kind, tag, hash, created) VALUES (?, ?, ?, ?, ?, ?)`,
		a.PersonID, a.Name, a.Kind, a.Tag, a.Hash, stamp(a.Created))
	if err != nil {
		return fmt.Errorf("insert app password: %w", err)
	}
	a.ID = id
	return tx.bumpPeople()
}

// AppPasswords returns those of a person in the order in which they came, revoked ones
// too; person 0 means everybody's.
func (tx *Tx) AppPasswords(person int64) ([]AppPassword, error) {
	list, err := all(tx, scanAppPassword, `SELECT `+appPasswordColumns+` FROM app_password WHERE ?1 = 0 OR person_id = ?1 ORDER BY id`, person)
	if err != nil {
		return nil, fmt.Errorf("read app passwords: %w", err)
	}
	return list, nil
}

// RevokeAppPassword ends one: its hash is forgotten, its name and tag stay, so that
// what knocks with it later is known. ErrNotFound: it does not stand.
func (tx *Tx) RevokeAppPassword(id int64, now time.Time) error {
	n, err := tx.exec(`UPDATE app_password SET hash = '', revoked = ? WHERE id = ? AND revoked IS NULL`, stamp(now), id)
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("revoke app password %d: %w", id, err)
	}
	return tx.bumpPeople()
}

// UseAppPassword notes the day of a login. Nobody who caches people need know.
func (tx *Tx) UseAppPassword(id int64, day string) error {
	if _, err := tx.exec(`UPDATE app_password SET used = ? WHERE id = ? AND revoked IS NULL`, day, id); err != nil {
		return fmt.Errorf("note use of app password %d: %w", id, err)
	}
	return nil
}

// PutPasswordCode remembers the hash of a one-time code of the person, in the place of
// one that was there.
func (tx *Tx) PutPasswordCode(person int64, hash []byte, now, expires time.Time) error {
	_, err := tx.exec(`INSERT INTO password_code (person_id, hash, created, expires) VALUES (?, ?, ?, ?)
		ON CONFLICT (person_id) DO UPDATE SET hash = excluded.hash, created = excluded.created, expires = excluded.expires`,
		person, hash, stamp(now), stamp(expires))
	if err != nil {
		return fmt.Errorf("put password code: %w", err)
	}
	return nil
}

// PasswordCode returns whose one-time code has a hash, and until when it is good.
// ErrNotFound.
func (tx *Tx) PasswordCode(hash []byte) (person int64, expires time.Time, err error) {
	err = tx.row([]any{&person, (*stamp)(&expires)}, `SELECT person_id, expires FROM password_code WHERE hash = ?`, hash)
	if err != nil {
		return 0, time.Time{}, fmt.Errorf("password code: %w", err)
	}
	return person, expires, nil
}

// DropPasswordCode forgets the one-time code of a person, if there is one.
func (tx *Tx) DropPasswordCode(person int64) error {
	if _, err := tx.exec(`DELETE FROM password_code WHERE person_id = ?`, person); err != nil {
		return fmt.Errorf("drop password code: %w", err)
	}
	return nil
}

// SetFrozen freezes a person, or thaws them. It reports whether that changed anything.
func (tx *Tx) SetFrozen(person int64, frozen bool) (bool, error) {
	n, err := tx.exec(`UPDATE person SET frozen = ?1 WHERE id = ?2 AND frozen <> ?1`, frozen, person)
	if err != nil || n == 0 {
		if err != nil {
			err = fmt.Errorf("freeze person %d: %w", person, err)
		}
		return false, err
	}
	return true, tx.bumpPeople()
}

// A Stop says why nothing of a submission leaves.
type Stop int

// The stops there are.
const (
	Going          Stop = iota // nothing stops it
	StopAuthor                 // its author is frozen
	StopCredential             // the app password it came with was revoked
)

// String is how a stop is called in JSON and in the ledger; "" for none.
func (s Stop) String() string {
	switch s {
	case StopAuthor:
		return "author-frozen"
	case StopCredential:
		return "credential-revoked"
	}
	return ""
}

// Unstopped returns the submissions of an author that have a recipient who is not
// settled and that are not stopped, above an id, the oldest first, at most limit.
func (tx *Tx) Unstopped(author, after int64, limit int) ([]Submission, error) {
	list, err := all(tx, scanSubmission, `SELECT `+submissionColumns+` FROM submission s
		WHERE s.author_id = ?1 AND s.id > ?2 AND s.stopped = 0
		AND s.id IN (SELECT submission_id FROM recipient WHERE state IN ('held', 'deferred')
			UNION SELECT submission_id FROM recipient WHERE state = 'sending')
		ORDER BY s.id LIMIT ?3`, author, after, limit)
	if err != nil {
		return nil, fmt.Errorf("unsettled submissions: %w", err)
	}
	return list, nil
}

// Stopped returns the submissions of an author that are stopped and have a recipient
// who is not settled, above an id, the oldest first, at most limit.
func (tx *Tx) Stopped(author, after int64, limit int) ([]Submission, error) {
	list, err := all(tx, scanSubmission, `SELECT `+submissionColumns+` FROM submission s INDEXED BY submission_stopped
		WHERE s.author_id = ?1 AND s.stopped <> 0 AND s.id > ?2
		AND EXISTS (SELECT 1 FROM recipient r WHERE r.submission_id = s.id AND r.state IN ('held', 'deferred', 'sending'))
		ORDER BY s.id LIMIT ?3`, author, after, limit)
	if err != nil {
		return nil, fmt.Errorf("stopped submissions: %w", err)
	}
	return list, nil
}

// SetStopped writes why nothing of a submission leaves.
func (tx *Tx) SetStopped(submission int64, stop Stop) error {
	if _, err := tx.exec(`UPDATE submission SET stopped = ? WHERE id = ?`, int(stop), submission); err != nil {
		return fmt.Errorf("stop submission %d: %w", submission, err)
	}
	return nil
}
