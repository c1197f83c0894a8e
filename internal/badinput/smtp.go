package badinput

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// A reply is one SMTP reply.
type reply struct {
	code  int
	lines []string // with code, without CRLF
	raw   []byte
	at    time.Time
}

func (r reply) text() string { return strings.Join(r.lines, "\n") }

// An exchange is one command, or one body, and what was said to it.
type exchange struct {
	verb    string // upper case; BODY for the octets behind DATA's 354, CHUNK inside BDAT
	line    string
	replies []reply
	end     int // offset in sent behind its last octet
	data    []byte
	whole   bool // its end was sent
	given   bool // part of an opening, which is not what the row is about
}

// code is that of the first reply, 0 if there was none.
func (e exchange) code() int {
	if len(e.replies) == 0 {
		return 0
	}
	return e.replies[0].code
}

// last is the code of the last reply, that of AUTH behind its challenges.
func (e exchange) last() reply {
	if len(e.replies) == 0 {
		return reply{}
	}
	return e.replies[len(e.replies)-1]
}

// A dialogue is an SMTP session read off a wire: each command with its replies, as a
// server sees it that does what RFC 5321 says.
type dialogue struct {
	greeting  *reply
	exchanges []exchange
	extra     []reply // nobody asked for these: octets of a body were taken as commands
	open      bool    // the last line or body has no end
	pending   int     // whole commands without reply
}

// replies reads all replies of a stream.
func readReplies(heard []byte, marks []mark) []reply {
	var out []reply
	var cur reply
	off, from := 0, 0
	for line := range bytes.Lines(heard) {
		off += len(line)
		if !bytes.HasSuffix(line, []byte("\n")) {
			break
		}
		text := strings.TrimRight(string(line), "\r\n")
		cur.lines = append(cur.lines, text)
		if len(text) > 3 && text[3] == '-' {
			continue
		}
		cur.code, _ = strconv.Atoi(text[:min(3, len(text))])
		cur.raw, cur.at = heard[from:off], at(marks, off)
		out = append(out, cur)
		cur, from = reply{}, off
	}
	return out
}

// An smtpReader walks along sent octets and replies.
type smtpReader struct {
	dialogue
	sent    []byte
	secured []int
	given   [][2]int
	pos     int
	replies []reply
	lmtp    bool
	taken   int // recipients accepted in this transaction
}

// readSMTP reads the dialogue of w. It may be called while w still hears.
func readSMTP(w *wire, lmtp bool) dialogue {
	w.mu.Lock()
	r := smtpReader{sent: w.sent, secured: w.secured, given: w.given, lmtp: lmtp, replies: readReplies(w.heard, w.heardAt)}
	w.mu.Unlock()
	if len(r.replies) > 0 {
		r.greeting = &r.replies[0]
		r.replies = r.replies[1:]
	}
	for r.pos < len(r.sent) && !r.open {
		r.command()
	}
	r.extra = r.replies
	return r.dialogue
}

// next takes the next reply for e.
func (r *smtpReader) next(e *exchange) bool {
	if len(r.replies) == 0 {
		return false
	}
	e.replies = append(e.replies, r.replies[0])
	r.replies = r.replies[1:]
	return true
}

// line takes the next line that ends in CRLF.
func (r *smtpReader) line() (line string, ok bool) {
	rest := r.sent[r.pos:]
	i := bytes.Index(rest, []byte("\r\n"))
	if i < 0 {
		r.open = true
		return string(rest), false
	}
	r.pos += i + 2
	return string(rest[:i]), true
}

func verbOf(line string) string {
	v := strings.ToUpper(line)
	if i := strings.IndexAny(v, " \t\r\n"); i >= 0 {
		v = v[:i]
	}
	return v
}

func (r *smtpReader) command() {
	line, ok := r.line()
	e := exchange{verb: verbOf(line), line: line, end: r.pos, whole: ok}
	for _, g := range r.given {
		e.given = e.given || e.end > g[0] && e.end <= g[1]
	}
	if !ok {
		e.end = len(r.sent)
		if strings.Contains(line, "\n") {
			r.ragged(&e)
		} else if len(r.replies) > 0 { // The server gave up: 421.
			r.next(&e)
		}
		r.exchanges = append(r.exchanges, e)
		return
	}
	if strings.Contains(strings.ReplaceAll(line, "\r", ""), "\n") {
		r.ragged(&e)
		r.exchanges = append(r.exchanges, e)
		return
	}
	if e.verb == "BDAT" {
		r.chunk(&e)
	} else if !r.next(&e) {
		r.pending++
	}
	switch code := e.code(); {
	case e.verb == "RCPT" && code/100 == 2:
		r.taken++
	case e.verb == "MAIL" || e.verb == "RSET" || e.verb == "EHLO" || e.verb == "HELO" || e.verb == "LHLO":
		r.taken = 0
	case e.verb == "AUTH":
		r.challenges(&e)
	case e.verb == "STARTTLS" && code == 220:
		r.skipClear()
	case e.verb == "DATA" && code == 354:
		r.exchanges = append(r.exchanges, e)
		r.body()
		return
	}
	r.exchanges = append(r.exchanges, e)
}

// ragged takes all the replies that there are: a line with a bare LF may get one for
// each of its parts.
func (r *smtpReader) ragged(e *exchange) {
	for r.next(e) {
	}
	if len(e.replies) == 0 {
		r.pending++
	}
}

// challenges takes the lines and replies of a SASL exchange.
func (r *smtpReader) challenges(e *exchange) {
	for e.last().code == 334 && r.pos < len(r.sent) {
		if _, ok := r.line(); !ok {
			return
		}
		e.end = r.pos
		if !r.next(e) {
			r.pending++
		}
	}
}

