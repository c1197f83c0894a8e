package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"tidepost/store"
)

// instanceFile lies in the data directory, beside the database, and says which processes ran
// there.
const instanceFile = "instance"

// maxInstances bounds the file: the letters of older ones have been replaced since.
const maxInstances = 200

// succeed writes down that we run here, and learns who did before us. Those processes have
// ended: only one serves a data directory. What the file says is believed only if it is
// the file that was written, on this machine since it was started: in a copy of the
// directory, or of the machine, it says nothing about who runs elsewhere.
func succeed(dir, self string) (before map[string]bool, err error) {
	path := filepath.Join(dir, instanceFile)
	text, err := os.ReadFile(path)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("read who ran before: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("write who runs: %w", err)
	}
	here, err := whereabouts(file)
	if err == nil {
		before = map[string]bool{}
		lines := []string{here}
		if was, rest, _ := strings.Cut(string(text), "\n"); was == here {
			all := strings.Fields(rest)
			for _, id := range all[max(0, len(all)-maxInstances):] {
				before[id] = true
				lines = append(lines, id)
			}
		}
		out := []byte(strings.Join(append(lines, self), "\n") + "\n")
		if _, err = file.WriteAt(out, 0); err == nil {
			err = file.Truncate(int64(len(out)))
		}
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return nil, fmt.Errorf("write who runs: %w", err)
	}
	return before, nil
}

// whereabouts tells a file from its copies: another file has another number, and a machine
// that was copied has been started since. The device is left out, since it may differ
// whenever a volume is mounted.
func whereabouts(file *os.File) (string, error) {
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	inode := uint64(0)
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		inode = st.Ino
	}
	return fmt.Sprintf("%d %s %s", inode, strings.TrimSpace(string(boot)), file.Name()), nil
}

// unsureFor is how long a process that does not know who ran before it looks for a copy of
// itself: longer than a claim takes, and not long if the provider cannot be asked.
const unsureFor = 2 * time.Minute

// Arrive notes that this process serves the data directory from now on. It is called
// before Run, and before anything leaves.
func (m *Mirror) Arrive(ctx context.Context) error {
	before, err := succeed(m.o.Dir, m.instance)
	if err != nil { // Then claims take their time.
		m.o.Log.Warn("who ran here before is not known", "err", err)
	}
	tended, yielded := "", ""
	if err := m.o.DB.View(ctx, func(tx *store.Tx) error {
		if tended, err = tx.Meta(installationKey); err != nil {
			return err
		}
		yielded, err = tx.Meta(yieldedKey)
		return err
	}); err != nil {
		return fmt.Errorf("look whether accounts were tended: %w", err)
	}
	accounts, err := m.wanted(ctx)
	if err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.before = before
	if (len(before) == 0 || yielded != "") && tended != "" && len(accounts) > 0 {
		m.unsure = m.now().Add(unsureFor)
	}
	return nil
}

// ended are the instances that ran here before us.
func (m *Mirror) ended() map[string]bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.before
}

// Yields reports whether another copy of this installation is at work, or may be: then what
// waits to leave is the other's to send, for it would leave twice. Where no account at a
// provider is tended that cannot be known.
func (m *Mirror) Yields() bool {
	now := m.now()
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.copies) > 0 || now.Before(m.unsure)
}

// Copies is how many accounts another copy of this installation tends.
func (m *Mirror) Copies() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.copies)
}

// yieldedKey is in the database since when a copy of this installation has been at work, ""
// for none: one that stands back and is started again must not send before it has looked.
const yieldedKey = "mirror.yielded"

// sure notes whether a copy of this installation tends an account.
func (m *Mirror) sure(ctx context.Context, person int64, isCopy bool) error {
	m.mu.Lock()
	m.unsure = time.Time{}
	if isCopy {
		m.copies[person] = true
	} else {
		delete(m.copies, person)
	}
	yields, now := len(m.copies) > 0, m.now()
	m.mu.Unlock()
	since := ""
	read := func(tx *store.Tx) (err error) {
		since, err = tx.Meta(yieldedKey)
		return err
	}
	if err := m.o.DB.View(ctx, read); err != nil || yields == (since != "") {
		return err
	}
	next := ""
	if yields {
		next = now.UTC().Format(time.RFC3339)
	} else {
		m.o.Log.Warn("another copy of this installation has gone: what was due meanwhile leaves from here, and may have left there", "since", since)
	}
	return m.o.DB.Update(ctx, func(tx *store.Tx) error { return tx.SetMeta(yieldedKey, next) })
}

// machine is the name of this machine, as one word.
func machine() string {
	name, err := os.Hostname()
	if err != nil || len(strings.Fields(name)) != 1 {
		return "unknown"
	}
	return name
}
