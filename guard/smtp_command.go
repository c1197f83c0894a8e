package guard

import (
	"encoding/base64"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
)

// Line limits. RFC 5321 §4.5.3.1.4 and §4.5.3.1.9 ask for 512 octets and more for
// each extension; RFC 4954 §4 for 12288 in an AUTH exchange.
const (
	maxSMTPLine = 2048
	maxAuthLine = 12288
	slowStep    = time.Second
)

// A verb is the command that the library is answering.
type verb string

const (
	verbGreet verb = "EHLO" // or HELO or LHLO
	verbMail  verb = "MAIL"
	verbRcpt  verb = "RCPT"
	verbData  verb = "DATA"
	verbAuth  verb = "AUTH"
	verbOther verb = "other"
)

// nextCommand reads command lines until one is fit for the library.
func (s *SMTP) nextCommand() error {
	if err := s.patience(); err != nil {
		return err
	}
	s.closeTransaction()
	s.arm(s.commandTimeout())
	s.setBoundary(true)
	limit := maxSMTPLine
	if !s.stateNow().authed {
		limit = maxAuthLine
	}
	line, err := s.readLine(limit)
	s.setBoundary(false)
	switch {
	case errors.Is(err, errTooLong):
		return s.say(500, "5.5.2", "Line too long")
	case errors.Is(err, errEndless):
		return s.end(500, "5.5.2", "Line too long, closing connection")
	case errors.Is(err, errBareLine) && strings.Contains(line, "\r"):
		return s.say(501, "5.5.2", "Bare CR in command")
	case errors.Is(err, errBareLine):
		return s.say(500, "5.5.2", "Lines end in CRLF (RFC 5321 2.3.8)")
	case err != nil:
		return s.fail(err)
	}
	return s.command(line)
}

// patience answers too many errors, junk commands and failed logins: first with
// slowness, then with the end.
func (s *SMTP) patience() error {
	s.mu.Lock()
	errs, junk := s.errors, s.junk
	s.mu.Unlock()
	switch {
	case s.isDraining():
		return s.fail(s.whyDraining())
	case s.loginsExhausted():
		return s.end(421, "4.7.0", "Too many failed logins, closing connection")
	case s.opts.Role == LMTP:
		return nil // the MTA's errors are those of the mail it carries
	case errs >= s.opts.MaxErrors:
		return s.end(421, "4.7.0", "Too many errors, closing connection")
	case junk > s.opts.MaxJunk:
		return s.end(421, "4.7.0", "Too many commands without mail, closing connection")
	case errs > s.opts.SlowErrors:
		s.pause(slowStep)
	}
	return nil
}

// closeTransaction forgets the transaction whose body was read.
func (s *SMTP) closeTransaction() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.state.bodyRead {
		s.resetLocked()
	}
}

func (s *SMTP) resetLocked() {
	s.state.mail, s.state.utf8, s.state.rcpts, s.state.bodyRead = false, false, 0, false
	s.params = MailParams{}
}

func (s *SMTP) stateNow() smtpState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// commandTimeout is how long to wait for a socket read of a command, and until when
// for all of it.
func (s *SMTP) commandTimeout() (wait time.Duration, limit time.Time) {
	st := s.stateNow()
	wait = s.opts.CommandTimeout
	var login time.Time
	if !st.greeted || s.opts.Role == Submission && !st.authed {
		wait, login = s.opts.GreetingTimeout, s.mustLoginBy(s.opts.GreetingTimeout)
	}
	wait = s.shortened(wait)
	return wait, earlier(time.Now().Add(wait), login)
}

