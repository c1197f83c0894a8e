package guard

import (
	"bytes"
	"fmt"
	"time"
)

// A DataDefect is what is wrong with a message body; it is also the error that
// the session's reader gets.
type DataDefect struct {
	Code     int    // reply code: 550 or 552
	Enhanced string // enhanced status code, "5.6.0"
	Text     string // reply text
}

// Error gives the reply.
func (d *DataDefect) Error() string { return fmt.Sprintf("%d %s %s", d.Code, d.Enhanced, d.Text) }

func defect(code int, enhanced, text string) *DataDefect {
	return &DataDefect{Code: code, Enhanced: enhanced, Text: text}
}

// Time limits of a whole body.
const (
	bodyBase = 10 * time.Minute // whatever its size
	bodyRate = 4096             // octets a second a peer must reach on the average beyond that
)

// maxBodyLine is the length from which a line is refused on SMTP and submission.
// RFC 5321 §4.5.3.1.6 has 1000 octets; honest mail has HTML in one line.
const maxBodyLine = 1 << 20

// A scanner finds the one true end of a body, CRLF . CRLF, and what is wrong on
// the way to it (RFC 5321 §2.3.8, §4.1.1.4). It gives out the text, without the
// stuffed dots.
//
// CR CR LF . CR LF ends a body too: the octets CRLF.CRLF are there.
type scanner struct {
	state     scanState
	normalise bool  // LMTP: CRLF for bare CR and LF, U+FFFD for NUL
	max       int64 // octets of text, 0: unbounded
	size      int64 // octets of text so far
	line      int   // of them in this line
	defect    *DataDefect
}

type scanState int

const (
	scanBegin scanState = iota // at the begin of a line
	scanDot                    // after a dot there
	scanDotCR                  // after dot and CR there
	scanText                   // in a line
	scanCR                     // after a CR in a line
	scanEnd                    // after the end mark
)

var (
	defectCR   = defect(550, "5.6.0", "Message holds a bare CR (RFC 5321 2.3.8)")
	defectLF   = defect(550, "5.6.0", "Message holds a bare LF (RFC 5321 2.3.8)")
	defectNUL  = defect(550, "5.6.0", "Message holds a NUL")
	defectLine = defect(554, "5.6.0", "Message holds a line of 1 MiB or more")
	defectSize = defect(552, "5.3.4", "Message is larger than allowed")
)

// scan takes octets of p until the end mark, appends the text to out, and returns
// how many octets it took. After a refusal nothing more is given out.
func (s *scanner) scan(out, p []byte) ([]byte, int) {
	for i := 0; i < len(p); {
		if n := s.plain(p[i:]); n > 0 {
			out = s.give(out, p[i:i+n])
			i += n
			continue
		}
		if out = s.octet(out, p[i]); s.state == scanEnd {
			return out, i + 1
		}
		i++
	}
	return out, len(p)
}

// plain returns the length of what p begins with and that holds nothing to look
// at: a whole line, the greater part of any body, or the begin of one. 0 if each
// octet counts.
func (s *scanner) plain(p []byte) int {
	if s.state != scanText && (s.state != scanBegin || p[0] == '.') {
		return 0
	}
	line := p
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		line = p[:i+1]
	}
	if n := len(line); n >= 2 && line[n-2] == '\r' && line[n-1] == '\n' {
		if text := line[:n-2]; bytes.IndexByte(text, '\r') < 0 && bytes.IndexByte(text, 0) < 0 {
			s.state = scanBegin
			return n
		}
	}
	n := bytes.IndexAny(line, "\r\n\x00")
	if n < 0 {
		n = len(line)
	}
	if n > 0 {
		s.state = scanText
	}
	return n
}

func (s *scanner) octet(out []byte, c byte) []byte {
	switch s.state {
	case scanDot:
		if c == '\r' {
			s.state = scanDotCR
			return out
		}
		// The dot was stuffing (RFC 5321 §4.5.2): it goes, and c is text.
		return s.text(out, c)
	case scanDotCR:
		if c == '\n' {
			s.state = scanEnd
			return out
		}
		return s.text(s.bareCR(out), c)
	case scanCR:
		switch {
		case c == '\n':
			s.state = scanBegin
			return s.give(out, crlf)
		case c == '\r' && s.normalise:
			s.note(defectCR) // CR CR LF becomes one line end, not an empty line more
			return out
		}
		return s.text(s.bareCR(out), c)
	case scanBegin:
		if c == '.' {
			s.state = scanDot
			return out
		}
	}
	return s.text(out, c)
}

// text takes one octet that is no line end with what came before it.
func (s *scanner) text(out []byte, c byte) []byte {
	switch c {
	case '\r':
		s.state = scanCR
		return out
	case '\n':
		s.state = scanText
		s.note(defectLF)
		if s.normalise {
			return s.give(out, crlf)
		}
		return out
	case 0:
		s.state = scanText
		s.note(defectNUL)
		return s.give(out, replacement)
	}
	s.state = scanText
	return s.give(out, []byte{c})
}

func (s *scanner) bareCR(out []byte) []byte {
	s.note(defectCR)
	if s.normalise {
		return s.give(out, crlf)
	}
	return out
}

var (
	crlf        = []byte("\r\n")
	replacement = []byte("\uFFFD")
)

// note records the first defect.
func (s *scanner) note(d *DataDefect) {
	if s.defect == nil {
		s.defect = d
	}
}

// refused reports whether the message is not to be taken.
func (s *scanner) refused() bool {
	return s.defect != nil && (!s.normalise || s.defect == defectSize)
}

// give appends text to out: a whole line, or a part of one.
func (s *scanner) give(out, text []byte) []byte {
	if len(text) == 0 {
		return out
	}
	ends := text[len(text)-1] == '\n'
	s.size += int64(len(text))
	s.line += len(text)
	if ends {
		s.line -= len(crlf)
	}
	switch {
	case s.refused():
	case s.max > 0 && s.size > s.max:
		s.defect = defectSize
	case s.line >= maxBodyLine && !s.normalise:
		s.defect = defectLine
	}
	if ends {
		s.line = 0
	}
	if s.refused() {
		return out
	}
	return append(out, text...)
}
