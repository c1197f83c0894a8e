package relay

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"time"
)

// sendBody sends the message and its end mark, and settles legs with the reply.
func (s *session) sendBody(ctx context.Context, job *Job, legs []*leg) *fault {
	if f := s.copyBody(ctx, job); f != nil {
		s.drop() // No end mark: what was sent is nobody's mail.
		return f
	}
	if ctx.Err() != nil {
		s.drop()
		return stopped(ctx).at(s.host.name)
	}
	for _, l := range legs {
		l.result.AfterDot = true
	}
	rep, f := s.endMark(ctx)
	if f != nil {
		for _, l := range legs {
			l.result.AfterDot = !f.said
		}
		return f
	}
	if rep.class() == 3 {
		s.broken = true
		return newFault(TroubleProtocol, 451, [3]int{4, 5, 0}, &rep.Reply, "%s answered out of turn", s.host.name).at(s.host.name)
	}
	for _, l := range legs {
		l.result.AfterDot = false
		l.result.Delivered = rep.class() == 2
		l.fail(&fault{reply: rep.Reply, said: true})
	}
	return nil
}

// endMark sends what is left of the message with its end mark, most mail whole,
// and waits for the reply. Once the mark may be out, the end of ctx only shortens
// the wait: a reply not heard is a mail sent twice.
func (s *session) endMark(ctx context.Context) (reply, *fault) {
	s.mark(true)
	defer s.mark(false)
	s.arm(ctx, s.opts.Timeouts.Block)
	s.w.WriteString(".\r\n") // an error sticks and shows in Flush
	if err := s.w.Flush(); err != nil {
		return reply{}, s.bodyFault(ctx, err)
	}
	return s.read(ctx, s.opts.Timeouts.DataEnd)
}

func (s *session) mark(on bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.marked = on
}

func (s *session) copyBody(ctx context.Context, job *Job) *fault {
	src, err := job.Open()
	if err != nil {
		return newFault(TroubleMail, 451, [3]int{4, 3, 0}, err, "the message cannot be read here")
	}
	defer src.Close()
	w := &dotWriter{w: s.w}
	if s.block == nil {
		s.block = make([]byte, writeBuffer)
	}
	buf := s.block
	start, sent := time.Now(), int64(0)
	for {
		n, readErr := src.Read(buf)
		left := s.opts.Timeouts.dataTime(sent) - time.Since(start)
		s.arm(ctx, min(left, s.opts.Timeouts.Block))
		sent += int64(n)
		if _, err := w.Write(buf[:n]); err != nil {
			return s.bodyFault(ctx, err)
		}
		if readErr == io.EOF {
			break
		}
		if readErr != nil {
			return newFault(TroubleMail, 451, [3]int{4, 3, 0}, readErr, "the message cannot be read here")
		}
	}
	if job.Size > 0 && sent != job.Size {
		return newFault(TroubleMail, 451, [3]int{4, 3, 0}, io.ErrUnexpectedEOF, "the message is not as long as it should be")
	}
	if err := w.finish(); err != nil {
		return s.bodyFault(ctx, err)
	}
	return nil
}

// bodyFault describes an error of the dotWriter. A host that ends the connection
// in mid message has mostly said why: too big, over quota.
func (s *session) bodyFault(ctx context.Context, err error) *fault {
	if errors.Is(err, errBareLineEnd) {
		return newFault(TroubleMail, 554, [3]int{5, 6, 0}, err, "the message holds a bare CR or LF")
	}
	f := s.lost(ctx, err)
	if f.trouble == TroubleStopped {
		return f
	}
	s.arm(ctx, s.opts.Timeouts.Quit)
	if rep, err := readReply(s.r); err == nil && rep.class() >= 4 {
		return &fault{reply: rep.Reply, said: true, remote: s.host.name}
	}
	return f
}

// errBareLineEnd says that a message has CR or LF that are not CRLF (RFC 5321
// §2.3.8): sent on, they could end the message early at a careless server.
var errBareLineEnd = errors.New("bare CR or LF")

// A dotWriter stuffs dots (RFC 5321 §4.5.2) and lets nothing but CRLF end a line.
// All else passes octet for octet.
type dotWriter struct {
	w     *bufio.Writer
	state lineState
}

type lineState int

const (
	lineStart lineState = iota // at the begin of a line
	lineText                   // within one
	lineCR                     // behind a CR
)

// Write sends p. A CR is held back until its LF is seen.
func (d *dotWriter) Write(p []byte) (int, error) {
	for i := 0; i < len(p); {
		if n := wholeLine(p[i:]); n > 0 && d.state != lineCR {
			if err := d.text(p[i : i+n]); err != nil {
				return i, err
			}
			d.state = lineStart
			i += n
			continue
		}
		c := p[i]
		if d.state == lineCR && c != '\n' || d.state != lineCR && c == '\n' {
			return i, errBareLineEnd
		}
		switch {
		case c == '\n':
			d.state = lineStart
			d.w.WriteString("\r\n") // errors stick, see text
			i++
		case c == '\r':
			d.state = lineCR
			i++
		default:
			end := i + lineLength(p[i:])
			if err := d.text(p[i:end]); err != nil {
				return i, err
			}
			d.state = lineText
			i = end
		}
	}
	return len(p), nil
}

// text sends a part of a line, which may be its begin. bufio keeps its first error.
func (d *dotWriter) text(p []byte) error {
	if d.state == lineStart && p[0] == '.' {
		d.w.WriteByte('.')
	}
	_, err := d.w.Write(p)
	return err
}

// wholeLine returns the length of the line that p begins with, CRLF included; 0 if
// it is cut or has another CR or LF.
func wholeLine(p []byte) int {
	n := bytes.IndexByte(p, '\n')
	if n < 1 || bytes.IndexByte(p[:n], '\r') != n-1 {
		return 0
	}
	return n + 1
}

// lineLength counts the octets before the next CR or LF.
func lineLength(p []byte) int {
	if n := bytes.IndexAny(p, "\r\n"); n >= 0 {
		return n
	}
	return len(p)
}

// finish ends the last line if it is open. What is buffered goes with the end mark.
func (d *dotWriter) finish() error {
	switch d.state {
	case lineCR:
		return errBareLineEnd
	case lineText:
		d.w.WriteString("\r\n")
		d.state = lineStart
	}
	return nil
}
