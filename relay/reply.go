package relay

import (
	"bufio"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"tidepost/mail"
)

// Bounds of a reply. RFC 5321 §4.5.3.1.5 allows 512 octets a line; servers in
// the field send more. It bounds no number of lines, and a long reply must not
// be taken for garbage: behind an end mark that would send the mail again and again.
const (
	maxReplyLine  = 16 << 10 // read
	keptLine      = 1000     // remembered, its beginning
	maxReplyLines = 2000     // read
	keptLines     = 100      // remembered, the first ones
	maxReplyText  = 1000
)

// errGarbage says that what came is not an SMTP reply; the stream cannot be
// trusted any more.
var errGarbage = errors.New("not an SMTP reply")

// A reply is one reply of a server: the noun, and its lines without code.
type reply struct {
	mail.Reply
	lines []string
}

// class is the first digit: 2 done, 3 go on, 4 transient, 5 permanent.
func (r reply) class() int { return r.Code / 100 }

// readReply reads one reply (RFC 5321 §4.2). It reads at most maxReplyLines
// lines and keeps the first keptLines; errors are errGarbage or the connection's.
func readReply(r *bufio.Reader) (reply, error) {
	var rep reply
	for n := 1; ; n++ {
		code, more, text, err := readReplyLine(r)
		if err != nil {
			return reply{}, err
		}
		if n > 1 && code != rep.Code {
			return reply{}, fmt.Errorf("%w: code %d, then %d", errGarbage, rep.Code, code)
		}
		rep.Code = code
		if n <= keptLines {
			rep.lines = append(rep.lines, text)
		}
		if !more {
			rep.Enhanced, rep.Text = describe(code, rep.lines)
			return rep, nil
		}
		if n == maxReplyLines {
			return reply{}, fmt.Errorf("%w: more than %d lines", errGarbage, maxReplyLines)
		}
	}
}

func readReplyLine(r *bufio.Reader) (code int, more bool, text string, err error) {
	line, err := readCut(r)
	if err != nil {
		return 0, false, "", err
	}
	// The first digit alone decides (RFC 5321 §4.2.1: unknown codes are taken by
	// it), so the others may be any digit.
	if len(line) < 3 || line[0] < '2' || line[0] > '5' || !digit(line[1]) || !digit(line[2]) {
		return 0, false, "", fmt.Errorf("%w: %q", errGarbage, clip(line, 40))
	}
	code = int(line[0]-'0')*100 + int(line[1]-'0')*10 + int(line[2]-'0')
	switch {
	case len(line) == 3: // RFC 5321 §4.2: the text may be missing
	case line[3] == ' ' || line[3] == '-':
		more, text = line[3] == '-', line[4:]
	default:
		return 0, false, "", fmt.Errorf("%w: %q", errGarbage, clip(line, 40))
	}
	return code, more, text, nil
}

// readCut reads a line and returns its first keptLine octets, without its end.
func readCut(r *bufio.Reader) (string, error) {
	var line []byte
	for n := 0; ; {
		part, err := r.ReadSlice('\n')
		if n += len(part); n > maxReplyLine {
			return "", fmt.Errorf("%w: line of more than %d octets", errGarbage, maxReplyLine)
		}
		line = append(line, part[:min(len(part), keptLine-len(line))]...)
		if err == nil {
			return strings.TrimSuffix(strings.TrimSuffix(string(line), "\n"), "\r"), nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return "", err
		}
	}
}

// describe finds the enhanced code (RFC 2034 §4: on every line, the same; some
// servers put it on the first or the last only) and joins the text to one line.
func describe(code int, lines []string) (enhanced [3]int, text string) {
	enhanced = [3]int{code / 100, 0, 0}
	found := false
	words := make([]string, 0, len(lines))
	for _, l := range lines {
		e, rest, ok := cutEnhanced(l, code/100)
		if ok {
			l = rest
			if !found {
				enhanced, found = e, true
			}
		}
		if l = strings.TrimSpace(l); l != "" {
			words = append(words, l)
		}
	}
	return enhanced, clean(strings.Join(words, " "))
}

// cutEnhanced splits "5.1.1 text". A code of another class than the reply's is
// text (RFC 2034 §3: they must agree).
func cutEnhanced(s string, class int) (e [3]int, rest string, ok bool) {
	word, rest, _ := strings.Cut(s, " ")
	parts := strings.Split(word, ".")
	if len(parts) != 3 || len(parts[0]) != 1 {
		return e, s, false
	}
	for i, p := range parts {
		if p == "" || len(p) > 3 {
			return [3]int{}, s, false
		}
		for j := range len(p) {
			if !digit(p[j]) {
				return [3]int{}, s, false
			}
			e[i] = e[i]*10 + int(p[j]-'0')
		}
	}
	if e[0] != class {
		return [3]int{}, s, false
	}
	return e, rest, true
}

func digit(c byte) bool { return c >= '0' && c <= '9' }

// clean makes foreign text fit for logs, replies and reports: one line of valid
// UTF-8 without controls or characters that turn the direction of writing.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			return '?'
		}
		return r
	}, s)
	return clip(s, maxReplyText)
}

// clip cuts s to at most n octets, at a character.
func clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}
