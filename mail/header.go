package mail

import (
	"bytes"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxHeadOctets and MaxHeadLines bound a head (RELIABILITY: 256 KiB, 2,000
// lines). A bigger head is parsed up to the bound and marked Header.TooBig.
const (
	MaxHeadOctets = 256 << 10
	MaxHeadLines  = 2000
)

// A Field is one header field, or a line that is none: then Name is "" and the
// octets are kept as they came.
type Field struct {
	Name  string // as written, without the colon; "" for a line that is no field
	Raw   []byte // all octets with folding and line ends; shares memory with the head
	Start int    // offset of Raw in the head
	End   int    // offset behind Raw
	colon int
}

// A Header is what could be read of a head. Parsing never fails; what is odd is
// noted in Defects.
type Header struct {
	Fields  []Field
	TooBig  bool     // over MaxHeadOctets or MaxHeadLines: the rest was not read
	Defects []Defect // each kind once, in the order met
}

// A Defect names one kind of oddity of a head.
type Defect string

// The defects of a head.
const (
	DefectNoColon   Defect = "no-colon"    // a line that is no field
	DefectMboxFrom  Defect = "mbox-from"   // an mbox "From " line on top
	DefectLeadSpace Defect = "lead-space"  // the first line is a continuation
	DefectBareLF    Defect = "bare-lf"     // a line ends with LF alone
	DefectNoBlank   Defect = "no-blank"    // the blank line is missing
	DefectEightBit  Defect = "eight-bit"   // octets that are not valid UTF-8
	DefectControl   Defect = "control"     // NUL or a bare CR
	DefectNameSpace Defect = "name-spaces" // white space before the colon
)

// ParseHeader reads a head: the octets up to and with the blank line. It never
// fails; lines that are no field are kept as nameless fields. Octets behind the
// blank line are not read.
func ParseHeader(head []byte) Header {
	var h Header
	if len(head) > MaxHeadOctets {
		head, h.TooBig = head[:MaxHeadOctets], true
	}
	blank := false
	for pos, lines := 0, 0; pos < len(head); lines++ {
		if lines == MaxHeadLines {
			h.TooBig = true
			break
		}
		end := lineEnd(head, pos)
		line := head[pos:end]
		h.noteLine(line)
		if isBlank(line) {
			blank = true
			break
		}
		h.addLine(head, pos, end)
		pos = end
	}
	if !blank && !h.TooBig {
		h.note(DefectNoBlank)
	}
	return h
}

// addLine takes the line at [pos, end): a field, a continuation or neither.
func (h *Header) addLine(head []byte, pos, end int) {
	line := head[pos:end]
	if line[0] == ' ' || line[0] == '\t' {
		if n := len(h.Fields); n > 0 {
			h.Fields[n-1].End = end
			h.Fields[n-1].Raw = head[h.Fields[n-1].Start:end:end]
			return
		}
		h.note(DefectLeadSpace)
		h.Fields = append(h.Fields, Field{Raw: line[:len(line):len(line)], Start: pos, End: end})
		return
	}
	f := Field{Raw: line[:len(line):len(line)], Start: pos, End: end}
	name, colon, spaced := fieldName(line)
	if spaced {
		h.note(DefectNameSpace)
	}
	f.Name, f.colon = name, colon
	if name == "" {
		if pos == 0 && bytes.HasPrefix(bytes.TrimPrefix(line, []byte(">")), []byte("From ")) {
			h.note(DefectMboxFrom)
		} else {
			h.note(DefectNoColon)
		}
	}
	h.Fields = append(h.Fields, f)
}

// noteLine notes what is odd about the octets of a line.
func (h *Header) noteLine(line []byte) {
	body := trimEOL(line)
	if len(line)-len(body) == 1 {
		h.note(DefectBareLF)
	}
	if bytes.IndexByte(body, 0) >= 0 || bytes.IndexByte(body, '\r') >= 0 {
		h.note(DefectControl)
	}
	if !utf8.Valid(body) {
		h.note(DefectEightBit)
	}
}

func (h *Header) note(d Defect) {
	if !slices.Contains(h.Defects, d) {
		h.Defects = append(h.Defects, d)
	}
}

// fieldName returns the name a line starts with, "" if it is no field, and where
// the colon stands. White space before the colon is obsolete but read
// (RFC 5322 §4.5).
func fieldName(line []byte) (name string, colon int, spaced bool) {
	colon = bytes.IndexByte(line, ':')
	if colon <= 0 {
		return "", 0, false
	}
	n := line[:colon]
	trimmed := bytes.TrimRight(n, " \t")
	if len(trimmed) == 0 {
		return "", 0, false
	}
	for _, c := range trimmed {
		if c < 33 || c > 126 { // RFC 5322 §2.2
			return "", 0, false
		}
	}
	return string(trimmed), colon, len(trimmed) != len(n)
}

// lineEnd returns the offset behind the line that starts at pos.
func lineEnd(b []byte, pos int) int {
	if i := bytes.IndexByte(b[pos:], '\n'); i >= 0 {
		return pos + i + 1
	}
	return len(b)
}

func trimEOL(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line = line[:n-1]
		}
	}
	return line
}