// skipClear leaves out what was sent in clear behind an accepted STARTTLS: it is to be
// forgotten (RFC 3207 §4.2).
func (r *smtpReader) skipClear() {
	for _, off := range r.secured {
		if off >= r.pos {
			r.pos = off
			return
		}
	}
	r.pos = len(r.sent)
}

// chunk takes the octets of a BDAT; the reply comes behind them.
func (r *smtpReader) chunk(e *exchange) {
	f := strings.Fields(e.line)
	size := uint64(0)
	var err error
	if len(f) > 1 {
		size, err = strconv.ParseUint(f[1], 10, 64)
	}
	if err == nil && len(f) > 1 {
		n := min(size, uint64(len(r.sent)-r.pos))
		e.data = r.sent[r.pos : r.pos+int(n)]
		r.pos += int(n)
		if n < size {
			r.open, e.whole = true, false
		}
	}
	e.end = r.pos
	if !r.next(e) && e.whole {
		r.pending++
	}
	if err != nil || len(f) < 2 {
		// Who cannot count cannot stay in step: all the rest may be the chunk.
		for _, x := range r.replies {
			if x.code == 421 {
				e.replies = append(e.replies, x)
				r.replies = nil
			}
		}
	}
}

// body takes the octets behind DATA up to the one true end mark.
func (r *smtpReader) body() {
	rest := r.sent[r.pos:]
	e := exchange{verb: "BODY"}
	end := bytes.Index(rest, []byte("\r\n.\r\n"))
	switch {
	case bytes.HasPrefix(rest, []byte(".\r\n")):
		r.pos += 3
		e.whole = true
	case end >= 0:
		e.data = unstuff(rest[:end+2])
		r.pos += end + 5
		e.whole = true
	default:
		r.open = true
		r.pos = len(r.sent)
	}
	e.end = r.pos
	n := 1
	if r.lmtp && e.whole {
		n = r.taken
	}
	got := 0
	for got < n && r.next(&e) {
		got++
	}
	if e.whole {
		r.pending += n - got
	}
	r.taken = 0
	r.exchanges = append(r.exchanges, e)
}

// unstuff takes the dot off lines that begin with one (RFC 5321 §4.5.2).
func unstuff(b []byte) []byte {
	out := bytes.ReplaceAll(b, []byte("\r\n."), []byte("\r\n"))
	return bytes.TrimPrefix(out, []byte("."))
}

// accepted counts messages whose end mark was answered by 2yz: exactly those may be
// stored. On LMTP each positive reply is one.
func (d dialogue) accepted() (messages int) {
	for _, e := range d.exchanges {
		if e.verb != "BODY" && !(e.verb == "BDAT" && strings.Contains(strings.ToUpper(e.line), "LAST")) {
			continue
		}
		for _, r := range e.replies {
			if r.code/100 == 2 {
				messages++
				break
			}
		}
	}
	return messages
}

// said returns all replies in order.
func (d dialogue) said() []reply {
	var all []reply
	if d.greeting != nil {
		all = append(all, *d.greeting)
	}
	for _, e := range d.exchanges {
		all = append(all, e.replies...)
	}
	return append(all, d.extra...)
}

// first returns the first exchange of one of the verbs.
func (d dialogue) first(verbs ...string) (exchange, bool) {
	for _, e := range d.exchanges {
		for _, v := range verbs {
			if e.verb == v && !e.given {
				return e, true
			}
		}
	}
	return exchange{}, false
}

// refusal returns the first command that was refused.
func (d dialogue) refusal() (exchange, bool) {
	for _, e := range d.exchanges {
		for _, r := range e.replies {
			if !e.given && (r.code >= 400 || r.code == 0) {
				return e, true
			}
		}
	}
	return exchange{}, false
}

// phase returns the command that a phase is about: the one of its name; for a
// message, what was said behind its end mark or the refusal before that; else what was
// refused, or said last.
func (d dialogue) phase(name string) (exchange, bool) {
	switch name {
	case "auth", "login", "sasl":
		name = "AUTH"
	case "mail", "envelope", "sender":
		return d.first("MAIL")
	case "helo", "ehlo", "lhlo":
		return d.first("HELO", "EHLO", "LHLO")
	case "starttls", "tls":
		if e, ok := d.lastOf("STARTTLS"); ok {
			return e, true
		}
	case "bdat", "chunk":
		if e, ok := d.refusal(); ok {
			return e, true
		}
		return d.lastOf("BDAT")
	case "data", "body", "header", "html", "message", "content", "mime", "end":
		return d.message()
	case "connect", "banner", "greeting":
		if d.greeting != nil && (d.greeting.code >= 400 || len(d.exchanges) == 0) {
			return exchange{verb: "CONNECT", replies: []reply{*d.greeting}}, true
		}
	}
	if e, ok := d.first(strings.ToUpper(name)); ok {
		return e, true
	}
	if e, ok := d.refusal(); ok {
		return e, true
	}
	if n := len(d.exchanges); n > 0 {
		return d.exchanges[n-1], true
	}
	return exchange{}, false
}

// message returns what was said to a message.
func (d dialogue) message() (exchange, bool) {
	if e, ok := d.first("BODY"); ok {
		return e, true
	}
	if e, ok := d.first("DATA"); ok && e.code() >= 400 {
		return e, true
	}
	if e, ok := d.refusal(); ok {
		return e, true
	}
	return d.lastOf("BDAT")
}

// lastOf returns the last command whose verb begins so.
func (d dialogue) lastOf(verb string) (e exchange, ok bool) {
	for _, x := range d.exchanges {
		if strings.HasPrefix(x.verb, verb) && !x.given {
			e, ok = x, true
		}
	}
	return e, ok
}
