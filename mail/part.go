package mail

// A Content is what the Scanner learnt of a body.
type Content struct {
	Root     *Part  `json:"root"`
	Plain    string `json:"-"`             // decoded text of the first text/plain parts, in order, LF line ends
	HTML     string `json:"-"`             // decoded text of the first text/html parts
	Calendar string `json:"-"`             // decoded first text/calendar part
	Size     int64  `json:"size"`          // octets of the body
	Lines    int64  `json:"lines"`         // line ends of the body
	Cut      bool   `json:"cut,omitempty"` // Plain, HTML or Calendar were capped
}

// A Part is one MIME entity (RFC 2045). Offsets count from the start of the
// message's body; for the root HeaderStart and BodyStart are 0, its header is
// the message's head. A multipart has at least one child, and a message/rfc822
// or message/global has Message: what cannot keep that is degraded to text/plain
// or application/octet-stream.
type Part struct {
	Type        string            `json:"t"`            // lower-case
	Subtype     string            `json:"s"`            // lower-case
	Params      map[string]string `json:"p,omitempty"`  // RFC 2231 decoded, names lower-case, valid UTF-8 without controls
	ID          string            `json:"id,omitempty"` // Content-ID as written
	Description string            `json:"de,omitempty"` // as written, 8-bit encoded (RFC 2047)
	Encoding    string            `json:"e,omitempty"`  // lower-case, "" is 7bit
	MD5         string            `json:"m,omitempty"`
	Disposition string            `json:"d,omitempty"` // lower-case
	DispParams  map[string]string `json:"dp,omitempty"`
	Language    []string          `json:"la,omitempty"`
	Location    string            `json:"lo,omitempty"`
	HeaderStart int64             `json:"h"`
	BodyStart   int64             `json:"b"`
	BodyEnd     int64             `json:"n"`
	Lines       int64             `json:"l"` // lines of the encoded body
	Children    []*Part           `json:"c,omitempty"`
	Message     *Embedded         `json:"x,omitempty"`
}

// An Embedded is the message inside a message/rfc822 part. Its head stands at
// [Root.HeaderStart, Root.BodyStart).
type Embedded struct {
	Envelope *ImapEnvelope `json:"e"`
	Root     *Part         `json:"r"`
}

// Size returns the octets of the encoded body of p.
func (p *Part) Size() int64 { return p.BodyEnd - p.BodyStart }

// MediaType returns type/subtype, lower-case.
func (p *Part) MediaType() string { return p.Type + "/" + p.Subtype }

// FileName returns the name under which p wants to be stored, as a label that
// is never a path: the last element, without controls. "" without a name.
func (p *Part) FileName() string { return "" }

// IsAttachment reports whether p is offered for saving rather than reading.
func (p *Part) IsAttachment() bool { return false }

// Walk calls f for p and everything below it, embedded messages included, top
// first. It stops when f returns false.
func (p *Part) Walk(f func(*Part) bool) bool { return true }
