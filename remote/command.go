package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// A handler sees untagged responses. Those it does not care about it ignores.
type handler func(*response)

// run sends a command that is one line and waits for its end.
func (s *Session) run(ctx context.Context, line string, on handler) error {
	return s.exchange(ctx, exchange{line: line, on: on})
}

// An exchange is a command and what belongs to it.
type exchange struct {
	line   string
	on     handler
	more   func(challenge string) (string, error) // answers "+"
	send   func() error                           // what is sent at "+" in place of a line
	stream streamer
	octets int64 // of messages that travel with it
	final  handler
}

// exchange sends a command and reads to its tagged response. An error wraps ErrLost if the
// session is over, else it is the server's refusal.
func (s *Session) exchange(ctx context.Context, x exchange) error {
	if s.lost != nil {
		return s.lost
	}
	if strings.ContainsAny(x.line, "\r\n\x00") {
		return fmt.Errorf("%w: a line break in a command", ErrName)
	}
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	end := time.Now().Add(commandTime + time.Duration(x.octets/slowest)*time.Second)
	s.tags++
	tag := "t" + strconv.Itoa(s.tags)
	if err := s.deadline(ctx, end); err != nil {
		return err
	}
	if err := s.write(tag + " " + x.line + "\r\n"); err != nil {
		return s.gone(ctx, err)
	}
	for range maxResponses {
		if err := s.deadline(ctx, end); err != nil {
			return err
		}
		r, err := s.w.response(s.streaming(x.stream, end))
		if err != nil {
			return s.gone(ctx, err)
		}
		switch r.tag {
		case "*":
			if err := s.untagged(ctx, r, x); err != nil {
				return err
			}
		case "+":
			if err := s.proceed(r, x, end); err != nil {
				return s.gone(ctx, err)
			}
		case tag:
			return s.tagged(r, x)
		default:
			return s.gone(ctx, fmt.Errorf("%w: an answer to %q", errSyntax, clean(r.tag)))
		}
	}
	return s.gone(ctx, fmt.Errorf("%w: no end of responses", errSyntax))
}

// maxAhead is how many commands are sent before the first is answered.
const maxAhead = 32

// ahead sends several commands at once and reads to the end of all. They must not change
// what the others mean (RFC 9051 §5.5). The answers are nil or refusals, in the order of
// the commands; err means that the session is over.
func (s *Session) ahead(ctx context.Context, lines []string, on handler) (answers []error, err error) {
	if s.lost != nil {
		return nil, s.lost
	}
	conn := s.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	end := time.Now().Add(commandTime)
	var text strings.Builder
	at := map[string]int{}
	for i, line := range lines {
		if strings.ContainsAny(line, "\r\n\x00") {
			return nil, fmt.Errorf("%w: a line break in a command", ErrName)
		}
		s.tags++
		tag := "t" + strconv.Itoa(s.tags)
		at[tag] = i
		text.WriteString(tag + " " + line + "\r\n")
	}
	if err := s.deadline(ctx, end); err != nil {
		return nil, err
	}
	if err := s.write(text.String()); err != nil {
		return nil, s.gone(ctx, err)
	}
	answers = make([]error, len(lines))
	for range maxResponses {
		if len(at) == 0 {
			return answers, nil
		}
		if err := s.deadline(ctx, end); err != nil {
			return nil, err
		}
		r, err := s.w.response(nil)
		if err != nil {
			return nil, s.gone(ctx, err)
		}
		i, ours := at[r.tag]
		switch {
		case r.tag == "*":
			if err := s.untagged(ctx, r, exchange{on: on}); err != nil {
				return nil, err
			}
		case ours:
			delete(at, r.tag)
			if answers[i] = s.tagged(r, exchange{}); s.lost != nil {
				return nil, s.lost
			}
		default:
			return nil, s.gone(ctx, fmt.Errorf("%w: an answer to %q", errSyntax, clean(r.tag)))
		}
	}
	return nil, s.gone(ctx, fmt.Errorf("%w: no end of responses", errSyntax))
}

// deadline gives the server answerTime for its next word, but not beyond end.
func (s *Session) deadline(ctx context.Context, end time.Time) error {
	next := time.Now().Add(answerTime)
	if next.After(end) {
		next = end
	}
	if err := s.conn.SetDeadline(next); err != nil {
		return s.gone(ctx, err)
	}
	return nil
}

// streaming lets a message arrive as slowly as a line may be.
func (s *Session) streaming(f streamer, end time.Time) streamer {
	if f == nil {
		return nil
	}
	return func(size int64, r io.Reader) error {
		if err := s.conn.SetDeadline(end); err != nil {
			return err
		}
		return f(size, r)
	}
}

func (s *Session) write(text string) error {
	_, err := io.WriteString(s.conn, text)
	return err
}

// proceed answers a continuation request.
func (s *Session) proceed(r *response, x exchange, end time.Time) error {
	switch {
	case x.send != nil:
		if err := s.conn.SetDeadline(end); err != nil {
			return err
		}
		return x.send()
	case x.more != nil:
		answer, err := x.more(r.text)
		if err != nil {
			return err
		}
		return s.write(answer + "\r\n")
	}
	return fmt.Errorf("%w: it wants more than was announced", errSyntax)
}

// untagged notes what a response says about the session, and hands it on.
func (s *Session) untagged(ctx context.Context, r *response, x exchange) error {
	s.notice(r)
	if r.kind == "BYE" && !strings.HasPrefix(x.line, "LOGOUT") {
		return s.gone(ctx, fmt.Errorf("the server ends it: %s", clean(r.text)))
	}
	if x.on != nil {
		x.on(r)
	}
	return nil
}

// tagged ends a command.
func (s *Session) tagged(r *response, x exchange) error {
	s.notice(r)
	switch r.kind {
	case "OK":
		if x.final != nil {
			x.final(r)
		}
		return nil
	case "NO", "BAD":
		return fail(kindOf(r), r)
	}
	return s.gone(context.Background(), fmt.Errorf("%w: a command that ends with %q", errSyntax, clean(r.kind)))
}

// notice keeps what a response says about the server and the selected folder.
func (s *Session) notice(r *response) {
	word, rest, _ := strings.Cut(r.code, " ")
	switch {
	case r.kind == "CAPABILITY":
		s.caps, s.capsRead = readCaps(strings.Fields(r.text)), true
	case strings.EqualFold(word, "CAPABILITY"):
		s.caps, s.capsRead = readCaps(strings.Fields(rest)), true
	}
	s.told(r)
	if s.selected == nil {
		return
	}
	switch r.kind {
	case "EXISTS":
		if r.num > s.selected.Exists {
			s.news.New = true
		}
		s.selected.Exists = r.num
	case "EXPUNGE", "VANISHED":
		if r.kind == "EXPUNGE" && s.selected.Exists > 0 {
			s.selected.Exists--
		}
		if !s.quiet {
			s.news.Gone = true
		}
	case "FETCH":
		if r.item.own() && !s.quiet {
			s.news.Flags = true
		}
	}
}

// quote writes a string. Strings with line breaks cannot be written so.
func quote(text string) (string, error) {
	if strings.ContainsAny(text, "\r\n\x00") {
		return "", fmt.Errorf("%w: a line break in %q", ErrName, clean(text))
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`, nil
}

// timeout says whether a read ended because its time was over.
func timeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}
