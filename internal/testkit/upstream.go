package testkit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An upstream is one connection to a Smarthost.
type upstream struct {
	s      *Smarthost
	n      int
	conn   net.Conn
	r      *bufio.Reader
	w      *bufio.Writer // flushed when no further command lies there, like a real server
	secure bool
	helo   string
	user   string
	mail   *Transaction // nil outside a transaction
}

// errBye ends a connection.
var errBye = errors.New("bye")

func newUpstream(s *Smarthost, c net.Conn, n int) *upstream {
	u := &upstream{s: s, n: n}
	u.use(c)
	return u
}

func (u *upstream) use(c net.Conn) {
	u.conn = c
	u.r = bufio.NewReaderSize(c, 64<<10)
	u.w = bufio.NewWriterSize(c, 64<<10)
}

func (u *upstream) run() {
	if u.s.opts.Implicit && u.handshake() != nil {
		return
	}
	if _, err := u.answer("CONNECT", "", "220 "+u.s.opts.Name+" ESMTP"); err != nil {
		return
	}
	for {
		line, err := u.line()
		if err != nil {
			return
		}
		if err := u.do(line); err != nil {
			return
		}
	}
}

// line reads a command; replies go out first if the client waits for them.
func (u *upstream) line() (string, error) {
	if u.r.Buffered() == 0 {
		if err := u.w.Flush(); err != nil {
			return "", err
		}
	}
	b, err := u.r.ReadString('\n')
	if err != nil {
		return "", err
	}
	line := strings.TrimSuffix(b, "\r\n")
	u.s.record(func() { u.s.commands = append(u.s.commands, line) })
	return line, nil
}

func (u *upstream) do(line string) error {
	verb, rest, _ := strings.Cut(line, " ")
	verb = strings.ToUpper(verb)
	switch verb {
	case "EHLO", "HELO":
		return u.greet(verb, line, rest)
	case "STARTTLS":
		return u.startTLS(line)
	case "AUTH":
		return u.auth(line, rest)
	case "MAIL":
		return u.mailFrom(line)
	case "RCPT":
		return u.rcptTo(line)
	case "DATA":
		return u.data(line)
	case "RSET":
		u.mail = nil
		_, err := u.answer(verb, line, "250 2.0.0 Ok")
		return err
	case "NOOP":
		_, err := u.answer(verb, line, "250 2.0.0 Ok")
		return err
	case "QUIT":
		u.answer(verb, line, "221 2.0.0 Bye")
		u.w.Flush()
		return errBye
	}
	_, err := u.answer(verb, line, "500 5.5.2 Unknown command")
	return err
}

// answer gives the usual reply, or what the rule for verb says. It returns the
// code on the wire, 0 if there is none.
func (u *upstream) answer(verb, line, usual string) (code int, err error) {
	r := u.s.rule(verb, line)
	if r.Delay > 0 {
		u.w.Flush()
		time.Sleep(r.Delay)
	}
	if r.Hang {
		u.w.Flush()
		io.Copy(io.Discard, u.r)
		return 0, errBye
	}
	octets := strings.ReplaceAll(usual, "\n", "\r\n") + "\r\n"
	switch {
	case r.Raw != "":
		octets = r.Raw
	case r.Reply != "":
		octets = strings.ReplaceAll(r.Reply, "\n", "\r\n") + "\r\n"
	case r.Close:
		u.w.Flush()
		return 0, errBye
	}
	if err := u.send(octets, r.Pace); err != nil {
		return 0, err
	}
	code, _ = strconv.Atoi(octets[:min(3, len(octets))])
	if r.Close {
		u.w.Flush()
		return code, errBye
	}
	return code, nil
}

func (u *upstream) send(octets string, pace time.Duration) error {
	if pace == 0 {
		_, err := u.w.WriteString(octets)
		return err
	}
	for i := range len(octets) {
		time.Sleep(pace)
		u.w.WriteByte(octets[i])
		if err := u.w.Flush(); err != nil {
			return err
		}
	}
	return nil
}

