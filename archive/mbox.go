package archive

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"tidepost/mail"
	"tidepost/store"
)

// A Mbox reads the messages of an mbox file, one at a time: "mboxrd", where quoted
// "From " lines lose one ">", and so do those of "mboxo".
type Mbox struct {
	r      *bufio.Reader
	limit  int
	offset int64 // of the next octet
	from   string
	at     int64        // where the message begins that is being read
	text   bytes.Buffer // of it
	size   int64
	begun  bool // the line that is being read began in an earlier piece
	blank  bool // the line before was empty
	open   bool // a message has begun
}

// NewMbox reads r, which begins at an offset of the file. Messages of more octets than
// limit are passed over.
func NewMbox(r io.Reader, offset int64, limit int) *Mbox {
	return &Mbox{r: bufio.NewReaderSize(r, 64<<10), limit: limit, offset: offset, blank: true}
}

// A Raw is a message of an mbox file.
type Raw struct {
	From   string // the line before it, without "From "
	Octets []byte // with CRLF; valid until the next one; nil if it is too large
	Size   int64  // in the file
	Begin  int64  // where its "From " line stands
	End    int64  // where the next one stands, or the end of the file
}

// Next returns the next message; io.EOF at the end. What stands before the first "From "
// line is passed over.
func (m *Mbox) Next() (Raw, error) {
	for {
		piece, err := m.r.ReadSlice('\n')
		at := m.offset
		m.offset += int64(len(piece))
		if m.begins(piece) {
			done, raw := m.open, m.raw(at)
			m.open, m.at, m.from = true, at, strings.TrimRight(string(piece[5:]), "\r\n")
			if rerr := m.rest(err); rerr != nil {
				return Raw{}, rerr
			}
			if done {
				return raw, nil
			}
			continue
		}
		if m.open {
			m.keep(piece)
		}
		m.begun = err == bufio.ErrBufferFull
		if err == io.EOF && m.open {
			m.open = false
			return m.raw(m.offset), nil
		}
		if err != nil && !m.begun {
			return Raw{}, err
		}
	}
}

// raw is what has been read, and makes room for the next.
func (m *Mbox) raw(end int64) Raw {
	out := Raw{From: m.from, Begin: m.at, End: end, Size: m.size}
	if m.size <= int64(m.limit) {
		out.Octets = crlf(m.text.Bytes())
	}
	m.text.Reset()
	m.size = 0
	return out
}

// begins reports whether a piece is the line before a message: "From ", an address and
// a date, after an empty line.
func (m *Mbox) begins(piece []byte) bool {
	if m.begun || !m.blank || !bytes.HasPrefix(piece, []byte("From ")) {
		return false
	}
	line := piece[:min(len(piece), 200)]
	return len(bytes.Fields(line)) >= 3 && bytes.ContainsAny(line, ":") && bytes.ContainsAny(line, "0123456789")
}

// rest passes over what is left of a very long line.
func (m *Mbox) rest(err error) error {
	for err == bufio.ErrBufferFull {
		var piece []byte
		piece, err = m.r.ReadSlice('\n')
		m.offset += int64(len(piece))
	}
	m.blank, m.begun = false, false
	if err == io.EOF {
		return nil // The next read says so again.
	}
	return err
}

func (m *Mbox) keep(piece []byte) {
	if !m.begun {
		m.blank = len(bytes.TrimRight(piece, "\r\n")) == 0
		if quoted := bytes.TrimLeft(piece, ">"); len(quoted) < len(piece) && bytes.HasPrefix(quoted, []byte("From ")) {
			piece = piece[1:]
		}
	}
	m.size += int64(len(piece))
	if m.size <= int64(m.limit) {
		m.text.Write(piece)
	}
}

// crlf gives lines their ends. The empty line before the next "From " is not part of
// the message. Reading from memory cannot fail.
func crlf(octets []byte) []byte {
	if n := len(octets); n > 1 && octets[n-1] == '\n' {
		if rest := bytes.TrimSuffix(bytes.TrimSuffix(octets, []byte("\n")), []byte("\r")); bytes.HasSuffix(rest, []byte("\n")) {
			octets = rest
		}
	}
	out, _ := io.ReadAll(mail.NewNormalizer(bytes.NewReader(octets)))
	return out
}

// message makes of a raw message what it says of itself.
func (raw Raw) message(limit int) Message {
	out := Message{Mark: strconv.FormatInt(raw.End, 10), Done: raw.End}
	if raw.Octets == nil {
		out.Problem = tooLarge(raw.Size, int64(limit))
		return out
	}
	h := mail.ParseHeader(raw.Octets)
	out.Octets = mail.RemoveFields(raw.Octets, ownFields()...)
	out.Flags, out.Keywords = mboxFlags(h)
	out.Date = fromDate(raw.From)
	if out.Date.IsZero() {
		out.Date, _ = h.Date("Date")
	}
	return out
}

