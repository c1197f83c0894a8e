package mail

import "strings"

// A Section names a piece of a message as BODY[…] does (RFC 9051 §6.4.5.1).
type Section struct {
	Path   []int // part numbers, from 1; nil is the message itself
	Kind   SectionKind
	Fields []string // for SectionFields and SectionFieldsNot
}

// A SectionKind is the word behind the part numbers.
type SectionKind string

// The kinds of section.
const (
	SectionAll       SectionKind = ""
	SectionHeader    SectionKind = "HEADER"
	SectionText      SectionKind = "TEXT"
	SectionMIME      SectionKind = "MIME"
	SectionFields    SectionKind = "HEADER.FIELDS"
	SectionFieldsNot SectionKind = "HEADER.FIELDS.NOT"
)

// A Span is where a section's octets are: Head followed by [Start, End) of the
// body. With Filter set the span is the head of an embedded message that the
// caller reads and gives to SelectFields.
type Span struct {
	Head       []byte
	Start, End int64
	Filter     bool
}

// Locate finds section s of the message made of head and a body with the
// structure root. ok is false if there is no such part: the answer is NIL.
func Locate(head []byte, root *Part, s Section) (span Span, ok bool) {
	if root == nil {
		return Span{}, false
	}
	if len(s.Path) == 0 {
		return locateTop(head, root, s)
	}
	p := root.Find(s.Path)
	if p == nil {
		return Span{}, false
	}
	switch s.Kind {
	case SectionAll:
		return Span{Start: p.BodyStart, End: p.BodyEnd}, true
	case SectionMIME:
		if p == root { // part 1 of a message without parts
			return Span{Head: head}, true
		}
		return Span{Start: p.HeaderStart, End: p.BodyStart}, true
	}
	// HEADER and TEXT ask for a message inside (RFC 9051 §6.4.5.1).
	if p.Message == nil {
		return Span{}, false
	}
	in := p.Message.Root
	switch s.Kind {
	case SectionText:
		return Span{Start: in.BodyStart, End: in.BodyEnd}, true
	case SectionHeader:
		return Span{Start: in.HeaderStart, End: in.BodyStart}, true
	case SectionFields, SectionFieldsNot:
		return Span{Start: in.HeaderStart, End: in.BodyStart, Filter: true}, true
	}
	return Span{}, false
}

func locateTop(head []byte, root *Part, s Section) (Span, bool) {
	switch s.Kind {
	case SectionAll:
		return Span{Head: head, End: root.BodyEnd}, true
	case SectionHeader:
		return Span{Head: head}, true
	case SectionText:
		return Span{End: root.BodyEnd}, true
	case SectionFields, SectionFieldsNot:
		return Span{Head: SelectFields(head, s.Fields, s.Kind == SectionFieldsNot)}, true
	}
	return Span{}, false // BODY[MIME] needs a number
}

// Find returns the part that numbers name, or nil (RFC 9051 §6.4.5.1). An empty
// path is p. A message without parts has itself as part 1, and so has a message
// embedded in one.
func (p *Part) Find(path []int) *Part {
	msg := p // the root whose parts the next number counts
	for i, n := range path {
		switch {
		case n < 1 || msg == nil:
			return nil
		case msg.Type == "multipart":
			if n > len(msg.Children) {
				return nil
			}
			p = msg.Children[n-1]
		case n == 1 && (i == 0 || p.Message != nil):
			p = msg
		default:
			return nil
		}
		switch {
		case p.Message != nil:
			msg = p.Message.Root
		case p.Type == "multipart" && p != msg:
			msg = p
		default:
			msg = nil
		}
	}
	return p
}

// SelectFields returns the fields of head called names, or with not all others,
// octets unchanged, then a blank line (RFC 9051 §6.4.5.1).
func SelectFields(head []byte, names []string, not bool) []byte {
	var out []byte
	walkFields(head, func(name string, start, _, end int) bool {
		if matchesAny(name, names) != not {
			out = append(out, head[start:end]...)
		}
		return true
	})
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, "\r\n"...)
	}
	return append(out, "\r\n"...)
}

func matchesAny(name string, names []string) bool {
	for _, n := range names {
		if name != "" && strings.EqualFold(name, n) {
			return true
		}
	}
	return false
}

// walkFields calls f for each field of a head of any size, lines that are none
// included (name "", colon -1), until the blank line.
func walkFields(head []byte, f func(name string, start, colon, end int) bool) {
	for pos := 0; pos < len(head); {
		start := pos
		line := head[pos:lineEnd(head, pos)]
		if isBlank(line) {
			return
		}
		name, colon, _ := fieldName(line)
		if name == "" {
			colon = -1
		}
		pos += len(line)
		for pos < len(head) && (head[pos] == ' ' || head[pos] == '\t') {
			pos = lineEnd(head, pos)
		}
		if !f(name, start, start+colon, pos) {
			return
		}
	}
}