func (u *upstream) greet(verb, line, name string) error {
	u.helo, u.mail = name, nil
	lines := []string{u.s.opts.Name + " greets " + name}
	if verb == "EHLO" {
		if u.s.opts.TLS != nil && !u.secure {
			lines = append(lines, "STARTTLS")
		}
		if u.s.opts.Auth != nil {
			lines = append(lines, "AUTH "+u.s.opts.Mechanisms)
		}
		lines = append(lines, u.s.opts.Extensions...)
	}
	var b strings.Builder
	for i, l := range lines {
		b.WriteString("250")
		if i < len(lines)-1 {
			b.WriteString("-" + l + "\n")
		} else {
			b.WriteString(" " + l)
		}
	}
	_, err := u.answer(verb, line, b.String())
	return err
}

func (u *upstream) startTLS(line string) error {
	if u.s.opts.TLS == nil || u.secure {
		_, err := u.answer("STARTTLS", line, "502 5.5.1 Not here")
		return err
	}
	code, err := u.answer("STARTTLS", line, "220 2.0.0 Go ahead")
	if err != nil || code != 220 {
		return err
	}
	if err := u.w.Flush(); err != nil {
		return err
	}
	u.helo, u.mail, u.user = "", nil, ""
	return u.handshake()
}

func (u *upstream) handshake() error {
	c := tls.Server(u.conn, u.s.opts.TLS)
	if err := c.Handshake(); err != nil {
		return err
	}
	u.use(c)
	u.secure = true
	return nil
}

func (u *upstream) auth(line, rest string) error {
	mech, initial, _ := strings.Cut(rest, " ")
	if !strings.Contains(" "+u.s.opts.Mechanisms+" ", " "+mech+" ") || u.s.opts.Auth == nil {
		_, err := u.answer("AUTH", line, "504 5.5.4 Unknown mechanism")
		return err
	}
	if mech == "XOAUTH2" || mech == "OAUTHBEARER" {
		return u.bearer(mech, line, initial)
	}
	var user, password string
	var err error
	if mech == "PLAIN" {
		user, password, err = u.plain(initial)
	} else {
		user, password, err = u.login(initial)
	}
	if err != nil {
		return err
	}
	if want, ok := u.s.opts.Auth[user]; !ok || want != password {
		_, err := u.answer("AUTH", line, "535 5.7.8 Credentials invalid")
		return err
	}
	code, err := u.answer("AUTH", line, "235 2.7.0 Welcome")
	if code == 235 {
		u.user = user
	}
	return err
}

// bearer takes a token as providers do: one that is refused gets a challenge that says
// why, and the refusal when that is answered.
func (u *upstream) bearer(mech, line, initial string) error {
	b, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return err
	}
	fields := strings.Split(string(b), "\x01")
	user, cancel := strings.TrimPrefix(fields[0], "user="), ""
	if mech == "OAUTHBEARER" {
		user, cancel = strings.TrimSuffix(strings.TrimPrefix(fields[0], "n,a="), ","), "AQ=="
	}
	_, known := u.s.opts.Auth[user]
	if known && slices.Contains(fields, "auth=Bearer "+u.s.opts.Token()) {
		code, err := u.answer("AUTH", line, "235 2.7.0 Welcome")
		if code == 235 {
			u.user = user
		}
		return err
	}
	answer, err := u.prompt(`{"status":"400","schemes":"Bearer"}`)
	if err != nil {
		return err
	}
	if answer != cancel {
		return errBye // Not what the mechanism demands.
	}
	_, err = u.answer("AUTH", line, "535 5.7.8 Token refused")
	return err
}

func (u *upstream) plain(initial string) (user, password string, err error) {
	if initial == "" {
		if initial, err = u.prompt(""); err != nil {
			return "", "", err
		}
	}
	b, err := base64.StdEncoding.DecodeString(initial)
	if err != nil {
		return "", "", err
	}
	parts := strings.Split(string(b), "\x00")
	if len(parts) != 3 {
		return "", "", errBye
	}
	return parts[1], parts[2], nil
}

func (u *upstream) login(initial string) (user, password string, err error) {
	if initial == "" {
		if initial, err = u.prompt("Username:"); err != nil {
			return "", "", err
		}
	}
	second, err := u.prompt("Password:")
	if err != nil {
		return "", "", err
	}
	b, err1 := base64.StdEncoding.DecodeString(initial)
	p, err2 := base64.StdEncoding.DecodeString(second)
	return string(b), string(p), errors.Join(err1, err2)
}

