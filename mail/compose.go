package mail

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-message"
)

// A Letter is a mail that Tidepost itself writes. Field values and names are
// plain UTF-8 text: Compose encodes them; CR, LF and NUL in them are an error.
type Letter struct {
	From       Mailbox
	To, Cc     []Mailbox
	ReplyTo    []Mailbox
	Subject    string
	Date       time.Time
	MessageID  string // without angle brackets
	InReplyTo  string
	References []string
	Extra      []Extra // further fields, in order: Auto-Submitted, List-Id, …
	Text       string  // LF or CRLF line ends
	HTML       string  // "" for none
	Attached   []Attachment
	Report     string // report-type of a multipart/report (RFC 6522), "" for none
}

// An Extra is one more header field. Raw values are structured (an id, an
// address) and are folded but not encoded.
type Extra struct {
	Name  string
	Value string
	Raw   bool
}

// An Attachment is one more part of a Letter. Type is a media type with
// parameters: message/delivery-status, text/rfc822-headers, text/calendar….
// message/* is sent as it is, 8bit if need be; anything else base64 or
// quoted-printable.
type Attachment struct {
	Type        string
	Name        string // file name, "" for none
	Description string
	Inline      bool
	Data        []byte
}

// Compose writes a letter: head with the blank line, and body, CRLF line ends.
// Boundaries are drawn from rand.
func Compose(l Letter, rand io.Reader) (head, body []byte, err error) {
	fields, err := l.fields()
	if err != nil {
		return nil, nil, fmt.Errorf("compose letter: %w", err)
	}
	root, err := l.tree(rand)
	if err != nil {
		return nil, nil, fmt.Errorf("compose letter: %w", err)
	}
	var buf bytes.Buffer
	w, err := message.CreateWriter(&buf, rawHeader(append(fields, root.fields...)))
	if err == nil {
		err = root.write(w)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("compose letter: %w", err)
	}
	head, body = SplitHead(buf.Bytes())
	return head, body, nil
}

// fields builds the fields that are not MIME's, top first.
func (l Letter) fields() ([][]byte, error) {
	var f fieldList
	f.raw("Date", FormatDate(l.Date))
	f.raw("From", FormatMailboxes([]Mailbox{l.From}))
	f.optional("Reply-To", FormatMailboxes(l.ReplyTo))
	f.optional("To", FormatMailboxes(l.To))
	f.optional("Cc", FormatMailboxes(l.Cc))
	f.text("Subject", l.Subject)
	f.optional("Message-ID", formatIDs([]string{l.MessageID}))
	f.optional("In-Reply-To", formatIDs([]string{l.InReplyTo}))
	f.optional("References", formatIDs(l.References))
	for _, e := range l.Extra {
		if e.Raw {
			f.raw(e.Name, e.Value)
		} else {
			f.text(e.Name, e.Value)
		}
	}
	f.raw("MIME-Version", "1.0")
	if FormatMailboxes([]Mailbox{l.From}) == "" {
		f.err = errors.Join(f.err, errors.New("the sender has no usable address"))
	}
	return f.list, f.err
}

// A fieldList collects fields and the first error.
type fieldList struct {
	list [][]byte
	err  error
}

func (f *fieldList) add(b []byte, err error) {
	f.list = append(f.list, b)
	f.err = errors.Join(f.err, err)
}

func (f *fieldList) text(name, value string) { f.add(FormatField(name, value)) }
func (f *fieldList) raw(name, value string)  { f.add(FormatRawField(name, value)) }

func (f *fieldList) optional(name, value string) {
	if value != "" {
		f.raw(name, value)
	}
}

// formatIDs writes message ids in angle brackets; what is none is left out.
func formatIDs(ids []string) string {
	var out []string
	for _, id := range ids {
		if id = cleanID(strings.Trim(id, "<>")); id != "" && !strings.ContainsAny(id, "<>") {
			out = append(out, "<"+id+">")
		}
	}
	return strings.Join(out, " ")
}

// rawHeader makes a header of fields, top first; go-message wants the last first.
func rawHeader(fields [][]byte) message.Header {
	var h message.Header
	for i := len(fields) - 1; i >= 0; i-- {
		h.AddRaw(fields[i])
	}
	return h
}

// A node is a part to be written.
type node struct {
	fields   [][]byte
	children []*node
	data     []byte
}

