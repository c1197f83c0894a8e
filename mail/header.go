package mail

import "time"

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
// fails; lines that are no field are kept as nameless fields.
func ParseHeader(head []byte) Header { return Header{} }

// SplitHead cuts a message behind its first blank line. A message without one
// is all head if its lines look like fields, else all body.
func SplitHead(b []byte) (head, body []byte) { return nil, b }

// Value returns the unfolded value of f: no line ends, outer white space cut.
func (f Field) Value() string { return "" }

// Get returns the unfolded raw value of the first field called name (any case),
// or "".
func (h Header) Get(name string) string { return "" }

// All returns the unfolded raw values of all fields called name, top first.
func (h Header) All(name string) []string { return nil }

// Has reports whether there is a field called name.
func (h Header) Has(name string) bool { return h.Count(name) > 0 }

// Count returns how many fields are called name.
func (h Header) Count(name string) int { return 0 }

// Text returns the first field called name with its encoded words decoded
// (RFC 2047): valid UTF-8 without control characters.
func (h Header) Text(name string) string { return "" }

// Addresses returns the mailboxes of all fields called name, group members
// included. Members of a list that cannot be read are left out. At most
// MaxMailboxes.
func (h Header) Addresses(name string) []Mailbox { return nil }

// MessageIDs returns the ids of all fields called name, without angle brackets,
// without repeats. Of more than MaxMessageIDs the first and the last are kept.
func (h Header) MessageIDs(name string) []string { return nil }

// Date reads the first field called name as a date (RFC 5322 §3.3 and §4.3).
// ok is false if there is none or it makes no sense. The zone is that of the
// field.
func (h Header) Date(name string) (t time.Time, ok bool) { return time.Time{}, false }
