package people

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tidepost/store"
)

// An app password is five groups of five characters. The first group is its tag, which
// is no secret: it says which of the person's hashes to check, so that a login costs
// one check however many app passwords there are. The others are 100 bits.
const (
	groupLetters = "abcdefghijkmnpqrstuvwxyz23456789" // 32: no l, no o, no 0, no 1
	groupSize    = 5
	appGroups    = 5
	codeGroups   = 4
)

// maxAppPasswords bounds how many app passwords of one person stand.
const maxAppPasswords = 50

// Kinds of the events about app passwords.
const (
	EventAppPassword        = "app-password-created"
	EventAppPasswordRevoked = "app-password-revoked"
)

// generateGroups returns n groups of characters that are hard to confuse, 25 bits each:
// "k7fqd-…".
func generateGroups(random io.Reader, n int) (string, error) {
	raw := make([]byte, n*groupSize)
	if _, err := io.ReadFull(random, raw); err != nil {
		return "", fmt.Errorf("generate password: %w", err)
	}
	var b strings.Builder
	for i, octet := range raw {
		if i > 0 && i%groupSize == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(groupLetters[octet%32])
	}
	return b.String(), nil
}

// readGroups reads what generateGroups wrote, as people copy it: with other dashes,
// spaces or none, in capitals. It returns the bare letters; ok is false for anything
// else.
func readGroups(s string, n int) (letters string, ok bool) {
	if len(s) > 4*n*(groupSize+1) {
		return "", false // Whatever it is, it is not that.
	}
	var b strings.Builder
	for _, r := range s {
		if unicode.IsSpace(r) || unicode.Is(unicode.Dash, r) {
			continue
		}
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		if r >= utf8.RuneSelf || strings.IndexByte(groupLetters, byte(r)) < 0 {
			return "", false
		}
		b.WriteRune(r)
	}
	return b.String(), b.Len() == n*groupSize
}

// An AppPassword is one as listed. It holds no secret.
type AppPassword struct {
	ID      int64      `json:"id"`
	Name    string     `json:"name"`
	Device  bool       `json:"device"` // a machine, which may only send; false: a mail program
	Created time.Time  `json:"created"`
	Used    string     `json:"last_used,omitempty"` // the day of the last login, as 2026-11-23; never finer
	Revoked *time.Time `json:"revoked,omitempty"`
}

func listedAppPassword(a store.AppPassword) AppPassword {
	l := AppPassword{ID: a.ID, Name: a.Name, Device: a.Kind == store.KindDevice, Created: a.Created, Used: a.Used}
	if !a.Revoked.IsZero() {
		l.Revoked = &a.Revoked
	}
	return l
}

// CreateAppPassword makes an app password for the active person who has the address
// who, and returns it in clear, this once. device says that a machine will use it.
// store.ErrNotFound: nobody has the address; store.ErrExists: one of that name stands.
func (e *Editor) CreateAppPassword(ctx context.Context, who, name string, device bool, now time.Time) (made AppPassword, password string, err error) {
	if name, err = appPasswordName(name); err != nil {
		return made, "", err
	}
	if password, err = generateGroups(e.random, appGroups); err != nil {
		return made, "", err
	}
	letters, _ := readGroups(password, appGroups)
	row := store.AppPassword{Name: name, Kind: store.KindClient, Tag: letters[:groupSize], Created: now}
	if device {
		row.Kind = store.KindDevice
	}
	if row.Hash, err = HashPassword(letters, e.random); err != nil {
		return made, "", err
	}
	err = e.db.Update(ctx, func(tx *store.Tx) error {
		b, err := openBook(tx)
		if err != nil {
			return err
		}
		p, err := b.active(who)
		if err != nil {
			return err
		}
		if err := admitAppPassword(p, row); err != nil {
			return err
		}
		row.PersonID = p.ID
		if err := tx.InsertAppPassword(&row); err != nil {
			return err
		}
		return tx.AddEvent(store.Event{At: now, Kind: EventAppPassword, PersonID: p.ID,
			Detail: map[string]any{"address": p.Address, "id": row.ID, "name": row.Name, "kind": row.Kind}})
	})
	if err != nil {
		return made, "", fmt.Errorf("create app password of %s: %w", who, err)
	}
	return listedAppPassword(row), password, nil
}

