package guard

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

// next decides from what the library did with the command before whether it now
// wants a literal, a SASL response, DONE or the next command.
func (c *IMAP) next() error {
	c.mu.Lock()
	st, name := c.state, c.name
	c.mu.Unlock()
	waiting := st.goAhead && !st.answered
	switch {
	case c.message.streaming:
		return c.nextBlock()
	case c.message.announced && waiting:
		c.message.streaming, c.message.begun = true, time.Now()
		return nil
	case c.message.announced:
		return c.skipLiteral()
	case waiting && name == "AUTHENTICATE":
		return c.nextSASL()
	case waiting && name == "IDLE":
		return c.nextDone()
	}
	return c.nextCommand()
}

// nextCommand reads one command, whole but for an APPEND literal.
func (c *IMAP) nextCommand() error {
	if err := c.patience(); err != nil {
		return err
	}
	wait, limit := c.opts.IdleTimeout, time.Time{}
	if !c.authed() {
		wait = c.shortened(c.opts.GreetingTimeout)
		limit = c.mustLoginBy(c.opts.GreetingTimeout)
	}
	c.arm(wait, earlier(time.Now().Add(wait), limit))
	c.setBoundary(true)
	_, err := c.br.Peek(1)
	c.setBoundary(false)
	if err != nil {
		return c.fail(err)
	}
	if wait > c.opts.CommandTimeout {
		c.arm(c.opts.CommandTimeout, time.Now().Add(c.opts.CommandTimeout))
	}
	text, err := c.gather()
	if err != nil || text == "" {
		return err
	}
	return c.command(text)
}

func (c *IMAP) authed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.state.authed
}

// patience answers BAD after BAD with slowness and then the end.
func (c *IMAP) patience() error {
	c.mu.Lock()
	bad := c.bad
	c.mu.Unlock()
	switch {
	case c.isDraining():
		return c.fail(c.whyDraining())
	case c.loginsExhausted():
		return c.bye("Too many failed logins")
	case bad >= c.opts.MaxErrors:
		return c.bye("Too many errors")
	case bad > c.opts.SlowErrors:
		c.pause(slowStep)
	}
	return nil
}

// say sends a response line of the guard's own; a tagged BAD is counted.
func (c *IMAP) say(tag, text string) error {
	if tag == "" {
		tag = "*"
	}
	if strings.HasPrefix(text, "BAD") {
		c.mu.Lock()
		c.bad++
		c.mu.Unlock()
	}
	if err := c.emit([]byte(tag + " " + text + "\r\n")); err != nil {
		return c.fail(err)
	}
	return nil
}

// bye ends the connection.
func (c *IMAP) bye(text string) error {
	_ = c.say("", "BYE "+text)
	return c.fail(errBreach)
}

// command judges a whole command: it is answered here, or handed to the library.
func (c *IMAP) command(text string) error {
	tag, rest, _ := strings.Cut(text, " ")
	if isHTTP(tag) {
		// A browser was tricked into speaking to us; the next lines are its attacker's.
		return c.bye("This is not an HTTP server")
	}
	if !validTag(tag) {
		return c.say("", "BAD Invalid tag")
	}
	name, args := splitName(rest)
	if name == "" {
		return c.say(tag, "BAD Missing or malformed command")
	}
	cmd := Command{Tag: tag, Name: name, Args: args}
	if !c.authed() {
		return c.beforeLogin(cmd)
	}
	if name == "ID" {
		return c.identify(cmd)
	}
	if why := checkArgs(name, args); why != "" {
		return c.say(tag, "BAD "+why)
	}
	if h := c.handlers[name]; h != nil {
		return c.say(tag, h(cmd, responder{c}))
	}
	if !known(name) || name == "STARTTLS" {
		return c.say(tag, "BAD Unknown command")
	}
	return c.pass(cmd)
}

// beforeLogin takes the few commands of the not authenticated state (RFC 9051
// §6.2). imapserver would close the connection on the first it does not know.
func (c *IMAP) beforeLogin(cmd Command) error {
	switch cmd.Name {
	case "CAPABILITY", "NOOP", "LOGOUT":
		if c.early++; c.early > maxEarly {
			return c.bye("Too many commands before login")
		}
		return c.pass(cmd)
	case "ID":
		return c.identify(cmd)
	case "STARTTLS":
		return c.startTLSCommand(cmd)
	case "LOGIN", "AUTHENTICATE":
		if !c.mayLogin() {
			return c.say(cmd.Tag, "NO [PRIVACYREQUIRED] Encryption is required, use STARTTLS")
		}
		if cmd.Name == "AUTHENTICATE" && !validAuthenticate(cmd.Args) {
			return c.say(cmd.Tag, "BAD Malformed AUTHENTICATE")
		}
		return c.pass(cmd)
	}
	if c.unknown++; c.unknown > maxUnknownPreAuth {
		_ = c.say(cmd.Tag, "BAD Log in first")
		return c.bye("Too many errors")
	}
	if known(cmd.Name) {
		return c.say(cmd.Tag, "BAD Log in first")
	}
	return c.say(cmd.Tag, "BAD Unknown command")
}

func validAuthenticate(args string) bool {
	mech, ir, has := strings.Cut(args, " ")
	return validTag(mech) && (!has || validSASL(ir))
}

// pass hands the command to the library.
func (c *IMAP) pass(cmd Command) error {
	c.mu.Lock()
	c.tag, c.name = cmd.Tag, cmd.Name
	c.state.goAhead, c.state.answered, c.state.swallow, c.state.override = false, false, false, ""
	c.mu.Unlock()
	line := cmd.Tag + " " + cmd.Name
	if cmd.Args != "" {
		line += " " + cmd.Args
	}
	c.in = append(append(c.in[:0], line...), crlf...)
	return nil
}

