package mail

import "bytes"

// The bounds of the scanner. What lies beyond is opaque.
const (
	MaxDepth     = 100       // nested multiparts and messages
	MaxParts     = 1000      // parts of one message
	MaxTextParts = 8         // text parts whose text is kept
	MaxTextRaw   = 256 << 10 // encoded octets kept of each

	maxBoundary  = 8 << 10  // octets; RFC 2046 allows 70
	maxPartHead  = 64 << 10 // octets read of the header of one part
	maxPreamble  = 16 << 10 // octets kept of a preamble, for a multipart without parts
	maxCalendar  = 64 << 10 // octets kept of a calendar
	maxKept      = 1 << 20  // octets of header strings kept of all parts together
	maxLineStart = maxBoundary + 64
)

// A Scanner reads the MIME structure of a body in one pass, in linear time and
// bounded memory: it never holds the body.
//
// It looks at the start of each line only. Boundaries of all open multiparts
// stand in one map, so that depth costs nothing per line.
type Scanner struct {
	content Content
	stack   []frame
	open    map[string]int // boundary → index of the innermost open multipart that has it
	leaf    *leaf          // the part whose body is being read, nil between parts
	head    *partHead      // the header being read, or nil
	parts   int
	kept    int  // octets of strings kept
	opaque  bool // no structure is looked for any more
	full    bool // maxKept is reached
	ended   bool // Finish was called

	off     int64  // offset of the next octet to take
	lines   int64  // line ends before off
	prevEOL int    // length of the line end before off
	buf     []byte // start of a line that came in pieces
	inLine  bool   // off is inside a line whose start was looked at
	sawCR   bool   // the last octet taken was a CR inside a long line

	texts []*capture
}

// A frame is an open multipart, or an open message/rfc822 part.
type frame struct {
	part      *Part
	boundary  string // "" for a message
	outer     int    // what open[boundary] was, or -1
	closed    bool   // the close delimiter was seen
	preamble  *capture
	openLines int64
}

// A leaf is a part without structure whose body is being read.
type leaf struct {
	part      *Part
	openLines int64
	cap       *capture // nil: the text is not kept
}

// A partHead is the header of a part while it is read.
type partHead struct {
	part  *Part
	def   string // default type
	raw   []byte
	limit int
	root  bool // the root of an embedded message: ENVELOPE is wanted
}

// A capture keeps the encoded text of a part, in pieces: most of it is never read.
type capture struct {
	part   *Part
	pieces [][]byte
	size   int
	cap    int
	cut    bool
}

func (c *capture) add(b []byte) {
	if room := c.cap - c.size; len(b) > room {
		b, c.cut = b[:room], true
	}
	c.size += len(b)
	last := len(c.pieces) - 1
	if last >= 0 {
		n := min(len(b), cap(c.pieces[last])-len(c.pieces[last]))
		c.pieces[last] = append(c.pieces[last], b[:n]...)
		b = b[n:]
	}
	if len(b) > 0 {
		c.pieces = append(c.pieces, append(make([]byte, 0, max(min(usualText<<min(last+1, 3), maxPiece), len(b))), b...))
	}
}

const (
	// usualText is what most text parts fit into.
	usualText = 4 << 10
	// maxPiece bounds a piece: they double.
	maxPiece = 32 << 10
)

// raw is the whole of it.
func (c *capture) raw() []byte {
	if len(c.pieces) == 1 {
		return c.pieces[0]
	}
	return bytes.Join(c.pieces, nil)
}

// holds reports whether a word stands in it, without joining the pieces.
func (c *capture) holds(word string) bool {
	var seam []byte
	for _, p := range c.pieces {
		seam = append(seam, p[:min(len(p), len(word)-1)]...)
		if bytes.Contains(p, []byte(word)) || bytes.Contains(seam, []byte(word)) {
			return true
		}
		seam = append(seam[:0], p[max(0, len(p)-len(word)+1):]...)
	}
	return false
}

// NewScanner starts a scan of the body that belongs to head.
func NewScanner(head []byte) *Scanner {
	s := &Scanner{open: make(map[string]int)}
	root := &Part{}
	s.content.Root = root
	s.parts = 1
	root.describe(ParseHeader(head), "text/plain")
	s.keep(root)
	s.openBody(root)
	return s
}

// Scan reads a body that is in memory.
func Scan(head, body []byte) *Content {
	s := NewScanner(head)
	s.take(body)
	return s.Finish()
}

// Write takes the next octets of the body, cut anywhere. It never fails.
func (s *Scanner) Write(p []byte) (int, error) {
	s.take(p)
	return len(p), nil
}

// take cuts p into lines. The start of a line is collected until it is whole or
// too long to be a boundary; the rest of a long line passes through.
func (s *Scanner) take(p []byte) {
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		piece, whole := p, false
		if i >= 0 {
			piece, whole = p[:i+1], true
		}
		p = p[len(piece):]
		switch {
		case s.inLine:
			s.longLine(piece, whole)
		case len(s.buf) == 0 && whole:
			s.line(piece, true)
		case len(s.buf)+len(piece) > maxLineStart || whole:
			s.buf = append(s.buf, piece...)
			s.line(s.buf, whole)
			s.buf = s.buf[:0]
		default:
			s.buf = append(s.buf, piece...)
		}
	}
}

