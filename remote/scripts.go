package remote

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxScript bounds a script that is read.
const maxScript = 256 << 10

// Scripts is a connection to a ManageSieve server (RFC 5804), logged in. Like a Session it
// is used by one goroutine at a time, and ended by any error that wraps ErrLost.
type Scripts struct {
	account Account
	conn    net.Conn
	w       *wire
	lost    error

	offered map[string]string // capabilities, in capitals
}

// A Script is one on the server.
type Script struct {
	Name   string
	Active bool
}

// DialScripts connects and logs in; a is the account, but with the address of ManageSieve,
// usually port 4190 with STARTTLS. Errors are Dial's.
func DialScripts(ctx context.Context, a Account) (*Scripts, error) {
	ctx, cancel := context.WithTimeout(ctx, dialTime)
	defer cancel()
	c := &Scripts{account: a}
	if err := c.open(ctx); err != nil {
		if c.conn != nil {
			_ = c.conn.Close() // The first error is the one to tell.
		}
		return nil, fmt.Errorf("ManageSieve server %s: %w", a.Addr, err)
	}
	return c, nil
}

func (c *Scripts) open(ctx context.Context) error {
	host, _, err := net.SplitHostPort(c.account.Addr)
	if err != nil {
		return lost(err)
	}
	if c.conn, err = c.account.connect(ctx, host); err != nil {
		return err
	}
	c.w = newWire(c.conn)
	if err := c.capabilities(ctx, ""); err != nil {
		return err
	}
	if c.account.Security == StartTLS {
		if _, err := c.run(ctx, "STARTTLS"); err != nil {
			return err
		}
		if c.w.buffered() > 0 {
			return lost(errors.New("the server said more than its consent to TLS"))
		}
		secured, err := c.account.secure(ctx, c.conn, host)
		if err != nil {
			return err
		}
		c.conn, c.w = secured, newWire(secured)
		// RFC 5804 §2.2: the server says its capabilities anew.
		if err := c.capabilities(ctx, ""); err != nil {
			return err
		}
	}
	if err := c.login(ctx); err != nil {
		return err
	}
	// RFC 5804 §1.7: what is offered may depend on who is logged in.
	return c.capabilities(ctx, "CAPABILITY")
}

// capabilities reads them, after a command or unasked.
func (c *Scripts) capabilities(ctx context.Context, command string) error {
	lines, err := c.exchange(ctx, command, nil)
	if err != nil {
		return err
	}
	c.offered = map[string]string{}
	for _, l := range lines {
		value := ""
		if len(l) > 1 {
			value = l[1].text
		}
		if len(l) > 0 && len(c.offered) < maxCaps {
			c.offered[strings.ToUpper(l[0].text)] = value
		}
	}
	return nil
}

// Extensions returns what the server's Sieve knows, in small letters.
func (c *Scripts) Extensions() []string { return strings.Fields(strings.ToLower(c.offered["SIEVE"])) }

// Implementation returns what the server calls itself.
func (c *Scripts) Implementation() string { return clean(c.offered["IMPLEMENTATION"]) }

// login is AUTHENTICATE (RFC 5804 §2.1).
func (c *Scripts) login(ctx context.Context) error {
	mechs := strings.Fields(strings.ToUpper(c.offered["SASL"]))
	a := c.account
	if a.Token == nil {
		if !slices.Contains(mechs, "PLAIN") {
			return &refusal{kind: ErrAuth, text: "the server takes no password on this connection"}
		}
		return c.authenticate(ctx, "PLAIN", "\x00"+a.User+"\x00"+string(a.Password))
	}
	token, err := a.Token(ctx)
	if err != nil {
		return fmt.Errorf("access token: %w", err)
	}
	mech, response, err := bearerResponse(a, mechs, token)
	if err != nil {
		return err
	}
	return c.authenticate(ctx, mech, response)
}

func (c *Scripts) authenticate(ctx context.Context, mech, response string) error {
	challenges := 0
	_, err := c.exchange(ctx, `AUTHENTICATE "`+mech+`" "`+base64.StdEncoding.EncodeToString([]byte(response))+`"`, func() error {
		if challenges++; challenges > 1 {
			return errChallenges
		}
		_, err := c.conn.Write([]byte("\"AQ==\"\r\n")) // RFC 7628 §3.2.3
		return err
	})
	return asAuth(err)
}

// run sends a command and returns the lines before its end.
func (c *Scripts) run(ctx context.Context, command string) ([][]node, error) {
	return c.exchange(ctx, command, nil)
}

// exchange sends a command, unless it is "", and reads to the end of the answer.
func (c *Scripts) exchange(ctx context.Context, command string, challenge func() error) ([][]node, error) {
	if c.lost != nil {
		return nil, c.lost
	}
	conn := c.conn
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	if err := conn.SetDeadline(time.Now().Add(answerTime)); err != nil {
		return nil, c.gone(ctx, err)
	}
	if command != "" {
		if _, err := conn.Write([]byte(command + "\r\n")); err != nil {
			return nil, c.gone(ctx, err)
		}
	}
	var lines [][]node
	c.w.left = maxResponse // of the whole answer
	for {
		r := response{}
		if err := c.w.values(&r); err != nil {
			return nil, c.gone(ctx, err)
		}
		if len(r.args) == 0 {
			continue // What a literal leaves of its line.
		}
		first := r.args[0]
		if first.kind == atom {
			return lines, c.status(ctx, r.args)
		}
		if challenge != nil && len(r.args) == 1 {
			if err := challenge(); err != nil {
				return nil, c.gone(ctx, err)
			}
			continue
		}
		lines = append(lines, r.args)
	}
}

