package mail

import "strings"

// A LineKind says whose a line of a reply is.
type LineKind string

// The kinds of line.
const (
	LineOwn         LineKind = "own"         // the author's
	LineQuoted      LineKind = "quoted"      // marked as a quote
	LineAttribution LineKind = "attribution" // "On Monday Ana wrote:", a separator, the header block of Outlook
	LineBelow       LineKind = "below"       // behind such a line, without a mark: the answered mail, or what was written into it
	LineSignature   LineKind = "signature"   // of the author: behind a mark, a closing formula, a device line, a disclaimer
)

// A Line is one line of a reply.
type Line struct {
	Text  string // without quotation marks and line end
	Depth int    // of quotation
	Kind  LineKind

	sig bool // marked as a signature by its program
}

// Lines reads a reply line by line. Where NewWords cuts quotes and signature off, it
// keeps all of them and says what they are: who answers between the quotes wants to
// know what stands above. Every line of text is one of the result; a line that an
// attribution shares with the author's words is two.
func Lines(text string) []Line { return sortLines(plainLines(text)) }

// LinesOf is Lines of a message: of its plain text or, without one, of its HTML.
func LinesOf(c *Content) []Line {
	if c == nil {
		return nil
	}
	if strings.TrimSpace(c.Plain()) == "" && c.HTML() != "" {
		return sortLines(htmlLines(c.HTML()))
	}
	return Lines(c.Plain())
}

// sortLines says of each line whose it is.
func sortLines(lines []textLine) []Line {
	out := make([]Line, 0, len(lines))
	add := func(l textLine, k LineKind) {
		if l.depth > 0 {
			k = LineQuoted
		}
		out = append(out, Line{Text: l.text, Depth: l.depth, Kind: k, sig: l.sig})
	}
	for i := 0; i < len(lines); {
		l := lines[i]
		if l.depth > 0 {
			add(l, LineQuoted)
			i++
			continue
		}
		if before, ok := sharedLine(l.text); ok {
			add(textLine{text: before}, LineOwn)
			l.text = l.text[len(before):]
		}
		if l.cut || isSeparator(l.text) || isHeaderBlock(lines[i:]) {
			return signed(append(out, answered(lines[i:], l)...))
		}
		n := attribution(lines[i:])
		if n == 0 {
			add(l, LineOwn)
			i++
			continue
		}
		for k := range n {
			add(lines[i+k], LineAttribution)
		}
		out[len(out)-n].Text = l.text
		if i += n; !quotedNext(lines[i:]) {
			return signed(append(out, below(lines[i:])...))
		}
	}
	return signed(out)
}

// answered sorts what begins with a separator or a header block; first is its first
// line, without the author's words.
func answered(lines []textLine, first textLine) []Line {
	n := 1
	if !isHeaderBlock(lines) {
		for n < len(lines) && (lines[n].blank() || isSeparator(lines[n].text)) {
			n++
		}
	}
	if isHeaderBlock(lines[n-1:]) || n < len(lines) && isHeaderBlock(lines[n:]) {
		for n < len(lines) && !lines[n].blank() && lines[n].depth == 0 {
			n++
		}
	}
	out := below(lines)
	out[0].Text = first.text
	for i := range out[:n] {
		out[i].Kind = LineAttribution
	}
	return out
}

func below(lines []textLine) []Line {
	out := make([]Line, 0, len(lines))
	for _, l := range lines {
		k := LineBelow
		if l.depth > 0 {
			k = LineQuoted
		}
		out = append(out, Line{Text: l.text, Depth: l.depth, Kind: k})
	}
	return out
}

// signed marks the signature of each run of the author's lines.
func signed(lines []Line) []Line {
	for i := 0; i < len(lines); {
		end := i
		for end < len(lines) && lines[end].Kind == LineOwn {
			end++
		}
		if end == i {
			i++
			continue
		}
		markSignature(lines[i:end])
		i = end
	}
	return lines
}

func markSignature(run []Line) {
	own := make([]textLine, len(run))
	for i, l := range run {
		own[i] = textLine{text: l.Text, sig: l.sig, place: i + 1}
		run[i].Kind = LineSignature
	}
	for _, l := range cutSignature(cutDisclaimer(cutSignature(own))) {
		if l.place > 0 {
			run[l.place-1].Kind = LineOwn
		}
	}
}
