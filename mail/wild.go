package mail

import "io"

// A Normalizer reads a message as it came from the wild and gives one with CRLF
// line ends in place of bare CR and LF, and U+FFFD in place of NUL.
type Normalizer struct {
	r       io.Reader
	in      [4096]byte
	room    []byte
	out     []byte // converted, not yet read
	err     error
	cr      bool // the last octet was a CR, not yet written
	changed bool
}

// NewNormalizer reads from r.
func NewNormalizer(r io.Reader) *Normalizer { return &Normalizer{r: r} }

// Read implements io.Reader. Its errors are those of the reader below.
func (n *Normalizer) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for len(n.out) == 0 {
		if n.err != nil {
			return 0, n.err
		}
		got, err := n.r.Read(n.in[:])
		n.room = n.convert(n.room[:0], n.in[:got])
		if err != nil {
			n.err = err
			if n.cr && err == io.EOF {
				n.room = n.lineEnd(n.room, true)
			}
		}
		n.out = n.room
	}
	c := copy(p, n.out)
	n.out = n.out[c:]
	return c, nil
}

// Changed reports whether anything read so far was altered.
func (n *Normalizer) Changed() bool { return n.changed }

func (n *Normalizer) convert(dst, src []byte) []byte {
	for _, c := range src {
		if n.cr && c != '\n' {
			dst = n.lineEnd(dst, true)
		}
		switch c {
		case '\r':
			n.cr = true
		case '\n':
			dst = n.lineEnd(dst, !n.cr)
		case 0:
			dst = append(dst, "\uFFFD"...)
			n.changed = true
		default:
			dst = append(dst, c)
		}
	}
	return dst
}

func (n *Normalizer) lineEnd(dst []byte, odd bool) []byte {
	n.cr = false
	n.changed = n.changed || odd
	return append(dst, '\r', '\n')
}
