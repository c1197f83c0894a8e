package imapd

import (
	"errors"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"

	"tidepost/store"
)

const (
	fetchPage   = 64  // messages read in one snapshot
	maxSections = 100 // of one FETCH: each is read and sent for each message
)

// A fetcher answers one FETCH.
type fetcher struct {
	s    *Session
	v    *view
	w    *imapserver.FetchWriter
	o    *imap.FetchOptions
	lost bool // some messages could not be read
}

// Fetch implements FETCH (RFC 9051 §6.4.5).
func (s *Session) Fetch(w *imapserver.FetchWriter, set imap.NumSet, o *imap.FetchOptions) error {
	return s.selected("FETCH", func(v *view) error {
		if err := checkFetch(o); err != nil {
			return err
		}
		f := &fetcher{s: s, v: v, w: w, o: o}
		rows := v.pick(set, s.saved)
		for len(rows) > 0 {
			n := min(fetchPage, len(rows))
			if err := f.page(rows[:n]); err != nil {
				return err
			}
			rows = rows[n:]
		}
		if f.lost {
			return errGone
		}
		return nil
	})
}

// checkFetch refuses what would be answered wrongly or without end.
func checkFetch(o *imap.FetchOptions) error {
	if len(o.BodySection)+len(o.BinarySection)+len(o.BinarySectionSize) > maxSections {
		return no(imap.ResponseCodeLimit, "Too many sections in one FETCH")
	}
	for _, b := range o.BodySection {
		if b.Specifier == imap.PartSpecifierMIME && len(b.Part) == 0 {
			return bad("MIME needs a part number")
		}
		if p := b.Partial; p != nil && (p.Size <= 0 || p.Offset < 0 || p.Offset > 1<<32-1) {
			return bad("There is no such partial range")
		}
	}
	for _, b := range o.BinarySection {
		if b.Partial != nil {
			return no(imap.ResponseCodeCannot, "BINARY is sent whole; BODY can be fetched in parts")
		}
	}
	return nil
}

// Item groups that decide what is read.
func (f *fetcher) needsMessage() bool { return f.o.RFC822Size || f.needsText() }
func (f *fetcher) needsText() bool    { return f.needsDerived() || len(f.o.BodySection) > 0 }
func (f *fetcher) needsDerived() bool {
	if f.o.Envelope || f.o.BodyStructure != nil || len(f.o.BinarySection)+len(f.o.BinarySectionSize) > 0 {
		return true
	}
	for _, b := range f.o.BodySection {
		if len(b.Part) > 0 || b.Specifier == imap.PartSpecifierText {
			return true
		}
	}
	return false
}

// marks reports whether FETCH sets \Seen.
func (f *fetcher) marks() bool {
	if f.v.readOnly || f.v.deleted {
		return false
	}
	for _, b := range f.o.BodySection {
		if !b.Peek {
			return true
		}
	}
	for _, b := range f.o.BinarySection {
		if !b.Peek {
			return true
		}
	}
	return false
}

// page answers for a few messages: what they are is read in one snapshot, what is
// sent of their bodies while it is sent.
func (f *fetcher) page(rows []int) error {
	letters := make([]*letter, len(rows))
	if f.needsMessage() {
		if err := f.load(rows, letters); err != nil {
			return err
		}
	}
	told := map[int]bool{}
	if f.marks() {
		f.markSeen(rows, told)
	}
	for i, r := range rows {
		if err := f.one(r, letters[i], told[r]); err != nil {
			return err
		}
	}
	return nil
}

// load reads the messages of rows; one that cannot be read stays nil.
func (f *fetcher) load(rows []int, letters []*letter) error {
	return f.s.db.View(f.s.ctx, func(tx *store.Tx) error {
		for i, r := range rows {
			l, err := readLetter(tx, f.v.rows[r].message, f.needsDerived())
			if errors.Is(err, store.ErrNotFound) {
				continue
			}
			if err != nil {
				return err
			}
			letters[i] = l
		}
		return nil
	})
}

// markSeen sets \Seen before the answer, which shows it then (RFC 9051 §6.4.5). That
// it cannot be set is no reason to withhold the message.
func (f *fetcher) markSeen(rows []int, told map[int]bool) {
	var fresh []int
	for _, r := range rows {
		if row := f.v.rows[r]; !row.gone && row.flags&store.Seen == 0 {
			fresh = append(fresh, r)
		}
	}
	if len(fresh) == 0 {
		return
	}
	changed := map[int]store.Entry{}
	err := f.s.db.Update(f.s.ctx, func(tx *store.Tx) error {
		clear(changed)
		for _, r := range fresh {
			e, err := tx.EntryByUID(f.v.box.ID, f.v.rows[r].uid)
			if isNotFound(err) {
				continue
			}
			if err != nil {
				return err
			}
			if err := tx.SetFlags(&e, e.Flags|store.Seen, e.Keywords); err != nil {
				return err
			}
			changed[r] = e
		}
		return nil
	})
	if err != nil {
		f.s.log.Error("imap set seen", "reason", err)
		return
	}
	for r, e := range changed {
		f.v.set(r, e)
		told[r] = true
	}
}

