package story

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tidepost/digest"
)

// An imapClient speaks to the IMAP door as a mail program does.
type imapClient struct {
	conn net.Conn
	r    *bufio.Reader
	tag  int
}

// A response is one untagged response; a literal in its text is written as {i}.
type response struct {
	text     string
	literals [][]byte
}

// connectIMAP opens the door and reads the greeting.
func (w *world) connectIMAP() (*imapClient, error) {
	if w.server == nil {
		return nil, fmt.Errorf("the server is down")
	}
	conn, err := w.server.dial(imapDoor)
	if err != nil {
		return nil, err
	}
	c := &imapClient{conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.line(); err != nil {
		conn.Close()
		return nil, err
	}
	return c, nil
}

// A mailClient is a mail program that is logged in: at the IMAP door, or at the provider.
type mailClient interface {
	command(text string, literal []byte) (list []response, said string, err error)
	close()
}

// imap logs in, where the person reads.
func (w *world) imap(p *member) (mailClient, error) {
	if h := w.hosts[p.address]; h != nil {
		return &hostClient{h: h}, nil
	}
	return w.login(p)
}

// login logs in at the IMAP door.
func (w *world) login(p *member) (*imapClient, error) {
	c, err := w.connectIMAP()
	if err != nil {
		return nil, err
	}
	_, said, err := c.command(fmt.Sprintf(`LOGIN %s "%s"`, p.address, w.passwordOf(p)), nil)
	if err == nil && !isOK(said) {
		err = fmt.Errorf("%s cannot log in: %s", p.name, said)
	}
	if err != nil {
		c.conn.Close()
		return nil, err
	}
	return c, nil
}

func (c *imapClient) close() {
	_, _, _ = c.command("LOGOUT", nil) // The server closes anyhow.
	c.conn.Close()
}

func isOK(said string) bool { return strings.HasPrefix(said, "OK") }

// quoteIMAP writes a string of a command.
func quoteIMAP(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(utf7(s)) + `"`
}

// command sends one command, with a literal at its end or without, and returns the
// untagged responses and what the tagged one says.
func (c *imapClient) command(text string, literal []byte) (list []response, said string, err error) {
	c.tag++
	tag := "a" + strconv.Itoa(c.tag)
	if literal != nil {
		text += fmt.Sprintf(" {%d}", len(literal))
	}
	if err := c.write(tag + " " + text + "\r\n"); err != nil {
		return nil, "", err
	}
	for {
		res, err := c.response()
		if err != nil {
			return nil, "", err
		}
		switch {
		case strings.HasPrefix(res.text, "+") && literal != nil:
			if err := c.write(string(literal) + "\r\n"); err != nil {
				return nil, "", err
			}
			literal = nil
		case strings.HasPrefix(res.text, tag+" "):
			return list, strings.TrimPrefix(res.text, tag+" "), nil
		default:
			list = append(list, res)
		}
	}
}

func (c *imapClient) write(s string) error {
	if err := c.conn.SetDeadline(time.Now().Add(talkTime)); err != nil {
		return err
	}
	_, err := c.conn.Write([]byte(s))
	return err
}

var literalEnd = regexp.MustCompile(`\{(\d+)\}$`)

// response reads one response with its literals.
func (c *imapClient) response() (response, error) {
	var res response
	for {
		line, err := c.line()
		if err != nil {
			return res, err
		}
		m := literalEnd.FindStringSubmatchIndex(line)
		if m == nil {
			res.text += line
			return res, nil
		}
		n, err := strconv.Atoi(line[m[2]:m[3]])
		if err != nil || n > 1<<26 {
			return res, fmt.Errorf("the server announced %s octets", line[m[2]:m[3]])
		}
		octets := make([]byte, n)
		if _, err := io.ReadFull(c.r, octets); err != nil {
			return res, err
		}
		res.text += fmt.Sprintf("%s{%d}", line[:m[0]], len(res.literals))
		res.literals = append(res.literals, octets)
	}
}

func (c *imapClient) line() (string, error) {
	line, err := c.r.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("the server hung up: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}

// utf7 is the modified UTF-7 of mailbox names (RFC 3501 §5.1.3), of ASCII names only:
// folders of stories have such.
func utf7(s string) string { return strings.ReplaceAll(s, "&", "&-") }

// An entry is one message of a folder.
type entry struct {
	uid   string
	flags []string
	came  time.Time // INTERNALDATE
	raw   []byte
	mid   string
	mail  *sent // nil: not of the story, so Tidepost's own
}

var (
	uidPart   = regexp.MustCompile(`\bUID (\d+)`)
	flagsPart = regexp.MustCompile(`\bFLAGS \(([^)]*)\)`)
	datePart  = regexp.MustCompile(`\bINTERNALDATE "([^"]*)"`)
)

// list reads a folder of a person. A folder that is not there is empty: some appear
// when they are first needed.
func (w *world) list(p *member, folder string) ([]entry, error) {
	c, err := w.imap(p)
	if err != nil {
		return nil, err
	}
	defer c.close()
	return w.fetch(c, folder)
}

func (w *world) fetch(c mailClient, folder string) ([]entry, error) {
	if at, ok := c.(*hostClient); ok {
		return w.fetchThere(at, folder), nil
	}
	_, said, err := c.command("EXAMINE "+quoteIMAP(folder), nil)
	if err != nil || !isOK(said) {
		return nil, err
	}
	list, said, err := c.command("UID FETCH 1:* (UID FLAGS INTERNALDATE BODY.PEEK[])", nil)
	if err != nil {
		return nil, err
	}
	if !isOK(said) {
		return nil, fmt.Errorf("FETCH from %s: %s", folder, said)
	}
	var out []entry
	for _, r := range list {
		if !strings.Contains(r.text, " FETCH (") || len(r.literals) == 0 {
			continue
		}
		e := entry{raw: r.literals[len(r.literals)-1]}
		if m := uidPart.FindStringSubmatch(r.text); m != nil {
			e.uid = m[1]
		}
		if m := flagsPart.FindStringSubmatch(r.text); m != nil {
			e.flags = strings.Fields(m[1])
		}
		if m := datePart.FindStringSubmatch(r.text); m != nil {
			if e.came, err = time.Parse("_2-Jan-2006 15:04:05 -0700", m[1]); err != nil {
				return nil, err
			}
		}
		e.mid = strings.Trim(headerOf(e.raw, "Message-ID"), "<>")
		e.mail = w.known(e)
		out = append(out, e)
	}
	return out, nil
}

// known is what the story calls a message: nil for a letter of Tidepost's. A mail that
// Tidepost sent for somebody is called by its subject.
func (w *world) known(e entry) *sent {
	if s := w.byMID(e.mid); s != nil {
		return s
	}
	if headerOf(e.raw, digest.LoopField) != "" || strings.HasPrefix(headerOf(e.raw, "Content-Type"), "multipart/report") {
		return nil
	}
	return &sent{name: headerOf(e.raw, "Subject"), mid: e.mid}
}

// byMID finds a mail of the story.
func (w *world) byMID(mid string) *sent {
	for _, s := range w.mails {
		if s.mid == mid {
			return s
		}
	}
	return nil
}

// systemFolders are where mail is looked for that has no folder given.
func systemFolders() []string {
	return []string{"INBOX", "Needs reply", "Waiting for others", "Scheduled", "Before sending", "Next delivery", "Drafts", "Sent", "While away",
		"Lists", "Social", "Notifications", "Not urgent", "Decisions", "Digests", "Remind me/Tomorrow", "Remind me/Next week", "Remind me/Monday",
		"Archive", "Trash", "Junk"}
}

// folderName finds the folder that a story means, whatever its case.
func folderName(s string) string {
	s = strings.TrimSpace(s)
	for _, word := range []string{"her ", "his ", "their ", "the ", "folder ", "own "} {
		s = strings.TrimPrefix(s, word)
	}
	s = strings.Trim(s, `"`)
	more := []string{"Scheduled/Send now", "Scheduled/Send tomorrow", "Scheduled/Send Monday", "Scheduled/When they start work"}
	for _, f := range append(systemFolders(), more...) {
		short := f[strings.LastIndexByte(f, '/')+1:]
		if strings.EqualFold(f, s) || strings.EqualFold(short, s) && strings.HasPrefix(f, "Scheduled/") {
			return f
		}
	}
	return s
}
