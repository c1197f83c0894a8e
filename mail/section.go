package mail

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
// body. With Filter set the span is a head that SelectFields must still be
// applied to (only for the heads of embedded messages; they are capped).
type Span struct {
	Head       []byte
	Start, End int64
	Filter     bool
}

// Locate finds section s of the message made of head and a body with the
// structure root. ok is false if there is no such part: the answer is NIL.
func Locate(head []byte, root *Part, s Section) (span Span, ok bool) { return Span{}, false }

// Find returns the part that numbers name, or nil (RFC 9051 §6.4.5.1). An empty
// path is root.
func (p *Part) Find(path []int) *Part { return nil }

// SelectFields returns the fields of head called names, or with not all others,
// octets unchanged, then a blank line.
func SelectFields(head []byte, names []string, not bool) []byte { return nil }
