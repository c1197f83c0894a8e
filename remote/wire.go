package remote

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds of what a server may say.
const (
	readBuffer   = 4 << 10
	maxResponse  = 1 << 20 // octets of one response without streamed text
	maxUIDs      = 2 << 20 // UIDs of one search
	maxDepth     = 20      // of nested lists
	maxResponses = 200_000 // to one command
)

// errSyntax ends a session: who is out of step once stays so.
var errSyntax = errors.New("the server does not speak IMAP")

// A wire reads responses.
type wire struct {
	br   *bufio.Reader
	left int // octets the current response may still have
}

// A node is a value of a response.
type node struct {
	kind kind
	text string // of atoms and strings
	list []node
}

// A kind is the sort of a node.
type kind byte

const (
	atom   kind = iota
	str         // quoted string or literal
	list        // in parentheses
	absent      // NIL
)

// A response is one of the server, read whole.
type response struct {
	tag  string // "*", "+" or the tag of a command
	kind string // in capitals: OK, LIST, FETCH …
	num  uint32 // of "* 12 EXISTS"
	code string // OK, NO, BAD, BYE, PREAUTH: what stands in brackets
	text string // the words behind it; of "+" too
	args []node // LIST, STATUS, FLAGS, NAMESPACE …
	uids []UID  // SEARCH and ESEARCH
	item fetched
}

// A streamer is handed the text of a message while it arrives.
type streamer func(size int64, r io.Reader) error

func (w *wire) buffered() int { return w.br.Buffered() }

// read takes one octet.
func (w *wire) read() (byte, error) {
	if w.left--; w.left < 0 {
		return 0, fmt.Errorf("%w: a response of more than %d octets", errSyntax, maxResponse)
	}
	return w.br.ReadByte()
}

func (w *wire) peek() (byte, error) {
	b, err := w.br.Peek(1)
	if err != nil {
		return 0, err
	}
	return b[0], nil
}

// word reads to a space or the end of the line, which it leaves.
func (w *wire) word() (string, error) {
	var b strings.Builder
	for {
		c, err := w.peek()
		if err != nil {
			return "", err
		}
		if c == ' ' || c == '\r' || c == '\n' {
			return b.String(), nil
		}
		if c, err = w.read(); err != nil {
			return "", err
		}
		b.WriteByte(c)
	}
}

// space takes spaces; more than one is a fault that is forgiven.
func (w *wire) space() error {
	for {
		c, err := w.peek()
		if err != nil || c != ' ' {
			return err
		}
		if _, err := w.read(); err != nil {
			return err
		}
	}
}

// line reads the rest of the line without its end.
func (w *wire) line() (string, error) {
	var b strings.Builder
	for {
		c, err := w.read()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return strings.TrimSuffix(b.String(), "\r"), nil
		}
		b.WriteByte(c)
	}
}

// end takes the end of a line.
func (w *wire) end() error {
	rest, err := w.line()
	if err == nil && strings.TrimSpace(rest) != "" {
		return fmt.Errorf("%w: more than was expected: %q", errSyntax, clean(rest))
	}
	return err
}

// response reads the next one. stream gets the text of BODY[] if it comes as a literal.
func (w *wire) response(stream streamer) (*response, error) {
	w.left = maxResponse
	r := &response{}
	var err error
	if r.tag, err = w.word(); err != nil {
		return nil, err
	}
	if r.tag == "" || len(r.tag) > 32 {
		return nil, fmt.Errorf("%w: no tag", errSyntax)
	}
	if err := w.space(); err != nil {
		return nil, err
	}
	if r.tag == "+" {
		r.text, err = w.line()
		return r, err
	}
	word, err := w.word()
	if err != nil {
		return nil, err
	}
	if n, err := strconv.ParseUint(word, 10, 32); err == nil {
		r.num = uint32(n)
		if err := w.space(); err != nil {
			return nil, err
		}
		if word, err = w.word(); err != nil {
			return nil, err
		}
	}
	r.kind = strings.ToUpper(word)
	return r, w.rest(r, stream)
}

// rest reads what follows the kind.
func (w *wire) rest(r *response, stream streamer) error {
	if err := w.space(); err != nil {
		return err
	}
	switch r.kind {
	case "OK", "NO", "BAD", "BYE", "PREAUTH":
		return w.status(r)
	case "SEARCH":
		return w.numbers(r)
	case "FETCH":
		if err := w.fetch(&r.item, stream); err != nil {
			return err
		}
		return w.end()
	case "CAPABILITY", "ENABLED":
		text, err := w.line()
		r.text = text
		return err
	case "LIST", "STATUS", "FLAGS", "NAMESPACE", "QUOTA", "ESEARCH", "VANISHED":
		return w.values(r)
	}
	return w.skip()
}

// status reads a response code and the words behind it.
func (w *wire) status(r *response) error {
	text, err := w.line()
	if err != nil {
		return err
	}
	if strings.HasPrefix(text, "[") {
		if code, rest, ok := strings.Cut(text[1:], "]"); ok {
			r.code, text = code, rest
		}
	}
	r.text = strings.TrimSpace(text)
	return nil
}

