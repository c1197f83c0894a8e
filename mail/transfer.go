package mail

import (
	"bytes"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// DecodeTransfer undoes a Content-Transfer-Encoding. Broken base64 and
// quoted-printable give what can be read; an unknown encoding gives the octets
// as they are. It never fails but with r.
func DecodeTransfer(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(encoding) {
	case "base64":
		return &decodingReader{r: r, d: &base64Decoder{}}
	case "quoted-printable":
		return &decodingReader{r: r, d: &qpDecoder{}}
	}
	return r
}

// A decoder turns encoded octets into octets, cut anywhere.
type decoder interface {
	decode(dst, src []byte) []byte
	end(dst []byte) []byte
}

type decodingReader struct {
	r    io.Reader
	d    decoder
	in   [4096]byte
	out  []byte // decoded, not yet read
	room []byte
	err  error
}

func (d *decodingReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(d.out) == 0 {
		if d.err != nil {
			return 0, d.err
		}
		n, err := d.r.Read(d.in[:])
		d.room = d.d.decode(d.room[:0], d.in[:n])
		if err != nil {
			d.err = err
			d.room = d.d.end(d.room)
		}
		d.out = d.room
	}
	n := copy(p, d.out)
	d.out = d.out[n:]
	return n, nil
}

// decodeTransferBytes is DecodeTransfer for what is in memory. ok is false for
// an unknown encoding.
func decodeTransferBytes(encoding string, b []byte) (out []byte, ok bool) {
	var d decoder
	switch encoding {
	case "", "7bit", "8bit", "binary":
		return b, true
	case "base64":
		d = &base64Decoder{}
	case "quoted-printable":
		d = &qpDecoder{}
	default:
		return nil, false
	}
	return d.end(d.decode(make([]byte, 0, len(b)), b)), true
}

// A base64Decoder ignores what is not of the alphabet (RFC 2045 §6.8) and goes
// on behind padding: some programs join pieces.
type base64Decoder struct {
	acc uint32
	n   int // sextets in acc
}

func (d *base64Decoder) decode(dst, src []byte) []byte {
	for _, c := range src {
		v := sextet(c)
		if v < 0 {
			if c == '=' {
				dst = d.end(dst)
			}
			continue
		}
		d.acc = d.acc<<6 | uint32(v)
		if d.n++; d.n == 4 {
			dst = append(dst, byte(d.acc>>16), byte(d.acc>>8), byte(d.acc))
			d.acc, d.n = 0, 0
		}
	}
	return dst
}

func (d *base64Decoder) end(dst []byte) []byte {
	switch d.n {
	case 2:
		dst = append(dst, byte(d.acc>>4))
	case 3:
		dst = append(dst, byte(d.acc>>10), byte(d.acc>>2))
	}
	d.acc, d.n = 0, 0
	return dst
}

func sextet(c byte) int {
	switch {
	case c >= 'A' && c <= 'Z':
		return int(c - 'A')
	case c >= 'a' && c <= 'z':
		return int(c-'a') + 26
	case c >= '0' && c <= '9':
		return int(c-'0') + 52
	case c == '+' || c == '-':
		return 62
	case c == '/' || c == '_':
		return 63
	}
	return -1
}

const maxHeldSpace = 1024 // white space held to see whether a line ends behind it

// A qpDecoder decodes quoted-printable (RFC 2045 §6.7). What is no escape stays
// as it is; white space at the end of a line is dropped (rule 3).
type qpDecoder struct {
	held []byte // "=", "=X", "= \t", "=\r" or white space, undecided
}

func (d *qpDecoder) decode(dst, src []byte) []byte {
	for _, c := range src {
		if len(d.held) > 0 {
			var done bool
			if dst, done = d.escape(dst, c); done {
				continue
			}
		}
		switch c {
		case '=', ' ', '\t':
			d.held = append(d.held, c)
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

// escape takes c behind held octets. done is false if c starts anew.
func (d *qpDecoder) escape(dst []byte, c byte) (_ []byte, done bool) {
	if d.held[0] != '=' {
		switch c {
		case ' ', '\t':
			if len(d.held) >= maxHeldSpace {
				dst = d.end(dst)
			}
			d.held = append(d.held, c)
			return dst, true
		case '\r', '\n':
			d.held = d.held[:0]
			return dst, false
		}
		return d.end(dst), false
	}
	last := d.held[len(d.held)-1]
	switch {
	case c == '\n':
		d.held = d.held[:0] // soft line break
		return dst, true
	case last == '\r':
	case c == '\r' && (len(d.held) == 1 || last == ' ' || last == '\t'):
		d.held = append(d.held, c)
		return dst, true
	case (c == ' ' || c == '\t') && (len(d.held) == 1 || last == ' ' || last == '\t') && len(d.held) < maxHeldSpace:
		d.held = append(d.held, c)
		return dst, true
	case len(d.held) == 1 && unhex(c) >= 0:
		d.held = append(d.held, c)
		return dst, true
	case len(d.held) == 2 && unhex(last) >= 0 && unhex(c) >= 0:
		dst = append(dst, byte(unhex(last)<<4|unhex(c)))
		d.held = d.held[:0]
		return dst, true
	}
	return d.end(dst), false
}

func (d *qpDecoder) end(dst []byte) []byte {
	dst = append(dst, d.held...)
	d.held = d.held[:0]
	return dst
}

// DecodeCharset converts r to UTF-8. The result is always valid UTF-8: what
// cannot be decoded, or all that is not ASCII in an unknown charset, becomes
// U+FFFD. Octets without a label that are not UTF-8 are read as windows-1252.
// It never fails but with r.
func DecodeCharset(name string, r io.Reader) io.Reader {
	name = strings.ToLower(strings.TrimSpace(name))
	switch {
	case unlabelled(name):
		return transform.NewReader(r, latinFallback{})
	case name == "utf-8" || name == "utf8":
		return transform.NewReader(r, unicode.UTF8.NewDecoder())
	}
	src := &errKeeper{r: r}
	out, err := charset.Reader(name, src)
	if err != nil {
		return transform.NewReader(r, asciiFallback{})
	}
	return &charsetReader{r: transform.NewReader(out, unicode.UTF8.NewDecoder()), src: src}
}

// An errKeeper remembers how r ended.
type errKeeper struct {
	r   io.Reader
	err error
}

func (k *errKeeper) Read(p []byte) (int, error) {
	n, err := k.r.Read(p)
	if err != nil {
		k.err = err
	}
	return n, err
}

// A charsetReader ends quietly where a converter gives up.
type charsetReader struct {
	r   io.Reader
	src *errKeeper
}

func (c *charsetReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if err != nil && (c.src.err == nil || c.src.err == io.EOF) {
		err = io.EOF
	}
	return n, err
}

// latinFallback passes valid UTF-8 and reads other octets as windows-1252.
type latinFallback struct{ transform.NopResetter }

func (latinFallback) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	return eachRune(dst, src, atEOF, func(b byte) rune { return charmap.Windows1252.DecodeByte(b) })
}

// asciiFallback passes ASCII alone.
type asciiFallback struct{ transform.NopResetter }

func (asciiFallback) Transform(dst, src []byte, atEOF bool) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		r := rune(src[nSrc])
		if r >= utf8.RuneSelf {
			r = utf8.RuneError
		}
		if nDst+utf8.RuneLen(r) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc++
	}
	return nDst, nSrc, nil
}

// eachRune copies src and replaces octets that are not UTF-8.
func eachRune(dst, src []byte, atEOF bool, odd func(byte) rune) (nDst, nSrc int, err error) {
	for nSrc < len(src) {
		r, size := utf8.DecodeRune(src[nSrc:])
		if r == utf8.RuneError && size == 1 {
			if !atEOF && !utf8.FullRune(src[nSrc:]) {
				return nDst, nSrc, transform.ErrShortSrc
			}
			r = odd(src[nSrc])
		}
		if nDst+utf8.RuneLen(r) > len(dst) {
			return nDst, nSrc, transform.ErrShortDst
		}
		nDst += utf8.EncodeRune(dst[nDst:], r)
		nSrc += size
	}
	return nDst, nSrc, nil
}

// decode turns what a capture kept into text with LF line ends. ok is false if
// the encoding is unknown: then it is opaque.
func (c *capture) decode() (text string, ok bool) {
	raw, ok := decodeTransferBytes(c.part.Encoding, c.raw())
	if !ok {
		return "", false
	}
	set := strings.ToLower(c.part.Params["charset"])
	if set == "" && bytes.HasPrefix(raw, []byte("\xef\xbb\xbf")) {
		set = "utf-8"
	}
	text = normalText(charsetText(set, raw))
	if c.part.Subtype == "plain" && strings.EqualFold(c.part.Params["format"], "flowed") {
		text = unflow(text, strings.EqualFold(c.part.Params["delsp"], "yes"))
	}
	return text, true
}

// normalText gives a text LF line ends and removes the BOM and the controls but
// tab and form feed.
func normalText(s string) string {
	s = strings.TrimPrefix(s, "\uFEFF")
	if strings.IndexByte(s, '\r') >= 0 {
		s = unixLines(s)
	}
	if !hasControl(s) {
		return s
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' && r != '\f' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s)
}

// unixLines makes LF of CRLF and of CR, in one pass.
func unixLines(s string) string {
	var b strings.Builder
	b.Grow(len(s))
	for {
		i := strings.IndexByte(s, '\r')
		if i < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:i])
		b.WriteByte('\n')
		s = strings.TrimPrefix(s[i+1:], "\n")
	}
}

