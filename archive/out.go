package archive

import (
	"context"
	"errors"
	"fmt"
	"io"

	"tidepost/store"
)

// A Format is how mail is written out.
type Format string

// The formats.
const (
	FormatMbox    Format = "mbox"    // a file for each folder, folders of folders in directories
	FormatMaildir Format = "maildir" // Maildir++
)

// A parcel is a message on its way out.
type parcel struct {
	store.Entry
	store.Message
	body func() io.ReadCloser // may be asked for again
}

// text is the whole message.
func (p parcel) text() io.ReadCloser {
	body := p.body()
	return struct {
		io.Reader
		io.Closer
	}{io.MultiReader(newBytes(p.Head), body), body}
}

// A sink takes mail out, a folder at a time.
type sink interface {
	// begin begins a folder and says what it is called there. before is how many messages
	// an earlier run has brought if that run brought all of them, else -1.
	begin(ctx context.Context, box store.Mailbox) (to string, before int, err error)
	// write brings a message. errThere: it was there before. A *leftOut goes on without it.
	write(ctx context.Context, p parcel) error
	// end makes the folder whole, which then has so many messages.
	end(messages int) error
	close() error
}

// errThere is returned for a message that an earlier run has brought.
var errThere = errors.New("it is there already")

// A leftOut says why a message cannot be where it was to go.
type leftOut struct{ err error }

func (l *leftOut) Error() string { return l.err.Error() }

// export writes the folders of a person, and returns what became of each. Folders that
// only show what lies in others, or where nothing lies, are left out.
func export(ctx context.Context, db *store.DB, person int64, out sink, told func(f Folder, done int64)) (results []Result, err error) {
	defer func() { err = errors.Join(err, out.close()) }()
	boxes, err := Exported(ctx, db, person)
	if err != nil {
		return nil, err
	}
	for _, box := range boxes {
		r, err := exportFolder(ctx, db, box, out, told)
		results = append(results, r)
		if err != nil {
			return results, fmt.Errorf("export %s: %w", box.Name, err)
		}
	}
	return results, nil
}

func exportFolder(ctx context.Context, db *store.DB, box store.Mailbox, out sink, told func(f Folder, done int64)) (r Result, err error) {
	r.From = box.Name
	var before int
	if r.To, before, err = out.begin(ctx, box); err != nil {
		return r, err
	}
	if before >= 0 {
		r.Before = before
		return r, nil
	}
	var entries []store.Entry
	err = db.View(ctx, func(tx *store.Tx) (err error) {
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
		if err := r.count(i+1, exportMessage(ctx, db, e, out)); err != nil {
			return r, fmt.Errorf("message %d: %w", e.UID, err)
		}
		if told != nil {
			told(Folder{Name: box.Name, Kind: box.Kind, Total: int64(len(entries))}, int64(i+1))
		}
	}
	return r, out.end(r.Messages + r.Before)
}

// count notes what became of the n-th message, and returns what ends the export.
func (r *Result) count(n int, err error) error {
	var left *leftOut
	switch {
	case err == nil:
		r.Messages++
	case errors.Is(err, errThere):
		r.Before++
	case errors.As(err, &left):
		r.leave(n, left.Error())
	default:
		return err
	}
	return nil
}

// leave notes a message that is left out.
func (r *Result) leave(n int, why string) {
	r.Left++
	if len(r.Problems) < problemsKept {
		r.Problems = append(r.Problems, Problem{n, why})
	}
}

func exportMessage(ctx context.Context, db *store.DB, e store.Entry, out sink) error {
	var m store.Message
	err := db.View(ctx, func(tx *store.Tx) (err error) {
		m, err = tx.Message(e.MessageID)
		return err
	})
	if err != nil {
		return err
	}
	return out.write(ctx, parcel{Entry: e, Message: m, body: func() io.ReadCloser { return db.OpenBody(ctx, m) }})
}