// status reads OK, NO or BYE, a code in parentheses, and words.
func (c *Scripts) status(ctx context.Context, args []node) error {
	r := &response{kind: strings.ToUpper(args[0].text)}
	for _, a := range args[1:] {
		if a.kind == list && len(a.list) > 0 {
			r.code = strings.ToUpper(a.list[0].text)
		}
		if a.kind == str {
			r.text = a.text
		}
	}
	switch r.kind {
	case "OK":
		return nil
	case "NO":
		return fail(scriptKind(r), r)
	case "BYE":
		return c.gone(ctx, fmt.Errorf("the server ends it: %s", clean(r.text)))
	}
	return c.gone(ctx, fmt.Errorf("%w: %q", errSyntax, clean(r.kind)))
}

// scriptKind reads a response code (RFC 5804 §1.3).
func scriptKind(r *response) error {
	code, _, _ := strings.Cut(r.code, "/")
	switch code {
	case "QUOTA":
		return ErrFull
	case "TRYLATER":
		return ErrTry
	case "NONEXISTENT":
		return ErrGone
	case "AUTH-TOO-WEAK", "ENCRYPT-NEEDED", "TRANSITION-NEEDED":
		return ErrAuth
	}
	return ErrRefused
}

func (c *Scripts) gone(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	if c.lost == nil {
		c.lost = lost(err)
	}
	_ = c.conn.Close() // It is of no use any more.
	return c.lost
}

// Close says goodbye.
func (c *Scripts) Close() error {
	if c.lost == nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTime)
		defer cancel()
		_, _ = c.run(ctx, "LOGOUT") // Politeness; nobody waits for the answer.
	}
	return ignoreClosed(c.conn.Close())
}

// List returns the scripts.
func (c *Scripts) List(ctx context.Context) ([]Script, error) {
	lines, err := c.run(ctx, "LISTSCRIPTS")
	if err != nil {
		return nil, fmt.Errorf("list scripts: %w", err)
	}
	var out []Script
	for _, l := range lines {
		s := Script{Name: l[0].text}
		s.Active = len(l) > 1 && strings.EqualFold(l[1].text, "ACTIVE")
		out = append(out, s)
	}
	return out, nil
}

// Get returns the text of a script. Errors: ErrGone.
func (c *Scripts) Get(ctx context.Context, name string) (string, error) {
	q, err := quote(name)
	if err != nil {
		return "", err
	}
	lines, err := c.run(ctx, "GETSCRIPT "+q)
	if err != nil {
		return "", fmt.Errorf("script %s: %w", clean(name), err)
	}
	if len(lines) != 1 || len(lines[0]) != 1 || len(lines[0][0].text) > maxScript {
		return "", fmt.Errorf("script %s: %w", clean(name), ErrTooLarge)
	}
	return lines[0][0].text, nil
}

// Check asks whether the server would take a script; a server too old to know (RFC 5804
// §2.12) is taken for content. Errors: ErrRefused with its reason.
func (c *Scripts) Check(ctx context.Context, text string) error {
	if c.offered["VERSION"] == "" {
		return nil
	}
	if _, err := c.run(ctx, "CHECKSCRIPT "+literal(text)); err != nil {
		return fmt.Errorf("check script: %w", err)
	}
	return nil
}

// HaveSpace asks whether there is room for a script of so many octets. Errors: ErrFull,
// ErrRefused.
func (c *Scripts) HaveSpace(ctx context.Context, name string, size int) error {
	q, err := quote(name)
	if err != nil {
		return err
	}
	if _, err := c.run(ctx, "HAVESPACE "+q+" "+strconv.Itoa(size)); err != nil {
		return fmt.Errorf("script %s: %w", clean(name), err)
	}
	return nil
}

// Put stores a script under a name; one that the server would not run is refused. Errors:
// ErrFull, ErrRefused.
func (c *Scripts) Put(ctx context.Context, name, text string) error {
	q, err := quote(name)
	if err != nil {
		return err
	}
	if err := c.HaveSpace(ctx, name, len(text)); err != nil {
		return err
	}
	if _, err := c.run(ctx, "PUTSCRIPT "+q+" "+literal(text)); err != nil {
		return fmt.Errorf("script %s: %w", clean(name), err)
	}
	return nil
}

// Activate makes a script the one that runs; "": none does.
func (c *Scripts) Activate(ctx context.Context, name string) error {
	q, err := quote(name)
	if err != nil {
		return err
	}
	if _, err := c.run(ctx, "SETACTIVE "+q); err != nil {
		return fmt.Errorf("activate script %s: %w", clean(name), err)
	}
	return nil
}

// Delete removes a script that is not active; one that is gone is no error.
func (c *Scripts) Delete(ctx context.Context, name string) error {
	q, err := quote(name)
	if err != nil {
		return err
	}
	if _, err := c.run(ctx, "DELETESCRIPT "+q); err != nil && !errors.Is(err, ErrGone) {
		return fmt.Errorf("delete script %s: %w", clean(name), err)
	}
	return nil
}

// literal writes a text (RFC 5804 §4): clients send nothing but {n+}.
func literal(text string) string {
	return "{" + strconv.Itoa(len(text)) + "+}\r\n" + text
}
