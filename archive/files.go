package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Open opens a Maildir, an mbox file, or a directory of mbox files such as the one where
// Thunderbird keeps local folders. Messages of more octets than limit are not read.
func Open(path string, limit int) (Source, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, err
	case info.IsDir() && isMaildir(path):
		return &maildir{root: path, limit: limit}, nil
	}
	f := &files{root: path, limit: limit}
	list, err := f.Folders(context.Background())
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s: neither an mbox file nor a Maildir, and none is in it", path)
	}
	return f, nil
}

func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// files are mbox files: one, or those of a directory.
type files struct {
	root  string
	limit int
}

// ID implements Source.
func (f *files) ID() string { return "mbox:" + absolute(f.root) }

// Close implements Source.
func (f *files) Close() error { return nil }

// Folders implements Source. The name of a folder is that of its file, without .mbox;
// "Sent.sbd/2024" is below "Sent", as Thunderbird has it.
func (f *files) Folders(context.Context) ([]Folder, error) {
	var out []Folder
	err := filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !d.Type().IsRegular() {
			return err
		}
		ok, size, err := isMbox(path)
		if err != nil || !ok {
			return err
		}
		name := f.name(path)
		out = append(out, Folder{Name: name, Kind: kindOf(name), Total: size})
		return nil
	})
	return out, err
}

func (f *files) name(path string) string {
	rel, err := filepath.Rel(f.root, path)
	if err != nil || rel == "." {
		rel = filepath.Base(path)
	}
	levels := strings.Split(filepath.ToSlash(rel), "/")
	for i, l := range levels {
		levels[i] = strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(l, ".sbd"), ".mbox"), ".mbx")
	}
	return strings.Join(levels, "/")
}

// path is the inverse of name.
func (f *files) path(name string) (string, error) {
	var found string
	err := filepath.WalkDir(f.root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && f.name(path) == name {
			if ok, _, merr := isMbox(path); ok && merr == nil {
				found = path
				return fs.SkipAll
			}
		}
		return err
	})
	if err == nil && found == "" {
		err = fmt.Errorf("folder %s: %w", name, os.ErrNotExist)
	}
	return found, err
}

func isMbox(path string) (ok bool, size int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return false, 0, err
	}
	defer f.Close()
	first := make([]byte, 5)
	if _, err := io.ReadFull(f, first); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return false, 0, nil
		}
		return false, 0, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, 0, err
	}
	return string(first) == "From ", info.Size(), nil
}

// Each implements Source. The mark is the octet behind the last message, where the next
// one begins.
func (f *files) Each(ctx context.Context, folder Folder, mark string, yield func(Message) error) error {
	path, err := f.path(folder.Name)
	if err != nil {
		return err
	}
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	offset, err := startOf(file, mark)
	if err != nil {
		return err
	}
	m := NewMbox(file, offset, f.limit)
	for {
		raw, err := m.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := yield(raw.message(f.limit)); err != nil {
			return err
		}
	}
}

// startOf goes to where a mark says, where a message must begin or the file end.
func startOf(file *os.File, mark string) (int64, error) {
	if mark == "" {
		return 0, nil
	}
	offset, err := strconv.ParseInt(mark, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("mark %q: %w", mark, err)
	}
	first := make([]byte, 5)
	n, err := file.ReadAt(first, offset)
	if err != nil && err != io.EOF {
		return 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return 0, err
	}
	if info.Size() < offset || n > 0 && string(first) != "From " {
		return 0, ErrChanged
	}
	_, err = file.Seek(offset, io.SeekStart)
	return offset, err
}

// unixLines turns CRLF into LF.
type unixLines struct {
	r    io.Reader
	held bool // a CR that may belong to a CRLF
}

func newUnixLines(r io.Reader) io.Reader { return &unixLines{r: r} }

func newBytes(p []byte) io.Reader { return bytes.NewReader(p) }

// Read implements io.Reader.
func (u *unixLines) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	n, err := u.r.Read(p[1:])
	in, out := p[1:1+n], p[:0]
	for _, c := range in {
		if u.held && c != '\n' {
			out = append(out, '\r')
		}
		if u.held = c == '\r'; !u.held {
			out = append(out, c)
		}
	}
	if err != nil && u.held {
		u.held = false
		out = append(out, '\r')
	}
	return len(out), err
}
