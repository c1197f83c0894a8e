package mail

import "strings"

// A Content is what the Scanner learnt of a body.
type Content struct {
	Root  *Part  `json:"root"`
	Size  int64  `json:"size"`          // octets of the body
	Lines int64  `json:"lines"`         // line ends of the body
	Cut   bool   `json:"cut,omitempty"` // Plain, HTML or Calendar were capped
	texts *texts // nil: there are none
}

// A Part is one MIME entity (RFC 2045). Offsets count from the start of the
// message's body; for the root HeaderStart and BodyStart are 0, its header is
// the message's head. A multipart has at least one child, and a message/rfc822
// or message/global has Message: what cannot keep that is degraded to text/plain
// or application/octet-stream.
type Part struct {
	Type        string            `json:"t"`            // lower-case
	Subtype     string            `json:"s"`            // lower-case
	Params      map[string]string `json:"p,omitempty"`  // RFC 2231 decoded, names lower-case, valid UTF-8 without controls; names of files without a path
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
// is never a path: the last element, without controls (RFC 2183 §5). "" without
// a name.
func (p *Part) FileName() string {
	name := p.DispParams["filename"]
	if name == "" {
		name = p.Params["name"]
	}
	name = capText(cleanText(lastElement(name)), 255)
	if strings.Trim(name, ". ") == "" {
		return ""
	}
	return name
}

// IsAttachment reports whether p is offered for saving rather than reading.
func (p *Part) IsAttachment() bool {
	switch {
	case p.Type == "multipart":
		return false
	case p.Disposition == "attachment":
		return true
	case p.Disposition == "inline":
		return p.Type != "text" && p.ID == "" && p.FileName() != ""
	case p.Type == "text":
		return p.FileName() != ""
	}
	// Pictures that HTML shows have a Content-ID; signatures are no files.
	return p.ID == "" && p.Type != "message" && !(p.Type == "application" && strings.HasSuffix(p.Subtype, "-signature"))
}

// Walk calls f for p and everything below it, embedded messages included, top
// first. It stops when f returns false.
func (p *Part) Walk(f func(*Part) bool) bool {
	if p == nil {
		return true
	}
	if !f(p) {
		return false
	}
	for _, c := range p.Children {
		if !c.Walk(f) {
			return false
		}
	}
	if p.Message != nil {
		return p.Message.Root.Walk(f)
	}
	return true
}

// describe sets what the header of a part says of it. def is the type of a part
// that names none.
func (p *Part) describe(h Header, def string) {
	value, params := def, map[string]string(nil)
	if h.Has("Content-Type") {
		value, params = parseParams(h.Get("Content-Type"))
	}
	p.Type, p.Subtype = splitMedia(value)
	p.Params = params
	p.ID = asciiField(h.Get("Content-ID"))
	p.Description = asciiField(h.Get("Content-Description"))
	p.MD5 = asciiField(h.Get("Content-MD5"))
	p.Location = asciiField(h.Get("Content-Location"))
	if enc := strings.ToLower(firstWord(stripComments(h.Get("Content-Transfer-Encoding")))); isToken(enc) {
		p.Encoding = enc
	}
	if v := h.Get("Content-Disposition"); v != "" {
		p.Disposition, p.DispParams = parseParams(v)
		if !isToken(p.Disposition) {
			p.Disposition = "attachment" // RFC 2183 §2.8
		}
	}
	for _, l := range strings.Split(h.Get("Content-Language"), ",") {
		if l = strings.TrimSpace(l); isToken(l) && len(p.Language) < 20 {
			p.Language = append(p.Language, l)
		}
	}
}

// asciiField is a field's value for ENVELOPE and BODYSTRUCTURE: as written, but
// without controls, encoded (RFC 2047) if it is not ASCII, and not endless.
func asciiField(v string) string {
	v = cleanText(guessUTF8(v))
	for i := 0; i < len(v); i++ {
		if v[i] >= 0x80 {
			return capText(encodeWords(v), maxParamValue)
		}
	}
	return capText(v, maxParamValue)
}