// hasControl reports whether normalText has something to remove from s.
func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c >= ' ' && c < 0x7f {
			continue // The usual one first: a text is looked at octet by octet.
		}
		switch {
		case c < ' ' && c != '\n' && c != '\t' && c != '\f', c == 0x7f:
			return true
		case c == 0xc2 && i+1 < len(s) && s[i+1] < 0xa0: // U+0080 to U+009F
			return true
		}
	}
	return false
}

// unflow joins the lines that format=flowed broke (RFC 3676 §4).
func unflow(s string, delSp bool) string {
	var b strings.Builder
	open, openDepth := false, 0
	for line := range strings.Lines(s) {
		line = strings.TrimSuffix(line, "\n")
		depth := len(line) - len(strings.TrimLeft(line, ">"))
		text := strings.TrimPrefix(line[depth:], " ") // space-stuffing, §4.4
		signature := text == "-- "
		if open && (depth != openDepth || signature) {
			b.WriteByte('\n')
			open = false
		}
		if !open {
			b.WriteString(strings.Repeat(">", depth))
			if depth > 0 && text != "" {
				b.WriteByte(' ')
			}
		}
		open, openDepth = strings.HasSuffix(text, " ") && !signature, depth
		if open && delSp {
			text = text[:len(text)-1]
		}
		b.WriteString(text)
		if !open {
			b.WriteByte('\n')
		}
	}
	if !strings.HasSuffix(s, "\n") {
		return strings.TrimSuffix(b.String(), "\n")
	}
	return b.String()
}
