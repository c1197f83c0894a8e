package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"tidepost/internal/utf7"
	"tidepost/mail"
	"tidepost/store"
)

// A maildir is a Maildir, with the folders of Maildir++ below it: ".Sent.2024".
type maildir struct {
	root  string
	limit int
}

// isMaildir reports whether a directory is one.
func isMaildir(dir string) bool {
	for _, sub := range []string{"cur", "new"} {
		if info, err := os.Stat(filepath.Join(dir, sub)); err != nil || !info.IsDir() {
			return false
		}
	}
	return true
}

// ID implements Source.
func (m *maildir) ID() string { return "maildir:" + absolute(m.root) }

// Close implements Source.
func (m *maildir) Close() error { return nil }

// Folders implements Source.
func (m *maildir) Folders(context.Context) ([]Folder, error) {
	entries, err := os.ReadDir(m.root)
	if err != nil {
		return nil, err
	}
	out := []Folder{{Name: "INBOX", Kind: store.KindInbox}}
	for _, e := range entries {
		name := e.Name()
		if !e.IsDir() || !strings.HasPrefix(name, ".") || len(name) < 2 || !isMaildir(filepath.Join(m.root, name)) {
			continue
		}
		name, err := utf7.Decode(strings.ReplaceAll(name[1:], ".", "/"))
		if err != nil {
			return nil, fmt.Errorf("folder %s: %w", e.Name(), err)
		}
		out = append(out, Folder{Name: name, Kind: kindOf(name)})
	}
	for i := range out {
		files, err := m.files(out[i])
		if err != nil {
			return nil, err
		}
		out[i].Total = int64(len(files))
	}
	return out, nil
}

// A maildirFile is a message: its file, and the part of its name that never changes.
type maildirFile struct{ path, unique string }

func (m *maildir) dir(f Folder) string {
	if f.Name == "INBOX" {
		return m.root
	}
	return filepath.Join(m.root, "."+strings.ReplaceAll(utf7.Encode(f.Name), "/", "."))
}

// files lists a folder in the order of delivery: unique names begin with the second.
func (m *maildir) files(f Folder) ([]maildirFile, error) {
	var out []maildirFile
	for _, sub := range []string{"new", "cur"} {
		dir := filepath.Join(m.dir(f), sub)
		entries, err := os.ReadDir(dir)
		if err != nil {
			return nil, err
		}
		for _, e := range entries {
			if e.IsDir() || strings.HasPrefix(e.Name(), ".") {
				continue
			}
			unique, _, _ := strings.Cut(e.Name(), ":2,")
			out = append(out, maildirFile{filepath.Join(dir, e.Name()), unique})
		}
	}
	slices.SortFunc(out, func(a, b maildirFile) int { return compareUnique(a.unique, b.unique) })
	return out, nil
}

// compareUnique orders by the second of delivery, then by name.
func compareUnique(a, b string) int {
	sa, sb := secondOf(a), secondOf(b)
	if sa != sb {
		return int(min(1, max(-1, sa-sb)))
	}
	return strings.Compare(a, b)
}

func secondOf(unique string) int64 {
	first, _, _ := strings.Cut(unique, ".")
	n, err := strconv.ParseInt(first, 10, 64)
	if err != nil || n < 0 || n > 1<<40 {
		return 0
	}
	return n
}

// Each implements Source. The mark is the unique name of the last message.
func (m *maildir) Each(ctx context.Context, f Folder, mark string, yield func(Message) error) error {
	files, err := m.files(f)
	if err != nil {
		return err
	}
	for i, file := range files {
		if mark != "" && compareUnique(file.unique, mark) <= 0 {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		msg, err := m.read(file)
		if errors.Is(err, os.ErrNotExist) {
			continue // Its owner has moved or deleted it meanwhile.
		}
		if err != nil {
			return err
		}
		msg.Mark, msg.Done = file.unique, int64(i+1)
		if err := yield(msg); err != nil {
			return err
		}
	}
	return nil
}

func (m *maildir) read(file maildirFile) (Message, error) {
	f, err := os.Open(file.path)
	if err != nil {
		return Message{}, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return Message{}, err
	}
	if info.Size() > int64(m.limit) {
		return Message{Problem: tooLarge(info.Size(), int64(m.limit))}, nil
	}
	octets, err := io.ReadAll(mail.NewNormalizer(f))
	if err != nil {
		return Message{}, err
	}
	_, letters, _ := strings.Cut(filepath.Base(file.path), ":2,")
	msg := Message{Octets: octets, Date: info.ModTime().UTC()}
	for letter, flag := range maildirFlags() {
		if strings.ContainsRune(letters, letter) {
			msg.Flags |= flag
		}
	}
	return msg, nil
}

// maildirFlags are the letters of a file name.
func maildirFlags() map[rune]store.Flags {
	return map[rune]store.Flags{'S': store.Seen, 'R': store.Answered, 'F': store.Flagged, 'T': store.Deleted, 'D': store.Draft}
}

// A MaildirWriter writes a Maildir with folders.
type MaildirWriter struct {
	root string
	n    int
}

// NewMaildirWriter writes below root.
func NewMaildirWriter(root string) *MaildirWriter { return &MaildirWriter{root: root} }

// Folder makes a folder, though it may stay empty.
func (w *MaildirWriter) Folder(name string) error {
	for _, sub := range []string{"tmp", "new", "cur"} {
		if err := os.MkdirAll(filepath.Join(w.dir(name), sub), 0o700); err != nil {
			return err
		}
	}
	return nil
}

// Write adds a message to a folder, with lines that end in LF.
func (w *MaildirWriter) Write(folder string, head []byte, body io.Reader, date time.Time, flags store.Flags) (err error) {
	dir := w.dir(folder)
	w.n++
	unique := fmt.Sprintf("%d.M%dP%dQ%d%s", date.Unix(), date.Nanosecond()/1000, os.Getpid(), w.n, ownMail)
	letters := ""
	for _, l := range "DFRST" { // In the order of the alphabet, as the format wants.
		if flags&maildirFlags()[l] != 0 {
			letters += string(l)
		}
	}
	tmp := filepath.Join(dir, "tmp", unique)
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			os.Remove(tmp)
		}
	}()
	_, err = io.Copy(f, newUnixLines(io.MultiReader(newBytes(head), body)))
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chtimes(tmp, date, date)
	}
	if err != nil {
		return err
	}
	return os.Rename(tmp, filepath.Join(dir, "cur", unique+":2,"+letters))
}

func (w *MaildirWriter) dir(folder string) string {
	return (&maildir{root: w.root}).dir(Folder{Name: folder})
}
