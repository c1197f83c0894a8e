// Package secrets keeps what must be usable and must not be readable: passwords and
// tokens of accounts elsewhere, sealed in the database with a key that is not in it.
//
// Invariants:
//   - The key lies in a file of the data directory, mode 0600, made at the first Seal.
//     A copy of the database alone gives nothing away; neither does the key alone.
//   - What is sealed is bound to its purpose: a secret moved to another account or
//     another column does not open.
//   - Nothing here is ever logged, and no error holds a secret.
//   - The key file is read at each use: what another process rotated holds at once.
//     Whoever seals does so inside the transaction that stores, so that a rotation
//     comes either before it or behind it.
//
// It is not responsible for backups: "tidepost backup" copies the database, and whoever
// restores it needs the key file, too.
package secrets

import (
	"crypto/cipher"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/crypto/chacha20poly1305"
)

// File is the name of the key file inside the data directory.
const File = "secrets.key"

// Why a secret cannot be opened.
var (
	// ErrNoKey says that there is no key file.
	ErrNoKey = errors.New("there is no key file")
	// ErrKey says that the secret was sealed with a key that the file does not hold.
	ErrKey = errors.New("sealed with another key")
	// ErrDamaged says that what was sealed was changed since, or is another's.
	ErrDamaged = errors.New("the sealed secret is damaged")
)

// A Box seals and opens. It is safe for concurrent use.
type Box struct {
	path string
	rand io.Reader
}

// Open returns the box of a data directory. It does not touch the file: the first Seal
// makes it. random is crypto/rand.Reader outside of tests.
func Open(dir string, random io.Reader) *Box {
	return &Box{path: filepath.Join(dir, File), rand: random}
}

// Path is where the key lies.
func (b *Box) Path() string { return b.path }

// What a sealed secret begins with: the version, and which key.
const (
	version = 1
	idSize  = 4
	header  = 1 + idSize + chacha20poly1305.NonceSizeX
)

// Seal encrypts plain for a purpose, such as "account 7 smtp". It makes the key file if
// there is none.
func (b *Box) Seal(purpose string, plain []byte) ([]byte, error) {
	keys, err := b.read()
	if errors.Is(err, ErrNoKey) {
		if err = b.create(); err == nil {
			keys, err = b.read()
		}
	}
	if err != nil {
		return nil, fmt.Errorf("seal a secret: %w", err)
	}
	k := keys[0]
	aead, err := k.aead()
	if err != nil {
		return nil, fmt.Errorf("seal a secret: %w", err)
	}
	out := make([]byte, header, header+len(plain)+aead.Overhead())
	out[0] = version
	binary.BigEndian.PutUint32(out[1:], k.id)
	if _, err := io.ReadFull(b.rand, out[1+idSize:header]); err != nil {
		return nil, fmt.Errorf("seal a secret: %w", err)
	}
	return aead.Seal(out, out[1+idSize:header], plain, bound(out[:1+idSize], purpose)), nil
}

// Open decrypts what Seal made for the same purpose. ErrNoKey, ErrKey, ErrDamaged.
func (b *Box) Open(purpose string, sealed []byte) ([]byte, error) {
	fail := func(err error) ([]byte, error) { return nil, fmt.Errorf("open a secret: %w", err) }
	keys, err := b.read()
	if err != nil {
		return fail(err)
	}
	if len(sealed) < header || sealed[0] != version {
		return fail(ErrDamaged)
	}
	id := binary.BigEndian.Uint32(sealed[1:])
	for _, k := range keys {
		if k.id != id {
			continue
		}
		aead, err := k.aead()
		if err != nil {
			return fail(err)
		}
		plain, err := aead.Open(nil, sealed[1+idSize:header], sealed[header:], bound(sealed[:1+idSize], purpose))
		if err != nil {
			return fail(ErrDamaged)
		}
		return plain, nil
	}
	return fail(fmt.Errorf("%w (%08x), which %s does not hold: put back the file that belongs to this database", ErrKey, id, b.path))
}

// bound is the associated data: what a secret is for.
func bound(head []byte, purpose string) []byte {
	return append(append([]byte{}, head...), "tidepost "+purpose...)
}

// Rotate makes a new key, has reseal seal everything again, and forgets the old keys.
// When reseal fails, the file holds both, everything still opens, and Rotate may be
// called again. reseal gets told which sealed values are up to date.
func (b *Box) Rotate(reseal func(current func(sealed []byte) bool) error) error {
	keys, err := b.read()
	if err != nil && !errors.Is(err, ErrNoKey) {
		return fmt.Errorf("rotate the key: %w", err)
	}
	k, err := newKey(b.rand)
	if err != nil {
		return fmt.Errorf("rotate the key: %w", err)
	}
	if err := b.write(append([]key{k}, keys...)); err != nil {
		return fmt.Errorf("rotate the key: %w", err)
	}
	if err := reseal(k.sealed); err != nil {
		return err
	}
	if err := b.write([]key{k}); err != nil {
		return fmt.Errorf("rotate the key: %w", err)
	}
	return nil
}

// A key is one line of the file.
type key struct {
	id   uint32
	data [chacha20poly1305.KeySize]byte
}

// String keeps the key out of every log.
func (k key) String() string { return fmt.Sprintf("key %08x", k.id) }

// GoString is the same for %#v.
func (k key) GoString() string { return k.String() }

func (k key) aead() (cipher.AEAD, error) { return chacha20poly1305.NewX(k.data[:]) }

// sealed reports whether k sealed a value.
func (k key) sealed(value []byte) bool {
	return len(value) >= header && value[0] == version && binary.BigEndian.Uint32(value[1:]) == k.id
}

func newKey(random io.Reader) (k key, err error) {
	var id [idSize]byte
	if _, err := io.ReadFull(random, id[:]); err != nil {
		return k, err
	}
	k.id = binary.BigEndian.Uint32(id[:])
	_, err = io.ReadFull(random, k.data[:])
	return k, err
}

// maxFile bounds what is read of the file.
const maxFile = 16 << 10

const intro = "# The key that seals passwords and tokens in tidepost.db. Keep a copy apart from\n" +
	"# copies of the database; without it they must be given again. See tidepost(8), secrets.\n"

// read returns the keys, the current one first.
func (b *Box) read() ([]key, error) {
	f, err := os.Open(b.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %s", ErrNoKey, b.path)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", b.path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("%s has mode %04o, others may read it: chmod 0600, then \"tidepost secrets rotate\"", b.path, mode)
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return nil, err
	}
	var keys []key
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		k, err := parseKey(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", b.path, err) // Never the line: it may be a key.
		}
		keys = append(keys, k)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s holds no key", b.path)
	}
	return keys, nil
}

// word is what a line begins with.
const word = "xchacha20-poly1305"

func parseKey(line string) (k key, err error) {
	f := strings.Fields(line)
	if len(f) != 3 || f[0] != word {
		return k, errors.New("a line is not a key")
	}
	if n, err := fmt.Sscanf(f[1], "%08x", &k.id); n != 1 || err != nil {
		return k, errors.New("a line is not a key")
	}
	data, err := base64.StdEncoding.DecodeString(f[2])
	if err != nil || len(data) != len(k.data) {
		return k, errors.New("a key is cut short")
	}
	copy(k.data[:], data)
	return k, nil
}