// admitAppPassword says why a person may not have one more app password.
func admitAppPassword(p store.Person, row store.AppPassword) error {
	stand := 0
	for _, a := range p.AppPasswords {
		if a.Hash == "" {
			continue
		}
		if stand++; strings.EqualFold(a.Name, row.Name) {
			return fmt.Errorf("there is one called %q: revoke it first, or choose another name: %w", a.Name, store.ErrExists)
		}
	}
	if stand >= maxAppPasswords {
		return fmt.Errorf("there are %d already: revoke some first", stand)
	}
	return nil
}

// maxAppName bounds the name of an app password, in characters.
const maxAppName = 64

// appPasswordName checks the name of an app password.
func appPasswordName(name string) (string, error) {
	name = strings.Join(strings.Fields(name), " ")
	switch {
	case name == "":
		return "", errors.New("say what it is for: --name \"Scanner, 2nd floor\"")
	case !utf8.ValidString(name) || noControls(name) != nil:
		return "", errors.New("the name holds a character that cannot be shown")
	case utf8.RuneCountInString(name) > maxAppName:
		return "", fmt.Errorf("the name is longer than %d characters", maxAppName)
	}
	if _, err := strconv.ParseInt(name, 10, 64); err == nil {
		return "", errors.New("the name must not be a number: that is how they are told apart")
	}
	return name, nil
}

// AppPasswords lists those of the active person who has the address who, the oldest
// first; revoked ones too if all is set. store.ErrNotFound.
func (e *Editor) AppPasswords(ctx context.Context, who string, all bool) ([]AppPassword, error) {
	list := []AppPassword{}
	err := e.db.View(ctx, func(tx *store.Tx) error {
		b, err := openBook(tx)
		if err != nil {
			return err
		}
		p, err := b.active(who)
		for _, a := range p.AppPasswords {
			if a.Hash != "" || all {
				list = append(list, listedAppPassword(a))
			}
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("list app passwords: %w", err)
	}
	return list, nil
}

// RevokeAppPasswords ends the app password of a person that has the name or id which,
// or, if which is "", all that stand. What waits of them is the caller's to stop.
// store.ErrNotFound: no such one stands.
func RevokeAppPasswords(tx *store.Tx, person int64, which string, now time.Time) ([]AppPassword, error) {
	list, err := tx.AppPasswords(person)
	if err != nil {
		return nil, err
	}
	id, numeric := strconv.ParseInt(strings.TrimSpace(which), 10, 64)
	name := strings.Join(strings.Fields(which), " ")
	var gone []AppPassword
	for _, a := range list {
		if a.Hash == "" || which != "" && !strings.EqualFold(a.Name, name) && (numeric != nil || a.ID != id) {
			continue
		}
		if err := tx.RevokeAppPassword(a.ID, now); err != nil {
			return nil, err
		}
		err := tx.AddEvent(store.Event{At: now, Kind: EventAppPasswordRevoked, PersonID: person,
			Detail: map[string]any{"id": a.ID, "name": a.Name, "kind": a.Kind}})
		if err != nil {
			return nil, err
		}
		a.Revoked = now
		gone = append(gone, listedAppPassword(a))
	}
	if len(gone) == 0 && which != "" {
		return nil, fmt.Errorf("no app password %q stands: %w", which, store.ErrNotFound)
	}
	return gone, nil
}

// AppPasswordsLeft counts the app passwords that stand.
func (p *Person) AppPasswordsLeft() int {
	n := 0
	for _, a := range p.row.AppPasswords {
		if a.Hash != "" {
			n++
		}
	}
	return n
}
