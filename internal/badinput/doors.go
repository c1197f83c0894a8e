package badinput

import (
	"crypto/tls"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// alicePlain is the initial response of AUTH PLAIN as alice.
const alicePlain = "AGFsaWNlAHB3LWFsaWNl"

// A door is where a row's octets go.
type door struct {
	addr     string
	implicit bool // TLS from the first octet
	imap     bool
	lmtp     bool
}

// door chooses the listener. {TLS} at the very beginning is the implicit port where
// there is one; an IMAP row is about clear text only if it says so.
func (c *Case) door(w *world) door {
	secure := len(c.Steps) > 0 && (strings.HasPrefix(c.Steps[0].text, "{TLS}") || strings.HasPrefix(c.Steps[0].text, "{AUTH}"))
	switch c.Protocol {
	case "submission":
		if secure {
			return door{addr: w.doors["submissions"], implicit: true}
		}
		return door{addr: w.doors["submission"]}
	case "lmtp":
		return door{addr: w.doors["lmtp"], lmtp: true}
	case "imap":
		if !secure && (c.Phase == "connect" || c.Phase == "starttls" || c.mentions("STARTTLS") || c.has(handshake)) {
			return door{addr: w.doors["imap"], imap: true}
		}
		return door{addr: w.doors["imaps"], implicit: true, imap: true}
	}
	return door{addr: w.doors["inbound"]}
}

// A manner is how the octets of a row are put on the wire.
type manner struct {
	single bool   // each octet for itself
	cut    int    // the wire ends behind so many octets; -1: never
	abrupt bool   // and with a reset, not in peace
	source string // local address
}

// whole is the manner in which a row is written.
func whole() manner { return manner{cut: -1, source: "127.0.0.1"} }

// A player plays one row on one wire.
type player struct {
	c      *Case
	w      *world
	wire   *wire
	door   door
	how    manner
	put    int           // octets of the row so far
	ended  bool          // cut, closed, or not to go on
	halved bool          // our side is closed for writing
	mute   bool          // never reads
	silent bool          // sends nothing more and closes nothing: whether it ends is the server's to decide
	growth int64         // what the server had used when a mute player began to listen
	cpu    time.Duration // the same
}

// play sends the row and waits for what it leads to. The caller closes the wire.
func (c *Case) play(w *world, how manner) (*player, error) {
	p := &player{c: c, w: w, door: c.door(w), how: how, mute: c.has(neverRead)}
	var err error
	if p.door.implicit {
		p.wire, err = dialTLS(p.door.addr, how.source, w.trust)
	} else {
		p.wire, err = dial(p.door.addr, how.source, w.trust)
	}
	if err != nil {
		return nil, err
	}
	if !p.mute {
		p.wire.listen()
		p.wire.settle(patience, patience, func() bool { b, _ := p.wire.said(); return len(b) > 0 })
	}
	for _, s := range c.Steps {
		if p.ended {
			break
		}
		p.step(s)
	}
	if p.door.imap && how.cut < 0 && endsInLiteral(p.wire.sent) {
		p.wire.write([]byte("\r\n")) // The row ends with the literal; the command does not.
	}
	p.finish()
	return p, nil
}

// endsInLiteral reports whether the last octet sent is the last one of a literal, so
// that the command still lacks its line end.
func endsInLiteral(sent []byte) bool {
	for _, m := range sentLiteral.FindAllSubmatchIndex(sent[max(0, len(sent)-maxSwept):], -1) {
		n, err := strconv.Atoi(string(sent[max(0, len(sent)-maxSwept):][m[2]:m[3]]))
		if err == nil && n > 0 && m[1]+n == min(len(sent), maxSwept) {
			return true
		}
	}
	return false
}

var sentLiteral = regexp.MustCompile(`\{([0-9]+)\+?\}\r\n`)

// shrunk is a pause of the row, as much shorter as the gateway's time-outs are.
func (p *player) shrunk(d time.Duration) time.Duration {
	return d / time.Duration(max(p.w.setup.Shrink, 1))
}

func (p *player) step(s Step) {
	switch s.kind {
	case octets:
		p.text(s.data)
	case paced:
		for _, b := range s.chunks {
			if _, closed := p.wire.said(); closed || p.ended {
				return
			}
			p.send(b)
			time.Sleep(p.shrunk(s.every))
		}
	case pause:
		time.Sleep(s.wait)
	case untilEnd:
		p.wire.waitClosed(p.shrunk(6*time.Minute) + 5*time.Second)
	case closeWrite:
		p.wire.closeWrite()
		p.halved = true
	case closeAll:
		p.wire.close()
		p.ended = true
	case handshake:
		p.sync()
		p.wire.startTLS(tlsVersion(s.text))
	case fill:
		want := maxSize
		if strings.HasSuffix(s.text, "+1") {
			want++
		}
		p.send(fillTo(p.wire.sent, want))
	case dropNet:
		p.ended, p.silent = true, true // The peer has gone.
		p.wire.waitClosed(p.shrunk(35*time.Minute) + 5*time.Second)
	}
}

func tlsVersion(name string) uint16 {
	switch strings.ToUpper(strings.NewReplacer(" ", "", "V", "").Replace(name)) {
	case "TLS1.0", "TLS1":
		return tls.VersionTLS10
	case "TLS1.1":
		return tls.VersionTLS11
	case "TLS1.2":
		return tls.VersionTLS12
	}
	return 0
}

// text sends octets in which {TLS} and {AUTH} stand for dialogues.
func (p *player) text(b []byte) {
	rest := string(b)
	for rest != "" && !p.ended {
		i := strings.Index(rest, "{")
		at := -1
		for ; i >= 0; i = next(rest, i) {
			if strings.HasPrefix(rest[i:], "{TLS}") || strings.HasPrefix(rest[i:], "{AUTH}") {
				at = i
				break
			}
		}
		if at < 0 {
			p.send([]byte(rest))
			return
		}
		p.send([]byte(rest[:at]))
		name, tail, _ := strings.Cut(rest[at+1:], "}")
		rest = tail
		p.secure()
		if name == "AUTH" {
			p.opening("EHLO client.test\r\nAUTH PLAIN " + alicePlain + "\r\n")
		}
	}
}

// next is the place of the next brace behind i, -1 if there is none.
func next(s string, i int) int {
	j := strings.Index(s[i+1:], "{")
	if j < 0 {
		return -1
	}
	return i + 1 + j
}

// secure starts TLS unless the wire has it.
func (p *player) secure() {
	if p.door.implicit || len(p.wire.secured) > 0 {
		return
	}
	switch {
	case p.door.imap:
		p.opening("a0 STARTTLS\r\n")
	case len(p.wire.sent) == 0:
		p.opening("EHLO client.test\r\nSTARTTLS\r\n")
	default:
		p.opening("STARTTLS\r\n")
	}
	p.wire.startTLS(0)
}

// opening sends octets that are not the row's own and waits for their replies.
func (p *player) opening(s string) {
	from := len(p.wire.sent)
	p.wire.write([]byte(s))
	p.wire.given = append(p.wire.given, [2]int{from, len(p.wire.sent)})
	p.sync()
}

// send sends octets of the row itself.
func (p *player) send(b []byte) {
	if p.how.cut >= 0 && p.put+len(b) >= p.how.cut {
		b = b[:p.how.cut-p.put]
		defer p.cutOff()
	}
	p.put += len(b)
	if !p.how.single {
		p.wire.write(b)
		return
	}
	for i := range b {
		p.wire.write(b[i : i+1])
	}
}

// cutOff ends the wire in the middle.
func (p *player) cutOff() {
	p.ended = true
	if p.how.abrupt {
		p.wire.close()
		return
	}
	p.wire.closeWrite()
	p.halved = true
}

// done reports whether nothing more is to be expected of the server.
func (p *player) done() bool {
	if p.door.imap {
		return readIMAP(p.wire).answered()
	}
	d := readSMTP(p.wire, p.door.lmtp)
	return d.greeting != nil && d.pending == 0 && !d.open
}

// sync waits until all that was sent has been answered.
func (p *player) sync() {
	if !p.mute {
		p.wire.settle(patience, quiet, p.done)
	}
}

// finish waits for the last replies, or for the end of the connection where the row
// expects that.
func (p *player) finish() {
	switch {
	case p.mute:
		time.Sleep(quiet) // The server fills the pipe; then it is heard to the end.
		p.growth, p.cpu = p.w.used()
		p.wire.listen()
		p.wire.settle(patience, quiet, func() bool { return false })
	case p.halved:
		p.wire.waitClosed(patience)
	case p.ended:
		time.Sleep(300 * time.Millisecond) // The server finds out.
	case p.c.allows(closes):
		// Who is still answering, however slowly, is heard to the end; who says goodbye
		// in words and goes on, for a while only.
		p.wire.settle(3*time.Minute, patience, p.done)
		p.wire.settle(patience, 2*quiet, func() bool { return false })
	default:
		p.wire.settle(patience, quiet, p.done)
	}
}

// usable looks whether the connection still obeys, if it should: a miss, or "".
func (p *player) usable() string {
	_, closed := p.wire.said()
	if closed || p.ended || p.halved || p.mute || p.wire.failed != nil || !p.done() {
		return ""
	}
	if p.door.imap {
		if _, ok := p.wire.command("zz9", "NOOP"); ok {
			return ""
		}
	} else {
		n := len(readSMTP(p.wire, p.door.lmtp).said())
		p.wire.write([]byte("RSET\r\n"))
		p.wire.settle(patience, patience, func() bool { return len(readSMTP(p.wire, p.door.lmtp).said()) > n })
		if all := readSMTP(p.wire, p.door.lmtp).said(); len(all) > n && all[n].code/100 == 2 {
			return ""
		}
	}
	if _, closed := p.wire.said(); closed {
		return "" // It had enough and said so before.
	}
	return "the connection answers no more"
}