func (n *node) write(w *message.Writer) error {
	for _, c := range n.children {
		cw, err := w.CreatePart(rawHeader(c.fields))
		if err != nil {
			return err
		}
		if err := c.write(cw); err != nil {
			return err
		}
	}
	if len(n.children) == 0 {
		if _, err := w.Write(n.data); err != nil {
			return err
		}
	}
	return w.Close()
}

// tree builds the parts of the letter.
func (l Letter) tree(rand io.Reader) (*node, error) {
	text, err := leafNode("text/plain; charset=utf-8", crlf([]byte(l.Text)), nil)
	if err != nil {
		return nil, err
	}
	if l.HTML != "" {
		html, err := leafNode("text/html; charset=utf-8", crlf([]byte(l.HTML)), nil)
		if err != nil {
			return nil, err
		}
		if text, err = multiNode("multipart/alternative", rand, text, html); err != nil {
			return nil, err
		}
	}
	if len(l.Attached) == 0 && l.Report == "" {
		return text, nil
	}
	parts := []*node{text}
	for _, a := range l.Attached {
		n, err := a.node()
		if err != nil {
			return nil, err
		}
		parts = append(parts, n)
	}
	if l.Report == "" {
		return multiNode("multipart/mixed", rand, parts...)
	}
	if !isToken(l.Report) {
		return nil, fmt.Errorf("report type %.40q is no token", l.Report)
	}
	return multiNode("multipart/report; report-type="+l.Report, rand, parts...)
}

func multiNode(media string, rand io.Reader, children ...*node) (*node, error) {
	b := make([]byte, 15)
	if _, err := io.ReadFull(rand, b); err != nil {
		return nil, fmt.Errorf("draw boundary: %w", err)
	}
	// "=_" occurs in no quoted-printable or base64 (RFC 2045 §6.7).
	field, err := FormatRawField("Content-Type", media+`; boundary="=_`+hex.EncodeToString(b)+`"`)
	return &node{fields: [][]byte{field}, children: children}, err
}

func (a Attachment) node() (*node, error) {
	var f fieldList
	f.text("Content-Description", a.Description)
	if a.Description == "" {
		f.list = nil
	}
	disposition := "attachment"
	if a.Inline {
		disposition = "inline"
	}
	if a.Name != "" {
		params := map[string]string{"filename": capText(cleanText(a.Name), 200)}
		f.raw("Content-Disposition", mime.FormatMediaType(disposition, params))
	} else if !strings.HasPrefix(a.Type, "message/") && a.Type != "text/rfc822-headers" {
		f.raw("Content-Disposition", disposition)
	}
	if f.err != nil {
		return nil, f.err
	}
	data := a.Data
	if strings.HasPrefix(a.Type, "text/") || strings.HasPrefix(a.Type, "message/") {
		data = crlf(data)
	}
	return leafNode(a.Type, data, f.list)
}

// leafNode builds a part without children, in the encoding its data needs.
func leafNode(media string, data []byte, extra [][]byte) (*node, error) {
	var f fieldList
	f.raw("Content-Type", media)
	encoding := "base64"
	switch {
	case strings.HasPrefix(media, "message/"): // RFC 2046 §5.2.1 forbids encoding it
		encoding = "8bit"
		if isASCII(data) {
			encoding = "7bit"
		}
	case strings.HasPrefix(media, "text/"):
		encoding = "quoted-printable"
		if isASCII(data) && shortLines(data) {
			encoding = "7bit"
		}
	}
	f.raw("Content-Transfer-Encoding", encoding)
	f.list = append(f.list, extra...)
	return &node{fields: f.list, data: data}, f.err
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c == 0 {
			return false
		}
	}
	return true
}

// shortLines reports whether no line is so long that somebody would break it.
func shortLines(b []byte) bool {
	for line := range bytes.Lines(b) {
		if len(trimEOL(line)) > foldColumn {
			return false
		}
	}
	return true
}

// crlf gives text CRLF line ends, also at its end.
func crlf(b []byte) []byte {
	if len(b) == 0 {
		return b
	}
	out, err := io.ReadAll(NewNormalizer(bytes.NewReader(b)))
	if err != nil || bytes.HasSuffix(out, []byte("\r\n")) {
		return out
	}
	return append(out, "\r\n"...)
}

// NewMessageID returns a fresh message id for domain, without angle brackets.
func NewMessageID(rand io.Reader, domain string) (string, error) {
	b := make([]byte, 16)
	if _, err := io.ReadFull(rand, b); err != nil {
		return "", fmt.Errorf("draw message id: %w", err)
	}
	return hex.EncodeToString(b) + "@" + harmless(domain), nil
}