// longLine takes a later piece of a line whose start was taken.
func (s *Scanner) longLine(piece []byte, whole bool) {
	s.text(piece)
	s.pass(piece, whole)
}

// pass moves behind a piece.
func (s *Scanner) pass(piece []byte, whole bool) {
	if whole {
		s.lines++
		s.prevEOL = 1
		if n := len(piece); n > 1 && piece[n-2] == '\r' || n == 1 && s.sawCR {
			s.prevEOL = 2
		}
	} else {
		s.prevEOL = 0
	}
	s.sawCR = len(piece) > 0 && piece[len(piece)-1] == '\r'
	s.inLine = !whole
	s.off += int64(len(piece))
}

// line takes a line, or with whole false the start of a long one.
func (s *Scanner) line(b []byte, whole bool) {
	if (whole || s.ended) && !s.opaque && len(b) > 2 && b[0] == '-' && b[1] == '-' {
		if i, final, ok := s.match(b); ok {
			s.delimiter(i, final, int64(len(b)))
			s.pass(b, whole)
			return
		}
	}
	if s.head != nil {
		s.headLine(b, whole)
		return
	}
	s.text(b)
	s.pass(b, whole)
}

// match reports whether a line is the delimiter of an open multipart, with white
// space behind it as RFC 2046 §5.1.1 allows.
func (s *Scanner) match(b []byte) (index int, final, ok bool) {
	if len(s.open) == 0 {
		return 0, false, false
	}
	b = bytes.TrimRight(b[2:], " \t\r\n")
	if i, ok := s.open[string(b)]; ok {
		return i, false, true
	}
	if n := len(b) - 2; n > 0 && b[n] == '-' && b[n+1] == '-' {
		if i, ok := s.open[string(b[:n])]; ok {
			return i, true, true
		}
	}
	return 0, false, false
}

// delimiter closes what is open inside stack[i] and begins its next part, or
// with final its epilogue. size is the length of the delimiter line.
func (s *Scanner) delimiter(i int, final bool, size int64) {
	// The line end before a delimiter belongs to it (RFC 2046 §5.1.1).
	s.closeAbove(i, s.off-int64(s.prevEOL), s.prevEOL > 0)
	f := &s.stack[i]
	if final {
		f.closed = true
		s.forget(f)
		return
	}
	def := "text/plain"
	if f.part.Subtype == "digest" {
		def = "message/rfc822" // RFC 2046 §5.1.5
	}
	p := &Part{HeaderStart: s.off + size}
	f.part.Children = append(f.part.Children, p)
	s.parts++
	if s.parts >= MaxParts {
		s.opaque = true
		p.Type, p.Subtype, p.BodyStart = "application", "octet-stream", p.HeaderStart
		s.leaf = &leaf{part: p, openLines: s.lines + 1}
		return
	}
	s.head = &partHead{part: p, def: def, limit: maxPartHead}
}

// headLine takes a line of a part's header.
func (s *Scanner) headLine(b []byte, whole bool) {
	h := s.head
	blank := isBlank(b)
	if !blank && len(h.raw) == 0 && s.off == h.part.HeaderStart && startsBody(b) {
		s.endHead() // no header at all: the body starts here
		if s.head == nil {
			s.text(b)
			s.pass(b, whole)
			return
		}
	}
	s.headText(b)
	s.pass(b, whole)
	if blank {
		s.endHead()
	}
}

// startsBody reports whether the first line of an entity can be no header line.
func startsBody(b []byte) bool {
	if b[0] == ' ' || b[0] == '\t' || bytes.HasPrefix(b, []byte("From ")) || bytes.HasPrefix(b, []byte(">From ")) {
		return false
	}
	name, _, _ := fieldName(b)
	return name == ""
}

func (s *Scanner) headText(b []byte) {
	h := s.head
	if room := h.limit - len(h.raw); len(b) > room {
		b = b[:room]
	}
	h.raw = append(h.raw, b...)
}

// endHead reads a part's header and opens its body where the scan stands.
func (s *Scanner) endHead() {
	h := s.head
	s.head = nil
	header := ParseHeader(h.raw)
	h.part.BodyStart = s.off
	h.part.describe(header, h.def)
	s.keep(h.part)
	if h.root {
		s.stack[len(s.stack)-1].part.Message.Envelope = s.keepEnvelope(header)
	}
	s.openBody(h.part)
}

