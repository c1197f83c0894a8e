package archive

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"tidepost/store"
)

// A Format is how mail is written out.
type Format string

// The formats.
const (
	FormatMbox    Format = "mbox"    // a file for each folder, folders of folders in directories
	FormatMaildir Format = "maildir" // Maildir++
)

// A sink writes mail out.
type sink interface {
	folder(name string) error
	write(folder string, head []byte, body io.Reader, date time.Time, flags store.Flags, keywords []string) error
	close() error
}

// Export writes all mail of a person into a directory that must not exist yet, and
// returns how many messages each folder had. Folders that only show what lies in
// others, or where nothing lies, are left out.
func Export(ctx context.Context, db *store.DB, person int64, dir string, format Format, told func(f Folder, done int64)) ([]Result, error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	var out sink = &mboxes{root: dir}
	if format == FormatMaildir {
		out = maildirSink{NewMaildirWriter(dir)}
	}
	results, err := export(ctx, db, person, out, told)
	return results, errors.Join(err, out.close())
}

func export(ctx context.Context, db *store.DB, person int64, out sink, told func(f Folder, done int64)) ([]Result, error) {
	boxes, err := Exported(ctx, db, person)
	if err != nil {
		return nil, err
	}
	var results []Result
	for _, box := range boxes {
		r, err := exportFolder(ctx, db, box, out, told)
		if err != nil {
			return results, fmt.Errorf("export %s: %w", box.Name, err)
		}
		results = append(results, r)
	}
	return results, nil
}

func exportFolder(ctx context.Context, db *store.DB, box store.Mailbox, out sink, told func(f Folder, done int64)) (Result, error) {
	r := Result{From: box.Name, To: box.Name}
	if err := out.folder(box.Name); err != nil {
		return r, err
	}
	var entries []store.Entry
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		entries, err = tx.Entries(box.ID)
		return err
	})
	if err != nil {
		return r, err
	}
	for i, e := range entries {
		if err := ctx.Err(); err != nil {
			return r, err
		}
		if err := exportMessage(ctx, db, box, e, out); err != nil {
			return r, fmt.Errorf("message %d: %w", e.UID, err)
		}
		r.Messages++
		if told != nil {
			told(Folder{Name: box.Name, Kind: box.Kind, Total: int64(len(entries))}, int64(i+1))
		}
	}
	return r, nil
}

func exportMessage(ctx context.Context, db *store.DB, box store.Mailbox, e store.Entry, out sink) error {
	var m store.Message
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Message(e.MessageID)
		return err
	})
	if err != nil {
		return err
	}
	body := db.OpenBody(ctx, m)
	defer body.Close()
	return out.write(box.Name, m.Head, body, e.InternalDate, e.Flags, e.Keywords)
}

// maildirSink is a sink of Maildirs, which have no keywords.
type maildirSink struct{ w *MaildirWriter }

func (m maildirSink) folder(name string) error { return m.w.Folder(name) }
func (m maildirSink) close() error             { return nil }

func (m maildirSink) write(folder string, head []byte, body io.Reader, date time.Time, flags store.Flags, _ []string) error {
	return m.w.Write(folder, head, body, date, flags)
}

// oneMbox is a sink for one folder.
type oneMbox struct{ w *MboxWriter }

func (*oneMbox) folder(string) error { return nil }
func (*oneMbox) close() error        { return nil }

func (m *oneMbox) write(_ string, head []byte, body io.Reader, date time.Time, flags store.Flags, keywords []string) error {
	return m.w.Write(head, body, date, flags, keywords)
}

// mboxes is a sink of mbox files.
type mboxes struct {
	root string
	file *os.File
	w    *MboxWriter
}

func (m *mboxes) folder(name string) error {
	if err := m.close(); err != nil {
		return err
	}
	path := MboxPath(m.root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	var err error
	if m.file, err = os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); err != nil {
		return err
	}
	m.w = NewMboxWriter(m.file)
	return nil
}

func (m *mboxes) write(_ string, head []byte, body io.Reader, date time.Time, flags store.Flags, keywords []string) error {
	return m.w.Write(head, body, date, flags, keywords)
}

func (m *mboxes) close() error {
	if m.file == nil {
		return nil
	}
	err := errors.Join(m.file.Sync(), m.file.Close())
	m.file = nil
	return err
}
