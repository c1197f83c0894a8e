package story

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"net"
	"strings"
	"time"
)

// talkTime bounds one answer of a server, in virtual time.
const talkTime = 2 * time.Minute

// An smtpClient speaks to a door as a mail program does.
type smtpClient struct {
	conn net.Conn
	r    *bufio.Reader
	said string // the last reply, its lines joined by a space
}

func (w *world) smtp(door string) (*smtpClient, error) {
	if w.server == nil {
		return nil, fmt.Errorf("the server is down")
	}
	conn, err := w.server.dial(door)
	if err != nil {
		return nil, err
	}
	c := &smtpClient{conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.read(); err != nil {
		conn.Close()
		return nil, err
	}
	if _, err := c.command("EHLO client.example"); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// login opens the submission door for a person.
func (w *world) submission(p *member) (*smtpClient, error) {
	c, err := w.smtp(submissionDoor)
	if err != nil {
		return nil, err
	}
	code, err := c.command("AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+p.address+"\x00"+w.passwordOf(p))))
	if err == nil && code != 235 {
		err = fmt.Errorf("%s cannot log in: %s", p.name, c.said)
	}
	if err != nil {
		c.conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *smtpClient) command(line string) (code int, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(talkTime)); err != nil {
		return 0, err
	}
	if _, err := c.conn.Write([]byte(line + "\r\n")); err != nil {
		return 0, err
	}
	return c.read()
}

// read reads one reply.
func (c *smtpClient) read() (code int, err error) {
	var lines []string
	for {
		line, err := c.r.ReadString('\n')
		if err != nil {
			return 0, fmt.Errorf("the server hung up: %w", err)
		}
		line = strings.TrimRight(line, "\r\n")
		if len(line) < 4 {
			line += "    "
		}
		lines = append(lines, line[4:])
		if line[3] != '-' {
			c.said = line[:3] + " " + strings.Join(lines, " ")
			return atoi(line[:3]), nil
		}
	}
}

// transaction sends one mail; the last reply is in said.
func (c *smtpClient) transaction(from, params string, rcpts []string, raw []byte) (code int, err error) {
	defer c.conn.Close()
	line := "MAIL FROM:<" + from + ">"
	if params != "" {
		line += " " + params
	}
	if code, err := c.command(line); err != nil || code/100 != 2 {
		return code, err
	}
	for _, r := range rcpts {
		if code, err := c.command("RCPT TO:<" + r + ">"); err != nil || code/100 != 2 {
			return code, err
		}
	}
	if code, err := c.command("DATA"); err != nil || code != 354 {
		return code, err
	}
	dotted := strings.ReplaceAll("\r\n"+string(raw), "\r\n.", "\r\n..")[2:]
	if code, err = c.command(strings.TrimSuffix(dotted, "\r\n") + "\r\n."); err != nil {
		return code, err
	}
	said := c.said
	if _, err := c.command("QUIT"); err != nil {
		return code, nil // What counts was said.
	}
	c.said = said
	return code, nil
}
