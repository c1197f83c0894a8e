package check

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tidepost/mail"
)

// errTooLarge says that a message is larger than MaxMessage.
var errTooLarge = fmt.Errorf("the message is larger than %d MB", MaxMessage>>20)

// Each looks at every message of paths and hands the reports to yield, in order: "-" is
// in, a directory its .eml and mailbox files and those of Maildirs below it, a file is
// one message, or many if it is a mailbox file. What cannot be read is a Report with
// an Error, and the next one follows. Only an error of yield ends it.
func Each(paths []string, in io.Reader, zone *time.Location, yield func(Report) error) error {
	for _, p := range paths {
		var err error
		switch info, serr := os.Stat(p); {
		case p == "-":
			err = stream("-", in, zone, yield)
		case serr != nil:
			err = yield(Report{Source: p, Error: plain(serr)})
		case info.IsDir():
			err = directory(p, zone, yield)
		default:
			err = file(p, zone, yield)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// plain is an error without the path, which stands beside it.
func plain(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

func directory(dir string, zone *time.Location, yield func(Report) error) error {
	found := false
	err := filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			found = true
			return yield(Report{Source: p, Error: plain(err)})
		}
		if d.IsDir() || !isMail(p) {
			return nil
		}
		found = true
		return file(p, zone, yield)
	})
	if err == nil && !found {
		return yield(Report{Source: dir, Error: "no .eml or .mbox file in it"})
	}
	return err
}

// isMail reports whether a file of a directory is looked at.
func isMail(p string) bool {
	if slices.Contains([]string{".eml", ".mbox", ".mbx"}, strings.ToLower(filepath.Ext(p))) {
		return true
	}
	in := filepath.Base(filepath.Dir(p)) // of a Maildir
	return (in == "cur" || in == "new") && !strings.HasPrefix(filepath.Base(p), ".")
}

func file(p string, zone *time.Location, yield func(Report) error) error {
	f, err := os.Open(p)
	if err != nil {
		return yield(Report{Source: p, Error: plain(err)})
	}
	defer f.Close()
	return stream(p, f, zone, yield)
}

// stream looks at one message, or at those of a mailbox file.
func stream(name string, r io.Reader, zone *time.Location, yield func(Report) error) error {
	b := bufio.NewReaderSize(r, 64<<10)
	first, err := b.Peek(5)
	switch {
	case len(first) == 0 && err == io.EOF:
		return yield(Report{Source: name, Error: "it is empty"})
	case err != nil && err != io.EOF:
		return yield(Report{Source: name, Error: plain(err)})
	case string(first) == "From ":
		return mailbox(name, b, zone, yield)
	}
	octets, err := io.ReadAll(io.LimitReader(mail.NewNormalizer(b), MaxMessage+1))
	if err == nil && len(octets) > MaxMessage {
		err = errTooLarge
	}
	if err != nil {
		return yield(Report{Source: name, Error: plain(err)})
	}
	return yield(Message(name, octets, zone))
}

// A mailboxReader reads the messages of a mailbox file (RFC 4155, "mboxrd"), one at a
// time.
type mailboxReader struct {
	r     *bufio.Reader
	text  bytes.Buffer
	large bool // the message is too large; the rest of it is passed over
	begun bool // the line that is being read began in an earlier piece
	blank bool // the line before was empty
}

func mailbox(name string, r *bufio.Reader, zone *time.Location, yield func(Report) error) error {
	m := mailboxReader{r: r, blank: true}
	for n := 0; ; {
		again, err := m.next()
		if n > 0 {
			source := fmt.Sprintf("%s#%d", name, n)
			rep := Report{Source: source, Error: errTooLarge.Error()}
			if err != nil && err != io.EOF {
				rep.Error = plain(err)
			} else if !m.large {
				rep = Message(source, crlf(m.text.Bytes()), zone)
			}
			if err := yield(rep); err != nil {
				return err
			}
		}
		if !again || err != nil {
			return nil
		}
		n++
		m.text.Reset()
		m.large = false
	}
}

// next reads up to the line that begins the next message, and over it; false is the
// end of the file.
func (m *mailboxReader) next() (again bool, err error) {
	for {
		piece, err := m.r.ReadSlice('\n')
		if m.begins(piece) {
			return true, m.rest(err)
		}
		m.keep(piece)
		m.begun = err == bufio.ErrBufferFull
		if err != nil && !m.begun {
			return false, err
		}
	}
}

// begins reports whether a piece is the line before a message: "From ", an address and
// a date, after an empty line.
func (m *mailboxReader) begins(piece []byte) bool {
	if m.begun || !m.blank || !bytes.HasPrefix(piece, []byte("From ")) {
		return false
	}
	line := piece[:min(len(piece), 200)]
	return len(bytes.Fields(line)) >= 3 && bytes.ContainsAny(line, ":") && bytes.ContainsAny(line, "0123456789")
}

// rest passes over what is left of a very long line.
func (m *mailboxReader) rest(err error) error {
	for err == bufio.ErrBufferFull {
		_, err = m.r.ReadSlice('\n')
	}
	m.blank, m.begun = false, false
	if err == io.EOF {
		return nil // The next read says so again.
	}
	return err
}

func (m *mailboxReader) keep(piece []byte) {
	if !m.begun {
		m.blank = len(bytes.TrimRight(piece, "\r\n")) == 0
		if quoted := bytes.TrimLeft(piece, ">"); len(quoted) < len(piece) && bytes.HasPrefix(quoted, []byte("From ")) {
			piece = piece[1:]
		}
	}
	if m.text.Len()+len(piece) > MaxMessage {
		m.large = true
		return
	}
	m.text.Write(piece)
}

// crlf gives lines their ends; reading from memory cannot fail.
func crlf(octets []byte) []byte {
	out, _ := io.ReadAll(mail.NewNormalizer(bytes.NewReader(octets)))
	return out
}