// command judges one line: it is answered here, or handed to the library.
func (s *SMTP) command(line string) error {
	if hasControl(line) {
		return s.say(501, "5.5.2", "Control character in command")
	}
	word, arg, _ := strings.Cut(line, " ")
	word, arg = strings.ToUpper(word), strings.TrimSpace(arg)
	if len(line) > maxSMTPLine && word != "AUTH" {
		return s.say(500, "5.5.2", "Line too long")
	}
	switch word {
	case "EHLO", "HELO", "LHLO":
		return s.greet(word, arg)
	case "MAIL":
		return s.mail(arg)
	case "RCPT":
		return s.rcpt(arg)
	case "DATA":
		return s.dataCommand(arg)
	case "BDAT":
		return s.bdat(arg)
	case "AUTH":
		return s.auth(arg)
	case "STARTTLS":
		return s.startTLSCommand(arg)
	case "RSET", "NOOP", "VRFY", "QUIT":
		return s.plain(word, arg)
	case "EXPN", "HELP", "ETRN", "TURN", "ATRN", "SEND", "SOML", "SAML":
		return s.say(502, "5.5.1", "Command not implemented")
	case "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "DELETE":
		// A browser was tricked into speaking to us; the next lines are its attacker's.
		return s.end(421, "4.7.0", "This is not an HTTP server")
	}
	return s.say(500, "5.5.2", "Command not recognized")
}

// pass hands line to the library.
func (s *SMTP) pass(v verb, line string) error {
	s.mu.Lock()
	s.pending, s.override = v, ""
	s.mu.Unlock()
	s.in = append(append(s.in[:0], line...), crlf...)
	return nil
}

func (s *SMTP) plain(word, arg string) error {
	if arg != "" && (word == "RSET" || word == "QUIT") {
		return s.say(501, "5.5.4", word+" takes no argument")
	}
	s.mu.Lock()
	s.junk++
	if word == "RSET" {
		s.resetLocked()
	}
	s.mu.Unlock()
	return s.pass(verbOther, word)
}

func (s *SMTP) greet(word, arg string) error {
	if lmtp := word == "LHLO"; lmtp != (s.opts.Role == LMTP) {
		return s.say(500, "5.5.1", word+" is not for this service")
	}
	if !validGreeting(arg) {
		return s.say(501, "5.5.4", "A domain or address literal is required")
	}
	s.mu.Lock()
	s.junk++
	s.resetLocked() // RFC 5321 §4.1.4
	s.mu.Unlock()
	return s.pass(verbGreet, word+" "+arg)
}

// validGreeting takes domains, literals and the host names real machines have,
// but nothing that could forge a Received line.
func validGreeting(arg string) bool {
	const allowed = "abcdefghijklmnopqrstuvwxyz0123456789-._:[]"
	return arg != "" && len(arg) <= 255 &&
		strings.IndexFunc(strings.ToLower(arg), func(r rune) bool { return !strings.ContainsRune(allowed, r) }) < 0
}

func (s *SMTP) dataCommand(arg string) error {
	st := s.stateNow()
	switch {
	case arg != "":
		return s.say(501, "5.5.4", "DATA takes no argument")
	case !st.mail || st.rcpts == 0:
		return s.say(503, "5.5.1", "No valid recipients")
	}
	return s.pass(verbData, "DATA")
}

// auth checks what go-smtp does not: TLS, the transaction (RFC 4954 §4), base64.
func (s *SMTP) auth(arg string) error {
	st := s.stateNow()
	words := strings.Fields(arg)
	switch {
	case s.opts.Role != Submission:
		return s.say(502, "5.5.1", "AUTH is not for this service")
	case !s.mayLogin():
		return s.say(538, "5.7.11", "Encryption is required, use STARTTLS")
	case !st.greeted:
		return s.say(503, "5.5.1", "EHLO first")
	case st.authed:
		return s.say(503, "5.5.1", "Already authenticated")
	case st.mail:
		return s.say(503, "5.5.1", "AUTH is not allowed in a mail transaction")
	case len(words) == 0 || len(words) > 2:
		return s.say(501, "5.5.4", "AUTH takes a mechanism and an initial response")
	case len(words) == 2 && !validSASL(words[1]):
		return s.say(501, "5.5.2", "Cannot decode the response")
	}
	return s.pass(verbAuth, "AUTH "+strings.Join(words, " "))
}

