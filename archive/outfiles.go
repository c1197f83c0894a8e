package archive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"tidepost/store"
)

// journalFile is in the directory of an export: who it is of, then a line for each folder
// that is whole.
const journalFile = ".tidepost-export"

// partSuffix is at the end of a file that is not whole.
const partSuffix = ".part"

// Export writes all mail of a person into a directory. One that was broken off goes on
// where it was: folders that are whole stay as they are. An error wraps os.ErrExist if
// the directory holds anything else.
func Export(ctx context.Context, db *store.DB, person int64, dir string, format Format, told func(f Folder, done int64)) ([]Result, error) {
	j, err := openJournal(dir, journalHead{Person: person, Format: format})
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if format == FormatMaildir {
		return export(ctx, db, person, &maildirs{journal: j, w: NewMaildirWriter(dir)}, told)
	}
	return export(ctx, db, person, &mboxes{journal: j, root: dir}, told)
}

// A journalHead says what an export is.
type journalHead struct {
	Person int64  `json:"person"`
	Format Format `json:"format"`
}

// A journalLine is a folder that is whole.
type journalLine struct {
	Folder   string `json:"folder"`
	Messages int    `json:"messages"`
}

// A journal remembers what is whole.
type journal struct {
	file  *os.File
	whole map[string]int // messages by folder
}

// openJournal makes the directory, or reads how far an earlier export into it came.
func openJournal(dir string, head journalHead) (*journal, error) {
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return nil, err
	}
	path := filepath.Join(dir, journalFile)
	have, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return newJournal(dir, path, head)
	}
	if err != nil {
		return nil, err
	}
	first, rest, ok := bytes.Cut(have, []byte("\n"))
	var was journalHead
	if err := json.Unmarshal(first, &was); !ok || err != nil || was != head {
		return nil, fmt.Errorf("%s holds the export of somebody else, or in another format: %w", dir, os.ErrExist)
	}
	j := &journal{whole: map[string]int{}}
	whole := len(first) + 1
	for line := range bytes.Lines(rest) {
		var l journalLine
		if !bytes.HasSuffix(line, []byte("\n")) || json.Unmarshal(line, &l) != nil {
			break // Cut off by a crash.
		}
		j.whole[l.Folder] = l.Messages
		whole += len(line)
	}
	if j.file, err = os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0o600); err != nil {
		return nil, err
	}
	return j, j.file.Truncate(int64(whole))
}

func newJournal(dir, path string, head journalHead) (*journal, error) {
	others, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	if len(others) > 0 {
		return nil, fmt.Errorf("%s is not empty: %w", dir, os.ErrExist)
	}
	f, err := os.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: f, whole: map[string]int{}}
	if err := j.line(head); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(path+partSuffix))
	}
	return j, os.Rename(path+partSuffix, path)
}

func (j *journal) line(v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if _, err := j.file.Write(append(text, '\n')); err != nil {
		return err
	}
	return j.file.Sync()
}

// before returns how many messages a folder has that is whole; -1: it is not.
func (j *journal) before(folder string) int {
	if n, ok := j.whole[folder]; ok {
		return n
	}
	return -1
}

func (j *journal) end(folder string, messages int) error {
	j.whole[folder] = messages
	return j.line(journalLine{folder, messages})
}

func (j *journal) close() error { return j.file.Close() }

// ownMail is at the end of the name of a file of ours, before its flags.
const ownMail = ".tidepost"

// maildirs is a sink of Maildirs, which have no keywords.
type maildirs struct {
	*journal
	w   *MaildirWriter
	box store.Mailbox
}

func (m *maildirs) begin(_ context.Context, box store.Mailbox) (string, int, error) {
	m.box = box
	if n := m.before(box.Name); n >= 0 {
		return box.Name, n, nil
	}
	if err := m.w.Folder(box.Name); err != nil {
		return box.Name, -1, err
	}
	return box.Name, -1, m.clear()
}

// clear removes what a run that was broken off wrote of a folder: after a power cut such
// files may be empty.
func (m *maildirs) clear() error {
	for _, sub := range []string{"tmp", "cur"} {
		dir := filepath.Join(m.w.dir(m.box.Name), sub)
		names, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, n := range names {
			if unique, _, _ := strings.Cut(n.Name(), ":2,"); !strings.HasSuffix(unique, ownMail) {
				continue
			}
			if err := os.Remove(filepath.Join(dir, n.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *maildirs) write(_ context.Context, p parcel) error {
	body := p.body()
	defer body.Close()
	return m.w.Write(m.box.Name, p.Head, body, p.InternalDate, p.Flags)
}

// end syncs all files at once: a sync for each would take a minute for 50,000.
func (m *maildirs) end(messages int) error {
	syscall.Sync()
	return m.journal.end(m.box.Name, messages)
}

// oneMbox is a sink for one folder.
type oneMbox struct{ w *MboxWriter }

func (*oneMbox) begin(_ context.Context, box store.Mailbox) (string, int, error) {
	return box.Name, -1, nil
}
func (*oneMbox) end(int) error { return nil }
func (*oneMbox) close() error  { return nil }

func (m *oneMbox) write(_ context.Context, p parcel) error {
	body := p.body()
	defer body.Close()
	return m.w.Write(p.Head, body, p.InternalDate, p.Flags, p.Keywords)
}

// mboxes is a sink of mbox files. A file has its name when it is whole.
type mboxes struct {
	*journal
	oneMbox
	root string
	box  store.Mailbox
	file *os.File
}

func (m *mboxes) begin(_ context.Context, box store.Mailbox) (string, int, error) {
	m.box = box
	path := MboxPath(m.root, box.Name)
	to, err := filepath.Rel(m.root, path)
	if err != nil {
		return "", -1, err
	}
	if n := m.before(box.Name); n >= 0 {
		return to, n, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return to, -1, err
	}
	if m.file, err = os.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
		return to, -1, err
	}
	m.w = NewMboxWriter(m.file)
	return to, -1, nil
}

func (m *mboxes) end(messages int) error {
	f := m.file
	m.file = nil
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	path := MboxPath(m.root, m.box.Name)
	if err := os.Rename(path+partSuffix, path); err != nil {
		return err
	}
	return m.journal.end(m.box.Name, messages)
}

func (m *mboxes) close() error {
	if m.file != nil {
		return errors.Join(m.file.Close(), m.journal.close())
	}
	return m.journal.close()
}
