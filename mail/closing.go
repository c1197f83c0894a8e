package mail

import "strings"

// The bounds of what is taken for a signature or a disclaimer.
const (
	maxSignatureLines = 12
	maxSignatureWidth = 100
)

// cutSignature drops what stands behind the signature mark, what programs mark
// as a signature, the line a telephone adds, and the name and address below a
// closing formula.
func cutSignature(lines []textLine) []textLine { return cutClosing(cutMarked(lines)) }

// cutMarked drops a signature that is marked as one.
func cutMarked(lines []textLine) []textLine {
	kept := lines[:0:0]
	for i, l := range lines {
		if l.sig || isDeviceLine(l.text) {
			continue
		}
		if l.text == "-- " || isMark(l.text) && shortTail(lines[i+1:]) {
			break // RFC 3676 §4.3
		}
		kept = append(kept, l)
	}
	return kept
}

// isMark reports whether a line is what people and list servers put above a
// signature in place of the true mark: two dashes, one long one, underscores.
func isMark(s string) bool {
	s = strings.TrimSpace(s)
	return s == "--" || s == "\u2014" || len(s) >= 2 && strings.Trim(s, "_") == ""
}

// shortTail reports whether so little follows that it can be a signature.
func shortTail(lines []textLine) bool {
	n := 0
	for _, l := range lines {
		if !l.blank() {
			n++
		}
		if len(l.text) > maxSignatureWidth || n > maxSignatureLines {
			return false // looking no further keeps many marks linear
		}
	}
	return true
}

// cutClosing drops a closing formula near the end, and what is below it if that
// is short and asks nothing.
func cutClosing(lines []textLine) []textLine {
	seen := 0
	for i := len(lines) - 1; i >= 0 && seen <= maxSignatureLines; i-- {
		l := lines[i]
		if l.blank() {
			continue
		}
		if isClosing(l.text) && i > 0 {
			return lines[:i]
		}
		if len(l.text) > maxSignatureWidth || strings.HasSuffix(strings.TrimSpace(l.text), "?") {
			return lines
		}
		seen++
	}
	return lines
}

func isClosing(s string) bool {
	s = strings.TrimRight(strings.TrimSpace(s), " ,.!;")
	if len(s) > 60 {
		return false
	}
	formula, _, _ := strings.Cut(strings.ToLower(s), ",")
	return closings[formula]
}

func isDeviceLine(s string) bool {
	s = strings.TrimSpace(s)
	if len(s) > 90 {
		return false
	}
	s = strings.ToLower(s)
	for _, p := range deviceLines {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}

// cutDisclaimer drops a legal notice at the end: the first paragraph that reads
// like one, and all behind it.
func cutDisclaimer(lines []textLine) []textLine {
	for i := range lines {
		if (i == 0 || lines[i-1].blank() || strings.Trim(lines[i-1].text, "-_*= ") == "") && isDisclaimer(paragraph(lines[i:])) {
			for i > 0 && strings.Trim(lines[i-1].text, "-_*= \t") == "" {
				i--
			}
			return lines[:i]
		}
	}
	return lines
}

// paragraph joins the first lines up to a blank one, enough to judge.
func paragraph(lines []textLine) string {
	const enough = 600
	var b strings.Builder
	for _, l := range lines {
		if l.blank() || b.Len() > enough {
			break
		}
		b.WriteString(capText(l.text, enough))
		b.WriteByte(' ')
	}
	return strings.ToLower(b.String())
}

// isDisclaimer wants two marks, one of them of the mail itself: people write
// "confidential" too.
func isDisclaimer(p string) bool {
	subject, sense := false, 0
	for _, w := range disclaimerOpeners {
		subject = subject || strings.Contains(capText(p, 200), w)
	}
	if !subject {
		return false
	}
	for _, w := range disclaimerWords {
		if strings.Contains(p, w) {
			sense++
		}
	}
	return sense >= 2
}
