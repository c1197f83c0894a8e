package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
)

// A fetched is what a FETCH response says.
type fetched struct {
	summary Summary
	flags   bool // it told flags
	sized   bool // it told a size: an answer to us, no news
	text    bool // it told a text
}

// own says whether the server told flags of its own accord.
func (f *fetched) own() bool { return f.flags && !f.sized && !f.text }

// fetch reads the items of a FETCH response.
func (w *wire) fetch(f *fetched, stream streamer) error {
	c, err := w.read()
	if err != nil {
		return err
	}
	if c != '(' {
		return fmt.Errorf("%w: FETCH without a list", errSyntax)
	}
	for {
		if err := w.space(); err != nil {
			return err
		}
		if c, err = w.peek(); err != nil {
			return err
		}
		if c == ')' {
			_, err := w.read()
			return err
		}
		name, err := w.atom()
		if err != nil {
			return err
		}
		if err := w.space(); err != nil {
			return err
		}
		if err := w.item(strings.ToUpper(name), f, stream); err != nil {
			return err
		}
	}
}

// item reads one of them.
func (w *wire) item(name string, f *fetched, stream streamer) error {
	if strings.HasPrefix(name, "BODY[]") {
		f.text = true
		if stream != nil {
			return w.text(stream)
		}
	}
	v, err := w.value(0)
	if err != nil {
		return err
	}
	m := &f.summary
	switch {
	case name == "UID":
		n, err := strconv.ParseUint(v.text, 10, 32)
		if err != nil {
			return fmt.Errorf("%w: UID %q", errSyntax, clean(v.text))
		}
		m.UID = UID(n)
	case name == "FLAGS":
		f.flags = true
		for _, flag := range v.list {
			if len(m.Flags) < maxFlags {
				m.Flags = append(m.Flags, flag.text)
			}
		}
	case name == "INTERNALDATE":
		// A date that is none is none: servers import what they are given.
		if t, err := time.Parse("_2-Jan-2006 15:04:05 -0700", v.text); err == nil {
			m.Date = t.UTC()
		}
	case name == "RFC822.SIZE":
		n, err := strconv.ParseInt(v.text, 10, 63)
		if err != nil {
			return fmt.Errorf("%w: size %q", errSyntax, clean(v.text))
		}
		m.Size, f.sized = n, true
	case name == "EMAILID":
		if len(v.list) == 1 {
			m.EmailID = v.list[0].text
		}
	case name == "MODSEQ":
		if len(v.list) == 1 {
			m.ModSeq, _ = strconv.ParseUint(v.list[0].text, 10, 63) // RFC 7162: 63 bits; else none
		}
	case strings.HasPrefix(name, "BODY[HEADER.FIELDS"):
		m.MessageID = headerID(v.text)
	}
	return nil
}

// maxID is how long a Message-ID is kept. Longer ones are cut: both sides of a comparison
// are.
const maxID = 998

// headerID reads the Message-ID of a header that has no other fields. The first one
// counts.
func headerID(header string) string {
	_, value, ok := strings.Cut(header, ":")
	if !ok {
		return ""
	}
	// Unfold (RFC 5322 §2.2.3), and end at the next field.
	var b strings.Builder
	for i, line := range strings.Split(strings.ReplaceAll(value, "\r\n", "\n"), "\n") {
		if i > 0 && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "\t") {
			break
		}
		b.WriteString(line)
	}
	id := strings.TrimSpace(b.String())
	if _, rest, ok := strings.Cut(id, "<"); ok {
		id, _, _ = strings.Cut(rest, ">")
	}
	id = strings.ToValidUTF8(strings.TrimSpace(id), "?")
	if len(id) > maxID {
		id = id[:maxID]
	}
	return id
}

// text hands the text of a message on, however the server writes it.
func (w *wire) text(stream streamer) error {
	c, err := w.peek()
	if err != nil {
		return err
	}
	if c != '{' && c != '~' {
		v, err := w.value(0)
		if err != nil {
			return err
		}
		if v.kind == absent || v.kind == list {
			return nil
		}
		return stream(int64(len(v.text)), strings.NewReader(v.text))
	}
	n, ok, err := w.literal()
	if err != nil || !ok {
		return errors.Join(err, orSyntax(ok, "literal"))
	}
	w.left = maxResponse
	return stream(n, io.LimitReader(w.br, n))
}

// Fetch streams the text of a message of the selected folder to read, without marking it
// as seen; read need not read to the end, and must not use the session. A text of more
// than limit octets is ErrTooLarge, and read is not called. An error of read is returned,
// and the session goes on. Other errors: ErrNoMessage.
func (s *Session) Fetch(ctx context.Context, uid UID, limit int64, read func(size int64, r io.Reader) error) error {
	if s.selected == nil {
		return errNotSelected
	}
	var got, other bool
	var inner error
	// No more than one octet too many ever travels: the server cuts (RFC 9051 §6.4.5).
	line := fmt.Sprintf("UID FETCH %d (UID BODY.PEEK[]<0.%d>)", uid, limit+1)
	check := func(r *response) {
		other = other || r.kind == "FETCH" && r.item.text && r.item.summary.UID != uid
	}
	err := s.exchange(ctx, exchange{line: line, octets: limit, on: check, stream: func(size int64, r io.Reader) error {
		if got || size > limit+1 {
			return fmt.Errorf("%w: %w", errSyntax, errMoreThanAsked)
		}
		got = true
		body := &counted{r: r}
		if size > limit {
			inner = ErrTooLarge
		} else {
			inner = read(size, body)
		}
		_, err := io.Copy(io.Discard, body)
		if err == nil && body.n < size {
			err = io.ErrUnexpectedEOF
		}
		return err
	}})
	if err == nil && other {
		err = s.gone(ctx, fmt.Errorf("%w: %w", errSyntax, errMoreThanAsked))
	}
	switch {
	case err != nil:
		return fmt.Errorf("fetch message %d: %w", uid, err)
	case inner != nil:
		return fmt.Errorf("fetch message %d: %w", uid, inner)
	case !got:
		return fmt.Errorf("fetch message %d: %w", uid, ErrNoMessage)
	}
	return nil
}

// A counted counts what was read.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}
