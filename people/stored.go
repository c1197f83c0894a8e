package people

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"tidepost/store"
)

// A stored is what a password is checked against.
type stored interface {
	verify(password string) bool
}

// parseStored reads a stored string: argon2id, or bcrypt of another server.
func parseStored(s string) (stored, error) {
	if strings.HasPrefix(s, "$2") {
		return parseBcrypt(s)
	}
	return parsePHC(s)
}

// A foreign is a bcrypt string, $2a$, $2b$ or $2y$, that was imported. It is made an
// argon2id string when its password is first seen.
type foreign string

// maxBcrypt bounds the work of one check to about a second.
const (
	maxBcrypt   = 13
	bcryptInput = 72 // octets: bcrypt does not look at more
)

func parseBcrypt(s string) (foreign, error) {
	if len(s) != 60 || !strings.Contains("aby", s[2:3]) {
		return "", errors.New("is not a bcrypt string")
	}
	cost, err := bcrypt.Cost([]byte(s))
	if err != nil {
		return "", errors.New("is not a bcrypt string")
	}
	if cost > maxBcrypt {
		return "", fmt.Errorf("has cost %d; at most %d is taken", cost, maxBcrypt)
	}
	return foreign(s), nil
}

// verify reports whether password is the one of f, as its client sent it: the other
// server has not prepared it either.
func (f foreign) verify(password string) bool {
	return len(password) <= bcryptInput && bcrypt.CompareHashAndPassword([]byte(f), []byte(password)) == nil
}

// adopt replaces an imported hash by our own, now that the password is known. Somebody
// who has set another one meanwhile is faster.
func (a *Authenticator) adopt(ctx context.Context, p *Person, password string) error {
	hash, err := HashPassword(password, rand.Reader)
	if err != nil {
		return err
	}
	err = a.directory.db.Update(ctx, func(tx *store.Tx) error { return tx.ReplacePassword(p.ID, p.row.Password, hash) })
	if err != nil {
		return fmt.Errorf("replace an imported password: %w", err)
	}
	return a.directory.Reload(ctx)
}
