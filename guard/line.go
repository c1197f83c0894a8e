package guard

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
)

// eatLine is how much of an over-long line is read to find its end.
const eatLine = 1 << 20

var (
	// errTooLong: a line over its limit; it was read to its end.
	errTooLong = errors.New("guard: line too long")
	// errEndless: so long that its end was not looked for.
	errEndless = errors.New("guard: line without end")
	// errBareLine: a line that ended in a bare LF or holds a bare CR; it was read.
	errBareLine = errors.New("guard: bare CR or LF in a command line")
	// errBareEnd is the errBareLine of a line that ended in a bare LF.
	errBareEnd = fmt.Errorf("at its end: %w", errBareLine)
)

// readLine reads a line of at most max octets and returns it without its CRLF.
// Half a line at the end of the stream is no line: that is io.EOF. With errTooLong
// the begin of the line is returned, with errBareLine the line.
func (w *wire) readLine(max int) (string, error) {
	var line []byte
	eaten := 0
	for {
		part, err := w.br.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return "", err
		}
		eaten += len(part)
		if room := max + 2 - len(line); len(part) > room {
			part = part[:room]
		}
		line = append(line, part...)
		if err == nil {
			break
		}
		if eaten > eatLine+max {
			return string(line[:max]), errEndless
		}
	}
	if eaten > max+2 {
		return string(line[:max]), errTooLong
	}
	text, ok := bytes.CutSuffix(line, crlf)
	if !ok {
		return string(bytes.TrimSuffix(line, crlf[1:])), errBareEnd
	}
	if bytes.IndexByte(text, '\r') >= 0 {
		return string(text), errBareLine
	}
	return string(text), nil
}

// hasControl reports whether s holds a C0 control or DEL.
func hasControl(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] == 0x7f {
			return true
		}
	}
	return false
}

// has8bit reports whether s holds an octet over 0x7f.
func has8bit(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			return true
		}
	}
	return false
}
