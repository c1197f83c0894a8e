package sieve

import (
	"fmt"
	"slices"
	"strings"
)

// done is set behind each action that says what becomes of a message.
const done = ` set "tidepost_done" "yes";`

// cancels returns the actions that cancel the implicit keep (RFC 5228 §2.10.2, and the
// extensions that have more), and those that say that a message is to stay.
func cancels() []string {
	return []string{"fileinto", "redirect", "keep", "discard", "reject", "ereject", "refuse", "pipe", "execute", "snooze"}
}

// combine makes Tidepost's rule behind a person's script see whether that script dealt
// with a message. The script's own text is kept; a marker is set behind each action.
// Errors: ErrOwn.
func combine(script string) (string, error) {
	if len(script) > maxOwn {
		return "", fmt.Errorf("%w: it has more than %d octets", ErrOwn, maxOwn)
	}
	if strings.Contains(strings.ToLower(script), "tidepost_done") {
		return "", fmt.Errorf("%w: it uses the name tidepost_done", ErrOwn)
	}
	if strings.Contains(script, "${") && !strings.Contains(script, `"variables"`) {
		// RFC 5229 §3: with variables such text would get a meaning.
		return "", fmt.Errorf("%w: it holds ${", ErrOwn)
	}
	var b strings.Builder
	s := scanner{rest: script}
	first, copies := "", false // the command's word, and whether it leaves the implicit keep
	depth := 0
	for {
		tok, err := s.next()
		if err != nil {
			return "", err
		}
		b.WriteString(tok.text)
		switch {
		case tok.kind == end:
			if first != "" || depth != 0 {
				return "", fmt.Errorf("%w: it ends in the middle of a command", ErrOwn)
			}
			return b.String(), nil
		case tok.kind == blank:
		case tok.kind == word && first == "":
			first = strings.ToLower(tok.text)
			if first == "include" {
				// What the other script does cannot be seen from here.
				return "", fmt.Errorf("%w: it includes another", ErrOwn)
			}
		case tok.kind == word && strings.EqualFold(tok.text, ":copy"):
			copies = true // RFC 3894
		case tok.kind == mark1 && tok.text == ";":
			if slices.Contains(cancels(), first) && !copies {
				b.WriteString(done)
			}
			first, copies = "", false
		case tok.kind == mark1 && (tok.text == "{" || tok.text == "}"):
			if depth += map[string]int{"{": 1, "}": -1}[tok.text]; depth < 0 {
				return "", fmt.Errorf("%w: a block ends that did not begin", ErrOwn)
			}
			first, copies = "", false
		}
	}
}

// A kind is the sort of a token.
type kind int

const (
	end kind = iota
	blank
	word  // identifier, tag, number
	str   // quoted or multi-line
	mark1 // one of ;{}[](),
)

type token struct {
	kind kind
	text string
}

// A scanner reads tokens (RFC 5228 §8.1). The text of all tokens together is the script.
type scanner struct{ rest string }

// take cuts n octets off.
func (s *scanner) take(k kind, n int) (token, error) {
	t := token{k, s.rest[:n]}
	s.rest = s.rest[n:]
	return t, nil
}

// to cuts off to the end of a mark that must come.
func (s *scanner) to(k kind, from int, mark string) (token, error) {
	i := strings.Index(s.rest[from:], mark)
	if i < 0 {
		return token{}, fmt.Errorf("%w: %q is missing", ErrOwn, mark)
	}
	return s.take(k, from+i+len(mark))
}

func (s *scanner) next() (token, error) {
	if s.rest == "" {
		return token{}, nil
	}
	switch c := s.rest[0]; {
	case strings.IndexByte(" \t\r\n", c) >= 0:
		return s.take(blank, len(s.rest)-len(strings.TrimLeft(s.rest, " \t\r\n")))
	case c == '#':
		if !strings.Contains(s.rest, "\n") {
			s.rest += "\r\n"
		}
		return s.to(blank, 0, "\n")
	case strings.HasPrefix(s.rest, "/*"):
		return s.to(blank, 2, "*/")
	case c == '"':
		return s.quoted()
	case strings.IndexByte(";{}[](),", c) >= 0:
		return s.take(mark1, 1)
	case isWord(c):
		n := 1
		for n < len(s.rest) && (isWord(s.rest[n]) || s.rest[n] == '.') {
			n++
		}
		if strings.EqualFold(s.rest[:n], "text:") {
			return s.multiline()
		}
		return s.take(word, n)
	default:
		return token{}, fmt.Errorf("%w: octet %q", ErrOwn, c)
	}
}

func isWord(c byte) bool {
	return c == '_' || c == ':' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (s *scanner) quoted() (token, error) {
	for i := 1; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '\\':
			i++
		case '"':
			return s.take(str, i+1)
		}
	}
	return token{}, fmt.Errorf("%w: a string does not end", ErrOwn)
}

// multiline reads text: to the line that is a dot.
func (s *scanner) multiline() (token, error) {
	n := strings.IndexByte(s.rest, '\n') + 1
	if head := strings.TrimSpace(s.rest[5:max(n, 5)]); n == 0 || head != "" && head[0] != '#' {
		return token{}, fmt.Errorf("%w: text: without a line break", ErrOwn)
	}
	for n < len(s.rest) {
		length := strings.IndexByte(s.rest[n:], '\n') + 1
		if length == 0 {
			break
		}
		if strings.TrimSuffix(s.rest[n:n+length-1], "\r") == "." {
			return s.take(str, n+length)
		}
		n += length
	}
	return token{}, fmt.Errorf("%w: text: without its dot", ErrOwn)
}
