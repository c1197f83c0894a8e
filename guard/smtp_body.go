package guard

import (
	"bufio"
	"io"
	"time"
)

// bodyBuffer is the read buffer of a connection that has sent a message: a usual
// mail comes in one read.
const bodyBuffer = 16 << 10

// A body is the message that is being read.
type body struct {
	scanner
	begun time.Time
	eaten int64
	text  []byte // read and not yet given to the session
	at    int    // in text
}

// Body returns the text of the message behind DATA: without stuffed dots, io.EOF
// where it ends, *DataDefect in place of the rest of one that is refused. A
// session reads it instead of the reader that go-smtp gives it, which finds an
// empty message there: the guard has found the end already, and go-smtp looks for
// it octet by octet. What the session leaves is read over before its answer goes
// out.
func (s *SMTP) Body() io.Reader { return bodyReader{s} }

type bodyReader struct{ s *SMTP }

// Read implements io.Reader.
func (r bodyReader) Read(p []byte) (int, error) {
	s := r.s
	s.bodyMu.Lock()
	defer s.bodyMu.Unlock()
	b := &s.sum
	for b.at == len(b.text) {
		switch {
		case b.state == scanEnd && b.refused():
			return 0, b.defect
		case b.state == scanEnd:
			return 0, io.EOF
		}
		if err := s.readBlock(); err != nil {
			return 0, err
		}
	}
	n := copy(p, b.text[b.at:])
	b.at += n
	return n, nil
}

// startBody begins a body after the library's 354. s.mu is held.
func (s *SMTP) startBody() {
	s.state.data, s.state.bodyRead = true, true
	s.sum = body{
		scanner: scanner{max: s.opts.MaxSize, normalise: s.opts.Role == LMTP},
		begun:   time.Now(),
		text:    s.sum.text[:0],
	}
}

// inBody reports whether the library is answering a message.
func (s *SMTP) inBody() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.pending == verbData && s.state.bodyRead
}

// finishBody reads a body that the session has not read to its end.
func (s *SMTP) finishBody() error {
	s.bodyMu.Lock()
	defer s.bodyMu.Unlock()
	for s.sum.state != scanEnd {
		if err := s.readBlock(); err != nil {
			return err
		}
	}
	return nil
}

// readBlock reads a block of the body and takes the text out of it. s.bodyMu is
// held.
func (s *SMTP) readBlock() error {
	b := &s.sum
	block, err := s.peekBlock()
	if err != nil {
		return err
	}
	s.mu.Lock() // DataDefect may look
	text, n := b.scan(b.text[:0], block)
	b.text, b.at = text, 0
	if b.state == scanEnd && b.refused() {
		s.override = b.defect.Error() + "\r\n"
	}
	s.mu.Unlock()
	_, _ = s.br.Discard(n)
	b.eaten += int64(n)
	if b.state != scanEnd && b.refused() && b.eaten > 2*s.opts.MaxSize+1<<20 {
		return s.end(552, "5.3.4", "Message is larger than allowed, closing connection")
	}
	return nil
}

// peekBlock waits for octets of the body within its deadlines.
func (s *SMTP) peekBlock() ([]byte, error) {
	if s.br.Size() < bodyBuffer {
		s.br = bufio.NewReaderSize(s.br, bodyBuffer)
	}
	b := &s.sum
	s.arm(s.opts.DataTimeout, b.begun.Add(bodyBase+time.Duration(b.eaten/bodyRate)*time.Second))
	if _, err := s.br.Peek(1); err != nil {
		return nil, s.fail(unexpected(err))
	}
	return s.br.Peek(s.br.Buffered())
}
