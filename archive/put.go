package archive

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"tidepost/mail"
	"tidepost/store"
)

const (
	// batchMessages and batchOctets bound one transaction.
	batchMessages = 500
	batchOctets   = 8 << 20
	// problemsKept bounds what is remembered of messages that were left out.
	problemsKept = 100
	// maxHeader bounds the header of a message.
	maxHeader = 256 << 10
)

// A Target is where old mail goes.
type Target struct {
	DB     *store.DB
	Person int64
	Into   string // folder below which everything is put; "": folders keep their places
	Again  bool   // forget what was imported before
	Now    time.Time
	// Derive computes what is shown of a message.
	Derive func(m store.Message, c *mail.Content) store.Derived
	// Told hears how far a folder is; nil: nobody.
	Told func(f Folder, done int64)
}

// A Result is what was imported from one folder, or exported.
type Result struct {
	From     string    `json:"from"`
	To       string    `json:"to"`
	Messages int       `json:"messages"`
	Before   int       `json:"there_before,omitempty"` // that an earlier export had brought
	Left     int       `json:"left_out,omitempty"`
	Problems []Problem `json:"problems,omitempty"` // of the first messages that were left out
}

// A Problem is a message that was left out.
type Problem struct {
	Message int    `json:"message"` // which of those read now, from 1
	Why     string `json:"why"`
}

// Import files everything of a source, from where an earlier import of the same source
// for the same person ended. What it has filed when it is interrupted stays filed, and
// is not filed again.
func Import(ctx context.Context, src Source, t Target) ([]Result, error) {
	folders, err := src.Folders(ctx)
	if err != nil {
		return nil, fmt.Errorf("look at %s: %w", src.ID(), err)
	}
	var out []Result
	for _, f := range folders {
		p := putter{t: t, folder: f, key: markKey(t.Person, src.ID(), f.Name)}
		err := p.run(ctx, src)
		out = append(out, p.result)
		if err != nil {
			return out, fmt.Errorf("import %s: %w", f.Name, err)
		}
	}
	return out, nil
}

// markKey is where the mark of a folder is kept.
func markKey(person int64, source, folder string) string {
	sum := sha256.Sum256([]byte(source + "\x00" + folder))
	return fmt.Sprintf("import/%d/%s", person, hex.EncodeToString(sum[:16]))
}

// A putter imports one folder.
type putter struct {
	t      Target
	folder Folder
	key    string
	box    store.Mailbox
	batch  []piece
	octets int
	mark   string
	result Result
	seen   int
}

// A piece is a message that waits for its transaction.
type piece struct {
	octets   []byte
	date     time.Time
	flags    store.Flags
	keywords []string
}

func (p *putter) run(ctx context.Context, src Source) error {
	p.result.From = p.folder.Name
	err := p.t.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if p.box, err = p.mailbox(tx); err != nil || p.t.Again {
			return err
		}
		p.mark, err = tx.Meta(p.key)
		return err
	})
	if err != nil {
		return err
	}
	p.result.To = p.box.Name
	err = src.Each(ctx, p.folder, p.mark, func(m Message) error { return p.take(ctx, m) })
	// What was read is filed, whatever ended the reading.
	return errors.Join(err, p.flush(context.WithoutCancel(ctx)))
}

func (p *putter) take(ctx context.Context, m Message) error {
	p.seen++
	p.mark = m.Mark
	if n := headEnd(m.Octets); m.Problem == "" && n > maxHeader {
		m.Problem = fmt.Sprintf("its header has %d octets, more than %d", n, maxHeader)
	}
	if m.Problem != "" {
		p.result.leave(p.seen, m.Problem)
	} else {
		p.batch = append(p.batch, piece{bytes.Clone(m.Octets), m.Date, m.Flags, slices.Clone(m.Keywords)})
		p.octets += len(m.Octets)
	}
	if p.t.Told != nil {
		p.t.Told(p.folder, m.Done)
	}
	if len(p.batch) < batchMessages && p.octets < batchOctets {
		return nil
	}
	return p.flush(ctx)
}

