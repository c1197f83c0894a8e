package people

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"tidepost/store"
)

// ErrCode is the one answer to a code that never was, was used, or is too old.
var ErrCode = errors.New("the code is not good: it was used, it is too old, or it was mistyped")

// EventCode is the kind of the event of a one-time code that was made.
const EventCode = "password-code"

// maxCodeTime bounds how long a one-time code may be good for.
const maxCodeTime = 31 * 24 * time.Hour

// CreateCode makes a code with which the active person who has the address who can set
// a password, once, until now + valid. A code made before is not good any more.
// store.ErrNotFound.
func (e *Editor) CreateCode(ctx context.Context, who string, valid time.Duration, now time.Time) (code string, expires time.Time, err error) {
	if valid < time.Minute || valid > maxCodeTime {
		return "", expires, fmt.Errorf("a code is good for a minute at least, and for %d days at most", int(maxCodeTime.Hours()/24))
	}
	if code, err = generateGroups(e.random, codeGroups); err != nil {
		return "", expires, err
	}
	letters, _ := readGroups(code, codeGroups)
	expires = now.Add(valid).UTC()
	err = e.db.Update(ctx, func(tx *store.Tx) error {
		b, err := openBook(tx)
		if err != nil {
			return err
		}
		p, err := b.active(who)
		if err != nil {
			return err
		}
		if err := tx.PutPasswordCode(p.ID, codeHash(letters), now, expires); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventCode, PersonID: p.ID,
			Detail: map[string]any{"address": p.Address, "expires": expires}})
	})
	if err != nil {
		return "", expires, fmt.Errorf("make a code for %s: %w", who, err)
	}
	return code, expires, nil
}

// codeHash needs no salt and no cost: a code is 100 random bits.
func codeHash(letters string) []byte {
	sum := sha256.Sum256([]byte(letters))
	return sum[:]
}

// RedeemCode sets the password of the person for whom a code was made, and uses the
// code up. A password that may not be used leaves the code as it is: *PasswordError.
// ErrCode is all that is said of a code that is not good. It returns the address.
func (e *Editor) RedeemCode(ctx context.Context, code, password string, now time.Time) (address string, err error) {
	letters, ok := readGroups(code, codeGroups)
	if !ok {
		return "", ErrCode
	}
	var owner store.Person
	look := func(tx *store.Tx) (err error) {
		owner, err = codeOwner(tx, letters, now)
		return err
	}
	if err := e.db.View(ctx, look); err != nil {
		return "", err
	}
	d := &draft{row: owner}
	err = CheckPassword(password) // None at all is not "leave it as it is" here.
	if err == nil {
		err = e.setPassword(d, password)
	}
	if err != nil { // Outside of the transaction: it takes 20 ms.
		return "", &PasswordError{err}
	}
	err = e.db.Update(ctx, func(tx *store.Tx) error {
		if err := look(tx); err != nil { // Somebody may have been faster.
			return err
		}
		if err := tx.DropPasswordCode(owner.ID); err != nil {
			return err
		}
		return putPassword(tx, owner, d.row.Password, "code", now)
	})
	return owner.Address, err
}

// A PasswordError says why a password may not be used.
type PasswordError struct{ Err error }

// Error implements error.
func (e *PasswordError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *PasswordError) Unwrap() error { return e.Err }

// codeOwner returns for whom a code was made; ErrCode if it is not good now. A frozen
// person gets a password from the admin only.
func codeOwner(tx *store.Tx, letters string, now time.Time) (store.Person, error) {
	id, expires, err := tx.PasswordCode(codeHash(letters))
	if errors.Is(err, store.ErrNotFound) {
		return store.Person{}, ErrCode
	}
	if err != nil {
		return store.Person{}, err
	}
	rows, err := tx.People()
	if err != nil {
		return store.Person{}, err
	}
	for _, row := range rows {
		if row.ID == id && row.Active && !row.Frozen && now.Before(expires) {
			return row, nil
		}
	}
	return store.Person{}, ErrCode
}

// SetPassword sets the password of the active person who has the address who. Sessions
// that began with the one before end; app passwords stay. store.ErrNotFound.
func (e *Editor) SetPassword(ctx context.Context, who, password string, now time.Time) (Entry, error) {
	if password == "" {
		return Entry{}, &PasswordError{errors.New("the password is empty")}
	}
	return e.Set(ctx, who, Request{Password: password}, now)
}

// putPassword writes a new hash for a person, and a line that says by which way.
func putPassword(tx *store.Tx, p store.Person, hash, by string, now time.Time) error {
	p.Password = hash
	p.PasswordTurn++
	if err := tx.UpdatePerson(p); err != nil {
		return err
	}
	return tx.AddEvent(store.Event{At: now, Kind: EventChanged, PersonID: p.ID,
		Detail: map[string]any{"address": p.Address, "fields": []string{fieldPassword}, "by": by}})
}
