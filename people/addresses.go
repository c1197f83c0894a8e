package people

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// controlLocal is the local part by which people steer Tidepost itself.
const controlLocal = "tidepost"

// checkLocalAddress returns an address of a person in lower-case, or says why it
// cannot be one: it is a dot-atom (RFC 5321 §4.1.2) in one of the team's domains.
func checkLocalAddress(s string, domains []string) (string, error) {
	s = strings.ToLower(s)
	if err := checkAddress(s); err != nil {
		return "", err
	}
	local, domain, _ := strings.Cut(s, "@")
	switch {
	case !slices.Contains(domains, domain):
		return "", fmt.Errorf("%q is not in a domain of the team (%s)", s, strings.Join(domains, ", "))
	case strings.Contains(local, "+"):
		return "", fmt.Errorf("%q: a plus sign is kept for tags, as in ana+now@%s", s, domain)
	case local == controlLocal:
		return "", fmt.Errorf("%q is the address by which people steer this gateway", s)
	}
	return s, nil
}

// checkAddress accepts local@domain with a dot-atom on the left.
func checkAddress(s string) error {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || len(local) > 64 || len(domain) > 253 || !isDotAtom(local) || !isDomain(domain) {
		return fmt.Errorf("%q is not a mail address, as in ana@team.example", s)
	}
	return nil
}

// isDotAtom reports whether s is a Dot-string of RFC 5321 §4.1.2, with the letters
// of RFC 6531 §3.3.
func isDotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, func(r rune) bool {
			if r >= 0x80 {
				return r == unicode.ReplacementChar || !unicode.IsPrint(r)
			}
			return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r))
		}) {
			return false
		}
	}
	return true
}

func isDomain(s string) bool {
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool {
				return r != '-' && !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
			}) {
			return false
		}
	}
	return true
}

// noControls refuses what would break a header or a log line.
func noControls(s string) error {
	for _, r := range s {
		if unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' || r == unicode.ReplacementChar {
			return errors.New("holds a control character")
		}
	}
	return nil
}
