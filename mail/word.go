package mail

import (
	"bytes"
	"encoding/base64"
	"io"
	"mime"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/emersion/go-message/charset"
	"golang.org/x/text/transform"
)

// decodeWords decodes the encoded words of a header value (RFC 2047) and makes
// the result fit to be shown: valid UTF-8, no controls. Words split in the
// middle of a character are joined before decoding, as many programs split so.
func decodeWords(s string) string {
	if !strings.Contains(s, "=?") {
		return cleanText(guessUTF8(s))
	}
	var out strings.Builder
	var run []byte // decoded octets of adjacent words of one charset
	var runSet string
	flush := func() {
		if len(run) > 0 {
			out.WriteString(charsetText(runSet, run))
			run = run[:0]
		}
	}
	plain := 0
	for i := 0; i < len(s); {
		j := strings.Index(s[i:], "=?")
		if j < 0 {
			break
		}
		i += j
		w, ok := parseWord(s[i:])
		if !ok {
			i += 2
			continue
		}
		// White space between encoded words is no text (RFC 2047 §6.2).
		if gap := s[plain:i]; len(run) == 0 || strings.Trim(gap, " \t") != "" {
			flush()
			out.WriteString(guessUTF8(gap))
		}
		if w.charset != runSet {
			flush()
			runSet = w.charset
		}
		run = append(run, w.text...)
		if len(w.text) == 0 {
			flush()
		}
		i += w.size
		plain = i
	}
	flush()
	out.WriteString(guessUTF8(s[plain:]))
	return cleanText(out.String())
}

// An encodedWord is one =?charset?encoding?text?=.
type encodedWord struct {
	charset string // lower-case
	text    []byte // transfer-decoded
	size    int    // octets it takes in the header
}

// parseWord reads the encoded word at the start of s. It looks no further than
// the next "=?", so that scanning a header stays linear.
func parseWord(s string) (encodedWord, bool) {
	rest := s[2:]
	end := strings.IndexByte(rest[:min(len(rest), 64)], '?')
	if end <= 0 || len(rest) < end+3 || rest[end+2] != '?' {
		return encodedWord{}, false
	}
	set, _, _ := strings.Cut(rest[:end], "*") // language, RFC 2231 §5
	if strings.ContainsAny(set, " \t") {
		return encodedWord{}, false
	}
	// The text ends before the next word; "=?" one octet before its end is
	// base64 padding: "QQ==?=".
	text := rest[end+3:]
	window := text
	if next := strings.Index(text, "=?"); next >= 0 {
		window = text[:min(next+3, len(text))]
	}
	stop := strings.Index(window, "?=")
	if stop < 0 {
		return encodedWord{}, false
	}
	w := encodedWord{charset: strings.ToLower(set), size: 2 + end + 3 + stop + 2}
	switch rest[end+1] {
	case 'q', 'Q':
		w.text = decodeQ(text[:stop])
	case 'b', 'B':
		w.text = decodeB(text[:stop])
	default:
		return encodedWord{}, false
	}
	return w, true
}

func decodeQ(s string) []byte {
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '_':
			out = append(out, ' ')
		case s[i] == '=' && i+2 < len(s) && unhex(s[i+1]) >= 0 && unhex(s[i+2]) >= 0:
			out = append(out, byte(unhex(s[i+1])<<4|unhex(s[i+2])))
			i += 2
		default:
			out = append(out, s[i])
		}
	}
	return out
}

func decodeB(s string) []byte {
	var d base64Decoder
	out := make([]byte, 0, base64.StdEncoding.DecodedLen(len(s))+2)
	return d.end(d.decode(out, []byte(s)))
}

func unhex(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// charsetText decodes b from the charset called name. Unlabelled text and
// us-ascii that is neither ASCII nor UTF-8 is read as windows-1252, as mail
// programs do; in an unknown charset all but ASCII becomes U+FFFD.
func charsetText(name string, b []byte) string {
	if unlabelled(name) {
		return guessUTF8(string(b))
	}
	switch name {
	case "utf-8", "utf8":
		return strings.ToValidUTF8(string(b), "\uFFFD")
	}
	r, err := charset.Reader(name, bytes.NewReader(b))
	if err != nil {
		return asciiOnly(string(b))
	}
	out, err := io.ReadAll(r)
	if err != nil {
		return asciiOnly(string(b))
	}
	return strings.ToValidUTF8(string(out), "\uFFFD")
}

// unlabelled reports whether a charset name says nothing: us-ascii is the
// default of mail that says nothing, the others are of old programs.
func unlabelled(name string) bool {
	switch name {
	case "", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit", "default", "binary":
		return true
	}
	return false
}

// guessUTF8 makes text of unlabelled octets.
func guessUTF8(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	out, _, err := transform.String(latinFallback{}, s)
	if err != nil {
		return asciiOnly(s)
	}
	return out
}

func asciiOnly(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] < utf8.RuneSelf {
			b.WriteByte(s[i])
		} else {
			b.WriteRune(utf8.RuneError)
		}
	}
	return b.String()
}

// cleanText makes a header text fit to be shown or logged: line ends and tabs
// are spaces, other controls and bidirectional overrides, which can make
// "gpj.exe" read as "exe.jpg", are left out, outer white space is cut.
func cleanText(s string) string {
	clean := true
	for i := 0; i < len(s) && clean; i++ {
		clean = s[i] >= ' ' && s[i] < 0x7f
	}
	if !clean {
		s = strings.Map(func(r rune) rune {
			switch {
			case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
				return ' '
			case unicode.IsControl(r), r >= '\u202A' && r <= '\u202E', r >= '\u2066' && r <= '\u2069':
				return -1
			}
			return r
		}, s)
	}
	return strings.TrimSpace(s)
}

// encodeWords makes s ASCII by encoding it (RFC 2047) if it is not.
func encodeWords(s string) string { return mime.QEncoding.Encode("utf-8", s) }
