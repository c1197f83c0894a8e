package smtpd

import (
	"strings"

	"tidepost/mail"
)

// hidesAddress reports whether a From value holds a second address where only some
// readers look: in a comment, in an encoded word, which has no need to encode one, or
// in a list whose other members are addresses for some. A quoted name may look like an
// address; every reader sees that it is a name.
func hidesAddress(raw string, from mail.Mailbox) bool {
	if strings.Contains(raw, "=?") && strings.ContainsAny(from.Name, "@<>") {
		return true
	}
	quoted, depth := false, 0
	address, another := false, false // one was seen; and a comma or semicolon behind it
	for i := 0; i < len(raw); i++ {
		switch c := raw[i]; {
		case c == '\\':
			i++
		case c == '"' && depth == 0:
			quoted = !quoted
		case quoted:
		case c == '(':
			depth++
		case c == ')' && depth > 0:
			depth--
		case depth > 0 && strings.IndexByte("@<>", c) >= 0:
			return true
		case depth > 0:
		case c == '@' && another:
			return true
		case c == '@':
			address = true
		case c == ',' || c == ';':
			another = address
		}
	}
	return quoted || depth > 0 // Without an end, where the address is depends on the reader.
}