// identify answers ID in any state (RFC 2971 §3.1).
func (c *IMAP) identify(cmd Command) error {
	args := cmd.Args
	if !strings.EqualFold(args, "NIL") && (nesting(args) != 1 || args[0] != '(' || args[len(args)-1] != ')') {
		return c.say(cmd.Tag, "BAD Syntax is ID NIL or ID (\"field\" \"value\")")
	}
	list := "NIL"
	if len(c.opts.ID) > 0 {
		var fields []string
		for key, value := range c.opts.ID {
			fields = append(fields, quote(key)+" "+quote(value))
		}
		sort.Strings(fields)
		list = "(" + strings.Join(fields, " ") + ")"
	}
	if err := c.say("", "ID "+list); err != nil {
		return err
	}
	return c.say(cmd.Tag, "OK ID completed")
}

// startTLSCommand upgrades the connection (RFC 9051 §6.2.1). Octets pipelined
// behind it in clear end the connection.
func (c *IMAP) startTLSCommand(cmd Command) error {
	switch {
	case cmd.Args != "":
		return c.say(cmd.Tag, "BAD STARTTLS takes no argument")
	case !c.mayStartTLS():
		return c.say(cmd.Tag, "BAD STARTTLS is not offered")
	case c.br.Buffered() > 0:
		_ = c.say(cmd.Tag, "BAD Clear text behind STARTTLS")
		return c.bye("Closing connection")
	}
	if err := c.say(cmd.Tag, "OK Begin TLS negotiation now"); err != nil {
		return err
	}
	return c.startTLS()
}

// nextSASL reads the client's answer to a challenge.
func (c *IMAP) nextSASL() error {
	wait := c.shortened(c.opts.GreetingTimeout)
	c.arm(wait, time.Now().Add(wait))
	line, err := c.readLine(maxSASL)
	override := ""
	switch {
	case errors.Is(err, errTooLong), errors.Is(err, errBareLine), err == nil && line != "*" && !validSASL(line):
		line, override = "*", "BAD [CLIENTBUG] Malformed SASL response"
	case errors.Is(err, errEndless):
		return c.bye("SASL response too long")
	case err != nil:
		return c.fail(unexpected(err))
	}
	c.mu.Lock()
	c.state.goAhead, c.state.override = false, override
	c.mu.Unlock()
	c.in = append(append(c.in[:0], line...), crlf...)
	return nil
}

// nextDone waits for the end of IDLE (RFC 9051 §6.3.13).
func (c *IMAP) nextDone() error {
	c.arm(c.opts.IdleTimeout, time.Now().Add(c.opts.IdleTimeout))
	c.setBoundary(true)
	line, err := c.readLine(maxCommandPre)
	c.setBoundary(false)
	if err != nil && !errors.Is(err, errTooLong) && !errors.Is(err, errBareLine) {
		return c.fail(err)
	}
	if err == nil && strings.EqualFold(line, "DONE") {
		line = "DONE"
	} else {
		line = "-" // anything else: the library says BAD
	}
	c.mu.Lock()
	c.state.goAhead = false
	c.mu.Unlock()
	c.in = append(append(c.in[:0], line...), crlf...)
	return nil
}

// A responder is the io.Writer of a Handler.
type responder struct{ c *IMAP }

func (r responder) Write(p []byte) (int, error) {
	if err := r.c.emit(p); err != nil {
		return 0, err
	}
	return len(p), nil
}

var _ io.Writer = responder{}

func isHTTP(word string) bool {
	switch word {
	case "GET", "POST", "PUT", "HEAD", "OPTIONS", "CONNECT", "DELETE", "PATCH", "TRACE":
		return true
	}
	return false
}

// validTag takes tags as imapserver does: atoms without '+' and of sane length.
func validTag(s string) bool {
	if s == "" || len(s) > 128 {
		return false
	}
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] >= 0x7f || strings.IndexByte("(){%*\"\\]+", s[i]) >= 0 {
			return false
		}
	}
	return true
}

// splitName cuts the command name, upper-case and with UID's second word, from its
// arguments. A malformed name is "".
func splitName(rest string) (name, args string) {
	name, args, _ = strings.Cut(rest, " ")
	if name = strings.ToUpper(name); name == "UID" {
		var sub string
		sub, args, _ = strings.Cut(args, " ")
		if !validTag(sub) {
			return "", ""
		}
		return "UID " + strings.ToUpper(sub), args
	}
	if !validTag(name) {
		return "", ""
	}
	return name, args
}

// known lists what imapserver answers.
func known(name string) bool {
	switch name {
	case "NOOP", "CHECK", "LOGOUT", "CAPABILITY", "STARTTLS", "AUTHENTICATE", "UNAUTHENTICATE", "LOGIN", "ENABLE",
		"CREATE", "DELETE", "RENAME", "SUBSCRIBE", "UNSUBSCRIBE", "STATUS", "LIST", "LSUB", "NAMESPACE", "IDLE",
		"SELECT", "EXAMINE", "CLOSE", "UNSELECT", "APPEND", "FETCH", "UID FETCH", "EXPUNGE", "UID EXPUNGE",
		"STORE", "UID STORE", "COPY", "UID COPY", "MOVE", "UID MOVE", "SEARCH", "UID SEARCH":
		return true
	}
	return false
}

// quote makes an IMAP quoted string of s, which holds no CR, LF or NUL.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// tagOf is the tag of a command that could not be read whole.
func tagOf(text string) string {
	tag, _, _ := strings.Cut(text, " ")
	if !validTag(tag) {
		return ""
	}
	return tag
}

func tooBig(limit int64) string {
	return fmt.Sprintf("NO [TOOBIG] Literals are limited to %d octets here", limit)
}
