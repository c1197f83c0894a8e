package guard

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// maxReply bounds what is kept of an unfinished reply, and a reply line.
const (
	maxReply     = 64 << 10
	maxReplyLine = 510 // RFC 5321 §4.5.3.1.5
)

// Write takes the library's replies. A whole reply moves the guard's view of the
// dialogue, is corrected and goes out.
func (s *SMTP) Write(p []byte) (int, error) {
	select {
	case <-s.done:
		return 0, errClosed
	default:
	}
	if s.inBody() {
		if err := s.finishBody(); err != nil {
			return 0, err
		}
	}
	s.mu.Lock()
	s.reply = append(s.reply, p...)
	var out []byte
	for {
		lines, n := cutReply(s.reply)
		if n == 0 {
			break
		}
		out = append(out, s.answerLocked(lines)...)
		s.reply = append(s.reply[:0], s.reply[n:]...)
	}
	if len(s.reply) > maxReply {
		s.reply = s.reply[:0] // no session says so much in one reply
	}
	s.mu.Unlock()
	if len(out) > 0 {
		if err := s.emit(out); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// cutReply returns the lines of the first whole reply in buf and its length, 0 if
// there is none.
func cutReply(buf []byte) (lines []string, n int) {
	for {
		i := bytes.Index(buf[n:], crlf)
		if i < 0 {
			return nil, 0
		}
		line := string(buf[n : n+i])
		n += i + 2
		lines = append(lines, line)
		if len(line) < 4 || line[3] != '-' {
			return lines, n
		}
	}
}

// answerLocked follows one reply and returns what the peer gets.
func (s *SMTP) answerLocked(lines []string) []byte {
	if s.swallow {
		s.swallow = false
		return nil
	}
	code := replyCode(lines[0])
	s.followLocked(code)
	if s.override != "" && code != 354 && code != 334 {
		s.countLocked(replyCode(s.override))
		return []byte(s.override)
	}
	s.countLocked(code)
	if s.pending == verbGreet && code == 250 && len(lines) > 1 {
		lines = s.editGreeting(lines)
	} else {
		lines = scrub(s.pending, tidy(lines, s.state.utf8))
	}
	return []byte(strings.Join(lines, "\r\n") + "\r\n")
}

func replyCode(line string) int {
	if len(line) < 3 {
		return 0
	}
	code := 0
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return 0
		}
		code = code*10 + int(c-'0')
	}
	return code
}

// followLocked draws from a reply what it means for the dialogue.
func (s *SMTP) followLocked(code int) {
	ok := code == 250
	switch s.pending {
	case verbGreet:
		s.state.greeted = s.state.greeted || ok
	case verbMail:
		if s.state.mail = ok; !ok {
			s.resetLocked()
		}
	case verbRcpt:
		if ok {
			s.state.rcpts++
		}
	case verbData:
		if code == 354 {
			s.startBody()
		} else if ok {
			s.errors, s.junk = 0, 0
		}
	case verbAuth:
		s.state.sasl = code == 334
		s.state.authed = s.state.authed || code == 235
	}
}

// countLocked counts refusals.
func (s *SMTP) countLocked(code int) {
	if code >= 400 {
		s.errors++
	}
}

// editGreeting announces what is true (RFC 5321 §4.1.1.1): the library does not
// know of TLS, exact sizes or holds, and cannot be kept from offering CHUNKING.
func (s *SMTP) editGreeting(lines []string) []string {
	out := []string{tidy(lines[:1], false)[0][4:]}
	for _, line := range lines[1:] {
		word, _, _ := strings.Cut(line[4:], " ")
		switch word {
		case "CHUNKING", "BINARYMIME", "STARTTLS", "DELIVERBY", "MT-PRIORITY":
			continue
		case "AUTH":
			if s.opts.Role != Submission || !s.mayLogin() {
				continue
			}
		case "SIZE":
			out = append(out, fmt.Sprintf("SIZE %d", s.opts.MaxSize))
			continue
		}
		out = append(out, line[4:])
	}
	if s.mayStartTLS() {
		out = append(out, "STARTTLS")
	}
	if s.opts.MaxHold > 0 {
		// RFC 4865 §3.1: the longest interval in seconds and the latest instant.
		out = append(out, fmt.Sprintf("FUTURERELEASE %d %s", int64(s.opts.MaxHold/time.Second),
			s.opts.Now().Add(s.opts.MaxHold).UTC().Format(time.RFC3339)))
	}
	if s.opts.DeliverBy {
		out = append(out, "DELIVERBY")
	}
	if s.opts.Priority {
		out = append(out, "MT-PRIORITY")
	}
	for i := range out {
		sep := "-"
		if i == len(out)-1 {
			sep = " "
		}
		out[i] = "250" + sep + out[i]
	}
	return out
}

// tidy makes reply lines safe and complete: no control octets, 8-bit only under
// SMTPUTF8 (RFC 6531 §3.5), bounded, and the enhanced code on each line (RFC 2034
// §4), which the library puts on the last one alone.
func tidy(lines []string, utf8 bool) []string {
	last := lines[len(lines)-1]
	enhanced := ""
	if len(lines) > 1 && len(last) > 4 {
		if word, _, _ := strings.Cut(last[4:], " "); isEnhanced(word) {
			enhanced = word + " "
		}
	}
	out := make([]string, len(lines))
	for i, line := range lines {
		if enhanced != "" && len(line) >= 4 && !strings.HasPrefix(line[4:], enhanced) {
			line = line[:4] + enhanced + line[4:]
		}
		line = strings.Map(func(r rune) rune {
			if r < ' ' || r == 0x7f || r > 0x7e && !utf8 {
				return '?'
			}
			return r
		}, line)
		if len(line) > maxReplyLine {
			line = strings.ToValidUTF8(line[:maxReplyLine], "")
		}
		out[i] = line
	}
	return out
}

func isEnhanced(word string) bool {
	return len(word) >= 5 && word[1] == '.' && strings.IndexByte("245", word[0]) >= 0
}

// scrub replaces the replies into which the library puts the text of an error
// that is none of the peer's business, and which it makes permanent at DATA.
func scrub(v verb, lines []string) []string {
	line := lines[0]
	const failed = "Error: transaction failed: "
	switch {
	case v == verbData && strings.HasPrefix(line, "554") && strings.Contains(line, failed):
		who := ""
		if i, j := strings.Index(line, "<"), strings.Index(line, "> "+failed); i > 0 && i < j {
			who = line[i:j+1] + " " // LMTP
		}
		return []string{"451 4.3.0 " + who + "Local error, try again later"}
	case (v == verbMail || v == verbRcpt || v == verbGreet) && strings.HasPrefix(line, "451 4.0.0 "):
		return []string{"451 4.3.0 Local error, try again later"}
	case v == verbAuth && strings.HasPrefix(line, "454 4.7.0 sasl: "):
		return []string{"501 5.5.2 Malformed authentication response"} // go-sasl could not read it
	case v == verbAuth && strings.HasPrefix(line, "454 4.7.0 "):
		return []string{"454 4.7.0 Temporary authentication failure"}
	}
	return lines
}
