package dsn

import (
	"bytes"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"tidepost/mail"
)

// status is the machine's part: the fields of RFC 3464 §2.2, then a block per
// recipient (§2.3).
func (r *Report) status() []byte {
	b := &block{utf8: r.UTF8}
	b.field("Reporting-MTA", "dns; "+r.Reporting)
	if r.EnvID != "" {
		b.field("Original-Envelope-Id", r.EnvID)
	}
	if !r.Arrival.IsZero() {
		b.field("Arrival-Date", mail.FormatDate(r.Arrival))
	}
	for _, x := range r.Recipients {
		b.buf.WriteString("\r\n")
		x.status(b)
	}
	return b.buf.Bytes()
}

func (x *Recipient) status(b *block) {
	if kind, addr, ok := strings.Cut(x.ORcpt, ";"); ok && addr != "" {
		b.address("Original-Recipient", kind, addr)
	}
	b.address("Final-Recipient", "rfc822", x.Address.String())
	action := x.Action
	if action == Expired {
		action = Failed
	}
	b.field("Action", string(action))
	e := x.code()
	b.field("Status", fmt.Sprintf("%d.%d.%d", e[0], e[1], e[2]))
	if x.Remote != "" {
		b.field("Remote-MTA", "dns; "+x.Remote)
	}
	if x.Said && x.Reply.Code != 0 {
		b.field("Diagnostic-Code", "smtp; "+said(x.Reply))
	}
	if !x.Last.IsZero() {
		b.field("Last-Attempt-Date", mail.FormatDate(x.Last))
	}
	if x.Action == Delayed && !x.RetryTo.IsZero() {
		b.field("Will-Retry-Until", mail.FormatDate(x.RetryTo))
	}
}

// code is the status of RFC 3463 that fits the action.
func (x *Recipient) code() [3]int {
	e := x.Reply.Enhanced
	class := map[Action]int{Failed: 5, Delayed: 4}[x.Action]
	switch {
	case x.Action == Expired:
		return [3]int{4, 4, 7} // delivery time expired
	case class == 0:
		class = 2
	}
	if e[0] != class {
		return [3]int{class, 0, 0}
	}
	return e
}

// A block collects fields. Values are made harmless here, once for all.
type block struct {
	buf  bytes.Buffer
	utf8 bool
}

func (b *block) field(name, value string) {
	value = clean(value, maxQuoted)
	if !b.utf8 {
		value = strings.Map(func(r rune) rune {
			if r >= 0x80 {
				return '?'
			}
			return r
		}, value)
	}
	if line, err := mail.FormatRawField(name, value); err == nil {
		b.buf.Write(line)
	}
}

// address writes an address field. A non-ASCII one has the type utf-8, and where
// 8-bit text may not stand, the encoding of RFC 6533 §3 (utf-8-addr-xtext).
func (b *block) address(name, kind, addr string) {
	addr = clean(addr, maxQuoted)
	if isASCII(addr) {
		b.field(name, clean(kind, 40)+"; "+addr)
		return
	}
	if !b.utf8 {
		var x strings.Builder
		for _, r := range addr {
			if r < 0x80 && r != '\\' {
				x.WriteRune(r)
			} else {
				fmt.Fprintf(&x, `\x{%X}`, r)
			}
		}
		addr = x.String()
	}
	b.field(name, "utf-8; "+addr)
}

// said is a reply as it stood on the wire, in one line.
func said(r mail.Reply) string {
	s := fmt.Sprint(r.Code)
	if r.Enhanced[1] != 0 || r.Enhanced[2] != 0 {
		s += fmt.Sprintf(" %d.%d.%d", r.Enhanced[0], r.Enhanced[1], r.Enhanced[2])
	}
	return strings.TrimSpace(s + " " + clean(r.Text, maxQuoted))
}

// clean makes foreign text one line of valid UTF-8 of at most n octets, without
// controls and characters that turn the direction of writing.
func clean(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\r' || r == '\n' || r == '\t':
			return ' '
		case r == utf8.RuneError, unicode.IsControl(r), unicode.Is(unicode.Cf, r), r == '\u2028', r == '\u2029':
			return '?'
		}
		return r
	}, s)
	if len(s) > n {
		for n > 0 && !utf8.RuneStart(s[n]) {
			n--
		}
		s = s[:n]
	}
	return strings.TrimSpace(s)
}

// clock shows t to the author, in zone.
func clock(t time.Time, zone *time.Location) string {
	return t.In(zone).Format("Mon 2 Jan 2006 15:04 -0700")
}
