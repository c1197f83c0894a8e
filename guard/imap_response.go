package guard

import (
	"bytes"
	"strconv"
	"strings"
)

// Write takes the library's responses. Status responses move the guard's view of
// the dialogue and are corrected; all else passes.
func (c *IMAP) Write(p []byte) (int, error) {
	select {
	case <-c.done:
		return 0, errClosed
	default:
	}
	c.mu.Lock()
	out := c.lines.feed(make([]byte, 0, len(p)+64), p, c.responseLocked)
	c.mu.Unlock()
	if len(out) > 0 {
		if err := c.emit(out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// responseLocked follows one status response and returns what the client gets.
func (c *IMAP) responseLocked(line string) string {
	switch {
	case strings.HasPrefix(line, "+"):
		c.state.goAhead = true
		if c.state.swallow {
			c.state.swallow = false
			return ""
		}
	case strings.HasPrefix(line, "* "):
		if strings.HasPrefix(line, "* PREAUTH") {
			c.state.authed = true
		}
		line = c.editCaps(line)
	default:
		if rest, ok := strings.CutPrefix(line, c.tag+" "); ok && c.tag != "" && !c.state.answered {
			line = c.editCaps(c.tag + " " + c.taggedLocked(rest))
		}
	}
	return line + "\r\n"
}

// serverBug is what imapserver says of its own accord, mostly to syntax errors.
const serverBug = "NO [SERVERBUG] Internal server error"

// taggedLocked follows the end of a command.
func (c *IMAP) taggedLocked(status string) string {
	c.state.answered = true
	if status == serverBug {
		status = "BAD [CLIENTBUG] Malformed command"
	}
	if c.state.override != "" {
		status, c.state.override = c.state.override, ""
	}
	ok := strings.HasPrefix(status, "OK")
	switch {
	case strings.HasPrefix(status, "BAD"):
		c.bad++
	case ok:
		c.bad = 0
	}
	switch c.name {
	case "LOGIN", "AUTHENTICATE":
		c.state.authed = c.state.authed || ok
	case "UNAUTHENTICATE":
		c.state.authed = c.state.authed && !ok
	}
	return status
}

// editCaps corrects the capability list in line, if it has one: after
// "* CAPABILITY " or in a "[CAPABILITY …]" code.
func (c *IMAP) editCaps(line string) string {
	const word = "CAPABILITY "
	i := strings.Index(line, "["+word)
	if i >= 0 {
		i++
	} else if strings.HasPrefix(line, "* "+word) {
		i = 2
	} else {
		return line
	}
	i += len(word)
	j := len(line)
	if k := strings.IndexByte(line[i:], ']'); k >= 0 {
		j = i + k
	}
	return line[:i] + strings.Join(c.caps(strings.Fields(line[i:j])), " ") + line[j:]
}

// caps announces what is true: the library does not know of TLS or of what the
// guard answers. LITERAL+ is never offered, LITERAL- is (RFC 7888 §5).
func (c *IMAP) caps(library []string) []string {
	var out []string
	seen := map[string]bool{}
	add := func(s string) {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	login := c.mayLogin()
	for _, s := range library {
		switch {
		case s == "LITERAL+", s == "LOGINDISABLED", s == "STARTTLS":
		case (s == "SASL-IR" || strings.HasPrefix(s, "AUTH=")) && !login:
		default:
			add(s)
		}
	}
	add("LITERAL-")
	add("ID")
	if c.state.authed {
		for _, s := range c.opts.Caps {
			add(s)
		}
		return out
	}
	if c.mayStartTLS() {
		add("STARTTLS")
	}
	if !login {
		add("LOGINDISABLED")
	}
	return out
}

// maxHeldLine is how long a line may be before it is known not to be a status
// response and is passed on in parts.
const maxHeldLine = 8 << 10

// A lineScanner finds the status responses in the library's output: it knows lines
// and literals.
type lineScanner struct {
	line []byte // begin of the line, or its last octets if part of it is out
	part bool   // part of the line is out
	skip int64  // octets of a literal to come
}

// feed appends to out what of p can go out; each status response passes through
// edit, without its CRLF, which returns it with its CRLF or "".
func (s *lineScanner) feed(out, p []byte, edit func(string) string) []byte {
	for len(p) > 0 {
		if s.skip > 0 {
			n := min(s.skip, int64(len(p)))
			out = append(out, p[:n]...)
			p, s.skip = p[n:], s.skip-n
			continue
		}
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			s.line = append(s.line, p...)
			if len(s.line) > maxHeldLine {
				keep := len(s.line) - 32 // room for a literal marker
				out = append(out, s.line[:keep]...)
				s.line, s.part = append(s.line[:0], s.line[keep:]...), true
			}
			return out
		}
		s.line = append(s.line, p[:i+1]...)
		p = p[i+1:]
		if !s.part && isStatus(s.line) {
			out = append(out, edit(strings.TrimSuffix(string(s.line), "\r\n"))...)
		} else {
			out = append(out, s.line...)
			s.skip, s.part = literalSize(s.line)
		}
		s.line = s.line[:0]
	}
	return out
}

// isStatus reports whether a line is a continuation request, a tagged response, an
// untagged status or a capability list. None of these holds a literal.
func isStatus(line []byte) bool {
	rest, untagged := bytes.CutPrefix(line, []byte("* "))
	if !untagged {
		return true
	}
	word, _, _ := bytes.Cut(rest, []byte(" "))
	switch string(word) {
	case "OK", "NO", "BAD", "BYE", "PREAUTH", "CAPABILITY":
		return true
	}
	return false
}

// literalSize is the number in the "{n}" at the end of line.
func literalSize(line []byte) (n int64, ok bool) {
	body, ok := bytes.CutSuffix(line, []byte("}\r\n"))
	at := bytes.LastIndexByte(body, '{')
	if !ok || at < 0 {
		return 0, false
	}
	n, err := strconv.ParseInt(string(body[at+1:]), 10, 64)
	return n, err == nil && n >= 0
}