// fromDate reads the date of a "From " line, which has no zone: UTC. Zero if it is none.
func fromDate(line string) time.Time {
	_, date, ok := strings.Cut(strings.TrimSpace(line), " ")
	if !ok {
		return time.Time{}
	}
	date = strings.Join(strings.Fields(date), " ")
	for _, layout := range []string{"Mon Jan 2 15:04:05 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon Jan 2 15:04:05 -0700 2006", "Mon Jan 2 15:04:05 2006 -0700", "Mon Jan 2 15:04 2006"} {
		if t, err := time.Parse(layout, date); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}

// The bits of X-Mozilla-Status.
const (
	mozillaRead    = 0x0001
	mozillaReplied = 0x0002
	mozillaMarked  = 0x0004
	mozillaDeleted = 0x0008
)

// ownFields are what mail programs add to a message to keep its state in the file; they
// are no part of it.
func ownFields() []string {
	return []string{"Status", "X-Status", "X-Keywords", "X-Mozilla-Status", "X-Mozilla-Status2", "X-Mozilla-Keys", "X-UID"}
}

// mboxFlags reads what mail programs note in the header: Status and X-Status (mutt,
// Dovecot), X-Mozilla-Status and X-Mozilla-Keys (Thunderbird), X-Keywords.
func mboxFlags(h mail.Header) (flags store.Flags, keywords []string) {
	for _, c := range h.Text("Status") + h.Text("X-Status") {
		switch c {
		case 'R':
			flags |= store.Seen
		case 'A':
			flags |= store.Answered
		case 'F':
			flags |= store.Flagged
		case 'T':
			flags |= store.Draft
		case 'D':
			flags |= store.Deleted
		}
	}
	if bits, err := strconv.ParseUint(strings.TrimSpace(h.Text("X-Mozilla-Status")), 16, 32); err == nil {
		for bit, flag := range map[uint64]store.Flags{mozillaRead: store.Seen, mozillaReplied: store.Answered, mozillaMarked: store.Flagged, mozillaDeleted: store.Deleted} {
			if bits&bit != 0 {
				flags |= flag
			}
		}
	}
	for _, word := range strings.Fields(h.Text("X-Keywords") + " " + h.Text("X-Mozilla-Keys")) {
		keywords = addKeyword(keywords, word)
	}
	return flags, keywords
}

// A MboxWriter writes an mbox file ("mboxrd").
type MboxWriter struct{ w *bufio.Writer }

// NewMboxWriter writes to w.
func NewMboxWriter(w io.Writer) *MboxWriter { return &MboxWriter{bufio.NewWriterSize(w, 64<<10)} }

// Write adds a message with lines that end in LF, and fields that keep its flags.
func (m *MboxWriter) Write(head []byte, body io.Reader, date time.Time, flags store.Flags, keywords []string) error {
	status, xstatus := "O", ""
	if flags&store.Seen != 0 {
		status = "RO"
	}
	for _, f := range []struct {
		flag   store.Flags
		letter string
	}{{store.Answered, "A"}, {store.Flagged, "F"}, {store.Draft, "T"}, {store.Deleted, "D"}} {
		if flags&f.flag != 0 {
			xstatus += f.letter
		}
	}
	own := fmt.Sprintf("Status: %s\n", status)
	if xstatus != "" {
		own += fmt.Sprintf("X-Status: %s\n", xstatus)
	}
	if len(keywords) > 0 {
		own += fmt.Sprintf("X-Keywords: %s\n", strings.Join(keywords, " "))
	}
	head = mail.RemoveFields(head, ownFields()...)
	end := bytes.HasSuffix(head, []byte("\r\n\r\n"))
	fields := bytes.TrimSuffix(head, []byte("\r\n"))
	if !end {
		fields = head
	}
	fmt.Fprintf(m.w, "From MAILER-DAEMON %s\n", date.UTC().Format("Mon Jan _2 15:04:05 2006"))
	if err := m.lines(io.MultiReader(bytes.NewReader(fields), strings.NewReader(own+"\n"), body)); err != nil {
		return err
	}
	if _, err := m.w.WriteString("\n"); err != nil {
		return err
	}
	return m.w.Flush()
}

// lines copies, with LF and quoted "From " lines.
func (m *MboxWriter) lines(r io.Reader) error {
	b := bufio.NewReaderSize(r, 64<<10)
	fresh := true // a line begins
	for {
		piece, err := b.ReadSlice('\n')
		if fresh && bytes.HasPrefix(bytes.TrimLeft(piece, ">"), []byte("From ")) {
			m.w.WriteByte('>') // Flush returns what goes wrong.
		}
		if len(piece) > 0 {
			fresh = bytes.HasSuffix(piece, []byte("\n"))
		}
		if bytes.HasSuffix(piece, []byte("\r\n")) {
			piece = append(piece[:len(piece)-2], '\n')
		}
		m.w.Write(piece)
		if err == io.EOF {
			if !fresh {
				m.w.WriteByte('\n')
			}
			return nil
		}
		if err != nil && err != bufio.ErrBufferFull {
			return err
		}
	}
}
