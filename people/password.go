package people

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/secure/precis"
)

// Limits of a password.
const (
	minPassword = 10   // characters
	maxPassword = 1024 // octets; longer ones are not even looked at
)

// Cost of a password, from the OWASP Password Storage cheat sheet.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonSalt    = 16 // octets
	argonKey     = 32 // octets
)

// A phc is a parsed argon2id string:
// $argon2id$v=19$m=19456,t=2,p=1$<salt>$<key>, base64 without padding.
type phc struct {
	memory, time uint32
	threads      uint8
	salt, key    []byte
}

// CheckPassword says why a password may not be used, nil if it may. words are the
// name and addresses of the person.
func CheckPassword(password string, words ...string) error {
	switch {
	case len(password) > maxPassword:
		return fmt.Errorf("the password is longer than %d octets", maxPassword)
	case !utf8.ValidString(password):
		return errors.New("the password is not valid UTF-8")
	case utf8.RuneCountInString(password) < minPassword:
		return fmt.Errorf("the password is shorter than %d characters", minPassword)
	case strings.ContainsFunc(password, unicode.IsControl):
		return errors.New("the password holds a control character")
	}
	kinds := map[rune]bool{}
	for _, r := range password {
		kinds[r] = true
	}
	if len(kinds) < 5 {
		return errors.New("the password uses fewer than 5 different characters")
	}
	for _, w := range words {
		if strings.EqualFold(w, password) {
			return errors.New("the password is the person's name or address")
		}
	}
	return nil
}

// HashPassword returns the argon2id string of a password, with salt from random.
func HashPassword(password string, random io.Reader) (string, error) {
	p := phc{memory: argonMemory, time: argonTime, threads: argonThreads, salt: make([]byte, argonSalt)}
	if _, err := io.ReadFull(random, p.salt); err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	p.key = p.derive(password, argonKey)
	return p.String(), nil
}

// GeneratePassword returns a password of 100 bits from random, in four groups of
// characters that are hard to confuse: "k7fqd-…".
func GeneratePassword(random io.Reader) (string, error) { return generateGroups(random, codeGroups) }

// String gives the PHC form.
func (p phc) String() string {
	enc := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memory, p.time, p.threads,
		enc.EncodeToString(p.salt), enc.EncodeToString(p.key))
}

// parsePHC reads a stored string. Its cost is bounded: the string may come from a
// backup or another program, and must not be able to eat the machine.
func parsePHC(s string) (phc, error) {
	wrong := errors.New("stored password is not an argon2id string")
	parts := strings.Split(s, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return phc{}, wrong
	}
	var p phc
	if n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memory, &p.time, &p.threads); err != nil || n != 3 ||
		parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", p.memory, p.time, p.threads) {
		return phc{}, wrong
	}
	if p.memory < 8 || p.memory > 256*1024 || p.time < 1 || p.time > 16 || p.threads < 1 || p.threads > 16 {
		return phc{}, errors.New("stored password has a cost out of range")
	}
	var err error
	if p.salt, err = base64.RawStdEncoding.DecodeString(parts[4]); err != nil || len(p.salt) < 8 || len(p.salt) > 64 {
		return phc{}, wrong
	}
	if p.key, err = base64.RawStdEncoding.DecodeString(parts[5]); err != nil || len(p.key) < 16 || len(p.key) > 64 {
		return phc{}, wrong
	}
	return p, nil
}

// verify reports in constant time whether password is the one of p.
func (p phc) verify(password string) bool {
	return subtle.ConstantTimeCompare(p.derive(password, uint32(len(p.key))), p.key) == 1
}

func (p phc) derive(password string, size uint32) []byte {
	return argon2.IDKey(prepare(password), p.salt, p.time, p.memory, p.threads, size)
}

// prepare makes the forms in which clients send the same characters equal
// (RFC 8265 §4.2, which replaces the SASLprep of RFC 4616 §2). What the profile
// does not allow is taken as it is.
func prepare(password string) []byte {
	if s, err := precis.OpaqueString.String(password); err == nil {
		return []byte(s)
	}
	return []byte(password)
}

// decoy is the string against which the password of an unknown user is checked: it
// costs the same as a real one and nobody has its key.
func decoy() phc {
	p := phc{memory: argonMemory, time: argonTime, threads: argonThreads, salt: make([]byte, argonSalt), key: make([]byte, argonKey)}
	rand.Read(p.salt) // Never fails (crypto/rand).
	rand.Read(p.key)
	return p
}