func isBlank(line []byte) bool {
	return len(line) > 0 && line[len(line)-1] == '\n' && len(trimEOL(line)) == 0
}

// SplitHead cuts a message behind its first blank line. Without any field before
// it there is no head: all is body, as mail programs of old that wrote no header
// expect to be read. A message without a blank line is all head if it has a
// field, else all body.
func SplitHead(b []byte) (head, body []byte) {
	fields := false
	for pos := 0; pos < len(b); {
		end := lineEnd(b, pos)
		line := b[pos:end]
		if isBlank(line) {
			if !fields && pos > 0 {
				return nil, b
			}
			return b[:end:end], b[end:]
		}
		if !fields {
			name, _, _ := fieldName(line)
			fields = name != ""
		}
		pos = end
	}
	if !fields {
		return nil, b
	}
	return b, nil
}

// Value returns the unfolded value of f: no line ends, outer white space cut.
// It is otherwise as it came and may hold any other octet.
func (f Field) Value() string {
	if f.Name == "" {
		return ""
	}
	return unfold(f.Raw[f.colon+1:])
}

// unfold removes line ends that fold (RFC 5322 §2.2.3); a bare CR is a space.
func unfold(raw []byte) string {
	raw = bytes.Trim(raw, " \t\r\n")
	if bytes.IndexByte(raw, '\n') < 0 && bytes.IndexByte(raw, '\r') < 0 {
		return string(raw)
	}
	out := make([]byte, 0, len(raw))
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\n':
		case c == '\r' && i+1 < len(raw) && raw[i+1] == '\n':
		case c == '\r':
			out = append(out, ' ')
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// Get returns the unfolded raw value of the first field called name (any case),
// or "".
func (h Header) Get(name string) string {
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, name) {
			return h.Fields[i].Value()
		}
	}
	return ""
}

// All returns the unfolded raw values of all fields called name, top first.
func (h Header) All(name string) []string {
	var all []string
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, name) {
			all = append(all, h.Fields[i].Value())
		}
	}
	return all
}

// Has reports whether there is a field called name.
func (h Header) Has(name string) bool { return h.Count(name) > 0 }

// Count returns how many fields are called name.
func (h Header) Count(name string) int {
	n := 0
	for i := range h.Fields {
		if strings.EqualFold(h.Fields[i].Name, name) {
			n++
		}
	}
	return n
}

// Text returns the first field called name with its encoded words decoded
// (RFC 2047): valid UTF-8 without control characters.
func (h Header) Text(name string) string { return decodeWords(h.Get(name)) }

// Addresses returns the mailboxes of all fields called name, group members
// included. Members of a list that cannot be read are left out. At most
// MaxMailboxes.
func (h Header) Addresses(name string) []Mailbox {
	var all []Mailbox
	for _, v := range h.All(name) {
		all = append(all, ParseMailboxes(v)...)
		if len(all) >= MaxMailboxes {
			return all[:MaxMailboxes]
		}
	}
	return all
}

// MessageIDs returns the ids of all fields called name, without angle brackets,
// without repeats. Of more than MaxMessageIDs the first and the last are kept.
func (h Header) MessageIDs(name string) []string {
	return ScanIDs(strings.Join(h.All(name), " "))
}

// Date reads the first field called name as a date (RFC 5322 §3.3 and §4.3).
// ok is false if there is none or it makes no sense. The zone is that of the
// field.
func (h Header) Date(name string) (t time.Time, ok bool) { return ParseDate(h.Get(name)) }
