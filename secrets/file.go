package secrets

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// create makes the file with a first key, unless another process was faster.
func (b *Box) create() error {
	k, err := newKey(b.rand)
	if err != nil {
		return err
	}
	temp, err := b.temporary([]key{k})
	if err != nil {
		return err
	}
	defer os.Remove(temp)
	// A link, not a rename: two that come at once must end with one key.
	if err := os.Link(temp, b.path); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("make the key file: %w", err)
	}
	return b.syncDir()
}

// write puts other keys in place of those there are.
func (b *Box) write(keys []key) error {
	temp, err := b.temporary(keys)
	if err != nil {
		return err
	}
	if err := os.Rename(temp, b.path); err != nil {
		return errors.Join(fmt.Errorf("write the key file: %w", err), os.Remove(temp))
	}
	return b.syncDir()
}

// temporary writes keys to a file beside the real one, on the disk.
func (b *Box) temporary(keys []key) (path string, err error) {
	f, err := os.CreateTemp(filepath.Dir(b.path), File+".*") // Mode 0600.
	if err != nil {
		return "", fmt.Errorf("write the key file: %w", err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = errors.Join(fmt.Errorf("write the key file: %w", err), os.Remove(f.Name()))
		}
	}()
	var text strings.Builder
	text.WriteString(intro)
	for _, k := range keys {
		fmt.Fprintf(&text, "%s %08x %s\n", word, k.id, base64.StdEncoding.EncodeToString(k.data[:]))
	}
	if _, err := f.WriteString(text.String()); err != nil {
		return "", err
	}
	if err := handOver(f); err != nil {
		return "", err
	}
	return f.Name(), f.Sync()
}

func (b *Box) syncDir() error {
	d, err := os.Open(filepath.Dir(b.path))
	if err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	defer d.Close()
	if err := d.Sync(); err != nil {
		return fmt.Errorf("write the key file: %w", err)
	}
	return nil
}

// handOver gives a file that root made to whom the directory belongs: the service runs
// as somebody else and must read it.
func handOver(f *os.File) error {
	if os.Geteuid() != 0 {
		return nil
	}
	info, err := os.Stat(filepath.Dir(f.Name()))
	if err != nil {
		return err
	}
	if s, ok := info.Sys().(*syscall.Stat_t); ok {
		return f.Chown(int(s.Uid), int(s.Gid))
	}
	return nil
}
