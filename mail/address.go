package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// MaxMailboxes bounds the addresses read of one header, MaxMessageIDs its
// message ids.
const (
	MaxMailboxes  = 2000
	MaxMessageIDs = 100
)

// A Mailbox is an address as a header field writes it: with a display name,
// decoded (RFC 2047), valid UTF-8 without controls.
type Mailbox struct {
	Name    string  `json:"name,omitempty"`
	Address Address `json:"address"`
}

// String formats m for people: the name with the address in angle brackets, or
// the address alone. It is not fit for a header; Compose encodes.
func (m Mailbox) String() string {
	if m.Name == "" {
		return m.Address.String()
	}
	return m.Name + " <" + m.Address.String() + ">"
}

// ParseMailboxes reads an address list tolerantly: it keeps what is good,
// enters groups, and knows comments, quoted local parts and encoded words. At
// most MaxMailboxes.
func ParseMailboxes(list string) []Mailbox {
	var out []Mailbox
	for _, e := range scanAddresses(list) {
		if e.kind != addrMailbox || e.domain == "" || e.local == "" {
			continue
		}
		a := Address{Local: e.local, Domain: strings.ToLower(e.domain)}
		if !headerAddress(a) {
			continue
		}
		out = append(out, Mailbox{Name: decodeWords(e.name), Address: a})
	}
	return out
}

// headerAddress reports whether a is good enough to write to: valid UTF-8, a
// local part without controls, a domain without what no domain has.
func headerAddress(a Address) bool {
	if len(a.Local) > 256 || len(a.Domain) > 255 || !utf8.ValidString(a.Local) || !utf8.ValidString(a.Domain) {
		return false
	}
	if strings.ContainsFunc(a.Local, unicode.IsControl) {
		return false
	}
	if strings.HasPrefix(a.Domain, "[") && strings.HasSuffix(a.Domain, "]") {
		return !strings.ContainsFunc(a.Domain[1:len(a.Domain)-1], func(r rune) bool {
			return r <= ' ' || r >= 0x7f || r == '[' || r == ']' || r == '\\'
		})
	}
	for _, label := range strings.Split(a.Domain, ".") {
		if label == "" || strings.ContainsFunc(label, notInHost) {
			return false
		}
	}
	return true
}

// notInHost names what is never part of a host name in a header; underscores
// occur.
func notInHost(r rune) bool {
	switch {
	case r == '-' || r == '_', r >= '0' && r <= '9', r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z':
		return false
	}
	return r < utf8.RuneSelf || !(unicode.IsLetter(r) || unicode.IsMark(r) || unicode.IsNumber(r))
}

// The lengths of RFC 5321 §4.5.3.1; a path of 256 with its angle brackets.
const (
	maxLocal  = 64
	maxDomain = 255
	maxPath   = 254
)

// ParsePath reads the address of MAIL, RCPT or a configuration, without angle
// brackets: dot-atom local part, domain, or "postmaster" alone. Quoted local
// parts, routes and literals are refused. utf8 allows non-ASCII (RFC 6531).
// The domain is lower-cased. Errors are *Reply, 553 5.1.3 or 501 5.1.3; the
// null reverse-path is an error too: callers who allow it ask first.
func ParsePath(s string, utf8ok bool) (Address, error) {
	if strings.EqualFold(s, "postmaster") {
		return Address{Local: s}, nil // RFC 5321 §4.5.1
	}
	if s == "" {
		return Address{}, &Reply{Code: 501, Enhanced: [3]int{5, 1, 3}, Text: "An address is missing"}
	}
	at := strings.LastIndexByte(s, '@')
	if at < 0 {
		return Address{}, badPath("The address has no domain")
	}
	a := Address{Local: s[:at], Domain: strings.ToLower(s[at+1:])}
	switch {
	case len(s) > maxPath || len(a.Local) > maxLocal || len(a.Domain) > maxDomain:
		return Address{}, badPath("The address is too long")
	case !utf8.ValidString(s):
		return Address{}, badPath("The address is not valid UTF-8")
	case !isDotAtom(a.Local, utf8ok):
		return Address{}, badPath("Only plain local parts are accepted: no quotes, routes or odd characters")
	case !isDomain(a.Domain, utf8ok):
		return Address{}, badPath("The domain of the address is not valid")
	}
	return a, nil
}

func badPath(text string) error {
	return &Reply{Code: 553, Enhanced: [3]int{5, 1, 3}, Text: text}
}

// isDotAtom: RFC 5322 §3.2.3, widened by RFC 6531 §3.3.
func isDotAtom(s string, utf8ok bool) bool {
	for _, atom := range strings.Split(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if !isAtext(r) && !(utf8ok && r >= utf8.RuneSelf && unicode.IsGraphic(r) && !unicode.IsSpace(r)) {
				return false
			}
		}
	}
	return true
}

func isAtext(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' ||
		r < utf8.RuneSelf && strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// isDomain: RFC 5321 §4.1.2. A last label of digits only would be an address
// without its brackets.
func isDomain(s string, utf8ok bool) bool {
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		for _, r := range label {
			if r == '_' || notInHost(r) || r >= utf8.RuneSelf && !utf8ok {
				return false
			}
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}
