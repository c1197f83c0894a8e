package guard

import (
	"net/netip"
	"strings"
	"unicode/utf8"
)

// A refusal is a reply of the guard's own.
type refusal struct {
	code     int
	enhanced string
	text     string
}

// splitPath cuts "FROM:<path> parameters" or "TO:…" into what is between the
// brackets and the parameters. A space behind the colon is not RFC 5321, but what
// many clients send.
func splitPath(arg, word string) (path, rest string, ok bool) {
	if len(arg) < len(word) || !strings.EqualFold(arg[:len(word)], word) {
		return "", "", false
	}
	arg = strings.TrimLeft(arg[len(word):], " ")
	if !strings.HasPrefix(arg, "<") {
		return "", "", false
	}
	end := closingBracket(arg)
	if end < 0 {
		return "", "", false
	}
	path, rest = arg[1:end], arg[end+1:]
	if rest != "" && rest[0] != ' ' {
		return "", "", false
	}
	return path, strings.TrimSpace(rest), true
}

// closingBracket finds the '>' that is not within a quoted local part.
func closingBracket(s string) int {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case quoted && s[i] == '\\':
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == '>' && !quoted:
			return i
		}
	}
	return -1
}

// checkPath judges a path that is not null: no source route, a dot-atom local part,
// a domain or address literal, 8-bit only under SMTPUTF8 and then UTF-8.
//
// Quoted local parts are legal (RFC 5321 §4.1.2) and refused all the same: the
// library hands them on unquoted, and a relay that quotes them wrongly is an open
// one. Nearly nobody has such an address.
func checkPath(path string, utf8ok bool) *refusal {
	if strings.HasPrefix(path, "@") {
		// RFC 5321 Appendix C: a route need not be followed, and none is honest today.
		return &refusal{553, "5.1.3", "Source routes are not accepted"}
	}
	if has8bit(path) && (!utf8ok || !utf8.ValidString(path)) {
		return &refusal{553, "5.6.7", "Address is not ASCII and SMTPUTF8 was not asked for"}
	}
	at := strings.LastIndexByte(path, '@')
	if at < 0 {
		return &refusal{501, "5.1.3", "Address has no domain"}
	}
	local, domain := path[:at], path[at+1:]
	switch {
	case len(local) == 0 || len(local) > 64 || len(path) > 254:
		return &refusal{501, "5.1.3", "Local part is empty or too long"}
	case !dotAtom(local):
		return &refusal{553, "5.1.3", "Only plain local parts are accepted"}
	case !validDomain(domain):
		return &refusal{501, "5.1.3", "Malformed domain"}
	}
	return nil
}

// dotAtom reports whether s is a Dot-string (RFC 5321 §4.1.2, RFC 6531 §3.3).
func dotAtom(s string) bool {
	for _, atom := range strings.Split(s, ".") {
		if atom == "" {
			return false
		}
		for _, r := range atom {
			if !isAtext(r) {
				return false
			}
		}
	}
	return true
}

func isAtext(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r >= 0xa0 && r != utf8.RuneError || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
}

// validDomain takes LDH labels, underscores as they occur, U-labels, and address
// literals.
func validDomain(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok {
		inner, ok = strings.CutSuffix(inner, "]")
		if v6, is6 := cutFold(inner, "IPv6:"); is6 {
			a, err := netip.ParseAddr(v6)
			return ok && err == nil && a.Is6() && a.Zone() == ""
		}
		a, err := netip.ParseAddr(inner)
		return ok && err == nil && a.Is4()
	}
	if s == "" || len(s) > 253 {
		return false
	}
	for _, label := range strings.Split(s, ".") {
		if !validLabel(label) {
			return false
		}
	}
	return true
}

func validLabel(s string) bool {
	if s == "" || len(s) > 63 || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for _, r := range s {
		ldh := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_'
		// U+FF20 and its like fold to '@' and '.' in careless hands (UTS 46): no
		// full-width forms, no separators.
		if !ldh && (r < 0xa0 || r == utf8.RuneError || r >= 0xff00 || r == 0x3002 || r >= 0x2000 && r <= 0x206f || r >= 0xfe00 && r <= 0xfeff) {
			return false
		}
	}
	return true
}

// cutFold is strings.CutPrefix without regard to case.
func cutFold(s, prefix string) (string, bool) {
	if len(s) < len(prefix) || !strings.EqualFold(s[:len(prefix)], prefix) {
		return s, false
	}
	return s[len(prefix):], true
}
