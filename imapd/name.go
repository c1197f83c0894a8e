package imapd

import (
	"errors"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-imap/v2"

	"tidepost/store"
)

// Limits of mailbox names (RELIABILITY 2.5).
const (
	delim       = "/"
	maxName     = 255 // octets
	maxLevels   = 20
	maxMailbox  = 10_000 // of one person
	inboxName   = "INBOX"
	inboxPrefix = inboxName + delim
)

func isNotFound(err error) bool { return errors.Is(err, store.ErrNotFound) }

// canonical gives INBOX its one spelling, also as the first level (RFC 9051 §5.1).
func canonical(name string) string {
	if strings.EqualFold(name, inboxName) {
		return inboxName
	}
	if len(name) >= len(inboxPrefix) && strings.EqualFold(name[:len(inboxPrefix)], inboxPrefix) {
		return inboxPrefix + name[len(inboxPrefix):]
	}
	return name
}

// checkName says what is wrong with the name of a mailbox to be.
func checkName(name string) error {
	switch {
	case name == "":
		return no(imap.ResponseCodeCannot, "A mailbox needs a name")
	case len(name) > maxName:
		return no(imap.ResponseCodeLimit, "The name is too long")
	case !utf8.ValidString(name):
		return no(imap.ResponseCodeCannot, "The name is not UTF-8")
	}
	levels := strings.Split(name, delim)
	if len(levels) > maxLevels {
		return no(imap.ResponseCodeLimit, "The name has too many levels")
	}
	for _, l := range levels {
		switch {
		case l == "":
			return no(imap.ResponseCodeCannot, "The name has an empty level")
		case l == "." || l == "..":
			return no(imap.ResponseCodeCannot, "The name has a level of dots only")
		case strings.TrimSpace(l) != l:
			return no(imap.ResponseCodeCannot, "A level of the name begins or ends with a space")
		}
	}
	if strings.ContainsFunc(name, unfitRune) {
		return no(imap.ResponseCodeCannot, "The name has characters that are not allowed")
	}
	return nil
}

// unfitRune names what no mailbox name may hold: controls, line separators and what
// turns the direction of text (RFC 9051 §5.1, RFC 5198 §2), and the wildcards.
func unfitRune(r rune) bool {
	switch {
	case unicode.IsControl(r), r == '*', r == '%', r == '\u2028', r == '\u2029', r == utf8.RuneError:
		return true
	}
	return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069'
}

// parents are the names above name, from the top.
func parents(name string) []string {
	var out []string
	for i, r := range name {
		if string(r) == delim {
			out = append(out, name[:i])
		}
	}
	return out
}