// openBody begins the body of a part whose header is known.
func (s *Scanner) openBody(p *Part) {
	deep := len(s.stack) >= MaxDepth
	b := s.boundary(p)
	switch {
	case p.Type == "multipart":
		if b == "" || len(b) > maxBoundary {
			degradeText(p)
			break
		}
		if deep {
			opaquePart(p)
			break
		}
		f := frame{part: p, boundary: b, outer: -1, openLines: s.lines, preamble: &capture{part: p, cap: maxPreamble}}
		if i, dup := s.open[b]; dup {
			f.outer = i
		}
		s.open[b] = len(s.stack)
		s.stack = append(s.stack, f)
		return
	case isMessage(p):
		if deep || s.parts+1 >= MaxParts || !plainEncoding(p.Encoding) {
			opaquePart(p)
			break
		}
		s.stack = append(s.stack, frame{part: p, outer: -1, openLines: s.lines})
		s.parts++
		root := &Part{HeaderStart: p.BodyStart}
		p.Message = &Embedded{Root: root}
		s.head = &partHead{part: root, def: "text/plain", limit: maxPartHead, root: true}
		return
	}
	s.leaf = &leaf{part: p, openLines: s.lines, cap: s.capture(p)}
}

// boundary returns the boundary of p as written, and leaves in p what may be
// shown of it.
func (s *Scanner) boundary(p *Part) string {
	b, ok := p.Params["boundary"]
	if ok {
		p.Params["boundary"] = cleanText(guessUTF8(b))
	}
	if s.full {
		p.Params = nil
	}
	return b
}

func isMessage(p *Part) bool {
	return p.Type == "message" && (p.Subtype == "rfc822" || p.Subtype == "global")
}

// plainEncoding: a message may not be encoded (RFC 2046 §5.2.1); one that is
// cannot be addressed by IMAP part numbers and stays opaque.
func plainEncoding(e string) bool {
	return e == "" || e == "7bit" || e == "8bit" || e == "binary"
}

// degradeText makes a multipart that has no parts a text, so that BODYSTRUCTURE
// stays legal.
func degradeText(p *Part) {
	p.Type, p.Subtype, p.Children = "text", "plain", nil
	set := p.Params["charset"]
	p.Params = nil
	if set != "" {
		p.Params = map[string]string{"charset": set}
	}
}

func opaquePart(p *Part) {
	p.Type, p.Subtype, p.Message = "application", "octet-stream", nil
	delete(p.Params, "boundary")
}

// text gives octets of a body to whoever keeps them.
func (s *Scanner) text(b []byte) {
	switch {
	case s.head != nil:
		s.headText(b)
	case s.leaf != nil:
		if s.leaf.cap != nil {
			s.leaf.cap.add(b)
		}
	case len(s.stack) > 0:
		if f := &s.stack[len(s.stack)-1]; f.preamble != nil && !f.closed && len(f.part.Children) == 0 {
			f.preamble.add(b)
		}
	}
}

// closeAbove ends everything inside stack[i] at end. eol says that a line end
// there does not belong to it.
func (s *Scanner) closeAbove(i int, end int64, eol bool) {
	lines := s.lines
	if eol {
		lines--
	}
	for s.head != nil { // a header without blank line: no body
		s.endHead()
	}
	// A body that has not begun does not end before it does, nor does what it
	// stands in.
	if start := s.innermost(i); start > end {
		end, lines = start, s.lines
	}
	if l := s.leaf; l != nil {
		s.leaf = nil
		l.part.BodyEnd = end
		l.part.Lines = max(lines-l.openLines, 0)
	}
	for len(s.stack) > i+1 {
		f := &s.stack[len(s.stack)-1]
		s.forget(f)
		s.endFrame(f, end, lines)
		s.stack = s.stack[:len(s.stack)-1]
	}
}

// innermost returns where the body of the innermost open part above stack[i]
// starts.
func (s *Scanner) innermost(i int) int64 {
	if s.leaf != nil {
		return s.leaf.part.BodyStart
	}
	if n := len(s.stack) - 1; n > i {
		return s.stack[n].part.BodyStart
	}
	return 0
}

// endFrame ends a multipart or a message.
func (s *Scanner) endFrame(f *frame, end, lines int64) {
	p := f.part
	p.BodyEnd = end
	p.Lines = max(lines-f.openLines, 0)
	if p.Type == "multipart" && len(p.Children) == 0 {
		degradeText(p)
		if c := s.capture(p); c != nil {
			c.add(f.preamble.raw())
			c.cut = c.cut || f.preamble.cut
		}
	}
	f.preamble = nil
}

// forget takes a multipart's boundary out of the map.
func (s *Scanner) forget(f *frame) {
	if f.boundary == "" {
		return
	}
	if f.outer >= 0 {
		s.open[f.boundary] = f.outer
	} else {
		delete(s.open, f.boundary)
	}
	f.boundary = ""
}

// Finish ends the scan. The Scanner must not be used afterwards.
func (s *Scanner) Finish() *Content {
	s.ended = true
	if len(s.buf) > 0 {
		s.line(s.buf, false)
		s.buf = nil
	}
	// A line end before the end of the body belongs to the part.
	s.closeAbove(-1, s.off, false)
	s.content.Size, s.content.Lines = s.off, s.lines
	size := 0
	for _, c := range s.texts {
		s.content.Cut = s.content.Cut || c.cut
		size += c.size
	}
	if len(s.texts) > 0 {
		s.content.texts = &texts{captures: s.texts, sealed: seemSealed(s.texts), size: size}
		s.texts = nil
	}
	return &s.content
}