// one answers for a message. A panic on the way costs its answer only, as long as
// none of it is sent.
func (f *fetcher) one(r int, l *letter, flags bool) (err error) {
	var out *imapserver.FetchResponseWriter
	defer func() {
		p := recover()
		if p != nil {
			f.lost = true
			f.s.log.Error("imap fetch panicked", "message", f.v.rows[r].message, "reason", fmt.Sprint(p), "stack", string(debug.Stack()))
		}
		if out == nil {
			return
		}
		if p != nil || err != nil {
			// Half an answer is out; anything behind it would be misread.
			f.s.conn.Close()
		}
		if cerr := out.Close(); err == nil {
			err = cerr
		}
	}()
	if l == nil && f.needsMessage() {
		f.lost = true
		return nil
	}
	if l != nil {
		defer l.close()
	}
	parts, binaries, sizes, err := f.prepare(l)
	if err != nil {
		f.lost = true
		return f.unreadable(r, err)
	}
	row := f.v.rows[r]
	out = f.w.CreateMessage(uint32(r + 1))
	f.writeFacts(out, row, l, flags)
	for i, p := range parts {
		if err := p.send(out.WriteBodySection(f.o.BodySection[i], p.size)); err != nil {
			return err
		}
	}
	for i, p := range binaries {
		if err := p.send(out.WriteBinarySection(f.o.BinarySection[i], p.size)); err != nil {
			return err
		}
	}
	for i, n := range sizes {
		out.WriteBinarySectionSize(f.o.BinarySectionSize[i], uint32(n))
	}
	return nil
}

// unreadable decides about an error in one message: a word to the client ends the
// command, anything else leaves the message out.
func (f *fetcher) unreadable(r int, err error) error {
	var known *imap.Error
	if errors.As(err, &known) || f.s.ctx.Err() != nil {
		return err
	}
	f.s.log.Error("imap fetch", "message", f.v.rows[r].message, "reason", err)
	return nil
}

// writeFacts writes what needs no body.
func (f *fetcher) writeFacts(out *imapserver.FetchResponseWriter, row row, l *letter, flags bool) {
	if f.o.UID {
		out.WriteUID(imap.UID(row.uid))
	}
	if f.o.Flags || flags {
		out.WriteFlags(flagNames(row))
	}
	if f.o.InternalDate {
		out.WriteInternalDate(row.date.UTC())
	}
	if f.o.RFC822Size {
		out.WriteRFC822Size(l.msg.Size)
	}
	if f.o.Envelope {
		out.WriteEnvelope(envelope(l.derived.Envelope))
	}
	if f.o.BodyStructure != nil {
		out.WriteBodyStructure(structure(l.derived.Root))
	}
}

// prepare finds all sections of a message before the first octet is sent.
func (f *fetcher) prepare(l *letter) (parts, binaries []piece, sizes []int64, err error) {
	if l == nil {
		return nil, nil, nil, nil
	}
	if f.needsText() {
		if err := f.s.open(l, f.needsDerived()); err != nil {
			return nil, nil, nil, err
		}
	}
	for _, b := range f.o.BodySection {
		p, err := l.section(b)
		if err != nil {
			return nil, nil, nil, err
		}
		parts = append(parts, p)
	}
	for _, b := range f.o.BinarySection {
		p, err := l.decoded(b.Part)
		if err != nil {
			return nil, nil, nil, err
		}
		binaries = append(binaries, p)
	}
	for _, b := range f.o.BinarySectionSize {
		p, err := l.decoded(b.Part)
		if err != nil {
			return nil, nil, nil, err
		}
		sizes = append(sizes, p.size)
	}
	return parts, binaries, sizes, nil
}

// A piece is a section ready to be sent.
type piece struct {
	size int64
	open func() io.Reader
}

// send writes the piece as the literal that was announced.
func (p piece) send(w io.WriteCloser) error {
	_, err := io.CopyN(w, p.open(), p.size)
	if cerr := w.Close(); err == nil {
		err = cerr
	}
	return err
}
