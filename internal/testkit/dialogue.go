package testkit

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A Dialogue is a written conversation between clients and a server. Each line
// is one of
//
//	# comment            also at the end of nothing else; blank lines are skipped
//	C: text              the client sends text and CRLF
//	C! "raw\x00octets"   the client sends the octets of a Go string as they are
//	S: text              the server's next line must be text
//	S: text *            … or begin with "text "; a * at the end stands for any rest
//	S: a <*> b           … with anything in the middle
//	C: <close>           the client closes; <starttls> starts TLS; <connect> dials
//	                     again; <half> closes the writing side
//	S: <close>           the server must close
//	S: <silence>         the server must have nothing to say (in a bubble)
//	+ 3h                 time passes (in a bubble only)
//	+ 3h name: text      … and then as below
//	name: text           any other name is an actor of the test
//
// C2: and S2: speak of a second connection, and so on; a connection is dialled
// when its name is first used. A * line by itself is text of IMAP: "S: * OK *"
// matches any untagged OK.
type Dialogue struct {
	Name  string
	steps []step
}

type step struct {
	line int
	who  string // "C", "S2", "+", or an actor
	raw  bool
	text string
	wait time.Duration
}

// A Stage is where a Dialogue is played.
type Stage struct {
	Dial    func(conn string) (net.Conn, error) // conn is "", "2", …
	TLS     *tls.Config                         // of the client, for <starttls>
	Actors  map[string]func(text string) error  // by name
	Timeout time.Duration                       // for one line of the server; default 10 s
	Expand  func(text string) string            // applied to C and S lines before use, may be nil
}

var (
	speaker = regexp.MustCompile(`^([CS])([0-9]*)([:!])(?: (.*))?$`)
	actor   = regexp.MustCompile(`^([a-z][a-z0-9-]*):(?: (.*))?$`)
	passing = regexp.MustCompile(`^\+ +(\S+)(?: +(.*))?$`)
)

// ParseDialogue reads a dialogue. Errors name the line.
func ParseDialogue(name, text string) (*Dialogue, error) {
	d := &Dialogue{Name: name}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, "\r")
		steps, err := parseStep(line)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", name, i+1, err)
		}
		for _, st := range steps {
			st.line = i + 1
			d.steps = append(d.steps, st)
		}
	}
	return d, nil
}

// ReadDialogue reads a dialogue from a file.
func ReadDialogue(path string) (*Dialogue, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return ParseDialogue(path, string(b))
}

func parseStep(line string) ([]step, error) {
	if strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#") {
		return nil, nil
	}
	if m := passing.FindStringSubmatch(line); m != nil {
		wait, err := time.ParseDuration(m[1])
		if err != nil {
			return nil, err
		}
		first := []step{{who: "+", wait: wait}}
		if m[2] == "" {
			return first, nil
		}
		then, err := parseStep(m[2])
		return append(first, then...), err
	}
	if m := speaker.FindStringSubmatch(line); m != nil {
		st := step{who: m[1] + m[2], raw: m[3] == "!", text: m[4]}
		if st.raw {
			text, err := strconv.Unquote(m[4])
			if err != nil || m[1] == "S" {
				return nil, fmt.Errorf("%q: want C! and a quoted Go string", line)
			}
			st.text = text
		}
		return []step{st}, nil
	}
	if m := actor.FindStringSubmatch(line); m != nil {
		return []step{{who: m[1], text: m[2]}}, nil
	}
	return nil, fmt.Errorf("%q is no line of a dialogue", line)
}

// Run plays d and fails the test at the first line that does not hold.
func (d *Dialogue) Run(tb testing.TB, st Stage) {
	tb.Helper()
	if err := d.Play(st); err != nil {
		tb.Fatal(err)
	}
}