// nextSASL reads the client's answer to a 334.
func (s *SMTP) nextSASL() error {
	wait := s.shortened(s.opts.GreetingTimeout)
	s.arm(wait, time.Now().Add(wait))
	line, err := s.readLine(maxAuthLine)
	override := ""
	switch {
	case errors.Is(err, errTooLong):
		override = "500 5.5.6 Authentication exchange line is too long\r\n" // RFC 4954 §4
	case errors.Is(err, errEndless):
		return s.end(500, "5.5.6", "Authentication exchange line is too long")
	case errors.Is(err, errBareLine), err == nil && line != "*" && !validSASL(line):
		override = "501 5.5.2 Cannot decode the response\r\n"
	case err != nil:
		return s.fail(err)
	}
	if override != "" {
		line = "*" // which makes the library give up
	}
	s.mu.Lock()
	s.state.sasl = false
	s.mu.Unlock()
	_ = s.pass(verbAuth, line)
	s.mu.Lock()
	s.override = override
	s.mu.Unlock()
	return nil
}

func validSASL(text string) bool {
	if text == "=" || text == "" {
		return true
	}
	_, err := base64.StdEncoding.Strict().DecodeString(text)
	return err == nil
}

// startTLSCommand upgrades the connection. Octets that were pipelined behind
// STARTTLS came in clear, from whomever: they are not dropped in silence, as the
// peer would wait for answers, but end the connection (RFC 3207 §4.2).
func (s *SMTP) startTLSCommand(arg string) error {
	st := s.stateNow()
	switch {
	case arg != "":
		return s.say(501, "5.5.4", "STARTTLS takes no argument")
	case !s.mayStartTLS():
		return s.say(502, "5.5.1", "STARTTLS is not offered")
	case !st.greeted || st.authed:
		return s.say(503, "5.5.1", "Bad sequence of commands")
	case s.br.Buffered() > 0:
		return s.end(421, "4.7.0", "Clear text behind STARTTLS, closing connection")
	}
	if err := s.emit([]byte("220 2.0.0 Ready to start TLS\r\n")); err != nil {
		return s.fail(err)
	}
	if err := s.startTLS(); err != nil {
		return err
	}
	s.mu.Lock()
	s.state = smtpState{}
	s.params = MailParams{}
	s.swallow = true
	s.mu.Unlock()
	return s.pass(verbOther, "RSET")
}

// bdat refuses BDAT, which is not offered, and eats its chunk, so that no octet of
// it is taken for a command (RFC 3030 §3).
func (s *SMTP) bdat(arg string) error {
	words := strings.Fields(arg)
	if len(words) == 0 || len(words) > 2 || len(words) == 2 && !strings.EqualFold(words[1], "LAST") {
		return s.end(501, "5.5.4", "BDAT takes a size and LAST, closing connection")
	}
	n, err := strconv.ParseInt(words[0], 10, 64)
	switch {
	case errors.Is(err, strconv.ErrRange):
		return s.end(552, "5.3.4", "Chunk is larger than allowed, closing connection")
	case err != nil || n < 0:
		return s.end(501, "5.5.4", "Malformed chunk size, closing connection")
	case n > s.opts.MaxSize:
		return s.end(552, "5.3.4", "Chunk is larger than allowed, closing connection")
	}
	s.arm(s.opts.DataTimeout, time.Now().Add(bodyBase+time.Duration(n/bodyRate)*time.Second))
	if _, err := io.CopyN(io.Discard, s.br, n); err != nil {
		return s.fail(unexpected(err))
	}
	if st := s.stateNow(); st.mail && st.rcpts > 0 {
		return s.say(554, "5.5.1", "CHUNKING is not offered, use DATA")
	}
	return s.say(502, "5.5.1", "CHUNKING is not offered")
}
