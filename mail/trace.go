package mail

import (
	"strings"
	"time"
)

// A Trace is what a Received field says (RFC 5321 §4.4). Empty clauses are left
// out.
type Trace struct {
	Helo string // as the client said it
	Name string // its name in the DNS
	IP   string // its address
	By   string // this host
	Via  string
	With string // ESMTPSA, LMTP, … (RFC 3848)
	TLS  string // a comment: version and cipher
	ID   string // queue id
	For  string // the one recipient, if there is only one
	Time time.Time
}

// Field returns the Received field, folded, with its final CRLF. Whatever a peer
// said is made harmless.
func (t Trace) Field() []byte {
	var lines []string
	line := func(parts ...string) {
		if l := strings.TrimSpace(strings.Join(parts, "")); l != "" {
			lines = append(lines, l)
		}
	}
	line(clause("from", t.Helo), t.client())
	line(clause("by", t.By), clause(" via", t.Via), clause(" with", t.With), clause(" id", t.ID))
	if c := harmless(t.TLS); c != "" {
		line("(", c, ")")
	}
	if f := harmless(t.For); f != "" {
		line("for <", f, ">")
	}
	return []byte("Received: " + strings.Join(lines, "\r\n\t") + ";\r\n\t" + FormatDate(t.Time) + "\r\n")
}

// client is the TCP-info of RFC 5321 §4.4.
func (t Trace) client() string {
	name, ip := harmless(t.Name), harmless(t.IP)
	switch {
	case ip == "" && name == "":
		return ""
	case strings.Contains(ip, ":"):
		ip = "[IPv6:" + ip + "]"
	case ip != "":
		ip = "[" + ip + "]"
	}
	return " (" + strings.TrimSpace(name+" "+ip) + ")"
}

func clause(word, value string) string {
	if value = harmless(value); value == "" {
		return ""
	}
	return word + " " + value
}

// harmless keeps the printable ASCII of a peer's words that means nothing in a
// Received field or an id.
func harmless(s string) string {
	s = strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f || strings.ContainsRune(`()<>;"\`, r) {
			return -1
		}
		return r
	}, s)
	return strings.TrimSpace(capText(s, 255))
}
