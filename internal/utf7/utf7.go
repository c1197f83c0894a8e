// Package utf7 writes folder names as IMAP4rev1 and Maildir++ do.
package utf7

import (
	"encoding/base64"
	"errors"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// base64IMAP is base64 with "," for "/" and without padding (RFC 3501 §5.1.3).
func base64IMAP() *base64.Encoding {
	return base64.NewEncoding("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,").WithPadding(base64.NoPadding)
}

var errUTF7 = errors.New("the name is not modified UTF-7")

// Decode reads the modified UTF-7 in which Maildir++ keeps folder names, as
// IMAP4rev1 does (RFC 3501 §5.1.3).
func Decode(name string) (string, error) {
	var out strings.Builder
	for name != "" {
		plain, rest, shifted := strings.Cut(name, "&")
		out.WriteString(plain)
		if !shifted {
			break
		}
		code, rest, ended := strings.Cut(rest, "-")
		if !ended {
			return "", errUTF7
		}
		name = rest
		if code == "" {
			out.WriteByte('&')
			continue
		}
		octets, err := base64IMAP().DecodeString(code)
		if err != nil || len(octets)%2 != 0 {
			return "", errUTF7
		}
		units := make([]uint16, len(octets)/2)
		for i := range units {
			units[i] = uint16(octets[2*i])<<8 | uint16(octets[2*i+1])
		}
		for _, r := range utf16.Decode(units) {
			if r == utf8.RuneError || r < ' ' {
				return "", errUTF7
			}
			out.WriteRune(r)
		}
	}
	if !utf8.ValidString(out.String()) {
		return "", errUTF7
	}
	return out.String(), nil
}

// Encode writes it.
func Encode(name string) string {
	var out strings.Builder
	var foreign []rune
	flush := func() {
		if len(foreign) == 0 {
			return
		}
		var octets []byte
		for _, u := range utf16.Encode(foreign) {
			octets = append(octets, byte(u>>8), byte(u))
		}
		out.WriteString("&" + base64IMAP().EncodeToString(octets) + "-")
		foreign = nil
	}
	for _, r := range name {
		if r < ' ' || r > '~' {
			foreign = append(foreign, r)
			continue
		}
		flush()
		if r == '&' {
			out.WriteString("&-")
			continue
		}
		out.WriteRune(r)
	}
	flush()
	return out.String()
}
