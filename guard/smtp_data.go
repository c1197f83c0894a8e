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
// the way to it (RFC 5321 §2.3.8, §4.1.1.4). It gives out what the library may
// see: the same text, dot-stuffed anew so that only the guard ends it.
//
// CR CR LF . CR LF ends a body too: the octets CRLF.CRLF are there.
type scanner struct {
	state     scanState
	normalise bool  // LMTP: CRLF for bare CR and LF, U+FFFD for NUL
	max       int64 // octets of text, 0: unbounded
	size      int64 // octets of text so far
	line      int   // of them in this line
	outBegin  bool  // what was given out stands at the begin of a line
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

// scan takes octets of p until the end mark, appends what the library may see to
// out, and returns how many octets it took. After a refusal nothing more is given
// out.
func (s *scanner) scan(out, p []byte) ([]byte, int) {
	for i := 0; i < len(p); i++ {
		if s.state == scanText {
			// The greater part of a body: octets that mean nothing.
			n := bytes.IndexAny(p[i:], "\r\n\x00")
			if n < 0 {
				n = len(p) - i
			}
			out = s.give(out, p[i:i+n])
			if i += n; i == len(p) {
				break
			}
		}
		if out = s.octet(out, p[i]); s.state == scanEnd {
			return out, i + 1
		}
	}
	return out, len(p)
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

// give appends text, which holds no line end but as a whole, to out.
func (s *scanner) give(out, text []byte) []byte {
	if len(text) == 0 {
		return out
	}
	s.size += int64(len(text))
	if s.line += len(text); text[0] == '\r' {
		s.line = 0
	}
	switch {
	case s.refused():
	case s.max > 0 && s.size > s.max:
		s.defect = defectSize
	case s.line >= maxBodyLine && !s.normalise:
		s.defect = defectLine
	}
	if s.refused() {
		return out
	}
	if s.outBegin && text[0] == '.' {
		out = append(out, '.')
	}
	s.outBegin = text[0] == '\r'
	return append(out, text...)
}

// mark is the end mark as the library needs it after what it was given.
func (s *scanner) mark() []byte {
	if s.outBegin {
		return []byte(".\r\n")
	}
	return []byte("\r\n.\r\n")
}

// A body is the message that is being read.
type body struct {
	scanner
	begun   time.Time
	eaten   int64
	refused bool // the library was given the refusal as a read error
	replies int  // replies the library had completed by then
}

// startBody begins a body after the library's 354. s.mu is held.
func (s *SMTP) startBody() {
	s.state.data, s.state.bodyRead = true, true
	s.sum = body{
		scanner: scanner{outBegin: true, max: s.opts.MaxSize, normalise: s.opts.Role == LMTP},
		begun:   time.Now(),
	}
}

// nextBlock reads a block of the body and makes of it input for the library.
func (s *SMTP) nextBlock() error {
	b := &s.sum
	switch {
	case b.refused:
		return s.afterRefusal()
	case b.state == scanEnd:
		return s.endBody()
	}
	s.in = s.in[:0]
	for len(s.in) == 0 {
		block, err := s.peekBlock()
		if err != nil {
			return err
		}
		var n int
		s.mu.Lock() // DataDefect may look
		s.in, n = b.scan(s.in, block)
		s.mu.Unlock()
		_, _ = s.br.Discard(n)
		b.eaten += int64(n)
		if b.state == scanEnd && (len(s.in) == 0 || !b.scanner.refused()) {
			return s.endBody()
		}
		if b.scanner.refused() && b.eaten > 2*s.opts.MaxSize+1<<20 {
			return s.end(552, "5.3.4", "Message is larger than allowed, closing connection")
		}
	}
	return nil
}

// peekBlock waits for octets of the body within its deadlines.
func (s *SMTP) peekBlock() ([]byte, error) {
	b := &s.sum
	s.arm(s.opts.DataTimeout, b.begun.Add(bodyBase+time.Duration(b.eaten/bodyRate)*time.Second))
	if _, err := s.br.Peek(1); err != nil {
		return nil, s.fail(unexpected(err))
	}
	return s.br.Peek(s.br.Buffered())
}

// endBody gives the library the end mark of a good message, and an error in
// place of the rest of a refused one.
func (s *SMTP) endBody() error {
	b := &s.sum
	if !b.scanner.refused() {
		s.mu.Lock()
		s.state.data = false
		s.mu.Unlock()
		s.in = append(s.in, b.mark()...)
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.override = b.defect.Error() + "\r\n"
	b.refused, b.replies = true, s.replies
	if s.opts.Role == LMTP {
		// The library reads and answers in two goroutines there, so that one cannot
		// know whether it still wants the end mark: the connection ends with the
		// answers.
		s.setError(b.defect)
	}
	return b.defect
}

// afterRefusal follows the library out of a refused body. It may have gone on
// reading, to find the end, or have given up on the error and answered.
func (s *SMTP) afterRefusal() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.state.data = false
	if s.replies == s.sum.replies {
		s.in = append(s.in[:0], s.sum.mark()...)
	}
	return nil
}
