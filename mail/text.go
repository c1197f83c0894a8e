package mail

import "strings"

const previewLength = 200 // characters, RFC 8970 §3.1

// Text returns the readable text of c: the plain text or, without one, that of
// the HTML. LF line ends.
func Text(c *Content) string {
	if c == nil {
		return ""
	}
	if strings.TrimSpace(c.Plain()) == "" && c.HTML() != "" {
		return HTMLText(c.HTML())
	}
	return c.Plain()
}

// NewWords returns the author's own words: without quoted mail, attribution
// lines, forwarded mail, signature and disclaimer. Replies written between
// quotes stay. LF line ends, outer blank lines cut.
func NewWords(c *Content) string {
	if c == nil {
		return ""
	}
	if strings.TrimSpace(c.Plain()) == "" && c.HTML() != "" {
		return ownWords(htmlLines(c.HTML()))
	}
	return StripQuotes(c.Plain())
}

// WithoutQuotes returns the text of c without quoted and forwarded mail and its
// attribution lines, but with signature and disclaimer. LF line ends.
func WithoutQuotes(c *Content) string {
	if c == nil {
		return ""
	}
	if strings.TrimSpace(c.Plain()) == "" && c.HTML() != "" {
		return joinLines(cutQuotes(htmlLines(c.HTML())))
	}
	return joinLines(cutQuotes(plainLines(c.Plain())))
}

// SplitMark splits a text without quotes before the mark that programs put
// above a signature ("-- ", underscores of a list, the line of a telephone).
func SplitMark(text string) (own, signature string) {
	lines := plainLines(text)
	for i, l := range lines {
		if i > 0 && isDeviceLine(l.text) {
			lines = lines[:i]
			break
		}
	}
	kept := cutMarked(lines)
	return joinLines(kept), tailBehind(text, kept)
}

// SplitSignature splits a text without quotes before its signature: at the mark
// or the closing formula, and what names its author below.
func SplitSignature(text string) (own, signature string) {
	kept := cutSignature(plainLines(text))
	return joinLines(kept), tailBehind(text, kept)
}

// tailBehind returns what of text stands behind the last line of kept.
func tailBehind(text string, kept []textLine) string {
	own := joinLines(kept)
	rest := joinLines(plainLines(text))
	return strings.TrimSpace(strings.TrimPrefix(rest, own))
}

// StripQuotes does for a plain text what NewWords does for a message.
func StripQuotes(text string) string { return ownWords(plainLines(text)) }

// Preview returns the beginning of the new words as one line of at most 200
// characters (RFC 8970), or of the whole text if there are no new words.
func Preview(c *Content) string { return PreviewOf(c, NewWords(c)) }

// PreviewOf is Preview for a message whose new words are known.
func PreviewOf(c *Content, newWords string) string {
	if p := oneLine(newWords, previewLength); p != "" {
		return p
	}
	return oneLine(Text(c), previewLength)
}

// oneLine joins the words of s with single spaces, at most n characters.
func oneLine(s string, n int) string {
	var b strings.Builder
	count := 0
	space := false
	for _, r := range s {
		switch r {
		case ' ', '\t', '\n', '\f', '\u00a0':
			space = count > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			count++
			space = false
		}
		if count >= n {
			break
		}
		b.WriteRune(r)
		count++
	}
	return strings.TrimSpace(b.String())
}

// A textLine is a line of a text with what is known of its origin.
type textLine struct {
	text  string
	depth int  // of quotation
	sig   bool // marked as a signature by its program
	cut   bool // the answered mail begins here, as its program says
	place int  // in the lines that Lines sorts, from 1; else 0
}

func (l textLine) blank() bool { return strings.TrimSpace(l.text) == "" }

// plainLines splits a plain text and reads its quotation marks.
func plainLines(s string) []textLine {
	var out []textLine
	for line := range strings.Lines(s) {
		depth, text := quoteDepth(strings.TrimRight(line, "\r\n"))
		out = append(out, textLine{text: text, depth: depth})
	}
	return out
}

// quoteDepth counts the ">" a line starts with.
func quoteDepth(line string) (int, string) {
	rest, depth := line, 0
	for {
		trimmed := strings.TrimLeft(rest, " \t")
		if len(rest)-len(trimmed) > 3 && depth == 0 || !strings.HasPrefix(trimmed, ">") {
			break
		}
		rest = trimmed[1:]
		depth++
	}
	if depth == 1 && strings.HasPrefix(rest, "From ") { // mbox quoting
		return 0, rest
	}
	if depth > 0 {
		rest = strings.TrimPrefix(rest, " ")
	}
	return depth, rest
}

// joinLines gives the lines as text, outer blank lines cut, at most one blank
// line in a row.
func joinLines(lines []textLine) string {
	var b strings.Builder
	gap := false
	for _, l := range lines {
		if l.blank() {
			gap = b.Len() > 0
			continue
		}
		if gap {
			b.WriteByte('\n')
			gap = false
		}
		b.WriteString(strings.TrimRight(l.text, " \t"))
		b.WriteByte('\n')
	}
	return strings.TrimSuffix(b.String(), "\n")
}
