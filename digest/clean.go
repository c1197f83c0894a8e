package digest

import (
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"
)

// width is that of plain text: it fits a terminal of 80 with a quote mark. That of a
// digest, which is made to be answered, is narrower: two quote marks fit.
const (
	width  = 76
	narrow = 72
)

// How much of foreign text is shown, in characters.
const (
	maxName    = 60
	maxSubject = 120
	maxPreview = 160
	maxReply   = 300
	maxMID     = 250
)

// line makes foreign text fit for one line of a letter: white space is single,
// control characters, direction marks and other invisible ones are gone, and at
// most limit characters are kept.
func line(s string, limit int) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		switch {
		case unicode.IsSpace(r):
			space = n > 0
			continue
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && !joiner(r) || unicode.Is(unicode.Co, r):
			continue
		}
		if n+1 >= limit {
			b.WriteRune('…')
			return b.String()
		}
		if space {
			b.WriteByte(' ')
			n++
			space = false
		}
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// joiner reports whether r is invisible but belongs to words and emoji.
func joiner(r rune) bool { return r == '\u200c' || r == '\u200d' }

// subjectLine is a subject for showing; mail without one has a name too.
func subjectLine(s string) string {
	if s = line(s, maxSubject); s == "" {
		return "(no subject)"
	}
	return s
}

// names joins names for a sentence: "Ana", "Ana and Mei", "Ana, Mei and 3 others".
func names(list []string) string {
	const show = 3
	var out []string
	for _, n := range list {
		if n = line(n, maxName); n != "" {
			out = append(out, n)
		}
	}
	switch rest := len(out) - show; {
	case rest == 1:
		out = append(out[:show:show], "1 other")
	case rest > 1:
		out = append(out[:show:show], count(rest, "other", "others"))
	}
	switch len(out) {
	case 0:
		return "nobody"
	case 1:
		return out[0]
	}
	return strings.Join(out[:len(out)-1], ", ") + " and " + out[len(out)-1]
}

// midURL is the mid: URL of a message (RFC 2392), or "" for an id that cannot be
// one. Everything but the plainest characters is escaped: it stands in HTML too.
func midURL(mid string) string {
	if mid == "" || len(mid) > maxMID || !strings.Contains(mid, "@") {
		return ""
	}
	for _, r := range mid {
		if r <= ' ' || r > '~' {
			return ""
		}
	}
	return "mid:" + strings.ReplaceAll(url.PathEscape(mid), "%40", "@")
}

// wrap breaks text at plain spaces so that no line is longer than width columns; each
// line begins with indent. Words that are longer stand alone.
func wrap(text, indent string) string { return wrapAt(text, indent, width) }

// wrapAt is wrap for another width. No line but the first begins with what looks like
// the number of a question, because an answer under it would be taken for its answer.
func wrapAt(text, indent string, width int) string {
	var b strings.Builder
	for i, l := range strings.Split(text, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		col := 0
		for _, word := range strings.FieldsFunc(l, func(r rune) bool { return r == ' ' }) {
			n := columns(word)
			switch {
			case col == 0:
				b.WriteString(indent)
				col = len(indent)
			case col+1+n > width && !isMark(word):
				b.WriteString("\n" + indent)
				col = len(indent)
			default:
				b.WriteByte(' ')
				col++
			}
			b.WriteString(word)
			col += n
		}
	}
	return b.String()
}

// columns is how wide a terminal shows s: East Asian wide characters count twice,
// marks that combine not at all.
func columns(s string) int {
	n := 0
	for _, r := range s {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	switch {
	case unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Me, r) || joiner(r):
		return 0
	case r >= 0x1100 && (r <= 0x115f || r >= 0x2e80 && r <= 0xa4cf || r >= 0xac00 && r <= 0xd7a3 ||
		r >= 0xf900 && r <= 0xfaff || r >= 0xfe30 && r <= 0xfe6f || r >= 0xff00 && r <= 0xff60 ||
		r >= 0x1f300 && r <= 0x1faff || r >= 0x20000 && r <= 0x3fffd):
		return 2
	}
	return 1
}

// fit cuts s so that it takes at most n columns.
func fit(s string, n int) string {
	if columns(s) <= n {
		return s
	}
	col := 0
	for i, r := range s {
		if col += runeColumns(r); col > n-1 {
			return strings.TrimRight(s[:i], " ") + "…"
		}
	}
	return s
}

// beside sets right flush right of left on one line of a digest, if both fit; else left
// is cut.
func beside(left, right string) string {
	left = fit(left, narrow-columns(right)-2)
	return left + strings.Repeat(" ", max(2, narrow-columns(left)-columns(right))) + right
}

// isMark reports whether word looks like the number of a question, "[12]".
func isMark(word string) bool {
	n := len(word)
	return n > 2 && n < 7 && word[0] == '[' && word[n-1] == ']' && strings.Trim(word[1:n-1], "0123456789") == ""
}