func (u *upstream) prompt(text string) (string, error) {
	if err := u.send("334 "+base64.StdEncoding.EncodeToString([]byte(text))+"\r\n", 0); err != nil {
		return "", err
	}
	return u.line()
}

func (u *upstream) mailFrom(line string) error {
	from, params, ok := cutPath(line, "MAIL FROM:")
	usual := "250 2.1.0 Ok"
	switch {
	case !ok:
		usual = "501 5.5.4 Syntax"
	case u.mail != nil:
		usual = "503 5.5.1 Nested MAIL"
	case u.s.opts.Auth != nil && u.user == "":
		usual = "530 5.7.0 Authentication required"
	}
	code, err := u.answer("MAIL", line, usual)
	if code/100 == 2 {
		u.mail = &Transaction{
			Conn: u.n, Helo: u.helo, User: u.user, TLS: u.secure,
			From: from, FromParams: params,
		}
	}
	return err
}

func (u *upstream) rcptTo(line string) error {
	to, params, ok := cutPath(line, "RCPT TO:")
	usual := "250 2.1.5 Ok"
	switch {
	case !ok:
		usual = "501 5.5.4 Syntax"
	case u.mail == nil:
		usual = "503 5.5.1 Need MAIL"
	}
	code, err := u.answer("RCPT", line, usual)
	if code/100 == 2 && u.mail != nil {
		u.mail.Recipients = append(u.mail.Recipients, Forward{Address: to, Params: params})
	}
	return err
}

func (u *upstream) data(line string) error {
	usual := "354 Go ahead"
	if u.mail == nil || len(u.mail.Recipients) == 0 {
		usual = "554 5.5.1 No valid recipients"
	}
	code, err := u.answer("DATA", line, usual)
	if err != nil || code != 354 {
		return err
	}
	if err := u.w.Flush(); err != nil {
		return err
	}
	body, err := u.body()
	if err != nil {
		return err
	}
	t := u.mail
	u.mail = nil
	if t == nil {
		t = &Transaction{Conn: u.n}
	}
	t.Data, t.Seen = body, time.Now()
	u.s.record(func() {
		u.s.mails = append(u.s.mails, t)
		u.s.note("seen", t)
	})
	usual = "250 2.0.0 Ok: queued"
	if len(t.Recipients) == 0 {
		usual = "554 5.5.1 No valid recipients"
	}
	code, err = u.answer("EOD", line, usual)
	if err == nil {
		err = u.w.Flush()
	}
	if err == nil || code != 0 {
		u.s.record(func() {
			t.Replied, t.Code = true, code
			u.s.note("replied", t)
		})
	}
	return err
}

// body reads up to CRLF.CRLF and unstuffs dots; nothing else is changed.
func (u *upstream) body() ([]byte, error) {
	var b bytes.Buffer
	start := true
	for {
		line, err := u.r.ReadBytes('\n')
		if err != nil {
			return nil, err
		}
		if start && string(line) == ".\r\n" {
			return b.Bytes(), nil
		}
		if r := u.s.rule("BODY", string(line)); r.Close || r.Hang || r.Reply != "" {
			if r.Reply != "" {
				u.send(r.Reply+"\r\n", 0)
				u.w.Flush()
			}
			if r.Hang {
				io.Copy(io.Discard, u.r)
			}
			return nil, errBye
		}
		if start && line[0] == '.' {
			line = line[1:]
		}
		b.Write(line)
		start = bytes.HasSuffix(line, []byte("\r\n"))
	}
}

func cutPath(line, prefix string) (path string, params []string, ok bool) {
	if len(line) < len(prefix) || !strings.EqualFold(line[:len(prefix)], prefix) {
		return "", nil, false
	}
	rest := line[len(prefix):]
	if !strings.HasPrefix(rest, "<") {
		return "", nil, false
	}
	path, rest, ok = strings.Cut(rest[1:], ">")
	if !ok {
		return "", nil, false
	}
	return path, strings.Fields(rest), true
}

// bodyHash is of what lies behind the header: trace fields differ between
// attempts, the body must not.
func bodyHash(data []byte) [sha256.Size]byte {
	_, body, _ := bytes.Cut(data, []byte("\r\n\r\n"))
	return sha256.Sum256(body)
}
