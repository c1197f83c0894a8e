package guard

import (
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// maxLiterals bounds the literals of one command.
const maxLiterals = 100

// gather reads a command to its end. Literals are folded into it as quoted
// strings: what the library gets is one line, in which nothing can be taken for
// another command, however early the library gives up on it. The data of an APPEND
// is not read: the head is handed over and "" returned, as for a command that was
// refused or an empty line.
func (c *IMAP) gather() (string, error) {
	limit := maxCommand
	if !c.authed() {
		limit = maxCommandPre
	}
	text := ""
	for n := 0; ; n++ {
		line, err := c.readLine(max(limit-len(text), 0))
		text += line
		if err != nil {
			return "", c.badLine(text, err)
		}
		if strings.IndexByte(line, 0) >= 0 {
			return "", c.refuse(text, "BAD NUL in command")
		}
		if openQuote(text) {
			return "", c.refuse(text, "BAD Quoted string does not end")
		}
		lit, ok := literalAt(text)
		if !ok {
			return text, nil
		}
		if lit.isAppend(text) && c.authed() {
			return "", c.appendHead(text, lit)
		}
		if n >= maxLiterals {
			_ = c.say(tagOf(text), "BAD Too many literals")
			return "", c.bye("Closing connection")
		}
		if text, err = c.fold(text, lit, limit); err != nil || text == "" {
			return "", err
		}
	}
}

// badLine answers a line that could not be read.
func (c *IMAP) badLine(text string, err error) error {
	switch {
	case errors.Is(err, errTooLong), errors.Is(err, errEndless):
		// A literal may follow, or the rest of a string: there is no staying in step.
		_ = c.say(tagOf(text), "BAD [TOOBIG] Command is too long")
		return c.bye("Closing connection")
	case errors.Is(err, errBareEnd):
		// What stands behind the LF was meant as part of the line by whoever keeps CRLF out
		// of what a stranger typed: it is not to be a command (RFC 9051 §2.2).
		_ = c.say(tagOf(text), "BAD Lines end in CRLF")
		return c.bye("Closing connection")
	case errors.Is(err, errBareLine):
		return c.refuse(text, "BAD Bare CR in command")
	}
	return c.fail(err)
}

// refuse answers a line that is not executed. If octets of a literal may be on
// their way behind it the connection ends, lest they be read as commands (RFC 7888
// §5).
func (c *IMAP) refuse(text, why string) error {
	if err := c.say(tagOf(text), why); err != nil {
		return err
	}
	if strings.HasSuffix(strings.TrimRight(text, " \r"), "+}") {
		return c.bye("Closing connection")
	}
	return nil
}

// A marker is "{n}" or "{n+}" at the end of a line.
type marker struct {
	at      int // where in the line
	size    int64
	sync    bool
	literal bool // literal8, "~{n}"
	bad     bool // its number is none
}

// literalAt finds the marker at the end of text.
func literalAt(text string) (marker, bool) {
	body, ok := strings.CutSuffix(text, "}")
	at := strings.LastIndexByte(body, '{')
	if !ok || at < 0 {
		return marker{}, false
	}
	number, nonSync := strings.CutSuffix(body[at+1:], "+")
	m := marker{at: at, sync: !nonSync}
	if at > 0 && body[at-1] == '~' {
		m.at, m.literal = at-1, true
	}
	n, err := strconv.ParseInt(number, 10, 64)
	m.size = n
	m.bad = err != nil || !digits(number)
	return m, true
}

// isAppend reports whether the literal is the message of an APPEND and not its
// mailbox name.
func (m marker) isAppend(text string) bool {
	_, rest, _ := strings.Cut(text[:m.at], " ")
	name, args := splitName(rest)
	return name == "APPEND" && strings.TrimSpace(args) != ""
}

// openQuote reports whether a quoted string of text does not end.
func openQuote(text string) bool {
	open := false
	for i := 0; i < len(text); i++ {
		switch {
		case open && text[i] == '\\':
			i++
		case text[i] == '"':
			open = !open
		}
	}
	return open
}

// fold reads a literal that is part of a command and puts it into text as a quoted
// string. A literal that is refused makes text "".
func (c *IMAP) fold(text string, m marker, limit int) (string, error) {
	if why := c.unwelcome(text, m, limit); why != "" {
		return "", c.refuse(text, why)
	}
	if m.sync {
		if err := c.say("+", "Ready for literal data"); err != nil {
			return "", err
		}
	}
	data := make([]byte, m.size)
	if _, err := io.ReadFull(c.br, data); err != nil {
		return "", c.fail(unexpected(err))
	}
	if bytes.ContainsAny(data, "\r\n\x00") {
		// No string of a command needs them, and in a folded one they would end it. The
		// rest of the command is read, so that it is not taken for one.
		return "", c.refuseRest(text, "BAD Line break or NUL in a literal")
	}
	return text[:m.at] + quote(string(data)), nil
}

// unwelcome says why a literal is refused, "" if it is not.
func (c *IMAP) unwelcome(text string, m marker, limit int) string {
	room := int64(limit - len(text))
	if !c.authed() {
		room = min(room, maxLiteralPre)
		_, rest, _ := strings.Cut(text, " ")
		if name, _ := splitName(rest); name != "LOGIN" && name != "ID" {
			return "BAD Log in first"
		}
	}
	switch {
	case m.bad:
		return "BAD Malformed literal"
	case m.literal:
		return "BAD Literal8 is not allowed here"
	case !m.sync && m.size > maxNonSync:
		return "BAD [TOOBIG] Non-synchronizing literals are limited to 4096 octets"
	case m.size > room:
		return tooBig(max(room, 0))
	}
	return ""
}

// refuseRest reads a refused command to the end of its line, which must be its
// end.
func (c *IMAP) refuseRest(text, why string) error {
	rest, err := c.readLine(maxCommand)
	if err != nil {
		return c.badLine(text, err)
	}
	if m, ok := literalAt(rest); ok && !m.sync {
		return c.refuse(text+rest, why)
	}
	return c.say(tagOf(text), why)
}

// A literal is the message of an APPEND on its way.
type literal struct {
	announced bool // its head was handed to the library
	streaming bool // and the library wants it
	sync      bool
	utf8      bool // within UTF8 (…)
	left      int64
	size      int64
	begun     time.Time
}

// appendHead hands the head of an APPEND to the library, always with a synchronizing
// literal: so its go-ahead tells whether it wants the data.
func (c *IMAP) appendHead(text string, m marker) error {
	tag, rest, _ := strings.Cut(text[:m.at], " ")
	_, args := splitName(rest)
	switch {
	case !validTag(tag):
		return c.refuse(text, "BAD Invalid tag")
	case m.bad:
		return c.refuse(text, "BAD Malformed literal")
	case m.size > c.opts.MaxAppend:
		return c.refuse(text, tooBig(c.opts.MaxAppend))
	case nesting(args) > 2:
		return c.refuse(text, "BAD Malformed APPEND")
	case m.size == 0 && m.sync:
		return c.say(tag, "NO [CANNOT] A message of no octets is not stored")
	case m.size == 0:
		return c.refuseRest(text, "NO [CANNOT] A message of no octets is not stored")
	}
	prefix := ""
	if m.literal {
		prefix = "~"
	}
	c.message = literal{announced: true, sync: m.sync, size: m.size, left: m.size, begun: time.Now(),
		utf8: strings.HasSuffix(strings.TrimSpace(args), "(")}
	err := c.pass(Command{Tag: tag, Name: "APPEND", Args: args + prefix + "{" + strconv.FormatInt(m.size, 10) + "}"})
	c.mu.Lock()
	c.state.swallow = !m.sync
	c.mu.Unlock()
	return err
}

// armLiteral sets the deadlines of a block of the message.
func (c *IMAP) armLiteral() {
	l := &c.message
	eaten := l.size - l.left
	c.arm(c.opts.DataTimeout, l.begun.Add(bodyBase+time.Duration(eaten/bodyRate)*time.Second))
}

// nextBlock gives the library a block of the message. The last octet is held back
// until the end of the command has arrived: a message of which less came is never
// whole for the session.
func (c *IMAP) nextBlock() error {
	l := &c.message
	c.armLiteral()
	if _, err := c.br.Peek(1); err != nil {
		return c.fail(unexpected(err))
	}
	if n := min(l.left-1, int64(c.br.Buffered())); n > 0 {
		block, _ := c.br.Peek(int(n))
		c.in = append(c.in[:0], block...)
		_, _ = c.br.Discard(int(n))
		l.left -= n
		return nil
	}
	last, _ := c.br.ReadByte()
	rest, err := c.readLine(maxCommand)
	if err != nil && !errors.Is(err, errTooLong) && !errors.Is(err, errBareLine) {
		return c.fail(unexpected(err))
	}
	want := ""
	if l.utf8 {
		want = ")"
	}
	if err != nil || strings.TrimRight(rest, " ") != want {
		c.mu.Lock()
		tag := c.tag
		c.mu.Unlock()
		_ = c.say(tag, "BAD The message is not followed by the end of the command")
		return c.bye("Closing connection")
	}
	c.message = literal{}
	c.in = append(append(append(c.in[:0], last), want...), crlf...)
	return nil
}

// skipLiteral eats the message of an APPEND that the library refused.
func (c *IMAP) skipLiteral() error {
	l := c.message
	c.message = literal{}
	if l.sync {
		return nil // it will not be sent
	}
	c.arm(c.opts.DataTimeout, time.Now().Add(bodyBase+time.Duration(l.size/bodyRate)*time.Second))
	if _, err := io.CopyN(io.Discard, c.br, l.size); err != nil {
		return c.fail(unexpected(err))
	}
	rest, err := c.readLine(maxCommand)
	if err != nil && !errors.Is(err, errBareLine) {
		return c.badLine("", err)
	}
	if m, ok := literalAt(rest); ok && !m.sync {
		return c.bye("Closing connection") // MULTIAPPEND, which is not offered
	}
	return nil
}