// flush files what was read, with the mark behind it, in one transaction.
func (p *putter) flush(ctx context.Context) error {
	if p.seen == 0 {
		return nil
	}
	// Mail is read on all processors, and then written by one.
	ready := make([]letter, len(p.batch))
	var group errgroup.Group
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i := range p.batch {
		group.Go(func() (err error) {
			ready[i], err = p.prepare(p.batch[i])
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	err := p.t.DB.Update(ctx, func(tx *store.Tx) error {
		for _, l := range ready {
			if err := p.file(tx, l); err != nil {
				return err
			}
		}
		return tx.SetMeta(p.key, p.mark)
	})
	if err != nil {
		return err
	}
	p.result.Messages += len(p.batch)
	p.batch, p.octets = p.batch[:0], 0
	return nil
}

// headEnd is where the header ends, its empty line included.
func headEnd(octets []byte) int {
	if bytes.HasPrefix(octets, []byte("\r\n")) {
		return 2
	}
	if i := bytes.Index(octets, []byte("\r\n\r\n")); i >= 0 {
		return i + 4
	}
	return len(octets)
}

// stage cuts a message behind its header.
func stage(octets []byte) *store.Staged {
	end := headEnd(octets)
	return store.StageBytes(octets[:end:end], octets[end:])
}

// A letter is a piece as it is written.
type letter struct {
	staged  *store.Staged
	derived store.EncodedDerived
	message store.Message
	entry   store.Entry
}

func (p *putter) prepare(m piece) (l letter, err error) {
	l.staged = stage(m.octets)
	l.message = store.Message{Origin: store.OriginAppended, Head: l.staged.Head, Size: l.staged.Size(), Created: p.t.Now}
	if ids := mail.ParseHeader(l.staged.Head).MessageIDs("Message-ID"); len(ids) > 0 {
		l.message.MID = ids[0]
	}
	date := m.date
	if y := date.Year(); date.IsZero() || y < 1970 || y > 9999 {
		date = p.t.Now
	}
	l.entry = store.Entry{MailboxID: p.box.ID, InternalDate: date, Flags: m.flags, Keywords: m.keywords}
	l.derived, err = p.t.Derive(l.message, l.staged.Content).Encode()
	return l, err
}

func (p *putter) file(tx *store.Tx, l letter) (err error) {
	if l.message.BodyID, err = tx.AddBody(l.staged, p.t.Now); err != nil {
		return err
	}
	if err := tx.InsertMessage(&l.message); err != nil {
		return err
	}
	if err := tx.PutEncoded(l.message.ID, l.derived); err != nil {
		return err
	}
	l.entry.MessageID = l.message.ID
	return tx.AddEntry(&l.entry)
}

// importedName is the folder for folders that are called as one of Tidepost's own.
const importedName = "Imported"

// mailbox is where the folder goes; it is made if it is missing.
func (p *putter) mailbox(tx *store.Tx) (store.Mailbox, error) {
	f := p.folder
	if p.t.Into == "" && f.Kind != store.KindUser {
		return tx.EnsureMailbox(p.t.Person, f.Kind, p.t.Now)
	}
	name := cleanName(f.Name)
	if p.t.Into != "" {
		name = p.t.Into + "/" + name
	}
	have, err := tx.MailboxByName(p.t.Person, name)
	if err == nil && have.Kind != store.KindUser {
		name = importedName + "/" + name
		have, err = tx.MailboxByName(p.t.Person, name)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return have, err
	}
	box := store.Mailbox{PersonID: p.t.Person, Name: name, Kind: store.KindUser, Subscribed: true, Visible: true, Created: p.t.Now}
	return box, tx.CreateMailbox(&box)
}

// maxLevels and maxLevel bound the name of a folder: what IMAP clients may make.
const (
	maxLevels = 15
	maxLevel  = 60
)

// cleanName makes a name that IMAP can show.
func cleanName(name string) string {
	var out []string
	for level := range strings.SplitSeq(name, "/") {
		level = strings.TrimSpace(strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || strings.ContainsRune(`%*"\`, r) {
				return '_'
			}
			return r
		}, strings.ToValidUTF8(level, "_")))
		if r := []rune(level); len(r) > maxLevel {
			level = string(r[:maxLevel])
		}
		if level == "" || level == "." || level == ".." {
			level = "_"
		}
		if len(out) < maxLevels {
			out = append(out, level)
		}
	}
	return strings.Join(out, "/")
}
