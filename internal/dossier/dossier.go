// Package dossier writes everything Tidepost keeps of a person into a directory, as
// plain files that other programs read: mail as mbox, the rest as JSON.
//
//	mail/INBOX.mbox …     every folder
//	profile.json          who they are, hours, switches; no credential
//	waiting.json          their mail that waits to leave: until when and why
//	next-delivery.json    mail to them that waits for their next delivery
//	asks.json             questions they asked or are to answer, with due times and promises
//	decisions.json        decisions that they may see
//	ledger.jsonl          the lines of the ledger about them
//	SHA256SUMS            what is whole; sha256sum -c looks at it
//	export.json           written last: the export is complete
//
// A file appears under its name only when it is whole and synced, and then stands in
// SHA256SUMS: an export that was broken off goes on behind the last one.
package dossier

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"tidepost/archive"
	"tidepost/people"
	"tidepost/queue"
	"tidepost/store"
)

// Names of files.
const (
	sumsFile     = "SHA256SUMS"
	completeFile = "export.json"
	partSuffix   = ".part"
)

// Options say of whom what is written where.
type Options struct {
	DB     *store.DB
	Queue  *queue.Queue
	Person *people.Person
	Entry  people.Entry // as listed: without credentials
	Dir    string
	Now    time.Time
	Told   func(f archive.Folder, done int64) // nil: nobody looks
}

// A Report says what an export holds.
type Report struct {
	Person    string           `json:"person"`
	Written   time.Time        `json:"written"`
	Messages  int              `json:"messages"`
	Folders   []archive.Result `json:"folders"`
	Waiting   int              `json:"waiting"`
	Delivery  int              `json:"next_delivery"`
	Asks      int              `json:"asks"`
	Decisions int              `json:"decisions"`
	Ledger    int              `json:"ledger"`
}

// ErrComplete is returned for a directory that holds a complete export already.
var ErrComplete = errors.New("there is a complete export already")

// A writer is one run.
type writer struct {
	Options
	done   map[string]bool // files that stand in SHA256SUMS
	report Report
}

// Write writes the export, from where an earlier one into the same directory was broken
// off. ErrComplete.
func Write(ctx context.Context, o Options) (Report, error) {
	w := &writer{Options: o, done: map[string]bool{}, report: Report{Person: o.Person.Address.String(), Written: o.Now.UTC()}}
	if err := w.begin(); err != nil {
		return w.report, fmt.Errorf("export %s: %w", w.report.Person, err)
	}
	for _, step := range []func(context.Context) error{w.mail, w.profile, w.waiting, w.nextDelivery, w.asks, w.decisions, w.ledger} {
		if err := errors.Join(step(ctx), ctx.Err()); err != nil {
			return w.report, fmt.Errorf("export %s: %w", w.report.Person, err)
		}
	}
	if err := w.json(completeFile, w.report); err != nil {
		return w.report, fmt.Errorf("export %s: %w", w.report.Person, err)
	}
	return w.report, nil
}

// begin makes the directory, or reads how far an earlier run came.
func (w *writer) begin() error {
	if err := os.MkdirAll(w.Dir, 0o700); err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(w.Dir, completeFile)); err == nil {
		return fmt.Errorf("%s: %w", w.Dir, ErrComplete)
	}
	sums, err := os.ReadFile(filepath.Join(w.Dir, sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		left, err := os.ReadDir(w.Dir)
		for _, e := range left { // What was begun before the first file was whole.
			if e.Name() != "mail" && !strings.HasSuffix(e.Name(), partSuffix) {
				return fmt.Errorf("%s is not empty", w.Dir)
			}
		}
		return err
	}
	for line := range strings.Lines(string(sums)) {
		if sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  "); ok && len(sum) == 2*sha256.Size && strings.HasSuffix(line, "\n") {
			w.done[name] = true
		}
	}
	return err
}

// file writes one file whole, unless an earlier run has. fill gets a writer into it.
func (w *writer) file(name string, fill func(out io.Writer) error) (err error) {
	if w.done[name] {
		return nil
	}
	path := filepath.Join(w.Dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path+partSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	sum := sha256.New()
	buf := bufio.NewWriterSize(io.MultiWriter(f, sum), 256<<10)
	if err = fill(buf); err == nil {
		err = buf.Flush()
	}
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return errors.Join(err, os.Remove(path+partSuffix))
	}
	if err := os.Rename(path+partSuffix, path); err != nil {
		return err
	}
	return w.note(name, sum.Sum(nil))
}

// note says in SHA256SUMS that a file is whole.
func (w *writer) note(name string, sum []byte) error {
	f, err := os.OpenFile(filepath.Join(w.Dir, sumsFile), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%s  %s\n", hex.EncodeToString(sum), name)
	if err == nil {
		err = f.Sync()
	}
	w.done[name] = true
	return errors.Join(err, f.Close())
}

func (w *writer) json(name string, v any) error {
	return w.file(name, func(out io.Writer) error {
		enc := json.NewEncoder(out)
		enc.SetIndent("", "  ")
		enc.SetEscapeHTML(false)
		return enc.Encode(v)
	})
}

// mail writes every folder.
func (w *writer) mail(ctx context.Context) error {
	boxes, err := archive.Exported(ctx, w.DB, w.Person.ID)
	if err != nil {
		return err
	}
	for _, box := range boxes {
		rel, err := filepath.Rel(w.Dir, archive.MboxPath(filepath.Join(w.Dir, "mail"), box.Name))
		if err != nil {
			return err
		}
		r := archive.Result{From: box.Name, To: filepath.ToSlash(rel)}
		if w.done[r.To] {
			r.Messages, err = w.count(ctx, box)
		} else {
			err = w.file(r.To, func(out io.Writer) (err error) {
				r.Messages, err = archive.WriteFolder(ctx, w.DB, box, out, w.Told)
				return err
			})
		}
		if err != nil {
			return fmt.Errorf("folder %s: %w", box.Name, err)
		}
		w.report.Messages += r.Messages
		w.report.Folders = append(w.report.Folders, r)
	}
	return nil
}

// count says how many messages a folder has, of which an earlier run wrote the file.
func (w *writer) count(ctx context.Context, box store.Mailbox) (int, error) {
	var c store.Count
	err := w.DB.View(ctx, func(tx *store.Tx) (err error) {
		c, err = tx.Count(box.ID, false)
		return err
	})
	return int(c.Messages), err
}

func (w *writer) profile(context.Context) error { return w.json("profile.json", w.Entry) }
