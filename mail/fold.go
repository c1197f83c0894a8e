package mail

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

const (
	foldColumn   = 78  // RFC 5322 §2.1.1
	maxLine      = 998 // RFC 5322 §2.1.1
	encodedWidth = 60  // of an encoded word; RFC 2047 §2 allows 75, a name stands before it
)

// FormatField builds one header field, encoded (RFC 2047) and folded, with its
// final CRLF. It refuses CR, LF and NUL in the value and bad names.
func FormatField(name, value string) ([]byte, error) {
	if strings.ContainsAny(value, "\r\n\x00") {
		return nil, fmt.Errorf("format field %.40q: line end or NUL in the value", name)
	}
	value = strings.TrimSpace(strings.ToValidUTF8(value, "\uFFFD"))
	if !isPlainText(value) {
		value = encodeText(value)
	}
	return FormatRawField(name, value)
}

// FormatRawField builds one field of a structured value that is already valid
// ASCII or UTF-8 and must not be encoded: only folded at white space. It
// refuses controls and bad names.
func FormatRawField(name, value string) ([]byte, error) {
	if colonless, _, _ := fieldName([]byte(name + ":")); name == "" || colonless != name || len(name) > maxToken {
		return nil, fmt.Errorf("format field %.40q: bad name", name)
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }) {
		return nil, fmt.Errorf("format field %s: control character in the value", name)
	}
	if !utf8.ValidString(value) {
		return nil, fmt.Errorf("format field %s: value is not UTF-8", name)
	}
	return fold(name, strings.TrimSpace(value))
}

// fold breaks a field before white space so that lines are short where the value
// lets it.
func fold(name, value string) ([]byte, error) {
	out := append([]byte(name), ':')
	column := len(out)
	if value != "" {
		value = " " + value
	}
	for first := true; value != ""; first = false {
		// A piece is white space and the word behind it.
		word := len(value) - len(strings.TrimLeft(value, " \t"))
		end := strings.IndexAny(value[word:], " \t")
		if end < 0 {
			end = len(value)
		} else {
			end += word
		}
		if end > maxLine {
			return nil, errors.New("format field " + name + ": a word is too long for a line")
		}
		if column+end > foldColumn && (!first || column+end > maxLine) {
			out = append(out, "\r\n"...)
			column = 0
		}
		out = append(out, value[:end]...)
		column += end
		value = value[end:]
	}
	return append(out, "\r\n"...), nil
}

// isPlainText reports whether s can stand in a header as it is: printable ASCII
// that does not look encoded, words that fit a line.
func isPlainText(s string) bool {
	word := 0
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' || s[i] >= 0x7f {
			return false
		}
		if word++; s[i] == ' ' {
			word = 0
		}
		if word > maxLine/2 {
			return false
		}
	}
	return !strings.Contains(s, "=?")
}

// encodeText writes s as encoded words separated by spaces (RFC 2047): Q where
// most of it stays readable, else B. No character is split.
func encodeText(s string) string {
	high := 0
	for i := 0; i < len(s); i++ {
		if s[i] >= 0x80 {
			high++
		}
	}
	kind, cost := "q", qCost
	if high*2 > len(s) {
		kind, cost = "b", func(r rune) int { return (utf8.RuneLen(r)*4 + 2) / 3 }
	}
	var words []string
	room := encodedWidth - len("=?utf-8?q??=") - 3
	start, used := 0, 0
	for i, r := range s {
		if c := cost(r); used+c > room {
			words = append(words, encodeWord(kind, s[start:i]))
			start, used = i, c
		} else {
			used += c
		}
	}
	words = append(words, encodeWord(kind, s[start:]))
	return strings.Join(words, " ")
}

func qCost(r rune) int {
	if r == ' ' || qSafe(r) {
		return 1
	}
	return 3 * utf8.RuneLen(r)
}

// qSafe: the characters that stand for themselves everywhere (RFC 2047 §5 (3)).
func qSafe(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' ||
		r == '!' || r == '*' || r == '+' || r == '-' || r == '/'
}

func encodeWord(kind, s string) string {
	if kind == "b" {
		return "=?utf-8?b?" + base64.StdEncoding.EncodeToString([]byte(s)) + "?="
	}
	var b strings.Builder
	b.WriteString("=?utf-8?q?")
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == ' ':
			b.WriteByte('_')
		case c < 0x80 && qSafe(rune(c)):
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "=%02X", c)
		}
	}
	return b.String() + "?="
}

// FormatMailboxes writes an address list as a header field's value, names
// encoded (RFC 2047) or quoted. Addresses that no header can hold are left out.
func FormatMailboxes(list []Mailbox) string {
	var out []string
	for _, m := range list {
		if m.Address.Local == "" || m.Address.Domain == "" || !headerAddress(m.Address) {
			continue
		}
		local := m.Address.Local
		if !isDotAtom(local, true) {
			local = quote(local)
		}
		addr := local + "@" + m.Address.Domain
		name := cleanText(strings.ToValidUTF8(m.Name, "\uFFFD"))
		switch {
		case name == "":
		case !isPlainText(name):
			addr = encodeText(name) + " <" + addr + ">"
		case strings.ContainsFunc(name, func(r rune) bool { return r != ' ' && !isAtext(r) }):
			addr = quote(name) + " <" + addr + ">"
		default:
			addr = name + " <" + addr + ">"
		}
		out = append(out, addr)
	}
	return strings.Join(out, ", ")
}

// quote writes a quoted string (RFC 5322 §3.2.4).
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
