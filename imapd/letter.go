package imapd

import (
	"bytes"
	"fmt"
	"io"
	"math"

	"github.com/emersion/go-imap/v2"

	"tidepost/mail"
	"tidepost/store"
)

// A letter is a message that is being read for a client.
type letter struct {
	msg     store.Message
	derived store.Derived
	known   bool        // derived is there
	body    *store.Body // after open
}

// readLetter reads what is stored of a message, with what was derived from it if
// asked for. A message whose text was swept is ErrNotFound.
func readLetter(tx *store.Tx, id int64, derived bool) (*letter, error) {
	msg, err := tx.Message(id)
	if err != nil {
		return nil, err
	}
	if msg.Size == 0 {
		return nil, fmt.Errorf("message %d has no text any more: %w", id, store.ErrNotFound)
	}
	l := &letter{msg: msg}
	if !derived {
		return l, nil
	}
	l.derived, err = tx.Derived(id)
	l.known = err == nil && l.derived.Root != nil && l.derived.Envelope != nil
	return l, nil
}

// open makes the body readable and sees to it that what is derived is known.
func (s *Session) open(l *letter, derived bool) error {
	l.body = s.db.OpenBody(s.ctx, l.msg)
	if !derived || l.known {
		return nil
	}
	c, err := scan(l.msg, l.body)
	if err != nil {
		return err
	}
	d := s.inbox().Derive(l.msg, c)
	l.derived, l.known = d, true
	// For the next reader. That it cannot be stored is no reason to fail this one.
	if err := s.db.Update(s.ctx, func(tx *store.Tx) error { return tx.PutDerived(d) }); err != nil {
		s.log.Warn("store derived data", "message", l.msg.ID, "reason", err)
	}
	return nil
}

// scan reads a body anew: text and structure. Mail that makes the reader panic has
// none.
func scan(msg store.Message, body io.Reader) (c *mail.Content, err error) {
	defer func() {
		if p := recover(); p != nil {
			c, err = &mail.Content{}, nil
		}
	}()
	scanner := mail.NewScanner(msg.Head)
	if _, err := io.Copy(scanner, body); err != nil {
		return nil, fmt.Errorf("scan message %d: %w", msg.ID, err)
	}
	return scanner.Finish(), nil
}

func (l *letter) close() {
	if l.body != nil {
		l.body.Close()
	}
}

// section finds what BODY[…] names. A part that does not exist is empty.
func (l *letter) section(b *imap.FetchItemBodySection) (piece, error) {
	p, err := l.whole(b)
	if err != nil || b.Partial == nil {
		return p, err
	}
	from := min(b.Partial.Offset, p.size)
	n := min(b.Partial.Size, p.size-from)
	return piece{size: n, open: func() io.Reader { return skipTo(p.open(), from) }}, nil
}

// whole is section without a partial range.
func (l *letter) whole(b *imap.FetchItemBodySection) (piece, error) {
	if len(b.Part) == 0 && b.Specifier == imap.PartSpecifierNone {
		return l.piece(l.msg.Head, 0, l.body.Size()), nil
	}
	sec := mail.Section{Path: b.Part, Kind: mail.SectionKind(b.Specifier)}
	switch {
	case len(b.HeaderFields) > 0:
		sec.Kind, sec.Fields = mail.SectionFields, b.HeaderFields
	case len(b.HeaderFieldsNot) > 0:
		sec.Kind, sec.Fields = mail.SectionFieldsNot, b.HeaderFieldsNot
	}
	root := l.derived.Root
	if root == nil {
		root = &mail.Part{Type: "text", Subtype: "plain", BodyEnd: l.body.Size()}
	}
	found, ok := mail.Locate(l.msg.Head, root, sec)
	if !ok {
		return l.piece(nil, 0, 0), nil
	}
	if !found.Filter {
		return l.piece(found.Head, found.Start, found.End), nil
	}
	head, err := io.ReadAll(io.NewSectionReader(l.body, found.Start, found.End-found.Start))
	if err != nil {
		return piece{}, err
	}
	return l.piece(mail.SelectFields(head, sec.Fields, sec.Kind == mail.SectionFieldsNot), 0, 0), nil
}

// piece is head followed by [from, to) of the body.
func (l *letter) piece(head []byte, from, to int64) piece {
	to = min(to, l.body.Size())
	from = min(max(from, 0), to)
	return piece{
		size: int64(len(head)) + to - from,
		open: func() io.Reader {
			return io.MultiReader(bytes.NewReader(head), io.NewSectionReader(l.body, from, to-from))
		},
	}
}

// skipper is a reader that jumps instead of reading to nobody.
func skipTo(r io.Reader, n int64) io.Reader { return &skipReader{r: r, n: n} }

type skipReader struct {
	r io.Reader
	n int64 // still to be left out
}

func (s *skipReader) Read(p []byte) (int, error) {
	if s.n > 0 {
		if _, err := io.CopyN(io.Discard, s.r, s.n); err != nil {
			return 0, err
		}
		s.n = 0
	}
	return s.r.Read(p)
}

// decoded finds what BINARY[…] names: a part without its transfer encoding
// (RFC 3516 §4.3). The size must be known first, so it is decoded twice rather
// than held.
func (l *letter) decoded(path []int) (piece, error) {
	if len(path) == 0 {
		return l.piece(l.msg.Head, 0, l.body.Size()), nil
	}
	part := l.derived.Root.Find(path)
	if part == nil {
		return l.piece(nil, 0, 0), nil
	}
	if part.Type == "multipart" {
		return piece{}, no(imap.ResponseCodeUnknownCTE, "A multipart has no content of its own")
	}
	raw := l.piece(nil, part.BodyStart, part.BodyEnd)
	switch part.Encoding {
	case "", "7bit", "8bit", "binary":
		return raw, nil
	case "base64", "quoted-printable":
	default:
		return piece{}, no(imap.ResponseCodeUnknownCTE, "The part has an encoding that nobody knows")
	}
	open := func() io.Reader { return mail.DecodeTransfer(part.Encoding, raw.open()) }
	size, err := io.Copy(io.Discard, open())
	if err != nil {
		return piece{}, err
	}
	if size > math.MaxUint32 {
		return piece{}, no(imap.ResponseCodeLimit, "The part is too large")
	}
	return piece{size: size, open: open}, nil
}