// Play plays d and closes its connections. The error names file and line, and
// quotes what was got and what was wanted.
func (d *Dialogue) Play(st Stage) error {
	if st.Timeout == 0 {
		st.Timeout = 10 * time.Second
	}
	p := &play{Stage: st, wires: map[string]*wire{}}
	defer p.close()
	for _, s := range d.steps {
		if err := p.do(s); err != nil {
			return fmt.Errorf("%s:%d: %w", d.Name, s.line, err)
		}
	}
	return nil
}

type play struct {
	Stage
	wires map[string]*wire
}

type wire struct {
	conn net.Conn
	r    *bufio.Reader
}

func (p *play) close() {
	for _, w := range p.wires {
		w.conn.Close()
	}
}

func (p *play) wire(name string) (*wire, error) {
	if w := p.wires[name]; w != nil {
		return w, nil
	}
	c, err := p.Dial(name)
	if err != nil {
		return nil, err
	}
	w := &wire{conn: c, r: bufio.NewReader(c)}
	p.wires[name] = w
	return w, nil
}

func (p *play) do(s step) error {
	if s.who == "+" {
		time.Sleep(s.wait)
		synctest.Wait()
		return nil
	}
	if f, ok := p.Actors[s.who]; ok {
		return f(s.text)
	}
	side, conn := s.who[:1], s.who[1:]
	if side != "C" && side != "S" {
		return fmt.Errorf("nobody is called %q here", s.who)
	}
	w, err := p.wire(conn)
	if err != nil {
		return err
	}
	if p.Expand != nil {
		s.text = p.Expand(s.text)
	}
	if side == "C" {
		return p.speak(w, conn, s)
	}
	return p.hear(w, s.text)
}

func (p *play) speak(w *wire, conn string, s step) error {
	w.conn.SetDeadline(time.Now().Add(p.Timeout))
	if s.raw {
		_, err := io.WriteString(w.conn, s.text)
		return err
	}
	switch s.text {
	case "<close>":
		return w.conn.Close()
	case "<connect>":
		w.conn.Close()
		delete(p.wires, conn)
		_, err := p.wire(conn)
		return err
	case "<half>":
		h, ok := w.conn.(interface{ CloseWrite() error })
		if !ok {
			return errors.New("this connection has no half")
		}
		return h.CloseWrite()
	case "<starttls>":
		c := tls.Client(w.conn, p.TLS)
		if err := c.Handshake(); err != nil {
			return err
		}
		w.conn, w.r = c, bufio.NewReader(c)
		return nil
	}
	_, err := io.WriteString(w.conn, s.text+"\r\n")
	return err
}

func (p *play) hear(w *wire, want string) error {
	w.conn.SetDeadline(time.Now().Add(p.Timeout))
	if want == "<silence>" {
		w.conn.SetDeadline(time.Now().Add(time.Millisecond))
		b, err := w.r.ReadByte()
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("got octet %q (%v), want silence", b, err)
		}
		return nil
	}
	got, err := w.r.ReadString('\n')
	if want == "<close>" {
		if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
			return fmt.Errorf("got %q (%v), want the end of the connection", got, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("got %q and %w, want %q", got, err, want)
	}
	line, ok := strings.CutSuffix(got, "\r\n")
	if !ok || !Matches(want, line) {
		return fmt.Errorf("\n got %q\nwant %q", got, want)
	}
	return nil
}

// Matches reports whether line fits a pattern of an S: line.
func Matches(pattern, line string) bool {
	parts := strings.Split(pattern, "<*>")
	last := len(parts) - 1
	tail := strings.HasSuffix(parts[last], "*")
	parts[last] = strings.TrimSuffix(parts[last], "*")
	rest, ok := strings.CutPrefix(line, parts[0])
	if !ok {
		return false
	}
	for i, part := range parts[1:] {
		if i+1 == last && !tail {
			return strings.HasSuffix(rest, part)
		}
		_, after, ok := strings.Cut(rest, part)
		if !ok {
			return false
		}
		rest = after
	}
	return tail || rest == ""
}