// numbers reads the UIDs of a SEARCH response, of which there may be many.
func (w *wire) numbers(r *response) error {
	for {
		w.left = maxResponse
		if err := w.space(); err != nil {
			return err
		}
		word, err := w.word()
		if err != nil {
			return err
		}
		if word == "" {
			return w.end()
		}
		if strings.HasPrefix(word, "(") {
			_, err := w.line() // (MODSEQ n), RFC 7162 §3.1.5
			return err
		}
		n, err := strconv.ParseUint(word, 10, 32)
		if err != nil || len(r.uids) >= maxUIDs {
			return fmt.Errorf("%w: search result", errSyntax)
		}
		r.uids = append(r.uids, UID(n))
	}
}

// values reads values to the end of the line.
func (w *wire) values(r *response) error {
	for {
		if err := w.space(); err != nil {
			return err
		}
		c, err := w.peek()
		if err != nil {
			return err
		}
		if c == '\r' || c == '\n' {
			return w.end()
		}
		n, err := w.value(0)
		if err != nil {
			return err
		}
		r.args = append(r.args, n)
	}
}

// skip passes a response that means nothing here, with its literals.
func (w *wire) skip() error {
	for {
		text, err := w.line()
		if err != nil {
			return err
		}
		n, ok := literalAt(text)
		if !ok {
			return nil
		}
		if n > int64(w.left) {
			return fmt.Errorf("%w: a literal of %d octets", errSyntax, n)
		}
		w.left -= int(n)
		if _, err := w.br.Discard(int(n)); err != nil {
			return err
		}
	}
}

// literalAt says how long the literal is that a line ends with.
func literalAt(text string) (int64, bool) {
	i := strings.LastIndexByte(text, '{')
	if i < 0 || !strings.HasSuffix(text, "}") {
		return 0, false
	}
	n, err := strconv.ParseInt(strings.TrimSuffix(text[i+1:len(text)-1], "+"), 10, 63)
	return n, err == nil && n >= 0
}

// value reads an atom, a string or a list.
func (w *wire) value(depth int) (node, error) {
	c, err := w.peek()
	if err != nil {
		return node{}, err
	}
	switch c {
	case '(':
		return w.parens(depth + 1)
	case '"':
		text, err := w.quoted()
		return node{kind: str, text: text}, err
	case '{', '~':
		n, ok, err := w.literal()
		if err != nil || !ok {
			return node{}, errors.Join(err, orSyntax(ok, "literal"))
		}
		text, err := w.octets(n)
		return node{kind: str, text: text}, err
	}
	text, err := w.atom()
	if err != nil {
		return node{}, err
	}
	if strings.EqualFold(text, "NIL") {
		return node{kind: absent}, nil
	}
	return node{kind: atom, text: text}, nil
}

func orSyntax(ok bool, what string) error {
	if ok {
		return nil
	}
	return fmt.Errorf("%w: %s", errSyntax, what)
}

// parens reads a list.
func (w *wire) parens(depth int) (node, error) {
	if depth > maxDepth {
		return node{}, fmt.Errorf("%w: lists in lists in lists", errSyntax)
	}
	if _, err := w.read(); err != nil {
		return node{}, err
	}
	n := node{kind: list}
	for {
		if err := w.space(); err != nil {
			return n, err
		}
		c, err := w.peek()
		if err != nil {
			return n, err
		}
		if c == ')' {
			_, err := w.read()
			return n, err
		}
		v, err := w.value(depth)
		if err != nil {
			return n, err
		}
		n.list = append(n.list, v)
	}
}

// quoted reads a quoted string.
func (w *wire) quoted() (string, error) {
	if _, err := w.read(); err != nil {
		return "", err
	}
	var b strings.Builder
	for {
		c, err := w.read()
		if err != nil {
			return "", err
		}
		switch c {
		case '"':
			return b.String(), nil
		case '\r', '\n':
			return "", fmt.Errorf("%w: a quoted string does not end", errSyntax)
		case '\\':
			if c, err = w.read(); err != nil {
				return "", err
			}
		}
		b.WriteByte(c)
	}
}

// literal reads the head of a literal, {n} and the end of its line.
func (w *wire) literal() (n int64, ok bool, err error) {
	text, err := w.line()
	if err != nil {
		return 0, false, err
	}
	n, ok = literalAt(text)
	return n, ok && strings.HasPrefix(strings.TrimPrefix(text, "~"), "{"), nil
}

// octets reads a literal that is kept.
func (w *wire) octets(n int64) (string, error) {
	if n > int64(w.left) {
		return "", fmt.Errorf("%w: a literal of %d octets", errSyntax, n)
	}
	w.left -= int(n)
	var b strings.Builder
	_, err := io.CopyN(&b, w.br, n)
	return b.String(), err
}

// atom reads an atom; what stands in brackets behind BODY belongs to it.
func (w *wire) atom() (string, error) {
	var b strings.Builder
	inside := false
	for {
		c, err := w.peek()
		if err != nil {
			return "", err
		}
		if c == '\r' || c == '\n' || !inside && (c == ' ' || c == '(' || c == ')' || c == '"' || c == '{') {
			if b.Len() == 0 {
				return "", fmt.Errorf("%w: %q where a value should be", errSyntax, c)
			}
			return b.String(), nil
		}
		if c, err = w.read(); err != nil {
			return "", err
		}
		if c == '[' && (strings.EqualFold(b.String(), "BODY") || strings.EqualFold(b.String(), "BINARY")) {
			inside = true
		}
		if c == ']' {
			inside = false
		}
		b.WriteByte(c)
	}
}
