package trust

import (
	"bytes"
	"slices"
	"strings"

	"golang.org/x/net/idna"

	"tidepost/mail"
)

// maxClaims bounds the domains that are read from an odd From.
const maxClaims = 50

// An author is whose mail it says it is.
type author struct {
	domain string   // of the one address in the one From field; "" if that is not what there is
	claims []string // every domain that some reader might show
}

// authorOf reads From. DMARC has an answer only for exactly one author (RFC 7489
// §6.6.1); of anything else every domain counts as claimed, for readers of mail
// disagree about which they show.
func authorOf(head []byte) (a author) {
	fields := fieldsCalled(head, "From", maxClaims)
	var boxes []mail.Mailbox
	for _, value := range fields {
		boxes = append(boxes, mail.ParseMailboxes(value)...)
	}
	for _, b := range boxes {
		a.claim(b.Address.Domain)
	}
	if len(fields) == 1 && len(boxes) == 1 && !twoAngles(fields[0]) {
		if d := ascii(boxes[0].Address.Domain); isDomain(d) {
			a.domain = d
			return a
		}
	}
	for _, value := range fields {
		// Some readers show what an encoded word holds as if it were the address.
		value += " " + mail.ParseHeader([]byte("From:"+value+"\r\n\r\n")).Text("From")
		for len(a.claims) < maxClaims {
			_, rest, ok := strings.Cut(value, "@")
			if !ok {
				break
			}
			end := strings.IndexFunc(rest, func(r rune) bool { return r <= ' ' || strings.ContainsRune(`<>()[]",;:@\`, r) })
			if end < 0 {
				end = len(rest)
			}
			a.claim(rest[:end])
			value = rest
		}
	}
	return a
}

func (a *author) claim(domain string) {
	if d := ascii(domain); d != "" && len(a.claims) < maxClaims && !slices.Contains(a.claims, d) {
		a.claims = append(a.claims, d)
	}
}

// twoAngles reports whether a value has two addresses in angle brackets, outside of
// quotation marks: some readers show the first, some the last.
func twoAngles(value string) bool {
	quoted, n := false, 0
	for i := 0; i < len(value); i++ {
		switch value[i] {
		case '\\':
			i++
		case '"':
			quoted = !quoted
		case '<':
			if !quoted {
				n++
			}
		}
	}
	return n > 1
}

// fieldsCalled returns the unfolded values of up to limit fields of a name, top first,
// from all of head. A header is parsed up to some 2,000 lines only, and what stands
// behind those is shown to readers all the same.
func fieldsCalled(head []byte, name string, limit int) (out []string) {
	mine := false
	for len(head) > 0 {
		end := bytes.IndexByte(head, '\n') + 1
		if end == 0 {
			end = len(head)
		}
		line := bytes.TrimRight(head[:end], "\r\n")
		head = head[end:]
		switch {
		case len(line) == 0:
			return out
		case line[0] == ' ' || line[0] == '\t':
			if mine {
				out[len(out)-1] += string(line)
			}
		default:
			colon := bytes.IndexByte(line, ':')
			mine = colon > 0 && strings.EqualFold(string(bytes.TrimRight(line[:colon], " \t")), name)
			if mine && len(out) == limit {
				return out
			}
			if mine {
				out = append(out, string(line[colon+1:]))
			}
		}
	}
	return out
}

// ascii is a domain in lower-case A-labels without the final dot; "" if there is no
// such form.
func ascii(domain string) string {
	domain = strings.TrimSuffix(strings.TrimSpace(domain), ".")
	if strings.IndexFunc(domain, func(r rune) bool { return r > '~' }) < 0 {
		return strings.ToLower(domain)
	}
	if len(domain) > 4*253 {
		return ""
	}
	a, err := idna.Lookup.ToASCII(domain)
	if err != nil {
		return ""
	}
	return strings.ToLower(a)
}

// isDomain reports whether a lower-case name is one of the internet: two labels or more
// (RFC 1035 §2.3.4), and no address.
func isDomain(name string) bool {
	labels := strings.Split(name, ".")
	if len(name) > 253 || len(labels) < 2 {
		return false
	}
	for _, l := range labels {
		if l == "" || len(l) > 63 || strings.Trim(l, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return false
		}
	}
	return strings.Trim(labels[len(labels)-1], "0123456789") != ""
}
